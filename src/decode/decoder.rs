//! Frame in, packet out; the only file that names etherparse.
//!
//! etherparse's lax slices read each header. They are taken one by one and not as its `LaxSlicedPacket`,
//! whose several hundred bytes were moved from hand to hand for every packet.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::{
    ArpPacketSlice, Icmpv4Slice, Icmpv6Slice, Ipv6ExtensionSlice, LaxIpPayloadSlice, LaxIpv4Slice,
    LaxIpv6Slice, TcpSlice, UdpSlice, err,
};

use super::link::{LinkPayload, link_payload};
use super::{
    ArpPacket, DecodeError, DecodeReason, EtherAddresses, IpPacket, Layer, Network, Packet,
    TcpFlags, TcpHeader, Transport, VlanIds,
};
use crate::net::{Frame, IpProtocol, MacAddr};

/// EtherTypes of discovery protocols that stand directly on the link layer: SADP's own, and the
/// beacon of EZVIZ devices.
const DISCOVERY_ETHER_TYPES: [u16; 2] = [0x8033, 0x8d8d];

/// Tags that are looked through; more are no ordinary network.
const MAX_TAGS: usize = 3;

/// Reads a frame up to its transport header, as far as its bytes go.
///
/// # Errors
/// Nothing beyond the link layer could be read. What stops decoding further up is in
/// [`Packet::stopped`].
#[inline]
pub fn decode<'a>(frame: &Frame<'a>) -> Result<Packet<'a>, DecodeError> {
    let mut vlans = VlanIds::default();
    if let Some(tag) = frame.stripped_tag {
        vlans.push(tag.id());
    }
    let (ether_type, bytes, ether) = match link_payload(frame)? {
        LinkPayload::Ethernet(bytes) => ethernet(bytes)?,
        LinkPayload::EtherType(ether_type, bytes, ether) => (ether_type, bytes, ether),
        LinkPayload::Ip(bytes) => return ip(frame, bytes, None, vlans),
    };
    let (ether_type, bytes) = untag(ether_type, bytes, &mut vlans)?;
    match ether_type {
        0x0800 | 0x86dd => ip(frame, bytes, ether, vlans),
        0x0806 => {
            let arp = ArpPacketSlice::from_slice(bytes)
                .map_err(|_| network_error(DecodeReason::Truncated))?;
            let arp = arp_packet(&arp).ok_or(network_error(DecodeReason::Unsupported))?;
            Ok(Packet { ether, vlans, network: Network::Arp(arp), stopped: None })
        }
        ether_type if DISCOVERY_ETHER_TYPES.contains(&ether_type) => {
            let network = Network::Link { ether_type, payload: bytes };
            Ok(Packet { ether, vlans, network, stopped: None })
        }
        _ => Err(network_error(DecodeReason::Unsupported)),
    }
}

/// EtherType, what follows it, and the addresses of an Ethernet II frame (IEEE 802.3, 3.2).
fn ethernet(bytes: &[u8]) -> Result<(u16, &[u8], Option<EtherAddresses>), DecodeError> {
    let Some((header, rest)) = bytes.split_first_chunk::<14>() else {
        return Err(link_error(DecodeReason::Truncated));
    };
    let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1] = *header;
    let ether = EtherAddresses {
        source: MacAddr([s0, s1, s2, s3, s4, s5]),
        destination: MacAddr([d0, d1, d2, d3, d4, d5]),
    };
    Ok((u16::from_be_bytes([t0, t1]), rest, Some(ether)))
}

