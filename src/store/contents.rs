//! What the store holds, as it is given back.

use std::sync::Arc;

use super::batch::Day;
use crate::alert::{AlertId, Habits, KeptAlert};
use crate::analyst::Tally;
use crate::device::{DeviceId, DeviceProfile};

/// The devices, and whom they have spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// The devices, by identifier.
    pub devices: Vec<DeviceProfile>,
    /// Pairs of a device and a cloud service that it has spoken to, each once.
    pub contacts: Vec<(DeviceId, Arc<str>)>,
    /// What is usual for devices, by identifier.
    pub habits: Vec<(DeviceId, Habits)>,
    /// Alerts that somebody has acknowledged.
    pub acknowledged: Vec<AlertId>,
    /// Alerts that stood.
    pub standing: Vec<KeptAlert>,
    /// Rows that could not be read; they are left alone.
    pub unreadable: usize,
}

/// What a device moved on one day in one perimeter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceTotal {
    /// The day.
    pub day: Day,
    /// The device.
    pub device: DeviceId,
    /// The perimeter's label.
    pub perimeter: String,
    /// What it moved.
    pub tally: Tally,
}

/// What a device exchanged with a cloud service on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudTotal {
    /// The day.
    pub day: Day,
    /// The device.
    pub device: DeviceId,
    /// Whose cloud.
    pub vendor: String,
    /// The service.
    pub service: String,
    /// The role's label.
    pub role: String,
    /// The region's label.
    pub region: String,
    /// What was exchanged.
    pub tally: Tally,
}
