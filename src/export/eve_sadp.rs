//! `sadp`: an event type of ours for Hikvision's discovery protocol.
//!
//! Comes in: a SADP message. Goes out: its fields, named after the elements of the XML form.

use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use super::eve_text::Text;
use crate::dissect::{SadpKind, SadpMessage};
use crate::net::MacAddr;

/// The `sadp` object.
#[derive(Debug, Serialize)]
pub(crate) struct SadpSection<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    types: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_sn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<Text<MacAddr>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ips: &'a [IpAddr],
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    software_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dsp_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boot_time: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dhcp: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oem_info: Option<&'a str>,
}

impl<'a> SadpSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a SadpMessage) -> Self {
        Self {
            kind: match message.kind {
                SadpKind::Inquiry => "inquiry",
                SadpKind::Reply => "reply",
                SadpKind::Command => "command",
            },
            types: &message.types,
            device_type: message.device_type.as_deref(),
            device_description: message.device_description.as_deref(),
            device_sn: message.serial.as_deref(),
            mac: message.mac.map(Text),
            ips: &message.addresses,
            gateway: message.gateway,
            software_version: message.software_version.as_deref(),
            dsp_version: message.dsp_version.as_deref(),
            boot_time: message.boot_time.as_deref(),
            activated: message.activated,
            dhcp: message.dhcp,
            command_port: message.command_port,
            http_port: message.http_port,
            oem_info: message.oem.as_deref(),
        }
    }
}
