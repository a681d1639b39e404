//! `lbs`, `safe`, `p2p`, `vtm`, `isup`, `hcnetsdk`, `beacon`: event types of ours for the vendor's framings.
//!
//! Comes in: a message of one of them. Goes out: one object with the fields that it has. Tokens, passwords and device ids
//! were never read; a serial number is evidence, and sensitive.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::eve_text::is_false;
use crate::dissect::{
    BeaconMessage, HcnetsdkKind, HcnetsdkMessage, IsupMessage, LbsMessage, P2pMessage, SafeMessage,
    VtmMessage,
};

/// The object of a vendor's framing; each fills the fields that it has.
#[derive(Debug, Default, Serialize)]
pub(crate) struct VendorSection<'a> {
    /// The number of the command, opcode or code.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "hexadecimal")]
    code: Option<u16>,
    /// Its name, or what it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    firmware_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    encrypted: bool,
}

impl<'a> VendorSection<'a> {
    /// `lbs`.
    pub(crate) fn lbs(message: &'a LbsMessage) -> Self {
        Self {
            code: Some(u16::from(message.command)),
            command: Some(message.command_name()),
            length: Some(message.length),
            result: message.result.map(u32::from),
            result_name: message.result_name(),
            serial: message.serial.as_deref(),
            ..Self::default()
        }
    }

    /// `safe`.
    pub(crate) fn safe(message: &'a SafeMessage) -> Self {
        Self {
            code: Some(message.command),
            command: Some(message.family().as_label()),
            sequence: Some(message.sequence),
            length: Some(message.length),
            serial: message.serial.as_deref(),
            encrypted: message.encrypted,
            ..Self::default()
        }
    }

    /// `p2p`.
    pub(crate) fn p2p(message: &P2pMessage) -> Self {
        Self {
            code: Some(message.opcode),
            sequence: Some(message.sequence),
            encrypted: message.encrypted,
            ..Self::default()
        }
    }

    /// `vtm`.
    pub(crate) fn vtm(message: &'a VtmMessage) -> Self {
        let url = message.url.as_deref();
        Self {
            code: Some(message.code),
            channel: Some(message.channel),
            sequence: Some(u32::from(message.sequence)),
            length: Some(u32::from(message.length)),
            host: url.map(|url| url.host.as_str()),
            port: url.and_then(|url| url.port),
            path: url.map(|url| url.path.as_str()),
            ..Self::default()
        }
    }

    /// `isup`.
    pub(crate) fn isup(message: &'a IsupMessage) -> Self {
        Self {
            command: message.command.as_deref(),
            command_type: message.command_type.as_deref(),
            version: message.version.as_deref(),
            serial: message.serial.as_deref(),
            device_id: message.device_id.as_deref(),
            firmware_version: message.firmware_version.as_deref(),
            ip: message.local_ip,
            ..Self::default()
        }
    }

    /// `hcnetsdk`.
    pub(crate) fn hcnetsdk(message: &HcnetsdkMessage) -> Self {
        let result = match message.kind {
            HcnetsdkKind::Refused(code) => Some(code),
            HcnetsdkKind::Login | HcnetsdkKind::Control => None,
        };
        Self {
            command: Some(message.kind.as_label()),
            length: Some(message.length),
            result,
            ..Self::default()
        }
    }

    /// `beacon`.
    pub(crate) fn beacon(message: &'a BeaconMessage) -> Self {
        Self { ip: Some(IpAddr::V4(message.sender)), path: Some(&message.path), ..Self::default() }
    }
}

/// Numbers of commands are written as their sources write them: `0x0812`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn hexadecimal<S: Serializer>(code: &Option<u16>, serializer: S) -> Result<S::Ok, S::Error> {
    match code {
        Some(code) => serializer.collect_str(&format_args!("0x{code:04x}")),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dissect::VtmUrl;

    #[test]
    fn each_framing_shows_the_fields_that_it_has() {
        let lbs = LbsMessage {
            command: 7,
            length: 62,
            serial: Some("L00000001".into()),
            ..LbsMessage::default()
        };
        let shown = serde_json::to_value(VendorSection::lbs(&lbs)).unwrap();
        let expected = json!({
            "code": "0x0007", "command": "request-devid", "length": 62, "serial": "L00000001",
        });
        assert_eq!(shown, expected);

        let url = VtmUrl { host: "vtm.example".into(), port: Some(8554), path: "/live".into() };
        let vtm = VtmMessage { code: 0x013b, url: Some(Box::new(url)), ..VtmMessage::default() };
        let shown = serde_json::to_value(VendorSection::vtm(&vtm)).unwrap();
        let expected = json!({
            "code": "0x013b", "channel": 0, "sequence": 0, "length": 0,
            "host": "vtm.example", "port": 8554, "path": "/live",
        });
        assert_eq!(shown, expected);

        let refused = HcnetsdkMessage { kind: HcnetsdkKind::Refused(0x1e), length: 16 };
        let shown = serde_json::to_value(VendorSection::hcnetsdk(&refused)).unwrap();
        assert_eq!(shown, json!({"command": "refused", "length": 16, "result": 30}));
    }
}
