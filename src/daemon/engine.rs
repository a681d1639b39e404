//! Frames in, events out, for a run that may wait for its slowest part: replay, tests and benches.
//!
//! With one worker all of it happens on the caller's thread. With more, each worker thread owns
//! a meter; frames go to them by address pair, in rounds, and the analyst gets the observations of a
//! round in one order. The events are the same either way.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow};

use crate::alert::Explanation;
use crate::analyst::{
    Analyst, AnalystStats, Config as AnalystConfig, Coverage, Event, InterfaceCoverage,
};
use crate::catalogue::Catalogue;
use crate::decode::shard_number;
use crate::meter::{Config as MeterConfig, Meter, MeterStats, Observation};
use crate::net::{Frame, InterfaceId, LinkType, MacAddr, Timestamp, VlanTag};

/// A replay is the same on every run, so its hash keys are no secret.
pub const FIXED_SEEDS: [u64; 4] = [0x6869_6b77, 0x6174_6368, 0x7265_706c, 0x6179_0001];

/// Frames in one round of several workers; bounds the memory between reader and analyst.
const ROUND_FRAMES: usize = 4096;

/// Bytes in one round, for rounds of large frames.
const ROUND_BYTES: usize = 4 << 20;

/// Meters and the analyst, wired together.
#[derive(Debug)]
pub struct Engine {
    analyst: Analyst,
    meters: Meters,
    batch: Vec<Observation>,
    now: Timestamp,
}

#[derive(Debug)]
enum Meters {
    Inline(Box<Meter>),
    Sharded(Box<Shards>),
}

impl Engine {
    /// Makes an engine with `workers` meters, at least one.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn new(
        meter: &MeterConfig,
        analyst: AnalystConfig,
        catalogue: Arc<Catalogue>,
        workers: usize,
    ) -> Result<Self> {
        let meters = if workers <= 1 {
            Meters::Inline(Box::new(Meter::new(meter.clone(), FIXED_SEEDS)))
        } else {
            Meters::Sharded(Box::new(Shards::start(meter, workers)?))
        };
        Ok(Self {
            analyst: Analyst::new(catalogue, analyst),
            meters,
            batch: Vec::new(),
            now: Timestamp::ZERO,
        })
    }

    /// Makes an engine with one meter whose hash keys are `seeds`: secret ones where frames come from a network, whose
    /// hosts must not know which flows collide.
    #[must_use]
    pub fn seeded(
        meter: &MeterConfig,
        analyst: AnalystConfig,
        catalogue: Arc<Catalogue>,
        seeds: [u64; 4],
    ) -> Self {
        Self {
            analyst: Analyst::new(catalogue, analyst),
            meters: Meters::Inline(Box::new(Meter::new(meter.clone(), seeds))),
            batch: Vec::new(),
            now: Timestamp::ZERO,
        }
    }

    /// Takes in a frame; its events, or those of earlier frames, can be polled afterwards.
    ///
    /// # Errors
    /// A worker thread has died.
    pub fn handle_frame(&mut self, frame: &Frame<'_>) -> Result<()> {
        self.handle_frames(std::slice::from_ref(frame))
    }

    /// Takes in frames, in order, as [`handle_frame`](Self::handle_frame) does one.
    ///
    /// # Errors
    /// A worker thread has died.
    pub fn handle_frames(&mut self, frames: &[Frame<'_>]) -> Result<()> {
        let now = &mut self.now;
        let mut time_of = |frame: &Frame<'_>| {
            *now = frame.timestamp.max(*now);
            *now
        };
        match &mut self.meters {
            Meters::Inline(meter) => {
                meter.handle_frames(frames, time_of);
                for observation in meter.drain_observations() {
                    self.analyst.observe(observation);
                }
            }
            Meters::Sharded(shards) => {
                for frame in frames {
                    shards.push(frame, time_of(frame), &mut self.batch)?;
                }
                self.analyse();
            }
        }
        Ok(())
    }

    /// Ends the run, a part at a time: flows leave, then every device is told once more. Tells whether there is
    /// more to come; the events of each part are to be polled before the next call.
    ///
    /// # Errors
    /// A worker thread has died.
    pub fn drain(&mut self) -> Result<bool> {
        let more = match &mut self.meters {
            Meters::Inline(meter) => {
                let more = meter.drain(self.now);
                for observation in meter.drain_observations() {
                    self.analyst.observe(observation);
                }
                more
            }
            Meters::Sharded(shards) => {
                shards.drain(self.now, &mut self.batch)?;
                self.analyse();
                false
            }
        };
        if !more {
            self.analyst.drain(self.now);
        }
        Ok(more)
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.analyst.poll_event()
    }

    /// Takes in how many frames were read on an interface in all.
    pub fn note_frames(&mut self, interface: InterfaceId, frames: u64) {
        self.analyst.note_capture(interface, frames, 0, self.now);
    }

    /// What was seen in the whole run, by interface.
    #[must_use]
    pub fn coverage_over_all(&self) -> Vec<InterfaceCoverage> {
        self.analyst.coverage_over_all()
    }

    /// What was seen in the last hour of the device with these addresses.
    #[must_use]
    pub fn coverage_of(&self, ip: IpAddr, mac: MacAddr) -> Option<Coverage> {
        self.analyst.coverage_of(ip, mac)
    }

    /// Why alert rules fired, and which nearly did, where the configuration asks for it.
    #[must_use]
    pub fn alert_explanation(&self) -> Option<Explanation> {
        self.analyst.alert_explanation()
    }

    /// Totals of all meters.
    #[must_use]
    pub fn meter_stats(&self) -> MeterStats {
        match &self.meters {
            Meters::Inline(meter) => meter.stats(),
            Meters::Sharded(shards) => shards.stats,
        }
    }

    /// Totals of the analyst.
    #[must_use]
    pub fn analyst_stats(&self) -> AnalystStats {
        self.analyst.stats()
    }

    fn analyse(&mut self) {
        for observation in self.batch.drain(..) {
            self.analyst.observe(observation);
        }
    }
}

