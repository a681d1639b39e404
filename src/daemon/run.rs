//! Builds the daemon in the safe order: everything that needs a privilege is opened, every
//! privilege is given up, and only then is a packet read.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use tracing::info;

use super::catalogue_files::load_catalogue;
use super::conntrack::{Conntrack, KernelFlows};
use super::dispatch::RunView;
use super::fanout::SinkOrder;
use super::forgetting::write_access;
use super::geo_files::load_geo;
use super::keeping::{Opening, open_store, restore, told};
use super::logging::LogControl;
use super::sinks::open_sinks;
use super::source_clock::SourceClock;
use super::supervise::supervise;
use super::surroundings::{complete, refuse_bridge_with_port};
use super::threads::{NamedSource, Parts, Threads};
use super::worker::WorkerEnd;
use super::{clock, notify, privilege};
use crate::analyst::Analyst;
use crate::api::{self, ApiState, Readiness, Status, WriteToken};
use crate::capture::{CaptureError, TzspSource, open_shared};
use crate::config::Config;
use crate::export::{Pseudonyms, Scope};
use crate::inventory::Inventory;
use crate::metrics::{Build, Recorder};

/// What `/-/ready` waits for.
const CAPTURE: &str = "capture is not open yet";

/// What was opened while there were privileges.
pub struct Opened {
    listener: TcpListener,
    sources: Vec<NamedSource>,
    sinks: Vec<SinkOrder>,
    store: Opening,
    write_token: Option<WriteToken>,
    pseudonyms: Option<Arc<Pseudonyms>>,
    conntrack: Result<Conntrack, KernelFlows>,
}

/// Opens the HTTP port, the sinks, the store, the interfaces and the TZSP ports of `config` and reads the write
/// token, then gives up every capability.
///
/// # Errors
/// One of them cannot be opened ([`CaptureError`], [`api::ListenError`], [`api::WriteTokenError`], an I/O error, or
/// a store that a later version wrote), or a capability stays.
pub fn open(config: &Config) -> Result<Opened> {
    refuse_bridge_with_port(&config.interfaces)?;
    let listener = api::listen(&config.api)?;
    let write_token = config.api.write_token_file.as_deref().map(WriteToken::read).transpose()?;
    let pseudonyms = config.export.privacy.pseudonyms()?;
    let sinks = open_sinks(config, None, pseudonyms.as_ref())?;
    let mut sources = Vec::new();
    for interface in &config.interfaces {
        for source in open_shared(interface, &config.capture)? {
            let (name, clock) = (interface.name.clone(), SourceClock::OfThisMachine);
            sources.push(NamedSource { name, source, clock });
        }
    }
    for address in &config.capture.tzsp {
        let source = TzspSource::open(*address, clock::now)?;
        sources.push(NamedSource {
            name: source.name().to_owned(),
            source: Box::new(source),
            clock: SourceClock::OfThisMachine,
        });
    }
    // Last: what it logs is of no interest to who named an interface that is not there.
    let store = open_store(&config.store)?;
    let conntrack = Conntrack::open();
    privilege::drop_all()?;
    Ok(Opened { listener, sources, sinks, store, write_token, pseudonyms, conntrack })
}

impl Opened {
    /// Adds a source that needs no privilege: a stream, a simulation.
    pub fn add_source(&mut self, source: NamedSource) {
        self.sources.push(source);
    }

    /// Where HTTP requests are answered.
    ///
    /// # Errors
    /// The socket does not say.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }
}

/// Gives the configuration as it is now written, with what the command line said.
pub type Reread = Box<dyn Fn() -> Result<Config>>;

/// The daemon, ready to run.
pub struct Daemon {
    /// The configuration.
    pub config: Config,
    /// Reads it again on SIGHUP; nothing when there is no file.
    pub reread: Option<Reread>,
    /// Ends by itself after this time.
    pub duration: Option<Duration>,
    /// The log, whose level a reload may change.
    pub log: LogControl,
}

/// How a run ended, when it ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was told to stop, or its time was over.
    Stopped,
    /// The sources had nothing more to give.
    SourcesEnded,
}

