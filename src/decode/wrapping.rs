//! Takes the wrappings off that an IP packet carries, one after the other.
//!
//! Comes in: a packet that was read. Goes out: the innermost packet that could be read, with what it was wrapped in.
//! A fragment is never entered: its inside is not whole. Off the hot path: most packets are asked two numbers.

use super::step::{Inside, Shell, Step};
use super::tunnel::MAX_WRAPPINGS;
use super::{
    DecodeError, DecodeReason, IpPacket, Network, Packet, Transport, TunnelKind, TunnelTrust, gre,
    link, network, udp_tunnel,
};
use crate::net::IpProtocol;

/// Tells whether a packet may carry another one.
#[inline]
pub(super) fn may_hold(ip: &IpPacket<'_>) -> bool {
    let is_carrier = match ip.transport {
        Transport::Tcp(_) | Transport::Sctp { .. } | Transport::Icmp { .. } => false,
        Transport::Udp { source_port, destination_port } => {
            udp_tunnel::may_hold(source_port, destination_port)
        }
        Transport::None => {
            matches!(ip.protocol, IpProtocol::IPV4 | IpProtocol::IPV6 | IpProtocol::GRE)
        }
    };
    is_carrier && ip.fragment.is_none()
}

/// Goes inwards as far as the packet can be read and `trust` reaches. What cannot be entered stays as it is; why, is in
/// `stopped`.
#[cold]
#[inline(never)]
pub(super) fn enter(packet: &mut Packet<'_>, trust: TunnelTrust) {
    // One more than there may be, so that the one too many is refused and not left out in silence.
    for _ in 0..=MAX_WRAPPINGS {
        let Network::Ip(ip) = packet.network else { return };
        if packet.stopped.is_some() || !may_hold(&ip) {
            return;
        }
        let shell = Shell { ether: packet.ether, vlans: packet.vlans, tunnel: packet.tunnel };
        let is_open = trust == TunnelTrust::Every || !matches!(ip.transport, Transport::Udp { .. });
        let unwrapped = inside(&ip).and_then(|inside| match inside {
            Some(_) if !is_open => Err(DecodeError::transport(DecodeReason::Untrusted)),
            Some(inside) => unwrap(inside, &ip, shell).map(Some),
            None => Ok(None),
        });
        match unwrapped {
            Ok(Some(inner)) => *packet = inner,
            Ok(None) => return,
            Err(error) => {
                packet.stopped = Some(error);
                return;
            }
        }
    }
}

/// What `ip` carries; `None` when it is no tunnel after all, or wraps nothing.
fn inside<'a>(ip: &IpPacket<'a>) -> Result<Option<Inside<'a>>, DecodeError> {
    if let Transport::Udp { source_port, destination_port } = ip.transport {
        let length = usize::try_from(ip.payload_len).unwrap_or(usize::MAX);
        return Ok(udp_tunnel::inside((source_port, destination_port), ip.payload, length));
    }
    let kind = match (ip.protocol, ip.source.is_ipv4()) {
        (IpProtocol::GRE, _) => return gre::inside(ip.payload),
        (IpProtocol::IPV4, true) => TunnelKind::IpInIp,
        (IpProtocol::IPV4, false) => TunnelKind::FourInSix,
        (_, true) => TunnelKind::SixInFour,
        (_, false) => TunnelKind::SixInSix,
    };
    Ok(Some(Inside { kind, id: 0, step: Step::ip(ip.payload) }))
}

