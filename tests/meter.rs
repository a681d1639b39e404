//! The meter on frames that arrive in awkward ways: split, reordered, repeated, cut, flooding.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has to fail")]

use std::net::SocketAddr;
use std::time::Duration;

use hikwatch::dissect::Message;
use hikwatch::flow::FlowEndReason;
use hikwatch::meter::{Config, Meter, Observation, ObservationKind};
use hikwatch::net::{Frame, InterfaceId, LinkType, MacAddr, Timestamp};
use hikwatch::simulate::{Link, Segment, build_tcp};
use proptest::prelude::*;

const NAME: &str = "litedev.eu.ezvizlife.com";

#[test]
fn a_hello_in_one_segment_is_read_at_once() {
    let mut lab = Lab::new(Config::default());
    lab.send(0, Segment::SYN, b"");
    lab.send(1, Segment::ACK, &hello(NAME));

    assert_eq!(lab.names(), [NAME]);
}

#[test]
fn a_hello_that_never_becomes_whole_is_read_as_far_as_it_goes_when_the_flow_ends() {
    let mut lab = Lab::new(Config::default());
    let hello = hello(NAME);
    lab.send(0, Segment::SYN, b"");
    lab.send(1, Segment::ACK, &hello[..hello.len() - 3]);
    assert!(lab.names().is_empty());

    while lab.meter.drain(lab.now) {}

    assert_eq!(lab.names(), [NAME]);
}

#[test]
fn a_segment_that_the_capture_cut_is_read_as_far_as_it_goes() {
    let mut lab = Lab::new(Config::default());
    lab.send(0, Segment::SYN, b"");
    let mut bytes = lab.frame(1, Segment::ACK, &hello(NAME));
    let whole = bytes.len();
    bytes.truncate(whole - 5);
    lab.feed(&bytes, whole);

    assert_eq!(lab.names(), [NAME]);
}

#[test]
fn a_segment_that_never_comes_does_not_end_the_reading_of_its_side() {
    let mut lab = Lab::new(Config::default());
    lab.send(0, Segment::SYN, b"");
    for lost in 1..=20 {
        lab.send(1 + 1400 * lost, Segment::ACK, &[b'x'; 1400]);
    }
    lab.send(1 + 1400 * 21, Segment::ACK, &hello(NAME));

    assert_eq!(lab.names(), [NAME]);
}

#[test]
fn bytes_of_the_server_are_not_taken_for_a_request() {
    let mut lab = Lab::new(Config::default());
    lab.send(0, Segment::SYN, b"");
    lab.reply(0, Segment::SYN | Segment::ACK, b"");
    lab.reply(1, Segment::ACK, &hello("not.a.client.example"));
    lab.send(1, Segment::ACK, &hello(NAME));

    assert_eq!(lab.names(), [NAME]);
}

#[test]
fn a_head_that_comes_byte_by_byte_is_read_when_its_flow_ends_at_the_latest() {
    let mut lab = Lab::new(Config::default());
    lab.send(0, Segment::SYN, b"");
    for (offset, byte) in (1u32..).zip(hello(NAME)) {
        lab.send(offset, Segment::ACK, &[byte]);
    }
    while lab.meter.drain(lab.now) {}

    assert_eq!(lab.names(), [NAME]);
}

#[test]
fn a_flood_of_half_hellos_stays_within_the_budget_and_is_counted() {
    let config = Config { heads_budget: 16 << 10, ..Config::default() };
    let mut lab = Lab::new(config);
    let half = hello(NAME)[..60].to_vec();
    for port in 0..2000u16 {
        lab.client.set_port(10_000 + port);
        lab.send(0, Segment::SYN, b"");
        lab.send(1, Segment::ACK, &half);
    }
    let stats = lab.meter.stats();
    assert!(stats.heads_refused > 1000, "{stats:?}");

    // Those whose head was refused go on being counted.
    assert_eq!(stats.flows_started, 2000);
    assert_eq!(stats.frames, stats.decoded + stats.invalid);
}

#[test]
fn what_expires_comes_before_the_frame_that_shows_that_time_has_passed() {
    let mut lab = Lab::new(Config::default());
    lab.send(0, Segment::SYN, b"");
    lab.client.set_port(50_001);
    lab.now = lab.now.plus(Duration::from_secs(3600));
    lab.send(0, Segment::SYN, b"");

    let observations = lab.take();
    assert!(observations.windows(2).all(|pair| pair[0].order < pair[1].order));
    let ended = observations.iter().position(|o| {
        matches!(o.kind, ObservationKind::FlowEnded { reason: FlowEndReason::IdleTimeout, .. })
    });
    assert_eq!(ended, Some(1), "started, ended, started");
    assert_eq!(
        observations[1].timestamp,
        Lab::START.plus(Duration::from_secs(60)),
        "a SYN that nobody answered"
    );
}

