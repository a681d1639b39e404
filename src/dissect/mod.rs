//! Reads one application message from one payload, without memory.
//!
//! Comes in: the payload of a datagram, or the first bytes of a stream. Goes out: a [`Message`]
//! of owned, bounded values, or the reason why there is none. It never knows vendors, and never keeps a payload.

mod error;
mod message;

pub use error::{DissectError, DissectReason};
pub use message::{
    AppProtocol, ClientHello, DhcpMessage, DnsMessage, DnsQuery, DnsRecord, DnsRecordData,
    HttpRequest, Message, SadpKind, SadpMessage,
};
