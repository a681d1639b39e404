//! An alert as it leaves.

use std::sync::Arc;

use crate::classify::Destination;
use crate::device::{DeviceId, DeviceProfile};
use crate::net::Timestamp;

/// Something that a person should look at.
#[derive(Debug, Clone)]
pub struct Alert {
    /// When the cause was seen.
    pub timestamp: Timestamp,
    /// Which rule.
    pub rule: AlertRule,
    /// Says what happened, in one sentence for a person.
    pub message: String,
    /// The device that it is about.
    pub device: Arc<DeviceProfile>,
    /// The cloud service that it is about, where one is.
    pub destination: Option<Arc<Destination>>,
}

impl Alert {
    /// The device's identifier.
    #[must_use]
    pub fn device_id(&self) -> &DeviceId {
        &self.device.id
    }
}

/// The rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertRule {
    /// A device of a vendor in the catalogue was seen for the first time.
    NewDevice,
    /// A device spoke to a vendor's cloud service for the first time.
    VendorCloudContact,
    /// Two stations use an address of a vendor's device, or say that they are the same unit.
    IdentityConflict,
}

impl AlertRule {
    /// Every rule, for counters that exist from the start.
    pub const ALL: [Self; 3] = [Self::NewDevice, Self::VendorCloudContact, Self::IdentityConflict];

    /// The rule's name.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::NewDevice => "new-device",
            Self::VendorCloudContact => "vendor-cloud-contact",
            Self::IdentityConflict => "identity-conflict",
        }
    }

    /// EVE `signature_id`, from the range that is left to local rules (1,000,000 to 1,999,999).
    #[must_use]
    pub const fn signature_id(self) -> u32 {
        match self {
            Self::NewDevice => 1_000_001,
            Self::VendorCloudContact => 1_000_002,
            Self::IdentityConflict => 1_000_003,
        }
    }

    /// How urgent it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::NewDevice => Severity::Low,
            Self::VendorCloudContact => Severity::Medium,
            Self::IdentityConflict => Severity::High,
        }
    }

    /// EVE `category`.
    #[must_use]
    pub const fn category(self) -> &'static str {
        match self {
            Self::NewDevice => "Device inventory",
            Self::VendorCloudContact => "Vendor cloud traffic",
            Self::IdentityConflict => "Device identity",
        }
    }
}

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// EVE 1.
    High,
    /// EVE 2.
    Medium,
    /// EVE 3.
    Low,
}

impl Severity {
    /// EVE `severity`: 1 is highest.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::High => 1,
            Self::Medium => 2,
            Self::Low => 3,
        }
    }

    /// The metric label.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}