/// Takes 802.1Q and 802.1ad tags off (IEEE 802.1Q-2018, 9.3), and the 0x9100 that was used before 802.1ad.
fn untag<'a>(
    mut ether_type: u16,
    mut bytes: &'a [u8],
    vlans: &mut VlanIds,
) -> Result<(u16, &'a [u8]), DecodeError> {
    for _ in 0..MAX_TAGS {
        if !matches!(ether_type, 0x8100 | 0x88a8 | 0x9100) {
            break;
        }
        let Some(([c0, c1, t0, t1], rest)) = bytes.split_first_chunk::<4>() else {
            return Err(link_error(DecodeReason::Truncated));
        };
        vlans.push(u16::from_be_bytes([*c0, *c1]) & 0x0fff);
        ether_type = u16::from_be_bytes([*t0, *t1]);
        bytes = rest;
    }
    Ok((ether_type, bytes))
}

/// Reads an IP packet by the version that stands in it, whatever announced it.
fn ip<'a>(
    frame: &Frame<'_>,
    bytes: &'a [u8],
    ether: Option<EtherAddresses>,
    vlans: VlanIds,
) -> Result<Packet<'a>, DecodeError> {
    // What was on the wire behind the link header: no length in the packet can claim more.
    let on_wire =
        (frame.wire_len as usize).saturating_sub(frame.bytes.len() - bytes.len()).max(bytes.len());
    let (ip, stopped) = match bytes.first().map(|first| first >> 4) {
        Some(4) => ipv4(bytes, on_wire)?,
        Some(6) => ipv6(bytes, on_wire)?,
        Some(_) => return Err(network_error(DecodeReason::Malformed)),
        None => return Err(network_error(DecodeReason::Truncated)),
    };
    Ok(Packet { ether, vlans, network: Network::Ip(ip), stopped })
}

fn ipv4(bytes: &[u8], on_wire: usize) -> Result<(IpPacket<'_>, Option<DecodeError>), DecodeError> {
    let (ip, stop) = LaxIpv4Slice::from_slice(bytes).map_err(|error| match error {
        err::ipv4::HeaderSliceError::Len(_) => network_error(DecodeReason::Truncated),
        err::ipv4::HeaderSliceError::Content(_) => network_error(DecodeReason::Malformed),
    })?;
    let stop = stop.map(|error| match error {
        err::ip_auth::HeaderSliceError::Len(_) => network_error(DecodeReason::Truncated),
        err::ip_auth::HeaderSliceError::Content(_) => network_error(DecodeReason::Malformed),
    });
    let header = ip.header();
    let header_len = header.slice().len();
    let extensions = ip.extensions().auth.map_or(0, |auth| auth.slice().len());
    let captured = header_len + extensions + ip.payload().payload.len();
    let claimed = match usize::from(header.total_len()) {
        // Segmentation offload leaves 0.
        length if length < header_len => captured,
        length => length.min(on_wire),
    };
    Ok(ip_packet(
        (IpAddr::V4(Ipv4Addr::from(header.source())), IpAddr::V4(header.destination_addr())),
        ip.payload(),
        Lengths { claimed, captured },
        header.fragments_offset().value() > 0,
        stop,
        // The payload borrows the frame, not the slice that was taken of it.
        bytes.get(header_len + extensions..captured).unwrap_or_default(),
    ))
}

fn ipv6(bytes: &[u8], on_wire: usize) -> Result<(IpPacket<'_>, Option<DecodeError>), DecodeError> {
    let (ip, stop) = LaxIpv6Slice::from_slice(bytes).map_err(|error| match error {
        err::ipv6::HeaderSliceError::Len(_) => network_error(DecodeReason::Truncated),
        err::ipv6::HeaderSliceError::Content(_) => network_error(DecodeReason::Malformed),
    })?;
    let stop = stop.map(|(error, _layer)| match error {
        err::ipv6_exts::HeaderSliceError::Len(_) => network_error(DecodeReason::Truncated),
        err::ipv6_exts::HeaderSliceError::Content(_) => network_error(DecodeReason::Malformed),
    });
    let header = ip.header();
    let header_len = header.slice().len();
    let extensions = ip.extensions().slice().len();
    let captured = header_len + extensions + ip.payload().payload.len();
    let claimed = match usize::from(header.payload_length()) {
        0 => captured,
        length => (header_len + length).min(on_wire),
    };
    Ok(ip_packet(
        (IpAddr::V6(header.source_addr()), IpAddr::V6(header.destination_addr())),
        ip.payload(),
        Lengths { claimed, captured },
        is_later_ipv6_fragment(&ip),
        stop,
        bytes.get(header_len + extensions..captured).unwrap_or_default(),
    ))
}

