//! Captures on virtual interfaces and on loopback. Needs root; says `SKIPPED` without.
#![cfg(target_os = "linux")]

mod veth;

use std::net::UdpSocket;
use std::thread;

use hikwatch::capture::{AfPacketSource, CaptureError, Config, FrameSource, Next};
use hikwatch::net::LinkType;
use veth::{Veth, collect, frame};

#[expect(clippy::unwrap_used, reason = "the function is of tests, though not a test itself")]
fn clear_capabilities() {
    for set in [caps::CapSet::Effective, caps::CapSet::Permitted, caps::CapSet::Inheritable] {
        caps::clear(None, set).unwrap();
    }
}

#[test]
fn every_frame_is_seen_once_with_its_length_and_in_order() {
    let Some(pair) = Veth::new() else { return };
    let mut source = AfPacketSource::open(&pair.far, &Config::default()).unwrap();
    let mut sender = pair.sender();
    let frames: Vec<_> = (0..5_000u32).map(|n| frame(&[], n, 60 + n as usize % 1_400)).collect();

    for frame in &frames {
        sender.send_to(frame, None).unwrap().unwrap();
    }
    let seen = collect(&mut source, frames.len());

    assert_eq!(seen.len(), frames.len());
    for (seen, sent) in seen.iter().zip(&frames) {
        assert_eq!(seen, &(u32::try_from(sent.len()).unwrap(), None, sent.clone()));
    }
    let counters = source.counters();
    assert!(counters.received >= 5_000, "{counters:?}");
    assert_eq!((counters.kernel_drops, counters.ring_freezes), (0, 0));
    assert_eq!(source.counters().received, counters.received, "reading counters loses none");
    assert_eq!(source.observation_points()[0].name, pair.far);
}

#[test]
fn a_stripped_tag_is_given_back_and_large_frames_come_whole() {
    let Some(pair) = Veth::new() else { return };
    let mut source = AfPacketSource::open(&pair.far, &Config::default()).unwrap();
    let mut sender = pair.sender();
    let tagged = frame(&[0x81, 0x00, 0x60, 0x2a], 1, 100);
    let service = frame(&[0x88, 0xa8, 0x00, 0x07], 2, 100);
    let large = frame(&[], 3, 65_000);

    for frame in [&tagged, &service, &large] {
        sender.send_to(frame, None).unwrap().unwrap();
    }
    let seen = collect(&mut source, 3);

    let without_tag = |frame: &[u8]| [&frame[..12], &frame[16..]].concat();
    assert_eq!(
        seen,
        [
            (100, Some((0x8100, 0x602a)), without_tag(&tagged)),
            (100, Some((0x88a8, 0x0007)), without_tag(&service)),
            (65_000, None, large),
        ]
    );
}

#[test]
fn frames_that_find_no_space_are_counted_as_drops() {
    let Some(pair) = Veth::new() else { return };
    let config = Config { ring_bytes: 1, ..Config::default() };
    let mut source = AfPacketSource::open(&pair.far, &config).unwrap();
    let mut sender = pair.sender();

    for number in 0..2_000 {
        sender.send_to(&frame(&[], number, 1_000), None).unwrap().unwrap();
    }
    let seen = collect(&mut source, 2_000);

    let counters = source.counters();
    assert!(counters.kernel_drops > 0 && counters.ring_freezes > 0, "{counters:?}");
    assert_eq!(counters.received - counters.kernel_drops, seen.len() as u64);
}

#[test]
fn reading_goes_on_without_any_capability() {
    let Some(pair) = Veth::new() else { return };
    let mut sender = pair.sender();
    let name = pair.far.clone();

    let reader = thread::spawn(move || {
        let mut source = AfPacketSource::open(&name, &Config::default()).unwrap();
        clear_capabilities();
        sender.send_to(&frame(&[], 7, 80), None).unwrap().unwrap();
        (collect(&mut source, 1).len(), source.counters().received)
    });

    let (seen, received) = reader.join().unwrap();
    assert_eq!(seen, 1);
    assert!(received >= 1);
}

#[test]
fn opening_without_the_capability_names_it() {
    let refused = thread::spawn(|| {
        clear_capabilities();
        AfPacketSource::open("lo", &Config::default()).err()
    });

    let Some(error) = refused.join().unwrap() else { panic!("opened without a capability") };
    assert!(matches!(error, CaptureError::Permission { .. }), "{error}");
    assert!(error.to_string().contains("CAP_NET_RAW"));
}