impl Daemon {
    /// Runs until told to stop, until the sources end, or for the duration.
    ///
    /// # Errors
    /// A thread or the runtime cannot be started, the catalogue is wrong, or every source failed
    /// (the first [`CaptureError`]).
    pub fn run(self, opened: Opened) -> Result<Ending> {
        let catalogue = Arc::new(load_catalogue(&self.config.catalogue)?);
        let update_version = catalogue.update_version();
        let geo = Arc::new(load_geo(&self.config.geo)?);
        let inventory = Arc::new(Inventory::new());
        let recorder = Arc::new(Recorder::new(&self.config.metrics, Build::CURRENT)?);
        let started = clock::now();
        recorder.observe_reload(true, started);
        recorder.expect_alerts(&self.config.analyst.alerts);
        let view = Arc::new(ArcSwap::from_pointee(RunView::default()));
        let readiness = Arc::new(Readiness::waiting_for([CAPTURE]));
        let reloads = Arc::new(ArcSwap::from_pointee((true, started)));
        let kernel_flows = Arc::new(ArcSwap::from_pointee(KernelFlows::default()));
        let mut state =
            api_state(&inventory, &recorder, &view, &readiness, &reloads, &kernel_flows);

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        let Opened { listener, sources, sinks, store, write_token, pseudonyms, conntrack } = opened;
        let mut store = told(store);
        let mut settings = self.config.analyst.clone();
        settings.geo = geo;
        settings.all_messages = self.config.export.selection.scope == Scope::All;
        settings.checkpoint_interval = store.as_ref().map(|_| self.config.store.interval);
        complete(&mut settings, &self.config.interfaces);
        let mut analyst = Analyst::new(catalogue, settings);
        if let Some(store) = &mut store {
            restore(store, &mut analyst, &inventory, &recorder);
        }
        let mut names: Vec<String> = sources.iter().map(|source| source.name.clone()).collect();
        names.dedup();
        let threads = Threads::start(Parts {
            meter: self.config.meter.clone(),
            analyst,
            sources,
            sinks,
            pseudonyms: pseudonyms.clone(),
            inventory,
            recorder: Arc::clone(&recorder),
            view,
            conntrack,
            kernel_flows,
            store: store.map(|store| (store, self.config.store.interval)),
        })?;
        state.pseudonyms = pseudonyms;
        state.write_access =
            write_token.map(|token| write_access(token, threads.analysis_commands.clone()));
        readiness.satisfy(CAPTURE);
        info!(interfaces = ?names, "capturing");
        let supervision =
            supervise(self, &threads, listener, state, &recorder, &reloads, update_version);
        let ending = runtime.block_on(supervision)?;
        let ends = threads.join()?;
        tell(notify::status("ended"));
        judge(ends, ending)
    }
}

/// Notes that the service manager did not hear us; the daemon goes on.
pub(super) fn tell(result: std::io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

fn api_state(
    inventory: &Arc<Inventory>,
    recorder: &Arc<Recorder>,
    view: &Arc<ArcSwap<RunView>>,
    readiness: &Arc<Readiness>,
    reloads: &Arc<ArcSwap<(bool, crate::net::Timestamp)>>,
    kernel_flows: &Arc<ArcSwap<KernelFlows>>,
) -> ApiState {
    let recorder = Arc::clone(recorder);
    let (view, reloads) = (Arc::clone(view), Arc::clone(reloads));
    let kernel_flows = Arc::clone(kernel_flows);
    let stopwatch = clock::Stopwatch::start();
    ApiState {
        inventory: Arc::clone(inventory),
        render_metrics: Arc::new(move |format| recorder.render(format)),
        status: Arc::new(move || {
            let view = view.load();
            let (successful, at) = **reloads.load();
            Status {
                version: Build::CURRENT.version.to_owned(),
                revision: Build::CURRENT.revision.to_owned(),
                uptime: stopwatch.elapsed(),
                interfaces: view.interfaces.clone(),
                kernel_flows: {
                    let state = **kernel_flows.load();
                    (state.as_label(), state.sentence())
                },
                flows_active: view.stats.meter.flows_active,
                suppressed: Arc::clone(&view.suppressed),
                config_reload_successful: successful,
                config_reloaded_at: Some(at),
            }
        }),
        readiness: Arc::clone(readiness),
        pseudonyms: None,
        write_access: None,
    }
}

/// A run failed when all its sources did.
fn judge(ends: Vec<WorkerEnd>, ending: Ending) -> Result<Ending> {
    let all = ends.len();
    let mut failures: Vec<CaptureError> = Vec::new();
    for end in ends {
        match end {
            WorkerEnd::Failed(error) => failures.push(error),
            WorkerEnd::SourceEnded(Some(warning)) => tracing::warn!(?warning, "the source ended"),
            WorkerEnd::Stopped | WorkerEnd::SourceEnded(None) => {}
            WorkerEnd::Died => anyhow::bail!("a capture thread panicked"),
        }
    }
    let failed = failures.len();
    match failures.into_iter().next() {
        Some(first) if failed == all => Err(first.into()),
        Some(_) | None => Ok(ending),
    }
}
