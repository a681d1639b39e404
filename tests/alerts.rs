//! What the rules make of scripted incidents, of what resembles them, and of an ordinary week.
//!
//! Each incident has to raise the alerts that its script names and no other; each lookalike none. Precision and recall over
//! the whole set are printed and have to be 1. A household that lives as usual may raise three alerts a day once it is known.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot set itself up has to fail"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use hikwatch::alert::{AlertPhase, AlertRule, Config as AlertConfig};
use hikwatch::analyst::{Config as AnalystConfig, Event, EventKind};
use hikwatch::catalogue::Catalogue;
use hikwatch::daemon::Engine;
use hikwatch::geo::{Database, DatabaseKind, Geo};
use hikwatch::meter::Config as MeterConfig;
use hikwatch::net;
use hikwatch::net::{Frame, InterfaceId, LinkType, MacAddr, Timestamp};
use hikwatch::simulate::{Incident, IncidentRun, OrdinaryHome, SimulatedFrame, Take};

#[path = "../src/geo/mmdb_writer.rs"]
mod mmdb_writer;

const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

/// How long a device of a scripted household is learned; it lives alone for two hours.
const LEARNING: Duration = Duration::from_secs(3_600);

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// What a household that is new tells of itself: who is there, and which clouds they use.
const STANDING: [&str; 2] = ["new-device", "vendor-cloud-contact"];

/// Scripted households, and ordinary ones.
const SEEDS: [u64; 2] = [5, 6];

/// What an incident of several parts has to be told of, each by its subject.
const SUBJECTS: [(Incident, &[&str]); 8] = [
    (Incident::PortMapping, &["8000", "8443", "554"]),
    (Incident::InboundFromInternet, &["80", "8081"]),
    (
        Incident::ExploitAttempt,
        &[
            "CVE-2021-36260",
            "CVE-2017-7921",
            "CVE-2017-7921 answered",
            "CVE-2022-28171",
            "CVE-2014-4878",
            "CVE-2014-4879",
            "CVE-2014-4880",
        ],
    ),
    (Incident::DnsBypass, &["foreign-resolver", "httpdns", "encrypted-dns"]),
    (Incident::CleartextCredentials, &["HTTP", "RTSP"]),
    (Incident::NewCountry, &["SG"]),
    (Incident::NewDestination, &["example.org"]),
    (Incident::VulnerableBuild, &["CVE-2025-66177"]),
];

/// Most alerts that an ordinary day raises over the whole household.
const DAILY_BUDGET: usize = 3;

/// Most alerts of the six days together: half of what they may, so that there is room for what is worth an alert.
const WEEKLY_BUDGET: usize = DAILY_BUDGET * 6 / 2;

/// An alert as it was raised.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Raised {
    at: Timestamp,
    rule: String,
    mac: MacAddr,
    subject: String,
    message: String,
}

/// What became of one script.
struct Outcome {
    incident: Incident,
    take: Take,
    expected: BTreeSet<(String, MacAddr)>,
    found: BTreeSet<(String, MacAddr)>,
    told: Vec<Raised>,
    frames: usize,
}

impl Outcome {
    fn true_positives(&self) -> usize {
        self.expected.intersection(&self.found).count()
    }

    fn false_positives(&self) -> Vec<&(String, MacAddr)> {
        self.found.difference(&self.expected).collect()
    }

    fn missed(&self) -> Vec<&(String, MacAddr)> {
        self.expected.difference(&self.found).collect()
    }
}

