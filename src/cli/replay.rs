//! `hikwatch replay`: the same engine over capture files.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Stdout, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::arguments::{Replay, Scope, Summary};
use super::failure::{Code, Failure};
use super::output::{print, settle};
use super::replay_summary::ReplaySummary;
use super::settings;
use crate::analyst::{self, Event};
use crate::capture::ObservationPoint;
use crate::config::{LogConfig, LogLevel};
use crate::daemon::{self, ReplaySink};
use crate::export::{self, EndOfRun, EveWriter, EventTypes, Pseudonyms, Selection};
use crate::inventory::Inventory;

pub(super) fn run(arguments: &Replay, level: Option<LogLevel>) -> Result<(), Failure> {
    let (config, _) = match &arguments.config {
        Some(path) => settings::load(Some(path))?,
        None => Default::default(),
    };
    // A replay is quiet unless it is asked to speak: its results are on standard output.
    let quiet = LogConfig { level: LogLevel::Warn, ..config.log };
    settings::start_log(quiet, level)?;
    let types = EventTypes::parse(&arguments.events)
        .map_err(|e| Failure::new(Code::Usage, format!("--events: {e}")))?;
    let scope = match arguments.scope {
        Scope::Cameras => export::Scope::Cameras,
        Scope::All => export::Scope::All,
    };
    let selection = Selection { scope, types };
    let export = export::Config {
        selection,
        sensor: config.export.sensor.clone(),
        privacy: config.export.privacy.clone(),
        ..export::Config::default()
    };
    let pseudonyms = export.privacy.pseudonyms().map_err(settings::key_refused)?;
    let to_stdout = arguments.output.as_deref() == Some(Path::new("-"));
    let summary = arguments.summary.unwrap_or(match to_stdout {
        true => Summary::None,
        false => Summary::Text,
    });
    let mut sink = Sink {
        output: open_output(arguments.output.as_deref(), &export)?
            .map(|output| output.with_pseudonyms(pseudonyms.clone())),
        inventory: Inventory::new(),
        summarised: summary != Summary::None,
        terminal: io::stderr().is_terminal(),
    };
    let catalogue = daemon::load_catalogue(&config.catalogue)
        .map_err(|error| settings::knowledge_refused(&error))?;
    let geo = daemon::load_geo(&config.geo).map_err(|error| settings::knowledge_refused(&error))?;
    let replay = daemon::Replay {
        files: arguments.files.clone(),
        workers: usize::from(arguments.workers),
        meter: config.meter,
        analyst: analyst::Config {
            all_messages: scope == export::Scope::All,
            explain_alerts: arguments.explain,
            geo: Arc::new(geo),
            ..config.analyst
        },
        catalogue: Arc::new(catalogue),
    };
    let outcome = match replay.run(&mut sink) {
        Ok(outcome) => outcome,
        Err(error) if is_broken_pipe(&error) => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    sink.clear_progress();
    if let Some(output) = &mut sink.output {
        settle(output.write_stats(&outcome.stats).and_then(|_| output.flush()))?;
    }
    for warning in &outcome.warnings {
        // The exit code does not depend on whether anybody reads warnings.
        let _unheard = writeln!(io::stderr(), "hikwatch: warning: {warning}");
    }
    let text = match summary {
        Summary::Text => ReplaySummary::new(&outcome, &sink.inventory).text(arguments.explain),
        Summary::Json => ReplaySummary::new(&outcome, &sink.inventory).json(),
        Summary::None => String::new(),
    };
    let text = masked(text, pseudonyms.as_deref(), &sink.inventory);
    // The summary goes beside the events when they are on standard output.
    match to_stdout {
        true => settle(io::stderr().lock().write_all(text.as_bytes()))?,
        false => print(&text)?,
    }
    outcome.failure.map_or(Ok(()), |error| Err(failed(error)))
}

/// The summary, with pseudonyms if those are wanted.
fn masked(text: String, pseudonyms: Option<&Pseudonyms>, inventory: &Inventory) -> String {
    let Some(pseudonyms) = pseudonyms else { return text };
    inventory.for_each_profile(|profile| pseudonyms.learn_device(profile));
    pseudonyms.mask_plain(&text).unwrap_or(text)
}

/// Where events go.
enum Output {
    File(File),
    Stdout(Stdout),
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

fn open_output(
    path: Option<&Path>,
    config: &export::Config,
) -> Result<Option<EveWriter<Output>>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let output = if path == Path::new("-") {
        Output::Stdout(io::stdout())
    } else {
        let file = File::create(path).map_err(|error| {
            let code = match error.kind() == ErrorKind::PermissionDenied {
                true => Code::Permission,
                false => Code::Io,
            };
            Failure::new(
                code,
                format!(
                    "cannot write {}: {error}; give a path in a folder that exists, or `-`",
                    path.display()
                ),
            )
        })?;
        Output::File(file)
    };
    Ok(Some(EveWriter::new(output, config, EndOfRun::Shutdown)))
}

/// Takes the events of a replay: to the output, and to the inventory that the summary is made of.
struct Sink {
    output: Option<EveWriter<Output>>,
    inventory: Inventory,
    summarised: bool,
    terminal: bool,
}

impl ReplaySink for Sink {
    fn event(&mut self, event: &Event, points: &[ObservationPoint]) -> anyhow::Result<()> {
        if let Some(output) = &mut self.output {
            output.write_event(event, points).context("cannot write the events")?;
        }
        if self.summarised {
            self.inventory.apply(event);
        }
        Ok(())
    }

    fn progress(&mut self, frames: u64) {
        if self.terminal {
            let _unheard = write!(io::stderr(), "\r{frames} frames read");
        }
    }
}

impl Sink {
    fn clear_progress(&self) {
        if self.terminal {
            let _unheard = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .or_else(|| error.root_cause().downcast_ref::<io::Error>())
        .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn failed(error: anyhow::Error) -> Failure {
    match error.root_cause().downcast_ref::<io::Error>() {
        Some(_) if error.downcast_ref::<crate::capture::CaptureError>().is_none() => {
            Failure::new(Code::Io, format!("{error:#}"))
        }
        Some(_) | None => error.into(),
    }
}
