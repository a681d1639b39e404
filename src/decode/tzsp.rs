//! TaZmen Sniffer Protocol: mirrored frames as RouterOS and some access points send them.
//!
//! There is no RFC; the format is that of the Wikipedia article "TZSP" and of RouterOS's packet
//! sniffer: version 1, type, encapsulated protocol, tags, the frame.

use super::{DecodeError, DecodeReason};
use crate::net::LinkType;

/// Tags of a packet; senders write one to ten.
const MAX_TAGS: usize = 32;

const TAG_PADDING: u8 = 0;
const TAG_END: u8 = 1;
/// One byte, not 0 when the 802.11 checksum was wrong.
const TAG_FCS_ERROR: u8 = 17;

/// The frame inside a TZSP packet.
///
/// # Errors
/// The header is cut, is none, or the packet holds no frame that we read.
pub(super) fn frame(bytes: &[u8]) -> Result<(LinkType, &[u8]), DecodeError> {
    let [1, kind, p0, p1, tags @ ..] = bytes else {
        let reason =
            if bytes.len() < 4 { DecodeReason::Truncated } else { DecodeReason::Malformed };
        return Err(DecodeError::link(reason));
    };
    // 0: received, 1: to be sent. The others are about the sniffer itself.
    if *kind > 1 {
        return Err(DecodeError::link(DecodeReason::Unsupported));
    }
    let link_type = match u16::from_be_bytes([*p0, *p1]) {
        1 => LinkType::ETHERNET,
        18 => LinkType::IEEE802_11,
        119 => LinkType::IEEE802_11_PRISM,
        127 => LinkType::IEEE802_11_AVS,
        _ => return Err(DecodeError::link(DecodeReason::Unsupported)),
    };
    let mut rest = tags;
    for _ in 0..MAX_TAGS {
        rest = match rest {
            [TAG_END, frame @ ..] => return Ok((link_type, frame)),
            [TAG_PADDING, behind @ ..] => behind,
            [tag, length, behind @ ..] => {
                let (value, behind) = behind
                    .split_at_checked(usize::from(*length))
                    .ok_or(DecodeError::link(DecodeReason::Truncated))?;
                if *tag == TAG_FCS_ERROR && value.first().is_some_and(|error| *error != 0) {
                    return Err(DecodeError::link(DecodeReason::Malformed));
                }
                behind
            }
            _ => return Err(DecodeError::link(DecodeReason::Truncated)),
        };
    }
    Err(DecodeError::link(DecodeReason::Malformed))
}
