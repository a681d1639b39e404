//! Layers 2 to 4 of one frame, without memory of earlier frames.
//!
//! Comes in: a [`Frame`](crate::net::Frame). Goes out: a [`Packet`] of everything that could be
//! read, through all link types, tags and tunnels that are known, with what stopped decoding. It never panics on any bytes and never allocates.

mod arcnet;
mod decoder;
mod error;
mod ether_type;
mod ethernet;
mod extension;
#[cfg(test)]
mod fixture;
mod gre;
mod link;
mod mpls;
mod network;
mod packet;
mod ppp;
mod pseudo;
mod radio;
mod shard;
mod step;
mod straight;
mod transport;
mod tunnel;
mod tzsp;
mod udp_tunnel;
mod wifi;
mod wrapping;

pub use decoder::{FragmentHeader, decode, decode_by_layers, decode_reassembled, decode_trusting};
pub use error::{DecodeError, DecodeReason, Layer};
pub use packet::{
    ArpPacket, EtherAddresses, Fragment, IpPacket, Network, Packet, TcpFlags, TcpHeader, Transport,
    VlanIds,
};
pub use shard::shard_number;
pub use tunnel::{Tunnel, TunnelKind, TunnelTrust};
pub use udp_tunnel::may_hold as may_hold_tunnel;
