//! Reads the ClientHello that opens a QUIC connection.
//!
//! Comes in: datagrams of one flow, until the hello is whole. Goes out: a [`QuicMessage`]. It reads QUIC version 1 and 2
//! (RFC 9000, RFC 9369), the drafts that were deployed, and Google's QUIC before them. Initial packets are protected with
//! keys that anyone can derive (RFC 9001, 5.2); nothing else is decrypted.

mod crypto_stream;
mod frames;
mod google;
mod initials;
mod packet;
mod protection;
mod version;

pub use initials::{QuicInitials, QuicMessage, QuicRead};
pub(crate) use packet::probe;
