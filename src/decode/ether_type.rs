//! What an EtherType announces: the network layer, or a header that wraps another frame.
//!
//! Comes in: an EtherType and the bytes behind it. Goes out: the next [`Step`].

use super::ethernet::{FIRST_ETHER_TYPE, split, untag};
use super::step::{Body, Shell, Step};
use super::{DecodeError, DecodeReason, TunnelKind, mpls, ppp};

/// EtherTypes of discovery protocols that stand directly on the link layer: SADP's own, and the
/// beacon of EZVIZ devices.
const DISCOVERY_ETHER_TYPES: [u16; 2] = [0x8033, 0x8d8d];

/// Tells what an EtherType (or a number of the same registry, as GRE has it) announces.
///
/// # Errors
/// A wrapping is cut, there are too many, or the EtherType is not one of ours.
pub(super) fn announced<'a>(
    ether_type: u16,
    bytes: &'a [u8],
    shell: &mut Shell,
) -> Result<Step<'a>, DecodeError> {
    let (ether_type, bytes) = untag(ether_type, bytes, &mut shell.vlans)?;
    match ether_type {
        0x0800 | 0x86dd => Ok(Step::ip(bytes)),
        0x0806 => Ok(Step::Reached(Body::Arp(bytes))),
        // The length is of what follows; behind it is padding.
        0..FIRST_ETHER_TYPE => Ok(Step::Llc(bytes.get(..usize::from(ether_type)).unwrap_or(bytes))),
        // Transparent Ethernet bridging: GRE and GENEVE announce Ethernet by it.
        0x6558 => Ok(Step::Ethernet(bytes)),
        0x8847 | 0x8848 => mpls::inside(bytes, shell),
        0x8864 => ppp::over_ethernet(bytes, shell),
        0x88e7 => backbone(bytes, shell),
        // FabricPath: 48 bits of destination and of source switch, then the tag of which 0x8903 is
        // the type, with 10 bits of forwarding tag and 6 of time to live; then the frame.
        0x8903 => {
            let (tag, frame) = split::<2>(bytes)?;
            shell.unwrap_link(TunnelKind::FabricPath, u32::from(u16::from_be_bytes(tag) >> 6))?;
            Ok(Step::Ethernet(frame))
        }
        // VN-Tag: direction, pointer and the two virtual interfaces in 32 bits, then an EtherType.
        0x8926 => {
            let ([_, _, _, _, t0, t1], rest) = split::<6>(bytes)?;
            Ok(Step::EtherType(u16::from_be_bytes([t0, t1]), rest))
        }
        // E-TAG, IEEE 802.1BR-2012, 7.5: 48 bits, then an EtherType.
        0x893f => {
            let ([_, _, _, _, _, _, t0, t1], rest) = split::<8>(bytes)?;
            Ok(Step::EtherType(u16::from_be_bytes([t0, t1]), rest))
        }
        ether_type if DISCOVERY_ETHER_TYPES.contains(&ether_type) => {
            Ok(Step::Reached(Body::Discovery(ether_type, bytes)))
        }
        _ => Err(DecodeError::network(DecodeReason::Unsupported)),
    }
}

/// I-TAG: flags and priority in 8 bits, 24 bits of service identifier, then the customer's frame.
fn backbone<'a>(bytes: &'a [u8], shell: &mut Shell) -> Result<Step<'a>, DecodeError> {
    let ([_, i0, i1, i2], frame) = split::<4>(bytes)?;
    shell.unwrap_link(TunnelKind::Pbb, u32::from_be_bytes([0, i0, i1, i2]))?;
    Ok(Step::Ethernet(frame))
}
