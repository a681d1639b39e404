//! Reads a message of neighbour discovery.
//!
//! Comes in: an ICMPv6 message, from its type on. Goes out: an [`NdpMessage`] (RFC 4861, 4; RDNSS of RFC 8106). It sees
//! no addresses of the IP header and does not check the hop limit or the checksum.

use std::net::{IpAddr, Ipv6Addr};

use super::DissectReason;
use super::cursor::Cursor;
use crate::net::MacAddr;

/// Prefixes of one advertisement that are kept; guards memory.
const MAX_PREFIXES: usize = 16;
/// Name servers of one advertisement that are kept; guards memory.
const MAX_SERVERS: usize = 8;

/// A message of neighbour discovery, RFC 4861, 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NdpMessage {
    /// Type 133: a host asks for routers.
    RouterSolicitation {
        /// Source link-layer address, option 1.
        source_mac: Option<MacAddr>,
    },
    /// Type 134.
    RouterAdvertisement(Box<RouterAdvertisement>),
    /// Type 135: who has an address. Sent from the unspecified address, the sender is about to take `target` for
    /// itself (RFC 4862, 5.4.2).
    NeighborSolicitation {
        /// The address that is asked for.
        target: Ipv6Addr,
        /// Source link-layer address, option 1.
        source_mac: Option<MacAddr>,
    },
    /// Type 136.
    NeighborAdvertisement(NeighborAdvertisement),
}

impl NdpMessage {
    /// Which station says that it holds which address, in a message from `source`. A solicitation from the unspecified
    /// address says nothing yet (RFC 4862, 5.4.2).
    #[must_use]
    pub fn binding(&self, source: IpAddr) -> Option<(MacAddr, Ipv6Addr)> {
        let own = match source {
            IpAddr::V6(source) if !source.is_unspecified() => Some(source),
            IpAddr::V6(_) | IpAddr::V4(_) => None,
        };
        match self {
            Self::RouterSolicitation { source_mac }
            | Self::NeighborSolicitation { source_mac, .. } => Some(((*source_mac)?, own?)),
            Self::RouterAdvertisement(router) => Some((router.source_mac?, own?)),
            Self::NeighborAdvertisement(neighbor) => Some((neighbor.target_mac?, neighbor.target)),
        }
    }
}

/// What a host says of an address, RFC 4861, 4.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighborAdvertisement {
    /// The address.
    pub target: Ipv6Addr,
    /// Target link-layer address, option 2: who has it.
    pub target_mac: Option<MacAddr>,
    /// Flag R: the sender is a router.
    pub is_router: bool,
    /// Flag S: it answers a solicitation.
    pub is_solicited: bool,
    /// Flag O: it replaces what was known.
    pub overrides: bool,
}

/// What a router says of its network, RFC 4861, 4.2.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouterAdvertisement {
    /// Router Lifetime in seconds; 0 when it is no default router.
    pub lifetime: u16,
    /// Flag M: addresses come from DHCPv6.
    pub is_managed: bool,
    /// Flag O: other configuration comes from DHCPv6.
    pub has_other_configuration: bool,
    /// Source link-layer address, option 1.
    pub source_mac: Option<MacAddr>,
    /// Prefix Information, option 3, as many as fit the reader's limit.
    pub prefixes: Vec<AdvertisedPrefix>,
    /// Recursive DNS Server, option 25 (RFC 8106, 5.1), as many as fit the reader's limit.
    pub dns_servers: Vec<Ipv6Addr>,
}

/// A prefix of the network, RFC 4861, 4.6.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdvertisedPrefix {
    /// Its first address.
    pub prefix: Ipv6Addr,
    /// Its length in bits, at most 128.
    pub length: u8,
    /// Flag L: its addresses are on this link.
    pub on_link: bool,
    /// Flag A: hosts may make addresses of it.
    pub autonomous: bool,
    /// Valid Lifetime in seconds; `u32::MAX` has no end.
    pub valid_lifetime: u32,
    /// Preferred Lifetime in seconds; `u32::MAX` has no end.
    pub preferred_lifetime: u32,
}

