//! One thread a source: source, meter, ring. The only place where frames and observations meet.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Duration;

use rtrb::{Producer, PushError};
use tracing::{error, info, warn};

use super::clock;
use super::packet_clock::PacketClock;
use super::source_clock::SourceClock;
use crate::capture::{CaptureError, FrameBatch, FrameSource, SourceCounters, Supply};
use crate::meter::{Meter, MeterStats, Observation};
use crate::net::{InterfaceId, Timestamp};

/// Frames after which observations are handed on, at the latest.
const HANDED_ON_FRAMES: u32 = 256;

/// Packet time after which observations are handed on, at the latest.
const BATCH_TIME: Duration = Duration::from_millis(200);

/// How long an interface that is down or gone is left alone.
const DOWN_WAIT: Duration = Duration::from_millis(250);

/// Observations that may wait while the analyst is busy; more are lost, and counted.
const MAX_WAITING: usize = 65_536;

/// Batches on their way from a worker to the analyst.
pub(super) const RING_BATCHES: usize = 64;

/// The progress of a thread that has ended.
pub(super) const ENDED: u64 = u64::MAX;

/// What a worker hands on: everything it saw up to `watermark`.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) observations: Vec<Observation>,
    /// No later observation of this worker is earlier than this.
    pub(super) watermark: Timestamp,
    pub(super) totals: WorkerTotals,
    /// Nothing more will come from this worker.
    pub(super) end: Option<WorkerEnd>,
}

/// Totals of one worker.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WorkerTotals {
    pub(super) meter: MeterStats,
    pub(super) source: SourceCounters,
    /// Observations that were lost because the analyst was too slow.
    pub(super) observations_dropped: u64,
}

impl WorkerTotals {
    /// Adds those of another worker.
    pub(super) fn add(&mut self, other: &Self) {
        self.meter.add(&other.meter);
        self.source.add(&other.source);
        self.observations_dropped += other.observations_dropped;
    }
}

/// Why a worker ended.
#[derive(Debug)]
pub(super) enum WorkerEnd {
    /// It was told to.
    Stopped,
    /// The source has nothing more; what the user should know about it.
    SourceEnded(Option<String>),
    /// The source failed.
    Failed(CaptureError),
    /// The thread panicked.
    Died,
}

/// What all threads of a run share: a flag that only the supervisor sets, and proofs of
/// progress that only their owner moves.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) stop: AtomicBool,
    /// One a worker, then the analyst's, then the dispatcher's.
    pub(super) progress: Vec<AtomicU64>,
}

impl Shared {
    pub(super) fn new(workers: usize) -> Arc<Self> {
        let progress = (0..workers + 2).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self { stop: AtomicBool::new(false), progress })
    }

    /// Says that thread number `owner` has ended and proves nothing any more.
    pub(super) fn finish(&self, owner: usize) {
        if let Some(counter) = self.progress.get(owner) {
            counter.store(ENDED, Ordering::Relaxed);
        }
    }

    /// Tells whether the run was told to stop, or its sources have all ended.
    pub(super) fn is_over(&self) -> bool {
        let workers = self.progress.len().saturating_sub(2);
        self.stop.load(Ordering::Relaxed) || self.ended(workers) == workers
    }

    /// How many of the first `workers` threads have ended.
    pub(super) fn ended(&self, workers: usize) -> usize {
        let ended = |counter: &&AtomicU64| counter.load(Ordering::Relaxed) == ENDED;
        self.progress.iter().take(workers).filter(ended).count()
    }

    /// Says that thread number `owner` is alive.
    pub(super) fn advance(&self, owner: usize) {
        if let Some(counter) = self.progress.get(owner) {
            // Only the owner writes: no read-modify-write is needed.
            counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
    }
}

/// A source with its meter, on a thread of its own.
pub(super) struct Worker {
    pub(super) number: usize,
    pub(super) workers: usize,
    /// The run's number of the source's first interface.
    pub(super) interface: InterfaceId,
    pub(super) name: String,
    pub(super) source: Box<dyn FrameSource>,
    pub(super) clock: SourceClock,
    pub(super) meter: Meter,
    pub(super) ring: Producer<Batch>,
    pub(super) analysis: Thread,
    pub(super) shared: Arc<Shared>,
}

