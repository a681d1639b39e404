//! Ethernet addresses.

use std::fmt;
use std::str::FromStr;

/// A 48-bit IEEE 802 MAC address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// All ones: every station.
    pub const BROADCAST: Self = Self([0xff; 6]);
    /// All zeros: no address is known.
    pub const ZERO: Self = Self([0; 6]);

    /// Tells whether the address names a group (I/G bit, IEEE 802-2014, 8.2).
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        let [first, ..] = self.0;
        first & 0x01 != 0
    }

    /// Tells whether the address is locally administered (U/L bit), as random addresses are.
    #[must_use]
    pub const fn is_locally_administered(self) -> bool {
        let [first, ..] = self.0;
        first & 0x02 != 0
    }

    /// Tells whether the address can belong to one station: neither a group nor all zeros.
    #[must_use]
    pub fn is_station(self) -> bool {
        !self.is_multicast() && self != Self::ZERO
    }

    /// The address as a 48-bit number, first octet most significant.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }
}

impl fmt::Display for MacAddr {
    /// Lower-case hexadecimal with colons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// The text is not a MAC address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a MAC address: expected twelve hexadecimal digits, such as 44:a6:42:01:02:03")]
pub struct ParseMacError;

impl FromStr for MacAddr {
    type Err = ParseMacError;

    /// Accepts twelve hexadecimal digits, with `:`, `-` or `.` anywhere between them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digits = text.chars().filter(|c| !matches!(c, ':' | '-' | '.'));
        let mut octets = [0u8; 6];
        for octet in &mut octets {
            let mut nibble = || digits.next().and_then(|c| c.to_digit(16)).ok_or(ParseMacError);
            let value = nibble()? << 4 | nibble()?;
            *octet = u8::try_from(value).map_err(|_| ParseMacError)?;
        }
        if digits.next().is_some() { Err(ParseMacError) } else { Ok(Self(octets)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_spellings_are_read() {
        let expected = MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]);

        for text in ["44:a6:42:01:02:03", "44-A6-42-01-02-03", "44a6.4201.0203", "44A642010203"] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "44:a6:42:01:02", "44:a6:42:01:02:03:04", "44:a6:42:01:02:0g"] {
            assert_eq!(text.parse::<MacAddr>(), Err(ParseMacError), "{text}");
        }
    }
}
