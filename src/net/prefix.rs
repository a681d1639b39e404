//! Which addresses are ours.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A block of addresses in CIDR notation; bits behind the length are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpPrefix {
    address: IpAddr,
    length: u8,
}

/// The text is not a block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address block: expected an address and a length, such as 192.168.1.0/24")]
pub struct ParsePrefixError;

impl IpPrefix {
    /// Takes an address and a length in bits, and clears the bits behind the length.
    ///
    /// # Errors
    /// The length is above 32 for IPv4 or 128 for IPv6.
    pub fn new(address: IpAddr, length: u8) -> Result<Self, ParsePrefixError> {
        let address = match address {
            IpAddr::V4(v4) if length <= 32 => {
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask4(length)))
            }
            IpAddr::V6(v6) if length <= 128 => {
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask6(length)))
            }
            IpAddr::V4(_) | IpAddr::V6(_) => return Err(ParsePrefixError),
        };
        Ok(Self { address, length })
    }

    /// Tells whether `address` lies in the block.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(v4)) => v4.to_bits() & mask4(self.length) == net.to_bits(),
            (IpAddr::V6(net), IpAddr::V6(v6)) => v6.to_bits() & mask6(self.length) == net.to_bits(),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// The mask of the first `length` bits, at most 32.
fn mask4(length: u8) -> u32 {
    u32::MAX.checked_shl(32_u32.saturating_sub(u32::from(length))).unwrap_or(0)
}

/// The mask of the first `length` bits, at most 128.
fn mask6(length: u8) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(u32::from(length))).unwrap_or(0)
}

impl fmt::Display for IpPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl FromStr for IpPrefix {
    type Err = ParsePrefixError;

    /// Accepts `ADDRESS/LENGTH`, or a lone address as a block of one.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ParsePrefixError)?;
        let full = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse().map_err(|_| ParsePrefixError)?,
            None => full,
        };
        Self::new(address, length)
    }
}

/// Where a flow runs, seen from our network (RFC 5103, "by perimeter"; Zeek `local_orig`, `local_resp`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Perimeter {
    /// The initiator is outside, the responder is ours.
    Inbound,
    /// The initiator is ours, the responder is outside.
    Outbound,
    /// Both ends are ours.
    Internal,
    /// Neither end is ours.
    Transit,
}

impl Perimeter {
    /// Every value, in the order of [`Perimeter::as_label`]'s documentation.
    pub const ALL: [Self; 4] = [Self::Inbound, Self::Outbound, Self::Internal, Self::Transit];

    /// `inbound`, `outbound`, `internal` or `transit`.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
            Self::Transit => "transit",
        }
    }
}

/// The address blocks of our own network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalNets {
    /// Addresses and masks of the IPv4 blocks.
    v4: Vec<(u32, u32)>,
    /// Addresses and masks of the IPv6 blocks.
    v6: Vec<(u128, u128)>,
}

impl LocalNets {
    /// Takes the blocks that are ours. Multicast, broadcast and link-local addresses count as
    /// ours in any case: they never leave the segment.
    #[must_use]
    pub fn new(blocks: impl IntoIterator<Item = IpPrefix>) -> Self {
        Self { v4: Vec::new(), v6: Vec::new() }.with(blocks)
    }

    /// These blocks and `more`.
    #[must_use]
    pub fn with(&self, more: impl IntoIterator<Item = IpPrefix>) -> Self {
        let mut all = self.clone();
        for IpPrefix { address, length } in more {
            match address {
                IpAddr::V4(v4) => all.v4.push((v4.to_bits(), mask4(length))),
                IpAddr::V6(v6) => all.v6.push((v6.to_bits(), mask6(length))),
            }
        }
        all
    }

    /// Tells whether `address` belongs to our network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => {
                let bits = v4.to_bits();
                self.v4.iter().any(|(net, mask)| bits & mask == *net)
                    || v4.is_multicast()
                    || v4.is_broadcast()
                    || v4.is_link_local()
                    || v4.is_unspecified()
            }
            IpAddr::V6(v6) => {
                let bits = v6.to_bits();
                self.v6.iter().any(|(net, mask)| bits & mask == *net)
                    || v6.is_multicast()
                    || v6.is_unicast_link_local()
                    || v6.is_unspecified()
            }
        }
    }

    /// The perimeter of a flow from `initiator` to `responder`.
    #[must_use]
    pub fn perimeter(&self, initiator: IpAddr, responder: IpAddr) -> Perimeter {
        match (self.contains(initiator), self.contains(responder)) {
            (true, true) => Perimeter::Internal,
            (true, false) => Perimeter::Outbound,
            (false, true) => Perimeter::Inbound,
            (false, false) => Perimeter::Transit,
        }
    }
}

impl Default for LocalNets {
    /// The private blocks: RFC 1918, shared address space (RFC 6598), loopback, and unique local IPv6 (RFC 4193).
    fn default() -> Self {
        let v4 = |a, b, length| IpPrefix { address: IpAddr::V4(Ipv4Addr::new(a, b, 0, 0)), length };
        let v6 = |head, length| IpPrefix {
            address: IpAddr::V6(Ipv6Addr::new(head, 0, 0, 0, 0, 0, 0, 0)),
            length,
        };
        let loopback6 = IpPrefix { address: IpAddr::V6(Ipv6Addr::LOCALHOST), length: 128 };
        Self::new(vec![
            v4(10, 0, 8),
            v4(172, 16, 12),
            v4(192, 168, 16),
            v4(100, 64, 10),
            v4(127, 0, 8),
            v6(0xfc00, 7),
            loopback6,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_block_holds_its_first_and_last_address_and_no_neighbour() {
        let block: IpPrefix = "192.0.2.77/24".parse().unwrap();

        assert_eq!(block.to_string(), "192.0.2.0/24");
        assert!(block.contains(addr("192.0.2.0")) && block.contains(addr("192.0.2.255")));
        assert!(!block.contains(addr("192.0.3.0")) && !block.contains(addr("2001:db8::1")));
    }

    #[test]
    fn the_whole_space_and_a_single_address_are_blocks() {
        assert!("0.0.0.0/0".parse::<IpPrefix>().unwrap().contains(addr("203.0.113.9")));
        assert!("::/0".parse::<IpPrefix>().unwrap().contains(addr("2001:db8::1")));
        assert!("2001:db8::1".parse::<IpPrefix>().unwrap().contains(addr("2001:db8::1")));
        assert!("192.0.2.0/33".parse::<IpPrefix>().is_err());
    }

    #[test]
    fn the_perimeter_follows_the_initiator() {
        let nets = LocalNets::default();
        let (ours, theirs) = (addr("192.168.1.64"), addr("203.0.113.5"));

        assert_eq!(nets.perimeter(ours, theirs), Perimeter::Outbound);
        assert_eq!(nets.perimeter(theirs, ours), Perimeter::Inbound);
        assert_eq!(nets.perimeter(ours, addr("239.255.255.250")), Perimeter::Internal);
        assert_eq!(nets.perimeter(theirs, theirs), Perimeter::Transit);
    }
}
