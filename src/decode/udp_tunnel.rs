//! Tunnels over UDP: VXLAN, VXLAN-GPE, GENEVE, TZSP, Teredo, GTP-U, L2TP.
//!
//! Comes in: a UDP payload and its ports. Goes out: what it wraps, as the next [`Step`], or nothing. A port proves
//! nothing, since a client may have any: flags, versions, reserved bits and lengths all have to be right, or the
//! datagram stays an ordinary one.

use super::step::{Inside, Step};
use super::{TunnelKind, tzsp};
use crate::net::LinkType;

/// Registered ports (IANA, "Service Name and Transport Protocol Port Number Registry"), 8472, which Linux used for
/// VXLAN before there was one, and 37008, which RouterOS sends TZSP to.
const VXLAN: u16 = 4789;
const VXLAN_LINUX: u16 = 8472;
const VXLAN_GPE: u16 = 4790;
const GENEVE: u16 = 6081;
const TZSP: u16 = 37008;
const TEREDO: u16 = 3544;
const GTP_U: u16 = 2152;
const L2TP: u16 = 1701;

/// Extension headers of a GTP-U packet; 5G sends one.
const MAX_GTP_EXTENSIONS: usize = 8;

/// Tells whether a datagram between these ports may be a tunnel's.
#[must_use]
#[inline]
pub const fn may_hold(source: u16, destination: u16) -> bool {
    matches!(destination, VXLAN | VXLAN_LINUX | VXLAN_GPE | GENEVE | TZSP | TEREDO | GTP_U | L2TP)
        || matches!(source, TEREDO | GTP_U | L2TP)
}

/// What the datagram wraps; `length` is its payload's on the wire. `None`: it is an ordinary one.
pub(super) fn inside(
    (source, destination): (u16, u16),
    bytes: &[u8],
    length: usize,
) -> Option<Inside<'_>> {
    match (source, destination) {
        (_, VXLAN | VXLAN_LINUX) => vxlan(bytes),
        (_, VXLAN_GPE) => vxlan_gpe(bytes),
        (_, GENEVE) => geneve(bytes),
        (_, TZSP) => {
            tzsp::frame(bytes).ok()?;
            let step = Step::Link(LinkType::TZSP, bytes);
            Some(Inside { kind: TunnelKind::Tzsp, id: 0, step })
        }
        (_, TEREDO) | (TEREDO, _) => teredo(bytes, length),
        (_, GTP_U) | (GTP_U, _) => gtp(bytes, length),
        (_, L2TP) | (L2TP, _) => l2tp(bytes, length),
        _ => None,
    }
}

/// RFC 7348, 5: the I flag, 24 reserved bits, identifier, 8 reserved bits. With the group policy
/// extension (draft-smith-vxlan-group-policy) the G flag, two policy flags and 16 bits of group.
fn vxlan(bytes: &[u8]) -> Option<Inside<'_>> {
    let ([flags, r0, r1, r2, i0, i1, i2, 0], frame) = bytes.split_first_chunk::<8>()? else {
        return None;
    };
    match flags {
        0x08 if [*r0, *r1, *r2] == [0, 0, 0] => {}
        0x88 if r0 & !0x48 == 0 => {}
        _ => return None,
    }
    let id = u32::from_be_bytes([0, *i0, *i1, *i2]);
    Some(Inside { kind: TunnelKind::Vxlan, id, step: Step::Ethernet(frame) })
}

/// draft-ietf-nvo3-vxlan-gpe-13, 3: version 0, I and P flags, 16 reserved bits, next protocol.
fn vxlan_gpe(bytes: &[u8]) -> Option<Inside<'_>> {
    let ([0x0c, 0, 0, next, i0, i1, i2, 0], rest) = bytes.split_first_chunk::<8>()? else {
        return None;
    };
    let step = match next {
        1 | 2 => Step::ip(rest),
        3 => Step::Ethernet(rest),
        5 => Step::EtherType(0x8847, rest),
        _ => return None,
    };
    let id = u32::from_be_bytes([0, *i0, *i1, *i2]);
    Some(Inside { kind: TunnelKind::VxlanGpe, id, step })
}

/// RFC 8926, 3.4: version 0 and length of the options, no control flag, 6 reserved bits, EtherType,
/// identifier, 8 reserved bits.
fn geneve(bytes: &[u8]) -> Option<Inside<'_>> {
    let ([version, flags, p0, p1, i0, i1, i2, 0], rest) = bytes.split_first_chunk::<8>()? else {
        return None;
    };
    // The highest flag is for control packets, the next says that an option is critical.
    if version >> 6 != 0 || flags & !0x40 != 0 {
        return None;
    }
    let behind = rest.get(usize::from(version & 0x3f) * 4..)?;
    let step = match u16::from_be_bytes([*p0, *p1]) {
        protocol @ (0x0800 | 0x86dd | 0x6558 | 0x8847 | 0x8848) => {
            Step::EtherType(protocol, behind)
        }
        _ => return None,
    };
    let id = u32::from_be_bytes([0, *i0, *i1, *i2]);
    Some(Inside { kind: TunnelKind::Geneve, id, step })
}

