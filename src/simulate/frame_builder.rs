//! Builds Ethernet frames, with every length and checksum right.
//!
//! Comes in: addresses, header fields and a payload. Goes out: the bytes of one frame, appended to
//! a buffer of the caller. It knows no application and keeps nothing. Ethernet II with an optional
//! 802.1Q tag, ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), UDP (RFC 768), TCP (RFC 9293), ICMP
//! echo (RFC 792), and Ethernet II with any other type.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};

use super::length_prefix::{len16, put_at, put_u16};
use crate::net::{IpProtocol, MacAddr, VlanTag};

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_IPV6: u16 = 0x86dd;
/// Octets of a datagram in one IPv4 fragment; a multiple of eight (RFC 791, 3.2).
const FRAGMENT: usize = 1480;
/// Shortest Ethernet frame without its check sequence (IEEE 802.3, 4.2.3.3); shorter ones are padded.
const SHORTEST_FRAME: usize = 60;

/// The link layer of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Sender.
    pub source: MacAddr,
    /// Receiver.
    pub destination: MacAddr,
    /// An 802.1Q tag, when the frame has one.
    pub vlan: Option<VlanTag>,
}

/// The fields of a TCP header that a conversation decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Sequence number of the first payload octet, or of SYN or FIN.
    pub sequence: u32,
    /// Next octet expected from the other side.
    pub acknowledgment: u32,
    /// Control bits, see the constants of [`Segment`].
    pub flags: u8,
    /// Receive window in octets.
    pub window: u16,
    /// Options, padded to a multiple of four octets, at most 40.
    pub options: &'a [u8],
    /// Payload.
    pub payload: &'a [u8],
}

impl Segment<'_> {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Refuse, or end at once.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment field counts.
    pub const ACK: u8 = 0x10;
}

/// What an ARP packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp {
    /// 1 is a request, 2 a reply.
    pub operation: u16,
    /// Hardware address of the sender.
    pub sender_mac: MacAddr,
    /// Protocol address of the sender.
    pub sender_ip: Ipv4Addr,
    /// Hardware address of the target; zero in a request.
    pub target_mac: MacAddr,
    /// Protocol address of the target.
    pub target_ip: Ipv4Addr,
}

/// Appends an ARP frame.
pub fn build_arp(out: &mut Vec<u8>, link: &Link, arp: &Arp) {
    let start = out.len();
    put_link(out, link, ETHERTYPE_ARP);
    put_u16(out, 1);
    put_u16(out, ETHERTYPE_IPV4);
    out.extend([6, 4]);
    put_u16(out, arp.operation);
    out.extend(arp.sender_mac.0);
    out.extend(arp.sender_ip.octets());
    out.extend(arp.target_mac.0);
    out.extend(arp.target_ip.octets());
    pad(out, start);
}

/// Appends a frame of another type, such as a vendor's own protocol straight over Ethernet.
pub fn build_ether(out: &mut Vec<u8>, link: &Link, ethertype: u16, payload: &[u8]) {
    let start = out.len();
    put_link(out, link, ethertype);
    out.extend(payload);
    pad(out, start);
}

/// Builds a UDP datagram over IPv4 as the fragments that an Ethernet carries, in order (RFC 791, 3.2). What
/// does not fit a datagram (65 507 octets) is cut off.
#[must_use]
pub fn build_udp_fragments(
    link: &Link,
    source: SocketAddrV4,
    destination: SocketAddrV4,
    identification: u16,
    payload: &[u8],
) -> Vec<Vec<u8>> {
    let payload = payload.get(..65_507).unwrap_or(payload);
    let mut whole = Vec::with_capacity(payload.len() + 64);
    let (from, to) = (SocketAddr::V4(source), SocketAddr::V4(destination));
    build_udp(&mut whole, link, from, to, identification, payload);
    let head = if link.vlan.is_some() { 18 } else { 14 };
    let datagram = whole.get(head + 20..head + 28 + payload.len()).unwrap_or_default();
    let (source, destination) = (*source.ip(), *destination.ip());
    let mut fragments = Vec::new();
    let mut parts = datagram.chunks(FRAGMENT).enumerate().peekable();
    while let Some((index, part)) = parts.next() {
        let more = if parts.peek().is_some() { 0x2000 } else { 0 };
        let mut frame = Vec::with_capacity(part.len() + 64);
        put_link(&mut frame, link, ETHERTYPE_IPV4);
        let at = frame.len();
        put_ipv4(&mut frame, source, destination, IpProtocol::UDP, identification, part.len());
        put_at(&mut frame, at + 6, more | len16(index * FRAGMENT / 8));
        put_at(&mut frame, at + 10, 0);
        let sum = fold(sum(frame.get(at..).unwrap_or_default()));
        put_at(&mut frame, at + 10, sum);
        frame.extend(part);
        pad(&mut frame, 0);
        fragments.push(frame);
    }
    fragments
}

