//! How much of a simulated household was seen, when some of it was taken away: at random, one direction, or all that is
//! addressed to a single host.

#![expect(clippy::unwrap_used, reason = "a test that cannot replay has to fail")]

use std::sync::Arc;
use std::time::Duration;

use hikwatch::analyst::{Config as AnalystConfig, CoverageLimit, InterfaceCoverage, Visibility};
use hikwatch::catalogue::Catalogue;
use hikwatch::daemon::Engine;
use hikwatch::meter::Config as MeterConfig;
use hikwatch::net::{Frame, InterfaceId, LinkType, MacAddr, Timestamp};
use hikwatch::simulate::{Household, Prng, SimulatedFrame};

const START: Timestamp = Timestamp::from_parts(1_800_000_000, 0);

/// Under an hour, so that the last hour is all of it.
const WATCHED: Duration = Duration::from_secs(45 * 60);

const SEEDS: [u64; 3] = [3, 17, 4711];

#[test]
fn a_household_that_was_seen_whole_misses_nothing() {
    for seed in SEEDS {
        let seen = watch(seed, 1, |_, _| true);
        let known = seen.interface();
        assert_eq!(known.visibility, Visibility::Full, "{seed}");
        assert_eq!(known.coverage.permille(), 1000, "{seed}: {known:?}");
        assert_eq!(known.coverage.limits().count(), 0);
    }
}

#[test]
fn two_percent_of_loss_leaves_95_and_twenty_less_than_90_also_of_each_device() {
    for seed in SEEDS {
        let little = watch(seed, 1, |_, prng| prng.below(50) != 0);
        let permille = little.interface().coverage.permille();
        assert!((950..1000).contains(&permille), "{seed}: {permille}");
        for (mac, permille) in &little.devices {
            assert!(*permille >= 950, "{seed}: {mac} {permille}");
        }

        let much = watch(seed, 1, |_, prng| prng.below(5) != 0);
        let known = much.interface();
        assert!(known.coverage.permille() < 900, "{seed}: {known:?}");
        assert!(known.coverage.has(CoverageLimit::TcpGaps), "{seed}: {known:?}");
        for (mac, permille) in &much.devices {
            assert!(*permille < 900, "{seed}: {mac} {permille}");
        }
    }
}

#[test]
fn one_direction_is_one_way_and_what_goes_to_everybody_is_broadcast_only() {
    let is_from_a_camera_or_phone = |frame: &SimulatedFrame| match ipv4(&frame.bytes) {
        Some((source, _)) => matches!(source, [192, 168, _, _]),
        None => true,
    };
    for seed in SEEDS {
        let seen = watch(seed, 1, |frame, _| is_from_a_camera_or_phone(frame));
        let known = seen.interface();
        assert_eq!(known.visibility, Visibility::OneWay, "{seed}: {known:?}");
        assert!(known.coverage.has(CoverageLimit::OneSided), "{seed}: {known:?}");
        assert!(known.coverage.permille() < 900, "{seed}: {known:?}");

        let seen = watch(seed, 1, |frame, _| frame.bytes.first().is_some_and(|byte| byte & 1 == 1));
        let known = seen.interface();
        assert_eq!(known.visibility, Visibility::BroadcastOnly, "{seed}: {known:?}");
        assert!(known.coverage.has(CoverageLimit::BroadcastOnly));
        assert_eq!(known.coverage.permille(), 0);
    }
}

#[test]
fn the_number_of_workers_changes_nothing() {
    let [one, four] = [1, 4].map(|workers| watch(17, workers, |_, prng| prng.below(20) != 0));
    assert_eq!(one.interfaces, four.interfaces);
    assert_eq!(one.devices, four.devices);
}

struct Seen {
    interfaces: Vec<InterfaceCoverage>,
    /// Thousandths of the vendor devices.
    devices: Vec<(MacAddr, u16)>,
}

impl Seen {
    fn interface(&self) -> InterfaceCoverage {
        *self.interfaces.first().unwrap()
    }
}

/// Watches those frames of a household that are kept.
fn watch(seed: u64, workers: usize, keep: impl Fn(&SimulatedFrame, &mut Prng) -> bool) -> Seen {
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let (meter, analyst) = (MeterConfig::default(), AnalystConfig::default());
    let mut engine = Engine::new(&meter, analyst, catalogue, workers).unwrap();
    let mut household = Household::new(seed, START);
    let mut prng = Prng::new(seed);
    let mut number = 0;
    loop {
        let frame = household.next().unwrap();
        if frame.timestamp >= START.plus(WATCHED) {
            break;
        }
        if !keep(&frame, &mut prng) {
            continue;
        }
        number += 1;
        let taken = Frame {
            number,
            timestamp: frame.timestamp,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            wire_len: u32::try_from(frame.bytes.len()).unwrap(),
            stripped_tag: None,
            bytes: &frame.bytes,
        };
        engine.handle_frame(&taken).unwrap();
        while engine.poll_event().is_some() {}
    }
    while engine.drain().unwrap() {}
    engine.note_frames(InterfaceId(0), number);
    let devices = household.truth().devices.iter().filter_map(|device| {
        Some((device.mac, engine.coverage_of(device.ip, device.mac)?.permille()))
    });
    Seen { interfaces: engine.coverage_over_all(), devices: devices.collect() }
}

fn ipv4(frame: &[u8]) -> Option<([u8; 4], [u8; 4])> {
    if frame.get(12..14)? != [8, 0] {
        return None;
    }
    Some((frame.get(26..30)?.try_into().ok()?, frame.get(30..34)?.try_into().ok()?))
}
