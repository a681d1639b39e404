//! What stands before the network layer: the link header of each link type we read, and the walk
//! from there to the outermost IP header.
//!
//! Comes in: a frame, or what a tunnel holds. Goes out: the place where the link layer ends, and what its
//! headers have told. The decoder and the sharding both walk here, so that they cannot disagree.

use super::step::{Body, Shell, Step};
use super::{
    DecodeError, DecodeReason, arcnet, ether_type, ethernet, ppp, pseudo, radio, tzsp, wifi,
};
use crate::net::{Frame, LinkType};

/// Headers that are walked through before the network layer; keeps a made-up frame from being
/// read again and again.
const MAX_STEPS: usize = 24;

/// Walks from the start of a frame to where its link layer ends. What the headers told is in
/// `shell` also when the walk fails.
///
/// # Errors
/// The link type is not one of ours, a header is cut or wrong, or there is no network layer that
/// we read.
#[inline(always)]
pub(super) fn reach<'a>(frame: &Frame<'a>, shell: &mut Shell) -> Result<Body<'a>, DecodeError> {
    if let Some(tag) = frame.stripped_tag {
        shell.vlans.push(tag.id());
    }
    if frame.link_type != LinkType::ETHERNET {
        return walk(Step::Link(frame.link_type, frame.bytes), shell);
    }
    // Nearly every frame is this one.
    let (number, rest) = ethernet::header(frame.bytes, shell)?;
    let (number, rest) = ethernet::untag(number, rest, &mut shell.vlans)?;
    match number {
        0x0800 | 0x86dd => Ok(Body::Ip(rest)),
        0x0806 => Ok(Body::Arp(rest)),
        _ => walk(Step::EtherType(number, rest), shell),
    }
}

/// Walks from any step to where the link layer ends.
///
/// # Errors
/// As of [`reach`].
#[inline(never)]
pub(super) fn walk<'a>(mut step: Step<'a>, shell: &mut Shell) -> Result<Body<'a>, DecodeError> {
    for _ in 0..MAX_STEPS {
        step = match step {
            Step::Link(link_type, bytes) => header(link_type, bytes, shell)?,
            Step::Ethernet(bytes) => {
                let (number, rest) = ethernet::header(bytes, shell)?;
                Step::EtherType(number, rest)
            }
            Step::EtherType(number, bytes) => ether_type::announced(number, bytes, shell)?,
            Step::Llc(bytes) => ethernet::llc(bytes)?,
            Step::Ppp(bytes) => ppp::packet(bytes, shell)?,
            Step::Reached(body) => return Ok(body),
        };
    }
    Err(DecodeError::link(DecodeReason::Unsupported))
}

