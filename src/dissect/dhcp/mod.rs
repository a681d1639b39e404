//! DHCP for IPv4.
//!
//! Comes in: the payload of a datagram. Goes out: a [`DhcpMessage`] (RFC 2131; options of RFC 2132, 3396 and 4702).
//! It keeps no leases.

mod datagram;
mod message;
mod options;

pub(crate) use datagram::dissect;
pub use message::DhcpMessage;
