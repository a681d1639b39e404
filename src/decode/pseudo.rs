//! Headers that are on no wire: what systems put before a packet to tell where they took it.
//!
//! Comes in: a frame of one of these link types (tcpdump.org, "Link-layer header types"). Goes out: the next
//! [`Step`].

use super::ethernet::split;
use super::ppp::numbered;
use super::step::{Shell, Step};
use super::{DecodeError, DecodeReason, EtherAddresses};
use crate::net::{LinkType, MacAddr};

const TRUNCATED: DecodeError = DecodeError::link(DecodeReason::Truncated);
const MALFORMED: DecodeError = DecodeError::link(DecodeReason::Malformed);
const UNSUPPORTED: DecodeError = DecodeError::link(DecodeReason::Unsupported);

/// Attributes of an NFLOG message; the kernel writes about a dozen.
const MAX_NFLOG_ATTRIBUTES: usize = 32;

/// The attribute with the packet (Linux, `NFULA_PAYLOAD`).
const NFULA_PAYLOAD: u16 = 9;

/// LINKTYPE_NULL and LINKTYPE_LOOP: four bytes of address family, in the byte order of whoever wrote the
/// capture or of the network: the small numbers in use tell which.
///
/// # Errors
/// The header is cut or names another family than IP.
pub(super) fn loopback(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    let (family, rest) = split::<4>(bytes)?;
    let family = match u32::from_le_bytes(family) {
        little @ 0..=0xffff => little,
        _ => u32::from_be_bytes(family),
    };
    if is_ip_family(family) { Ok(Step::ip(rest)) } else { Err(UNSUPPORTED) }
}

/// AF_INET everywhere; AF_INET6 on Linux, NetBSD and OpenBSD, Solaris, FreeBSD, macOS.
const fn is_ip_family(family: u32) -> bool {
    matches!(family, 2 | 10 | 24 | 26 | 28 | 30)
}

/// LINKTYPE_LINUX_SLL: packet type, ARPHRD, address length, address (8), protocol.
///
/// # Errors
/// The header is cut.
pub(super) fn cooked_v1<'a>(bytes: &'a [u8], shell: &mut Shell) -> Result<Step<'a>, DecodeError> {
    let ([_, _, _, _, l0, l1, a, b, c, d, e, f, _, _, p0, p1], rest) = split::<16>(bytes)?;
    shell.ether = sender(u16::from_be_bytes([l0, l1]), [a, b, c, d, e, f]);
    cooked(u16::from_be_bytes([p0, p1]), rest)
}

/// LINKTYPE_LINUX_SLL2: protocol, reserved, interface index (4), ARPHRD, packet type, address length, address (8).
///
/// # Errors
/// The header is cut.
pub(super) fn cooked_v2<'a>(bytes: &'a [u8], shell: &mut Shell) -> Result<Step<'a>, DecodeError> {
    let (header, rest) = split::<20>(bytes)?;
    let [p0, p1, _, _, _, _, _, _, _, _, _, length, a, b, c, d, e, f, _, _] = header;
    shell.ether = sender(u16::from(length), [a, b, c, d, e, f]);
    cooked(u16::from_be_bytes([p0, p1]), rest)
}

/// An EtherType, or ETH_P_802_2 (4): an LLC header.
fn cooked(protocol: u16, rest: &[u8]) -> Result<Step<'_>, DecodeError> {
    if protocol == 4 { Ok(Step::Llc(rest)) } else { numbered(protocol, rest) }
}

fn sender(address_length: u16, address: [u8; 6]) -> Option<EtherAddresses> {
    let source = MacAddr(address);
    (address_length == 6 && source != MacAddr::ZERO)
        .then_some(EtherAddresses { source, destination: MacAddr::ZERO })
}