/// Reads the link header of a frame of `link_type`.
fn header<'a>(
    link_type: LinkType,
    bytes: &'a [u8],
    shell: &mut Shell,
) -> Result<Step<'a>, DecodeError> {
    match link_type {
        LinkType::ETHERNET => Ok(Step::Ethernet(bytes)),
        LinkType::RAW
        | LinkType::RAW_BSD
        | LinkType::RAW_OPENBSD
        | LinkType::IPV4
        | LinkType::IPV6 => Ok(Step::ip(bytes)),
        LinkType::NULL | LinkType::LOOP => pseudo::loopback(bytes),
        LinkType::LINUX_SLL => pseudo::cooked_v1(bytes, shell),
        LinkType::LINUX_SLL2 => pseudo::cooked_v2(bytes, shell),
        LinkType::IEEE802_11 => wifi::frame(bytes, wifi::Reception::default(), shell),
        LinkType::IEEE802_11_RADIOTAP => {
            let (reception, frame) = radio::radiotap(bytes)?;
            wifi::frame(frame, reception, shell)
        }
        LinkType::IEEE802_11_PRISM => {
            let (reception, frame) = radio::prism(bytes)?;
            wifi::frame(frame, reception, shell)
        }
        LinkType::IEEE802_11_AVS => {
            let (reception, frame) = radio::avs(bytes)?;
            wifi::frame(frame, reception, shell)
        }
        LinkType::PPI => match radio::ppi(bytes)? {
            (LinkType::IEEE802_11, reception, frame) => wifi::frame(frame, reception, shell),
            (link_type, _, frame) => Ok(Step::Link(link_type, frame)),
        },
        LinkType::PPP | LinkType::PPP_HDLC => ppp::hdlc(bytes),
        LinkType::PPP_ETHER => ppp::over_ethernet(bytes, shell),
        LinkType::C_HDLC => ppp::cisco_hdlc(bytes),
        LinkType::FRELAY => ppp::frame_relay(bytes),
        LinkType::PPP_WITH_DIR => ppp::hdlc(bytes.get(1..).unwrap_or_default()),
        LinkType::C_HDLC_WITH_DIR => ppp::cisco_hdlc(bytes.get(1..).unwrap_or_default()),
        LinkType::FRELAY_WITH_DIR => ppp::frame_relay(bytes.get(1..).unwrap_or_default()),
        LinkType::SLIP => ppp::slip(bytes),
        LinkType::ATM_RFC1483 => Ok(Step::Llc(bytes)),
        LinkType::SUNATM => pseudo::sun_atm(bytes),
        LinkType::ARCNET_BSD => arcnet::bsd(bytes),
        LinkType::ARCNET_LINUX => arcnet::linux(bytes),
        LinkType::TZSP => {
            let (link_type, frame) = tzsp::frame(bytes)?;
            Ok(Step::Link(link_type, frame))
        }
        LinkType::NFLOG => pseudo::nflog(bytes),
        LinkType::PKTAP => pseudo::pktap(bytes),
        LinkType::IPNET => pseudo::ipnet(bytes),
        LinkType::PFLOG => pseudo::pflog(bytes),
        LinkType::JUNIPER_ETHER => pseudo::juniper_ethernet(bytes),
        LinkType(_) => Err(DecodeError::link(DecodeReason::Unsupported)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{
        DESTINATION, PAYLOAD, SOURCE, datagram, datagram_v6, ethernet, frame, inner_frame, reached,
        survive,
    };
    use super::super::{EtherAddresses, Network, TunnelKind, decode, shard_number};
    use super::*;

    const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

    /// An 802.11 frame: Frame Control, then the rest of the header behind the duration.
    fn wifi(control: [u8; 2], header: &[&[u8]], payload: &[u8]) -> Vec<u8> {
        [&control[..], &[0, 0], &header.concat(), payload].concat()
    }

    fn qos_from_access_point() -> Vec<u8> {
        let access_point = [2, 0, 0, 0, 0, 9];
        let header: [&[u8]; 5] = [&DESTINATION.0, &access_point, &SOURCE.0, &[0x10, 0], &[0, 0]];
        wifi([0x88, 0x02], &header, &[&SNAP[..], &datagram()].concat())
    }

    /// A frame of each link type, without and with what is optional in its header.
    fn links() -> Vec<(&'static str, LinkType, Vec<u8>)> {
        let (v4, v6) = (datagram(), datagram_v6());
        let with = |header: &[u8]| [header, &v4].concat();
        let snap = [&SNAP[..], &v4].concat();
        let data = qos_from_access_point();
        let before = |header: &[u8], frame: &[u8]| [header, frame].concat();
        let checked = [&data[..], &[1, 2, 3, 4]].concat();
        let mut prism = vec![0x44, 0, 0, 0, 144, 0, 0, 0];
        prism.resize(144, 0);
        let mut avs = vec![0x80, 0x21, 0x10, 1, 0, 0, 0, 64];
        avs.resize(64, 0);
        let ppi_common =
            [&[0, 0, 32, 0, 105, 0, 0, 0, 2, 0, 20, 0][..], &[0; 8], &[1, 0], &[0; 10]].concat();
        let nflog = [&[2, 0, 0, 1, 8, 0, 1, 0, 8, 0, 1, 0][..], &[39, 0, 9, 0], &v4].concat();
        let mut pktap = vec![0; 108];
        pktap[0] = 108;
        pktap[4] = 1;
        pktap[8] = 1;
        let mut ipnet = vec![1, 2];
        ipnet.resize(24, 0);
        let mut pflog = vec![61, 2];
        pflog.resize(64, 0);
        let mut slip = vec![0, 0x40];
        slip.resize(16, 0);
        vec![
            ("802.11", LinkType::IEEE802_11, data.clone()),
            (
                "radiotap without flags",
                LinkType::IEEE802_11_RADIOTAP,
                before(&[0, 0, 8, 0, 0, 0, 0, 0], &data),
            ),
            (
                "radiotap with TSFT and a checksum",
                LinkType::IEEE802_11_RADIOTAP,
                before(&[0, 0, 18, 0, 3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10, 0], &checked),
            ),
            (
                "radiotap with two presence words",
                LinkType::IEEE802_11_RADIOTAP,
                before(&[0, 0, 13, 0, 2, 0, 0, 0x80, 0, 0, 0, 0, 0x10], &checked),
            ),
            ("Prism", LinkType::IEEE802_11_PRISM, before(&prism, &data)),
            ("AVS", LinkType::IEEE802_11_AVS, before(&avs, &data)),
            ("AVS as Prism", LinkType::IEEE802_11_PRISM, before(&avs, &data)),
            ("PPI with 802.11", LinkType::PPI, before(&ppi_common, &checked)),
            ("PPI with Ethernet", LinkType::PPI, before(&[0, 0, 8, 0, 1, 0, 0, 0], &inner_frame())),
            ("PPP", LinkType::PPP, with(&[0xff, 3, 0, 0x21])),
            ("PPP without framing", LinkType::PPP, with(&[0, 0x21])),
            ("PPP with a short protocol", LinkType::PPP, with(&[0x21])),
            ("PPP with IPv6", LinkType::PPP_HDLC, before(&[0xff, 3, 0, 0x57], &v6)),
            ("PPP link with Cisco HDLC", LinkType::PPP_HDLC, with(&[0x0f, 0, 8, 0])),
            ("PPP with direction", LinkType::PPP_WITH_DIR, with(&[1, 0xff, 3, 0, 0x21])),
            ("Cisco HDLC", LinkType::C_HDLC, with(&[0x8f, 0, 8, 0])),
            ("Frame Relay", LinkType::FRELAY, with(&[0x18, 0x41, 3, 0xcc])),
            (
                "Frame Relay with SNAP",
                LinkType::FRELAY,
                with(&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0]),
            ),
            ("Cisco's Frame Relay", LinkType::FRELAY, with(&[0x18, 0x41, 8, 0])),
            ("bridged over ATM", LinkType::ATM_RFC1483, {
                before(&[0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0], &inner_frame())
            }),
            ("routed over ATM", LinkType::ATM_RFC1483, snap.clone()),
            ("SunATM", LinkType::SUNATM, before(&[2, 0, 0, 5], &snap)),
            ("SLIP", LinkType::SLIP, with(&slip)),
            ("TZSP", LinkType::TZSP, before(&[1, 0, 0, 1, 0, 1], &inner_frame())),
            ("TZSP with 802.11", LinkType::TZSP, before(&[1, 0, 0, 18, 17, 1, 0, 1], &data)),
            ("NFLOG", LinkType::NFLOG, nflog),
            ("PKTAP", LinkType::PKTAP, before(&pktap, &inner_frame())),
            ("ipnet", LinkType::IPNET, with(&ipnet)),
            ("pflog", LinkType::PFLOG, with(&pflog)),
            ("Juniper", LinkType::JUNIPER_ETHER, before(b"MGC\x00", &inner_frame())),
            (
                "Juniper with an extension",
                LinkType::JUNIPER_ETHER,
                before(b"MGC\x80\x00\x02\x01\x00", &inner_frame()),
            ),
            ("cooked LLC", LinkType::LINUX_SLL, {
                before(&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 4], &snap)
            }),
            ("802.3", LinkType::ETHERNET, {
                let length = u16::try_from(snap.len()).unwrap();
                before(&ethernet(length, &snap), &[0; 9])
            }),
            ("VN-Tag", LinkType::ETHERNET, ethernet(0x8926, &with(&[0, 1, 0, 2, 8, 0]))),
            ("E-TAG", LinkType::ETHERNET, ethernet(0x893f, &with(&[0, 1, 0, 2, 0, 0, 8, 0]))),
        ]
    }

    /// Wrappings that stand on the link layer, with the number that is to be told.
    fn wrapped_links() -> Vec<(&'static str, LinkType, Vec<u8>, TunnelKind, u32)> {
        let v4 = datagram();
        let with = |header: &[u8]| [header, &v4].concat();
        let wire = |header: &[u8]| [header, &inner_frame()].concat();
        let ppp = u8::try_from(v4.len() + 2).unwrap();
        let pppoe = with(&[0x11, 0, 0x12, 0x34, 0, ppp, 0, 0x21]);
        let mpls = TunnelKind::Mpls;
        let on_ethernet = [
            ("PPPoE", 0x8864, pppoe.clone(), TunnelKind::Pppoe, 0x1234),
            ("MPLS", 0x8847, with(&[0, 1, 1, 64]), mpls, 16),
            ("two labels", 0x8848, with(&[0, 1, 0, 64, 0, 2, 1, 64]), mpls, 16),
            ("pseudowire", 0x8847, wire(&[0, 1, 1, 64]), mpls, 16),
            ("pseudowire with word", 0x8847, wire(&[0, 1, 1, 64, 0, 0, 0, 0]), mpls, 16),
            ("numbered pseudowire", 0x8847, wire(&[0, 1, 1, 64, 0, 0, 0, 9]), mpls, 16),
            ("PBB", 0x88e7, wire(&[0, 1, 2, 3]), TunnelKind::Pbb, 0x1_0203),
            ("FabricPath", 0x8903, wire(&[0x12, 0x40]), TunnelKind::FabricPath, 0x49),
        ];
        let mut all: Vec<_> = on_ethernet
            .into_iter()
            .map(|(name, ether_type, payload, kind, id)| {
                (name, LinkType::ETHERNET, ethernet(ether_type, &payload), kind, id)
            })
            .collect();
        all.push(("PPPoE link", LinkType::PPP_ETHER, pppoe, TunnelKind::Pppoe, 0x1234));
        all
    }

    #[test]
    fn the_same_datagram_is_read_behind_every_link_header() {
        for (name, link_type, bytes) in links() {
            assert_eq!(reached(name, link_type, &bytes).tunnel, None, "{name} is no tunnel");
        }
    }

    #[test]
    fn wrappings_on_the_link_layer_give_their_number_and_no_outer_addresses() {
        for (name, link_type, bytes, kind, id) in wrapped_links() {
            let tunnel = reached(name, link_type, &bytes).tunnel.unwrap();
            assert_eq!((tunnel.kind, tunnel.id, tunnel.depth), (kind, id, 1), "{name}");
            assert_eq!((tunnel.outer, tunnel.ports), (None, None), "{name}");
        }
    }

    #[test]
    fn every_link_header_leads_to_the_same_worker() {
        let v4 = shard_number(&frame(LinkType::IPV4, &datagram()));
        let v6 = shard_number(&frame(LinkType::IPV6, &datagram_v6()));
        let wrapped =
            wrapped_links().into_iter().map(|(name, link, bytes, ..)| (name, link, bytes));
        for (name, link_type, bytes) in links().into_iter().chain(wrapped) {
            let expected = if name.contains("IPv6") { v6 } else { v4 };
            assert_eq!(shard_number(&frame(link_type, &bytes)), expected, "{name}");
        }
    }

    #[test]
    fn damaged_link_headers_never_panic() {
        let wrapped =
            wrapped_links().into_iter().map(|(name, link, bytes, ..)| (name, link, bytes));
        for (_, link_type, bytes) in links().into_iter().chain(wrapped) {
            survive(link_type, &bytes);
        }
    }

    #[test]
    fn stations_of_an_802_11_frame_stand_where_the_distribution_bits_say() {
        let (one, two, three, four) =
            ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 3], [2, 0, 0, 0, 0, 4]);
        for (bits, destination, source) in
            [(0, one, two), (1, three, two), (2, one, three), (3, three, four)]
        {
            let last: &[u8] = if bits == 3 { &four } else { &[] };
            let header: [&[u8]; 5] = [&one, &two, &three, &[0, 0], last];
            let bytes = wifi([0x08, bits], &header, &[&SNAP[..], &datagram()].concat());
            let ether = reached("802.11", LinkType::IEEE802_11, &bytes).ether.unwrap();
            assert_eq!((ether.destination.0, ether.source.0), (destination, source), "{bits}");
        }
    }

    #[test]
    fn the_first_subframe_of_an_aggregate_is_read_with_its_own_stations() {
        let snap = [&SNAP[..], &datagram()].concat();
        let length = u16::try_from(snap.len()).unwrap().to_be_bytes();
        let subframe = [&DESTINATION.0[..], &SOURCE.0, &length, &snap].concat();
        let header: [&[u8]; 5] = [&[2; 6], &[4; 6], &[6; 6], &[0, 0], &[0x80, 0]];
        let bytes = wifi([0x88, 0x01], &header, &[&subframe[..], &[0], &subframe].concat());

        let expected = EtherAddresses { source: SOURCE, destination: DESTINATION };
        assert_eq!(reached("A-MSDU", LinkType::IEEE802_11, &bytes).ether, Some(expected));
    }

    #[test]
    fn what_is_no_data_frame_in_clear_is_unsupported_at_the_link_layer() {
        let data = qos_from_access_point();
        let changed = |at: usize, value: u8| {
            let mut bytes = data.clone();
            bytes[at] = value;
            bytes
        };
        for (name, bytes) in [
            ("a beacon", changed(0, 0x80)),
            ("an acknowledgment", changed(0, 0xd4)),
            ("a frame without data", changed(0, 0xc8)),
            ("a protected frame", changed(1, 0x42)),
            ("a fragment", changed(22, 0x11)),
        ] {
            let error = decode(&frame(LinkType::IEEE802_11, &bytes)).unwrap_err();
            assert_eq!(error, DecodeError::link(DecodeReason::Unsupported), "{name}");
        }
        let damaged = [&[0, 0, 9, 0, 2, 0, 0, 0, 0x40][..], &data].concat();
        let error = decode(&frame(LinkType::IEEE802_11_RADIOTAP, &damaged)).unwrap_err();
        assert_eq!(error, DecodeError::link(DecodeReason::Malformed));
    }

    #[test]
    fn a_padded_802_11_header_is_read_past_its_padding() {
        let header: [&[u8]; 6] =
            [&DESTINATION.0, &[4; 6], &SOURCE.0, &[0, 0], &[0, 0], &[0xee, 0xee]];
        let data = wifi([0x88, 0x02], &header, &[&SNAP[..], &datagram()].concat());
        let bytes = [&[0, 0, 9, 0, 2, 0, 0, 0, 0x20][..], &data].concat();

        reached("padded", LinkType::IEEE802_11_RADIOTAP, &bytes);
    }

    #[test]
    fn an_address_that_looks_like_an_ether_type_is_still_ip_behind_a_label() {
        // 129.0.0.1: its first two bytes are those of a VLAN tag.
        let inner = super::super::fixture::ipv4(
            [129, 0, 0, 1],
            [198, 51, 100, 1],
            17,
            &super::super::fixture::udp(1, 2, PAYLOAD),
        );
        let bytes = ethernet(0x8847, &[&[0, 1, 1, 64][..], &inner].concat());
        let packet = reached("MPLS", LinkType::ETHERNET, &bytes);
        let Network::Ip(ip) = packet.network else { panic!("holds IP") };

        assert_eq!(ip.source.to_string(), "129.0.0.1");
    }

    #[test]
    fn what_negotiates_a_link_is_unsupported() {
        let lcp = [0x11, 0, 0, 1, 0, 6, 0xc0, 0x21, 1, 1, 0, 4];
        let error = decode(&frame(LinkType::PPP_ETHER, &lcp)).unwrap_err();

        assert_eq!(error, DecodeError::network(DecodeReason::Unsupported));
    }

    #[test]
    fn a_stack_of_labels_without_a_bottom_ends() {
        let bytes = ethernet(0x8847, &[0; 400]);

        assert!(decode(&frame(LinkType::ETHERNET, &bytes)).is_err());
    }

    #[test]
    fn a_checksum_behind_the_packet_and_a_length_of_zero_do_no_harm() {
        let mut bytes = inner_frame();
        bytes.extend([0xde, 0xad, 0xbe, 0xef]);
        reached("with a checksum", LinkType::ETHERNET, &bytes);

        // Joined segments: the length is 0, or larger than any frame on the wire.
        let large = super::super::fixture::udp(1, 2, &[7; 30_000]);
        let mut bytes = ethernet(
            0x0800,
            &super::super::fixture::ipv4([192, 0, 2, 1], [198, 51, 100, 1], 17, &large),
        );
        for zero in [false, true] {
            if zero {
                bytes[16..18].copy_from_slice(&[0, 0]);
            }
            let packet = decode(&frame(LinkType::ETHERNET, &bytes)).unwrap();
            let Network::Ip(ip) = packet.network else { panic!("holds IP") };
            assert_eq!((ip.ip_len, ip.payload_len), (30_028, 30_000));
        }
    }

    #[test]
    fn the_network_payload_of_icmp_is_the_whole_message() {
        let message = [135, 0, 0, 0, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8];
        let bytes = ethernet(0x86dd, &super::super::fixture::ipv6(1, 2, 58, &message));
        let packet = decode(&frame(LinkType::ETHERNET, &bytes)).unwrap();
        let Network::Ip(ip) = packet.network else { panic!("holds IP") };

        assert_eq!((ip.network_payload, ip.payload), (&message[..], &message[8..]));
    }
}