#[test]
fn each_incident_raises_exactly_its_own_alerts_and_each_lookalike_none_of_them() {
    let scripts: Vec<_> = SEEDS
        .into_iter()
        .flat_map(|seed| Incident::ALL.map(|incident| (seed, incident)))
        .flat_map(|(seed, incident)| Take::ALL.map(|take| (incident, take, seed)))
        .collect();
    let mut outcomes = in_parallel(&scripts, |&(incident, take, seed)| play(incident, take, seed));
    outcomes.sort_by_key(|outcome| (outcome.incident, outcome.take));

    let (mut hits, mut false_alarms, mut misses) = (0, 0, 0);
    let mut problems = Vec::new();
    println!(
        "{:<24} {:<10} {:>6} {:>5} {:>6} {:>6}",
        "rule", "take", "frames", "hits", "false", "missed"
    );
    for outcome in &outcomes {
        let rule = outcome.incident.rule();
        let pending =
            if AlertRule::from_label(rule).is_none() { "  PENDING: no such rule" } else { "" };
        let (extra, missed) = (outcome.false_positives(), outcome.missed());
        println!(
            "{rule:<24} {:<10} {:>6} {:>5} {:>6} {:>6}{pending}",
            outcome.take.as_label(),
            outcome.frames,
            outcome.true_positives(),
            extra.len(),
            missed.len()
        );
        hits += outcome.true_positives();
        false_alarms += extra.len();
        misses += missed.len();
        if !extra.is_empty() || !missed.is_empty() {
            let story = match outcome.take {
                Take::Incident => outcome.incident.story(),
                Take::Lookalike => outcome.incident.lookalike(),
            };
            let messages: Vec<_> = outcome.told.iter().map(Raised::line).collect();
            problems.push(format!(
                "{rule} {}: {story}\n  not expected: {extra:?}\n  missed: {missed:?}\n  {}",
                outcome.take.as_label(),
                messages.join("\n  ")
            ));
        }
    }
    println!(
        "precision {:.3} ({hits} of {}), recall {:.3} ({hits} of {})",
        share(hits, hits + false_alarms),
        hits + false_alarms,
        share(hits, hits + misses),
        hits + misses
    );
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    assert!(hits >= AlertRule::ALL.len(), "a rule has no incident that raises it");
}

#[test]
fn an_incident_of_several_parts_is_told_part_by_part() {
    for (incident, subjects) in SUBJECTS {
        let outcome = play(incident, Take::Incident, SEEDS[0]);
        let rule = incident.rule();
        let told: BTreeSet<_> = outcome
            .told
            .iter()
            .filter(|alert| alert.rule == rule)
            .map(|alert| alert.subject.as_str())
            .collect();
        for subject in subjects {
            assert!(told.contains(subject), "{rule} told of {told:?}");
        }
    }
}

#[test]
fn what_is_new_of_a_device_is_told_once_it_was_there_for_the_time_of_learning_and_not_before() {
    let incidents = [Incident::NewCountry, Incident::NewDestination, Incident::LateralContact];
    let scripts: Vec<_> = incidents.into_iter().flat_map(|i| [(i, 20), (i, 26)]).collect();
    let told = in_parallel(&scripts, |&(incident, hours)| {
        let quiet = Duration::from_secs(hours * 3_600);
        let run = IncidentRun::after(quiet, incident, Take::Incident, 5, START);
        let (told, _) = watch(run, AlertConfig::default());
        (incident, hours, told.iter().any(|alert| alert.rule == incident.rule()))
    });
    for (incident, hours, is_told) in told {
        assert_eq!(is_told, hours > 24, "{} after {hours} h", incident.rule());
    }
}

#[test]
fn every_rule_has_an_incident_and_a_lookalike() {
    let scripted: BTreeSet<_> = Incident::ALL.iter().map(|incident| incident.rule()).collect();
    for rule in AlertRule::ALL {
        assert!(scripted.contains(rule.as_label()), "{}", rule.as_label());
    }
    for rule in scripted.iter().filter(|rule| AlertRule::from_label(rule).is_none()) {
        println!("PENDING: no rule is called {rule}");
    }
}

#[test]
fn an_ordinary_week_raises_at_most_three_alerts_a_day_once_the_household_is_known() {
    let end = START.plus(DAY * 7);
    let weeks = in_parallel(&SEEDS, |&seed| {
        let frames = OrdinaryHome::new(seed, START).take_while(|frame| frame.timestamp < end);
        (seed, watch(frames, AlertConfig::default()))
    });
    for (seed, (told, frames)) in weeks {
        let mut table: BTreeMap<&str, [usize; 7]> = BTreeMap::new();
        let mut days = [0; 7];
        for alert in &told {
            let day = alert.at.since(START).as_secs() / DAY.as_secs();
            let day = usize::try_from(day).unwrap().min(6);
            table.entry(&alert.rule).or_default()[day] += 1;
            days[day] += 1;
        }
        println!(
            "seed {seed}, {frames} frames; alerts by rule and day, of which the first is learned:"
        );
        for (rule, days) in &table {
            println!("{rule:<24} {days:>3?}");
        }
        println!("{:<24} {days:>3?}", "all");

        let after = told.iter().filter(|alert| alert.at >= START.plus(DAY));
        let lines: Vec<_> = after.map(Raised::line).collect();
        assert!(days[0] >= 4, "nobody was found: {days:?}");
        assert!(days[1..].iter().all(|count| *count <= DAILY_BUDGET), "\n{}\n", lines.join("\n"));
        let week: usize = days[1..].iter().sum();
        assert!(week <= WEEKLY_BUDGET, "{week} alerts in six days\n{}\n", lines.join("\n"));
    }
}

