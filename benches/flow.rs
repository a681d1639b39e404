//! What a packet costs the flow table: its flow is there, among few and among many; it begins a flow
//! while others expire; it begins a flow in a full table.
//!
//! Comes in: packets that are written down as already decoded. Goes out: packets a second. The flows'
//! slots are empty: heads of streams are no part of this.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has to stop")]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hikwatch::decode::{EtherAddresses, IpPacket, TcpFlags, TcpHeader, Transport, VlanIds};
use hikwatch::flow::{Config, FlowKey, FlowPacket, FlowTable, Observed};
use hikwatch::net::{InterfaceId, IpProtocol, MacAddr, Timestamp};

const START: Timestamp = Timestamp::from_parts(1_700_000_000, 0);
const SEEDS: [u64; 4] = [1, 2, 3, 4];
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
const ETHER: EtherAddresses = EtherAddresses {
    source: MacAddr([0x02, 0, 0, 0, 0, 1]),
    destination: MacAddr([0x02, 0, 0, 0, 0, 2]),
};
/// From one flow to the next that is hit; a prime, so that all flows get their turn, neighbours apart.
const STRIDE: u32 = 7_919;
/// Time between two new flows: with the default timeouts, 120,000 datagram flows live side by side.
const NEW_FLOW_GAP: Duration = Duration::from_millis(1);

fn hits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("flow/hit");
    group.throughput(Throughput::Elements(1));
    for (name, flows) in [("1k", 1_000), ("100k", 100_000)] {
        let mut table = FlowTable::new(Config::default(), SEEDS);
        for number in 0..flows {
            observe(&mut table, &segment(number, true), START);
            observe(&mut table, &segment(number, false), START);
        }
        assert_eq!(table.len(), usize::try_from(flows).unwrap());

        let mut turn = 0_u32;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                turn = turn.wrapping_add(1);
                let number = turn.wrapping_mul(STRIDE) % flows;
                let packet = segment(number, turn.is_multiple_of(3));
                black_box(observe(&mut table, black_box(&packet), START).place)
            });
        });
        assert_eq!(table.len(), usize::try_from(flows).unwrap(), "no packet began a flow");
    }
    group.finish();
}

fn new_flows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("flow/new");
    group.throughput(Throughput::Elements(1));

    let mut table = FlowTable::new(Config::default(), SEEDS);
    let (mut number, mut now) = (0_u32, START);
    let mut next = |table: &mut FlowTable<()>| {
        number = number.wrapping_add(1);
        now = now.plus(NEW_FLOW_GAP);
        observe(table, black_box(&datagram(number)), now)
    };
    for _ in 0..125_000 {
        assert!(next(&mut table).ended.is_none(), "the table is large enough");
    }
    let settled = table.len();
    group.bench_function("expiry", |bencher| bencher.iter(|| next(&mut table).place));
    assert!(table.len().abs_diff(settled) <= 2_000, "as many flows expire as begin");

    let config = Config::default();
    let full = config.max_flows;
    let mut table = FlowTable::new(config, SEEDS);
    for number in 0..full {
        observe(&mut table, &datagram(number), START);
    }
    let mut number = full;
    let mut evict = || {
        number = number.wrapping_add(1);
        observe(&mut table, black_box(&datagram(number)), START).ended
    };
    assert!(evict().is_some(), "the table is full");
    group.bench_function("eviction", |bencher| bencher.iter(&mut evict));
    group.finish();
}

/// Does what the meter does with the table.
fn observe(table: &mut FlowTable<()>, packet: &IpPacket<'_>, now: Timestamp) -> Observed<()> {
    if table.may_expire(now) {
        while let Some(ended) = table.expire(now) {
            black_box(&ended);
        }
    }
    let (interface, vlans) = (InterfaceId(0), VlanIds::default());
    let (key, orientation) = FlowKey::new(packet, vlans, None, interface);
    let flow_packet = FlowPacket {
        frame: 1,
        timestamp: now,
        interface,
        wire_len: packet.ip_len + 14,
        ether: Some(ETHER),
        vlans,
        tunnel: None,
        ip: packet,
    };
    let looked_up = table.hash(&key);
    table.observe((key, looked_up), orientation, &flow_packet, now, || ())
}

/// A segment of data in the conversation `number`.
fn segment(number: u32, by_client: bool) -> IpPacket<'static> {
    let (client, port) = client(number);
    let (source, source_port, destination, destination_port) =
        if by_client { (client, port, SERVER, 443) } else { (SERVER, 443, client, port) };
    let flags = TcpFlags::ACK;
    packet(
        (source, destination),
        IpProtocol::TCP,
        Transport::Tcp(TcpHeader {
            source_port,
            destination_port,
            sequence: 1,
            acknowledgment: 1,
            flags,
        }),
    )
}

/// A datagram of the flow `number`.
fn datagram(number: u32) -> IpPacket<'static> {
    let (client, source_port) = client(number);
    packet(
        (client, SERVER),
        IpProtocol::UDP,
        Transport::Udp { source_port, destination_port: 8_000 },
    )
}

fn packet(
    (source, destination): (IpAddr, IpAddr),
    protocol: IpProtocol,
    transport: Transport,
) -> IpPacket<'static> {
    IpPacket {
        source,
        destination,
        protocol,
        ip_len: 1_000,
        ttl: 64,
        fragment: None,
        transport,
        payload_len: 960,
        payload: &[],
        network_payload: &[],
    }
}

/// Address and port of flow `number`: 15 bits of it in the port, the rest in the address.
fn client(number: u32) -> (IpAddr, u16) {
    let port = 0x8000 | u16::try_from(number & 0x7fff).unwrap();
    (IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 | number >> 15)), port)
}

criterion_group!(benches, hits, new_flows);
criterion_main!(benches);
