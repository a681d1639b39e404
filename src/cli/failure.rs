//! How a command fails: one line for the user, and an exit code of sysexits.h.

use std::fmt;
use std::io;
use std::process::ExitCode;

use crate::capture::CaptureError;
use crate::catalogue::{CatalogueProblems, UpdateError};
use crate::geo::GeoError;

/// The exit codes that we use (sysexits.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// The command line is wrong.
    Usage = 64,
    /// The input is not what it should be.
    Input = 65,
    /// A file or an interface does not exist.
    NoInput = 66,
    /// A service cannot be had: not reachable, port in use, not in this build.
    Unavailable = 69,
    /// Something failed that should not.
    Software = 70,
    /// Reading or writing failed.
    Io = 74,
    /// A permission or a capability is missing.
    Permission = 77,
    /// The configuration is wrong.
    Config = 78,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Writing to the user's own output failed. A reader that left early is no failure of ours.
    pub(crate) fn output(error: &io::Error) -> Self {
        Self::new(Code::Io, format!("cannot write the output: {error}"))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<CaptureError> for Failure {
    fn from(error: CaptureError) -> Self {
        let code = match &error {
            CaptureError::NotFound { .. } | CaptureError::Vanished { .. } => Code::NoInput,
            CaptureError::Permission { .. } => Code::Permission,
            CaptureError::NotACapture { .. } => Code::Input,
            CaptureError::Unsupported { .. } => Code::Unavailable,
            CaptureError::Io { .. } => Code::Io,
        };
        Self::new(code, error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<CaptureError>() {
            Ok(capture) => capture.into(),
            Err(other) if is_of_configuration(&other) => {
                Self::new(Code::Config, format!("{other:#}"))
            }
            Err(other) => Self::new(Code::Software, format!("{other:#}")),
        }
    }
}

/// Tells whether a file that the configuration names is wrong.
fn is_of_configuration(error: &anyhow::Error) -> bool {
    error.is::<CatalogueProblems>() || error.is::<UpdateError>() || error.is::<GeoError>()
}
