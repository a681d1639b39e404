//! What is kept of an RTSP message.
//!
//! Comes in: nothing. Goes out: plain values. Field names are those of RFC 7826, 18.

use super::{RtspTransport, SessionDescription};

/// One message of RTSP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RtspMessage {
    /// A request, mostly of the client.
    Request(RtspRequest),
    /// A response.
    Response(RtspResponse),
}

/// A request, RFC 7826, 7.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RtspRequest {
    /// Method.
    pub method: String,
    /// The request URI without user information and without its query: some cameras take a password there.
    pub url: String,
    /// `RTSP/1.0` or `RTSP/2.0`.
    pub version: &'static str,
    /// User-Agent field.
    pub user_agent: Option<String>,
    /// The scheme of the Authorization field, one of a closed list; never what stands behind it.
    pub authorization_scheme: Option<&'static str>,
    /// Content-Length field, in bytes; 0 without one.
    pub content_length: u64,
    /// Bytes of the longest field; of one whose end has not come, as many as were seen.
    pub longest_field: u32,
    /// Bytes of the Authorization field of the Basic scheme.
    pub basic_length: u32,
    /// Transport field of a SETUP.
    pub transport: Option<RtspTransport>,
    /// What an ANNOUNCE describes.
    pub sdp: Option<Box<SessionDescription>>,
}

/// A response, RFC 7826, 8.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RtspResponse {
    /// Status code.
    pub status: u16,
    /// Reason phrase.
    pub reason: Option<String>,
    /// `RTSP/1.0` or `RTSP/2.0`.
    pub version: &'static str,
    /// Server field.
    pub server: Option<String>,
    /// The scheme of the first challenge in WWW-Authenticate, one of a closed list.
    pub auth_scheme: Option<&'static str>,
    /// The realm of the first challenge that has one.
    pub realm: Option<String>,
    /// Transport field of an answer to SETUP.
    pub transport: Option<RtspTransport>,
    /// What an answer to DESCRIBE describes.
    pub sdp: Option<Box<SessionDescription>>,
}
