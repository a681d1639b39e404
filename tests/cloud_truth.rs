//! What the engine concludes of each device and hour of a simulated estate, against the truth about that estate.
//!
//! The simulator writes its truth from what it sends, before anything is lost on the way to the observer, and shares no code
//! with what it tests but the types of `net`. The seeds judged here were not looked at while the rules were written.
//! `make soak` runs the large case: 200 devices over 72 hours.
#![expect(
    clippy::unwrap_used,
    reason = "these functions are of tests, though not tests themselves"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use hikwatch::analyst::{Config as AnalystConfig, EventKind};
use hikwatch::catalogue::Catalogue;
use hikwatch::classify::activity::{DeviceHour, EvasionKind};
use hikwatch::daemon::Engine;
use hikwatch::meter::Config as MeterConfig;
use hikwatch::net::{Frame, InterfaceId, LinkType, MacAddr, Timestamp};
use hikwatch::simulate::{
    Estate, EstateHost, EstatePlan, Happening, HourState, HourTruth, Impairment, SeenSide,
};

const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

/// Seeds of the small case.
const SEEDS: [u64; 3] = [501, 502, 503];

/// The seed of the large case.
const LARGE_SEED: u64 = 601;

/// Share of device-hours with the right state, at least.
const LEAST_RIGHT: f64 = 0.97;

/// From this confidence on a wrong word of video or pictures leaving is a false alarm.
const ALARMING: u8 = 50;

/// An estate that was watched.
struct Watched {
    hosts: Vec<EstateHost>,
    truth: Vec<HourTruth>,
    /// The verdicts, by host and hour.
    found: BTreeMap<([u8; 6], u64), Arc<DeviceHour>>,
    frames: u64,
}

#[test]
fn the_role_of_each_device_and_hour_is_right() {
    let score = judged(EstatePlan::small());
    println!("{}", score.report());

    assert!(score.hours() > 150, "{} hours are too few to judge by", score.hours());
    assert!(score.right_share() >= LEAST_RIGHT, "{}", score.report());
    assert!(score.false_alarms.is_empty(), "{}", score.report());
}

#[test]
fn a_little_loss_changes_little() {
    let score = judged(EstatePlan::small().impaired(Impairment::Loss(2)));
    println!("{}", score.report());

    assert!(score.right_share() >= LEAST_RIGHT, "{}", score.report());
    assert!(score.false_alarms.is_empty(), "{}", score.report());
}

#[test]
fn where_a_fifth_is_lost_or_one_side_is_missing_verdicts_are_unknown_and_not_wrong() {
    for impairment in [
        Impairment::Loss(20),
        Impairment::OneSided(SeenSide::Sent),
        Impairment::OneSided(SeenSide::Received),
    ] {
        let score = judged(EstatePlan::small().impaired(impairment));
        println!("{impairment:?}: {}", score.report());

        assert!(score.false_alarms.is_empty(), "{}", score.report());
        assert!(score.wrong_share() <= 1.0 - LEAST_RIGHT, "{}", score.report());
        assert!(score.unknown_share() >= 0.6, "{}", score.report());
    }
}

/// The large case; each run takes a minute or two.
#[test]
#[ignore = "200 devices over 72 hours, several times: make soak"]
fn the_large_estate() {
    let seed: u64 = std::env::var("HIKWATCH_CLOUD_SEEDS")
        .ok()
        .and_then(|range| range.split('-').next()?.parse().ok())
        .unwrap_or(LARGE_SEED);
    for impairment in [Impairment::None, Impairment::Loss(2)] {
        let score = judged_once(seed, EstatePlan::large().impaired(impairment));
        println!("seed {seed}, {impairment:?}: {}", score.report());
        assert!(score.hours() >= 200 * 72, "{} hours", score.hours());
        assert!(score.right_share() >= LEAST_RIGHT, "{}", score.report());
        assert!(score.false_alarms.is_empty(), "{}", score.report());
    }
    for impairment in [Impairment::Loss(20), Impairment::OneSided(SeenSide::Sent)] {
        let score = judged_once(seed, EstatePlan::large().impaired(impairment));
        println!("seed {seed}, {impairment:?}: {}", score.report());
        assert!(score.wrong_share() <= 1.0 - LEAST_RIGHT, "{}", score.report());
        assert!(score.false_alarms.is_empty(), "{}", score.report());
    }
}

