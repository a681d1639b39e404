//! Tells classic STUN (RFC 3489) from other datagrams. It has no magic cookie, so all of it is checked.
//!
//! Comes in: a datagram. Goes out: a [`Probe`]. It reads no values.

use crate::dissect::{cursor::Cursor, verdict::Probe};

/// Bytes of the header.
const HEADER: usize = 20;
/// The longest message that is believed.
const MAX_LENGTH: usize = 548;
/// The attributes that RFC 3489, 11.2 lets stand in a message with a length that is fixed: MAPPED-ADDRESS,
/// RESPONSE-ADDRESS, SOURCE-ADDRESS, CHANGED-ADDRESS, REFLECTED-FROM are addresses, CHANGE-REQUEST is a word.
const ADDRESSES: [u16; 5] = [0x0001, 0x0002, 0x0004, 0x0005, 0x000b];
const CHANGE_REQUEST: u16 = 0x0003;

/// Certain: a Binding message with at least one attribute whose content RFC 3489 fixes, and attributes that fill it to
/// the byte. Unsure: a Binding Request without attributes, 20 bytes, of which 16 may hold anything.
pub(super) fn probe(payload: &[u8]) -> Probe {
    let mut cursor = Cursor::new(payload);
    let (Ok(kind), Ok(length)) = (cursor.u16(), cursor.u16()) else { return Probe::NotForUs };
    let length = usize::from(length);
    // 11.1: Binding Request, Response and Error Response, Shared Secret Request, Response and Error Response.
    let known = matches!(kind, 0x0001 | 0x0101 | 0x0111 | 0x0002 | 0x0102 | 0x0112);
    let fits = payload.len() == HEADER + length && length <= MAX_LENGTH && length.is_multiple_of(4);
    if !known || !fits {
        return Probe::NotForUs;
    }
    if length == 0 {
        return if kind == 0x0001 { Probe::Unsure } else { Probe::NotForUs };
    }
    let mut cursor = Cursor::at(payload, HEADER);
    let mut fixed = false;
    while !cursor.is_empty() {
        let (Ok(attribute), Ok(value)) = (cursor.u16(), cursor.vector16()) else {
            return Probe::NotForUs;
        };
        let sound = match attribute {
            CHANGE_REQUEST => matches!(value, [0, 0, 0, flags] if flags & !0x06 == 0),
            _ if ADDRESSES.contains(&attribute) => matches!(value, [_, 1, _, _, _, _, _, _]),
            0x0006..=0x000a => value.len().is_multiple_of(4),
            0x8000.. => value.len().is_multiple_of(4),
            _ => false,
        };
        if !sound {
            return Probe::NotForUs;
        }
        fixed |= attribute == CHANGE_REQUEST || ADDRESSES.contains(&attribute);
    }
    if fixed { Probe::Certain } else { Probe::Unsure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_of_the_standard_makes_it_certain() {
        let request = message(0x0001, b"\0\x03\0\x04\0\0\0\x06");
        let response = message(0x0101, b"\0\x01\0\x08\0\x01\x0d\x96\xc0\0\x02\x01");
        assert_eq!((probe(&request), probe(&response)), (Probe::Certain, Probe::Certain));
    }

    #[test]
    fn an_empty_request_is_unsure_and_an_empty_answer_is_none() {
        assert_eq!(probe(&message(0x0001, b"")), Probe::Unsure);
        assert_eq!(probe(&message(0x0101, b"")), Probe::NotForUs);
    }

    #[test]
    fn whatever_contradicts_the_standard_is_not_for_us() {
        let request = message(0x0001, b"\0\x03\0\x04\0\0\0\x06");
        let mut longer = request.clone();
        longer.push(0);
        for other in [
            &longer[..],
            &message(0x0003, b"\0\x03\0\x04\0\0\0\x06"),
            &message(0x0001, b"\0\x03\0\x04\0\0\0\x07"),
            &message(0x0001, b"\0\x0c\0\x04\0\0\0\x06"),
            &message(0x0001, b"\0\x03\0\x08\0\0\0\x06"),
            b"\0\x01",
        ] {
            assert_eq!(probe(other), Probe::NotForUs, "{other:?}");
        }
    }

    // Our own construction from RFC 3489, 11.
    fn message(kind: u16, attributes: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_be_bytes().to_vec();
        bytes.extend_from_slice(&u16::try_from(attributes.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&[0xab; 16]);
        bytes.extend_from_slice(attributes);
        bytes
    }
}
