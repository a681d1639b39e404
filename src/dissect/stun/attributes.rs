//! Reads the attributes of a STUN message (RFC 8489, 14; RFC 8656, 18; RFC 5780, 7.4).
//!
//! Comes in: the bytes behind the header. Goes out: fields of a [`StunMessage`]. USERNAME, NONCE, MESSAGE-INTEGRITY and data
//! are passed over; an attribute that is not known is passed over too.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::message::StunMessage;
use crate::dissect::{DissectReason, cursor::Cursor};
use crate::net::bounded;

/// Attributes that are read of one message; guards against messages of empty attributes. Real ones have about ten.
const MAX_ATTRIBUTES: usize = 64;
/// Bytes of SOFTWARE and REALM that are kept; RFC 8489 allows fewer than 128 characters.
pub(super) const MAX_TEXT: usize = 128;

/// The bytes behind the header that hide an address: the magic cookie and the transaction id (RFC 8489, 14.2).
pub(super) type Mask = [u8; 16];

/// The magic cookie, RFC 8489, 5.
pub(super) const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// Reads attribute after attribute. `mask` is what addresses are hidden with.
///
/// # Errors
/// An attribute is longer than what is left, or an address or error code contradicts its length.
pub(super) fn read(
    message: &mut StunMessage,
    body: &[u8],
    mask: &Mask,
) -> Result<(), DissectReason> {
    let mut cursor = Cursor::new(body);
    for _ in 0..MAX_ATTRIBUTES {
        if cursor.is_empty() {
            return Ok(());
        }
        let kind = cursor.u16().map_err(|_| DissectReason::Malformed)?;
        let value = cursor.vector16().map_err(|_| DissectReason::Malformed)?;
        let padding = value.len().wrapping_neg() % 4;
        // Classic messages may end without padding.
        if cursor.take(padding).is_err() {
            cursor.rest();
        }
        read_one(message, kind, value, mask)?;
    }
    Ok(())
}

/// Reads one attribute; of several of a kind the first counts (RFC 8489, 14).
fn read_one(
    message: &mut StunMessage,
    kind: u16,
    value: &[u8],
    mask: &Mask,
) -> Result<(), DissectReason> {
    const PLAIN: Mask = [0; 16];
    match kind {
        // XOR-MAPPED-ADDRESS goes before MAPPED-ADDRESS, which gateways rewrite; 0x8020 is its number in drafts of RFC 5389.
        0x0020 | 0x8020 => message.mapped = Some(address(value, mask)?),
        0x0001 => {
            let plain = address(value, &PLAIN)?;
            message.mapped.get_or_insert(plain);
        }
        0x0016 if !message.classic => {
            let relayed = address(value, mask)?;
            message.relayed.get_or_insert(relayed);
        }
        0x0012 if !message.classic => {
            let peer = address(value, mask)?;
            message.peer.get_or_insert(peer);
        }
        0x802c | 0x0005 => {
            let other = address(value, &PLAIN)?;
            message.other.get_or_insert(other);
        }
        0x0006 => message.has_username = true,
        0x0009 => message.error_code = message.error_code.or(Some(error_code(value)?)),
        0x0014 => keep_text(&mut message.realm, value),
        0x8022 => keep_text(&mut message.software, value),
        _ => {}
    }
    Ok(())
}

/// Reads an address, RFC 8489, 14.1 and 14.2; with a mask of zeros it is a plain one.
pub(super) fn address(value: &[u8], mask: &Mask) -> Result<SocketAddr, DissectReason> {
    let read = || {
        let mut cursor = Cursor::new(value);
        let _zero = cursor.u8()?;
        let family = cursor.u8()?;
        let [high, low, ..] = *mask;
        let port = cursor.u16()? ^ u16::from_be_bytes([high, low]);
        let ip = match family {
            1 => IpAddr::V4(Ipv4Addr::from(unmasked(cursor.array::<4>()?, mask))),
            2 => IpAddr::V6(Ipv6Addr::from(unmasked(cursor.array::<16>()?, mask))),
            _ => return Err(DissectReason::Malformed),
        };
        Ok(SocketAddr::new(ip, port))
    };
    read().map_err(|_| DissectReason::Malformed)
}

/// Takes the mask off.
fn unmasked<const N: usize>(mut bytes: [u8; N], mask: &Mask) -> [u8; N] {
    bytes.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    bytes
}

/// Reads an error code, RFC 8489, 14.8: hundreds in three bits, the rest in a byte.
fn error_code(value: &[u8]) -> Result<u16, DissectReason> {
    let [_, _, class, number, ..] = *value else { return Err(DissectReason::Malformed) };
    Ok(u16::from(class & 7) * 100 + u16::from(number))
}

/// Keeps the first text; some senders fill it up with zero bytes.
fn keep_text(kept: &mut Option<String>, value: &[u8]) {
    let end = value.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let text = value.get(..end).unwrap_or(value);
    if !text.is_empty() {
        kept.get_or_insert_with(|| bounded(text, MAX_TEXT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_address_is_the_one_of_the_standard() {
        // RFC 5769, 2.2 and 2.3: test vectors.
        let id = *b"\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae";
        let mut mask = [0; 16];
        mask[..4].copy_from_slice(&MAGIC_COOKIE);
        mask[4..].copy_from_slice(&id);

        let v4 = address(b"\0\x01\xa1\x47\xe1\x12\xa6\x43", &mask);
        assert_eq!(v4, Ok("192.0.2.1:32853".parse().unwrap()));
        let v6 = address(
            b"\0\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9",
            &mask,
        );
        let expected = "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap();
        assert_eq!(v6, Ok(expected));
    }

    #[test]
    fn an_address_of_another_family_or_length_is_malformed() {
        for value in
            [&b"\0\x03\0\x01\x01\x02\x03\x04"[..], b"\0\x02\0\x01\x01\x02\x03\x04", b"", b"\0"]
        {
            assert_eq!(address(value, &[0; 16]), Err(DissectReason::Malformed), "{value:?}");
        }
    }

    #[test]
    fn an_error_code_has_hundreds_and_the_rest() {
        assert_eq!(error_code(b"\0\0\x04\x26Role Conflict"), Ok(438));
        assert_eq!(error_code(b"\0\0\x04"), Err(DissectReason::Malformed));
    }
}