/// Appends a UDP datagram from `source` to `destination`. Where one address is IPv4 and the other
/// IPv6, both are written as IPv6.
pub fn build_udp(
    out: &mut Vec<u8>,
    link: &Link,
    source: SocketAddr,
    destination: SocketAddr,
    identification: u16,
    payload: &[u8],
) {
    let start = out.len();
    let length = payload.len().saturating_add(8);
    let pseudo =
        put_ip(out, link, source.ip(), destination.ip(), IpProtocol::UDP, identification, length);
    let at = out.len();
    put_u16(out, source.port());
    put_u16(out, destination.port());
    put_u16(out, len16(length));
    put_u16(out, 0);
    out.extend(payload);
    let sum = fold(pseudo + sum(out.get(at..).unwrap_or_default()));
    // Zero says "no checksum", so a sum of zero is sent as all ones (RFC 768).
    put_at(out, at + 6, if sum == 0 { 0xffff } else { sum });
    pad(out, start);
}

/// Appends a TCP segment from `source` to `destination`. Where one address is IPv4 and the other
/// IPv6, both are written as IPv6.
pub fn build_tcp(
    out: &mut Vec<u8>,
    link: &Link,
    source: SocketAddr,
    destination: SocketAddr,
    identification: u16,
    segment: &Segment<'_>,
) {
    let start = out.len();
    let header = segment.options.len().saturating_add(20);
    let length = header.saturating_add(segment.payload.len());
    let pseudo =
        put_ip(out, link, source.ip(), destination.ip(), IpProtocol::TCP, identification, length);
    let at = out.len();
    put_u16(out, source.port());
    put_u16(out, destination.port());
    out.extend(segment.sequence.to_be_bytes());
    out.extend(segment.acknowledgment.to_be_bytes());
    let words = u8::try_from(header / 4).unwrap_or(15).min(15);
    out.extend([words << 4, segment.flags]);
    put_u16(out, segment.window);
    out.extend([0; 4]);
    out.extend(segment.options);
    out.extend(segment.payload);
    let sum = fold(pseudo + sum(out.get(at..).unwrap_or_default()));
    put_at(out, at + 16, sum);
    pad(out, start);
}

/// Appends an ICMP echo request (`kind` 8) or reply (`kind` 0) over IPv4.
pub fn build_echo(
    out: &mut Vec<u8>,
    link: &Link,
    addresses: (Ipv4Addr, Ipv4Addr),
    kind: u8,
    identifier_and_sequence: (u16, u16),
    payload: &[u8],
) {
    let start = out.len();
    let (source, destination) = addresses;
    let (identifier, sequence) = identifier_and_sequence;
    let length = payload.len().saturating_add(8);
    put_ip(out, link, source.into(), destination.into(), IpProtocol::ICMP, sequence, length);
    let at = out.len();
    out.extend([kind, 0, 0, 0]);
    put_u16(out, identifier);
    put_u16(out, sequence);
    out.extend(payload);
    let sum = fold(sum(out.get(at..).unwrap_or_default()));
    put_at(out, at + 2, sum);
    pad(out, start);
}

fn put_link(out: &mut Vec<u8>, link: &Link, ethertype: u16) {
    out.extend(link.destination.0);
    out.extend(link.source.0);
    if let Some(tag) = link.vlan {
        put_u16(out, tag.tpid);
        put_u16(out, tag.tci);
    }
    put_u16(out, ethertype);
}

/// Appends link and network header for `length` octets of transport; gives the pseudo-header's sum.
fn put_ip(
    out: &mut Vec<u8>,
    link: &Link,
    source: IpAddr,
    destination: IpAddr,
    protocol: IpProtocol,
    identification: u16,
    length: usize,
) -> u32 {
    let numbers = u32::from(protocol.0) + u32::from(len16(length));
    if let (IpAddr::V4(source), IpAddr::V4(destination)) = (source, destination) {
        put_link(out, link, ETHERTYPE_IPV4);
        put_ipv4(out, source, destination, protocol, identification, length);
        return sum(&source.octets()) + sum(&destination.octets()) + numbers;
    }
    let (source, destination) = (as_ipv6(source), as_ipv6(destination));
    put_link(out, link, ETHERTYPE_IPV6);
    out.extend([0x60, 0, 0, 0]);
    put_u16(out, len16(length));
    out.extend([protocol.0, hop_limit(destination.is_multicast())]);
    out.extend(source.octets());
    out.extend(destination.octets());
    sum(&source.octets()) + sum(&destination.octets()) + numbers
}

