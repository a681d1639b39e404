//! `nbns`: an event type of ours for the NetBIOS name service.
//!
//! Comes in: a message. Goes out: its names, with their suffixes in hexadecimal as other tools write them.

use std::net::Ipv4Addr;

use serde::Serialize;

use super::eve_text::{Text, is_false};
use crate::dissect::{NbnsMessage, NbnsName};
use crate::net::MacAddr;

/// The `nbns` object.
#[derive(Debug, Serialize)]
pub(crate) struct NbnsSection<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: u16,
    operation: &'static str,
    rcode: u8,
    names: Vec<NameObject<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    addresses: &'a [Ipv4Addr],
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<Text<MacAddr>>,
}

#[derive(Debug, Serialize)]
struct NameObject<'a> {
    name: &'a str,
    suffix: String,
    #[serde(skip_serializing_if = "is_false")]
    group: bool,
}

impl<'a> NbnsSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a NbnsMessage) -> Self {
        Self {
            kind: if message.is_response { "response" } else { "request" },
            id: message.id,
            operation: operation_name(message),
            rcode: message.rcode,
            names: message.names.iter().map(name_object).collect(),
            addresses: &message.addresses,
            mac: message.mac.map(Text),
        }
    }
}

/// Names the OPCODE, RFC 1002, 4.2.1.1.
const fn operation_name(message: &NbnsMessage) -> &'static str {
    match message.opcode {
        0 if message.is_status => "status",
        0 => "query",
        5 => "registration",
        6 => "release",
        7 => "wait",
        8 | 9 => "refresh",
        _ => "other",
    }
}

fn name_object(name: &NbnsName) -> NameObject<'_> {
    NameObject { name: &name.name, suffix: format!("{:02x}", name.suffix), group: name.is_group }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_suffix_in_hexadecimal() {
        let name = |suffix, is_group| NbnsName { name: "CAMERA".into(), suffix, is_group };
        let message = NbnsMessage {
            id: 7,
            is_response: true,
            opcode: 0,
            rcode: 0,
            names: vec![name(0x20, false), name(0, true)],
            addresses: vec![[192, 0, 2, 10].into()],
            mac: Some(MacAddr([0x44, 0xa6, 0x42, 1, 2, 3])),
            is_status: true,
        };
        let shown = serde_json::to_value(NbnsSection::new(&message)).unwrap();

        let expected = serde_json::json!({
            "type": "response", "id": 7, "operation": "status", "rcode": 0,
            "names": [
                {"name": "CAMERA", "suffix": "20"},
                {"name": "CAMERA", "suffix": "00", "group": true},
            ],
            "addresses": ["192.0.2.10"], "mac": "44:a6:42:01:02:03",
        });
        assert_eq!(shown, expected);
    }
}
