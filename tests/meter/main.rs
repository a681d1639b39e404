//! The meter on frames that arrive in awkward ways: split, reordered, repeated, cut, flooding.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "these functions are of tests, though not tests themselves"
)]

#[path = "../fuzz/seeds.rs"]
#[expect(dead_code, reason = "only QUIC packets are built with it here")]
mod seeds;
#[path = "../fuzz/targets.rs"]
#[expect(dead_code, reason = "what builds the packets needs it")]
mod targets;

mod answers;
mod cuts;
mod datagrams;
mod lab;
mod tunnels;

use std::time::Duration;

use hikwatch::flow::FlowEndReason;
use hikwatch::meter::{Config, ObservationKind};
use hikwatch::simulate::Segment;
use proptest::prelude::*;

use lab::{Lab, NAME, hello};

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

    lab.drain();

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
    lab.drain();

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
