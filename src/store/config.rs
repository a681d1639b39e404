//! What may be set about the store.

use std::path::PathBuf;
use std::time::Duration;

/// Where the store is, how often it is written, how long it remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Devices and totals are kept over restarts.
    pub enabled: bool,
    /// The directory of the database; it has to exist.
    pub directory: PathBuf,
    /// Changes of this long are written at once; what a sudden end loses at most.
    pub interval: Duration,
    /// Daily totals, and devices that were not seen again, are kept for this many days.
    pub retention_days: u32,
}

impl Config {
    /// The name of the database in its directory.
    pub const FILE_NAME: &'static str = "inventory.redb";
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            directory: PathBuf::from("/var/lib/hikwatch"),
            interval: Duration::from_secs(300),
            retention_days: 90,
        }
    }
}