/// Worker threads that take frames in rounds.
#[derive(Debug)]
struct Shards {
    workers: Vec<Shard>,
    frames: usize,
    bytes: usize,
    /// A round is with the workers.
    in_flight: bool,
    stats: MeterStats,
}

#[derive(Debug)]
struct Shard {
    round: Round,
    to: Option<SyncSender<Round>>,
    from: Receiver<RoundResult>,
    thread: Option<JoinHandle<()>>,
}

/// The frames of one worker in one round, copied out of the reader's buffer.
#[derive(Debug, Default)]
struct Round {
    frames: Vec<OwnedFrame>,
    bytes: Vec<u8>,
    until: Timestamp,
    last: bool,
}

#[derive(Debug)]
struct OwnedFrame {
    number: u64,
    timestamp: Timestamp,
    now: Timestamp,
    interface: InterfaceId,
    link_type: LinkType,
    wire_len: u32,
    stripped_tag: Option<VlanTag>,
    length: usize,
}

#[derive(Debug)]
struct RoundResult {
    observations: Vec<Observation>,
    stats: MeterStats,
    /// Given back, so that its memory is used again.
    round: Round,
}

impl Shards {
    fn start(config: &MeterConfig, workers: usize) -> Result<Self> {
        let workers = (0..workers)
            .map(|number| {
                let (to, rounds) = sync_channel::<Round>(1);
                let (results, from) = sync_channel(1);
                let meter = Meter::new(config.clone(), FIXED_SEEDS);
                let thread = thread::Builder::new()
                    .name(format!("meter-{number}"))
                    .spawn(move || meter_rounds(meter, &rounds, &results))
                    .context("cannot start a worker thread")?;
                Ok(Shard { round: Round::default(), to: Some(to), from, thread: Some(thread) })
            })
            .collect::<Result<_>>()?;
        Ok(Self { workers, frames: 0, bytes: 0, in_flight: false, stats: MeterStats::default() })
    }

