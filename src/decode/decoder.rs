//! Frame in, packet out; the only file that names etherparse.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::err::packet::SliceError;
use etherparse::{
    EtherType, LaxIpPayloadSlice, LaxNetSlice, LaxSlicedPacket, LinkSlice, TcpSlice,
    TransportSlice, UdpSlice, err,
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

/// Reads a frame up to its transport header, as far as its bytes go.
///
/// # Errors
/// Nothing beyond the link layer could be read. What stops decoding further up is in
/// [`Packet::stopped`].
pub fn decode<'a>(frame: &Frame<'a>) -> Result<Packet<'a>, DecodeError> {
    let mut vlans = VlanIds::default();
    if let Some(tag) = frame.stripped_tag {
        vlans.push(tag.id());
    }
    let (sliced, ether) = match link_payload(frame)? {
        LinkPayload::Ethernet(bytes) => {
            let sliced = LaxSlicedPacket::from_ethernet(bytes)
                .map_err(|_| DecodeError { layer: Layer::Link, reason: DecodeReason::Truncated })?;
            let ether = ether_addresses(&sliced);
            (sliced, ether)
        }
        LinkPayload::EtherType(ether_type, bytes, ether) => {
            (LaxSlicedPacket::from_ether_type(EtherType(ether_type), bytes), ether)
        }
        LinkPayload::Ip(bytes) => {
            (LaxSlicedPacket::from_ip(bytes).map_err(|e| ip_error(&e))?, None)
        }
    };
    for extension in &sliced.link_exts {
        if let etherparse::LaxLinkExtSlice::Vlan(vlan) = extension {
            vlans.push(vlan.vlan_identifier().value());
        }
    }
    let mut stopped = sliced.stop_err.as_ref().map(|(error, _)| stop_error(error));
    let network = match &sliced.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            let header = ip.header();
            let captured = header.slice().len() + ip.payload().payload.len();
            let claimed = usize::from(header.total_len());
            Network::Ip(ip_packet(
                IpAddr::V4(Ipv4Addr::from(header.source())),
                IpAddr::V4(Ipv4Addr::from(header.destination())),
                ip.payload(),
                if claimed < header.slice().len() { captured } else { claimed },
                captured,
                header.fragments_offset().value() > 0,
                sliced.transport.as_ref(),
                &mut stopped,
            ))
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            let header = ip.header();
            let extensions = ip.extensions().slice().len();
            let captured = header.slice().len() + extensions + ip.payload().payload.len();
            let claimed = match usize::from(header.payload_length()) {
                0 => captured,
                length => header.slice().len() + length,
            };
            Network::Ip(ip_packet(
                IpAddr::V6(header.source_addr()),
                IpAddr::V6(header.destination_addr()),
                ip.payload(),
                claimed,
                captured,
                is_later_ipv6_fragment(ip),
                sliced.transport.as_ref(),
                &mut stopped,
            ))
        }
        Some(LaxNetSlice::Arp(arp)) => match arp_packet(arp) {
            Some(arp) => Network::Arp(arp),
            None => return Err(network_error(DecodeReason::Unsupported)),
        },
        None => match (stopped, sliced.ether_payload()) {
            (Some(error), _) => return Err(error),
            (None, Some(rest)) if DISCOVERY_ETHER_TYPES.contains(&rest.ether_type.0) => {
                Network::Link { ether_type: rest.ether_type.0, payload: rest.payload }
            }
            (None, _) => return Err(network_error(DecodeReason::Unsupported)),
        },
    };
    Ok(Packet { ether, vlans, network, stopped })
}

#[expect(clippy::too_many_arguments, reason = "the two IP versions hand over the same eight facts")]
fn ip_packet<'a>(
    source: IpAddr,
    destination: IpAddr,
    payload: &LaxIpPayloadSlice<'a>,
    claimed: usize,
    captured: usize,
    later_fragment: bool,
    sliced: Option<&TransportSlice<'a>>,
    stopped: &mut Option<DecodeError>,
) -> IpPacket<'a> {
    let protocol = IpProtocol(payload.ip_number.0);
    let (transport, rest) = match sliced {
        Some(sliced) => transport(sliced),
        // etherparse leaves the transport header of a first fragment alone.
        None if payload.fragmented && !later_fragment && stopped.is_none() => {
            first_fragment(protocol, payload.payload, stopped)
        }
        None => (Transport::None, payload.payload),
    };
    // The frame may hold less than the header claims (snap length): what is missing is payload.
    let missing = claimed.saturating_sub(captured);
    IpPacket {
        source,
        destination,
        protocol,
        ip_len: to_u32(claimed),
        later_fragment,
        transport,
        payload_len: to_u32(rest.len() + missing),
        payload: rest,
    }
}

fn transport<'a>(sliced: &TransportSlice<'a>) -> (Transport, &'a [u8]) {
    match sliced {
        TransportSlice::Tcp(tcp) => (Transport::Tcp(tcp_header(tcp)), tcp.payload()),
        TransportSlice::Udp(udp) => (
            Transport::Udp {
                source_port: udp.source_port(),
                destination_port: udp.destination_port(),
            },
            udp.payload(),
        ),
        TransportSlice::Icmpv4(icmp) => {
            (Transport::Icmp { kind: icmp.type_u8(), code: icmp.code_u8() }, icmp.payload())
        }
        TransportSlice::Icmpv6(icmp) => {
            (Transport::Icmp { kind: icmp.type_u8(), code: icmp.code_u8() }, icmp.payload())
        }
        TransportSlice::Igmp(igmp) => (Transport::None, igmp.slice()),
    }
}

