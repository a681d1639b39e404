//! One frame, read up to its transport header.
//!
//! Plain values that borrow the frame; nothing here reads bytes.

use std::net::{IpAddr, Ipv4Addr};

use super::{DecodeError, Tunnel};
use crate::net::{IpProtocol, MacAddr};

/// What could be read of a frame: everything up to the point where decoding stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The Ethernet or 802.11 addresses of the innermost header that has any.
    pub ether: Option<EtherAddresses>,
    /// The VLAN tags, outermost first, those inside of tunnels last.
    pub vlans: VlanIds,
    /// The network layer, the innermost that was reached.
    pub network: Network<'a>,
    /// What `network` was wrapped in, if it was.
    pub tunnel: Option<Tunnel>,
    /// What stopped decoding above the network header, if anything did.
    pub stopped: Option<DecodeError>,
}

/// Source and destination of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct EtherAddresses {
    /// Who sent the frame on this segment; [`MacAddr::ZERO`] when the link layer does not say.
    pub source: MacAddr,
    /// Who it is for on this segment; [`MacAddr::ZERO`] when the link layer does not say.
    pub destination: MacAddr,
}

/// The VLAN identifiers of a frame, outermost first; two at most, more are not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct VlanIds {
    ids: [u16; 2],
    count: u8,
}

impl VlanIds {
    /// Appends an inner identifier; a third one is left out.
    pub const fn push(&mut self, id: u16) {
        match self.count {
            0 => self.ids = [id, 0],
            1 => self.ids = [self.ids[0], id],
            _ => return,
        }
        self.count += 1;
    }

    /// The identifiers, outermost first.
    #[must_use]
    pub fn as_slice(&self) -> &[u16] {
        self.ids.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// The identifiers that [`to_bits`](Self::to_bits) has put into one integer.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        let [count, ..] = bits.to_be_bytes();
        Self { ids: [vlan_id(bits), vlan_id(bits >> 12)], count }
    }

    /// Both identifiers and their number in one integer, for keys.
    #[must_use]
    pub fn to_bits(self) -> u32 {
        let [outer, inner] = self.ids;
        u32::from(outer) | u32::from(inner) << 12 | u32::from(self.count) << 24
    }
}

/// The lower twelve bits, which is what an identifier has (IEEE 802.1Q, 9.6).
const fn vlan_id(bits: u32) -> u16 {
    (bits & 0xfff) as u16
}

/// The network layer of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network<'a> {
    /// IPv4 or IPv6.
    Ip(IpPacket<'a>),
    /// ARP for IPv4 over Ethernet, RFC 826.
    Arp(ArpPacket),
    /// A payload that stands directly on the link layer and that a dissector may know.
    Link {
        /// EtherType.
        ether_type: u16,
        /// What follows it, with padding.
        payload: &'a [u8],
    },
}

/// An IP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpPacket<'a> {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// The protocol behind the last extension header.
    pub protocol: IpProtocol,
    /// Length of the whole IP packet by its own header, in bytes (IPFIX IE 1 counts this);
    /// the captured length when the header says 0 (segmentation offload).
    pub ip_len: u32,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Which piece of a fragmented packet this is; `None` for a whole packet, also behind an IPv6
    /// fragment header that says so (RFC 8200, 4.5; "atomic fragment", RFC 6946).
    pub fragment: Option<Fragment>,
    /// The transport header.
    pub transport: Transport,
    /// Length of the transport payload on the wire, by the headers.
    pub payload_len: u32,
    /// The transport payload as captured, of ICMP what stands behind its header of eight bytes
    /// (twenty for ICMPv4 time stamps); shorter than `payload_len` when the capture cut it.
    pub payload: &'a [u8],
    /// What stands behind the IP header and its extensions, by the IP length and as captured: the
    /// transport header and its payload. Of an unfragmented ICMP packet this is the whole message,
    /// from its type on. Of a fragment it is what stands behind the IPv4 header or the IPv6
    /// fragment header: the piece that reassembly needs.
    pub network_payload: &'a [u8],
}

impl IpPacket<'_> {
    /// Length of [`network_payload`](Self::network_payload) on the wire, in bytes; more than was captured when
    /// the capture cut the frame.
    #[must_use]
    pub fn fragment_len(&self) -> u32 {
        let captured = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let cut = self.payload_len.saturating_sub(captured(self.payload));
        captured(self.network_payload).saturating_add(cut)
    }
}

/// The place of a piece in a fragmented IP packet (RFC 791, 3.2; RFC 8200, 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fragment {
    /// Identification; the 16 bits of IPv4 or the 32 bits of IPv6.
    pub id: u32,
    /// Where [`IpPacket::network_payload`] belongs in the whole, in bytes.
    pub offset: u32,
    /// More fragments follow.
    pub more: bool,
    /// What the whole begins with: the next header of the IPv6 fragment header, which may be a
    /// further extension header, or the protocol of the IPv4 header.
    pub protocol: IpProtocol,
}

impl Fragment {
    /// Tells whether this is the piece with the transport header.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.offset == 0
    }
}

/// A transport header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP, RFC 9293.
    Tcp(TcpHeader),
    /// UDP, RFC 768.
    Udp {
        /// Source port.
        source_port: u16,
        /// Destination port.
        destination_port: u16,
    },
    /// SCTP, RFC 9260: its ports.
    Sctp {
        /// Source port.
        source_port: u16,
        /// Destination port.
        destination_port: u16,
    },
    /// ICMP or ICMPv6.
    Icmp {
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
    },
    /// Another protocol, a later fragment, or a header that could not be read.
    None,
}

/// The fields of a TCP header that flows and streams need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpHeader {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgment number.
    pub acknowledgment: u32,
    /// Flags.
    pub flags: TcpFlags,
}

/// The low eight flags of a TCP header, as they stand on the wire (RFC 9293, 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset.
    pub const RST: Self = Self(0x04);
    /// The acknowledgment field counts.
    pub const ACK: Self = Self(0x10);

    /// Tells whether all flags of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flags of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// An ARP packet for IPv4 over Ethernet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArpPacket {
    /// 1 request, 2 reply.
    pub operation: u16,
    /// Who says it holds `sender_ip`.
    pub sender_mac: MacAddr,
    /// The sender's address; unspecified in a probe (RFC 5227).
    pub sender_ip: Ipv4Addr,
    /// Who is asked or answered.
    pub target_mac: MacAddr,
    /// The address asked for.
    pub target_ip: Ipv4Addr,
}
