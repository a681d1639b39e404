//! One frame as a capture hands it over.

use super::Timestamp;

/// A frame borrowed from a capture ring or a capture file.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Counts every frame of a run from 1, over all interfaces and files, in capture order.
    pub number: u64,
    /// When the frame was captured.
    pub timestamp: Timestamp,
    /// The observation point (IPFIX IE 10): an index into the source's list of interfaces.
    pub interface: InterfaceId,
    /// What the first byte of `bytes` belongs to.
    pub link_type: LinkType,
    /// Length on the wire in bytes; larger than `bytes.len()` when the capture cut the frame.
    pub wire_len: u32,
    /// An 802.1Q tag that the kernel or the network card took out of the frame.
    pub stripped_tag: Option<VlanTag>,
    /// The captured bytes.
    pub bytes: &'a [u8],
}

/// Number of an observation point within one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct InterfaceId(pub u16);

/// An 802.1Q or 802.1ad tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VlanTag {
    /// Tag protocol identifier, 0x8100 or 0x88a8 as a rule.
    pub tpid: u16,
    /// Tag control information: priority, drop eligibility, and 12 bits of VLAN identifier.
    pub tci: u16,
}

impl VlanTag {
    /// The VLAN identifier, 0 to 4095 (IEEE 802.1Q-2018, 9.6).
    #[must_use]
    pub const fn id(self) -> u16 {
        self.tci & 0x0fff
    }
}

/// A link-layer type by its LINKTYPE_ number (the registry of tcpdump.org, "Link-layer header types").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkType(pub u32);

impl LinkType {
    /// BSD loopback: address family in the byte order of the capturing machine.
    pub const NULL: Self = Self(0);
    /// Ethernet II and IEEE 802.3.
    pub const ETHERNET: Self = Self(1);
    /// SLIP as BSD captures it: direction, the bytes of a compressed header, then IP.
    pub const SLIP: Self = Self(8);
    /// PPP, RFC 1661, with or without HDLC-like framing.
    pub const PPP: Self = Self(9);
    /// Raw IP as some systems number it (DLT_RAW 12 and 14 in files written by them).
    pub const RAW_BSD: Self = Self(12);
    /// Raw IP as OpenBSD numbers it.
    pub const RAW_OPENBSD: Self = Self(14);
    /// PPP in HDLC-like framing, RFC 1662, or Cisco HDLC.
    pub const PPP_HDLC: Self = Self(50);
    /// PPPoE session packets without an Ethernet header, RFC 2516.
    pub const PPP_ETHER: Self = Self(51);
    /// LLC-multiplexed ATM, RFC 2684.
    pub const ATM_RFC1483: Self = Self(100);
    /// Raw IP, version in the first nibble.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC, RFC 1547, section 4.3.1.
    pub const C_HDLC: Self = Self(104);
    /// IEEE 802.11 without a capture header.
    pub const IEEE802_11: Self = Self(105);
    /// Frame Relay, RFC 2427.
    pub const FRELAY: Self = Self(107);
    /// OpenBSD loopback: address family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture v1.
    pub const LINUX_SLL: Self = Self(113);
    /// Packets that OpenBSD's packet filter logged.
    pub const PFLOG: Self = Self(117);
    /// IEEE 802.11 behind a Prism header.
    pub const IEEE802_11_PRISM: Self = Self(119);
    /// ATM as SunATM captures it.
    pub const SUNATM: Self = Self(123);
    /// ARCNET as the BSD systems capture it.
    pub const ARCNET_BSD: Self = Self(7);
    /// ARCNET as Linux captures it.
    pub const ARCNET_LINUX: Self = Self(129);
    /// IEEE 802.11 behind a radiotap header.
    pub const IEEE802_11_RADIOTAP: Self = Self(127);
    /// TaZmen Sniffer Protocol: a mirrored frame with tags before it.
    pub const TZSP: Self = Self(128);
    /// IEEE 802.11 behind an AVS header.
    pub const IEEE802_11_AVS: Self = Self(163);
    /// Ethernet behind a Juniper header.
    pub const JUNIPER_ETHER: Self = Self(178);
    /// Per-Packet Information before a frame of another link type.
    pub const PPI: Self = Self(192);
    /// PPP behind one byte of direction.
    pub const PPP_WITH_DIR: Self = Self(204);
    /// Cisco HDLC behind one byte of direction.
    pub const C_HDLC_WITH_DIR: Self = Self(205);
    /// Frame Relay behind one byte of direction.
    pub const FRELAY_WITH_DIR: Self = Self(206);
    /// IP behind a Solaris ipnet header.
    pub const IPNET: Self = Self(226);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Packets that Linux netfilter logged.
    pub const NFLOG: Self = Self(239);
    /// A frame of another link type behind an Apple header.
    pub const PKTAP: Self = Self(258);
    /// Linux cooked capture v2.
    pub const LINUX_SLL2: Self = Self(276);
    /// A record of a capture file that holds no frame; no number of the registry.
    pub const NOT_A_FRAME: Self = Self(u32::MAX);
}
