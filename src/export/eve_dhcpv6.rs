//! `dhcpv6`: an event type of ours, in the manner of `dhcp`.
//!
//! Comes in: a DHCPv6 message. Goes out: who asks, what it says of itself, and what it is given.

use std::net::Ipv6Addr;

use serde::{Serialize, Serializer};

use super::eve_text::{HexBytes, Text};
use crate::dissect::{Dhcpv6Message, Dhcpv6Prefix};
use crate::net::MacAddr;

/// The `dhcpv6` object.
#[derive(Debug, Serialize)]
pub(crate) struct Dhcpv6Section<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_mac: Option<Text<MacAddr>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_duid: Option<Text<HexBytes<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_duid: Option<Text<HexBytes<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fqdn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_enterprise: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_class: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    addresses: &'a [Ipv6Addr],
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "prefixes")]
    prefixes: &'a [Dhcpv6Prefix],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    dns_servers: &'a [Ipv6Addr],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    params: &'a [u16],
    #[serde(skip_serializing_if = "Option::is_none")]
    relay_peer: Option<Ipv6Addr>,
}

impl<'a> Dhcpv6Section<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a Dhcpv6Message) -> Self {
        let class = message.vendor_class.as_ref();
        Self {
            kind: type_name(message.message_type),
            id: message.transaction,
            client_mac: message.client_mac().map(Text),
            client_duid: duid(&message.client_duid),
            server_duid: duid(&message.server_duid),
            fqdn: message.client_fqdn.as_deref(),
            vendor_enterprise: class
                .map(|class| class.enterprise)
                .or(message.vendor_options_enterprise),
            vendor_class: class.map(|class| &*class.class).filter(|class| !class.is_empty()),
            addresses: &message.addresses,
            prefixes: &message.prefixes,
            dns_servers: &message.dns_servers,
            params: &message.requested_options,
            relay_peer: message.relay_peer,
        }
    }
}

/// Names a message type (IANA "DHCPv6 Message Types").
const fn type_name(message_type: u8) -> &'static str {
    match message_type {
        1 => "solicit",
        2 => "advertise",
        3 => "request",
        4 => "confirm",
        5 => "renew",
        6 => "rebind",
        7 => "reply",
        8 => "release",
        9 => "decline",
        10 => "reconfigure",
        11 => "information-request",
        _ => "other",
    }
}

fn duid(bytes: &[u8]) -> Option<Text<HexBytes<'_>>> {
    (!bytes.is_empty()).then_some(Text(HexBytes(bytes)))
}

fn prefixes<S: Serializer>(prefixes: &[Dhcpv6Prefix], serializer: S) -> Result<S::Ok, S::Error> {
    let text = |prefix: &Dhcpv6Prefix| format!("{}/{}", prefix.prefix, prefix.length);
    serializer.collect_seq(prefixes.iter().map(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_shows_the_client_and_what_it_wants() {
        let message = Dhcpv6Message {
            message_type: 3,
            transaction: 7,
            client_duid: vec![0, 3, 0, 1, 0x44, 0xa6, 0x42, 1, 2, 3],
            prefixes: vec![Dhcpv6Prefix { prefix: "2001:db8::".parse().unwrap(), length: 56 }],
            ..Dhcpv6Message::default()
        };

        let expected = serde_json::json!({
            "type": "request", "id": 7, "client_mac": "44:a6:42:01:02:03",
            "client_duid": "00:03:00:01:44:a6:42:01:02:03", "prefixes": ["2001:db8::/56"]
        });
        assert_eq!(serde_json::to_value(Dhcpv6Section::new(&message)).unwrap(), expected);
    }
}