impl Worker {
    /// Reads frames until the source ends or the run does.
    pub(super) fn run(mut self) {
        let stopwatch = clock::Stopwatch::start();
        let mut clock = match self.clock {
            SourceClock::OfThisMachine => PacketClock::new(clock::now(), stopwatch.elapsed()),
            SourceClock::OfTheSource => PacketClock::believing(),
        };
        let mut frames: u64 = 0;
        let mut in_batch = 0;
        let mut handed_on = Timestamp::ZERO;
        let mut dropped = 0;
        let mut leaps = 0;
        let mut down = false;
        let end = loop {
            if self.shared.stop.load(Ordering::Relaxed) {
                break WorkerEnd::Stopped;
            }
            let mut batch = FrameBatch::new();
            let idle = match self.source.next_frames(&mut batch) {
                Ok(Supply::Frames) => {
                    if std::mem::take(&mut down) {
                        info!(interface = %self.name, "frames come again");
                    }
                    for frame in batch.frames_mut() {
                        frames += 1;
                        in_batch += 1;
                        // Unique over all workers, and rising in each.
                        frame.number = frames * self.workers as u64 + self.number as u64;
                        frame.interface.0 = frame.interface.0.saturating_add(self.interface.0);
                    }
                    self.meter.handle_frames(batch.frames(), |frame| {
                        clock.at_frame(frame.timestamp, || stopwatch.elapsed())
                    });
                    if in_batch < HANDED_ON_FRAMES && clock.now() < handed_on.plus(BATCH_TIME) {
                        continue;
                    }
                    false
                }
                Ok(Supply::Idle) => true,
                Err(problem) if is_passing(&problem) => {
                    if !std::mem::replace(&mut down, true) {
                        warn!(interface = %self.name, %problem, "capture goes on when it is up again");
                    }
                    std::thread::sleep(DOWN_WAIT);
                    true
                }
                Ok(Supply::End) => break WorkerEnd::SourceEnded(self.source.warning()),
                Err(error) => break WorkerEnd::Failed(error),
            };
            let now = if idle { clock.at_idle(stopwatch.elapsed()) } else { clock.now() };
            // Each time that their number has doubled: a source with odd times must not fill the log.
            if clock.leaps() != leaps && clock.leaps().is_power_of_two() {
                leaps = clock.leaps();
                warn!(interface = %self.name, leaps, "the clock of the captured packets leapt; flows go on");
            }
            if self.meter.has_cutoff() {
                self.meter.settle_cuts(now, clock::monotonic());
            }
            self.meter.handle_timeout(now);
            self.hand_on(now, None, &mut dropped);
            (in_batch, handed_on) = (0, now);
        };
        let now = clock.at_idle(stopwatch.elapsed());
        info!(interface = %self.name, frames, "capture ended");
        if self.meter.has_cutoff() {
            self.meter.release_cuts(now, clock::monotonic());
        }
        while self.meter.drain(now) {
            self.wait_for_room();
            self.hand_on(now, None, &mut dropped);
        }
        self.wait_for_room();
        self.hand_on(now, Some(end), &mut dropped);
        self.shared.finish(self.number);
    }

    /// Gives the analyst what was seen; keeps it for later when the ring is full.
    fn hand_on(&mut self, watermark: Timestamp, end: Option<WorkerEnd>, dropped: &mut u64) {
        self.shared.advance(self.number);
        if self.ring.is_full() {
            if self.meter.pending() > MAX_WAITING {
                let mut lost = Vec::new();
                self.meter.take_observations(&mut lost);
                *dropped += lost.len() as u64;
            }
            return;
        }
        let mut observations = Vec::new();
        self.meter.take_observations(&mut observations);
        let totals = WorkerTotals {
            meter: self.meter.stats(),
            source: self.source.counters(),
            observations_dropped: *dropped,
        };
        let batch = Batch { observations, watermark, totals, end };
        // There is room: nobody else fills this ring.
        if let Err(PushError::Full(_)) = self.ring.push(batch) {
            error!("a batch found no room in a ring that had some");
        }
        self.analysis.unpark();
    }

    /// Waits until the ring takes another batch; only at the end of a run, when no frame is lost by it.
    fn wait_for_room(&self) {
        while self.ring.is_full() && !self.ring.is_abandoned() {
            self.analysis.unpark();
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Tells whether an interface may come back.
fn is_passing(problem: &CaptureError) -> bool {
    match problem {
        CaptureError::Vanished { .. } => true,
        CaptureError::Io { source, .. } => source.kind() == ErrorKind::NetworkDown,
        CaptureError::NotFound { .. }
        | CaptureError::Permission { .. }
        | CaptureError::NotACapture { .. }
        | CaptureError::Unsupported { .. } => false,
    }
}
