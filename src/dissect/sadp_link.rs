//! Reads a message of SADP in its native form, straight over Ethernet.
//!
//! Comes in: the payload of a frame with EtherType 0x8033. Goes out: a [`SadpMessage`]. There is no public standard and no
//! public capture: the layout is that of one published parser (`MatrixEditor/hiktools`, `lua/sadp.lua`; confidence C).

use std::net::{IpAddr, Ipv4Addr};

use crate::net::MacAddr;

use super::cursor::Cursor;
use super::{DissectReason, SadpKind, SadpMessage};

/// The EtherType of the native form.
pub(crate) const ETHER_TYPE: u16 = 0x8033;

/// The first byte of every message.
const MARKER: u8 = 0x21;
/// The two bytes at offset 8 of every message.
const SECOND_MARKER: [u8; 2] = [6, 4];
/// Byte 1 of an answer, and of a request.
const RESPONSE: u8 = 1;
const REQUEST: u8 = 2;
/// Query types that ask or announce, and change nothing: a device is online, inquiry.
const ONLINE: u8 = 2;
const INQUIRY: u8 = 3;

/// Reads a frame's payload. `Ok(None)`: it does not begin with the marker, so another protocol uses the EtherType.
///
/// Of an answer it keeps "current MAC" (offset 14) and "current IP" (offset 20), which the source gives as the
/// sender's, and the subnet mask (offset 34); of a request it keeps none, because the sender is then a tool. The destination
/// between them is the tool's. The fields behind offset 38 are not described well enough to be read.
///
/// # Errors
/// The payload ends before the query type, or contradicts the layout.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<SadpMessage>, DissectReason> {
    if payload.first().is_some_and(|&first| first != MARKER) {
        return Ok(None);
    }
    let mut cursor = Cursor::new(payload);
    let [_marker, direction] = cursor.array()?;
    let _origin_and_counter = cursor.take(6)?;
    let second_marker: [u8; 2] = cursor.array()?;
    let [query, _parameters] = cursor.array()?;
    if second_marker != SECOND_MARKER {
        return Err(DissectReason::Malformed);
    }
    let kind = match (direction, query) {
        (RESPONSE, _) => SadpKind::Reply,
        (REQUEST, ONLINE | INQUIRY) => SadpKind::Inquiry,
        (REQUEST, _) => SadpKind::Command,
        _ => return Err(DissectReason::Malformed),
    };
    let mut message = SadpMessage { kind, types: format!("{query:02x}"), ..SadpMessage::default() };
    if kind == SadpKind::Reply && cursor.take(2).is_ok() {
        message.mac = cursor.array().ok().map(MacAddr).filter(|mac| *mac != MacAddr::ZERO);
        let address = cursor.array::<4>().ok().map(Ipv4Addr::from);
        message.addresses =
            address.filter(|ip| !ip.is_unspecified()).map(IpAddr::V4).into_iter().collect();
        let _destination_mac_and_ip = cursor.take(10);
        message.subnet_mask = cursor.array::<4>().ok().map(Ipv4Addr::from).filter(is_mask);
    }
    Ok(Some(message))
}

/// Tells a subnet mask, ones before zeros (RFC 950, 2.1), from other fields; none at all says nothing.
fn is_mask(mask: &Ipv4Addr) -> bool {
    let bits = mask.to_bits();
    bits != 0 && bits.leading_ones() + bits.trailing_zeros() == u32::BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn an_answer_gives_the_device() {
        let message = dissect(&frame(1, 4)).unwrap().unwrap();

        assert_eq!((message.kind, message.types.as_str()), (SadpKind::Reply, "04"));
        assert_eq!(message.mac, Some(MacAddr([0x44, 0xa6, 0x42, 1, 2, 3])));
        assert_eq!(message.addresses, [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 64))]);
        assert_eq!(message.subnet_mask, Some(Ipv4Addr::new(255, 255, 255, 0)));
    }

    #[test]
    fn a_request_names_its_query_and_not_the_tool() {
        for (query, kind, types) in [
            (3, SadpKind::Inquiry, "03"),
            (6, SadpKind::Command, "06"),
            (0x0a, SadpKind::Command, "0a"),
        ] {
            let message = dissect(&frame(2, query)).unwrap().unwrap();
            assert_eq!((message.kind, message.types.as_str()), (kind, types));
            assert_eq!((message.mac, message.addresses), (None, vec![]));
            assert_eq!(message.subnet_mask, None);
        }
    }

    #[test]
    fn an_answer_without_addresses_is_still_one() {
        let message = dissect(&frame(1, 4)[..12]).unwrap().unwrap();
        assert_eq!((message.kind, message.mac), (SadpKind::Reply, None));
        let mut no_mask = frame(1, 4);
        no_mask[35] = 1;
        assert_eq!(dissect(&no_mask).unwrap().unwrap().subnet_mask, None);
        assert_eq!(dissect(&frame(1, 4)[..11]), Err(DissectReason::Truncated));
        assert_eq!(dissect(&[]), Err(DissectReason::Truncated));
    }

    #[test]
    fn another_first_byte_is_not_for_us_and_other_contradictions_are_malformed() {
        assert_eq!(dissect(&[0x45; 46]), Ok(None));
        assert_eq!(dissect(&frame(3, 3)), Err(DissectReason::Malformed));
        let mut no_marker = frame(1, 4);
        no_marker[8] = 0;
        assert_eq!(dissect(&no_marker), Err(DissectReason::Malformed));
    }

    #[test]
    fn damaged_frames_stay_within_the_bounds() {
        for_each_mutant(&frame(1, 4), |bytes| {
            let Ok(Some(message)) = dissect(bytes) else { return };
            assert!(message.types.len() == 2 && message.addresses.len() <= 1);
        });
    }

    // Our own construction from the published layout.
    fn frame(direction: u8, query: u8) -> Vec<u8> {
        let mut bytes = vec![MARKER, direction, 1, 0x42, 0, 0, 0, 9, 6, 4, query, 0, 0, 0];
        bytes.extend_from_slice(&[0x44, 0xa6, 0x42, 1, 2, 3, 192, 0, 2, 64]);
        bytes.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        bytes.extend_from_slice(&[255, 255, 255, 0]);
        bytes.resize(46, 0);
        bytes
    }
}
