//! Captures from an interface through a packet socket with a TPACKET_V3 ring, packet(7).
//!
//! Comes in: the name of an interface. Goes out: frames borrowed from memory that the kernel fills.
//! It needs CAP_NET_RAW to open and nothing afterwards. The only place with `unsafe` code.

mod classic;
mod cutoff;
mod layout;
mod ring;
mod socket;
mod source;
mod tap;

#[cfg(feature = "libpcap")]
pub(crate) use socket::wait_readable;
pub use source::AfPacketSource;
