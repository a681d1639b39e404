//! RTSP 1.0 (RFC 2326) and 2.0 (RFC 7826): requests, responses, and the session descriptions that they carry.
//!
//! Comes in: the bytes of one side of a stream from where a message begins. Goes out: an [`RtspMessage`]. It keeps no
//! user information, no credentials, no session identifiers and no media.

mod message;
mod read;
mod sdp;
mod transport;

pub use message::{RtspMessage, RtspRequest, RtspResponse};
pub(crate) use read::{dissect, dissect_partial};
pub use sdp::{SdpMedia, SessionDescription};
pub use transport::RtspTransport;
