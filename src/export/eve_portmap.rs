//! `portmap`: an event type of ours for NAT-PMP and PCP: who opens a port of the router.
//!
//! Comes in: a request or an answer. Goes out: its fields.

use std::net::IpAddr;

use serde::Serialize;

use crate::dissect::{PortMapMessage, PortMapOperation};

/// The `portmap` object.
#[derive(Debug, Serialize)]
pub(crate) struct PortMapSection {
    #[serde(rename = "type")]
    kind: &'static str,
    protocol: &'static str,
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifetime: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_protocol: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    internal_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_port: Option<u16>,
}

impl PortMapSection {
    /// Shows a message.
    pub(crate) fn new(message: &PortMapMessage) -> Self {
        Self {
            kind: if message.is_response() { "response" } else { "request" },
            protocol: if message.version == 0 { "nat-pmp" } else { "pcp" },
            operation: match message.operation {
                PortMapOperation::ExternalAddress => "external_address",
                PortMapOperation::Announce => "announce",
                PortMapOperation::Map => "map",
                PortMapOperation::Peer => "peer",
            },
            result: message.result,
            lifetime: message.lifetime,
            ip_protocol: message.protocol,
            internal_port: message.internal_port,
            external_port: message.external_port,
            external_ip: message.external_address,
            client_ip: message.client_address,
            remote_ip: message.remote.map(|(address, _)| address),
            remote_port: message.remote.map(|(_, port)| port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_shows_which_port_was_opened() {
        let message = PortMapMessage {
            version: 0,
            operation: PortMapOperation::Map,
            result: Some(0),
            lifetime: Some(3600),
            protocol: Some(6),
            internal_port: Some(8000),
            external_port: Some(18_000),
            external_address: None,
            client_address: None,
            remote: None,
        };
        let shown = serde_json::to_value(PortMapSection::new(&message)).unwrap();

        let expected = serde_json::json!({
            "type": "response", "protocol": "nat-pmp", "operation": "map", "result": 0,
            "lifetime": 3600, "ip_protocol": 6, "internal_port": 8000, "external_port": 18_000,
        });
        assert_eq!(shown, expected);
    }
}