/// Lengths of an IP packet: by its header, and as captured.
#[derive(Clone, Copy)]
struct Lengths {
    claimed: usize,
    captured: usize,
}

fn ip_packet<'a>(
    (source, destination): (IpAddr, IpAddr),
    payload: &LaxIpPayloadSlice<'_>,
    lengths: Lengths,
    later_fragment: bool,
    mut stopped: Option<DecodeError>,
    bytes: &'a [u8],
) -> (IpPacket<'a>, Option<DecodeError>) {
    let protocol = IpProtocol(payload.ip_number.0);
    let (transport, rest) = if later_fragment || stopped.is_some() {
        (Transport::None, bytes)
    } else {
        // The first fragment has the transport header too.
        transport(protocol, bytes).unwrap_or_else(|error| {
            stopped = Some(error);
            (Transport::None, bytes)
        })
    };
    // The frame may hold less than the header claims (snap length): what is missing is payload.
    let missing = lengths.claimed.saturating_sub(lengths.captured);
    let packet = IpPacket {
        source,
        destination,
        protocol,
        ip_len: to_u32(lengths.claimed),
        later_fragment,
        transport,
        payload_len: to_u32(rest.len() + missing),
        payload: rest,
    };
    (packet, stopped)
}

fn transport(protocol: IpProtocol, bytes: &[u8]) -> Result<(Transport, &[u8]), DecodeError> {
    match protocol {
        IpProtocol::TCP => {
            let tcp = TcpSlice::from_slice(bytes).map_err(|error| match error {
                err::tcp::HeaderSliceError::Len(_) => transport_error(DecodeReason::Truncated),
                err::tcp::HeaderSliceError::Content(_) => transport_error(DecodeReason::Malformed),
            })?;
            Ok((Transport::Tcp(tcp_header(&tcp)), tcp.payload()))
        }
        IpProtocol::UDP => {
            let udp = UdpSlice::from_slice_lax(bytes)
                .map_err(|_| transport_error(DecodeReason::Truncated))?;
            let (source_port, destination_port) = (udp.source_port(), udp.destination_port());
            Ok((Transport::Udp { source_port, destination_port }, udp.payload()))
        }
        IpProtocol::ICMP => {
            let icmp = Icmpv4Slice::from_slice(bytes)
                .map_err(|_| transport_error(DecodeReason::Truncated))?;
            let transport = Transport::Icmp { kind: icmp.type_u8(), code: icmp.code_u8() };
            Ok((transport, icmp.payload()))
        }
        IpProtocol::ICMPV6 => {
            let icmp = Icmpv6Slice::from_slice(bytes)
                .map_err(|_| transport_error(DecodeReason::Truncated))?;
            let transport = Transport::Icmp { kind: icmp.type_u8(), code: icmp.code_u8() };
            Ok((transport, icmp.payload()))
        }
        IpProtocol::SCTP => sctp(bytes).ok_or(transport_error(DecodeReason::Truncated)),
        _ => Ok((Transport::None, bytes)),
    }
}

/// The common header, RFC 9260, 3.1: ports, verification tag, checksum.
fn sctp(bytes: &[u8]) -> Option<(Transport, &[u8])> {
    let ([s0, s1, d0, d1, ..], rest) = bytes.split_first_chunk::<12>()?;
    let source_port = u16::from_be_bytes([*s0, *s1]);
    Some((Transport::Sctp { source_port, destination_port: u16::from_be_bytes([*d0, *d1]) }, rest))
}

