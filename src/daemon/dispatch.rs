//! The dispatching thread: events to the inventory, the metrics, the store and the sinks.
//!
//! It is a thread and no task, so that its work holds up neither the API nor a scrape. It waits for no disk and no far end: each
//! sink has a thread of its own.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tracing::{error, info};

use super::analysis::EventBatch;
use super::clock::Stopwatch;
use super::fanout::{Fanout, SinkOrder};
use super::forgetting::ForgetOrder;
use super::sight_log::SightLog;
use super::store_feed::StoreFeed;
use super::worker::{Shared, WorkerEnd, WorkerTotals};
use crate::alert::{AlertPhase, SuppressedByRule};
use crate::analyst::{EventKind, InterfaceCoverage};
use crate::capture::{ObservationPoint, SourceCounters};
use crate::export::{AnalysisCounters, Pseudonyms, RunStats};
use crate::inventory::Inventory;
use crate::meter::MeterStats;
use crate::metrics::{Consumer, InterfaceTotals, Recorder};
use crate::net::Timestamp;

/// Packet time between two `stats` events.
const STATS_INTERVAL: Duration = Duration::from_secs(60);

/// How long the thread waits for events before it says that it is alive.
const NAP: Duration = Duration::from_millis(500);

/// Orders from the supervisor.
#[derive(Debug)]
pub(super) enum DispatchCommand {
    /// Deliver to these sinks from now on.
    ReplaceSinks(Vec<SinkOrder>),
}

/// What the rest of the daemon may know of a run at any time.
#[derive(Debug, Clone, Default)]
pub struct RunView {
    /// Totals.
    pub stats: RunStats,
    /// By interface.
    pub interfaces: Vec<InterfaceTotals>,
    /// Alerts that were not told.
    pub suppressed: Arc<SuppressedByRule>,
}

/// The dispatcher with its inputs and outputs.
pub(super) struct Dispatch {
    pub(super) batches: Receiver<EventBatch>,
    pub(super) commands: Receiver<DispatchCommand>,
    pub(super) inventory: Arc<Inventory>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) view: Arc<ArcSwap<RunView>>,
    pub(super) sinks: Fanout,
    /// Learns every serial number, also from what no sink wants.
    pub(super) pseudonyms: Option<Arc<Pseudonyms>>,
    pub(super) store: Option<StoreFeed>,
    pub(super) sight: SightLog,
    /// The interfaces, by number.
    pub(super) points: Vec<ObservationPoint>,
    /// Whether the kernel counts flows for them, in the same order.
    pub(super) cutoffs: Vec<&'static str>,
    /// Since the start.
    pub(super) running: Stopwatch,
    pub(super) shared: Arc<Shared>,
    pub(super) counters: AnalysisCounters,
    pub(super) next_stats: Timestamp,
}

