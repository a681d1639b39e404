//! SNMP.
//!
//! Comes in: the payload of a datagram. Goes out: an [`SnmpMessage`] (RFC 1157, RFC 3416; of RFC 3412 the header). It
//! never keeps a community or a user name: these are secrets.

mod ber;
mod datagram;
mod message;

pub(crate) use datagram::{dissect, probe};
pub use message::{SnmpMessage, SnmpPdu};
