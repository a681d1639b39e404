//! The headers that capturing programs put before an 802.11 frame: radiotap, Prism, AVS, PPI.
//!
//! Comes in: a frame of one of these link types. Goes out: what follows the header, and what the
//! header says that matters for reading it. Of signal and channel nothing is kept.

use super::wifi::Reception;
use super::{DecodeError, DecodeReason};
use crate::net::LinkType;

const TRUNCATED: DecodeError = DecodeError::link(DecodeReason::Truncated);
const MALFORMED: DecodeError = DecodeError::link(DecodeReason::Malformed);

/// Presence words of a radiotap header: one an antenna, and none has more antennas than that.
const MAX_PRESENCE_WORDS: usize = 16;

/// Fields of a PPI header that are looked at.
const MAX_PPI_FIELDS: usize = 16;

/// Radiotap (radiotap.org, "Header"): version 0, padding, length, presence words in little-endian
/// order; then the fields, of which the first two are TSFT (8 bytes, aligned to 8) and Flags (1 byte).
///
/// # Errors
/// The header is cut or contradicts itself.
pub(super) fn radiotap(bytes: &[u8]) -> Result<(Reception, &[u8]), DecodeError> {
    let [version, _, l0, l1, ..] = *bytes else { return Err(TRUNCATED) };
    let length = usize::from(u16::from_le_bytes([l0, l1]));
    if version != 0 || length < 8 {
        return Err(MALFORMED);
    }
    let (header, frame) = bytes.split_at_checked(length).ok_or(TRUNCATED)?;
    let (words, _) = header.get(4..).unwrap_or_default().as_chunks::<4>();
    let mut present = words.iter().map(|word| u32::from_le_bytes(*word)).take(MAX_PRESENCE_WORDS);
    let first = present.next().ok_or(MALFORMED)?;
    // Bit 31 says that another word follows.
    let mut end = 8;
    let mut word = first;
    while word & 1 << 31 != 0 {
        word = present.next().ok_or(MALFORMED)?;
        end += 4;
    }
    let at = if first & 1 == 0 { end } else { usize::next_multiple_of(end, 8) + 8 };
    let flags = match header.get(at) {
        Some(flags) if first & 2 != 0 => *flags,
        _ => 0,
    };
    let reception = Reception {
        has_checksum: flags & 0x10 != 0,
        is_padded: flags & 0x20 != 0,
        is_damaged: flags & 0x40 != 0,
    };
    Ok((reception, frame))
}

/// Prism: message code, length of the whole header, in the byte order of the capturing machine. Some
/// drivers write an AVS header under the same link type.
///
/// # Errors
/// The header is cut or contradicts itself.
pub(super) fn prism(bytes: &[u8]) -> Result<(Reception, &[u8]), DecodeError> {
    let [c0, c1, c2, c3, l0, l1, l2, l3, ..] = *bytes else { return Err(TRUNCATED) };
    if is_avs([c0, c1, c2, c3]) {
        return avs(bytes);
    }
    let length = [l0, l1, l2, l3];
    // The length is far below 64 KiB, so that the order shows.
    let length = u32::from_le_bytes(length).min(u32::from_be_bytes(length));
    behind(bytes, length)
}

/// AVS (its specification, "802.11 Capture Frame Format", version 2.1.1): magic number with version,
/// length of the header, in network byte order.
///
/// # Errors
/// The header is cut or is none.
pub(super) fn avs(bytes: &[u8]) -> Result<(Reception, &[u8]), DecodeError> {
    let [m0, m1, m2, m3, l0, l1, l2, l3, ..] = *bytes else { return Err(TRUNCATED) };
    if !is_avs([m0, m1, m2, m3]) {
        return Err(MALFORMED);
    }
    behind(bytes, u32::from_be_bytes([l0, l1, l2, l3]))
}

const fn is_avs(magic: [u8; 4]) -> bool {
    u32::from_be_bytes(magic) & 0xffff_f000 == 0x8021_1000
}

fn behind(bytes: &[u8], length: u32) -> Result<(Reception, &[u8]), DecodeError> {
    let length = usize::try_from(length).ok().filter(|length| *length >= 8).ok_or(MALFORMED)?;
    Ok((Reception::default(), bytes.get(length..).ok_or(TRUNCATED)?))
}

/// PPI (CACE, "Per-Packet Information Header Specification" 1.0.7): version, flags, length, link type in
/// little-endian order; then fields of type, length and value. Field 2, 802.11-Common, has flags at byte 8.
///
/// # Errors
/// The header is cut or contradicts itself.
pub(super) fn ppi(bytes: &[u8]) -> Result<(LinkType, Reception, &[u8]), DecodeError> {
    let [version, _, l0, l1, d0, d1, d2, d3, ..] = *bytes else { return Err(TRUNCATED) };
    let length = usize::from(u16::from_le_bytes([l0, l1]));
    if version != 0 || length < 8 {
        return Err(MALFORMED);
    }
    let (header, frame) = bytes.split_at_checked(length).ok_or(TRUNCATED)?;
    let mut fields = header.get(8..).unwrap_or_default();
    let mut reception = Reception::default();
    for _ in 0..MAX_PPI_FIELDS {
        let Some(([t0, t1, n0, n1], rest)) = fields.split_first_chunk::<4>() else { break };
        let size = usize::from(u16::from_le_bytes([*n0, *n1]));
        let Some((value, behind)) = rest.split_at_checked(size) else { break };
        if u16::from_le_bytes([*t0, *t1]) == 2 {
            let flags = value.get(8).copied().unwrap_or(0);
            reception.has_checksum = flags & 0x01 != 0;
            reception.is_damaged = flags & 0x04 != 0;
            break;
        }
        fields = behind;
    }
    Ok((LinkType(u32::from_le_bytes([d0, d1, d2, d3])), reception, frame))
}