/// LINKTYPE_NFLOG: address family, version 0, resource; then attributes of length, type and value, in the
/// byte order of the machine, each filled up to four bytes.
///
/// # Errors
/// The header is cut, or it holds no packet.
pub(super) fn nflog(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    let ([_family, version, _, _], mut rest) = split::<4>(bytes)?;
    if version != 0 {
        return Err(MALFORMED);
    }
    for _ in 0..MAX_NFLOG_ATTRIBUTES {
        let ([l0, l1, t0, t1], value) = split::<4>(rest)?;
        // The first attribute is far shorter than 256 bytes of big-endian length would make it.
        let (length, kind) = match u16::from_le_bytes([l0, l1]) {
            length if (4..=rest.len()).contains(&usize::from(length)) => {
                (length, u16::from_le_bytes([t0, t1]))
            }
            _ => (u16::from_be_bytes([l0, l1]), u16::from_be_bytes([t0, t1])),
        };
        let size = usize::from(length).checked_sub(4).ok_or(MALFORMED)?;
        // The two highest bits are flags of netlink.
        if kind & 0x3fff == NFULA_PAYLOAD {
            return Ok(Step::ip(value.get(..size).unwrap_or(value)));
        }
        rest = value.get(size.next_multiple_of(4)..).ok_or(TRUNCATED)?;
    }
    Err(UNSUPPORTED)
}

/// LINKTYPE_PKTAP: length of the header, record type 1 (packet), link type of what follows, in little-endian order.
///
/// # Errors
/// The header is cut, or it is of another record.
pub(super) fn pktap(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    let ([l0, l1, l2, l3, r0, r1, r2, r3, d0, d1, d2, d3], _) = split::<12>(bytes)?;
    let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    if u32::from_le_bytes([r0, r1, r2, r3]) != 1 {
        return Err(UNSUPPORTED);
    }
    if length < 12 {
        return Err(MALFORMED);
    }
    let frame = bytes.get(length..).ok_or(TRUNCATED)?;
    Ok(Step::Link(LinkType(u32::from_le_bytes([d0, d1, d2, d3])), frame))
}

/// LINKTYPE_IPNET: version 1, family, hook type, lengths, interface and zone numbers in 24 bytes.
///
/// # Errors
/// The header is cut or names another family than IP.
pub(super) fn ipnet(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    let ([_, family, ..], rest) = split::<24>(bytes)?;
    if is_ip_family(u32::from(family)) { Ok(Step::ip(rest)) } else { Err(UNSUPPORTED) }
}

/// LINKTYPE_PFLOG: length of the header without its padding to four bytes, address family, and the rule.
///
/// # Errors
/// The header is cut or names another family than IP.
pub(super) fn pflog(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    let ([length, family], _) = split::<2>(bytes)?;
    let rest = bytes.get(usize::from(length).next_multiple_of(4)..).ok_or(TRUNCATED)?;
    if is_ip_family(u32::from(family)) { Ok(Step::ip(rest)) } else { Err(UNSUPPORTED) }
}

/// LINKTYPE_JUNIPER_ETHER: magic number, flags, an extension when the highest flag says so, the frame.
///
/// # Errors
/// The header is cut, is none, or no Ethernet header follows.
pub(super) fn juniper_ethernet(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    let ([b'M', b'G', b'C', flags], rest) = split::<4>(bytes)? else { return Err(MALFORMED) };
    let frame = if flags & 0x80 == 0 {
        rest
    } else {
        let (length, extension) = split::<2>(rest)?;
        extension.get(usize::from(u16::from_be_bytes(length))..).ok_or(TRUNCATED)?
    };
    // Without a link header, four bytes of protocol stand before what would follow it.
    if flags & 0x02 == 0 { Ok(Step::Ethernet(frame)) } else { Err(UNSUPPORTED) }
}

/// LINKTYPE_SUNATM: flags with the kind of traffic in the lowest four bits, VPI, VCI; kind 2 is LLC.
///
/// # Errors
/// The header is cut or the traffic is of another kind.
pub(super) fn sun_atm(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    match split::<4>(bytes)? {
        ([flags, ..], rest) if flags & 0x0f == 2 => Ok(Step::Llc(rest)),
        _ => Err(UNSUPPORTED),
    }
}
