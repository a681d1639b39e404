//! Reads the header of an NTP message.
//!
//! Comes in: the payload of a datagram. Goes out: an [`NtpMessage`] (RFC 5905, 7.3; RFC 4330 for SNTP). It keeps no
//! timestamps, and of control messages (modes 6 and 7) only the mode.

use super::DissectReason;
use super::cursor::Cursor;
use super::verdict::Probe;

/// Bytes of a header without extensions, RFC 5905, 7.3.
const HEADER: usize = 48;
/// Bytes of the shortest control message, RFC 9327, 2; private ones have no less.
const CONTROL_HEADER: usize = 8;

/// An NTP message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NtpMessage {
    /// Version, 1 to 4.
    pub version: u8,
    /// Mode: 1 and 2 symmetric, 3 client, 4 server, 5 broadcast, 6 control, 7 private.
    pub mode: u8,
    /// Time fields; none in modes 6 and 7.
    pub clock: Option<NtpClock>,
}

/// What a time message says of its sender's clock, RFC 5905, 7.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NtpClock {
    /// Stratum: 0 unspecified or a kiss of death, 1 primary, 16 unsynchronised.
    pub stratum: u8,
    /// Poll interval, in seconds to the base of 2.
    pub poll: i8,
    /// Reference ID: letters at strata 0 and 1, else the IPv4 address or a hash of the server above.
    pub reference_id: [u8; 4],
}

impl NtpClock {
    /// The reference ID as a person reads it: letters at strata 0 and 1, else four numbers.
    #[must_use]
    pub fn reference(&self) -> String {
        let end = self.reference_id.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let letters = self.reference_id.get(..end).unwrap_or_default();
        match str::from_utf8(letters) {
            Ok(text) if self.stratum <= 1 && letters.iter().all(u8::is_ascii_graphic) => {
                text.into()
            }
            Ok(_) | Err(_) => std::net::Ipv4Addr::from(self.reference_id).to_string(),
        }
    }
}

/// Tells whether a datagram of port 123 is NTP. The content alone never makes it certain.
pub(crate) fn probe(payload: &[u8]) -> Probe {
    if matches!(dissect(payload), Ok(Some(_))) { Probe::Unsure } else { Probe::NotForUs }
}

/// Reads a message. `Ok(None)`: version 0 or above 4, mode 0, or strata and lengths that none has.
///
/// # Errors
/// It is shorter than its header.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<NtpMessage>, DissectReason> {
    let mut cursor = Cursor::new(payload);
    let first = cursor.u8()?;
    let (version, mode) = (first >> 3 & 0x07, first & 0x07);
    if !matches!(version, 1..=4) || mode == 0 {
        return Ok(None);
    }
    let least = if mode < 6 { HEADER } else { CONTROL_HEADER };
    if payload.len() < least {
        return Err(DissectReason::Truncated);
    }
    if mode >= 6 {
        // The version of private messages is that of ntpd's requests (2 to 4).
        return Ok((version >= 2).then_some(NtpMessage { version, mode, clock: None }));
    }
    let stratum = cursor.u8()?;
    let poll = i8::from_be_bytes(cursor.array()?);
    let _precision_delay_and_dispersion: [u8; 9] = cursor.array()?;
    let reference_id = cursor.array()?;
    // Strata above 16 are reserved (RFC 5905, 7.3), and extensions and digests come in words of four bytes.
    if stratum > 16 || !payload.len().is_multiple_of(4) {
        return Ok(None);
    }
    let clock = NtpClock { stratum, poll, reference_id };
    Ok(Some(NtpMessage { version, mode, clock: Some(clock) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn a_reply_gives_version_mode_and_clock() {
        let message = dissect(&reply()).unwrap().unwrap();

        assert_eq!((message.version, message.mode), (4, 4));
        let clock = message.clock.unwrap();
        assert_eq!((clock.stratum, clock.poll, &*clock.reference()), (1, -6, "GPS"));
    }

    #[test]
    fn above_the_first_stratum_the_reference_is_an_address() {
        let clock = NtpClock { stratum: 2, poll: 6, reference_id: [192, 0, 2, 1] };
        assert_eq!(clock.reference(), "192.0.2.1");
        assert_eq!(NtpClock::default().reference(), "");
        let odd = NtpClock { stratum: 1, poll: 6, reference_id: [0x1b, b'[', 0, 0] };
        assert_eq!(odd.reference(), "27.91.0.0");
    }

    #[test]
    fn a_control_message_has_no_clock() {
        let message = dissect(&[0x16, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap().unwrap();
        assert_eq!((message.version, message.mode, message.clock), (2, 6, None));
    }

    #[test]
    fn what_is_not_ntp_is_not_for_us_and_a_cut_header_is_truncated() {
        for (at, value) in [(0, 0x04), (0, 0x20), (0, 0x3c), (1, 17)] {
            let mut bytes = reply();
            bytes[at] = value;
            assert_eq!((dissect(&bytes), probe(&bytes)), (Ok(None), Probe::NotForUs));
        }
        assert_eq!(dissect(&reply()[..47]), Err(DissectReason::Truncated));
        assert_eq!(probe(&reply()), Probe::Unsure);
    }

    #[test]
    fn damaged_messages_keep_to_the_rules() {
        for_each_mutant(&reply(), |bytes| {
            let Ok(Some(message)) = dissect(bytes) else { return };
            assert_eq!(message.clock.is_none(), message.mode >= 6);
            assert!(message.clock.is_none_or(|clock| clock.stratum <= 16));
        });
    }

    fn reply() -> Vec<u8> {
        let mut bytes = vec![0x24, 1, 0xfa, 0xe9, 0, 0, 0, 0, 0, 0, 0, 0, b'G', b'P', b'S', 0];
        bytes.resize(HEADER, 7);
        bytes
    }
}
