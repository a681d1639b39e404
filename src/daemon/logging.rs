//! Sets up the program's own log.
//!
//! Comes in: level and format. Goes out: log lines on standard error, or entries of the systemd journal.
//! Standard output is for data and never written. Text that came from the network is to be logged as a
//! field by its `Debug` form (`?name`), which escapes control characters; in what slips through by its
//! `Display` form (`%name`) they become `?`, so that no packet can forge a line or steer a terminal. The
//! journal takes values with their length, where nothing can be forged.

use std::env;
use std::io::{self, IsTerminal};

use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{LogConfig, LogFormat, LogLevel};
use crate::net::printable;

/// Most characters of one field of a text line; guards the log against text from the network.
const MAX_FIELD: usize = 1024;

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// There is no journal on this machine.
    #[error("log.format: the systemd journal cannot be reached ({0}); use \"text\"")]
    NoJournal(io::Error),
    /// A log was set up before.
    #[error("the log is already set up")]
    Twice,
}

/// Changes the level of a log that is running.
#[derive(Debug, Clone)]
pub struct LogControl {
    level: reload::Handle<LevelFilter, Registry>,
}

impl LogControl {
    /// From now on, messages less important than `level` are left out.
    pub(crate) fn set_level(&self, level: LogLevel) {
        // It fails only when the log is gone, and then there is nothing to change.
        self.level.reload(filter(level)).ok();
    }
}

/// Starts the log of this process.
///
/// # Errors
/// The journal cannot be reached, or a log was started before.
pub fn start(config: LogConfig) -> Result<LogControl, LoggingError> {
    let (level, control) = reload::Layer::new(filter(config.level));
    let registry = tracing_subscriber::registry().with(level);
    let started = match config.format {
        LogFormat::Text => registry.with(text_layer(io::stderr, wants_colours())).try_init(),
        LogFormat::Journald => {
            let journal = tracing_journald::layer().map_err(LoggingError::NoJournal)?;
            registry.with(journal).try_init()
        }
    };
    started.map_err(|_| LoggingError::Twice)?;
    Ok(LogControl { level: control })
}

/// Colours are for a terminal whose user did not ask for none (<https://no-color.org>).
fn wants_colours() -> bool {
    let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && io::stderr().is_terminal()
}

fn text_layer<S, W>(writer: W, colours: bool) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> fmt::MakeWriter<'a> + 'static,
{
    let fields = fmt::format::debug_fn(|writer, field, value| {
        let value = printable(&format!("{value:?}"), MAX_FIELD);
        match field.name() {
            "message" => write!(writer, "{value}"),
            name => write!(writer, "{name}={value}"),
        }
    });
    fmt::layer()
        .fmt_fields(fields.delimited(" "))
        .with_writer(writer)
        .with_ansi(colours)
        .with_target(false)
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;
    use tracing::{debug, info};

    use super::*;

    #[test]
    fn escape_sequences_from_the_network_do_not_reach_the_log() {
        let log = Captured::default();
        let layer = text_layer(log.clone(), false);
        let hostile = "cam\u{1b}[31m\u{1b}]0;owned\u{7}\nERROR forged";
        with_default(tracing_subscriber::registry().with(layer), || {
            info!(name = ?hostile, shown = %hostile, "device seen");
        });

        let text = log.text();
        assert!(text.contains("device seen"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
        assert_eq!(text.lines().count(), 1, "{text:?}");
    }

    #[test]
    fn the_level_of_a_running_log_can_be_changed() {
        let log = Captured::default();
        let (level, handle) = reload::Layer::new(filter(LogLevel::Info));
        let control = LogControl { level: handle };
        let subscriber =
            tracing_subscriber::registry().with(level).with(text_layer(log.clone(), false));
        with_default(subscriber, || {
            debug!("before");
            control.set_level(LogLevel::Debug);
            debug!("after");
        });

        assert!(!log.text().contains("before") && log.text().contains("after"), "{}", log.text());
    }

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Captured {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl fmt::MakeWriter<'_> for Captured {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }
}