#[test]
fn ways_around_the_networks_rules_are_seen_and_none_is_made_up() {
    let kinds = [
        (Happening::HttpDns, EvasionKind::HttpDns),
        (Happening::ForeignResolver, EvasionKind::ForeignResolver),
        (Happening::Blocked, EvasionKind::BlockedRetrying),
    ];
    let mut counts = [[0_u32; 3]; 3];
    for seed in seeds() {
        let watched = watch(seed, EstatePlan::small());
        for truth in watched.truth.iter().filter(|truth| truth.is_unit) {
            let Some(hour) = watched.found.get(&(truth.mac.0, truth.hour)) else { continue };
            for ((happening, kind), counts) in kinds.iter().zip(&mut counts) {
                let seen = hour.evasions.iter().any(|evasion| evasion.kind == *kind);
                let happened = truth.happened.contains(*happening);
                // An outage looks like a block: nobody answers. Who is refused by the server itself is not blocked, and
                // who gets through in between may have tried once only.
                let blocks = *happening == Happening::Blocked;
                let may = happened || blocks && truth.happened.contains(Happening::Outage);
                let must = happened
                    && (!blocks
                        || truth.state() == HourState::RegistrationFailing
                            && !truth.happened.contains(Happening::Refused));
                let [right, missed, made_up] = counts;
                *right += u32::from(seen && may);
                *missed += u32::from(!seen && must);
                *made_up += u32::from(seen && !may);
            }
        }
    }
    for ((_, kind), [right, missed, made_up]) in kinds.iter().zip(counts) {
        println!("{}: {right} seen, {missed} missed, {made_up} made up", kind.as_label());
    }
    for ((_, kind), [right, missed, made_up]) in kinds.iter().zip(counts) {
        assert!(right > 0, "{}", kind.as_label());
        assert_eq!(made_up, 0, "{}", kind.as_label());
        assert!(missed * 8 <= right, "{}: {missed} of {right}", kind.as_label());
    }
}

fn judged_once(seed: u64, plan: EstatePlan) -> Score {
    let mut score = Score::default();
    score.judge(seed, &watch(seed, plan));
    score
}

fn judged(plan: EstatePlan) -> Score {
    let mut score = Score::default();
    for seed in seeds() {
        score.judge(seed, &watch(seed, plan));
    }
    score
}

/// The seeds to judge: those above, or of `HIKWATCH_CLOUD_SEEDS` such as `1-6`.
fn seeds() -> Vec<u64> {
    match std::env::var("HIKWATCH_CLOUD_SEEDS") {
        Ok(range) => {
            let (first, last) = range.split_once('-').unwrap_or((&range, &range));
            (first.parse().unwrap()..=last.parse().unwrap()).collect()
        }
        Err(_) => SEEDS.to_vec(),
    }
}

fn watch(seed: u64, plan: EstatePlan) -> Watched {
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let analyst = AnalystConfig { all_messages: false, ..AnalystConfig::default() };
    let mut engine = Engine::new(&MeterConfig::default(), analyst, catalogue, 1).unwrap();
    let mut estate = Estate::new(seed, START, plan);
    let mut found = BTreeMap::new();
    let mut collect = |engine: &mut Engine| {
        while let Some(event) = engine.poll_event() {
            if let EventKind::HourJudged(sighting) = event.kind {
                let mac = sighting.profile.mac.unwrap_or(MacAddr::ZERO);
                let hour = sighting.hour.start.as_secs() / 3600;
                found.insert((mac.0, hour), sighting.hour);
            }
        }
    };
    let mut frames = 0;
    for frame in estate.by_ref() {
        frames += 1;
        let taken = Frame {
            number: frames,
            timestamp: frame.timestamp,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            wire_len: u32::try_from(frame.bytes.len()).unwrap(),
            stripped_tag: None,
            bytes: &frame.bytes,
        };
        engine.handle_frame(&taken).unwrap();
        collect(&mut engine);
    }
    while engine.drain().unwrap() {}
    collect(&mut engine);
    Watched { hosts: estate.hosts(), truth: estate.hours().to_vec(), found, frames }
}