/// RFC 4380, 5.1.1: an authentication header (0x0001) and an origin indication (0x0000) may stand
/// before the IPv6 packet, which fills the datagram, and has a Teredo or a link-local address (5.2).
fn teredo(bytes: &[u8], length: usize) -> Option<Inside<'_>> {
    let mut rest = bytes;
    if let [0, 1, id_len, value_len, behind @ ..] = rest {
        // Nonce and confirmation take nine bytes.
        rest = behind.get(usize::from(*id_len) + usize::from(*value_len) + 9..)?;
    }
    if let [0, 0, behind @ ..] = rest {
        rest = behind.get(6..)?;
    }
    let [0x60..=0x6f, _, _, _, l0, l1, _, _, addresses @ ..] = rest else { return None };
    let on_wire = length.checked_sub(bytes.len() - rest.len())?;
    // Trailers may follow (RFC 6081), so the packet may end before the datagram does.
    if 40 + usize::from(u16::from_be_bytes([*l0, *l1])) > on_wire {
        return None;
    }
    let is_teredos = |address: &[u8]| {
        address.starts_with(&[0x20, 0x01, 0, 0]) || matches!(address, [0xfe, 0x80..=0xbf, ..])
    };
    let (source, destination) = addresses.split_at_checked(16)?;
    (is_teredos(source) || is_teredos(destination)).then_some(Inside {
        kind: TunnelKind::Teredo,
        id: 0,
        step: Step::ip(rest),
    })
}

/// 3GPP TS 29.281, 5.1: version 1, protocol type GTP, message 255 (G-PDU), the length of what follows
/// eight bytes, endpoint; four optional bytes when a flag is set, then extension headers in units of four bytes.
fn gtp(bytes: &[u8], length: usize) -> Option<Inside<'_>> {
    let ([flags, 0xff, l0, l1, e0, e1, e2, e3], mut rest) = bytes.split_first_chunk::<8>()? else {
        return None;
    };
    if flags & 0xf8 != 0x30 || usize::from(u16::from_be_bytes([*l0, *l1])) + 8 != length {
        return None;
    }
    if flags & 0x07 != 0 {
        let (&[_, _, _, first], behind) = rest.split_first_chunk::<4>()?;
        let mut next = first;
        rest = behind;
        // Without the E flag the type counts for nothing.
        if flags & 0x04 == 0 {
            next = 0;
        }
        for _ in 0..MAX_GTP_EXTENSIONS {
            if next == 0 {
                break;
            }
            let size = usize::from(*rest.first()?) * 4;
            let (extension, behind) = rest.split_at_checked(size)?;
            (next, rest) = (*extension.last()?, behind);
        }
        if next != 0 {
            return None;
        }
    }
    let [0x45..=0x4f | 0x60..=0x6f, ..] = rest else { return None };
    let id = u32::from_be_bytes([*e0, *e1, *e2, *e3]);
    Some(Inside { kind: TunnelKind::Gtp, id, step: Step::ip(rest) })
}

/// RFC 2661, 3.1: flags and version 2, an optional length, tunnel, session, optional sequence numbers,
/// an optional offset; then PPP. Control messages wrap nothing.
fn l2tp(bytes: &[u8], length: usize) -> Option<Inside<'_>> {
    let (flags, mut rest) = bytes.split_first_chunk::<2>()?;
    let flags = u16::from_be_bytes(*flags);
    // Type (data is 0), reserved bits and version.
    if flags & 0xb4ff != 0x0002 {
        return None;
    }
    if flags & 0x4000 != 0 {
        let (claimed, behind) = rest.split_first_chunk::<2>()?;
        if usize::from(u16::from_be_bytes(*claimed)) != length {
            return None;
        }
        rest = behind;
    }
    let (ids, mut rest) = rest.split_first_chunk::<4>()?;
    if flags & 0x0800 != 0 {
        rest = rest.get(4..)?;
    }
    if flags & 0x0200 != 0 {
        let (offset, behind) = rest.split_first_chunk::<2>()?;
        rest = behind.get(usize::from(u16::from_be_bytes(*offset))..)?;
    }
    // PPP negotiates its protocol numbers: the first byte is a framing address or a known half.
    let ([0xff, 0x03, ..] | [0x21 | 0x57, ..] | [0x00, 0x21 | 0x57, ..]) = rest else {
        return None;
    };
    Some(Inside { kind: TunnelKind::L2tp, id: u32::from_be_bytes(*ids), step: Step::Ppp(rest) })
}
