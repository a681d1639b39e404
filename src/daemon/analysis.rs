//! The analysis thread: observations of all workers in one order, through the analyst, to the dispatcher.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::time::Duration;

use rtrb::Consumer;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use super::forgetting::ForgetOrder;
use super::worker::{Batch, Shared, WorkerEnd, WorkerTotals};
use crate::alert::{AlertId, SuppressedAlerts, SuppressedByRule};
use crate::analyst::{
    Analyst, AnalystStats, Config as AnalystConfig, Event, InterfaceCoverage, Keepsakes, KernelView,
};
use crate::catalogue::Catalogue;
use crate::meter::{Observation, ObservationOrder};
use crate::net::{InterfaceId, Timestamp};

/// How long a worker may lag behind the others before the others are not held up any more.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the thread sleeps when nobody wakes it.
const NAP: Duration = Duration::from_millis(100);

/// Observations after which their events are handed on, at the latest.
const BATCH_OBSERVATIONS: u32 = 1024;

/// Batches of events on their way to the dispatcher.
pub(super) const CHANNEL_BATCHES: usize = 256;

/// Orders from the supervisor.
#[derive(Debug)]
pub(super) enum AnalysisCommand {
    /// A new configuration has taken effect.
    Reconfigure {
        /// What it says about the analysis.
        config: Box<AnalystConfig>,
        /// The catalogue, read anew.
        catalogue: Arc<Catalogue>,
    },
    /// Somebody wants a device forgotten.
    Forget(ForgetOrder),
    /// Somebody takes an alert for known.
    Acknowledge {
        /// Which.
        id: AlertId,
        /// Whether it stands.
        answer: oneshot::Sender<bool>,
    },
    /// This machine has these addresses now.
    OwnAddresses(Vec<IpAddr>),
    /// The kernel tells of its flows.
    Kernel(Box<KernelView>),
}

/// What the dispatcher gets.
#[derive(Debug)]
pub(super) struct EventBatch {
    pub(super) events: Vec<Event>,
    /// Devices that the analyst has forgotten after those events.
    pub(super) forgotten: Vec<ForgetOrder>,
    /// What the rules keep for the next run, where that has changed and somebody stores it.
    pub(super) keepsakes: Keepsakes,
    /// Alerts that were not told.
    pub(super) suppressed: SuppressedAlerts,
    /// The same by rule.
    pub(super) suppressed_by_rule: Arc<SuppressedByRule>,
    /// Totals, by interface.
    pub(super) totals: Vec<WorkerTotals>,
    pub(super) analyst: AnalystStats,
    /// What was seen in the last hour, by interface.
    pub(super) coverage: Vec<InterfaceCoverage>,
    /// Observations that came after their time had passed.
    pub(super) late: u64,
    /// Events lost so far because the dispatcher was too slow.
    pub(super) events_dropped: u64,
    /// Packet time.
    pub(super) now: Timestamp,
    /// How the sources ended, once all have.
    pub(super) end: Option<Vec<WorkerEnd>>,
}

/// The analyst with its inputs and outputs.
pub(super) struct Analysis {
    pub(super) analyst: Analyst,
    pub(super) feeds: Vec<Feed>,
    pub(super) commands: Receiver<AnalysisCommand>,
    pub(super) events: SyncSender<EventBatch>,
    pub(super) shared: Arc<Shared>,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    /// Everything up to here was analysed.
    done: ObservationOrder,
    late: u64,
    events_dropped: u64,
    /// On their way to the dispatcher.
    forgotten: Vec<ForgetOrder>,
    /// The dispatcher had no room for them; they go with the next batch.
    keepsakes: Keepsakes,
}

/// What comes from one worker.
#[derive(Debug)]
pub(super) struct Feed {
    ring: Consumer<Batch>,
    /// The number of the interface that it reads, or shares.
    interface: u16,
    waiting: VecDeque<Observation>,
    watermark: Timestamp,
    totals: WorkerTotals,
    end: Option<WorkerEnd>,
}

impl Feed {
    pub(super) fn new(ring: Consumer<Batch>, interface: InterfaceId) -> Self {
        Self {
            ring,
            interface: interface.0,
            waiting: VecDeque::new(),
            watermark: Timestamp::ZERO,
            totals: WorkerTotals::default(),
            end: None,
        }
    }

    fn take_in(&mut self) {
        while let Ok(batch) = self.ring.pop() {
            self.waiting.extend(batch.observations);
            self.watermark = self.watermark.max(batch.watermark);
            self.totals = batch.totals;
            self.end = batch.end.or(self.end.take());
        }
        if self.ring.is_abandoned() && self.end.is_none() && self.ring.is_empty() {
            self.end = Some(WorkerEnd::Died);
        }
    }
}

impl Analysis {
    pub(super) fn new(
        analyst: Analyst,
        feeds: Vec<Feed>,
        commands: Receiver<AnalysisCommand>,
        events: SyncSender<EventBatch>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { analyst, feeds, commands, events, shared, state: State::default() }
    }

