//! `ndp`: an event type of ours for neighbour discovery.
//!
//! Comes in: a message of neighbour discovery. Goes out: its fields, named after RFC 4861.

use std::net::Ipv6Addr;

use serde::Serialize;

use super::eve_text::{Text, is_false};
use crate::dissect::{AdvertisedPrefix, NdpMessage};
use crate::net::MacAddr;

/// The `ndp` object.
#[derive(Debug, Default, Serialize)]
pub(crate) struct NdpSection<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Ipv6Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_mac: Option<Text<MacAddr>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_mac: Option<Text<MacAddr>>,
    #[serde(skip_serializing_if = "is_false")]
    router: bool,
    #[serde(skip_serializing_if = "is_false")]
    solicited: bool,
    #[serde(rename = "override", skip_serializing_if = "is_false")]
    overrides: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    router_lifetime: Option<u16>,
    #[serde(skip_serializing_if = "is_false")]
    managed: bool,
    #[serde(skip_serializing_if = "is_false")]
    other_configuration: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prefixes: Vec<PrefixObject>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    dns_servers: &'a [Ipv6Addr],
}

#[derive(Debug, Serialize)]
struct PrefixObject {
    prefix: String,
    on_link: bool,
    autonomous: bool,
    valid_lifetime: u32,
    preferred_lifetime: u32,
}

impl<'a> NdpSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a NdpMessage) -> Self {
        match message {
            NdpMessage::RouterSolicitation { source_mac } => Self {
                kind: "router_solicitation",
                source_mac: source_mac.map(Text),
                ..Self::default()
            },
            NdpMessage::RouterAdvertisement(router) => Self {
                kind: "router_advertisement",
                source_mac: router.source_mac.map(Text),
                router_lifetime: Some(router.lifetime),
                managed: router.is_managed,
                other_configuration: router.has_other_configuration,
                prefixes: router.prefixes.iter().map(prefix_object).collect(),
                dns_servers: &router.dns_servers,
                ..Self::default()
            },
            NdpMessage::NeighborSolicitation { target, source_mac } => Self {
                kind: "neighbor_solicitation",
                target: Some(*target),
                source_mac: source_mac.map(Text),
                ..Self::default()
            },
            NdpMessage::NeighborAdvertisement(neighbor) => Self {
                kind: "neighbor_advertisement",
                target: Some(neighbor.target),
                target_mac: neighbor.target_mac.map(Text),
                router: neighbor.is_router,
                solicited: neighbor.is_solicited,
                overrides: neighbor.overrides,
                ..Self::default()
            },
        }
    }
}

fn prefix_object(prefix: &AdvertisedPrefix) -> PrefixObject {
    PrefixObject {
        prefix: format!("{}/{}", prefix.prefix, prefix.length),
        on_link: prefix.on_link,
        autonomous: prefix.autonomous,
        valid_lifetime: prefix.valid_lifetime,
        preferred_lifetime: prefix.preferred_lifetime,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solicitation_shows_who_asks_for_whom() {
        let message = NdpMessage::NeighborSolicitation {
            target: "2001:db8::7".parse().unwrap(),
            source_mac: Some(MacAddr([0x44, 0xa6, 0x42, 1, 2, 3])),
        };

        let expected = serde_json::json!({
            "type": "neighbor_solicitation", "target": "2001:db8::7", "source_mac": "44:a6:42:01:02:03"
        });
        assert_eq!(serde_json::to_value(NdpSection::new(&message)).unwrap(), expected);
    }
}
