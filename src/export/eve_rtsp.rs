//! `rtsp`: an event type of ours for RTSP.
//!
//! Comes in: a RTSP message. Goes out: its start line and fields, and what a session description says.

use serde::Serialize;

use crate::dissect::{RtspMessage, RtspTransport, SdpMedia, SessionDescription};

/// The `rtsp` object.
#[derive(Debug, Default, Serialize)]
pub(crate) struct RtspSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_scheme: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transport: Option<TransportSection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sdp: Option<SdpSection<'a>>,
}

/// `rtsp.transport`.
#[derive(Debug, Serialize)]
struct TransportSection {
    interleaved: bool,
    multicast: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    client_ports: Vec<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    server_ports: Vec<u16>,
}

/// `rtsp.sdp`.
#[derive(Debug, Serialize)]
struct SdpSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    information: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media: Vec<MediaSection<'a>>,
}

/// One medium of `rtsp.sdp`.
#[derive(Debug, Serialize)]
struct MediaSection<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    encodings: &'a [String],
}

impl<'a> RtspSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a RtspMessage) -> Self {
        match message {
            RtspMessage::Request(request) => Self {
                method: Some(&request.method),
                url: Some(&request.url),
                version: Some(request.version),
                user_agent: request.user_agent.as_deref(),
                auth_scheme: request.authorization_scheme,
                transport: request.transport.map(TransportSection::new),
                sdp: request.sdp.as_deref().map(SdpSection::new),
                ..Self::default()
            },
            RtspMessage::Response(response) => Self {
                version: Some(response.version),
                status: Some(response.status),
                reason: response.reason.as_deref(),
                server: response.server.as_deref(),
                auth_scheme: response.auth_scheme,
                realm: response.realm.as_deref(),
                transport: response.transport.map(TransportSection::new),
                sdp: response.sdp.as_deref().map(SdpSection::new),
                ..Self::default()
            },
        }
    }
}

impl TransportSection {
    /// Shows a transport.
    fn new(transport: RtspTransport) -> Self {
        let list = |ports: Option<(u16, Option<u16>)>| {
            ports.into_iter().flat_map(|(first, second)| [Some(first), second]).flatten().collect()
        };
        Self {
            interleaved: transport.interleaved,
            multicast: transport.multicast,
            client_ports: list(transport.client_ports),
            server_ports: list(transport.server_ports),
        }
    }
}

impl<'a> SdpSection<'a> {
    /// Shows a session description.
    fn new(sdp: &'a SessionDescription) -> Self {
        let medium = |medium: &'a SdpMedia| MediaSection {
            kind: &medium.kind,
            encodings: &medium.encodings,
        };
        Self {
            session_name: sdp.session_name.as_deref(),
            information: sdp.information.as_deref(),
            tool: sdp.tool.as_deref(),
            media: sdp.media.iter().map(medium).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::RtspResponse;

    #[test]
    fn a_response_shows_realm_ports_and_media() {
        let medium = SdpMedia { kind: "video".into(), encodings: vec!["H264".into()] };
        let sdp = SessionDescription { media: vec![medium], ..SessionDescription::default() };
        let transport =
            RtspTransport { client_ports: Some((4588, Some(4589))), ..RtspTransport::default() };
        let message = RtspMessage::Response(RtspResponse {
            status: 200,
            version: "RTSP/1.0",
            realm: Some("IP Camera(D4918)".into()),
            transport: Some(transport),
            sdp: Some(Box::new(sdp)),
            ..RtspResponse::default()
        });
        let shown = serde_json::to_value(RtspSection::new(&message)).unwrap();

        let expected = serde_json::json!({
            "version": "RTSP/1.0",
            "status": 200,
            "realm": "IP Camera(D4918)",
            "transport": {"interleaved": false, "multicast": false, "client_ports": [4588, 4589]},
            "sdp": {"media": [{"kind": "video", "encodings": ["H264"]}]},
        });
        assert_eq!(shown, expected);
    }
}
