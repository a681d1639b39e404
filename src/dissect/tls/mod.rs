//! Reads what a TLS stream says in clear: the client's hello, and the server's hello and certificate.
//!
//! Comes in: the first bytes of one side of a stream. Goes out: a [`ClientHello`] or a [`ServerFlight`]. It reads SSL 3.0
//! to TLS 1.3 (RFC 6101, RFC 5246, RFC 8446) and the hello of SSL 2.0. It decrypts and verifies nothing.

mod certificate;
mod client_hello;
mod client_side;
mod der;
mod distinguished_name;
#[cfg(test)]
mod fixture;
mod ja4;
mod records;
mod server_hello;
mod server_side;
mod sslv2;

pub use certificate::Certificate;
pub use client_hello::ClientHello;
pub(crate) use client_hello::{CLIENT_HELLO, Carrier, MIN_HELLO, read_hello};
pub(crate) use client_side::{dissect_client, dissect_client_partial};
pub use ja4::Ja4;
pub use server_hello::ServerHello;
pub use server_side::ServerFlight;
pub(crate) use server_side::{dissect_server, dissect_server_partial};
