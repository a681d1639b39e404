//! Reads a DHCPv4 message.
//!
//! Comes in: the payload of a datagram. Goes out: a [`DhcpMessage`] (RFC 2131, 2; options of RFC 2132). Options of a
//! wrong length are passed over.

use std::net::Ipv4Addr;

use super::DhcpMessage;
use super::options::{MAX_OPTION, Options};
use crate::dissect::{DissectReason, cursor::Cursor, dns::uncompressed_name};
use crate::net::{MacAddr, bounded};

/// The four bytes before the options, RFC 2131, 3.
const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Addresses of one option that are kept; guards memory.
const MAX_ADDRESSES: usize = 8;
/// Flag E of the client FQDN option: the name is in the encoding of DNS (RFC 4702, 2.1).
const FQDN_ENCODED: u8 = 0x04;

/// Reads a message. One that is cut in its options behind the message type is read as far as it came.
///
/// # Errors
/// It is BOOTP without the cookie of DHCP (RFC 951), or ends before its message type.
pub(crate) fn dissect(payload: &[u8]) -> Result<DhcpMessage, DissectReason> {
    let mut cursor = Cursor::new(payload);
    let [op, hardware, hardware_length, _hops] = cursor.array()?;
    let transaction = cursor.u32()?;
    let _seconds_and_flags = cursor.u32()?;
    let client_ip = address(cursor.array()?);
    let assigned_ip = address(cursor.array()?);
    let _next_server: [u8; 4] = cursor.array()?;
    let relay_ip = address(cursor.array()?);
    let [a, b, c, d, e, f, _padding @ ..]: [u8; 16] = cursor.array()?;
    let sname = cursor.take(64)?;
    let file = cursor.take(128)?;
    if !matches!(op, 1 | 2) || cursor.array()? != MAGIC_COOKIE {
        return Err(DissectReason::Malformed);
    }

    let mut message = DhcpMessage {
        from_client: op == 1,
        transaction,
        client_ip,
        assigned_ip,
        relay_ip,
        ..DhcpMessage::default()
    };
    if (hardware, hardware_length) == (1, 6) {
        message.client_mac = MacAddr([a, b, c, d, e, f]);
    }
    let mut options = Options::default();
    let walked = options.gather(cursor.rest(), file, sname);
    read_options(&options, &mut message);
    match walked {
        Err(reason) if message.message_type.is_none() => Err(reason),
        Ok(()) | Err(_) => Ok(message),
    }
}

/// Reads the options that are kept.
fn read_options(options: &Options, message: &mut DhcpMessage) {
    message.message_type = options.fixed(53).map(|[message_type]| message_type);
    message.requested_ip = options.fixed(50).and_then(address);
    message.server_id = options.fixed(54).and_then(address);
    message.subnet_mask = options.fixed(1).map(Ipv4Addr::from);
    message.lease_time = options.fixed(51).map(u32::from_be_bytes);
    message.routers = addresses(options.get(3));
    message.dns_servers = addresses(options.get(6));
    message.ntp_servers = addresses(options.get(42));
    message.hostname = options.get(12).and_then(text);
    message.vendor_class = options.get(60).and_then(text);
    message.client_fqdn = options.get(81).and_then(client_fqdn);
    message.client_id = options.get(61).unwrap_or_default().to_vec();
    message.params = options.get(55).unwrap_or_default().to_vec();
}

/// An address that is not 0.0.0.0.
fn address(octets: [u8; 4]) -> Option<Ipv4Addr> {
    let address = Ipv4Addr::from(octets);
    (!address.is_unspecified()).then_some(address)
}

/// A list of addresses.
fn addresses(value: Option<&[u8]>) -> Vec<Ipv4Addr> {
    let (list, _cut) = value.unwrap_or_default().as_chunks::<4>();
    list.iter().take(MAX_ADDRESSES).copied().map(Ipv4Addr::from).collect()
}

/// The name of the client FQDN option, RFC 4702, 2: flags, two response codes, then the name.
fn client_fqdn(value: &[u8]) -> Option<String> {
    let ([flags, _, _], name) = value.split_first_chunk::<3>()?;
    if flags & FQDN_ENCODED == 0 {
        return text(name);
    }
    let name = uncompressed_name(name);
    (!name.is_empty()).then_some(name)
}

/// Text without the zero bytes that some senders put behind it (RFC 2132, 2); none if it is empty.
fn text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().rposition(|&byte| byte != 0)?;
    bytes.get(..=end).map(|bytes| bounded(bytes, MAX_OPTION))
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
            requested_ip: Some(Ipv4Addr::new(192, 0, 2, 64)),
            hostname: Some("camera".into()),
            vendor_class: Some("udhcp".into()),
            params: vec![1, 3, 6],
            lease_time: Some(3600),
            ..DhcpMessage::default()
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
        assert_eq!(dissect(&bytes[..242]), Err(DissectReason::Truncated));
    }

    #[test]
    fn a_message_cut_behind_its_type_keeps_what_stands_before_the_cut() {
        let bytes = message(REQUEST);
        let read = dissect(&bytes[..bytes.len() - 3]).unwrap();

        assert_eq!((read.hostname.as_deref(), read.lease_time), (Some("camera"), None));
    }

    #[test]
    fn a_reply_gives_the_network() {
        let read = dissect(&message(
            b"\x35\x01\x05\x36\x04\xc0\0\x02\x01\x01\x04\xff\xff\xff\0\x03\x04\xc0\0\x02\x01\
            \x06\x08\xc0\0\x02\x01\xc6\x33\x64\x01\x2a\x05\xc6\x33\x64\x02\x09\xff",
        ))
        .unwrap();

        let gateway = Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!((read.server_id, &*read.routers), (Some(gateway), &[gateway][..]));
        assert_eq!(read.subnet_mask, Some(Ipv4Addr::new(255, 255, 255, 0)));
        assert_eq!(read.dns_servers, [gateway, Ipv4Addr::new(198, 51, 100, 1)]);
        assert_eq!(read.ntp_servers, [Ipv4Addr::new(198, 51, 100, 2)]);
    }

    #[test]
    fn the_clients_full_name_is_read_in_both_encodings() {
        let encoded = message(b"\x51\x0f\x04\0\0\x03cam\x07example");
        let ascii = message(b"\x51\x0e\0\xff\xffcam.example");

        for bytes in [encoded, ascii] {
            assert_eq!(dissect(&bytes).unwrap().client_fqdn.as_deref(), Some("cam.example"));
        }
    }

    #[test]
    fn the_client_identifier_is_kept_with_its_type() {
        let read = dissect(&message(b"\x3d\x07\x01\x44\xa6\x42\x01\x02\x03\xff")).unwrap();

        assert_eq!(read.client_id, [1, 0x44, 0xa6, 0x42, 1, 2, 3]);
    }

    #[test]
    fn an_option_of_forbidden_length_is_passed_over() {
        for options in [&b"\x35\x02\x01\x01"[..], b"\x32\x03\xc0\0\x02", b"\x33\0", b"\x35\0"] {
            let read = dissect(&message(&[options, b"\x0c\x03cam"].concat())).unwrap();
            assert_eq!(read.hostname.as_deref(), Some("cam"), "{options:?}");
            assert_eq!((read.message_type, read.requested_ip, read.lease_time), (None, None, None));
        }
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(&message(REQUEST), |bytes| {
            let Ok(message) = dissect(bytes) else { return };
            assert!(message.client_id.len() <= MAX_OPTION);
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