proptest! {
    /// However a hello is split, reordered and repeated, its name is read once.
    #[test]
    fn the_name_is_read_from_any_arrangement_of_segments(
        cuts in prop::collection::btree_set(1usize..200, 0..6),
        order in any::<u64>(),
        repeated in any::<u8>(),
    ) {
        let hello = hello(NAME);
        let mut lab = Lab::new(Config::default());
        lab.send(0, Segment::SYN, b"");
        let mut edges: Vec<usize> = cuts.into_iter().filter(|cut| *cut < hello.len()).collect();
        edges.insert(0, 0);
        edges.push(hello.len());
        let mut parts: Vec<(usize, &[u8])> =
            edges.windows(2).map(|pair| (pair[0], &hello[pair[0]..pair[1]])).collect();
        let again = parts[usize::from(repeated) % parts.len()];
        parts.push(again);
        let mut state = order;
        for last in (1..parts.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            parts.swap(last, usize::try_from(state >> 33).unwrap() % (last + 1));
        }
        for (offset, part) in parts {
            lab.send(u32::try_from(1 + offset).unwrap(), Segment::ACK, part);
        }
        prop_assert_eq!(lab.names(), [NAME]);
    }
}

/// A meter, a client and a server.
struct Lab {
    meter: Meter,
    client: SocketAddr,
    now: Timestamp,
    frames: u64,
    seen: Vec<Observation>,
}

impl Lab {
    const START: Timestamp = Timestamp::from_parts(1_700_000_000, 0);
    const INITIAL: u32 = u32::MAX - 50;

    fn new(config: Config) -> Self {
        Self {
            meter: Meter::new(config, [1, 2, 3, 4]),
            client: "192.0.2.10:50000".parse().unwrap(),
            now: Self::START,
            frames: 0,
            seen: Vec::new(),
        }
    }

    fn server() -> SocketAddr {
        "198.51.100.7:443".parse().unwrap()
    }

    /// A segment of the client whose first byte is number `offset` of its stream; 0 is the SYN.
    fn frame(&self, offset: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
        segment(self.client, Self::server(), offset, flags, payload)
    }

    fn send(&mut self, offset: u32, flags: u8, payload: &[u8]) {
        let bytes = self.frame(offset, flags, payload);
        self.feed(&bytes, bytes.len());
    }

    fn reply(&mut self, offset: u32, flags: u8, payload: &[u8]) {
        let bytes = segment(Self::server(), self.client, offset, flags, payload);
        self.feed(&bytes, bytes.len());
    }

    fn feed(&mut self, bytes: &[u8], wire_len: usize) {
        self.frames += 1;
        let frame = Frame {
            number: self.frames,
            timestamp: self.now,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            wire_len: u32::try_from(wire_len).unwrap(),
            stripped_tag: None,
            bytes,
        };
        self.meter.handle_frame(&frame, self.now);
    }

    fn take(&mut self) -> Vec<Observation> {
        let mut observations = Vec::new();
        self.meter.take_observations(&mut observations);
        observations
    }

    /// Every server name that was read so far.
    fn names(&mut self) -> Vec<String> {
        let new = self.take();
        self.seen.extend(new);
        self.seen
            .iter()
            .filter_map(|observation| {
                let ObservationKind::MessageRead { message: Message::TlsHello(hello), .. } =
                    &observation.kind
                else {
                    return None;
                };
                hello.sni.clone()
            })
            .collect()
    }
}

fn segment(from: SocketAddr, to: SocketAddr, offset: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let link = Link {
        source: MacAddr([2, 0, 0, 0, 0, 1]),
        destination: MacAddr([2, 0, 0, 0, 0, 2]),
        vlan: None,
    };
    let segment = Segment {
        sequence: Lab::INITIAL.wrapping_add(offset),
        acknowledgment: 0,
        flags,
        window: 1000,
        options: &[],
        payload,
    };
    let mut bytes = Vec::new();
    build_tcp(&mut bytes, &link, from, to, 0, &segment);
    bytes
}

/// A TLS 1.2 ClientHello (RFC 5246, 7.4.1.2) with a server name (RFC 6066, 3) and padding behind it (RFC 7685).
fn hello(name: &str) -> Vec<u8> {
    let len16 = |length: usize| u16::try_from(length).unwrap().to_be_bytes();
    let mut entry = vec![0];
    entry.extend(len16(name.len()));
    entry.extend(name.as_bytes());
    let mut extensions = vec![0, 0];
    extensions.extend(len16(entry.len() + 2));
    extensions.extend(len16(entry.len()));
    extensions.extend(entry);
    extensions.extend([0, 21, 0, 60]);
    extensions.extend([0; 60]);
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0xc0, 0x2f, 1, 0]);
    body.extend(len16(extensions.len()));
    body.extend(extensions);
    let mut handshake = vec![1, 0];
    handshake.extend(len16(body.len()));
    handshake.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend(len16(handshake.len()));
    record.extend(handshake);
    record
}
