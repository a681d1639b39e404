//! GRE in its versions: RFC 2784, RFC 2890, the routing of RFC 1701, PPTP's of RFC 2637; ERSPAN in it.
//!
//! Comes in: what an IP packet of protocol 47 carries. Goes out: what GRE wraps, as the next [`Step`]. It checks
//! no checksum and keeps no sequence.

use super::ethernet::split;
use super::step::{Inside, Step};
use super::{DecodeError, DecodeReason, TunnelKind};

const TRUNCATED: DecodeError = DecodeError::link(DecodeReason::Truncated);
const MALFORMED: DecodeError = DecodeError::link(DecodeReason::Malformed);

/// Source routes of an RFC 1701 header; nobody sends them any more.
const MAX_ROUTES: usize = 8;

/// Flags and version (RFC 1701, "Packet header"; RFC 2637, 4.1).
const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// Reads a GRE header. `None`: the packet is whole and wraps nothing, such as a bare acknowledgment.
///
/// # Errors
/// The header is cut or of a version that is none.
pub(super) fn inside(bytes: &[u8]) -> Result<Option<Inside<'_>>, DecodeError> {
    let ([f0, f1, p0, p1], rest) = split::<4>(bytes)?;
    let (flags, protocol) = (u16::from_be_bytes([f0, f1]), u16::from_be_bytes([p0, p1]));
    match flags & VERSION {
        0 => plain(flags, protocol, rest).map(Some),
        1 => enhanced(flags, protocol, rest),
        _ => Err(MALFORMED),
    }
}

fn plain(flags: u16, protocol: u16, bytes: &[u8]) -> Result<Inside<'_>, DecodeError> {
    let mut rest = bytes;
    if flags & (CHECKSUM | ROUTING) != 0 {
        rest = split::<4>(rest)?.1;
    }
    let mut key = 0;
    if flags & KEY != 0 {
        let (word, behind) = split::<4>(rest)?;
        (key, rest) = (u32::from_be_bytes(word), behind);
    }
    if flags & SEQUENCE != 0 {
        rest = split::<4>(rest)?.1;
    }
    if flags & ROUTING != 0 {
        rest = behind_routes(rest)?;
    }
    let gre = |step| Ok(Inside { kind: TunnelKind::Gre, id: key, step });
    match protocol {
        0x88be if flags & SEQUENCE == 0 => {
            Ok(Inside { kind: TunnelKind::Erspan, id: 0, step: Step::Ethernet(rest) })
        }
        0x88be => erspan_2(rest),
        0x22eb => erspan_3(rest),
        0x880b => gre(Step::Ppp(rest)),
        // WCCP: version 2 puts four bytes before the packet.
        0x883e => match rest {
            [0x40..=0x4f, ..] => gre(Step::ip(rest)),
            _ => gre(Step::ip(split::<4>(rest)?.1)),
        },
        // Lengths are no protocols: a keep-alive has 0 here.
        0..1536 => Err(DecodeError::network(DecodeReason::Unsupported)),
        _ => gre(Step::EtherType(protocol, rest)),
    }
}

/// Address family, offset, length, and that many bytes; a family of 0 ends the list (RFC 1701).
fn behind_routes(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    let mut rest = bytes;
    for _ in 0..MAX_ROUTES {
        let ([f0, f1, _, length], behind) = split::<4>(rest)?;
        rest = behind.get(usize::from(length)..).ok_or(TRUNCATED)?;
        if [f0, f1, length] == [0, 0, 0] {
            return Ok(rest);
        }
    }
    Err(MALFORMED)
}

/// Enhanced GRE: protocol PPP, the key is payload length and call (RFC 2637, 4.1).
fn enhanced(flags: u16, protocol: u16, bytes: &[u8]) -> Result<Option<Inside<'_>>, DecodeError> {
    if protocol != 0x880b || flags & KEY == 0 || flags & (CHECKSUM | ROUTING) != 0 {
        return Err(MALFORMED);
    }
    let ([l0, l1, c0, c1], mut rest) = split::<4>(bytes)?;
    if flags & SEQUENCE != 0 {
        rest = split::<4>(rest)?.1;
    }
    if flags & ACKNOWLEDGMENT != 0 {
        rest = split::<4>(rest)?.1;
    }
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    if length == 0 || flags & SEQUENCE == 0 {
        return Ok(None);
    }
    let step = Step::Ppp(rest.get(..length).unwrap_or(rest));
    let id = u32::from(u16::from_be_bytes([c0, c1]));
    Ok(Some(Inside { kind: TunnelKind::Pptp, id, step }))
}

/// Type II: version 1, VLAN, class, encapsulation, truncation, 10 bits of session; index; the frame.
/// (draft-foschiano-erspan-03, 4.2.)
fn erspan_2(bytes: &[u8]) -> Result<Inside<'_>, DecodeError> {
    let ([version, _, s0, s1, ..], frame) = split::<8>(bytes)?;
    if version >> 4 != 1 {
        return Err(MALFORMED);
    }
    Ok(erspan([s0, s1], Step::Ethernet(frame)))
}

/// Type III: version 2, and in its last word the frame type (0 Ethernet, 2 IP) and the flag of a
/// subheader of eight bytes (draft-foschiano-erspan-03, 4.3).
fn erspan_3(bytes: &[u8]) -> Result<Inside<'_>, DecodeError> {
    let ([version, _, s0, s1, _, _, _, _, _, _, t0, t1], mut frame) = split::<12>(bytes)?;
    if version >> 4 != 2 {
        return Err(MALFORMED);
    }
    if t1 & 1 == 1 {
        frame = split::<8>(frame)?.1;
    }
    match (t0 >> 2) & 0x1f {
        0 => Ok(erspan([s0, s1], Step::Ethernet(frame))),
        2 => Ok(erspan([s0, s1], Step::ip(frame))),
        _ => Err(DecodeError::link(DecodeReason::Unsupported)),
    }
}

fn erspan(session: [u8; 2], step: Step<'_>) -> Inside<'_> {
    let id = u32::from(u16::from_be_bytes(session) & 0x03ff);
    Inside { kind: TunnelKind::Erspan, id, step }
}
