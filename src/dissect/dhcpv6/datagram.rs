//! Reads a DHCPv6 message.
//!
//! Comes in: the payload of a datagram. Goes out: a [`Dhcpv6Message`] (RFC 8415; options of RFC 3646, 4704 and 6939).
//! Relayed messages are unwrapped; authentication is not checked.

use std::net::Ipv6Addr;

use super::{Dhcpv6Message, Dhcpv6Prefix, Dhcpv6VendorClass};
use crate::dissect::{DissectReason, cursor::Cursor, dns::uncompressed_name};
use crate::net::{MacAddr, bounded};

/// RELAY-FORW and RELAY-REPL, RFC 8415, 7.3.
const RELAY_TYPES: [u8; 2] = [12, 13];
/// The highest message type (IANA "DHCPv6 Message Types").
const MAX_TYPE: u8 = 36;
/// Relays that are unwrapped: HOP_COUNT_LIMIT of RFC 8415, 7.6.
const MAX_RELAYS: u8 = 8;
/// Bytes of a DUID: 128 behind its type, RFC 8415, 11.1.
const MAX_DUID: usize = 130;
/// Addresses, prefixes or servers that are kept; guards memory.
const MAX_ADDRESSES: usize = 16;
/// Requested options that are kept; guards memory.
const MAX_REQUESTED: usize = 64;
/// Bytes of a vendor class that are kept; guards memory.
const MAX_CLASS: usize = 255;

/// Reads a message. `Ok(None)`: a type that is not registered. One that is cut in its options is read as far as it came.
///
/// # Errors
/// It ends in a header, or a relay passes on nothing.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<Dhcpv6Message>, DissectReason> {
    let mut message = Dhcpv6Message::default();
    let mut inner = payload;
    while let Some((relay, rest)) = inner.split_first()
        && RELAY_TYPES.contains(relay)
    {
        if message.relays == MAX_RELAYS {
            return Err(DissectReason::TooLarge);
        }
        message.relays += 1;
        inner = read_relay(rest, &mut message)?;
    }
    let mut cursor = Cursor::new(inner);
    let [message_type, a, b, c] = cursor.array()?;
    if !(1..=MAX_TYPE).contains(&message_type) {
        return Ok(None);
    }
    message.message_type = message_type;
    message.transaction = u32::from_be_bytes([0, a, b, c]);
    while let (Ok(code), Ok(value)) = (cursor.u16(), cursor.vector16()) {
        read_option(code, value, &mut message);
    }
    Ok(Some(message))
}

/// Reads what a relay adds behind its type (RFC 8415, 9); gives the message that it relays.
fn read_relay<'a>(rest: &'a [u8], message: &mut Dhcpv6Message) -> Result<&'a [u8], DissectReason> {
    let mut cursor = Cursor::new(rest);
    let _hops = cursor.u8()?;
    let _link: [u8; 16] = cursor.array()?;
    message.relay_peer = Some(Ipv6Addr::from(cursor.array::<16>()?));
    let mut relayed = None;
    while let (Ok(code), Ok(value)) = (cursor.u16(), cursor.vector16()) {
        match (code, value) {
            (9, _) => relayed = Some(value),
            // Of hardware type Ethernet (IANA "ARP Parameters").
            (79, &[0, 1, a, b, c, d, e, f]) => {
                message.relayed_mac = Some(MacAddr([a, b, c, d, e, f]));
            }
            _ => {}
        }
    }
    relayed.ok_or(DissectReason::Truncated)
}

/// Reads an option (IANA "DHCPv6 Option Codes"); one of a wrong length is passed over.
fn read_option(code: u16, value: &[u8], message: &mut Dhcpv6Message) {
    match code {
        1 => message.client_duid = value.get(..MAX_DUID).unwrap_or(value).to_vec(),
        2 => message.server_duid = value.get(..MAX_DUID).unwrap_or(value).to_vec(),
        // IAID, T1 and T2 stand before the options of IA_NA and IA_PD, an IAID before those of IA_TA.
        3 | 25 => read_association(value.get(12..), message),
        4 => read_association(value.get(4..), message),
        6 => {
            let (codes, _cut) = value.as_chunks::<2>();
            let room = MAX_REQUESTED.saturating_sub(message.requested_options.len());
            let codes = codes.iter().take(room).copied().map(u16::from_be_bytes);
            message.requested_options.extend(codes);
        }
        16 => message.vendor_class = read_vendor_class(value),
        17 => {
            message.vendor_options_enterprise =
                value.first_chunk().copied().map(u32::from_be_bytes);
        }
        23 => {
            let (servers, _cut) = value.as_chunks::<16>();
            let room = MAX_ADDRESSES.saturating_sub(message.dns_servers.len());
            message.dns_servers.extend(servers.iter().take(room).copied().map(Ipv6Addr::from));
        }
        39 => {
            let name = value.get(1..).map(uncompressed_name);
            message.client_fqdn = name.filter(|name| !name.is_empty());
        }
        _ => {}
    }
}