fn tcp_header(tcp: &TcpSlice<'_>) -> TcpHeader {
    // Byte 13 of the header holds the low eight flags (RFC 9293, 3.1).
    let flags = tcp.header_slice().get(13).copied().unwrap_or(0);
    TcpHeader {
        source_port: tcp.source_port(),
        destination_port: tcp.destination_port(),
        sequence: tcp.sequence_number(),
        acknowledgment: tcp.acknowledgment_number(),
        flags: TcpFlags(flags),
    }
}

fn is_later_ipv6_fragment(ip: &LaxIpv6Slice<'_>) -> bool {
    ip.is_payload_fragmented()
        && ip.extensions().clone().into_iter().any(|extension| match extension {
            Ipv6ExtensionSlice::Fragment(fragment) => fragment.fragment_offset().value() > 0,
            Ipv6ExtensionSlice::HopByHop(_)
            | Ipv6ExtensionSlice::Routing(_)
            | Ipv6ExtensionSlice::DestinationOptions(_)
            | Ipv6ExtensionSlice::Authentication(_) => false,
        })
}

/// Ethernet (1) and IPv4 (0x0800) only: the form that binds a MAC address to an IPv4 address.
fn arp_packet(arp: &ArpPacketSlice<'_>) -> Option<ArpPacket> {
    if arp.proto_addr_type().0 != 0x0800 {
        return None;
    }
    let mac =
        |bytes: &[u8]| bytes.first_chunk::<6>().filter(|_| bytes.len() == 6).map(|m| MacAddr(*m));
    let ip = |bytes: &[u8]| {
        bytes.first_chunk::<4>().filter(|_| bytes.len() == 4).map(|b| Ipv4Addr::from(*b))
    };
    Some(ArpPacket {
        operation: arp.operation().0,
        sender_mac: mac(arp.sender_hw_addr())?,
        sender_ip: ip(arp.sender_protocol_addr())?,
        target_mac: mac(arp.target_hw_addr())?,
        target_ip: ip(arp.target_protocol_addr())?,
    })
}

const fn link_error(reason: DecodeReason) -> DecodeError {
    DecodeError { layer: Layer::Link, reason }
}

const fn network_error(reason: DecodeReason) -> DecodeError {
    DecodeError { layer: Layer::Network, reason }
}

const fn transport_error(reason: DecodeReason) -> DecodeError {
    DecodeError { layer: Layer::Transport, reason }
}