#[test]
fn an_interface_that_does_not_exist_is_told_apart_from_one_that_went_away_or_down() {
    let absent = AfPacketSource::open("nosuchinterface", &Config::default()).err();
    assert!(matches!(absent, Some(CaptureError::NotFound { .. })), "{absent:?}");

    let Some(pair) = Veth::new() else { return };
    let mut source = AfPacketSource::open(&pair.far, &Config::default()).unwrap();
    let mut failure = || (0..20).find_map(|_| source.next_frame().err());
    let down = std::process::Command::new("ip").args(["link", "set", &pair.far, "down"]).status();
    assert!(down.unwrap().success());
    let error = failure();
    assert!(matches!(error, Some(CaptureError::Io { .. })), "{error:?}");

    pair.remove();
    let gone = AfPacketSource::open(&pair.far, &Config::default()).err();
    assert!(matches!(gone, Some(CaptureError::NotFound { .. })), "{gone:?}");

    let Some(pair) = Veth::new() else { return };
    let mut source = AfPacketSource::open(&pair.far, &Config::default()).unwrap();
    pair.remove();
    let error = (0..20).find_map(|_| source.next_frame().err());
    assert!(matches!(error, Some(CaptureError::Vanished { .. })), "{error:?}");
    let error = source.next_frame().err();
    assert!(
        matches!(error, Some(CaptureError::Vanished { .. })),
        "as long as it is gone: {error:?}"
    );
}

#[test]
fn a_source_goes_on_when_its_interface_comes_back() {
    let Some(pair) = Veth::new() else { return };
    let mut source = AfPacketSource::open(&pair.far, &Config::default()).unwrap();
    for state in ["down", "up"] {
        let mut command = std::process::Command::new("ip");
        assert!(command.args(["link", "set", &pair.far, state]).status().unwrap().success());
    }
    assert!((0..20).any(|_| source.next_frame().is_err()));

    // The system takes up to a second to use an interface again.
    let mut sender = pair.sender();
    let has_come_back = (0..5).any(|_| {
        sender.send_to(&frame(&[], 7, 80), None).unwrap().unwrap();
        !collect(&mut source, 1).is_empty()
    });

    assert!(has_come_back);
}