/// Reads a message. `Ok(None)`: another type of ICMPv6 (redirects too).
///
/// # Errors
/// It ends early, its code is not 0, or an option has the length 0 (RFC 4861, 6.1 and 7.1).
pub(crate) fn dissect(icmpv6: &[u8]) -> Result<Option<NdpMessage>, DissectReason> {
    let mut cursor = Cursor::new(icmpv6);
    let kind = cursor.u8()?;
    if !matches!(kind, 133..=136) {
        return Ok(None);
    }
    let code = cursor.u8()?;
    let _checksum = cursor.u16()?;
    if code != 0 {
        return Err(DissectReason::Malformed);
    }
    let message = match kind {
        133 => {
            let _reserved = cursor.u32()?;
            NdpMessage::RouterSolicitation { source_mac: link_address(cursor, 1)? }
        }
        134 => NdpMessage::RouterAdvertisement(Box::new(read_router(cursor)?)),
        135 => {
            let _reserved = cursor.u32()?;
            let target = Ipv6Addr::from(cursor.array::<16>()?);
            NdpMessage::NeighborSolicitation { target, source_mac: link_address(cursor, 1)? }
        }
        _ => {
            let flags = cursor.u32()?;
            let flag = |bit: u32| flags >> bit & 1 == 1;
            NdpMessage::NeighborAdvertisement(NeighborAdvertisement {
                target: Ipv6Addr::from(cursor.array::<16>()?),
                target_mac: link_address(cursor, 2)?,
                is_router: flag(31),
                is_solicited: flag(30),
                overrides: flag(29),
            })
        }
    };
    Ok(Some(message))
}

/// Reads a router advertisement behind its checksum.
fn read_router(mut cursor: Cursor<'_>) -> Result<RouterAdvertisement, DissectReason> {
    let [_hop_limit, flags] = cursor.array()?;
    let mut router = RouterAdvertisement {
        lifetime: cursor.u16()?,
        is_managed: flags & 0x80 != 0,
        has_other_configuration: flags & 0x40 != 0,
        source_mac: None,
        ..RouterAdvertisement::default()
    };
    let _reachable_and_retransmission: [u8; 8] = cursor.array()?;
    router.source_mac = link_address(cursor, 1)?;
    while let Some((kind, value)) = next_option(&mut cursor)? {
        match kind {
            3 if router.prefixes.len() < MAX_PREFIXES => router.prefixes.extend(read_prefix(value)),
            25 => {
                // Two reserved bytes and the lifetime stand before the addresses.
                let (servers, _) = value.get(6..).unwrap_or_default().as_chunks::<16>();
                let room = MAX_SERVERS.saturating_sub(router.dns_servers.len());
                router.dns_servers.extend(servers.iter().take(room).copied().map(Ipv6Addr::from));
            }
            _ => {}
        }
    }
    Ok(router)
}

/// Reads the value of a Prefix Information option; none if it has not the length or form of one.
fn read_prefix(value: &[u8]) -> Option<AdvertisedPrefix> {
    let mut fields = Cursor::new(value);
    let [length, flags] = fields.array().ok()?;
    let valid_lifetime = fields.u32().ok()?;
    let preferred_lifetime = fields.u32().ok()?;
    let _reserved = fields.u32().ok()?;
    let prefix = Ipv6Addr::from(fields.array::<16>().ok()?);
    (length <= 128).then_some(AdvertisedPrefix {
        prefix,
        length,
        on_link: flags & 0x80 != 0,
        autonomous: flags & 0x40 != 0,
        valid_lifetime,
        preferred_lifetime,
    })
}

/// The first link-layer address option of a kind, if it has an Ethernet address (RFC 2464, 6).
fn link_address(mut cursor: Cursor<'_>, wanted: u8) -> Result<Option<MacAddr>, DissectReason> {
    let mut found = None;
    while let Some((kind, value)) = next_option(&mut cursor)? {
        if kind == wanted && found.is_none() {
            found = value.try_into().ok().map(MacAddr);
        }
    }
    Ok(found)
}