/// No frame we accept is longer than 4 GiB.
fn to_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use etherparse::{PacketBuilder, VlanId};

    use super::*;
    use crate::net::{InterfaceId, LinkType, Timestamp, VlanTag};

    const MACS: ([u8; 6], [u8; 6]) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);

    #[test]
    fn tags_in_the_frame_and_tags_taken_out_are_both_told() {
        let bytes = build(
            PacketBuilder::ethernet2(MACS.0, MACS.1)
                .double_vlan(VlanId::try_new(100).unwrap(), VlanId::try_new(7).unwrap())
                .ipv4([192, 0, 2, 1], [198, 51, 100, 1], 64)
                .udp(5000, 53),
            b"payload",
        );
        let packet = decode(&frame(LinkType::ETHERNET, &bytes)).unwrap();
        assert_eq!(packet.vlans.as_slice(), [100, 7]);

        let mut stripped = frame(LinkType::ETHERNET, &bytes);
        stripped.stripped_tag = Some(VlanTag { tpid: 0x8100, tci: 0xe005 });
        assert_eq!(decode(&stripped).unwrap().vlans.as_slice(), [5, 100]);
    }

    #[test]
    fn the_same_datagram_is_read_behind_every_link_header() {
        let ip = {
            let ethernet = build(
                PacketBuilder::ethernet2(MACS.0, MACS.1)
                    .ipv4([192, 0, 2, 1], [198, 51, 100, 1], 64)
                    .udp(5000, 53),
                b"payload",
            );
            ethernet[14..].to_vec()
        };
        let with = |header: &[u8]| [header, &ip].concat();
        let mut cooked = vec![0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0];
        let mut cooked2 = vec![8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
        cooked.extend_from_slice(&ip);
        cooked2.extend_from_slice(&ip);
        for (link_type, bytes) in [
            (LinkType::RAW, ip.clone()),
            (LinkType::IPV4, ip.clone()),
            (LinkType::NULL, with(&[2, 0, 0, 0])),
            (LinkType::NULL, with(&[0, 0, 0, 2])),
            (LinkType::LOOP, with(&[0, 0, 0, 2])),
            (LinkType::LINUX_SLL, cooked),
            (LinkType::LINUX_SLL2, cooked2),
        ] {
            let packet = decode(&frame(link_type, &bytes)).unwrap();
            let Network::Ip(ip) = packet.network else { panic!("{link_type:?} holds IP") };
            assert_eq!(ip.payload, b"payload", "{link_type:?}");
            assert_eq!(
                ip.transport,
                Transport::Udp { source_port: 5000, destination_port: 53 },
                "{link_type:?}"
            );
        }
    }

    #[test]
    fn lengths_come_from_the_headers_when_the_capture_cut_the_frame() {
        let bytes = build(
            PacketBuilder::ethernet2(MACS.0, MACS.1)
                .ipv4([192, 0, 2, 1], [198, 51, 100, 1], 64)
                .tcp(5000, 443, 1, 1000),
            &[0; 1000],
        );
        let cut = Frame { wire_len: 1054, ..frame(LinkType::ETHERNET, &bytes[..100]) };
        let packet = decode(&cut).unwrap();
        let Network::Ip(ip) = packet.network else { panic!("holds IP") };

        assert_eq!((ip.ip_len, ip.payload_len, ip.payload.len()), (1040, 1000, 46));
    }

    #[test]
    fn a_packet_cannot_claim_more_than_its_frame_held() {
        let mut bytes = build(
            PacketBuilder::ethernet2(MACS.0, MACS.1)
                .ipv4([192, 0, 2, 1], [198, 51, 100, 1], 64)
                .udp(5000, 53),
            &[0; 20],
        );
        bytes[16..18].copy_from_slice(&[0xff, 0xff]);
        let Network::Ip(ip) = decode(&frame(LinkType::ETHERNET, &bytes)).unwrap().network else {
            panic!("holds IP")
        };

        assert_eq!((ip.ip_len, ip.payload_len), (48, 20));
    }

    #[test]
    fn ethernet_padding_is_no_payload() {
        let mut bytes = build(
            PacketBuilder::ethernet2(MACS.0, MACS.1)
                .ipv4([192, 0, 2, 1], [198, 51, 100, 1], 64)
                .udp(1, 2),
            b"x",
        );
        bytes.resize(60, 0);
        let packet = decode(&frame(LinkType::ETHERNET, &bytes)).unwrap();
        let Network::Ip(ip) = packet.network else { panic!("holds IP") };

        assert_eq!((ip.ip_len, ip.payload_len, ip.payload), (29, 1, &b"x"[..]));
    }

    #[test]
    fn a_header_that_is_cut_is_counted_at_its_layer() {
        let bytes = build(
            PacketBuilder::ethernet2(MACS.0, MACS.1)
                .ipv4([192, 0, 2, 1], [198, 51, 100, 1], 64)
                .tcp(5000, 443, 1, 1000),
            b"",
        );
        let error = |cut: usize| decode(&frame(LinkType::ETHERNET, &bytes[..cut])).unwrap_err();

        assert_eq!(error(10).layer, Layer::Link);
        assert_eq!(error(20).layer, Layer::Network);
        let packet = decode(&frame(LinkType::ETHERNET, &bytes[..40])).unwrap();
        let stopped = packet.stopped.unwrap();
        assert_eq!((stopped.layer, stopped.reason), (Layer::Transport, DecodeReason::Truncated));
        assert_eq!(
            decode(&frame(LinkType(147), &bytes)).unwrap_err().reason,
            DecodeReason::Unsupported
        );
    }

    #[test]
    fn the_first_fragment_has_ports_and_later_ones_have_none() {
        let mut bytes = build(
            PacketBuilder::ethernet2(MACS.0, MACS.1)
                .ipv4([192, 0, 2, 1], [198, 51, 100, 1], 64)
                .udp(5000, 53),
            &[9; 64],
        );
        bytes[20] = 0x20; // more fragments
        let Network::Ip(first) = decode(&frame(LinkType::ETHERNET, &bytes)).unwrap().network else {
            panic!("holds IP")
        };
        let mut rest = bytes.clone();
        rest[21] = 8; // offset 64
        let Network::Ip(later) = decode(&frame(LinkType::ETHERNET, &rest)).unwrap().network else {
            panic!("holds IP")
        };

        assert_eq!(first.transport, Transport::Udp { source_port: 5000, destination_port: 53 });
        assert!(!first.later_fragment && later.later_fragment);
        assert_eq!(later.transport, Transport::None);
    }

    #[test]
    fn discovery_frames_without_ip_are_handed_on_and_others_are_unsupported() {
        let frame_of =
            |ether_type: [u8; 2]| [&MACS.1[..], &MACS.0[..], &ether_type[..], b"payload"].concat();
        let sadp = frame_of([0x80, 0x33]);
        let Network::Link { ether_type, payload } =
            decode(&frame(LinkType::ETHERNET, &sadp)).unwrap().network
        else {
            panic!("SADP stands on the link layer")
        };
        assert_eq!((ether_type, payload), (0x8033, &b"payload"[..]));

        let lldp = frame_of([0x88, 0xcc]);
        assert_eq!(decode(&frame(LinkType::ETHERNET, &lldp)).unwrap_err().layer, Layer::Network);
    }

    #[test]
    fn no_bytes_make_the_decoder_panic() {
        let mut state = 1u64;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33).to_le_bytes()[0]
        };
        for round in 0..50_000u32 {
            let mut bytes: Vec<u8> = (0..usize::from(random() % 120)).map(|_| random()).collect();
            if bytes.len() > 14 && round % 2 == 0 {
                let kinds = [[8, 0], [0x86, 0xdd], [8, 6], [0x81, 0]];
                bytes[12..14].copy_from_slice(&kinds[usize::from(random() % 4)]);
                bytes[14] = if random() % 2 == 0 { 0x45 } else { 0x60 };
            }
            for link_type in
                [LinkType::ETHERNET, LinkType::RAW, LinkType::LINUX_SLL, LinkType::NULL]
            {
                let frame = frame(link_type, &bytes);
                let _packet = decode(&frame);
                let _number = super::super::shard_number(&frame);
            }
        }
    }

    fn build(builder: impl Into<Step>, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        match builder.into() {
            Step::Udp(step) => step.write(&mut bytes, payload).unwrap(),
            Step::Tcp(step) => step.write(&mut bytes, payload).unwrap(),
        }
        bytes
    }

    enum Step {
        Udp(etherparse::PacketBuilderStep<etherparse::UdpHeader>),
        Tcp(etherparse::PacketBuilderStep<etherparse::TcpHeader>),
    }

    impl From<etherparse::PacketBuilderStep<etherparse::UdpHeader>> for Step {
        fn from(step: etherparse::PacketBuilderStep<etherparse::UdpHeader>) -> Self {
            Self::Udp(step)
        }
    }

    impl From<etherparse::PacketBuilderStep<etherparse::TcpHeader>> for Step {
        fn from(step: etherparse::PacketBuilderStep<etherparse::TcpHeader>) -> Self {
            Self::Tcp(step)
        }
    }

    fn frame(link_type: LinkType, bytes: &[u8]) -> Frame<'_> {
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
}
