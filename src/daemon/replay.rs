//! Capture files through the engine, as fast as they can be read.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use super::engine::Engine;
use super::points::PointList;
use crate::alert::{AlertPhase, Explanation};
use crate::analyst::{Config as AnalystConfig, Event, EventKind, InterfaceCoverage};
use crate::capture::{
    FrameBatch, FrameSource, ObservationPoint, SavefileSource, SourceCounters, Supply,
};
use crate::catalogue::Catalogue;
use crate::export::{AnalysisCounters, RunStats};
use crate::meter::Config as MeterConfig;
use crate::net::{Frame, InterfaceId, LinkType, Timestamp};

/// Frames between two calls of the progress report.
const PROGRESS_FRAMES: u64 = 1 << 20;

/// What to replay, and how.
#[derive(Debug)]
pub struct Replay {
    /// Capture files, in the order of time; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// Worker threads.
    pub workers: usize,
    /// The meters.
    pub meter: MeterConfig,
    /// The analyst.
    pub analyst: AnalystConfig,
    /// Vendor knowledge.
    pub catalogue: Arc<Catalogue>,
}

/// How a replay went.
#[derive(Debug, Default)]
pub struct ReplayOutcome {
    /// Totals.
    pub stats: RunStats,
    /// What was seen, by interface with its name; interfaces without a frame are left out.
    pub coverage: Vec<(String, InterfaceCoverage)>,
    /// Why alert rules fired, and which nearly did, where the configuration asks for it.
    pub explanation: Option<Explanation>,
    /// Earliest and latest time stamp; absent without frames.
    pub span: Option<(Timestamp, Timestamp)>,
    /// What the user should know, such as a file that is cut short.
    pub warnings: Vec<String>,
    /// A file that could not be read to its end, or at all; what was read before counts.
    pub failure: Option<anyhow::Error>,
}

/// Where a replay's results go.
pub trait ReplaySink {
    /// Takes one event; `points` are the interfaces by number.
    ///
    /// # Errors
    /// It cannot be written; the replay ends.
    fn event(&mut self, event: &Event, points: &[ObservationPoint]) -> Result<()>;

    /// Is told now and then how many frames were read.
    fn progress(&mut self, frames: u64);
}

impl Replay {
    /// Reads all files through one engine.
    ///
    /// # Errors
    /// The first file cannot be opened, the sink refuses an event, or a worker thread dies. A file that fails
    /// later ends the reading, and is in [`ReplayOutcome::failure`].
    pub fn run(&self, sink: &mut impl ReplaySink) -> Result<ReplayOutcome> {
        // Who made a capture chose what is in it.
        let meter =
            MeterConfig { interfaces_apart: false, trust_tunnels: true, ..self.meter.clone() };
        let mut pass = Pass {
            engine: Engine::new(
                &meter,
                self.analyst.clone(),
                Arc::clone(&self.catalogue),
                self.workers,
            )?,
            points: PointList::default(),
            outcome: ReplayOutcome::default(),
            analysis: AnalysisCounters::default(),
            frames: Vec::new(),
        };
        for (number, path) in self.files.iter().enumerate() {
            let read = SavefileSource::open(path)
                .map_err(|error| Stop::Source(error.into()))
                .and_then(|mut source| pass.read(&mut source, sink));
            match read {
                Ok(()) => {}
                Err(Stop::Source(error)) if number > 0 || pass.outcome.stats.meter.frames > 0 => {
                    pass.outcome.failure = Some(error);
                    break;
                }
                Err(Stop::Source(error) | Stop::Sink(error)) => return Err(error),
            }
        }
        let mut more = true;
        while more {
            more = pass.engine.drain()?;
            pass.emit(sink)?;
        }
        Ok(pass.finish())
    }
}

/// Why reading a file stopped.
enum Stop {
    Source(anyhow::Error),
    Sink(anyhow::Error),
}

/// The state of one run over all files.
struct Pass {
    engine: Engine,
    points: PointList,
    outcome: ReplayOutcome,
    analysis: AnalysisCounters,
    /// Frames, by the number of their interface.
    frames: Vec<u64>,
}

