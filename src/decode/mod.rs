//! Layers 2 to 4 of one frame, without memory of earlier frames.
//!
//! Comes in: a [`Frame`](crate::net::Frame). Goes out: a [`Packet`] of everything that could be
//! read, with what stopped decoding. It never panics on any bytes and never allocates.

mod decoder;
mod error;
mod link;
mod packet;
mod shard;

pub use decoder::decode;
pub use error::{DecodeError, DecodeReason, Layer};
pub use packet::{
    ArpPacket, EtherAddresses, IpPacket, Network, Packet, TcpFlags, TcpHeader, Transport, VlanIds,
};
pub use shard::shard_number;
