//! From a configuration file and the command line to what a command uses.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::arguments::DEFAULT_CONFIG;
use super::failure::{Code, Failure};
use crate::api::WriteTokenError;
use crate::config::{self, Config, LoadError, LogConfig, LogLevel};
use crate::daemon::{self, LogControl};
use crate::export::PseudonymKeyError;

/// Reads the file that the user named, else the default one if it exists; tells which it was.
pub(super) fn load(named: Option<&Path>) -> Result<(Config, Option<PathBuf>), Failure> {
    let path = match named {
        Some(path) => path,
        None if Path::new(DEFAULT_CONFIG).exists() => Path::new(DEFAULT_CONFIG),
        None => return Ok((Config::default(), None)),
    };
    config::load(path).map(|config| (config, Some(path.to_owned()))).map_err(|e| refused(&e))
}

/// How a configuration that cannot be used ends a command.
pub(super) fn refused(error: &LoadError) -> Failure {
    let code = match error {
        LoadError::Missing { .. } => Code::NoInput,
        LoadError::Unreadable { source, .. } if source.kind() == ErrorKind::PermissionDenied => {
            Code::Permission
        }
        LoadError::Unreadable { .. } => Code::Io,
        LoadError::TooLong { .. } | LoadError::Invalid { .. } => Code::Config,
    };
    Failure::new(code, error.to_string())
}

/// How a write token that cannot be used ends a command.
pub(super) fn token_refused(error: &WriteTokenError) -> Failure {
    let code = match error {
        WriteTokenError::Unreadable { source, .. } if source.kind() == ErrorKind::NotFound => {
            Code::NoInput
        }
        WriteTokenError::Unreadable { source, .. }
            if source.kind() == ErrorKind::PermissionDenied =>
        {
            Code::Permission
        }
        WriteTokenError::Unreadable { .. } => Code::Io,
        WriteTokenError::Exposed { .. } | WriteTokenError::Unfit { .. } => Code::Config,
    };
    Failure::new(code, error.to_string())
}

/// How a catalogue, or a database of countries, that cannot be used ends a command.
pub(super) fn knowledge_refused(error: &anyhow::Error) -> Failure {
    let code = match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        // What the configuration names and does not exist is a mistake of the configuration.
        None | Some(ErrorKind::InvalidData | ErrorKind::NotFound) => Code::Config,
        Some(ErrorKind::PermissionDenied) => Code::Permission,
        Some(_) => Code::Io,
    };
    Failure::new(code, format!("{error:#}"))
}

/// The key for pseudonyms cannot be had.
pub(super) fn key_refused(error: PseudonymKeyError) -> Failure {
    let code = match &error {
        PseudonymKeyError::Unreadable { source, .. }
            if source.kind() == ErrorKind::PermissionDenied =>
        {
            Code::Permission
        }
        PseudonymKeyError::Unreadable { source, .. } if source.kind() == ErrorKind::NotFound => {
            Code::NoInput
        }
        PseudonymKeyError::Unreadable { .. } => Code::Io,
        PseudonymKeyError::Exposed { .. } | PseudonymKeyError::Unfit { .. } => Code::Config,
    };
    Failure::new(code, error.to_string())
}

/// Starts the log; the command line's level goes before the file's.
pub(super) fn start_log(log: LogConfig, level: Option<LogLevel>) -> Result<LogControl, Failure> {
    let log = LogConfig { level: level.unwrap_or(log.level), ..log };
    daemon::start_logging(log).map_err(|e| Failure::new(Code::Config, e.to_string()))
}
