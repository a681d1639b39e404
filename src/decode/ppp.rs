//! PPP and the serial framings around it: HDLC, Cisco HDLC, PPPoE, Frame Relay, SLIP.
//!
//! Comes in: bytes that one of these headers begins. Goes out: the next [`Step`]. It never reads what
//! negotiates a link (LCP, IPCP, CHAP): that is `Unsupported`, as is what is compressed or encrypted.

use super::ethernet::{FIRST_ETHER_TYPE, snap, split};
use super::step::{Shell, Step};
use super::{DecodeError, DecodeReason, TunnelKind, mpls};

const UNSUPPORTED: DecodeError = DecodeError::network(DecodeReason::Unsupported);
const TRUNCATED: DecodeError = DecodeError::link(DecodeReason::Truncated);

/// Most bytes of a Frame Relay address (ITU-T Q.922, 3.3).
const MAX_Q922_ADDRESS: usize = 4;

/// Reads a PPP packet (RFC 1661, 2), with the address and control bytes of RFC 1662 or without.
///
/// # Errors
/// The header is cut, or the protocol is none of ours.
pub(super) fn packet<'a>(bytes: &'a [u8], shell: &mut Shell) -> Result<Step<'a>, DecodeError> {
    let bytes = match bytes {
        [0xff, 0x03, rest @ ..] => rest,
        _ => bytes,
    };
    let (protocol, rest) = match bytes {
        // The last byte of a protocol is odd, all others are even; the first may be left out when
        // it is 0 (RFC 1661, 2 and 6.5).
        [low, rest @ ..] if low & 1 == 1 => (u16::from(*low), rest),
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest),
        _ => return Err(TRUNCATED),
    };
    match protocol {
        // RFC 1332, RFC 5072.
        0x0021 | 0x0057 => Ok(Step::ip(rest)),
        // RFC 3032, 4.3.
        0x0281 | 0x0283 => mpls::inside(rest, shell),
        // Bridging, RFC 3518, 4.2: flags, MAC type 1 (802.3), the frame.
        0x0031 => match rest {
            [_, 1, frame @ ..] => Ok(Step::Ethernet(frame)),
            _ => Err(UNSUPPORTED),
        },
        _ => Err(UNSUPPORTED),
    }
}

/// Takes a PPPoE header off (RFC 2516, 4): version and type, code, session, length.
///
/// # Errors
/// The header is cut, says something else, or there were too many wrappings.
pub(super) fn over_ethernet<'a>(
    bytes: &'a [u8],
    shell: &mut Shell,
) -> Result<Step<'a>, DecodeError> {
    let ([version_type, code, s0, s1, l0, l1], rest) = split::<6>(bytes)?;
    if version_type != 0x11 || code != 0 {
        return Err(DecodeError::link(DecodeReason::Malformed));
    }
    shell.unwrap_link(TunnelKind::Pppoe, u32::from(u16::from_be_bytes([s0, s1])))?;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    Ok(Step::Ppp(rest.get(..length).unwrap_or(rest)))
}

/// PPP or Cisco HDLC in HDLC-like framing, as the link types 9 and 50 mix them.
///
/// # Errors
/// The header is cut.
pub(super) fn hdlc(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    match bytes {
        [0x0f | 0x8f, 0, ..] => cisco_hdlc(bytes),
        [] => Err(TRUNCATED),
        _ => Ok(Step::Ppp(bytes)),
    }
}

/// Cisco HDLC (RFC 1547, 4.3.1): address, control, EtherType.
///
/// # Errors
/// The header is cut.
pub(super) fn cisco_hdlc(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    match split::<4>(bytes)? {
        ([0x0f | 0x8f, _, t0, t1], rest) => numbered(u16::from_be_bytes([t0, t1]), rest),
        // A capture at an interface that negotiated PPP.
        ([0xff, 0x03, ..], _) => Ok(Step::Ppp(bytes)),
        _ => Err(UNSUPPORTED),
    }
}

/// Frame Relay (RFC 2427, 3): address, control, padding, NLPID; or Cisco's, an EtherType behind
/// the address.
///
/// # Errors
/// The header is cut, or of another form.
pub(super) fn frame_relay(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    // The lowest bit of each byte of the address tells whether it is the last (Q.922, 3.3.1).
    let length =
        1 + bytes.iter().take(MAX_Q922_ADDRESS).position(|byte| byte & 1 == 1).ok_or(TRUNCATED)?;
    match bytes.get(length..).unwrap_or_default() {
        [0x03, 0x00, nlpid, rest @ ..] | [0x03, nlpid, rest @ ..] => network_layer(*nlpid, rest),
        [t0, t1, rest @ ..] => numbered(u16::from_be_bytes([*t0, *t1]), rest),
        _ => Err(TRUNCATED),
    }
}

/// Network Layer Protocol Identifiers (ISO/IEC TR 9577) that carry IP.
fn network_layer(nlpid: u8, rest: &[u8]) -> Result<Step<'_>, DecodeError> {
    match nlpid {
        0xcc | 0x8e => Ok(Step::ip(rest)),
        0x80 => snap(rest),
        // RFC 1973: PPP in Frame Relay.
        0xcf => Ok(Step::Ppp(rest)),
        _ => Err(UNSUPPORTED),
    }
}

/// An EtherType where a length cannot stand.
///
/// # Errors
/// It is none.
pub(super) fn numbered(ether_type: u16, rest: &[u8]) -> Result<Step<'_>, DecodeError> {
    if ether_type < FIRST_ETHER_TYPE {
        Err(UNSUPPORTED)
    } else {
        Ok(Step::EtherType(ether_type, rest))
    }
}

/// SLIP as BSD captures it (LINKTYPE_SLIP): direction, 15 bytes of the header as it was
/// compressed, then the packet as it is without compression.
///
/// # Errors
/// The header is cut.
pub(super) fn slip(bytes: &[u8]) -> Result<Step<'_>, DecodeError> {
    Ok(Step::ip(split::<16>(bytes)?.1))
}
