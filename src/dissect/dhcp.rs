//! Reads a DHCPv4 message.
//!
//! Comes in: the payload of a datagram. Goes out: a [`DhcpMessage`] (RFC 2131, 2; options of RFC 2132). Options in the
//! `sname` and `file` fields (option 52) are not read.

use std::net::Ipv4Addr;

use crate::net::{MacAddr, bounded};

use super::cursor::Cursor;
use super::{DhcpMessage, DissectReason};

/// The four bytes before the options, RFC 2131, 3.
const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Bytes of one option that are kept, also when it is spread over several (RFC 3396): guards against
/// a datagram full of parts of one.
const MAX_OPTION: usize = 255;

/// Reads a message.
///
/// # Errors
/// It is BOOTP without the cookie of DHCP (RFC 951), ends early, or has an option of a length that the standard forbids.
pub(crate) fn dissect(payload: &[u8]) -> Result<DhcpMessage, DissectReason> {
    let mut cursor = Cursor::new(payload);
    let [op, hardware, hardware_length, _hops] = cursor.array()?;
    let transaction = cursor.u32()?;
    let _seconds_and_flags = cursor.u32()?;
    let client_ip = address(cursor.array()?);
    let assigned_ip = address(cursor.array()?);
    let _next_server_and_relay: [u8; 8] = cursor.array()?;
    let [a, b, c, d, e, f, _padding @ ..]: [u8; 16] = cursor.array()?;
    let _sname_and_file = cursor.take(64 + 128)?;
    if !matches!(op, 1 | 2) || cursor.array()? != MAGIC_COOKIE {
        return Err(DissectReason::Malformed);
    }

    let mut message = DhcpMessage {
        from_client: op == 1,
        transaction,
        client_ip,
        assigned_ip,
        ..DhcpMessage::default()
    };
    if (hardware, hardware_length) == (1, 6) {
        message.client_mac = MacAddr([a, b, c, d, e, f]);
    }
    read_options(&mut cursor, &mut message)?;
    Ok(message)
}

/// Walks the options to their end mark or to the end of the payload. Of repeated numbers the first counts;
/// repeated lists and texts are joined (RFC 3396, 7).
fn read_options(cursor: &mut Cursor<'_>, message: &mut DhcpMessage) -> Result<(), DissectReason> {
    let (mut hostname, mut vendor_class) = (Vec::new(), Vec::new());
    while !cursor.is_empty() {
        let code = match cursor.u8()? {
            0 => continue,
            255 => break,
            code => code,
        };
        let value = cursor.vector8()?;
        match code {
            12 => append(&mut hostname, value),
            50 if message.requested_ip.is_none() => message.requested_ip = address(fixed(value)?),
            51 if message.lease_time.is_none() => {
                message.lease_time = Some(u32::from_be_bytes(fixed(value)?));
            }
            53 if message.message_type.is_none() => {
                let [message_type] = fixed(value)?;
                message.message_type = Some(message_type);
            }
            55 => append(&mut message.params, value),
            60 => append(&mut vendor_class, value),
            _ => {}
        }
    }
    message.hostname = text(hostname);
    message.vendor_class = text(vendor_class);
    Ok(())
}

/// An address that is not 0.0.0.0.
fn address(octets: [u8; 4]) -> Option<Ipv4Addr> {
    let address = Ipv4Addr::from(octets);
    (!address.is_unspecified()).then_some(address)
}

/// A value of one length only.
fn fixed<const N: usize>(value: &[u8]) -> Result<[u8; N], DissectReason> {
    value.try_into().map_err(|_| DissectReason::Malformed)
}

/// Joins parts up to [`MAX_OPTION`] bytes.
fn append(kept: &mut Vec<u8>, part: &[u8]) {
    let room = MAX_OPTION.saturating_sub(kept.len());
    kept.extend_from_slice(part.get(..room).unwrap_or(part));
}

