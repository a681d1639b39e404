//! What the main thread does while the others work: HTTP, signals, the watchdog, the end.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use arc_swap::ArcSwap;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tracing::{error, info, warn};

use super::analysis::AnalysisCommand;
use super::catalogue_files::{is_no_step_back, load_catalogue};
use super::dispatch::DispatchCommand;
use super::geo_files::load_geo;
use super::run::{Daemon, Ending, open_sink, tell};
use super::surroundings::complete;
use super::threads::Threads;
use super::watchdog::Watchdog;
use super::{clock, notify};
use crate::api::{self, ApiState};
use crate::config::Config;
use crate::export::Pseudonyms;
use crate::metrics::Recorder;
use crate::net::Timestamp;

/// How often the main thread looks whether the others have ended.
const LOOK: Duration = Duration::from_millis(100);

/// How often the service manager's status line is renewed.
const STATUS: Duration = Duration::from_secs(10);

/// Why `/-/ready` is not any more: the rest goes on.
const SOURCE_ENDED: &str = "a source has ended; the log says which";

/// No end is in sight.
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64);

/// Serves until the run is over; the threads have been told to stop when it returns.
pub(super) async fn supervise(
    daemon: Daemon,
    threads: &Threads,
    listener: TcpListener,
    state: ApiState,
    recorder: &Recorder,
    reloads: &ArcSwap<(bool, Timestamp)>,
    mut update_version: Option<u64>,
) -> Result<Ending> {
    let mut hangup = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let (close, closed) = oneshot::channel::<()>();
    let status = Arc::clone(&state.status);
    let inventory = Arc::clone(&state.inventory);
    let readiness = Arc::clone(&state.readiness);
    // Those of the start: the key may be out of reach by now.
    let pseudonyms = state.pseudonyms.clone();
    // Behind the workers' proofs of progress stand the analyst's and the dispatcher's.
    let workers = threads.shared.progress.len() - 2;
    let server = tokio::spawn(api::serve(listener, state, async move {
        // An error means that the sender is gone, which is an end as well.
        closed.await.ok();
    }));
    let mut watchdog = Watchdog::new(Arc::clone(&threads.shared));
    let mut feed = ticker(notify::watchdog_interval().unwrap_or(FOREVER));
    let (mut look, mut renew) = (ticker(LOOK), ticker(STATUS));
    let end = sleep(daemon.duration.unwrap_or(FOREVER));
    tokio::pin!(end);
    let mut current = daemon.config.clone();
    tell(notify::ready());

    let ending = loop {
        tokio::select! {
            () = &mut end => break Ending::Stopped,
            name = either(&mut terminate, &mut interrupt) => {
                info!(signal = name, "stopping: live flows are told as forced");
                break Ending::Stopped;
            }
            _ = hangup.recv() => {
                tell(notify::reloading());
                let done =
                    reload(&daemon, &mut current, threads, &mut update_version, pseudonyms.as_ref());
                let at = clock::now();
                recorder.observe_reload(done.is_ok(), at);
                recorder.expect_alerts(&current.analyst.alerts);
                let before = reloads.load().1;
                reloads.store(Arc::new((done.is_ok(), if done.is_ok() { at } else { before })));
                if let Err(problem) = done {
                    for line in format!("{problem:#}").lines() {
                        error!("the configuration stays as it was: {line}");
                    }
                }
                tell(notify::ready());
            }
            _ = look.tick() => {
                if threads.are_over() {
                    break Ending::SourcesEnded;
                }
                if threads.shared.ended(workers) > 0 {
                    readiness.wait_for(SOURCE_ENDED);
                }
            }
            _ = feed.tick() => {
                if watchdog.all_have_moved() {
                    tell(notify::watchdog());
                } else {
                    warn!("a thread has not moved; the watchdog is not fed");
                }
            }
            _ = renew.tick() => {
                let (now, counts) = (status(), inventory.counts());
                let packets: u64 = now.interfaces.iter().map(|i| i.packets).sum();
                let drops: u64 = now.interfaces.iter().map(|i| i.counters.kernel_drops).sum();
                tell(notify::status(&format!(
                    "{packets} packets, {drops} dropped, {} flows, {} vendor devices",
                    now.flows_active, counts.vendor_devices
                )));
            }
        }
    };
    tell(notify::stopping());
    threads.shared.stop.store(true, Ordering::Relaxed);
    // The server ends by itself when its requests are answered; it must not hold up the drain.
    drop(close);
    match tokio::time::timeout(Duration::from_secs(2), server).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(problem))) => warn!(%problem, "the HTTP server ended with an error"),
        Ok(Err(problem)) => warn!(%problem, "the HTTP server died"),
        Err(_) => warn!("open HTTP requests are cut off"),
    }
    Ok(ending)
}

