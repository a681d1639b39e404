//! Capture files through the whole engine: nothing breaks it, nothing foreign is taken for a vendor's, and
//! the same file gives the same events on each run and with any number of workers.
//!
//! The captures are foreign and large, so they are no part of the sources: `HIKWATCH_CAPTURES` names a
//! folder of them with an `INDEX.tsv`. Without it these tests say SKIPPED; the household is always there.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "these functions are of tests, though not tests themselves"
)]

mod schema;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::Result;
use hikwatch::analyst::{Config as AnalystConfig, Event, EventKind};
use hikwatch::capture::ObservationPoint;
use hikwatch::catalogue::Catalogue;
use hikwatch::daemon::{Replay, ReplayOutcome, ReplaySink};
use hikwatch::export::{
    Config as ExportConfig, EndOfRun, EveWriter, EventTypes, RunStats, Scope, Selection,
};
use hikwatch::meter::Config as MeterConfig;
use hikwatch::net::Timestamp;
use hikwatch::simulate::{Household, pcap_header, pcap_record};
use serde_json::Value;

/// Larger captures are replayed once only.
const REPEATED_BYTES: u64 = 2 << 20;

/// Captures whose lines are held against the schema: an even choice from the collection.
const SCHEMA_CAPTURES: usize = 400;

/// Simulated time in the household's capture: long enough for idle timeouts and for many rounds of workers.
const HOUSEHOLD: Duration = Duration::from_secs(700);

static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::builtin().unwrap()));

/// A capture of the collection.
struct Capture {
    file: String,
    path: PathBuf,
    bytes: u64,
    /// What tshark counts; absent where it could not read the file.
    frames: Option<u64>,
}

/// What a replay gave.
struct Replayed {
    outcome: ReplayOutcome,
    /// EVE lines of everything but the totals.
    eve: Vec<u8>,
    /// The vendors that devices or destinations were taken for.
    vendors: BTreeSet<String>,
}

/// Gathers everything.
struct Gatherer {
    eve: EveWriter<Vec<u8>>,
    vendors: BTreeSet<String>,
}

impl ReplaySink for Gatherer {
    fn event(&mut self, event: &Event, points: &[ObservationPoint]) -> Result<()> {
        self.eve.write_event(event, points)?;
        let (device, destination) = match &event.kind {
            EventKind::DeviceSeen(profile) | EventKind::DeviceTouched(profile) => {
                (Some(profile), None)
            }
            EventKind::FlowStarted(sighting)
            | EventKind::FlowUpdated { sighting, .. }
            | EventKind::FlowEnded { sighting, .. } => (
                sighting.device.as_ref().map(|device| &device.profile),
                sighting.destination.as_ref(),
            ),
            EventKind::MessageRead(sighting) => {
                (sighting.device.as_ref(), sighting.destination.as_ref())
            }
            EventKind::HourJudged(sighting) => (Some(&sighting.profile), None),
            EventKind::AlertTold(sighting) => {
                (Some(&sighting.alert.device), sighting.alert.destination.as_ref())
            }
        };
        if let Some(device) = device.filter(|device| device.is_vendor_device()) {
            self.vendors.insert(format!("{:?} {:?}", device.identity, device.evidence));
        }
        if let Some(destination) = destination {
            self.vendors.insert(format!("{destination:?}"));
        }
        Ok(())
    }

    fn progress(&mut self, _frames: u64) {}
}

