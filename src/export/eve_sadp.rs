//! `sadp`: an event type of ours for Hikvision's discovery protocol.
//!
//! Comes in: a SADP message. Goes out: its fields, named after the elements of the XML form.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
    subnet_mask: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ipv6_gateway: Option<Ipv6Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ipv6_mask_len: Option<u8>,
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
    sdk_over_tls_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    analog_channel_num: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digital_channel_num: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypt: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_ability: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_reset_ability: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    support_hc_platform: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hc_platform_enable: Option<bool>,
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
            subnet_mask: message.subnet_mask,
            ipv6_gateway: message.ipv6_gateway,
            ipv6_mask_len: message.ipv6_mask_len,
            software_version: message.software_version.as_deref(),
            dsp_version: message.dsp_version.as_deref(),
            boot_time: message.boot_time.as_deref(),
            activated: message.activated,
            dhcp: message.dhcp,
            command_port: message.command_port,
            http_port: message.http_port,
            sdk_over_tls_port: message.sdk_over_tls_port,
            analog_channel_num: message.analog_channels,
            digital_channel_num: message.digital_channels,
            encrypt: message.encrypt,
            reset_ability: message.reset_ability,
            password_reset_ability: message.password_reset_ability,
            support_hc_platform: message.support_hc_platform,
            hc_platform_enable: message.hc_platform_enable,
            oem_info: message.oem.as_deref(),
        }
    }
}