/// Reads the header that the first fragment of a TCP segment or UDP datagram carries.
fn first_fragment<'a>(
    protocol: IpProtocol,
    bytes: &'a [u8],
    stopped: &mut Option<DecodeError>,
) -> (Transport, &'a [u8]) {
    let read = match protocol {
        IpProtocol::TCP => TcpSlice::from_slice(bytes)
            .ok()
            .map(|tcp| (Transport::Tcp(tcp_header(&tcp)), tcp.payload())),
        IpProtocol::UDP => UdpSlice::from_slice_lax(bytes).ok().map(|udp| {
            let (source_port, destination_port) = (udp.source_port(), udp.destination_port());
            (Transport::Udp { source_port, destination_port }, udp.payload())
        }),
        _ => return (Transport::None, bytes),
    };
    read.unwrap_or_else(|| {
        *stopped = Some(DecodeError { layer: Layer::Transport, reason: DecodeReason::Truncated });
        (Transport::None, bytes)
    })
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

fn ether_addresses(sliced: &LaxSlicedPacket<'_>) -> Option<EtherAddresses> {
    match &sliced.link {
        Some(LinkSlice::Ethernet2(ethernet)) => Some(EtherAddresses {
            source: MacAddr(ethernet.source()),
            destination: MacAddr(ethernet.destination()),
        }),
        Some(
            LinkSlice::LinuxSll(_) | LinkSlice::EtherPayload(_) | LinkSlice::LinuxSllPayload(_),
        )
        | None => None,
    }
}

fn is_later_ipv6_fragment(ip: &etherparse::LaxIpv6Slice<'_>) -> bool {
    ip.is_payload_fragmented()
        && ip.extensions().clone().into_iter().any(|extension| match extension {
            etherparse::Ipv6ExtensionSlice::Fragment(fragment) => {
                fragment.fragment_offset().value() > 0
            }
            etherparse::Ipv6ExtensionSlice::HopByHop(_)
            | etherparse::Ipv6ExtensionSlice::Routing(_)
            | etherparse::Ipv6ExtensionSlice::DestinationOptions(_)
            | etherparse::Ipv6ExtensionSlice::Authentication(_) => false,
        })
}

/// Ethernet (1) and IPv4 (0x0800) only: the form that binds a MAC address to an IPv4 address.
fn arp_packet(arp: &etherparse::ArpPacketSlice<'_>) -> Option<ArpPacket> {
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

fn ip_error(error: &err::ip::LaxHeaderSliceError) -> DecodeError {
    match error {
        err::ip::LaxHeaderSliceError::Len(_) => network_error(DecodeReason::Truncated),
        err::ip::LaxHeaderSliceError::Content(_) => network_error(DecodeReason::Malformed),
    }
}

fn stop_error(error: &SliceError) -> DecodeError {
    match error {
        SliceError::Len(length) => {
            DecodeError { layer: layer_of(length.layer), reason: DecodeReason::Truncated }
        }
        SliceError::LinuxSll(_) | SliceError::Macsec(_) => {
            DecodeError { layer: Layer::Link, reason: DecodeReason::Malformed }
        }
        SliceError::Ip(_)
        | SliceError::Ipv4(_)
        | SliceError::Ipv6(_)
        | SliceError::Ipv4Exts(_)
        | SliceError::Ipv6Exts(_) => network_error(DecodeReason::Malformed),
        SliceError::Tcp(_) => {
            DecodeError { layer: Layer::Transport, reason: DecodeReason::Malformed }
        }
    }
}

const fn layer_of(layer: err::Layer) -> Layer {
    use err::Layer as L;
    match layer {
        L::LinuxSllHeader
        | L::Ethernet2Header
        | L::EtherPayload
        | L::VlanHeader
        | L::MacsecHeader
        | L::MacsecPacket => Layer::Link,
        L::IpHeader
        | L::Ipv4Header
        | L::Ipv4Packet
        | L::IpAuthHeader
        | L::Ipv6Header
        | L::Ipv6Packet
        | L::Ipv6ExtHeader
        | L::Ipv6HopByHopHeader
        | L::Ipv6DestOptionsHeader
        | L::Ipv6RouteHeader
        | L::Ipv6FragHeader
        | L::Arp => Layer::Network,
        L::UdpHeader
        | L::UdpPayload
        | L::TcpHeader
        | L::Icmpv4
        | L::Icmpv4Timestamp
        | L::Icmpv4TimestampReply
        | L::Icmpv6
        | L::Igmp => Layer::Transport,
    }
}

const fn network_error(reason: DecodeReason) -> DecodeError {
    DecodeError { layer: Layer::Network, reason }
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
        let packet = decode(&frame(LinkType::ETHERNET, &bytes[..100])).unwrap();
        let Network::Ip(ip) = packet.network else { panic!("holds IP") };

        assert_eq!((ip.ip_len, ip.payload_len, ip.payload.len()), (1040, 1000, 46));
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
