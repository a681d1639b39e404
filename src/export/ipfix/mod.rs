//! Flow records for collectors: IPFIX (RFC 7011) with both directions in one record (RFC 5103).
//!
//! Comes in: flow events. Goes out: messages over UDP or TCP. Only flows of concern leave: those of a vendor device or towards a
//! vendor cloud. IPFIX has no acknowledgements: what a collector loses is lost, and shows there as a gap in the sequence numbers.

mod config;
mod delta;
mod ipfix_link;
mod ipfix_sink;
mod message;
mod template;

pub use config::{IpfixConfig, IpfixTransport};
#[cfg(test)]
pub(crate) use delta::FlowDelta;
pub use ipfix_sink::IpfixSink;
