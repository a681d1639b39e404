//! No counter falls, whatever comes: reloads, devices that come, go and come back, more devices than labels, totals that
//! arrive late.

use std::collections::BTreeMap;
use std::time::Duration;

use hikwatch::meter::MeterStats;
use hikwatch::metrics::{Config, Profile, Recorder, SinkTotals};
use hikwatch::net::Timestamp;
use hikwatch::simulate::{Household, Prng};

use crate::events::{flow, id};
use crate::lab::{Lab, START, is_counter, recorder, series, sum};

/// How long Prometheus takes a series for the same as before when it was away (`--query.lookback-delta`).
const LOOKBACK: Duration = Duration::from_secs(300);

/// What was scraped, and whether a counter fell.
#[derive(Default)]
struct Scrapes {
    last: BTreeMap<String, (f64, Timestamp)>,
    counters: usize,
}

impl Scrapes {
    fn take(&mut self, recorder: &Recorder, now: Timestamp) -> BTreeMap<String, f64> {
        let all = series(recorder);
        for (name, value) in all.iter().filter(|(name, _)| is_counter(name)) {
            self.counters += 1;
            if let Some((before, at)) = self.last.insert(name.clone(), (*value, now)) {
                let is_same = now.since(at) < LOOKBACK;
                assert!(!is_same || *value >= before, "{name} fell from {before} to {value}");
            }
        }
        all
    }
}

#[test]
fn no_counter_falls_while_devices_come_and_go_and_the_sums_stay_right() {
    for (seed, profile) in [(1, Profile::Site), (2, Profile::Site), (3, Profile::Fleet)] {
        let recorder = recorder(&Config { max_devices: 5, profile, ..Config::default() });
        let mut prng = Prng::new(seed);
        let mut scrapes = Scrapes::default();
        // By device, perimeter and service: what the analyst has counted since it knows the device.
        let mut ledger: BTreeMap<(u64, usize, u64), u64> = BTreeMap::new();
        let (mut moved, mut forgotten, mut crowd) = (0, 0, 0);
        let mut now = START;
        let mut meters = MeterStats::default();
        let mut sink = SinkTotals::default();
        for _ in 0..3_000 {
            now = now.plus(Duration::from_millis(prng.below(60_000)));
            let device = prng.below(12);
            match prng.below(20) {
                0 => {
                    recorder.forget(&id(device));
                    ledger.retain(|(known, ..), _| *known != device);
                    forgotten += 1;
                }
                1 => recorder.observe_reload(prng.below(2) == 0, now),
                2 => {
                    // Some come late.
                    let flows_started = meters.flows_started.saturating_sub(prng.below(5));
                    recorder.observe_meters(&MeterStats { flows_started, ..meters });
                    meters.flows_started += prng.below(9);
                    recorder.observe_meters(&meters);
                }
                3 => {
                    sink.delivered += prng.below(9);
                    sink.dropped += prng.below(2);
                    recorder.observe_sink("syslog", &sink);
                }
                _ => {
                    let perimeter = usize::from(prng.below(3) == 0);
                    let service = prng.below(30);
                    let more = 1 + prng.below(1000);
                    moved += more;
                    *ledger.entry((device, perimeter, service)).or_default() += more;
                    let of_device = ledger
                        .range((device, perimeter, 0)..(device, perimeter + 1, 0))
                        .map(|(_, sent)| sent)
                        .sum();
                    let of_service: u64 = (0..2)
                        .filter_map(|perimeter| ledger.get(&(device, perimeter, service)))
                        .sum();
                    recorder.apply(&flow(now, device, perimeter, service, of_device, of_service));
                }
            }
            let all = scrapes.take(&recorder, now);
            for family in ["hikwatch_device_bytes_total", "hikwatch_cloud_bytes_total"] {
                assert_eq!(sum(&all, family, &["\"sent\""]), moved as f64, "{family}");
            }
            let own = |name: &&String| {
                name.starts_with("hikwatch_device_confidence_ratio{") && !name.contains("other")
            };
            crowd = crowd.max(all.keys().filter(own).count());
        }
        println!(
            "seed {seed}: {} readings of counters, {forgotten} devices forgotten, {moved} bytes",
            scrapes.counters
        );
        assert_eq!(crowd, if profile == Profile::Site { 5 } else { 0 });
        assert!(forgotten > 50);
    }
}

#[test]
fn no_counter_falls_while_a_household_lives() {
    let few = Config { max_devices: 2, ..Config::default() };
    let mut lab = Lab::new(&[few]);
    let mut scrapes = Scrapes::default();
    let mut before = 0.0;
    for frame in Household::new(9, START).take(6_000) {
        lab.take(&frame);
        if lab.frames.is_multiple_of(100) {
            lab.tell_totals();
            let all = scrapes.take(&lab.recorders[0], frame.timestamp);
            let sum = sum(&all, "hikwatch_device_bytes_total", &[]);
            assert!(sum >= before);
            before = sum;
        }
    }
    assert!(before > 0.0);
}