    /// Analyses until every worker has ended.
    pub(super) fn run(mut self) {
        let number = self.feeds.len();
        loop {
            self.shared.advance(number);
            while let Ok(command) = self.commands.try_recv() {
                self.obey(command);
            }
            for feed in &mut self.feeds {
                feed.take_in();
            }
            let over = self.feeds.iter().all(|feed| feed.end.is_some());
            let horizon = self.horizon();
            let mut observed = 0;
            while let Some(observation) = self.next_observation(horizon) {
                if observation.order < self.state.done {
                    self.state.late += 1;
                }
                self.state.done = self.state.done.max(observation.order);
                self.analyst.observe(observation);
                observed += 1;
                if observed % BATCH_OBSERVATIONS == 0 {
                    self.shared.advance(number);
                    self.hand_on(horizon, None);
                }
            }
            self.note_capture(horizon);
            self.analyst.handle_timeout(horizon);
            if over {
                break;
            }
            self.hand_on(horizon, None);
            std::thread::park_timeout(NAP);
        }
        let horizon = self.horizon();
        self.analyst.drain(horizon);
        let ends = self.feeds.iter_mut().filter_map(|feed| feed.end.take()).collect();
        self.hand_on(horizon, Some(ends));
    }

    /// Everything up to this time can be analysed: no worker will say anything earlier, or it
    /// has let the others wait too long. Workers that have ended hold nobody up.
    fn horizon(&self) -> Timestamp {
        let latest = self.feeds.iter().map(|feed| feed.watermark).max().unwrap_or_default();
        let slowest = self
            .feeds
            .iter()
            .filter(|feed| feed.end.is_none())
            .map(|feed| feed.watermark)
            .min()
            .unwrap_or(latest);
        slowest.max(latest.minus(PATIENCE))
    }

    /// Tells the analyst what was read and lost on each interface.
    fn note_capture(&mut self, now: Timestamp) {
        for (number, totals) in (0u16..).zip(totals_by_interface(&self.feeds)) {
            let WorkerTotals { meter, source, .. } = &totals;
            let lost = source.kernel_drops + source.interface_drops;
            self.analyst.note_capture(InterfaceId(number), meter.frames, lost, now);
        }
    }

    /// The earliest observation that is not behind the horizon.
    fn next_observation(&mut self, horizon: Timestamp) -> Option<Observation> {
        let over = self.feeds.iter().all(|feed| feed.end.is_some());
        self.feeds
            .iter_mut()
            .filter(|feed| {
                feed.waiting.front().is_some_and(|first| over || first.order.timestamp <= horizon)
            })
            .min_by_key(|feed| feed.waiting.front().map(|first| first.order))?
            .waiting
            .pop_front()
    }

    /// Gives the dispatcher what has happened. Only the last batch waits for room.
    fn hand_on(&mut self, now: Timestamp, end: Option<Vec<WorkerEnd>>) {
        let mut events = Vec::new();
        while let Some(event) = self.analyst.poll_event() {
            events.push(event);
        }
        let last = end.is_some();
        let mut keepsakes = std::mem::take(&mut self.state.keepsakes);
        keepsakes.append(self.analyst.take_keepsakes());
        let batch = EventBatch {
            events,
            forgotten: std::mem::take(&mut self.state.forgotten),
            keepsakes,
            suppressed: self.analyst.suppressed_alerts(),
            suppressed_by_rule: self.analyst.suppressed_by_rule(),
            totals: totals_by_interface(&self.feeds),
            analyst: self.analyst.stats(),
            coverage: self.analyst.coverage(),
            late: self.state.late,
            events_dropped: self.state.events_dropped,
            now,
            end,
        };
        if last {
            if self.events.send(batch).is_err() {
                error!("the dispatcher ended before the analysis did");
            }
            return;
        }
        match self.events.try_send(batch) {
            Ok(()) => {}
            Err(TrySendError::Full(batch)) => {
                if self.state.events_dropped == 0 && !batch.events.is_empty() {
                    warn!("events are lost: the event file or the machine is too slow");
                }
                self.state.events_dropped += batch.events.len() as u64;
                self.state.keepsakes = batch.keepsakes;
                self.state.forgotten = batch.forgotten;
            }
            Err(TrySendError::Disconnected(_)) => error!("the dispatcher has ended"),
        }
    }

    fn obey(&mut self, command: AnalysisCommand) {
        match command {
            AnalysisCommand::Reconfigure { config, catalogue } => {
                self.analyst.replace_catalogue(catalogue);
                self.analyst.set_config(*config);
                info!("the analysis goes on with the new configuration");
            }
            AnalysisCommand::OwnAddresses(addresses) => self.analyst.set_own_addresses(addresses),
            AnalysisCommand::Kernel(view) => self.analyst.observe_kernel(&view, self.horizon()),
            AnalysisCommand::Acknowledge { id, answer } => {
                // Whoever asked may have left.
                answer.send(self.analyst.acknowledge(id)).unwrap_or_default();
            }
            AnalysisCommand::Forget(mut order) => {
                order.known = self.analyst.forget(&order.id);
                self.state.forgotten.push(order);
            }
        }
    }
}

/// Totals of the workers of each interface, by its number.
fn totals_by_interface(feeds: &[Feed]) -> Vec<WorkerTotals> {
    let mut totals: Vec<WorkerTotals> = Vec::new();
    for feed in feeds {
        let number = usize::from(feed.interface);
        if totals.len() <= number {
            totals.resize_with(number + 1, WorkerTotals::default);
        }
        if let Some(sum) = totals.get_mut(number) {
            sum.add(&feed.totals);
        }
    }
    totals
}
