//! `wsd`: an event type of ours for WS-Discovery.
//!
//! Comes in: a WS-Discovery message. Goes out: its kind, and what it says of each endpoint.

use serde::Serialize;

use crate::dissect::{WsdEndpoint, WsdKind, WsdMessage};

/// The `wsd` object.
#[derive(Debug, Serialize)]
pub(crate) struct WsdSection<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    endpoints: Vec<EndpointSection<'a>>,
}

/// One endpoint.
#[derive(Debug, Serialize)]
struct EndpointSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    types: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scopes: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    xaddrs: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hardware: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a str>,
}

impl<'a> WsdSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a WsdMessage) -> Self {
        Self {
            kind: match message.kind {
                WsdKind::Hello => "hello",
                WsdKind::Bye => "bye",
                WsdKind::Probe => "probe",
                WsdKind::ProbeMatches => "probe_matches",
                WsdKind::Resolve => "resolve",
                WsdKind::ResolveMatches => "resolve_matches",
            },
            endpoints: message.endpoints.iter().map(EndpointSection::new).collect(),
        }
    }
}

impl<'a> EndpointSection<'a> {
    /// Shows an endpoint.
    fn new(endpoint: &'a WsdEndpoint) -> Self {
        Self {
            address: endpoint.address.as_deref(),
            types: &endpoint.types,
            scopes: &endpoint.scopes,
            xaddrs: &endpoint.xaddrs,
            metadata_version: endpoint.metadata_version,
            name: endpoint.name.as_deref(),
            hardware: endpoint.hardware.as_deref(),
            location: endpoint.location.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_is_shown_with_what_it_has() {
        let endpoint = WsdEndpoint {
            types: vec!["NetworkVideoTransmitter".into()],
            hardware: Some("DS-2CD2385G1-I".into()),
            ..WsdEndpoint::default()
        };
        let message = WsdMessage { kind: WsdKind::Hello, endpoints: vec![endpoint] };
        let shown = serde_json::to_value(WsdSection::new(&message)).unwrap();

        let expected = serde_json::json!({
            "type": "hello",
            "endpoints": [{"types": ["NetworkVideoTransmitter"], "hardware": "DS-2CD2385G1-I"}],
        });
        assert_eq!(shown, expected);
    }
}