impl Pass {
    fn read(
        &mut self,
        source: &mut dyn FrameSource,
        sink: &mut impl ReplaySink,
    ) -> Result<(), Stop> {
        self.points.next_source();
        loop {
            let mut batch = FrameBatch::new();
            match source.next_frames(&mut batch) {
                Ok(Supply::Frames) => {}
                Ok(Supply::Idle) => continue,
                Ok(Supply::End) => break,
                Err(error) => return Err(Stop::Source(error.into())),
            }
            let before = self.outcome.stats.meter.frames;
            for frame in batch.frames_mut() {
                self.number(frame);
            }
            self.engine.handle_frames(batch.frames()).map_err(Stop::Sink)?;
            self.points.learn(source.observation_points());
            self.emit(sink).map_err(Stop::Sink)?;
            let frames = self.outcome.stats.meter.frames;
            if before / PROGRESS_FRAMES != frames / PROGRESS_FRAMES {
                sink.progress(frames);
            }
        }
        if let Some(warning) = source.warning() {
            self.outcome.warnings.push(warning);
        }
        Ok(())
    }

    /// Gives a frame its place in the run.
    fn number(&mut self, frame: &mut Frame<'_>) {
        let Self { points, outcome, frames, .. } = self;
        outcome.stats.meter.frames += 1;
        frame.number = outcome.stats.meter.frames;
        frame.interface = points.number(frame.interface);
        // What holds no frame has no time of its own.
        if frame.link_type != LinkType::NOT_A_FRAME {
            let (first, last) = outcome.span.unwrap_or((frame.timestamp, frame.timestamp));
            outcome.span = Some((first.min(frame.timestamp), last.max(frame.timestamp)));
            count_frame(frames, frame.interface);
        }
    }

    fn emit(&mut self, sink: &mut impl ReplaySink) -> Result<()> {
        while let Some(event) = self.engine.poll_event() {
            self.analysis.events += 1;
            if let EventKind::AlertTold(sighting) = &event.kind {
                self.analysis.alerts += u64::from(sighting.alert.phase == AlertPhase::Raised);
            }
            sink.event(&event, self.points.points())?;
        }
        Ok(())
    }

    /// What was seen, told by names.
    fn coverage(&mut self) -> Vec<(String, InterfaceCoverage)> {
        for (interface, frames) in (0u16..).map(InterfaceId).zip(&self.frames) {
            self.engine.note_frames(interface, *frames);
        }
        let points = self.points.points();
        let name = |interface: InterfaceId| match points.get(usize::from(interface.0)) {
            Some(point) if !point.name.is_empty() => point.name.clone(),
            Some(_) | None => format!("interface {}", interface.0),
        };
        self.engine
            .coverage_over_all()
            .into_iter()
            .filter(|known| {
                let frames = self.frames.get(usize::from(known.interface.0));
                frames.is_some_and(|frames| *frames > 0)
            })
            .map(|known| (name(known.interface), known))
            .collect()
    }

    fn finish(mut self) -> ReplayOutcome {
        let meter = self.engine.meter_stats();
        let analyst = self.engine.analyst_stats();
        let (first, last) = self.outcome.span.unwrap_or_default();
        self.outcome.coverage = self.coverage();
        self.outcome.explanation = self.engine.alert_explanation();
        self.outcome.stats = RunStats {
            timestamp: last,
            uptime: last.since(first).as_secs(),
            capture: SourceCounters { received: meter.frames, ..SourceCounters::default() },
            meter,
            analysis: AnalysisCounters {
                devices: analyst.devices as u64,
                vendor_devices: analyst.vendor_devices as u64,
                ..self.analysis
            },
        };
        self.outcome
    }
}

fn count_frame(frames: &mut Vec<u64>, interface: InterfaceId) {
    let place = usize::from(interface.0);
    if place >= frames.len() {
        frames.resize(place + 1, 0);
    }
    if let Some(count) = frames.get_mut(place) {
        *count += 1;
    }
}