#[test]
fn an_interface_that_is_removed_and_made_again_is_captured_on_without_any_capability() {
    for workers in [1, 2] {
        let Some(pair) = Veth::new() else { return };
        let config = Config { workers, ..Config::default() };
        let mut sources = AfPacketSource::open_shared(&pair.far, &config).unwrap();
        let (orders, taken) = std::sync::mpsc::sync_channel::<()>(0);
        let (answers, answered) = std::sync::mpsc::sync_channel(0);
        let reader = thread::spawn(move || {
            clear_capabilities();
            for () in taken {
                let mut seen = Vec::new();
                let mut failures = 0;
                for source in &mut sources {
                    // As the daemon's worker does, which waits and asks again.
                    for _ in 0..40 {
                        match source.next_frame() {
                            Ok(Next::Frame(frame)) => seen.push(frame.bytes.len()),
                            Ok(Next::Idle) => break,
                            Ok(Next::End) => panic!("an interface does not end"),
                            Err(CaptureError::Vanished { .. } | CaptureError::Io { .. }) => {
                                failures += 1;
                                thread::sleep(std::time::Duration::from_millis(50));
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
                answers.send((seen, failures)).unwrap();
            }
            sources.iter_mut().map(|source| source.counters().received).sum::<u64>()
        });
        let ask = || {
            orders.send(()).unwrap();
            answered.recv().unwrap()
        };
        let send = |length| {
            let mut sender = pair.sender();
            sender.send_to(&frame(&[], 7, length), None).unwrap().unwrap();
        };

        send(80);
        assert_eq!(ask(), (vec![80], 0));
        for round in 1..4 {
            pair.remove();
            let (seen, failures) = ask();
            assert!(seen.is_empty() && failures > 0, "{seen:?} {failures}");
            pair.make_again();
            ask();
            send(80 + round);
            assert_eq!(ask().0, [80 + round], "{workers} workers");
        }
        drop(orders);
        assert!(reader.join().unwrap() >= 4, "what was counted before is still there");
    }
}

/// Frames of every kind that sharding tells apart, with both directions and fragments of each flow; each with the number of
/// its flow.
fn frames_to_share() -> Vec<(u32, Vec<u8>)> {
    let mut frames = Vec::new();
    for flow in 0_u8..48 {
        let (one, other) = ([192, 0, 2, flow], [198, 51, 100, flow / 3]);
        let long =
            |low: [u8; 4]| [&[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, flow, 0, 0, 0][..], &low].concat();
        for is_reverse in [false, true] {
            let pair = if is_reverse { (other, one) } else { (one, other) };
            let v4 = |offset: u8| {
                let start = [0x45, 0, 0, 48, 0, 9, offset & 0x20, offset & 0x1f, 64, 17, 0, 0];
                [&start[..], &pair.0, &pair.1, &[0x5a; 28]].concat()
            };
            let v6 = |next: u8| {
                let start = [0x60, 0, 0, 0, 0, 28, next, 64];
                [&start[..], &long(pair.0), &long(pair.1), &[0; 28]].concat()
            };
            let arp = vec![0; 46];
            let ppp = |protocol: u8, ip: Vec<u8>| {
                [&[0x11, 0, 0, 1, 0, 50, 0, protocol][..], &ip].concat()
            };
            let kinds: [(&[u8], Vec<u8>); 12] = [
                (&[8, 0], v4(0)),
                (&[8, 0], v4(0x20)),
                (&[8, 0], v4(0x05)),
                (&[0x86, 0xdd], v6(17)),
                (&[0x86, 0xdd], v6(44)),
                (&[0x81, 0, 0, 7, 8, 0], v4(0)),
                (&[0x88, 0xa8, 0, 7, 0x81, 0, 0, 9, 8, 0], v4(0)),
                (&[0x81, 0, 0, 7, 0x81, 0, 0, 8, 0x91, 0, 0, 9, 0x86, 0xdd], v6(6)),
                (&[8, 6], arp),
                (&[0x88, 0x64], ppp(0x21, v4(0))),
                (&[0x88, 0x64], ppp(0x57, v6(6))),
                (&[0x88, 0xb5], vec![3; 46]),
            ];
            for (kind, (types, payload)) in (0_u32..).zip(kinds) {
                let near = [2, 0, 0, 0, 0, flow];
                let far = [2, 0, 1, 0, 0, flow / 5];
                let stations = if is_reverse { [near, far] } else { [far, near] }.concat();
                // Those of one address pair belong together, whatever stands around them.
                let group = if kind == 8 || kind == 11 {
                    1
                } else if matches!(kind, 3 | 4 | 7 | 10) {
                    2
                } else {
                    0
                };
                frames.push((u32::from(flow) * 4 + group, [&stations, types, &payload].concat()));
            }
        }
    }
    frames
}

#[test]
fn both_directions_and_all_fragments_meet_in_the_worker_that_a_replay_gives_them_to() {
    for workers in [2, 3, 4] {
        let Some(pair) = Veth::new() else { return };
        let config = Config { workers, ring_bytes: 16 << 20, ..Config::default() };
        let mut sources = AfPacketSource::open_shared(&pair.far, &config).unwrap();
        assert_eq!(sources.len(), workers);
        let frames = frames_to_share();
        let mut sender = pair.sender();
        for (_, frame) in &frames {
            sender.send_to(frame, None).unwrap().unwrap();
        }

        let mut total = 0;
        let mut used = 0;
        let mut homes = std::collections::HashMap::new();
        for (worker, source) in sources.iter_mut().enumerate() {
            let mut seen = 0;
            while let Next::Frame(frame) = source.next_frame().unwrap() {
                let number = hikwatch::decode::shard_number(&frame);
                assert_eq!(number as usize % workers, worker, "{:x?}", frame.bytes);
                let whole = match frame.stripped_tag {
                    Some(tag) => {
                        let tag = [tag.tpid.to_be_bytes(), tag.tci.to_be_bytes()].concat();
                        [&frame.bytes[..12], &tag, &frame.bytes[12..]].concat()
                    }
                    None => frame.bytes.to_vec(),
                };
                let (flow, _) = frames.iter().find(|(_, sent)| *sent == whole).unwrap();
                assert_eq!(*homes.entry(*flow).or_insert(worker), worker);
                seen += 1;
            }
            total += seen;
            used += usize::from(seen > 0);
            assert_eq!(source.counters().kernel_drops, 0);
        }
        assert_eq!((total, used), (frames.len(), workers), "each frame once, and nobody idle");
    }
}

#[test]
fn loopback_shows_each_frame_once() {
    let mut source = match AfPacketSource::open("lo", &Config::default()) {
        Ok(source) => source,
        Err(error) => return println!("SKIPPED: {error}"),
    };
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let marker = format!("each frame once {}", std::process::id());
    for number in 0..100 {
        let datagram = format!("{marker} {number:03}");
        socket.send_to(datagram.as_bytes(), socket.local_addr().unwrap()).unwrap();
    }

    let mut numbers = Vec::new();
    let mut idle = 0;
    while idle < 3 {
        match source.next_frame().unwrap() {
            Next::Frame(frame) => {
                assert_eq!(frame.link_type, LinkType::ETHERNET);
                let text = String::from_utf8_lossy(frame.bytes).into_owned();
                if let Some((_, number)) = text.split_once(&marker) {
                    numbers.push(number.trim().parse::<u32>().unwrap());
                }
            }
            Next::Idle => idle += 1,
            Next::End => panic!("an interface does not end"),
        }
    }

    assert_eq!(numbers, (0..100).collect::<Vec<_>>());
}
