//! What stands before the network layer: the link header of each link type we read.

use super::{DecodeError, DecodeReason, EtherAddresses, Layer};
use crate::net::{Frame, LinkType, MacAddr};

/// Where the network layer begins, and how it says what it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum LinkPayload<'a> {
    /// A whole Ethernet frame, header included.
    Ethernet(&'a [u8]),
    /// An EtherType and what follows it, with the sender's address where the header has one.
    EtherType(u16, &'a [u8], Option<EtherAddresses>),
    /// An IP packet; the version stands in its first four bits.
    Ip(&'a [u8]),
}

/// Reads the link header of `frame`.
///
/// # Errors
/// The link type is not one of ours, or the header is cut.
pub(super) fn link_payload<'a>(frame: &Frame<'a>) -> Result<LinkPayload<'a>, DecodeError> {
    match frame.link_type {
        LinkType::ETHERNET => Ok(LinkPayload::Ethernet(frame.bytes)),
        LinkType::RAW
        | LinkType::RAW_BSD
        | LinkType::RAW_OPENBSD
        | LinkType::IPV4
        | LinkType::IPV6 => Ok(LinkPayload::Ip(frame.bytes)),
        LinkType::NULL | LinkType::LOOP => loopback(frame.bytes),
        LinkType::LINUX_SLL => cooked_v1(frame.bytes),
        LinkType::LINUX_SLL2 => cooked_v2(frame.bytes),
        LinkType(_) => Err(link_error(DecodeReason::Unsupported)),
    }
}

/// Four bytes of address family, in the byte order of whoever wrote the capture
/// (LINKTYPE_NULL) or of the network (LINKTYPE_LOOP): the small numbers in use tell which.
fn loopback(bytes: &[u8]) -> Result<LinkPayload<'_>, DecodeError> {
    let Some((family, rest)) = bytes.split_first_chunk::<4>() else {
        return Err(link_error(DecodeReason::Truncated));
    };
    let family = match u32::from_le_bytes(*family) {
        little @ 0..=0xffff => little,
        _ => u32::from_be_bytes(*family),
    };
    match family {
        // AF_INET everywhere; AF_INET6 on Linux, NetBSD and OpenBSD, FreeBSD, macOS.
        2 | 10 | 24 | 28 | 30 => Ok(LinkPayload::Ip(rest)),
        _ => Err(link_error(DecodeReason::Unsupported)),
    }
}

/// LINKTYPE_LINUX_SLL: packet type, ARPHRD, address length, address (8), protocol.
fn cooked_v1(bytes: &[u8]) -> Result<LinkPayload<'_>, DecodeError> {
    let Some((header, rest)) = bytes.split_first_chunk::<16>() else {
        return Err(link_error(DecodeReason::Truncated));
    };
    let [_, _, _, _, l0, l1, a, b, c, d, e, f, _, _, p0, p1] = *header;
    let sender = sender(u16::from_be_bytes([l0, l1]), [a, b, c, d, e, f]);
    Ok(LinkPayload::EtherType(u16::from_be_bytes([p0, p1]), rest, sender))
}

/// LINKTYPE_LINUX_SLL2: protocol, reserved, interface index (4), ARPHRD, packet type, address length, address (8).
fn cooked_v2(bytes: &[u8]) -> Result<LinkPayload<'_>, DecodeError> {
    let Some((header, rest)) = bytes.split_first_chunk::<20>() else {
        return Err(link_error(DecodeReason::Truncated));
    };
    let [p0, p1, _, _, _, _, _, _, _, _, _, length, a, b, c, d, e, f, _, _] = *header;
    let sender = sender(u16::from(length), [a, b, c, d, e, f]);
    Ok(LinkPayload::EtherType(u16::from_be_bytes([p0, p1]), rest, sender))
}

fn sender(address_length: u16, address: [u8; 6]) -> Option<EtherAddresses> {
    let source = MacAddr(address);
    (address_length == 6 && source != MacAddr::ZERO)
        .then_some(EtherAddresses { source, destination: MacAddr::ZERO })
}

const fn link_error(reason: DecodeReason) -> DecodeError {
    DecodeError { layer: Layer::Link, reason }
}
