//! What the handlers read from.
//!
//! Comes in: read models of the daemon. Goes out: shared handles, cheap to clone.

use std::sync::Arc;
use std::time::Duration;

use super::forget::WriteAccess;
use super::readiness::Readiness;
use crate::alert::SuppressedByRule;
use crate::export::Pseudonyms;
use crate::inventory::Inventory;
use crate::metrics::{ExpositionFormat, InterfaceTotals};
use crate::net::Timestamp;

/// Everything that the API shows.
#[derive(Clone)]
pub struct ApiState {
    /// Devices, flows, destinations, alerts.
    pub inventory: Arc<Inventory>,
    /// Writes all metrics.
    pub render_metrics: Arc<dyn Fn(ExpositionFormat) -> String + Send + Sync>,
    /// What the daemon says of itself now.
    pub status: Arc<dyn Fn() -> Status + Send + Sync>,
    /// Whether it does its work.
    pub readiness: Arc<Readiness>,
    /// What may be changed, and by whom; nothing without it.
    pub write_access: Option<WriteAccess>,
    /// Serial numbers are shown as these.
    pub pseudonyms: Option<Arc<Pseudonyms>>,
}

/// What the daemon says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The version of the program.
    pub version: String,
    /// The commit that it was built from.
    pub revision: String,
    /// Since the start.
    pub uptime: Duration,
    /// Every interface that is captured on.
    pub interfaces: Vec<InterfaceTotals>,
    /// Whether the kernel tells of its own flows: a name, and what it means.
    pub kernel_flows: (&'static str, &'static str),
    /// Flows in all tables.
    pub flows_active: u64,
    /// Alerts that were not told, by rule.
    pub suppressed: Arc<SuppressedByRule>,
    /// Whether the last attempt to read the configuration succeeded.
    pub config_reload_successful: bool,
    /// When the configuration was last read with success.
    pub config_reloaded_at: Option<Timestamp>,
}
