//! Reads one application message from one payload, without memory.
//!
//! Comes in: the payload of a datagram, or the first bytes of a stream. Goes out: a [`Message`]
//! of owned, bounded values, or the reason why there is none. It never knows vendors, and never keeps a payload.

mod cursor;
mod dhcp;
mod dissector;
mod dns;
mod dns_name;
mod error;
mod http;
mod message;
#[cfg(test)]
mod mutation;
mod sadp;
mod sadp_link;
mod tls;
mod verdict;

pub use dissector::{dissect_datagram, dissect_link, dissect_partial_stream, dissect_stream};
pub use error::{DissectError, DissectReason};
pub use message::{
    AppProtocol, ClientHello, DhcpMessage, DnsMessage, DnsQuery, DnsRecord, DnsRecordData,
    HttpRequest, Message, SadpKind, SadpMessage,
};
pub use verdict::{MAX_STREAM_HEAD, StreamVerdict};
