//! `ntp`: who keeps whose time.
//!
//! Comes in: an NTP message. Goes out: the section as Suricata has it.

use serde::{Serialize, Serializer};

use super::eve_text::{HexBytes, Text};
use crate::dissect::NtpMessage;

/// EVE `ntp`.
#[derive(Debug, Serialize)]
pub(crate) struct NtpSection {
    version: u8,
    mode: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    stratum: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "hexadecimal")]
    reference_id: Option<[u8; 4]>,
}

impl NtpSection {
    /// Shows a message.
    pub(crate) fn new(message: &NtpMessage) -> Self {
        Self {
            version: message.version,
            mode: message.mode,
            stratum: message.clock.map(|clock| clock.stratum),
            reference_id: message.clock.map(|clock| clock.reference_id),
        }
    }
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn hexadecimal<S: Serializer>(bytes: &Option<[u8; 4]>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes.as_ref().map(|bytes| Text(HexBytes(bytes))).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::NtpClock;

    #[test]
    fn the_reference_is_four_bytes_in_hexadecimal() {
        let clock = NtpClock { stratum: 1, poll: 6, reference_id: *b"GPS\0" };
        let message = NtpMessage { version: 4, mode: 4, clock: Some(clock) };
        let json = serde_json::to_value(NtpSection::new(&message)).unwrap();

        let expected = serde_json::json!({
            "version": 4, "mode": 4, "stratum": 1, "reference_id": "47:50:53:00"
        });
        assert_eq!(json, expected);
        let control = NtpSection::new(&NtpMessage { version: 2, mode: 6, clock: None });
        let expected = serde_json::json!({ "version": 2, "mode": 6 });
        assert_eq!(serde_json::to_value(control).unwrap(), expected);
    }
}
