//! Frame in, packet out.
//!
//! etherparse's slices read IP, ARP and transport headers one by one and not as its `LaxSlicedPacket`, whose
//! several hundred bytes were moved from hand to hand for every packet.

use std::net::IpAddr;

use super::network::Start;
use super::step::Shell;
use super::{DecodeError, EtherAddresses, Network, Packet, Tunnel, TunnelTrust, VlanIds};
use super::{link, network, straight, wrapping};
use crate::net::{Frame, IpProtocol};

/// Reads a frame up to its transport header, as far as its bytes go, through all tunnels that it knows.
///
/// # Errors
/// Nothing beyond the link layer could be read. What stops decoding further up is in
/// [`Packet::stopped`]; a tunnel whose inside cannot be read leaves the packet around it.
#[inline]
pub fn decode<'a>(frame: &Frame<'a>) -> Result<Packet<'a>, DecodeError> {
    decode_trusting(frame, TunnelTrust::Every)
}

/// As [`decode`], through the tunnels that `trust` reaches.
///
/// # Errors
/// As [`decode`].
#[inline]
pub fn decode_trusting<'a>(
    frame: &Frame<'a>,
    trust: TunnelTrust,
) -> Result<Packet<'a>, DecodeError> {
    match straight::packet(frame) {
        Some(packet) => Ok(packet),
        None => decode_by_layers(frame, trust),
    }
}

/// As [`decode_trusting`], layer by layer whatever the frame is; gives the same.
///
/// # Errors
/// As [`decode`].
#[inline(never)]
pub fn decode_by_layers<'a>(
    frame: &Frame<'a>,
    trust: TunnelTrust,
) -> Result<Packet<'a>, DecodeError> {
    let mut shell = Shell::default();
    let body = link::reach(frame, &mut shell)?;
    let on_wire = usize::try_from(frame.wire_len).unwrap_or(usize::MAX);
    // Changed where it stands: moving a packet would cost as much as reading it.
    let mut read = network::packet(body, &shell, on_wire.saturating_sub(frame.bytes.len()));
    if let Ok(packet) = &mut read
        && let Network::Ip(ip) = &packet.network
        && wrapping::may_hold(ip)
    {
        wrapping::enter(packet, trust);
    }
    read
}

/// What is kept of the first fragment of an IP packet until all others have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentHeader {
    /// As in the fragments.
    pub ether: Option<EtherAddresses>,
    /// As in the fragments.
    pub vlans: VlanIds,
    /// What the fragments were wrapped in.
    pub tunnel: Option<Tunnel>,
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// What the whole begins with ([`Fragment::protocol`](super::Fragment::protocol)).
    pub protocol: IpProtocol,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Length of the IP header with the extensions before the fragment's piece, in bytes.
    pub header_len: u32,
}

impl FragmentHeader {
    /// What is to be kept of `packet`; `None` when it is no fragment.
    #[must_use]
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let Network::Ip(ip) = &packet.network else { return None };
        let fragment = ip.fragment?;
        let header_len = ip.ip_len.saturating_sub(ip.fragment_len());
        Some(Self {
            ether: packet.ether,
            vlans: packet.vlans,
            tunnel: packet.tunnel,
            source: ip.source,
            destination: ip.destination,
            protocol: fragment.protocol,
            ttl: ip.ttl,
            header_len,
        })
    }
}

/// Reads a reassembled IP packet, as if it had come unfragmented: its transport header, and tunnels. `payload`
/// is the [`network_payload`](super::IpPacket::network_payload) of all fragments, in order.
#[must_use]
pub fn decode_reassembled<'a>(
    header: &FragmentHeader,
    payload: &'a [u8],
    trust: TunnelTrust,
) -> Packet<'a> {
    let FragmentHeader { ether, vlans, tunnel, source, destination, protocol, ttl, header_len } =
        *header;
    let start = Start { source, destination, protocol, ttl, fragment: None };
    let (ip, stopped) = network::whole(start, header_len, payload);
    let is_carrier = wrapping::may_hold(&ip);
    let mut packet = Packet { ether, vlans, tunnel, network: Network::Ip(ip), stopped };
    if is_carrier {
        wrapping::enter(&mut packet, trust);
    }
    packet
}

#[cfg(test)]
mod tests {
    use etherparse::{PacketBuilder, VlanId};

    use super::super::{DecodeReason, Layer, Transport};
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
        assert!(first.fragment.unwrap().is_first() && !later.fragment.unwrap().is_first());
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