/// Plays a script, and sorts what was raised into what counts and what every new household tells.
fn play(incident: Incident, take: Take, seed: u64) -> Outcome {
    let mut run = IncidentRun::new(incident, take, seed, START);
    let begin = run.begin();
    let newcomer = run.newcomer();
    let meets_new_service = run.meets_new_service();
    let expected: BTreeSet<_> = run
        .expected()
        .into_iter()
        .filter(|alert| AlertRule::from_label(alert.rule).is_some())
        .map(|alert| (alert.rule.to_owned(), alert.mac))
        .collect();
    let config = AlertConfig { learning: LEARNING, ..AlertConfig::default() };
    let (told, frames) = watch(run.by_ref(), config);

    let found = told
        .iter()
        .filter(|alert| {
            let key = (alert.rule.clone(), alert.mac);
            let is_first_word = STANDING.contains(&alert.rule.as_str());
            let is_usual = if alert.at < begin {
                is_first_word
            } else {
                is_first_word && newcomer == Some(alert.mac)
                    || meets_new_service && alert.rule == "vendor-cloud-contact"
            };
            !is_usual || (alert.at >= begin && expected.contains(&key))
        })
        .map(|alert| (alert.rule.clone(), alert.mac))
        .collect();
    Outcome { incident, take, expected, found, told, frames }
}

/// Lets the engine watch frames; gives the alerts that were raised, and how many frames there were.
fn watch(
    frames: impl Iterator<Item = SimulatedFrame>,
    alerts: AlertConfig,
) -> (Vec<Raised>, usize) {
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let mut analyst = AnalystConfig { alerts, geo: Arc::new(places()), ..AnalystConfig::default() };
    analyst.local_nets = household_nets();
    let mut engine = Engine::new(&MeterConfig::default(), analyst, catalogue, 1).unwrap();
    let mut told = Vec::new();
    let mut count = 0;
    for (frame, number) in frames.zip(1..) {
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
        told.extend(std::iter::from_fn(|| engine.poll_event()).filter_map(raised));
        count += 1;
    }
    while engine.drain().unwrap() {}
    told.extend(std::iter::from_fn(|| engine.poll_event()).filter_map(raised));
    (told, count)
}

fn raised(event: Event) -> Option<Raised> {
    let EventKind::AlertTold(sighting) = event.kind else { return None };
    let alert = sighting.alert;
    (alert.phase == AlertPhase::Raised).then(|| Raised {
        at: alert.timestamp,
        rule: alert.rule.name.to_string(),
        mac: alert.device.mac.unwrap_or(MacAddr::ZERO),
        subject: alert.subject.to_string(),
        message: alert.message,
    })
}

impl Raised {
    fn line(&self) -> String {
        let Self { rule, mac, subject, message, .. } = self;
        let second = self.at.since(START).as_secs();
        format!("after {second} s {rule} of {mac} on `{subject}`: {message}")
    }
}

/// The networks that are ours by default, and the block that the household is given for IPv6.
fn household_nets() -> net::LocalNets {
    net::LocalNets::default().with(["2001:db8:68::/48".parse().unwrap()])
}

/// The blocks for documentation, as if they were registered in three countries.
fn places() -> Geo {
    use mmdb_writer::{Mmdb, Value, map};
    let record = |code: &str| map([("country_code", Value::text(code))]);
    let bytes = Mmdb::new("Test")
        .with("203.0.113.0/24", record("DE"))
        .with("198.51.100.0/24", record("IE"))
        .with("192.0.2.0/24", record("SG"))
        .bytes();
    Geo::compile(Some(Database::open(bytes, DatabaseKind::Country).unwrap()), None)
}

/// Does `work` on each item, on as many threads as the machine has.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let run = || {
            let mut done = Vec::new();
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                done.push(work(item));
            }
            done
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[test]
fn the_readme_lists_each_rule_with_its_severity_and_its_trigger() {
    let readme = include_str!("../README.md");
    for rule in AlertRule::ALL {
        let about = rule.about();
        let row =
            format!("| `{}` | {} | {} |", about.name, about.severity.as_label(), about.trigger);
        assert!(readme.contains(&row), "{row}");
    }
}
