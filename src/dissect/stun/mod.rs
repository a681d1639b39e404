//! Reads STUN and TURN messages (RFC 8489, RFC 5389, RFC 8656, classic RFC 3489), over UDP and over TCP.
//!
//! Comes in: a datagram, or the head of one side of a stream. Goes out: a [`StunMessage`] with the addresses and names it
//! states. It never keeps a transaction id, a user name, a token or an integrity value, and verifies none.

mod attributes;
mod classic;
mod header;
mod message;

pub(super) use header::{dissect, dissect_partial, dissect_stream, probe};
pub use message::{StunClass, StunMessage};