#[test]
fn no_foreign_capture_breaks_the_engine_or_shows_a_vendor() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for Capture { file, path, frames, .. } in collection() {
        let replayed = match (replay(&path, 1), frames) {
            (Ok(replayed), _) => replayed,
            (Err(_), None) => continue,
            (Err(error), Some(_)) => {
                wrong.push(format!("{file}: {error:#}"));
                continue;
            }
        };
        let meter = &replayed.outcome.stats.meter;
        if meter.frames != meter.decoded + meter.invalid {
            wrong.push(format!("{file}: {} decoded, {} invalid", meter.decoded, meter.invalid));
        }
        if let Some(expected) = frames {
            compared += 1;
            if meter.frames != expected {
                wrong.push(format!("{file}: {} frames, not {expected}", meter.frames));
            }
        }
        let ended: u64 = meter.flows_ended.iter().sum();
        if meter.flows_active != 0 || ended != meter.flows_started {
            wrong.push(format!("{file}: {ended} of {} flows ended", meter.flows_started));
        }
        wrong.extend(replayed.vendors.iter().map(|vendor| format!("{file}: {vendor}")));
    }
    println!("{compared} captures compared with the index");
    assert!(wrong.is_empty(), "{} offenders:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_capture_gives_the_same_events_on_each_run_and_with_any_number_of_workers() {
    let folder = tempfile::tempdir().unwrap();
    let household = household_capture(folder.path());
    let captures = collection().into_iter().filter(|capture| capture.bytes <= REPEATED_BYTES);
    let mut wrong = Vec::new();
    for path in captures.map(|capture| capture.path).chain([household.clone()]) {
        let Ok(first) = replay(&path, 1) else { continue };
        for (workers, run) in [(1, "a second run"), (3, "three workers"), (4, "four workers")] {
            let again = replay(&path, workers).unwrap();
            if again.eve != first.eve {
                let difference = first_difference(&first.eve, &again.eve);
                wrong.push(format!("{}, {run}: {difference}", path.display()));
            }
            let (once, twice) = (totals(&first.outcome), totals(&again.outcome));
            if once != twice {
                wrong.push(format!("{}, {run}: {once:?}\n{twice:?}", path.display()));
            }
        }
        if path == household {
            assert!(first.eve.len() > 10_000);
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Most captures fit into one round of the workers; together they fill many, and time jumps back and forth.
#[test]
fn all_captures_in_one_run_give_the_same_events_with_any_number_of_workers() {
    let files: Vec<PathBuf> = collection()
        .into_iter()
        .filter(|capture| capture.frames.is_some() && replay(&capture.path, 1).is_ok_and(is_whole))
        .map(|capture| capture.path)
        .collect();
    if files.is_empty() {
        return;
    }
    let first = replay_files(files.clone(), 1).unwrap();
    let meter = &first.outcome.stats.meter;
    assert!(meter.frames > 100_000, "{}", meter.frames);
    for workers in [1, 2, 5] {
        let again = replay_files(files.clone(), workers).unwrap();
        assert!(
            again.eve == first.eve,
            "{workers} workers: {}",
            first_difference(&first.eve, &again.eve)
        );
        assert_eq!(totals(&first.outcome), totals(&again.outcome), "{workers} workers");
    }
    let RunStats { meter, analysis, .. } = &first.outcome.stats;
    println!("{} captures, {} frames, {} events", files.len(), meter.frames, analysis.events);
}

#[test]
fn lines_of_real_captures_satisfy_the_schema_of_suricata() {
    let folder = tempfile::tempdir().unwrap();
    let captures = collection();
    let step = (captures.len() / SCHEMA_CAPTURES).max(1);
    let chosen = captures.into_iter().step_by(step).map(|capture| capture.path);
    let mut lines: Vec<Value> = Vec::new();
    for path in chosen.chain([household_capture(folder.path())]) {
        let Ok(replayed) = replay(&path, 1) else { continue };
        let mut writer = EveWriter::new(replayed.eve, &everything(), EndOfRun::Shutdown);
        writer.write_stats(&replayed.outcome.stats).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        lines.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    let types: BTreeSet<String> =
        lines.iter().map(|line| line["event_type"].as_str().unwrap().to_owned()).collect();
    assert!(types.len() >= 6, "{types:?}");

    match schema::check(lines) {
        Some(Ok(checked)) => println!("{checked} lines satisfy the schema"),
        Some(Err(said)) => panic!("{said}"),
        None => {}
    }
}

fn replay(path: &Path, workers: usize) -> Result<Replayed> {
    replay_files(vec![path.to_owned()], workers)
}

fn replay_files(files: Vec<PathBuf>, workers: usize) -> Result<Replayed> {
    let replay = Replay {
        files,
        workers,
        meter: MeterConfig::default(),
        analyst: AnalystConfig::default(),
        catalogue: Arc::clone(&CATALOGUE),
    };
    let eve = EveWriter::new(Vec::new(), &everything(), EndOfRun::Shutdown);
    let mut sink = Gatherer { eve, vendors: BTreeSet::new() };
    let outcome = replay.run(&mut sink)?;
    Ok(Replayed { outcome, eve: sink.eve.into_inner()?, vendors: sink.vendors })
}

fn everything() -> ExportConfig {
    ExportConfig {
        selection: Selection { scope: Scope::All, types: EventTypes::ALL },
        ..ExportConfig::default()
    }
}

/// The totals, but for the room in the flow tables: each worker has a table of its own.
fn totals(outcome: &ReplayOutcome) -> (RunStats, Option<(Timestamp, Timestamp)>, &[String]) {
    let mut stats = outcome.stats;
    stats.meter.flows_capacity = 0;
    // Of captures in one run, whose clocks stand still beside each other, more fragments wait than there is room for.
    stats.meter.fragments_refused = 0;
    (stats, outcome.span, &outcome.warnings)
}

fn is_whole(replayed: Replayed) -> bool {
    replayed.outcome.failure.is_none()
}

fn first_difference(one: &[u8], other: &[u8]) -> String {
    let (one, other) = (String::from_utf8_lossy(one), String::from_utf8_lossy(other));
    let pair = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    pair.map_or_else(
        || format!("{} lines and {}", one.lines().count(), other.lines().count()),
        |(one, other)| format!("\n{one}\n{other}"),
    )
}

fn household_capture(folder: &Path) -> PathBuf {
    let start = Timestamp::from_parts(1_767_225_600, 0);
    let mut capture = pcap_header().to_vec();
    for frame in
        Household::new(11, start).take_while(|frame| frame.timestamp < start.plus(HOUSEHOLD))
    {
        capture.extend(pcap_record(&frame));
    }
    let path = folder.join("household.pcap");
    std::fs::write(&path, capture).unwrap();
    path
}

/// The rows of the index; none, said aloud, where there is no collection.
fn collection() -> Vec<Capture> {
    let folder = schema::captures();
    let Ok(index) = std::fs::read_to_string(folder.join("INDEX.tsv")) else {
        schema::skipped(&format!("no collection of captures in {}", folder.display()));
        return Vec::new();
    };
    let mut rows = index.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let columns: HashMap<&str, usize> =
        rows.next().unwrap().into_iter().enumerate().map(|(at, name)| (name, at)).collect();
    rows.map(|row| {
        let cell = |name: &str| row[columns[name]];
        let is_read = !cell("file_type").is_empty();
        Capture {
            file: cell("file").to_owned(),
            path: folder.join(cell("file")),
            bytes: cell("bytes").parse().unwrap(),
            frames: is_read.then(|| cell("packets").parse().unwrap()),
        }
    })
    .collect()
}
