//! Starts the threads of a run and joins them in the order in which data flows.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use arc_swap::ArcSwap;
use rtrb::RingBuffer;
use tracing::info;

use super::analysis::{Analysis, AnalysisCommand, CHANNEL_BATCHES, Feed};
use super::clock;
use super::conntrack::{Conntrack, KernelFlows};
use super::dispatch::{Dispatch, DispatchCommand, RunView};
use super::fanout::{Fanout, SinkOrder};
use super::lookout::Lookout;
use super::sight_log::SightLog;
use super::source_clock::SourceClock;
use super::store_feed::{StoreFeed, WAITING_ORDERS};
use super::store_thread::StoreThread;
use super::worker::{RING_BATCHES, Shared, Worker, WorkerEnd};
use crate::analyst::Analyst;
use crate::capture::{CutoffUnavailable, FrameSource, ObservationPoint};
use crate::export::{AnalysisCounters, Pseudonyms};
use crate::inventory::Inventory;
use crate::meter::{Config as MeterConfig, Meter};
use crate::metrics::Recorder;
use crate::net::{Cutoff, InterfaceId};
use crate::store::Store;

/// How long the drain at the end of a run may take; below the patience of the service manager.
const DRAIN_PATIENCE: Duration = Duration::from_secs(15);

/// How often the end of the drain is looked for.
const LOOK: Duration = Duration::from_millis(10);

/// Orders that may wait for a busy thread.
const WAITING_COMMANDS: usize = 4;

/// A place that frames come from, with its name in metrics and logs.
pub struct NamedSource {
    /// The interface's name, or what stands for it; the same for all sources that share an interface.
    pub name: String,
    /// The frames.
    pub source: Box<dyn FrameSource>,
    /// Whose clock the time stamps are from.
    pub clock: SourceClock,
}

/// What the threads are made of.
pub(super) struct Parts {
    pub(super) meter: MeterConfig,
    pub(super) analyst: Analyst,
    pub(super) sources: Vec<NamedSource>,
    pub(super) sinks: Vec<SinkOrder>,
    pub(super) pseudonyms: Option<Arc<Pseudonyms>>,
    pub(super) inventory: Arc<Inventory>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) view: Arc<ArcSwap<RunView>>,
    /// The kernel's list of flows, or why there is none.
    pub(super) conntrack: Result<Conntrack, KernelFlows>,
    /// What the rest of the daemon may know of it.
    pub(super) kernel_flows: Arc<ArcSwap<KernelFlows>>,
    /// The store, and how often it is written.
    pub(super) store: Option<(Store, Duration)>,
}

/// The threads of a run: workers, analysis, dispatcher, store.
pub(super) struct Threads {
    pub(super) shared: Arc<Shared>,
    pub(super) analysis_commands: SyncSender<AnalysisCommand>,
    pub(super) dispatch_commands: SyncSender<DispatchCommand>,
    /// How often the analyst tells of unchanged devices, since something is stored.
    pub(super) checkpoint_interval: Option<Duration>,
    workers: Vec<JoinHandle<()>>,
    analysis: JoinHandle<()>,
    dispatch: JoinHandle<Vec<WorkerEnd>>,
    store: Option<JoinHandle<()>>,
    lookout: JoinHandle<()>,
}

impl Threads {
    /// Starts all threads; frames are read from here on. The dispatcher and the analysis come first, so that
    /// nothing that a worker sees finds nobody to take it.
    ///
    /// # Errors
    /// The system gives no thread or no random numbers.
    pub(super) fn start(parts: Parts) -> Result<Self> {
        let shared = Shared::new(parts.sources.len());
        let (analysis_commands, analysis_orders) = sync_channel(WAITING_COMMANDS);
        let (dispatch_commands, dispatch_orders) = sync_channel(WAITING_COMMANDS);
        let (to_dispatch, batches) = sync_channel(CHANNEL_BATCHES);
        let started = clock::now();

        let checkpoint_interval = parts.store.as_ref().map(|(_, interval)| *interval);
        let (feed, store) = match parts.store {
            Some((store, interval)) => {
                let (feed, thread) = start_store(store, interval, &parts.recorder)?;
                (Some(feed), Some(thread))
            }
            None => (None, None),
        };

        let (points, interfaces) = number_interfaces(&parts.sources);
        let mut sources = parts.sources;
        let (tables, cutoffs) = take_cutoffs(&mut sources, &interfaces);
        let dispatch = Dispatch {
            batches,
            commands: dispatch_orders,
            inventory: parts.inventory,
            recorder: parts.recorder,
            view: parts.view,
            sinks: Fanout::start(parts.sinks, points.as_slice().into())?,
            pseudonyms: parts.pseudonyms,
            store: feed,
            sight: SightLog::default(),
            points,
            cutoffs,
            running: clock::Stopwatch::start(),
            shared: Arc::clone(&shared),
            counters: AnalysisCounters::default(),
            next_stats: started,
        };
        let dispatch = spawn("dispatch", move || dispatch.run())?;

        let (rings, feeds): (Vec<_>, Vec<_>) = interfaces
            .iter()
            .map(|interface| (RingBuffer::new(RING_BATCHES), *interface))
            .map(|((producer, consumer), interface)| (producer, Feed::new(consumer, interface)))
            .unzip();
        let analysis =
            Analysis::new(parts.analyst, feeds, analysis_orders, to_dispatch, Arc::clone(&shared));
        let analysis = spawn("analysis", move || analysis.run())?;

        let lookout = Lookout {
            conntrack: parts.conntrack,
            analysis: analysis_commands.clone(),
            shared: Arc::clone(&shared),
            kernel_flows: parts.kernel_flows,
        };
        let lookout = spawn("lookout", move || lookout.run())?;

        let total = sources.len();
        let mut workers = Vec::new();
        let sources = sources.into_iter().zip(interfaces).zip(rings).zip(tables);
        for (number, (((named, interface), ring), table)) in sources.enumerate() {
            let mut meter = Meter::new(parts.meter.clone(), secret_seeds()?);
            if let Some(table) = table {
                meter.set_cutoff(table);
            }
            let worker = Worker {
                number,
                workers: total,
                interface,
                name: named.name,
                source: named.source,
                clock: named.clock,
                meter,
                ring,
                analysis: analysis.thread().clone(),
                shared: Arc::clone(&shared),
            };
            workers.push(spawn(&format!("meter-{number}"), move || worker.run())?);
        }
        Ok(Self {
            shared,
            analysis_commands,
            dispatch_commands,
            checkpoint_interval,
            workers,
            analysis,
            dispatch,
            store,
            lookout,
        })
    }

