//! What it costs to read layers 2 to 4 of a frame, and to find the worker that a frame belongs to.
//!
//! Comes in: whole traffic, whose frames lie apart in memory as they do in a capture ring, and single
//! frames of each shape, which stay in the nearest cache. Goes out: packets a second. It captures nothing.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has to stop")]

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hikwatch::decode::{decode, shard_number};
use hikwatch::net::{Frame, InterfaceId, LinkType, MacAddr, Timestamp, VlanTag};
use hikwatch::simulate::{Arp, Link, Segment, build_arp, build_tcp, build_udp};

mod frames;

use frames::Traffic;

const CLIENT: MacAddr = MacAddr([0x02, 0, 0, 0, 0, 1]);
const SERVER: MacAddr = MacAddr([0x02, 0, 0, 0, 0, 2]);

fn traffic(criterion: &mut Criterion) {
    let all = Traffic::all();
    for (function, reads) in [("decode", true), ("shard_number", false)] {
        let mut group = criterion.benchmark_group(function);
        for traffic in &all {
            let frames = traffic.frames();
            assert!(frames.iter().all(|frame| decode(frame).is_ok()), "all frames are well-formed");
            group.throughput(Throughput::Elements(u64::try_from(frames.len()).unwrap()));
            group.bench_function(traffic.name, |bencher| {
                bencher.iter(|| {
                    for frame in &frames {
                        if reads {
                            decode_one(frame);
                        } else {
                            black_box(shard_number(black_box(frame)));
                        }
                    }
                });
            });
        }
        group.finish();
    }
}

fn shapes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode/one");
    group.throughput(Throughput::Elements(1));
    for (name, bytes) in shaped_frames() {
        let frame = ethernet(&bytes);
        assert_eq!(stopped(&frame), name == "cut", "only the cut frame ends early");
        group.bench_function(name, |bencher| bencher.iter(|| decode_one(&frame)));
    }
    group.finish();
}

/// Decodes where the compiler can neither foresee the frame nor leave out the packet.
fn decode_one(frame: &Frame<'_>) {
    let packet = decode(black_box(frame));
    // By reference: to move the packet would be measured too.
    assert!(black_box(&packet).is_ok());
}

fn stopped(frame: &Frame<'_>) -> bool {
    decode(frame).unwrap().stopped.is_some()
}

fn shaped_frames() -> Vec<(&'static str, Vec<u8>)> {
    let plain = Link { source: CLIENT, destination: SERVER, vlan: None };
    let tagged = Link { vlan: Some(VlanTag { tpid: 0x8100, tci: 7 }), ..plain };
    let (v4, v4_server) = (end("192.0.2.10:40000"), end("198.51.100.7:443"));
    let (v6, v6_server) = (end("[2001:db8::10]:40000"), end("[2001:db8:1::7]:443"));
    let segment = Segment {
        sequence: 1,
        acknowledgment: 1,
        flags: Segment::ACK,
        window: 64_240,
        options: &[],
        payload: &[0x5a; 1460],
    };
    let built = |build: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        build(&mut bytes);
        bytes
    };
    let tcp_v4 = built(&|out| build_tcp(out, &plain, v4, v4_server, 1, &segment));
    // Into the TCP header: 14 octets of Ethernet, 20 of IPv4, 8 of TCP.
    let cut = tcp_v4.get(..42).unwrap().to_vec();
    let arp = Arp {
        operation: 1,
        sender_mac: CLIENT,
        sender_ip: Ipv4Addr::new(192, 0, 2, 10),
        target_mac: MacAddr::ZERO,
        target_ip: Ipv4Addr::new(192, 0, 2, 1),
    };
    vec![
        ("tcp-ipv4", tcp_v4),
        ("tcp-ipv6", built(&|out| build_tcp(out, &plain, v6, v6_server, 1, &segment))),
        ("udp-ipv4", built(&|out| build_udp(out, &plain, v4, v4_server, 1, &[0x5a; 200]))),
        ("udp-ipv4-vlan", built(&|out| build_udp(out, &tagged, v4, v4_server, 1, &[0x5a; 200]))),
        ("arp", built(&|out| build_arp(out, &plain, &arp))),
        ("cut", cut),
    ]
}

fn end(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn ethernet(bytes: &[u8]) -> Frame<'_> {
    Frame {
        number: 1,
        timestamp: Timestamp::from_parts(1_700_000_000, 0),
        interface: InterfaceId(0),
        link_type: LinkType::ETHERNET,
        wire_len: u32::try_from(bytes.len()).unwrap(),
        stripped_tag: None,
        bytes,
    }
}

criterion_group!(benches, traffic, shapes);
criterion_main!(benches);
