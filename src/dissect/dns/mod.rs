//! DNS, multicast DNS and LLMNR.
//!
//! Comes in: a datagram, or the head of one side of a stream. Goes out: a [`DnsMessage`] (RFC 1035, 4; RFC 6762, 18;
//! RFC 4795, 2.1). It resolves nothing and remembers nothing.

mod datagram;
mod message;
mod name;
mod record;
pub(crate) mod stream;

pub(crate) use datagram::{dissect, probe};
pub use message::{
    DnsMailExchange, DnsMessage, DnsQuery, DnsRecord, DnsRecordData, DnsService, DnsServiceBinding,
};
pub(crate) use name::uncompressed_name;
