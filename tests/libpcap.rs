//! Captures on virtual interfaces through libpcap. Needs root; says `SKIPPED` without.
#![cfg(all(target_os = "linux", feature = "libpcap"))]

#[expect(dead_code, reason = "other tests use the rest")]
mod veth;

use hikwatch::capture::{CaptureError, Config, FrameSource, LibpcapSource, Next};
use hikwatch::net::LinkType;
use veth::{Veth, collect, frame};

fn config(filter: Option<&str>) -> Config {
    Config { filter: filter.map(str::to_owned), ..Config::default() }
}

#[test]
fn every_frame_is_seen_once_with_its_tag_put_back() {
    let Some(pair) = Veth::new() else { return };
    let mut source = LibpcapSource::open(&pair.far, &config(None)).unwrap();
    let mut sender = pair.sender();
    let mut frames: Vec<_> =
        (0..2_000u32).map(|n| frame(&[], n, 60 + n as usize % 1_400)).collect();
    frames.push(frame(&[0x81, 0x00, 0x60, 0x2a], 1, 100));
    frames.push(frame(&[], 3, 65_000));

    for frame in &frames {
        sender.send_to(frame, None).unwrap().unwrap();
    }
    let seen = collect(&mut source, frames.len());

    assert_eq!(seen.len(), frames.len());
    for (seen, sent) in seen.iter().zip(&frames) {
        assert_eq!(seen, &(u32::try_from(sent.len()).unwrap(), None, sent.clone()));
    }
    let counters = source.counters();
    assert!(counters.received >= 2_002 && counters.kernel_drops == 0, "{counters:?}");
}

#[test]
fn a_silent_interface_is_idle_and_does_not_hang() {
    let Some(pair) = Veth::new() else { return };
    let mut source = LibpcapSource::open(&pair.far, &config(None)).unwrap();

    assert!((0..5).any(|_| matches!(source.next_frame(), Ok(Next::Idle))));
}

#[test]
fn a_filter_lets_only_its_frames_through_and_a_wrong_one_is_refused() {
    let Some(pair) = Veth::new() else { return };
    let filter = "ether proto 0x88b5 and ether[14:4] = 2";
    let mut source = LibpcapSource::open(&pair.far, &config(Some(filter))).unwrap();
    let mut sender = pair.sender();

    for number in [1, 2, 3] {
        sender.send_to(&frame(&[], number, 60), None).unwrap().unwrap();
    }

    let seen = collect(&mut source, 1);
    assert_eq!(seen.iter().map(|seen| seen.2.clone()).collect::<Vec<_>>(), [frame(&[], 2, 60)]);
    let wrong = LibpcapSource::open(&pair.far, &config(Some("port camera port"))).err();
    assert!(matches!(wrong, Some(CaptureError::Unsupported { .. })), "{wrong:?}");
}

#[test]
fn frames_are_ethernet_with_a_time_of_this_century() {
    let Some(pair) = Veth::new() else { return };
    let mut source = LibpcapSource::open(&pair.far, &config(None)).unwrap();
    pair.sender().send_to(&frame(&[], 1, 60), None).unwrap().unwrap();

    for _ in 0..20 {
        if let Next::Frame(frame) = source.next_frame().unwrap() {
            assert_eq!(frame.link_type, LinkType::ETHERNET);
            assert!((1_000_000_000..4_000_000_000).contains(&frame.timestamp.as_secs()));
            return;
        }
    }
    panic!("no frame arrived");
}

#[test]
fn an_interface_that_does_not_exist_or_goes_away_is_an_error() {
    let absent = LibpcapSource::open("nosuchinterface", &config(None)).err();
    assert!(matches!(absent, Some(CaptureError::NotFound { .. })), "{absent:?}");

    let Some(pair) = Veth::new() else { return };
    let mut source = LibpcapSource::open(&pair.far, &config(None)).unwrap();
    pair.remove();
    assert!((0..20).any(|_| source.next_frame().is_err()));
}

#[test]
fn opening_without_the_capability_names_it() {
    let refused = std::thread::spawn(|| {
        caps::clear(None, caps::CapSet::Effective).unwrap();
        LibpcapSource::open("lo", &config(None)).err()
    });

    let error = refused.join().unwrap();
    assert!(matches!(error, Some(CaptureError::Permission { .. })), "{error:?}");
}
