//! `tunnel`: what a packet was wrapped in, under the names that Suricata has for it.
//!
//! Comes in: the outermost wrapping. Goes out: its ends, as the first packet had them, its kind as `pkt_src`, and how
//! many wrappings there were.

use std::net::IpAddr;

use serde::Serialize;

use crate::decode::Tunnel;

/// EVE `tunnel`.
#[derive(Debug, Serialize)]
pub(crate) struct TunnelSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    src_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dest_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dest_port: Option<u16>,
    depth: u8,
    pkt_src: &'static str,
}

impl TunnelSection {
    /// Shows a wrapping.
    pub(crate) fn new(tunnel: &Tunnel) -> Self {
        Self {
            src_ip: tunnel.outer.map(|(source, _)| source),
            dest_ip: tunnel.outer.map(|(_, destination)| destination),
            src_port: tunnel.ports.map(|(source, _)| source),
            dest_port: tunnel.ports.map(|(_, destination)| destination),
            depth: tunnel.depth,
            pkt_src: tunnel.kind.as_label(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::TunnelKind;

    #[test]
    fn a_wrapping_without_ip_has_no_ends() {
        let tunnel = Tunnel { kind: TunnelKind::Pppoe, depth: 2, id: 7, outer: None, ports: None };
        let shown = serde_json::to_value(TunnelSection::new(&tunnel)).unwrap();

        assert_eq!(shown, serde_json::json!({"depth": 2, "pkt_src": tunnel.kind.as_label()}));
    }

    #[test]
    fn the_ends_are_those_of_the_outermost_wrapping() {
        let (source, destination) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let tunnel = Tunnel {
            kind: TunnelKind::Vxlan,
            depth: 1,
            id: 7,
            outer: Some((source, destination)),
            ports: Some((40_000, 4789)),
        };
        let shown = serde_json::to_value(TunnelSection::new(&tunnel)).unwrap();

        let expected = serde_json::json!({
            "src_ip": "192.0.2.1", "dest_ip": "192.0.2.2", "src_port": 40_000, "dest_port": 4789,
            "depth": 1, "pkt_src": tunnel.kind.as_label(),
        });
        assert_eq!(shown, expected);
    }
}
