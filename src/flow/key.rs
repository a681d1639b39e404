//! The flow key: which packets belong together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::decode::{IpPacket, Transport, Tunnel, VlanIds};
use crate::net::{InterfaceId, IpProtocol};

/// One end of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Address.
    pub ip: IpAddr,
    /// Port; for ICMP the type, or its counterpart, or the code.
    pub port: u16,
}

/// Who began a flow and who was asked (RFC 5103).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sent the first packet, or the SYN.
    Initiator,
    /// The other end.
    Responder,
}

impl Role {
    /// The other role.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// How a packet runs against the sorted key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Orientation {
    /// From the lower end to the higher one.
    Ascending,
    /// From the higher end to the lower one.
    Descending,
}

impl Orientation {
    /// The other way round.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// The sorted 5-tuple with VLAN tags, tunnel and interface: both directions of a flow have the same key (RFC 7011,
/// "Flow Key").
///
/// IPv4 addresses are kept in their IPv6-mapped form; the version is part of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlowKey {
    low: [u64; 2],
    high: [u64; 2],
    /// High half of the tunnel's number, interface, lower end's port, higher end's port: 16 bits each.
    ports: u64,
    /// Low half of the tunnel's number (16), protocol (8), IP version (8), VLAN tags (32).
    rest: u64,
}

impl FlowKey {
    /// Makes the key of a packet, and tells how the packet runs against it.
    #[must_use]
    #[inline(always)]
    pub fn new(
        ip: &IpPacket<'_>,
        vlans: VlanIds,
        tunnel: Option<&Tunnel>,
        interface: InterfaceId,
    ) -> (Self, Orientation) {
        let (source_port, destination_port, one_way) = ports(ip);
        let source = (halves(ip.source), source_port);
        let destination = (halves(ip.destination), destination_port);
        // A one-way ICMP message keeps its order: type and code are no pair of ports.
        let swap = !one_way && source > destination || one_way && source.0 > destination.0;
        let (low, high) = if swap { (destination, source) } else { (source, destination) };
        let version: u64 = if ip.source.is_ipv4() { 4 } else { 6 };
        let tunnel = u64::from(tunnel.map_or(0, Tunnel::segment));
        let key = Self {
            low: low.0,
            high: high.0,
            ports: (tunnel >> 16) << 48
                | u64::from(interface.0) << 32
                | u64::from(low.1) << 16
                | u64::from(high.1),
            rest: (tunnel & 0xffff) << 48
                | u64::from(ip.protocol.0) << 40
                | version << 32
                | u64::from(vlans.to_bits()),
        };
        (key, if swap { Orientation::Descending } else { Orientation::Ascending })
    }

    /// The end with the lower address and port.
    #[must_use]
    pub fn low(&self) -> Endpoint {
        let [.., a, b, _, _] = self.ports.to_be_bytes();
        Endpoint { ip: self.address(self.low), port: u16::from_be_bytes([a, b]) }
    }

    /// The end with the higher address and port.
    #[must_use]
    pub fn high(&self) -> Endpoint {
        let [.., a, b] = self.ports.to_be_bytes();
        Endpoint { ip: self.address(self.high), port: u16::from_be_bytes([a, b]) }
    }

    /// The transport protocol.
    #[must_use]
    pub const fn protocol(&self) -> IpProtocol {
        let [_, _, protocol, ..] = self.rest.to_be_bytes();
        IpProtocol(protocol)
    }

    /// The VLAN tags.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    pub const fn vlans(&self) -> VlanIds {
        VlanIds::from_bits(self.rest as u32)
    }

    /// The key as six words, for hashing.
    #[must_use]
    pub const fn to_words(&self) -> [u64; 6] {
        let [low0, low1] = self.low;
        let [high0, high1] = self.high;
        [low0, low1, high0, high1, self.ports, self.rest]
    }

    fn address(&self, halves: [u64; 2]) -> IpAddr {
        let [high, low] = halves;
        let bits = u128::from(high) << 64 | u128::from(low);
        if self.rest >> 32 & 0xff == 4 {
            let [.., a, b, c, d] = bits.to_be_bytes();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        } else {
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
    }
}

fn halves(ip: IpAddr) -> [u64; 2] {
    match ip {
        IpAddr::V4(v4) => [0, 0xffff_0000_0000 | u64::from(v4.to_bits())],
        IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.segments().map(u64::from);
            [a << 48 | b << 32 | c << 16 | d, e << 48 | f << 32 | g << 16 | h]
        }
    }
}

/// The two ports, and whether they say nothing about direction (ICMP without a counterpart).
fn ports(ip: &IpPacket<'_>) -> (u16, u16, bool) {
    match ip.transport {
        Transport::Tcp(tcp) => (tcp.source_port, tcp.destination_port, false),
        Transport::Udp { source_port, destination_port }
        | Transport::Sctp { source_port, destination_port } => {
            (source_port, destination_port, false)
        }
        Transport::Icmp { kind, code } => match counterpart(ip.protocol, kind) {
            Some(counterpart) => (u16::from(kind), u16::from(counterpart), false),
            None => (u16::from(kind), u16::from(code), true),
        },
        Transport::None => (0, 0, false),
    }
}

/// The type that answers an ICMP type, as Community ID v1 pairs them (its specification, "ICMP").
const fn counterpart(protocol: IpProtocol, kind: u8) -> Option<u8> {
    match (protocol, kind) {
        (IpProtocol::ICMP, 8) => Some(0),
        (IpProtocol::ICMP, 0) => Some(8),
        (IpProtocol::ICMP, 13) => Some(14),
        (IpProtocol::ICMP, 14) => Some(13),
        (IpProtocol::ICMP, 15) => Some(16),
        (IpProtocol::ICMP, 16) => Some(15),
        (IpProtocol::ICMP, 17) => Some(18),
        (IpProtocol::ICMP, 18) => Some(17),
        (IpProtocol::ICMP, 10) => Some(9),
        (IpProtocol::ICMP, 9) => Some(10),
        (IpProtocol::ICMPV6, 128) => Some(129),
        (IpProtocol::ICMPV6, 129) => Some(128),
        (IpProtocol::ICMPV6, 133) => Some(134),
        (IpProtocol::ICMPV6, 134) => Some(133),
        (IpProtocol::ICMPV6, 135) => Some(136),
        (IpProtocol::ICMPV6, 136) => Some(135),
        (IpProtocol::ICMPV6, 130) => Some(131),
        (IpProtocol::ICMPV6, 131) => Some(130),
        (IpProtocol::ICMPV6, 144) => Some(145),
        (IpProtocol::ICMPV6, 145) => Some(144),
        (IpProtocol::ICMPV6, 139) => Some(140),
        (IpProtocol::ICMPV6, 140) => Some(139),
        _ => None,
    }
}
