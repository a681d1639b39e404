//! Ethernet headers, tags, and the LLC/SNAP header of IEEE 802.2.
//!
//! Comes in: bytes that an Ethernet header, a tag or an LLC header begins. Goes out: what follows, by its
//! EtherType. It never reads what an EtherType announces.

use super::step::{Shell, Step};
use super::{DecodeError, DecodeReason, EtherAddresses, VlanIds};
use crate::net::MacAddr;

/// Tags that are looked through at a place; more are no ordinary network.
const MAX_TAGS: usize = 3;

/// From here on the field is an EtherType, below it is a length (IEEE 802.3-2018, 3.2.6).
pub(super) const FIRST_ETHER_TYPE: u16 = 1536;

/// Reads the header of an Ethernet frame (IEEE 802.3, 3.2): its EtherType and what follows.
///
/// # Errors
/// The header is cut.
#[inline]
pub(super) fn header<'a>(
    bytes: &'a [u8],
    shell: &mut Shell,
) -> Result<(u16, &'a [u8]), DecodeError> {
    let Some((header, rest)) = bytes.split_first_chunk::<14>() else {
        return Err(DecodeError::link(DecodeReason::Truncated));
    };
    let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1] = *header;
    shell.ether = Some(EtherAddresses {
        source: MacAddr([s0, s1, s2, s3, s4, s5]),
        destination: MacAddr([d0, d1, d2, d3, d4, d5]),
    });
    Ok((u16::from_be_bytes([t0, t1]), rest))
}

/// Takes 802.1Q and 802.1ad tags off (IEEE 802.1Q-2018, 9.3), and the 0x9100 that was used before 802.1ad.
///
/// # Errors
/// A tag is cut.
#[inline]
pub(super) fn untag<'a>(
    mut ether_type: u16,
    mut bytes: &'a [u8],
    vlans: &mut VlanIds,
) -> Result<(u16, &'a [u8]), DecodeError> {
    for _ in 0..MAX_TAGS {
        if !matches!(ether_type, 0x8100 | 0x88a8 | 0x9100) {
            break;
        }
        let Some(([c0, c1, t0, t1], rest)) = bytes.split_first_chunk::<4>() else {
            return Err(DecodeError::link(DecodeReason::Truncated));
        };
        vlans.push(u16::from_be_bytes([*c0, *c1]) & 0x0fff);
        ether_type = u16::from_be_bytes([*t0, *t1]);
        bytes = rest;
    }
    Ok((ether_type, bytes))
}

/// Reads an LLC header (IEEE 802.2) of the forms that carry IP: SNAP (RFC 1042), the bridged
/// frames of RFC 2684, and SAP 6.
///
/// # Errors
/// The header is cut or of another form.
pub(super) fn llc(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    let ([destination, source, control], rest) = split::<3>(bytes)?;
    match (destination, source, control) {
        (0xaa, 0xaa, 0x03) => snap(rest),
        (0x06, 0x06, 0x03) => Ok(Step::ip(rest)),
        _ => Err(DecodeError::network(DecodeReason::Unsupported)),
    }
}

/// SNAP: organisation, then a protocol of its numbering (IEEE 802-2014, 9.5).
///
/// # Errors
/// The header is cut or of another organisation.
pub(super) fn snap(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    let ([o0, o1, o2, t0, t1], rest) = split::<5>(bytes)?;
    match ([o0, o1, o2], u16::from_be_bytes([t0, t1])) {
        // EtherTypes (RFC 1042), and bridge tunnels (IEEE 802.1H) that 802.11 uses too. A length
        // is none.
        ([0, 0, 0] | [0, 0, 0xf8], ether_type @ FIRST_ETHER_TYPE..) => {
            Ok(Step::EtherType(ether_type, rest))
        }
        // Bridged 802.3 with and without checksum: RFC 2684, 5.2, pads it by two zeros, RFC 2427,
        // 4.2, does not.
        ([0, 0x80, 0xc2], 1 | 7) => match rest.split_first_chunk::<2>() {
            Some(([0, 0], frame)) if is_frame(frame) || !is_frame(rest) => {
                Ok(Step::Ethernet(frame))
            }
            _ => Ok(Step::Ethernet(rest)),
        },
        _ => Err(DecodeError::network(DecodeReason::Unsupported)),
    }
}

/// Tells whether `bytes` look like an Ethernet frame: the type is one that is common, or a length
/// with an LLC header behind it. A guess for places where nothing announces the frame.
pub(super) fn is_frame(bytes: &[u8]) -> bool {
    let Some((_, [t0, t1, rest @ ..])) = bytes.split_at_checked(12) else { return false };
    match u16::from_be_bytes([*t0, *t1]) {
        0x0800 => matches!(rest.first(), Some(0x45..=0x4f)),
        0x86dd => matches!(rest.first(), Some(0x60..=0x6f)),
        0x0806 | 0x8033 | 0x8100 | 0x8847 | 0x8848 | 0x8863 | 0x8864 | 0x88a8 | 0x9100 => true,
        length @ 0..FIRST_ETHER_TYPE => {
            usize::from(length) <= rest.len() && rest.starts_with(&[0xaa, 0xaa, 0x03])
        }
        _ => false,
    }
}

/// The next `N` bytes and what follows them.
///
/// # Errors
/// There are fewer.
pub(super) fn split<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), DecodeError> {
    match bytes.split_first_chunk::<N>() {
        Some((head, rest)) => Ok((*head, rest)),
        None => Err(DecodeError::link(DecodeReason::Truncated)),
    }
}