impl Dispatch {
    /// Delivers until the analysis has ended; gives how the sources ended.
    pub(super) fn run(mut self) -> Vec<WorkerEnd> {
        // Behind the workers and the analysis.
        let number = self.shared.progress.len().saturating_sub(1);
        loop {
            self.shared.advance(number);
            let received = self.batches.recv_timeout(NAP);
            // Orders go before events that came later: a new event file gets all that follows a reload.
            while let Ok(command) = self.commands.try_recv() {
                self.obey(command);
            }
            match received {
                Ok(batch) => {
                    let end = self.deliver(batch);
                    if let Some(ends) = end {
                        if let Some(store) = self.store.take() {
                            store.close();
                        }
                        self.sinks.close(&self.recorder);
                        return ends;
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.publish_deliveries(),
                Err(RecvTimeoutError::Disconnected) => {
                    error!("the analysis thread has died");
                    return Vec::new();
                }
            }
            if let Some(store) = &mut self.store {
                store.tick();
            }
        }
    }

    fn deliver(&mut self, mut batch: EventBatch) -> Option<Vec<WorkerEnd>> {
        for event in std::mem::take(&mut batch.events) {
            self.counters.events += 1;
            if let EventKind::AlertTold(sighting) = &event.kind {
                let alert = &sighting.alert;
                self.counters.alerts += u64::from(alert.phase == AlertPhase::Raised);
                if alert.phase != AlertPhase::Repeated {
                    info!(rule = &*alert.rule.name, device = %alert.device_id().0, id = %alert.id,
                        what = ?alert.message, "alert {}", alert.phase.as_label());
                }
            }
            self.inventory.apply(&event);
            self.recorder.apply(&event);
            if let Some(store) = &mut self.store {
                store.apply(&event);
            }
            if let Some(pseudonyms) = &self.pseudonyms {
                pseudonyms.learn(&event);
            }
            self.sinks.offer(event);
        }
        if let Some(store) = &mut self.store {
            store.note_keepsakes(&batch.keepsakes);
        }
        for order in std::mem::take(&mut batch.forgotten) {
            self.forget(order);
        }
        let stats = self.totals(&batch);
        if batch.now >= self.next_stats || batch.end.is_some() {
            self.sinks.offer_stats(&stats);
            self.next_stats = batch.now.plus(STATS_INTERVAL);
        }
        self.sinks.send();
        self.publish_deliveries();
        batch.end
    }

    /// Ends what is shown of a device; the store answers when it is gone for good.
    fn forget(&mut self, mut order: ForgetOrder) {
        order.known |= self.inventory.forget(&order.id);
        self.recorder.forget(&order.id);
        self.sinks.forget(&order.id);
        info!(device = %order.id.0, "forgotten on request");
        match &mut self.store {
            Some(store) => store.forget(order),
            None => order.done(),
        }
    }

    /// Publishes the totals that came with a batch.
    fn totals(&mut self, batch: &EventBatch) -> RunStats {
        let mut meter = MeterStats::default();
        let mut capture = SourceCounters::default();
        let mut lost = 0;
        for totals in &batch.totals {
            meter.add(&totals.meter);
            capture.add(&totals.source);
            lost += totals.observations_dropped;
        }
        self.counters.devices = batch.analyst.devices as u64;
        self.counters.vendor_devices = batch.analyst.vendor_devices as u64;
        self.counters.events_dropped = batch.events_dropped;
        self.counters.observations_late = batch.late;
        let stats = RunStats {
            timestamp: batch.now,
            uptime: self.running.elapsed().as_secs(),
            capture,
            meter,
            analysis: self.counters,
        };
        let interfaces: Vec<InterfaceTotals> = self
            .points
            .iter()
            .zip(&batch.totals)
            .zip(0u16..)
            .map(|((point, totals), number)| {
                let known = batch.coverage.iter().find(|known| known.interface.0 == number);
                let cutoff = self.cutoffs.get(usize::from(number)).copied().unwrap_or_default();
                interface_totals(point, totals, cutoff, known)
            })
            .collect();
        self.sight.tell(&interfaces);
        self.recorder.observe_meters(&meter);
        self.recorder.observe_interfaces(&interfaces);
        self.recorder.observe_dropped(Consumer::Analyst, lost);
        self.recorder.observe_dropped(Consumer::Inventory, batch.events_dropped);
        self.recorder.observe_suppressed(batch.suppressed);
        let suppressed = Arc::clone(&batch.suppressed_by_rule);
        self.view.store(Arc::new(RunView { stats, interfaces, suppressed }));
        stats
    }

    fn publish_deliveries(&mut self) {
        self.sinks.publish(&self.recorder);
        if let Some(store) = &self.store {
            self.recorder.observe_dropped(Consumer::Store, store.dropped());
        }
    }

    fn obey(&mut self, command: DispatchCommand) {
        match command {
            DispatchCommand::ReplaceSinks(orders) => self.sinks.obey(orders),
        }
    }
}

fn interface_totals(
    point: &ObservationPoint,
    totals: &WorkerTotals,
    cutoff: &'static str,
    known: Option<&InterfaceCoverage>,
) -> InterfaceTotals {
    InterfaceTotals {
        name: point.name.clone(),
        packets: totals.meter.frames,
        bytes: totals.meter.wire_bytes,
        bypassed_packets: totals.meter.bypassed_frames,
        bypassed_bytes: totals.meter.bypassed_bytes,
        cutoff,
        counters: totals.source,
        visibility: known.filter(|known| known.is_decided).map(|known| known.visibility),
        coverage: known.map(|known| known.coverage).unwrap_or_default(),
    }
}
