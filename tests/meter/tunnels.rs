//! What stands in a tunnel, and who is believed.

use hikwatch::meter::{Config, ObservationKind};
use hikwatch::net::IpProtocol;

use super::lab::{Lab, datagram};

/// Any stranger can send a datagram to the port of a tunnel.
#[test]
fn what_stands_in_a_tunnel_over_udp_is_believed_only_when_allowed() {
    for trust_tunnels in [false, true] {
        let mut lab = Lab::new(Config { trust_tunnels, ..Config::default() });
        lab.server.set_port(4789);
        lab.throw(&vxlan(&arp()));
        lab.throw(&vxlan(&datagram(
            "192.0.2.64:5000".parse().unwrap(),
            "198.51.100.9:53".parse().unwrap(),
            b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01",
        )));
        lab.drain();

        let bindings = count(&mut lab, |kind| matches!(kind, ObservationKind::BindingSeen { .. }));
        let outer = count(&mut lab, |kind| {
            matches!(kind, ObservationKind::FlowEnded { report, .. }
                if report.record.responder.port == 4789 && report.record.forward.packets == 2)
        });
        let closed = lab.meter.stats().decode_errors.iter().flatten().sum::<u64>();
        assert_eq!(bindings, usize::from(trust_tunnels));
        assert_eq!(lab.messages().count(), usize::from(trust_tunnels));
        assert_eq!(outer, usize::from(!trust_tunnels), "the tunnel is a flow of its own");
        assert_eq!(closed, if trust_tunnels { 0 } else { 2 }, "and what was not read is counted");
    }
}

#[test]
fn a_mirror_without_udp_needs_no_leave() {
    let mut lab = Lab::new(Config::default());
    lab.feed(&over_ip(IpProtocol::GRE, 0, &[&[0, 0, 0x65, 0x58][..], &arp()].concat()), 80);

    assert_eq!(count(&mut lab, |kind| matches!(kind, ObservationKind::BindingSeen { .. })), 1);
}

#[test]
fn the_inside_of_a_tunnel_in_fragments_is_as_long_as_if_it_had_come_in_one() {
    let inner = datagram(
        "192.0.2.64:5000".parse().unwrap(),
        "198.51.100.9:9999".parse().unwrap(),
        &[7; 600],
    );
    let mut lab = Lab::new(Config { trust_tunnels: true, ..Config::default() });
    lab.server.set_port(4789);
    let whole = datagram(lab.client, lab.server, &vxlan(&inner));
    let udp = &whole[34..];
    lab.feed(&over_ip(IpProtocol::UDP, 0x2000, &udp[..400]), 434);
    lab.feed(&over_ip(IpProtocol::UDP, 50, &udp[400..]), 34 + udp.len() - 400);
    lab.drain();

    let length = lab.observations().iter().find_map(|observation| {
        let ObservationKind::FlowEnded { report, .. } = &observation.kind else { return None };
        let is_inside = report.record.responder.port == 9999;
        is_inside.then_some(report.record.forward.wire_bytes)
    });
    assert_eq!(length, Some(whole.len() as u64));
}

fn count(lab: &mut Lab, is_one: impl Fn(&ObservationKind) -> bool) -> usize {
    lab.observations().iter().filter(|observation| is_one(&observation.kind)).count()
}

/// RFC 7348, 5.
fn vxlan(frame: &[u8]) -> Vec<u8> {
    [&[8, 0, 0, 0, 0, 0, 7, 0][..], frame].concat()
}

/// A station says which address it holds (RFC 5227, 3).
fn arp() -> Vec<u8> {
    let mac = [2, 0, 0, 0, 0, 0x64];
    let ip = [192, 0, 2, 64];
    [&[0xff; 6][..], &mac, &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1], &mac, &ip, &[0; 6], &ip].concat()
}

/// An IPv4 packet with these flags and this offset (RFC 791, 3.1), in an Ethernet frame.
fn over_ip(protocol: IpProtocol, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let [flags, offset] = fragment.to_be_bytes();
    let header = [0x45, 0, high, low, 0, 7, flags, offset, 64, protocol.0, 0, 0];
    let ends = [192, 0, 2, 10, 198, 51, 100, 7];
    [&[2; 12][..], &[8, 0], &header, &ends, payload].concat()
}
