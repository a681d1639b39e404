//! The settings of the whole program: one struct a room.

use std::path::PathBuf;

use crate::analyst;
use crate::api;
use crate::capture::{self, InterfaceConfig};
use crate::catalogue::UpdateKey;
use crate::export;
use crate::geo;
use crate::meter;
use crate::metrics;
use crate::store;

/// Everything that may be set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// How interfaces are captured.
    pub capture: capture::Config,
    /// The interfaces; the command line may name others.
    pub interfaces: Vec<InterfaceConfig>,
    /// Flows and their heads.
    pub meter: meter::Config,
    /// Devices, names and destinations.
    pub analyst: analyst::Config,
    /// The exposition.
    pub metrics: metrics::Config,
    /// The HTTP server.
    pub api: api::Config,
    /// The events that are written.
    pub export: export::Config,
    /// The services that are told.
    pub far_ends: export::FarEnds,
    /// Alerts to a syslog server.
    pub syslog: export::SyslogConfig,
    /// Alerts to the systemd journal.
    pub journald: JournaldConfig,
    /// What is kept over restarts.
    pub store: store::Config,
    /// The program's own log.
    pub log: LogConfig,
    /// What is added to the built-in catalogue.
    pub catalogue: CatalogueFiles,
    /// Where addresses are registered.
    pub geo: geo::Config,
}

/// Alerts to the systemd journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct JournaldConfig {
    /// They are written there.
    pub alerts: bool,
}

/// The catalogue files beside the built-in ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueFiles {
    /// Where the files of the site are; they override everything else.
    pub directory: PathBuf,
    /// A signed update; it overrides the built-in entries. Its signature lies beside it.
    pub update: Option<PathBuf>,
    /// The key that an update has to be signed for.
    pub update_key: Option<UpdateKey>,
    /// The least version of an update that is accepted.
    pub update_min_version: u64,
}

impl Default for CatalogueFiles {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("/etc/hikwatch/catalogue"),
            update: None,
            update_key: None,
            update_min_version: 0,
        }
    }
}

/// How the program tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LogConfig {
    /// The least important messages that are written.
    pub level: LogLevel,
    /// Where they go, and in which form.
    pub format: LogFormat,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum LogLevel {
    /// Only what stops the program.
    Error,
    /// Also what an operator should look at.
    Warn,
    /// Also changes of the daemon: started, reloaded, stopped.
    #[default]
    Info,
    /// Also what is told of each flow, with addresses and names.
    Debug,
    /// Also what is told of each packet.
    Trace,
}

impl LogLevel {
    /// The names, from the quietest.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

/// Where log messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LogFormat {
    /// Lines for people, to standard error.
    #[default]
    Text,
    /// Structured fields, to the systemd journal.
    Journald,
}

impl LogFormat {
    /// The names.
    pub const NAMES: [(&'static str, Self); 2] =
        [("text", Self::Text), ("journald", Self::Journald)];
}