fn unwrap<'a>(
    inside: Inside<'a>,
    ip: &IpPacket<'a>,
    mut shell: Shell,
) -> Result<Packet<'a>, DecodeError> {
    shell.unwrap_ip(inside.kind, inside.id, ip)?;
    let body = link::walk(inside.step, &mut shell)?;
    let length = usize::try_from(ip.payload_len).unwrap_or(usize::MAX);
    network::packet(body, &shell, length.saturating_sub(ip.payload.len()))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{
        DESTINATION, PAYLOAD, SOURCE, carried_by, carried_by_udp, datagram, datagram_v6, ethernet,
        frame, inner_frame, ipv4, ipv6, reached, survive, udp,
    };
    use super::super::{
        EtherAddresses, Layer, Tunnel, decode, decode_reassembled, decode_trusting, shard_number,
    };
    use super::*;
    use crate::net::LinkType;

    const ETHERNET: LinkType = LinkType::ETHERNET;

    fn with(header: &[u8], payload: &[u8]) -> Vec<u8> {
        [header, payload].concat()
    }

    /// A frame for each tunnel over IP, with the kind and the number that are to be told.
    fn tunnels() -> Vec<(&'static str, Vec<u8>, TunnelKind, u32)> {
        let (v4, v6, whole) = (datagram(), datagram_v6(), inner_frame());
        let over = |header: &[u8], payload: &[u8]| carried_by(47, &with(header, payload));
        let ppp_length = u8::try_from(v4.len() + 4).unwrap();
        let gtp_length = u8::try_from(v4.len()).unwrap();
        let teredo = ipv6(0x2001_0000 << 96 | 1, 0x2001_0db8 << 96, 17, &udp(1, 2, PAYLOAD));
        let (gre, erspan, vxlan, geneve, gtp) = (
            TunnelKind::Gre,
            TunnelKind::Erspan,
            TunnelKind::Vxlan,
            TunnelKind::Geneve,
            TunnelKind::Gtp,
        );
        vec![
            ("plain GRE", over(&[0, 0, 8, 0], &v4), gre, 0),
            ("GRE with IPv6", over(&[0, 0, 0x86, 0xdd], &v6), gre, 0),
            (
                "GRE with checksum, key and sequence",
                over(&[0xb0, 0, 8, 0, 1, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1], &v4),
                gre,
                9,
            ),
            (
                "GRE with a source route",
                over(&[0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 192, 0, 2, 9, 0, 0, 0, 0], &v4),
                gre,
                0,
            ),
            ("NVGRE", over(&[0x20, 0, 0x65, 0x58, 0, 0x12, 0x34, 1], &whole), gre, 0x12_3401),
            ("GRE with PPP", over(&[0, 0, 0x88, 0x0b, 0xff, 3, 0, 0x21], &v4), gre, 0),
            (
                "PPTP",
                over(
                    &[
                        0x30, 0x81, 0x88, 0x0b, 0, ppp_length, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1, 0xff,
                        3, 0, 0x21,
                    ],
                    &v4,
                ),
                TunnelKind::Pptp,
                5,
            ),
            ("ERSPAN I", over(&[0, 0, 0x88, 0xbe], &whole), erspan, 0),
            (
                "ERSPAN II",
                over(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 7, 0x18, 5, 0, 0, 0, 0], &whole),
                erspan,
                5,
            ),
            (
                "ERSPAN III",
                over(
                    &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 7, 0, 6, 1, 2, 3, 4, 0, 0, 0x80, 0],
                    &whole,
                ),
                erspan,
                6,
            ),
            (
                "ERSPAN III with a subheader",
                over(
                    &[
                        0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 7, 0, 6, 1, 2, 3, 4, 0, 0, 0x80, 1,
                        9, 9, 9, 9, 9, 9, 9, 9,
                    ],
                    &whole,
                ),
                erspan,
                6,
            ),
            ("VXLAN", carried_by_udp(4789, &with(&[8, 0, 0, 0, 0, 1, 2, 0], &whole)), vxlan, 258),
            (
                "VXLAN on the port of Linux",
                carried_by_udp(8472, &with(&[8, 0, 0, 0, 0, 0, 7, 0], &whole)),
                vxlan,
                7,
            ),
            (
                "VXLAN with a group",
                carried_by_udp(4789, &with(&[0x88, 0x08, 1, 1, 0, 0, 7, 0], &whole)),
                vxlan,
                7,
            ),
            (
                "VXLAN-GPE",
                carried_by_udp(4790, &with(&[0x0c, 0, 0, 1, 0, 0, 8, 0], &v4)),
                TunnelKind::VxlanGpe,
                8,
            ),
            (
                "GENEVE",
                carried_by_udp(6081, &with(&[0, 0, 0x65, 0x58, 0, 0, 9, 0], &whole)),
                geneve,
                9,
            ),
            (
                "GENEVE with an option",
                carried_by_udp(6081, &with(&[1, 0x40, 8, 0, 0, 0, 9, 0, 1, 2, 3, 4], &v4)),
                geneve,
                9,
            ),
            (
                "TZSP",
                carried_by_udp(37008, &with(&[1, 0, 0, 1, 10, 1, 0, 0, 1], &whole)),
                TunnelKind::Tzsp,
                0,
            ),
            ("IPv4 in IPv4", carried_by(4, &v4), TunnelKind::IpInIp, 0),
            ("IPv6 in IPv4", carried_by(41, &v6), TunnelKind::SixInFour, 0),
            ("Teredo", carried_by_udp(3544, &teredo), TunnelKind::Teredo, 0),
            (
                "Teredo with authentication and origin",
                carried_by_udp(
                    3544,
                    &with(
                        &[0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6],
                        &teredo,
                    ),
                ),
                TunnelKind::Teredo,
                0,
            ),
            (
                "GTP-U",
                carried_by_udp(2152, &with(&[0x30, 0xff, 0, gtp_length, 0, 0, 0, 3], &v4)),
                gtp,
                3,
            ),
            (
                "GTP-U with a 5G container",
                carried_by_udp(
                    2152,
                    &with(
                        &[0x34, 0xff, 0, gtp_length + 8, 0, 0, 0, 3, 0, 0, 0, 0x85, 1, 0x10, 1, 0],
                        &v4,
                    ),
                ),
                gtp,
                3,
            ),
            (
                "L2TP",
                carried_by_udp(
                    1701,
                    &with(&[0x40, 2, 0, gtp_length + 12, 0, 1, 0, 2, 0xff, 3, 0, 0x21], &v4),
                ),
                TunnelKind::L2tp,
                0x1_0002,
            ),
        ]
    }

    #[test]
    fn each_tunnel_gives_the_packet_inside_and_its_own_number() {
        for (name, bytes, kind, id) in tunnels() {
            let packet = reached(name, ETHERNET, &bytes);
            let tunnel = packet.tunnel.unwrap_or_else(|| panic!("{name} is a tunnel"));
            assert_eq!((tunnel.kind, tunnel.id, tunnel.depth), (kind, id, 1), "{name}");
            let outer = ("203.0.113.1".parse().unwrap(), "203.0.113.2".parse().unwrap());
            assert_eq!(tunnel.outer, Some(outer), "{name}");
            let is_udp = bytes[23] == 17;
            assert_eq!(tunnel.ports.is_some(), is_udp, "{name}");
        }
    }

    #[test]
    fn damaged_tunnels_never_panic() {
        for (_, bytes, ..) in tunnels() {
            survive(ETHERNET, &bytes);
        }
    }

    #[test]
    fn the_outermost_addresses_decide_the_worker() {
        let plain = shard_number(&frame(ETHERNET, &carried_by(6, &[0; 20])));
        for (name, bytes, ..) in tunnels() {
            assert_eq!(shard_number(&frame(ETHERNET, &bytes)), plain, "{name}");
        }
    }

    #[test]
    fn the_inner_ethernet_header_goes_before_the_outer_one() {
        let mut bytes = carried_by_udp(4789, &with(&[8, 0, 0, 0, 0, 0, 1, 0], &inner_frame()));
        bytes[..12].copy_from_slice(&[2, 9, 9, 9, 9, 1, 2, 9, 9, 9, 9, 2]);
        let inner = Some(EtherAddresses { source: SOURCE, destination: DESTINATION });
        assert_eq!(reached("VXLAN", ETHERNET, &bytes).ether, inner);

        let bytes = carried_by(4, &datagram());
        assert_eq!(reached("IPv4 in IPv4", ETHERNET, &bytes).ether, inner, "falls back");
    }

    #[test]
    fn tags_outside_stand_before_tags_inside() {
        let tagged = ethernet(0x8100, &with(&[0, 7, 8, 0], &datagram()));
        let outer = carried_by_udp(4789, &with(&[8, 0, 0, 0, 0, 0, 1, 0], &tagged));
        let bytes = [&outer[..12], &[0x81, 0, 0, 100], &outer[12..]].concat();

        assert_eq!(reached("VXLAN", ETHERNET, &bytes).vlans.as_slice(), [100, 7]);
    }

    #[test]
    fn a_datagram_on_a_tunnels_port_is_no_tunnel_when_a_reserved_bit_is_set() {
        let whole = inner_frame();
        for (port, header) in [
            (4789, vec![8, 0, 0, 1, 0, 0, 1, 0]),
            (4789, vec![8, 0, 0, 0, 0, 0, 1, 1]),
            (4789, vec![0, 0, 0, 0, 0, 0, 1, 0]),
            (6081, vec![0x40, 0, 0x65, 0x58, 0, 0, 1, 0]),
            (6081, vec![0, 0x80, 0x65, 0x58, 0, 0, 1, 0]),
            (37008, vec![2, 0, 0, 1, 1]),
            (2152, vec![0x30, 0xff, 0, 1, 0, 0, 0, 1]),
            (1701, vec![0xc8, 2, 0, 20]),
            (3544, vec![]),
        ] {
            let bytes = carried_by_udp(port, &with(&header, &whole));
            let packet = decode(&frame(ETHERNET, &bytes)).unwrap();
            let Network::Ip(ip) = packet.network else { panic!("holds IP") };
            assert_eq!((packet.tunnel, packet.stopped), (None, None), "{port} {header:?}");
            let ports = Transport::Udp { source_port: 50_000, destination_port: port };
            assert_eq!(ip.transport, ports);
        }
    }

    #[test]
    fn a_tunnel_that_holds_nothing_known_leaves_the_packet_around_it() {
        let lldp = ethernet(0x88cc, b"chassis");
        let bytes = carried_by_udp(4789, &with(&[8, 0, 0, 0, 0, 0, 1, 0], &lldp));
        let packet = decode(&frame(ETHERNET, &bytes)).unwrap();

        assert_eq!(packet.tunnel, None);
        assert_eq!(packet.stopped, Some(DecodeError::network(DecodeReason::Unsupported)));
        let Network::Ip(ip) = packet.network else { panic!("holds IP") };
        assert_eq!(ip.source.to_string(), "203.0.113.1");

        // An acknowledgment of PPTP wraps nothing, and lacks nothing.
        let bytes = carried_by(47, &[0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 5, 0, 0, 0, 1]);
        assert_eq!(decode(&frame(ETHERNET, &bytes)).unwrap().stopped, None);
    }

    #[test]
    fn wrappings_are_taken_off_up_to_the_limit_and_no_further() {
        let nested = |times: usize| {
            let mut packet = datagram();
            for _ in 0..times {
                packet = ipv4([203, 0, 113, 1], [203, 0, 113, 2], 4, &packet);
            }
            ethernet(0x0800, &packet)
        };
        let four = nested(4);
        assert_eq!(reached("four", ETHERNET, &four).tunnel.map(|tunnel| tunnel.depth), Some(4));

        let five = nested(5);
        let packet = decode(&frame(ETHERNET, &five)).unwrap();
        assert_eq!(packet.tunnel.map(|tunnel| tunnel.depth), Some(4));
        assert_eq!(packet.stopped, Some(DecodeError::network(DecodeReason::Unsupported)));
    }

    #[test]
    fn the_outermost_of_mixed_wrappings_is_told_with_the_outermost_addresses() {
        let gre = ipv4([203, 0, 113, 1], [203, 0, 113, 2], 47, &with(&[0, 0, 8, 0], &datagram()));
        let length = u8::try_from(gre.len() + 2).unwrap();
        let bytes = ethernet(0x8864, &with(&[0x11, 0, 0, 9, 0, length, 0, 0x21], &gre));
        let tunnel = reached("PPPoE with GRE", ETHERNET, &bytes).tunnel.unwrap();

        let outer = Some(("203.0.113.1".parse().unwrap(), "203.0.113.2".parse().unwrap()));
        assert_eq!(tunnel, Tunnel { kind: TunnelKind::Pppoe, depth: 2, id: 9, outer, ports: None });
    }

    #[test]
    fn lengths_inside_a_cut_tunnel_come_from_the_headers() {
        let inner = ipv4([192, 0, 2, 1], [198, 51, 100, 1], 17, &udp(1, 2, &[5; 500]));
        let bytes = carried_by(47, &with(&[0, 0, 8, 0], &inner));
        let mut cut = frame(ETHERNET, &bytes);
        cut.bytes = &bytes[..100];
        let Network::Ip(ip) = decode(&cut).unwrap().network else { panic!("holds IP") };

        assert_eq!((ip.ip_len, ip.payload_len), (528, 500));
    }

    #[test]
    fn a_fragment_is_not_entered_and_the_reassembled_packet_is() {
        let gre = with(&[0, 0, 8, 0], &datagram());
        let (head, tail) = gre.split_at(32);
        let piece = |fragment: u16, payload: &[u8]| {
            let mut bytes = carried_by(47, payload);
            bytes[20..22].copy_from_slice(&fragment.to_be_bytes());
            bytes
        };
        let (first, last) = (piece(0x2000, head), piece(4, tail));
        let first = decode(&frame(ETHERNET, &first)).unwrap();
        let last = decode(&frame(ETHERNET, &last)).unwrap();
        let (Network::Ip(a), Network::Ip(b)) = (first.network, last.network) else {
            panic!("hold IP")
        };
        assert_eq!((first.tunnel, last.tunnel), (None, None));
        let (a_place, b_place) = (a.fragment.unwrap(), b.fragment.unwrap());
        assert_eq!((a_place.id, a_place.offset, a_place.more), (7, 0, true));
        assert_eq!((b_place.id, b_place.offset, b_place.more), (7, 32, false));
        assert!(a_place.is_first() && !b_place.is_first());

        let payload = [a.network_payload, b.network_payload].concat();
        let header = super::super::FragmentHeader::of(&first).unwrap();
        let whole = decode_reassembled(&header, &payload, TunnelTrust::Every);
        let Network::Ip(ip) = whole.network else { panic!("holds IP") };
        assert_eq!((ip.payload, ip.fragment), (PAYLOAD, None));
        assert_eq!(whole.tunnel.map(|tunnel| tunnel.kind), Some(TunnelKind::Gre));
        assert_eq!(whole.ether, first.ether);
    }

    #[test]
    fn a_tunnel_over_udp_that_is_not_trusted_stays_a_datagram() {
        for (name, bytes, kind, _) in tunnels() {
            let packet = decode_trusting(&frame(ETHERNET, &bytes), TunnelTrust::NotOverUdp);
            let packet = packet.unwrap();
            let Network::Ip(ip) = packet.network else { panic!("{name} holds IP") };
            let stopped = packet.stopped.map(|error| (error.layer, error.reason));

            if matches!(ip.transport, Transport::Udp { .. }) && packet.tunnel.is_none() {
                let untrusted = (Layer::Transport, DecodeReason::Untrusted);
                assert_eq!(stopped, Some(untrusted), "{name}");
            } else {
                assert_eq!(packet.tunnel.map(|tunnel| tunnel.kind), Some(kind), "{name}");
                assert_eq!(stopped, None, "{name}");
            }
            let over_udp = matches!(
                kind,
                TunnelKind::Vxlan
                    | TunnelKind::VxlanGpe
                    | TunnelKind::Geneve
                    | TunnelKind::Tzsp
                    | TunnelKind::Teredo
                    | TunnelKind::Gtp
                    | TunnelKind::L2tp
            );
            assert_eq!(packet.tunnel.is_none(), over_udp, "{name}");
        }
    }

    #[test]
    fn a_reassembled_packet_reads_the_headers_behind_the_ipv6_fragment_header() {
        // Destination options, eight bytes, before UDP.
        let whole = with(&[17, 0, 1, 4, 0, 0, 0, 0], &udp(5000, 53, PAYLOAD));
        let (head, tail) = whole.split_at(16);
        let piece = |place: u8, payload: &[u8]| {
            let header = [60, 0, 0, place, 0, 1, 0, 2];
            let (from, to) = (0x2001_0db8 << 96 | 1, 0x2001_0db8 << 96 | 2);
            ethernet(0x86dd, &ipv6(from, to, 44, &with(&header, payload)))
        };
        let (first, last) = (piece(1, head), piece(16, tail));
        let first = decode(&frame(ETHERNET, &first)).unwrap();
        let last = decode(&frame(ETHERNET, &last)).unwrap();
        let (Network::Ip(a), Network::Ip(b)) = (first.network, last.network) else {
            panic!("hold IP")
        };
        let place = a.fragment.unwrap();
        assert_eq!((place.id, place.protocol), (0x1_0002, IpProtocol(60)));
        assert_eq!(a.transport, Transport::Udp { source_port: 5000, destination_port: 53 });
        assert_eq!((b.transport, b.fragment.map(|f| f.offset)), (Transport::None, Some(16)));
        assert_eq!((a.network_payload, b.network_payload), (head, tail));

        let header = super::super::FragmentHeader::of(&first).unwrap();
        assert_eq!(header.header_len, 48);
        let whole = decode_reassembled(&header, &whole, TunnelTrust::Every);
        let Network::Ip(ip) = whole.network else { panic!("holds IP") };
        assert_eq!((ip.payload, ip.protocol, ip.ip_len), (PAYLOAD, IpProtocol::UDP, 71));
    }

    #[test]
    fn an_atomic_fragment_is_no_fragment() {
        let piece = with(&[17, 0, 0, 0, 0, 1, 0, 2], &udp(5000, 53, PAYLOAD));
        let bytes = ethernet(0x86dd, &ipv6(1, 2, 44, &piece));
        let packet = reached("atomic", ETHERNET, &bytes);
        let Network::Ip(ip) = packet.network else { panic!("holds IP") };

        assert_eq!((ip.fragment, ip.ttl), (None, 64));
    }

    #[test]
    fn ipv6_in_ipv6_and_ipv4_in_ipv6_are_told_apart() {
        for (next, packet, kind) in
            [(4, datagram(), TunnelKind::FourInSix), (41, datagram_v6(), TunnelKind::SixInSix)]
        {
            let bytes = ethernet(0x86dd, &ipv6(1, 2, next, &packet));
            let tunnel = reached(kind.as_label(), ETHERNET, &bytes).tunnel;
            assert_eq!(tunnel.map(|tunnel| tunnel.kind), Some(kind));
        }
    }
}
