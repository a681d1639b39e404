//! Frames of our own construction for the tests of this room.
//!
//! Comes in: a payload. Goes out: the headers around it, by their standards, and damaged copies.

use super::{Network, Packet, decode, shard_number};
use crate::net::{Frame, InterfaceId, LinkType, MacAddr, Timestamp};

/// The station that sends, and the one that receives.
pub(super) const SOURCE: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
pub(super) const DESTINATION: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);

/// What the datagram of [`datagram`] carries.
pub(super) const PAYLOAD: &[u8] = b"payload";

/// Damaged copies that each frame has to be survived in.
const MUTANTS: usize = 2_000;

pub(super) fn frame(link_type: LinkType, bytes: &[u8]) -> Frame<'_> {
    Frame {
        number: 1,
        timestamp: Timestamp::from_parts(1, 0),
        interface: InterfaceId(0),
        link_type,
        wire_len: u32::try_from(bytes.len()).unwrap(),
        stripped_tag: None,
        bytes,
    }
}

/// An IPv4 packet from 192.0.2.1 to 198.51.100.1, port 5000 to 53, with [`PAYLOAD`].
pub(super) fn datagram() -> Vec<u8> {
    ipv4([192, 0, 2, 1], [198, 51, 100, 1], 17, &udp(5000, 53, PAYLOAD))
}

/// The same from 2001:db8::1 to 2001:db8::2.
pub(super) fn datagram_v6() -> Vec<u8> {
    ipv6(0x2001_0db8 << 96 | 1, 0x2001_0db8 << 96 | 2, 17, &udp(5000, 53, PAYLOAD))
}

/// [`datagram`] in an Ethernet frame between the two stations.
pub(super) fn inner_frame() -> Vec<u8> {
    ethernet(0x0800, &datagram())
}

pub(super) fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&DESTINATION.0[..], &SOURCE.0, &ether_type.to_be_bytes(), payload].concat()
}

pub(super) fn ipv4(source: [u8; 4], to: [u8; 4], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut header = [&[0x45, 0], &length[..], &[0, 7, 0, 0, 64, protocol, 0, 0], &source, &to];
    let sum = |header: &[&[u8]]| -> u16 {
        let bytes = header.concat();
        let total: u32 =
            bytes.chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1])).sum();
        !u16::try_from((total & 0xffff) + (total >> 16)).unwrap()
    };
    let checksum = sum(&header).to_be_bytes();
    let fields = [0, 7, 0, 0, 64, protocol, checksum[0], checksum[1]];
    header[2] = &fields;
    [&header.concat(), payload].concat()
}

pub(super) fn ipv6(source: u128, to: u128, next: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let start = [0x60, 0, 0, 0, length[0], length[1], next, 64];
    [&start[..], &source.to_be_bytes(), &to.to_be_bytes(), payload].concat()
}

pub(super) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let header = [source, destination, length, 0].map(u16::to_be_bytes).concat();
    [&header, payload].concat()
}

/// A frame with an outer IPv4 packet from 203.0.113.1 to 203.0.113.2.
pub(super) fn carried_by(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &ipv4([203, 0, 113, 1], [203, 0, 113, 2], protocol, payload))
}

/// A frame with an outer UDP datagram from port 50000.
pub(super) fn carried_by_udp(port: u16, payload: &[u8]) -> Vec<u8> {
    carried_by(17, &udp(50_000, port, payload))
}

/// Asserts that the datagram inside was reached, and gives the packet.
pub(super) fn reached<'a>(name: &str, link_type: LinkType, bytes: &'a [u8]) -> Packet<'a> {
    let packet = decode(&frame(link_type, bytes)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let Network::Ip(ip) = packet.network else { panic!("{name} holds IP") };
    assert_eq!(ip.payload, PAYLOAD, "{name}");
    assert_eq!(packet.stopped, None, "{name}");
    packet
}

/// Decodes every prefix of `bytes`, and damaged copies: none may panic.
pub(super) fn survive(link_type: LinkType, bytes: &[u8]) {
    let read = |bytes: &[u8]| {
        let frame = frame(link_type, bytes);
        let _packet = decode(&frame);
        let _number = shard_number(&frame);
    };
    for cut in 0..bytes.len() {
        read(&bytes[..cut]);
    }
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut below = |bound: usize| {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap() % bound
    };
    for _ in 0..MUTANTS {
        let mut damaged = bytes.to_vec();
        for _ in 0..=below(5) {
            let at = below(damaged.len());
            match below(4) {
                0 => damaged[at] = u8::try_from(below(256)).unwrap(),
                1 => damaged[at] = [0, 1, 0x7f, 0x80, 0xff][below(5)],
                2 => damaged[at] ^= 1 << below(8),
                _ => damaged.truncate(at.max(1)),
            }
        }
        read(&damaged);
    }
}
