//! What the daemon tells about itself.

use crate::analyst::{Coverage, Visibility};
use crate::capture::SourceCounters;

/// Which build this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// The version of the package.
    pub version: &'static str,
    /// The commit that it was built from, where the build said so.
    pub revision: &'static str,
}

impl Build {
    /// This build; `HIKWATCH_REVISION` in the environment of the compiler names the revision.
    pub const CURRENT: Self = Self {
        version: env!("CARGO_PKG_VERSION"),
        revision: match option_env!("HIKWATCH_REVISION") {
            Some(revision) => revision,
            None => "unknown",
        },
    };
}

/// Totals of one interface since it was opened; each only grows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InterfaceTotals {
    /// The system's name for it.
    pub name: String,
    /// Frames that were handed to a meter.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Frames that the kernel counted and did not hand over.
    pub bypassed_packets: u64,
    /// Their bytes on the wire.
    pub bypassed_bytes: u64,
    /// Whether the kernel counts flows in our place: `on`, or why not.
    pub cutoff: &'static str,
    /// What the source says of itself.
    pub counters: SourceCounters,
    /// What it sees of the traffic of others; absent until that is known.
    pub visibility: Option<Visibility>,
    /// The share of the traffic that was seen in the last hour.
    pub coverage: Coverage,
}

/// What became of what a sink was given, since the start; each only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SinkTotals {
    /// What the far end took.
    pub delivered: u64,
    /// What was given up after it was tried.
    pub failed: u64,
    /// What had no room to wait.
    pub dropped: u64,
    /// Faults of the program in the sink, after which it was begun anew.
    pub faults: u64,
}

/// Who can lose what it did not take in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Consumer {
    /// The analyst: observations from the meters.
    Analyst,
    /// Inventory and metrics.
    Inventory,
    /// The EVE file.
    Eve,
    /// The store.
    Store,
}

impl Consumer {
    /// Every consumer, for counters that exist from the start.
    pub const ALL: [Self; 4] = [Self::Analyst, Self::Inventory, Self::Eve, Self::Store];

    /// The metric label.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Analyst => "analyst",
            Self::Inventory => "inventory",
            Self::Eve => "eve",
            Self::Store => "store",
        }
    }
}
