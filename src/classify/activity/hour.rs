//! The verdict on one hour of one device.

use std::sync::Arc;

use super::{ActivityState, Attempts, Evasion, RoleVolume, Sight};
use crate::net::Timestamp;

/// What a device did with the vendor's cloud in an hour, and why we think so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceHour {
    /// The full hour (UTC) that it began with.
    pub start: Timestamp,
    /// What it chiefly did.
    pub state: ActivityState,
    /// What else it did, in the order of bytes.
    pub also: Vec<ActivityState>,
    /// 0 to 100.
    pub confidence: u8,
    /// Why, for a person; what decided comes first.
    pub reasons: Vec<Arc<str>>,
    /// Bytes and seconds each way, by role.
    pub roles: Vec<RoleVolume>,
    /// Attempts to register and to keep control.
    pub attempts: Attempts,
    /// Ways around the network's rules.
    pub evasions: Vec<Evasion>,
    /// IP bytes exchanged with far ends that nothing names and no step explains.
    pub nameless_bytes: u64,
    /// How much was seen.
    pub sight: Sight,
    /// The hour is over; else this is what it looked like when the run ended.
    pub complete: bool,
}