/// Text without the zero bytes that some senders put behind it (RFC 2132, 2); none if it is empty.
fn text(mut bytes: Vec<u8>) -> Option<String> {
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    if bytes.is_empty() {
        return None;
    }
    Some(String::from_utf8(bytes).unwrap_or_else(|broken| bounded(broken.as_bytes(), MAX_OPTION)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    const REQUEST: &[u8] = b"\x35\x01\x03\0\0\x32\x04\xc0\0\x02\x40\x0c\x06camera\x3c\x05udhcp\
        \x37\x03\x01\x03\x06\x33\x04\0\0\x0e\x10\xff";

    #[test]
    fn a_request_gives_the_client_and_its_options() {
        let expected = DhcpMessage {
            from_client: true,
            transaction: 0x0102_0304,
            message_type: Some(3),
            client_mac: MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]),
            client_ip: Some(Ipv4Addr::new(192, 0, 2, 64)),
            assigned_ip: None,
            requested_ip: Some(Ipv4Addr::new(192, 0, 2, 64)),
            hostname: Some("camera".into()),
            vendor_class: Some("udhcp".into()),
            params: vec![1, 3, 6],
            lease_time: Some(3600),
        };

        assert_eq!(dissect(&message(REQUEST)), Ok(expected));
    }

    #[test]
    fn nothing_is_read_behind_the_end_mark_and_a_missing_one_is_no_error() {
        let mut bytes = message(b"\xff\x0c\x03cam");
        assert_eq!(dissect(&bytes).unwrap().hostname, None);

        bytes = message(b"\x0c\x03cam");
        assert_eq!(dissect(&bytes).unwrap().hostname.as_deref(), Some("cam"));
    }

    #[test]
    fn parts_of_one_option_are_joined_within_the_bound() {
        let split = message(b"\x0c\x03cam\x35\x01\x01\x0c\x03era\x37\x01\x01\x37\x01\x03");
        let read = dissect(&split).unwrap();
        assert_eq!((read.hostname.as_deref(), read.params), (Some("camera"), vec![1, 3]));

        let long = dissect(&message(&[&[12, 200][..], &[0xff; 200]].concat().repeat(9))).unwrap();
        assert!(long.hostname.is_some_and(|name| name.len() <= MAX_OPTION));
        let list = dissect(&message(&[&[55, 200][..], &[7; 200]].concat().repeat(9))).unwrap();
        assert_eq!(list.params.len(), MAX_OPTION);
    }

    #[test]
    fn zero_bytes_behind_a_text_are_no_part_of_it() {
        let read = dissect(&message(b"\x0c\x05cam\0\0\x3c\x01\0\xff")).unwrap();

        assert_eq!((read.hostname.as_deref(), read.vendor_class), (Some("cam"), None));
    }

    #[test]
    fn only_an_ethernet_address_is_a_client_mac() {
        let mut bytes = message(REQUEST);
        bytes[1] = 6;

        assert_eq!(dissect(&bytes).unwrap().client_mac, MacAddr::ZERO);
    }

    #[test]
    fn other_payloads_are_malformed_and_cut_ones_truncated() {
        let bytes = message(REQUEST);
        let (mut other_op, mut no_cookie) = (bytes.clone(), bytes.clone());
        other_op[0] = 3;
        no_cookie[236] = 0;

        assert_eq!(dissect(&other_op), Err(DissectReason::Malformed));
        assert_eq!(dissect(&no_cookie), Err(DissectReason::Malformed));
        assert_eq!(dissect(&bytes[..239]), Err(DissectReason::Truncated));
        assert_eq!(dissect(&bytes[..bytes.len() - 3]), Err(DissectReason::Truncated));
    }

    #[test]
    fn an_option_of_forbidden_length_is_malformed() {
        for options in [&b"\x35\x02\x01\x01"[..], b"\x32\x03\xc0\0\x02", b"\x33\0", b"\x35\0"] {
            assert_eq!(dissect(&message(options)), Err(DissectReason::Malformed), "{options:?}");
        }
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(&message(REQUEST), |bytes| {
            let Ok(message) = dissect(bytes) else { return };
            assert!(message.params.len() <= MAX_OPTION);
            assert!(message.hostname.is_none_or(|text| text.len() <= MAX_OPTION));
            assert!(message.vendor_class.is_none_or(|text| text.len() <= MAX_OPTION));
        });
    }

    fn message(options: &[u8]) -> Vec<u8> {
        let mut bytes = vec![1, 1, 6, 0, 1, 2, 3, 4, 0, 0, 0, 0, 192, 0, 2, 64];
        bytes.resize(28, 0);
        bytes.extend_from_slice(&[0x44, 0xa6, 0x42, 1, 2, 3]);
        bytes.resize(236, 0);
        bytes.extend_from_slice(&MAGIC_COOKIE);
        bytes.extend_from_slice(options);
        bytes
    }
}