/// Reads the addresses and prefixes of an identity association, RFC 8415, 21.6 and 21.22.
fn read_association(options: Option<&[u8]>, message: &mut Dhcpv6Message) {
    let mut cursor = Cursor::new(options.unwrap_or_default());
    while let (Ok(code), Ok(value)) = (cursor.u16(), cursor.vector16()) {
        match code {
            5 if message.addresses.len() < MAX_ADDRESSES => {
                message.addresses.extend(value.first_chunk::<16>().copied().map(Ipv6Addr::from));
            }
            26 if message.prefixes.len() < MAX_ADDRESSES => {
                let mut fields = Cursor::new(value);
                let _lifetimes = fields.array::<8>();
                if let (Ok(length @ 0..=128), Ok(prefix)) = (fields.u8(), fields.array::<16>()) {
                    message.prefixes.push(Dhcpv6Prefix { prefix: prefix.into(), length });
                }
            }
            _ => {}
        }
    }
}

/// Reads a vendor class: the enterprise number, then texts with their lengths.
fn read_vendor_class(value: &[u8]) -> Option<Dhcpv6VendorClass> {
    let mut cursor = Cursor::new(value);
    let enterprise = cursor.u32().ok()?;
    let class = bounded(cursor.vector16().unwrap_or_default(), MAX_CLASS);
    Some(Dhcpv6VendorClass { enterprise, class })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    const MAC: [u8; 6] = [0x44, 0xa6, 0x42, 1, 2, 3];

    #[test]
    fn a_solicit_gives_the_client_its_name_and_its_wishes() {
        let message = read(&solicit());

        assert_eq!((message.message_type, message.transaction), (1, 0x01_0203));
        assert_eq!(message.client_mac(), Some(MacAddr(MAC)));
        assert_eq!(message.client_fqdn.as_deref(), Some("cam"));
        let class = Dhcpv6VendorClass { enterprise: 39849, class: "camera".into() };
        assert_eq!(message.vendor_class, Some(class));
        assert_eq!(message.requested_options, [23, 24]);
        assert_eq!(message.addresses, ["2001:db8::7".parse::<Ipv6Addr>().unwrap()]);
    }

    #[test]
    fn a_delegated_prefix_and_the_name_servers_are_read() {
        let prefix = [&[0; 8][..], &[56], &address(0)].concat();
        let association = [&[0; 12][..], &option(26, &prefix)].concat();
        let reply =
            [&[7, 0, 0, 1][..], &option(25, &association), &option(23, &address(9))].concat();
        let message = read(&reply);

        let prefix = "2001:db8::".parse().unwrap();
        assert_eq!(message.prefixes, [Dhcpv6Prefix { prefix, length: 56 }]);
        assert_eq!(message.dns_servers, ["2001:db8::9".parse::<Ipv6Addr>().unwrap()]);
    }

    #[test]
    fn relays_are_unwrapped_within_their_limit() {
        let mut bytes = solicit();
        for hop in 0..MAX_RELAYS {
            bytes = relay(&bytes);
            let message = read(&bytes);
            assert_eq!((message.message_type, message.relays), (1, hop + 1));
            assert_eq!(message.relay_peer, Some("2001:db8::5".parse().unwrap()));
        }
        assert_eq!(dissect(&relay(&bytes)), Err(DissectReason::TooLarge));
        assert_eq!(dissect(&relay(&[])[..34]), Err(DissectReason::Truncated));
    }

    #[test]
    fn the_address_that_a_relay_saw_comes_before_that_of_the_identifier() {
        let seen = [0, 1, 2, 0, 0, 0, 0, 9];
        let bytes = [relay(&solicit()), option(79, &seen)].concat();

        assert_eq!(read(&bytes).client_mac(), Some(MacAddr([2, 0, 0, 0, 0, 9])));
    }

    #[test]
    fn a_cut_message_keeps_what_stands_before_the_cut_and_other_types_are_not_for_us() {
        let bytes = solicit();
        let cut = read(&bytes[..bytes.len() - 1]);
        assert_eq!((cut.client_mac(), &*cut.addresses), (Some(MacAddr(MAC)), &[][..]));
        assert_eq!(dissect(&bytes[..3]), Err(DissectReason::Truncated));
        assert_eq!(dissect(&[200, 0, 0, 1]), Ok(None));
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(&relay(&solicit()), |bytes| {
            let Ok(Some(message)) = dissect(bytes) else { return };
            assert!(message.client_duid.len() <= MAX_DUID);
            assert!(message.addresses.len() <= MAX_ADDRESSES);
            assert!(message.requested_options.len() <= MAX_REQUESTED);
        });
    }

    fn solicit() -> Vec<u8> {
        let association = [&[0; 12][..], &option(5, &[&address(7)[..], &[0; 8]].concat())].concat();
        [
            &[1, 1, 2, 3][..],
            &option(1, &[&[0, 1, 0, 1, 9, 9, 9, 9][..], &MAC].concat()),
            &option(39, b"\0\x03cam"),
            &option(16, b"\0\0\x9b\xa9\0\x06camera"),
            &option(6, &[0, 23, 0, 24]),
            &option(3, &association),
        ]
        .concat()
    }

    fn relay(inner: &[u8]) -> Vec<u8> {
        [&[12, 0][..], &address(1), &address(5), &option(9, inner)].concat()
    }

    fn option(code: u8, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        [&[0, code][..], &length, value].concat()
    }

    fn address(last: u8) -> [u8; 16] {
        [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]
    }

    fn read(bytes: &[u8]) -> Dhcpv6Message {
        dissect(bytes).unwrap().unwrap()
    }
}
