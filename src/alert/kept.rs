//! An alert as it outlives a run.
//!
//! Comes in: nothing. Goes out: [`KeptAlert`]: what has to be known of an alert that stands so that another run goes on with it,
//! and [`AlertKey`], which tells alerts apart. The device and the rule are found again by their names.

use std::sync::Arc;

use super::about::Holding;
use super::severity::Severity;
use super::suppression::Suppression;
use crate::device::DeviceId;
use crate::net::Timestamp;

/// What tells alerts that stand apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlertKey {
    /// The device that it is about.
    pub device: DeviceId,
    /// The rule that found it.
    pub rule: Arc<str>,
    /// What it is about beside the device.
    pub subject: Arc<str>,
}

/// An alert that stands, for the next run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAlert {
    /// Which.
    pub key: AlertKey,
    /// What happened, for a person.
    pub message: String,
    /// How urgent it is.
    pub severity: Severity,
    /// When it was raised.
    pub since: Timestamp,
    /// When it was last seen.
    pub seen: Timestamp,
    /// How often it was seen.
    pub count: u32,
    /// Somebody has said that it is known.
    pub acknowledged: bool,
    /// Why nobody was told of it; absent where it was told.
    pub silence: Option<Silence>,
    /// When it is over.
    pub holds: Holding,
}

/// Why nobody was told of an alert that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// It waits for the end of quiet hours.
    Quiet,
    /// The rule had raised its share of the hour.
    Rate,
}

impl Silence {
    /// All.
    pub const ALL: [Self; 2] = [Self::Quiet, Self::Rate];

    /// What is counted for it.
    #[must_use]
    pub const fn reason(self) -> Suppression {
        match self {
            Self::Quiet => Suppression::Quiet,
            Self::Rate => Suppression::Rate,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Rate => "rate",
        }
    }
}
