//! The totals that a `stats` line is made of.

use crate::capture::SourceCounters;
use crate::meter::MeterStats;
use crate::net::Timestamp;

/// Totals of a run since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunStats {
    /// When they were taken: packet time in a replay.
    pub timestamp: Timestamp,
    /// Whole seconds since the start.
    pub uptime: u64,
    /// All sources, summed.
    pub capture: SourceCounters,
    /// All meters, summed.
    pub meter: MeterStats,
    /// The analyst, and what is behind it.
    pub analysis: AnalysisCounters,
}

/// What was counted behind the meters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnalysisCounters {
    /// Devices that are known now.
    pub devices: u64,
    /// Those among them that are of a vendor in the catalogue.
    pub vendor_devices: u64,
    /// Events that the analyst gave.
    pub events: u64,
    /// Alerts among them.
    pub alerts: u64,
    /// Events that were lost because a reader was too slow.
    pub events_dropped: u64,
    /// Observations that came after their time had passed.
    pub observations_late: u64,
}
