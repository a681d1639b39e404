//! Which sinks the configuration asks for.
//!
//! Comes in: the configuration, and the one before at a reload. Goes out: orders to the dispatcher. What a sink needs is opened
//! here, so that a wrong path stops the start, or the reload, with a clear word. A sink of which nothing has changed stays,
//! with all that waits for it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use super::fanout::SinkOrder;
use super::far_ends::far_end_sinks;
use crate::config::Config;
use crate::export::{
    self, Deliver, EveFile, EveSocket, EveSocketConfig, EveStream, JOURNAL_SOCKET, JournaldSink,
    Pseudonyms, Sink, SyslogServer, SyslogSink, tells_alert,
};

/// The sink of event lines, as metrics call it.
const EVE: &str = "eve";

/// The same lines into a Unix socket.
const EVE_SOCKET: &str = "eve-socket";

/// Alerts to a syslog server.
const SYSLOG: &str = "syslog";

/// Alerts to the systemd journal.
const JOURNALD: &str = "journald";

/// Alerts that may wait for a sink: some hours of a bad day, a few MiB.
const ALERT_CAPACITY: usize = 4096;

/// The path that stands for standard output.
const STANDARD_OUTPUT: &str = "-";

/// Events that may wait for the event file: a burst of seconds, some 16 MiB at most ordinary sizes.
const EVE_CAPACITY: usize = 16_384;

/// What there is to do so that the sinks are those of `config`.
///
/// # Errors
/// Something cannot be opened; nothing was changed then.
pub(super) fn open_sinks(
    config: &Config,
    before: Option<&Config>,
    pseudonyms: Option<&Arc<Pseudonyms>>,
) -> Result<Vec<SinkOrder>> {
    let mut orders = Vec::new();
    // A sink that is as before is kept.
    let mut order = |name: &str, is_as_before: bool, open: &dyn Fn() -> Result<Sink>| {
        orders.push(if is_as_before {
            SinkOrder::Keep(name.into())
        } else {
            SinkOrder::Start(open()?)
        });
        anyhow::Ok(())
    };
    let export = &config.export;
    let same_events = before.is_some_and(|before| before.export == *export);
    if let Some(path) = &export.eve_file {
        order(EVE, same_events, &|| eve_file(path, export, pseudonyms))?;
    }
    if let Some(socket) = &export.eve_socket {
        order(EVE_SOCKET, same_events, &|| Ok(eve_socket(socket, export, pseudonyms)))?;
    }
    if let Some(server) = &config.syslog.server {
        let is_as_before = before.is_some_and(|before| {
            before.syslog == config.syslog && before.export.sensor == config.export.sensor
        });
        order(SYSLOG, is_as_before, &|| syslog(server, config, pseudonyms))?;
    }
    if config.journald.alerts {
        let is_as_before = before.is_some_and(|before| before.journald == config.journald);
        order(JOURNALD, is_as_before, &|| {
            let sink = JournaldSink::new(JOURNAL_SOCKET.into(), pseudonyms.cloned());
            Ok(alert_sink(JOURNALD, Box::new(sink)))
        })?;
    }
    orders.extend(far_end_sinks(config, before, pseudonyms)?);
    Ok(orders)
}

fn syslog(
    server: &SyslogServer,
    config: &Config,
    pseudonyms: Option<&Arc<Pseudonyms>>,
) -> Result<Sink> {
    let sensor = config.export.sensor.as_deref();
    let sink = SyslogSink::new(server, &config.syslog, sensor, pseudonyms.cloned())?;
    Ok(alert_sink(SYSLOG, Box::new(sink)))
}

/// A sink of alerts: those that are raised, and those that are over.
fn alert_sink(name: &str, deliver: Box<dyn Deliver>) -> Sink {
    Sink {
        name: name.into(),
        wants: Box::new(tells_alert),
        wants_stats: false,
        capacity: ALERT_CAPACITY,
        deliver,
    }
}

fn eve_file(
    path: &Path,
    config: &export::Config,
    pseudonyms: Option<&Arc<Pseudonyms>>,
) -> Result<Sink> {
    if path == Path::new(STANDARD_OUTPUT) {
        let stream = EveStream::new(std::io::stdout(), config, pseudonyms.cloned());
        return Ok(eve_sink(EVE, config, Box::new(stream)));
    }
    let file = EveFile::open(path, config, pseudonyms.cloned())
        .with_context(|| format!("cannot open the event file {}", path.display()))?;
    Ok(eve_sink(EVE, config, Box::new(file)))
}

fn eve_socket(
    socket: &EveSocketConfig,
    config: &export::Config,
    pseudonyms: Option<&Arc<Pseudonyms>>,
) -> Sink {
    let deliver = EveSocket::new(socket, config, pseudonyms.cloned());
    eve_sink(EVE_SOCKET, config, Box::new(deliver))
}

/// A sink of event lines.
fn eve_sink(name: &str, config: &export::Config, deliver: Box<dyn Deliver>) -> Sink {
    let selection = config.selection.clone();
    Sink {
        name: name.into(),
        wants_stats: selection.types.contains("stats"),
        wants: Box::new(move |event| selection.wants(event)),
        capacity: EVE_CAPACITY,
        deliver,
    }
}