    fn push(
        &mut self,
        frame: &Frame<'_>,
        now: Timestamp,
        into: &mut Vec<Observation>,
    ) -> Result<()> {
        let number = shard_number(frame) as usize % self.workers.len();
        if let Some(shard) = self.workers.get_mut(number) {
            shard.round.push(frame, now);
        }
        self.frames += 1;
        self.bytes += frame.bytes.len();
        if self.frames >= ROUND_FRAMES || self.bytes >= ROUND_BYTES {
            self.turn(now, false, into)?;
        }
        Ok(())
    }

    fn drain(&mut self, now: Timestamp, into: &mut Vec<Observation>) -> Result<()> {
        self.turn(now, true, into)?;
        self.collect(into)?;
        for shard in &mut self.workers {
            shard.to = None;
            if let Some(thread) = shard.thread.take() {
                thread.join().map_err(|_| anyhow!("a worker thread panicked"))?;
            }
        }
        Ok(())
    }

    /// Collects the round that is with the workers, then hands them the next one.
    fn turn(&mut self, until: Timestamp, last: bool, into: &mut Vec<Observation>) -> Result<()> {
        let rounds: Vec<Round> = self
            .workers
            .iter_mut()
            .map(|shard| Round { until, last, ..std::mem::take(&mut shard.round) })
            .collect();
        self.collect(into)?;
        for (shard, round) in self.workers.iter_mut().zip(rounds) {
            let sent = shard.to.as_ref().is_some_and(|to| to.send(round).is_ok());
            if !sent {
                return Err(anyhow!("a worker thread ended early"));
            }
        }
        self.in_flight = true;
        self.frames = 0;
        self.bytes = 0;
        Ok(())
    }

    fn collect(&mut self, into: &mut Vec<Observation>) -> Result<()> {
        if !std::mem::take(&mut self.in_flight) {
            return Ok(());
        }
        let begin = into.len();
        let mut stats = MeterStats::default();
        for shard in &mut self.workers {
            let mut result = shard.from.recv().context("a worker thread ended early")?;
            into.append(&mut result.observations);
            stats.add(&result.stats);
            if shard.round.frames.is_empty() {
                result.round.clear();
                shard.round = result.round;
            }
        }
        self.stats = stats;
        // Each worker's observations are in order already: this merges runs.
        if let Some(new) = into.get_mut(begin..) {
            new.sort_by_key(|observation| observation.order);
        }
        Ok(())
    }
}

impl Round {
    fn push(&mut self, frame: &Frame<'_>, now: Timestamp) {
        self.bytes.extend_from_slice(frame.bytes);
        self.frames.push(OwnedFrame {
            number: frame.number,
            timestamp: frame.timestamp,
            now,
            interface: frame.interface,
            link_type: frame.link_type,
            wire_len: frame.wire_len,
            stripped_tag: frame.stripped_tag,
            length: frame.bytes.len(),
        });
    }

    fn clear(&mut self) {
        self.frames.clear();
        self.bytes.clear();
    }
}

/// The life of a worker: a round in, its observations out.
fn meter_rounds(mut meter: Meter, rounds: &Receiver<Round>, results: &SyncSender<RoundResult>) {
    while let Ok(round) = rounds.recv() {
        let mut rest = round.bytes.as_slice();
        for frame in &round.frames {
            let Some((bytes, behind)) = rest.split_at_checked(frame.length) else { break };
            rest = behind;
            let borrowed = Frame {
                number: frame.number,
                timestamp: frame.timestamp,
                interface: frame.interface,
                link_type: frame.link_type,
                wire_len: frame.wire_len,
                stripped_tag: frame.stripped_tag,
                bytes,
            };
            meter.handle_frame(&borrowed, frame.now);
        }
        if round.last {
            while meter.drain(round.until) {}
        } else {
            meter.handle_timeout(round.until);
        }
        let mut observations = Vec::new();
        meter.take_observations(&mut observations);
        let result = RoundResult { observations, stats: meter.stats(), round };
        if results.send(result).is_err() {
            return;
        }
    }
}
