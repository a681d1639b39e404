//! The collection of foreign captures, and what a replay of one of them prints.
//!
//! `HIKWATCH_CAPTURES` names a folder with an `INDEX.tsv` (else `../shared/captures`). It is large and
//! foreign, so it is no part of the sources; without it the tests say SKIPPED.
#![expect(
    clippy::unwrap_used,
    reason = "these functions are of tests, though not tests themselves"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use anyhow::Result;
use hikwatch::analyst::{Config as AnalystConfig, Event};
use hikwatch::capture::ObservationPoint;
use hikwatch::catalogue::Catalogue;
use hikwatch::daemon::{Replay, ReplaySink};
use hikwatch::export::{Config as ExportConfig, EndOfRun, EveWriter, EventTypes, Scope, Selection};
use hikwatch::meter::Config as MeterConfig;

static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::builtin().unwrap()));

/// A collection that is there.
pub(crate) struct Collection {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Paths of the captures within it, as the tables name them, in the order of the index.
    pub(crate) captures: Vec<String>,
}

impl Collection {
    /// Opens the collection; says SKIPPED, past the test harness, where there is none.
    pub(crate) fn open() -> Option<Self> {
        let folder = std::env::var_os("HIKWATCH_CAPTURES").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
            PathBuf::from,
        );
        let Ok(index) = std::fs::read_to_string(folder.join("INDEX.tsv")) else {
            let line = format!("SKIPPED: no collection of captures in {}\n", folder.display());
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            return None;
        };
        let captures = index.lines().skip(1).filter_map(|row| row.split('\t').next());
        let captures = captures.map(str::to_owned).collect();
        Some(Self { folder, captures })
    }
}

/// The EVE lines of one capture, as `replay --scope all --events all` prints them, without the totals.
pub(crate) fn replay(capture: &Path) -> Result<Vec<u8>> {
    let replay = Replay {
        files: vec![capture.to_owned()],
        workers: 1,
        meter: MeterConfig::default(),
        analyst: AnalystConfig::default(),
        catalogue: Arc::clone(&CATALOGUE),
    };
    let config = ExportConfig {
        selection: Selection { scope: Scope::All, types: EventTypes::ALL },
        ..ExportConfig::default()
    };
    let mut lines = Lines(EveWriter::new(Vec::new(), &config, EndOfRun::Shutdown));
    replay.run(&mut lines)?;
    Ok(lines.0.into_inner()?)
}

struct Lines(EveWriter<Vec<u8>>);

impl ReplaySink for Lines {
    fn event(&mut self, event: &Event, points: &[ObservationPoint]) -> Result<()> {
        self.0.write_event(event, points)?;
        Ok(())
    }

    fn progress(&mut self, _frames: u64) {}
}