/// Waits for SIGTERM or SIGINT; gives its name.
async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

/// Ticks for the first time when `period` has passed: threads that have just begun have nothing to prove yet.
fn ticker(period: Duration) -> tokio::time::Interval {
    let mut ticker = interval_at(Instant::now() + period, period);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticker
}

/// Reads the configuration and the catalogue again. All of it takes effect, or none.
fn reload(
    daemon: &Daemon,
    current: &mut Config,
    threads: &Threads,
    update_version: &mut Option<u64>,
    pseudonyms: Option<&Arc<Pseudonyms>>,
) -> Result<()> {
    let Some(reread) = &daemon.reread else {
        // Without a file there is nothing to read; the event file may have been moved away.
        let sink = open_sink(current, pseudonyms.cloned())?;
        return order_sink(threads, sink);
    };
    let config = reread()?;
    let catalogue = Arc::new(load_catalogue(&config.catalogue)?);
    is_no_step_back(&catalogue, *update_version)?;
    // One that is taken out of the configuration and put in again may not go back either.
    let newest = catalogue.update_version().or(*update_version);
    let sink = open_sink(&config, pseudonyms.cloned())?;
    let mut analyst = config.analyst.clone();
    analyst.geo = Arc::new(load_geo(&config.geo)?);
    // So is whether anything is stored.
    analyst.checkpoint_interval = threads.checkpoint_interval;
    // The interfaces that are captured on are still those of the start.
    complete(&mut analyst, &daemon.config.interfaces);
    let command = AnalysisCommand::Reconfigure { config: Box::new(analyst), catalogue };
    if threads.analysis_commands.try_send(command).is_err() {
        bail!("the analysis is too busy to be reconfigured; try again");
    }
    order_sink(threads, sink)?;
    daemon.log.set_level(config.log.level);
    for section in waiting_for_a_start(current, &config) {
        warn!("changes of {section} take effect at the next start");
    }
    *current = config;
    *update_version = newest;
    info!("the configuration was read again");
    Ok(())
}

/// What differs, and is only read when the daemon starts.
fn waiting_for_a_start<'a>(old: &Config, new: &Config) -> impl Iterator<Item = &'a str> {
    [
        ("[[interface]]", old.interfaces != new.interfaces),
        ("[capture]", old.capture != new.capture),
        ("capture.trust_tunnels, [flow] and [limits]", old.meter != new.meter),
        ("[metrics]", old.metrics != new.metrics),
        ("[http]", old.api != new.api),
        ("[store]", old.store != new.store),
        ("log.format", old.log.format != new.log.format),
    ]
    .into_iter()
    .filter_map(|(section, differs)| differs.then_some(section))
}

fn order_sink(threads: &Threads, sink: Option<Box<crate::export::EveFileSink>>) -> Result<()> {
    if threads.dispatch_commands.try_send(DispatchCommand::ReplaceSink(sink)).is_err() {
        bail!("the dispatcher is too busy to be given a new event file; try again");
    }
    Ok(())
}
