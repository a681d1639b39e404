//! MPLS label stacks (RFC 3032) and what stands behind them.
//!
//! Nothing announces what a label carries. IP is told by its version and length, an Ethernet
//! pseudowire (RFC 4448) by its EtherType, with or without the control word of RFC 4385.

use super::ethernet::{is_frame, split};
use super::step::{Shell, Step};
use super::{DecodeError, DecodeReason, TunnelKind};

/// Labels of a stack; operators use two to four, the limit keeps a made-up stack short.
const MAX_LABELS: usize = 8;

/// Takes a label stack off. The wrapping's number is the outermost label.
///
/// # Errors
/// The stack is cut or too deep, or what it carries is neither IP nor Ethernet.
pub(super) fn inside<'a>(bytes: &'a [u8], shell: &mut Shell) -> Result<Step<'a>, DecodeError> {
    let mut rest = bytes;
    let mut outermost = None;
    for _ in 0..MAX_LABELS {
        // 20 bits of label, 3 of traffic class, the bottom of the stack, 8 of time to live.
        let (entry, behind) = split::<4>(rest)?;
        rest = behind;
        let entry = u32::from_be_bytes(entry);
        let label = *outermost.get_or_insert(entry >> 12);
        if entry & 0x100 != 0 {
            shell.unwrap_link(TunnelKind::Mpls, label)?;
            return content(rest);
        }
    }
    Err(DecodeError::link(DecodeReason::Malformed))
}

/// IP is asked first: it is what most labels carry, and its length is checked.
fn content(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    if is_ip(bytes) {
        return Ok(Step::ip(bytes));
    }
    // The control word begins with four zeros (RFC 4385, 3), as many a MAC address does.
    let behind_word = bytes.split_first_chunk::<4>().filter(|([first, ..], _)| *first < 0x10);
    match behind_word {
        Some(([0, 0, 0, 0], frame)) if is_frame(frame) => Ok(Step::Ethernet(frame)),
        _ if is_frame(bytes) => Ok(Step::Ethernet(bytes)),
        Some((_, frame)) if is_frame(frame) => Ok(Step::Ethernet(frame)),
        _ => Err(DecodeError::network(DecodeReason::Unsupported)),
    }
}

/// A MAC address may begin like a version, and an IP address may stand where an EtherType would: what
/// looks like both is IP when its checksum or its length says so.
fn is_ip(bytes: &[u8]) -> bool {
    match bytes {
        [first @ 0x45..=0x4f, ..] => {
            let header = bytes.get(..usize::from(first & 0x0f) * 4).unwrap_or_default();
            has_checksum(header) || !is_frame(bytes)
        }
        [0x60..=0x6f, _, _, _, l0, l1, ..] => {
            40 + usize::from(u16::from_be_bytes([*l0, *l1])) == bytes.len() || !is_frame(bytes)
        }
        _ => false,
    }
}

/// The Internet checksum over a whole IPv4 header is all ones (RFC 1071).
fn has_checksum(header: &[u8]) -> bool {
    let (words, _) = header.as_chunks::<2>();
    let sum: u32 = words.iter().map(|word| u32::from(u16::from_be_bytes(*word))).sum();
    // Thirty words at most: folding once leaves at most one carry.
    let folded = (sum & 0xffff) + (sum >> 16);
    (folded & 0xffff) + (folded >> 16) == 0xffff
}
