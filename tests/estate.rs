//! The simulated estate in its large form: as many frames as a test can stand, and never more than a few seconds of them
//! held back.
//!
//! The large run takes minutes and is left out by default: `cargo test --release --test estate -- --ignored`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hikwatch::net::Timestamp;
use hikwatch::simulate::{Estate, EstatePlan, HourState, HourTruth};

const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

#[test]
#[ignore = "takes minutes"]
fn two_hundred_devices_over_72_hours_are_at_most_25_million_frames() {
    let plan = EstatePlan::large();
    let mut estate = Estate::new(21, START, plan);

    #[expect(clippy::disallowed_methods, reason = "the time that a run takes is what is printed")]
    let begun = Instant::now();
    let (mut frames, mut bytes) = (0_u64, 0_u64);
    let mut last = START;
    for frame in estate.by_ref() {
        assert!(frame.timestamp >= last);
        last = frame.timestamp;
        frames += 1;
        bytes += frame.bytes.len() as u64;
    }
    let states = count(estate.hours());
    eprintln!("{frames} frames, {bytes} bytes in {:?}: {states:?}", begun.elapsed());

    assert!((5_000_000..25_000_000).contains(&frames), "{frames} frames");
    assert!(last.since(START) > Duration::from_secs(72 * 3_600 - 60));
    assert_eq!(states.values().sum::<u32>(), 200 * 72);
    for state in HourState::ALL {
        assert!(states.get(&state).is_some_and(|hours| *hours >= 40), "{state:?}: {states:?}");
    }
}

#[test]
fn an_estate_of_twelve_devices_has_a_row_for_every_hour_of_every_host() {
    let mut estate = Estate::new(22, START, EstatePlan::small());
    assert!(estate.by_ref().count() > 20_000);

    let hosts = estate.hosts();
    assert_eq!(hosts.len(), 18);
    for (host, rows) in hosts.iter().zip(estate.hours().chunks(6)) {
        assert!(rows.iter().all(|row| row.mac == host.mac));
        let hours: Vec<_> = rows.iter().map(|row| row.hour).collect();
        let first = START.as_secs() / 3_600;
        assert_eq!(hours, (first..first + 6).collect::<Vec<_>>());
    }
}

fn count(rows: &[HourTruth]) -> BTreeMap<HourState, u32> {
    let mut states = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_unit) {
        *states.entry(row.state()).or_default() += 1;
    }
    states
}
