//! What is wrong with a configuration, said so that it can be mended.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// One problem of one key; shown as `key: problem`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigError {
    /// The key with its table, such as `flow.udp_idle_timeout`; for a file that is not TOML, the place
    /// in it, such as `line 3, column 7`.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

/// Every problem that a configuration has; never empty. Shown as one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// Takes the problems; gives nothing if there are none.
    pub(super) fn new(problems: Vec<ConfigError>) -> Option<Self> {
        (!problems.is_empty()).then_some(Self(problems))
    }

    /// The problems, in the order of the program's settings.
    #[must_use]
    pub fn as_slice(&self) -> &[ConfigError] {
        &self.0
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(problem: ConfigError) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Why a configuration file gave no [`Config`](super::Config).
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such file.
    #[error(
        "{}: no such file; name another with --config FILE, or copy the sample hikwatch.toml there",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is longer than any configuration is.
    #[error("{}: is longer than {limit} bytes, so it is no configuration of hikwatch", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most bytes that are read.
        limit: usize,
    },
    /// The file's contents are wrong.
    #[error("{}: {}", path.display(), per_line(path, errors))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Every problem.
        errors: ConfigErrors,
    },
}

/// Joins the problems so that each line begins with the file.
fn per_line(path: &std::path::Path, errors: &ConfigErrors) -> String {
    errors.to_string().replace('\n', &format!("\n{}: ", path.display()))
}