    /// Tells whether the last thread has ended.
    pub(super) fn are_over(&self) -> bool {
        self.dispatch.is_finished() && self.store.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for all threads; gives how the sources ended.
    ///
    /// # Errors
    /// A thread has panicked, or hangs: a disk or a pipe that takes no events must not keep the program alive.
    pub(super) fn join(self) -> Result<Vec<WorkerEnd>> {
        let stopwatch = clock::Stopwatch::start();
        while !self.are_over() {
            if stopwatch.elapsed() > DRAIN_PATIENCE {
                return Err(anyhow!(
                    "events could not be written within {} seconds of the end; what is left is lost",
                    DRAIN_PATIENCE.as_secs()
                ));
            }
            thread::sleep(LOOK);
        }
        for worker in self.workers {
            worker.join().map_err(|_| anyhow!("a capture thread panicked"))?;
        }
        self.lookout
            .join()
            .map_err(|_| anyhow!("the thread that looks at the machine panicked"))?;
        self.analysis.join().map_err(|_| anyhow!("the analysis thread panicked"))?;
        if let Some(store) = self.store {
            store.join().map_err(|_| anyhow!("the store's thread panicked"))?;
        }
        self.dispatch.join().map_err(|_| anyhow!("the dispatching thread panicked"))
    }
}

/// The interfaces of the sources, and the number of each source's: several workers may share one, and then
/// have its name.
fn number_interfaces(sources: &[NamedSource]) -> (Vec<ObservationPoint>, Vec<InterfaceId>) {
    let mut points: Vec<ObservationPoint> = Vec::new();
    let numbers = sources.iter().map(|source| {
        let known = points.iter().position(|point| point.name == source.name);
        let number = known.unwrap_or(points.len());
        if known.is_none() {
            points.push(ObservationPoint { name: source.name.clone() });
        }
        InterfaceId(u16::try_from(number).unwrap_or(u16::MAX))
    });
    let numbers = numbers.collect();
    (points, numbers)
}

/// The table of a source, if it has one.
type CutoffTable = Option<Box<dyn Cutoff>>;

/// Takes the tables by which the kernel counts flows, one for each source; and for each interface `on`, or why there is none.
fn take_cutoffs(
    sources: &mut [NamedSource],
    interfaces: &[InterfaceId],
) -> (Vec<CutoffTable>, Vec<&'static str>) {
    let mut labels = Vec::new();
    let tables = sources.iter_mut().zip(interfaces).map(|(named, interface)| {
        let taken = named.source.take_cutoff();
        let label = taken.as_ref().map_or_else(CutoffUnavailable::as_label, |_| "on");
        match &taken {
            Ok(_) | Err(CutoffUnavailable::Source | CutoffUnavailable::Disabled) => {}
            Err(reason) => info!(
                interface = %named.name, %reason,
                "the kernel counts no flows for us; everything is captured, at a higher cost"
            ),
        }
        if usize::from(interface.0) >= labels.len() {
            labels.push(label);
        }
        taken.ok()
    });
    (tables.collect(), labels)
}

/// Starts the thread of the store; gives the dispatcher's side of it.
fn start_store(
    store: Store,
    interval: Duration,
    recorder: &Arc<Recorder>,
) -> Result<(StoreFeed, JoinHandle<()>)> {
    let (orders, taken) = sync_channel(WAITING_ORDERS);
    let is_idle = Arc::new(AtomicBool::new(true));
    let feed = StoreFeed::new(orders, Arc::clone(&is_idle), interval);
    let thread = StoreThread::new(store, taken, is_idle, Arc::clone(recorder), interval);
    Ok((feed, spawn("store", move || thread.run())?))
}

fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .with_context(|| format!("cannot start the thread {name}"))
}

/// Hash keys that nobody on the network knows.
pub(super) fn secret_seeds() -> Result<[u64; 4]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| anyhow!("the system gives no random numbers: {e}"))?;
    let (words, _) = bytes.as_chunks::<8>();
    let mut seeds = [0; 4];
    for (seed, word) in seeds.iter_mut().zip(words) {
        *seed = u64::from_le_bytes(*word);
    }
    Ok(seeds)
}
