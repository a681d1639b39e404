//! `dhcp`: who asks for an address, and what it says of itself.
//!
//! Comes in: a DHCPv4 message. Goes out: the section as Suricata's extended logging has it.

use std::net::Ipv4Addr;

use serde::{Serialize, Serializer};

use super::eve_text::{HexBytes, Text};
use crate::dissect::DhcpMessage;
use crate::net::MacAddr;

/// EVE `dhcp`.
#[derive(Debug, Serialize)]
pub(crate) struct DhcpSection<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: u32,
    client_mac: Text<MacAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned_ip: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ip: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relay_ip: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<Text<HexBytes<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dhcp_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_ip: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_time: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_class_identifier: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "param_names")]
    params: &'a [u8],
    #[serde(skip_serializing_if = "Option::is_none")]
    subnet_mask: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    routers: &'a [Ipv4Addr],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    dns_servers: &'a [Ipv4Addr],
}

impl<'a> DhcpSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a DhcpMessage) -> Self {
        Self {
            kind: if message.from_client { "request" } else { "reply" },
            id: message.transaction,
            client_mac: Text(message.client_mac),
            assigned_ip: message.assigned_ip,
            client_ip: message.client_ip,
            relay_ip: message.relay_ip,
            // Its first byte is the type (RFC 2132, 9.14), which Suricata leaves out.
            client_id: message
                .client_id
                .split_first()
                .filter(|(_, identifier)| !identifier.is_empty())
                .map(|(_, identifier)| Text(HexBytes(identifier))),
            dhcp_type: message.message_type.map(type_name),
            requested_ip: message.requested_ip,
            lease_time: message.lease_time,
            // The schema has one name; the full one says less often who the client is.
            hostname: message.hostname.as_deref().or(message.client_fqdn.as_deref()),
            vendor_class_identifier: message.vendor_class.as_deref(),
            params: &message.params,
            subnet_mask: message.subnet_mask,
            routers: &message.routers,
            dns_servers: &message.dns_servers,
        }
    }
}

/// Option 53 (RFC 2132, 9.6) in Suricata's words.
const fn type_name(message_type: u8) -> &'static str {
    match message_type {
        1 => "discover",
        2 => "offer",
        3 => "request",
        4 => "decline",
        5 => "ack",
        6 => "nak",
        7 => "release",
        8 => "inform",
        _ => "unknown",
    }
}

/// The requested options in Suricata's words. Those it has no word for stand with their number, since the whole
/// list in its order is what tells one DHCP client from another.
fn param_names<S: Serializer>(params: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(params.iter().map(|code| Text(Param(*code))))
}

struct Param(u8);

impl std::fmt::Display for Param {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            1 => "subnet_mask",
            3 => "router",
            6 => "dns_server",
            15 => "domain",
            35 => "arp_timeout",
            42 => "ntp_server",
            66 => "tftp_server_name",
            150 => "tftp_server_ip",
            code => return code.fmt(f),
        })
    }
}
