//! What may be set.

use std::path::PathBuf;

/// Which databases are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Without it no address has a place.
    pub enabled: bool,
    /// A country database instead of the one that is part of the program.
    pub country: Option<PathBuf>,
    /// A database of autonomous systems; there is none in the program.
    pub asn: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, country: None, asn: None }
    }
}
