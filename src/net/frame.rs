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
    /// Raw IP as some systems number it (DLT_RAW 12 and 14 in files written by them).
    pub const RAW_BSD: Self = Self(12);
    /// Raw IP as OpenBSD numbers it.
    pub const RAW_OPENBSD: Self = Self(14);
    /// Raw IP, version in the first nibble.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: address family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture v1.
    pub const LINUX_SLL: Self = Self(113);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// A record of a capture file that holds no frame; no number of the registry.
    pub const NOT_A_FRAME: Self = Self(u32::MAX);
    /// Linux cooked capture v2.
    pub const LINUX_SLL2: Self = Self(276);
}
