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
    assert!(matches!(error, Some(CaptureError::NotFound { .. })), "{error:?}");
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
