//! How times, addresses and other values are spelled in EVE.
//!
//! Comes in: values with a `Display`. Goes out: JSON strings. It never allocates one for each value.

use std::fmt;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use crate::net::Timestamp;

/// A time as EVE spells it: `2026-01-31T12:00:00.000000+0000`. Digits below the microsecond are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EveTime(pub Timestamp);

impl EveTime {
    /// Writes the digits one by one: a line has four times and more, and formatting each by a pattern took 350 ns.
    fn digits(self) -> Result<[u8; TEMPLATE.len()], fmt::Error> {
        // 64 bits of nanoseconds end in the year 2554, well inside the calendar.
        let time = jiff::Timestamp::from_nanosecond(i128::from(self.0.as_nanos()))
            .map_err(|_| fmt::Error)?;
        let civil = jiff::tz::Offset::UTC.to_datetime(time);
        let micros = self.0.as_nanos() / 1000 % 1_000_000;
        let fields = [
            (0..4, u64::try_from(civil.year())),
            (5..7, u64::try_from(civil.month())),
            (8..10, u64::try_from(civil.day())),
            (11..13, u64::try_from(civil.hour())),
            (14..16, u64::try_from(civil.minute())),
            (17..19, u64::try_from(civil.second())),
            (20..26, Ok(micros)),
        ];
        let mut text = *TEMPLATE;
        for (place, value) in fields {
            let mut rest = value.map_err(|_| fmt::Error)?;
            for digit in text.get_mut(place).unwrap_or_default().iter_mut().rev() {
                *digit = b'0' + u8::try_from(rest % 10).map_err(|_| fmt::Error)?;
                rest /= 10;
            }
        }
        Ok(text)
    }
}

/// What the digits are written into.
const TEMPLATE: &[u8; 31] = b"0000-00-00T00:00:00.000000+0000";

impl fmt::Display for EveTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()?).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for EveTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.digits().map_err(S::Error::custom)?;
        serializer.serialize_str(std::str::from_utf8(&digits).map_err(S::Error::custom)?)
    }
}

/// Anything with a `Display`, as a JSON string.
#[derive(Debug, Clone, Copy)]
pub struct Text<T>(pub T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Bytes in hexadecimal, with colons between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HexBytes<'a>(pub(crate) &'a [u8]);

impl fmt::Display for HexBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}

/// For `skip_serializing_if`: Suricata leaves flags out that are not set.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
pub(crate) const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stand_in_hexadecimal_with_colons() {
        assert_eq!(HexBytes(&[0, 0x0f, 0xa0]).to_string(), "00:0f:a0");
        assert_eq!(HexBytes(&[]).to_string(), "");
    }

    #[test]
    fn a_time_has_six_digits_and_a_zone_without_a_colon() {
        let noon = Timestamp::from_parts(1_769_860_800, 0);
        let cut = Timestamp::from_parts(951_782_399, 999_999_999);

        assert_eq!(EveTime(noon).to_string(), "2026-01-31T12:00:00.000000+0000");
        assert_eq!(EveTime(cut).to_string(), "2000-02-28T23:59:59.999999+0000");
        assert_eq!(EveTime(Timestamp::ZERO).to_string(), "1970-01-01T00:00:00.000000+0000");
        assert!(EveTime(Timestamp::from_nanos(u64::MAX)).to_string().starts_with("2554-07-21T"));
    }
}