/// Right and wrong verdicts.
#[derive(Default)]
struct Score {
    /// Device-hours by truth and verdict.
    confusion: BTreeMap<(&'static str, &'static str), u64>,
    misses: Vec<String>,
    false_alarms: Vec<String>,
    frames: u64,
}

impl Score {
    fn judge(&mut self, seed: u64, watched: &Watched) {
        self.frames += watched.frames;
        for truth in watched.truth.iter().filter(|truth| truth.is_unit) {
            let expected = truth.state().as_label();
            let found = watched.found.get(&(truth.mac.0, truth.hour));
            let state = found.map_or("none", |hour| hour.state.as_label());
            *self.confusion.entry((expected, state)).or_default() += 1;
            if expected == state {
                continue;
            }
            let host = watched.hosts.iter().find(|host| host.mac == truth.mac).unwrap();
            let roles: Vec<_> =
                truth.roles().map(|(role, of)| (role, of.sent, of.received)).collect();
            let line = format!(
                "seed {seed} {:?} {} hour {}: {expected} taken for {state}; truth {roles:?} {:?}; found {found:?}",
                host.kind,
                host.mac,
                truth.hour % 1000,
                truth.happened,
            );
            if state != "unknown" {
                self.misses.push(line.clone());
            }
            let alarming = matches!(state, "p2p-view" | "upload");
            let happened = match state {
                "p2p-view" => did(truth, HourState::PeerView),
                _ => did(truth, HourState::Upload),
            };
            if alarming && !happened && found.is_some_and(|hour| hour.confidence > ALARMING) {
                self.false_alarms.push(line);
            }
        }
    }

    fn hours(&self) -> u64 {
        self.confusion.values().sum()
    }

    fn right(&self) -> u64 {
        self.confusion.iter().filter(|((a, b), _)| a == b).map(|(_, count)| count).sum()
    }

    #[expect(clippy::cast_precision_loss, reason = "some thousand hours")]
    fn right_share(&self) -> f64 {
        self.right() as f64 / self.hours().max(1) as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "some thousand hours")]
    fn unknown_share(&self) -> f64 {
        let unknown: u64 = self
            .confusion
            .iter()
            .filter(|((_, found), _)| *found == "unknown")
            .map(|(_, count)| count)
            .sum();
        unknown as f64 / self.hours().max(1) as f64
    }

    /// Neither right nor unknown.
    fn wrong_share(&self) -> f64 {
        1.0 - self.right_share() - self.unknown_share()
    }

    fn report(&self) -> String {
        let mut text = format!(
            "{} of {} device-hours right ({:.2} %), {} frames\n",
            self.right(),
            self.hours(),
            self.right_share() * 100.0,
            self.frames
        );
        for ((expected, found), count) in &self.confusion {
            let _infallible = writeln!(text, "  {expected:>20} -> {found:<20} {count}");
        }
        for miss in self.misses.iter().take(20) {
            let _infallible = writeln!(text, "{miss}");
        }
        text
    }
}

/// Tells whether the hour had any of that, whatever its state.
fn did(truth: &HourTruth, state: HourState) -> bool {
    use hikwatch::simulate::FlowRole;
    let is_view = state == HourState::PeerView;
    let role = if is_view { FlowRole::P2pView } else { FlowRole::Storage };
    truth.role(role).bytes() > 0
}