/// Takes an option: its type, and what follows its length (RFC 4861, 4.6). Fewer than eight bytes are no option:
/// captures end in odd places, and so do frames with padding.
fn next_option<'a>(cursor: &mut Cursor<'a>) -> Result<Option<(u8, &'a [u8])>, DissectReason> {
    let Ok([kind, units]) = cursor.array() else { return Ok(None) };
    if units == 0 {
        return Err(DissectReason::Malformed);
    }
    Ok(cursor.take(usize::from(units) * 8 - 2).ok().map(|value| (kind, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    const TARGET: [u8; 16] = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    const MAC: [u8; 6] = [0x44, 0xa6, 0x42, 1, 2, 3];

    #[test]
    fn a_neighbour_advertisement_gives_who_has_an_address() {
        let bytes = [&[136, 0, 0, 0, 0x60, 0, 0, 0][..], &TARGET, &[2, 1], &MAC].concat();
        let expected = NeighborAdvertisement {
            target: TARGET.into(),
            target_mac: Some(MacAddr(MAC)),
            is_router: false,
            is_solicited: true,
            overrides: true,
        };

        assert_eq!(dissect(&bytes), Ok(Some(NdpMessage::NeighborAdvertisement(expected))));
    }

    #[test]
    fn solicitations_give_their_sender_if_it_says_who_it_is() {
        let neighbour = [&[135, 0, 0, 0, 0, 0, 0, 0][..], &TARGET].concat();
        let target = TARGET.into();
        let expected = NdpMessage::NeighborSolicitation { target, source_mac: None };
        assert_eq!(dissect(&neighbour), Ok(Some(expected)));

        let router = [&[133, 0, 0, 0, 0, 0, 0, 0, 1, 1][..], &MAC].concat();
        let expected = NdpMessage::RouterSolicitation { source_mac: Some(MacAddr(MAC)) };
        assert_eq!(dissect(&router), Ok(Some(expected)));
    }

    #[test]
    fn a_router_gives_its_prefixes_and_name_servers() {
        let Ok(Some(NdpMessage::RouterAdvertisement(router))) = dissect(&advertisement()) else {
            panic!("an advertisement")
        };

        assert_eq!((router.lifetime, router.source_mac), (1800, Some(MacAddr(MAC))));
        assert!(router.has_other_configuration && !router.is_managed);
        let prefix = AdvertisedPrefix {
            prefix: TARGET.into(),
            length: 64,
            on_link: true,
            autonomous: true,
            valid_lifetime: 3600,
            preferred_lifetime: u32::MAX,
        };
        assert_eq!(router.prefixes, [prefix]);
        assert_eq!(router.dns_servers, [Ipv6Addr::from(TARGET)]);
    }

    #[test]
    fn an_option_of_length_zero_or_another_code_is_malformed() {
        let mut bytes = advertisement();
        bytes[17] = 0;
        assert_eq!(dissect(&bytes), Err(DissectReason::Malformed));
        bytes = advertisement();
        bytes[1] = 1;
        assert_eq!(dissect(&bytes), Err(DissectReason::Malformed));
    }

    #[test]
    fn other_messages_are_not_for_us_and_cut_ones_truncated() {
        assert_eq!(dissect(&[128, 0, 0, 0]), Ok(None));
        assert_eq!(dissect(&advertisement()[..15]), Err(DissectReason::Truncated));
        assert_eq!(dissect(&[135, 0, 0, 0, 0, 0, 0, 0, 1]), Err(DissectReason::Truncated));
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        let crowded = [advertisement(), advertisement()[24..].repeat(20)].concat();
        for_each_mutant(&crowded, |bytes| {
            let Ok(Some(NdpMessage::RouterAdvertisement(router))) = dissect(bytes) else { return };
            assert!(router.prefixes.len() <= MAX_PREFIXES);
            assert!(router.dns_servers.len() <= MAX_SERVERS);
        });
    }

    fn advertisement() -> Vec<u8> {
        [
            &[134, 0, 0, 0, 64, 0x40, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1][..],
            &MAC,
            &[3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
            &TARGET,
            &[25, 3, 0, 0, 0, 0, 0, 9],
            &TARGET,
        ]
        .concat()
    }
}