fn put_ipv4(
    out: &mut Vec<u8>,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: IpProtocol,
    identification: u16,
    length: usize,
) {
    let at = out.len();
    out.extend([0x45, 0]);
    put_u16(out, len16(length.saturating_add(20)));
    put_u16(out, identification);
    put_u16(out, 0x4000);
    out.extend([hop_limit(destination.is_multicast()), protocol.0, 0, 0]);
    out.extend(source.octets());
    out.extend(destination.octets());
    let sum = fold(sum(out.get(at..).unwrap_or_default()));
    put_at(out, at + 10, sum);
}

const fn hop_limit(multicast: bool) -> u8 {
    if multicast { 1 } else { 64 }
}

const fn as_ipv6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

/// Sum of 16-bit words, an odd octet filled with zero (RFC 1071). No frame is long enough to overflow.
fn sum(bytes: &[u8]) -> u32 {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let whole: u32 = pairs.iter().map(|pair| u32::from(u16::from_be_bytes(*pair))).sum();
    whole + rest.first().map_or(0, |octet| u32::from(*octet) << 8)
}

/// One's complement of the folded sum.
const fn fold(sum: u32) -> u16 {
    let mut sum = sum;
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let [_, _, high, low] = sum.to_be_bytes();
    !u16::from_be_bytes([high, low])
}

fn pad(out: &mut Vec<u8>, start: usize) {
    let shortest = start.saturating_add(SHORTEST_FRAME);
    if out.len() < shortest {
        out.resize(shortest, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: Link = Link {
        source: MacAddr([2, 0, 0, 0, 0, 1]),
        destination: MacAddr([2, 0, 0, 0, 0, 2]),
        vlan: None,
    };

    #[test]
    fn the_checksum_example_of_rfc_1071_holds() {
        let example = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];

        assert_eq!(fold(sum(&example)), !0xddf2);
        assert_eq!(sum(&[0x12]), 0x1200);
    }

    #[test]
    fn a_receiver_sums_a_built_header_to_zero() {
        let mut frame = Vec::new();
        let from = "192.0.2.1:5000".parse().unwrap();
        let to = "198.51.100.7:53".parse().unwrap();

        build_udp(&mut frame, &LINK, from, to, 7, b"odd");

        assert_eq!(fold(sum(&frame[14..34])), 0);
        assert_eq!(frame.len(), SHORTEST_FRAME);
        assert_eq!(frame[16..18], 31u16.to_be_bytes());
    }

    #[test]
    fn fragments_carry_the_datagram_in_order_and_the_last_says_so() {
        let payload: Vec<u8> = (0..4_000u16).map(|number| number.to_be_bytes()[1]).collect();

        let fragments = build_udp_fragments(
            &LINK,
            "192.0.2.1:5000".parse().unwrap(),
            "198.51.100.7:53".parse().unwrap(),
            7,
            &payload,
        );

        let field = |frame: &Vec<u8>| u16::from_be_bytes([frame[20], frame[21]]);
        assert_eq!(fragments.iter().map(field).collect::<Vec<_>>(), [0x2000, 0x20b9, 0x0172]);
        assert!(fragments.iter().all(|frame| fold(sum(&frame[14..34])) == 0));
        let carried: Vec<u8> = fragments.iter().flat_map(|frame| frame[34..].to_vec()).collect();
        assert_eq!(carried[8..], payload);
    }

    #[test]
    fn a_tag_stands_between_addresses_and_ethertype() {
        let mut frame = Vec::new();
        let link = Link { vlan: Some(VlanTag { tpid: 0x8100, tci: 20 }), ..LINK };
        let from = "[2001:db8::1]:5000".parse().unwrap();
        let to = "[2001:db8::2]:443".parse().unwrap();
        let segment = Segment {
            sequence: 1,
            acknowledgment: 0,
            flags: Segment::SYN,
            window: 1000,
            options: &[],
            payload: &[],
        };

        build_tcp(&mut frame, &link, from, to, 0, &segment);

        assert_eq!(frame[12..18], [0x81, 0x00, 0, 20, 0x86, 0xdd]);
        assert_eq!(frame.len(), 18 + 40 + 20);
    }
}
