//! All that leaves the analyst: owned, in the past tense, cheap to clone.

use std::sync::Arc;

use crate::alert::Alert;
use crate::classify::Destination;
use crate::classify::activity::DeviceHour;
use crate::device::DeviceProfile;
use crate::dissect::Message;
use crate::flow::{FlowEndReason, Role};
use crate::geo::CountryCode;
use crate::meter::{FlowReport, MessageContext};
use crate::net::{Perimeter, Timestamp};

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// When, in packet time.
    pub timestamp: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// The kinds of events.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// A device is new, or what is known of it changed.
    DeviceSeen(Arc<DeviceProfile>),
    /// A device was heard of again and nothing else is new: its times and counts, told now and then for who keeps them.
    DeviceTouched(Arc<DeviceProfile>),
    /// A flow began that concerns a vendor device or a vendor cloud.
    FlowStarted(FlowSighting),
    /// A flow goes on. `interim` when its record is due for export.
    FlowUpdated {
        /// The flow.
        sighting: FlowSighting,
        /// True when its active timeout has passed again.
        interim: bool,
    },
    /// A flow ended.
    FlowEnded {
        /// The flow.
        sighting: FlowSighting,
        /// Why.
        reason: FlowEndReason,
    },
    /// A message was read.
    MessageRead(Box<MessageSighting>),
    /// What a device did with the vendor's cloud in an hour.
    HourJudged(Box<HourSighting>),
    /// A rule fired, what it found goes on, or is over.
    AlertTold(Box<AlertSighting>),
}

/// A flow, and what the analyst knows of its ends.
#[derive(Debug, Clone)]
pub struct FlowSighting {
    /// Ends, totals, head.
    pub report: FlowReport,
    /// Inbound, outbound, internal or transit.
    pub perimeter: Perimeter,
    /// The device of ours that this flow concerns: a vendor device, or whoever of ours speaks to a vendor cloud.
    pub device: Option<FlowDevice>,
    /// The vendor cloud service at the far end.
    pub destination: Option<Arc<Destination>>,
    /// Totals that this flow moved; absent when it concerns no device.
    pub tallies: Option<Tallies>,
    /// What all vendor devices moved with far ends in the same country; absent when it concerns none, or stays inside.
    pub country: Option<CountryTally>,
    /// The vendor device at the other end, when both ends have one (a recorder that pulls video from a camera).
    pub peer: Option<FlowPeer>,
}

impl FlowSighting {
    /// Tells whether the flow concerns a vendor device or a vendor cloud (`--scope cameras`).
    #[must_use]
    pub fn is_of_concern(&self) -> bool {
        self.destination.is_some()
            || self.device.as_ref().is_some_and(|device| device.profile.is_vendor_device())
    }
}

/// An hour of a device.
#[derive(Debug, Clone)]
pub struct HourSighting {
    /// The device.
    pub profile: Arc<DeviceProfile>,
    /// What it did.
    pub hour: Arc<DeviceHour>,
}

/// A device at one end of a flow.
#[derive(Debug, Clone)]
pub struct FlowDevice {
    /// The device.
    pub profile: Arc<DeviceProfile>,
    /// Its end of the flow.
    pub role: Role,
}

/// A second vendor device of a flow.
#[derive(Debug, Clone)]
pub struct FlowPeer {
    /// The device.
    pub profile: Arc<DeviceProfile>,
    /// Its own totals in the flow's perimeter, over all its flows.
    pub tally: Tally,
}

/// Cumulative totals (latest wins), so that a lost event loses no bytes. IP bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tallies {
    /// Of the device, over all its flows in the flow's perimeter.
    pub device: Tally,
    /// Of the device towards the same vendor, service, role and region; zero without a destination.
    pub cloud: Tally,
}

/// What all vendor devices moved since the start with far ends whose address is registered in one country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountryTally {
    /// The country; absent where no database knows one.
    pub country: Option<CountryCode>,
    /// Bytes; flows are not counted.
    pub tally: Tally,
}

/// Bytes and flows since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// IP bytes that the device sent.
    pub sent: u64,
    /// IP bytes that the device received.
    pub received: u64,
    /// Flows.
    pub flows: u64,
}

impl Tally {
    /// What it has grown by since `earlier`. One that is lower belongs to a device that was forgotten and came back:
    /// it counts from zero again.
    #[must_use]
    pub const fn grown_since(self, earlier: Self) -> Self {
        let restarted = self.sent < earlier.sent
            || self.received < earlier.received
            || self.flows < earlier.flows;
        if restarted {
            return self;
        }
        Self {
            sent: self.sent - earlier.sent,
            received: self.received - earlier.received,
            flows: self.flows - earlier.flows,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self {
            sent: self.sent.saturating_add(more.sent),
            received: self.received.saturating_add(more.received),
            flows: self.flows.saturating_add(more.flows),
        }
    }
}

/// A message, and what the analyst knows of its sender.
#[derive(Debug, Clone)]
pub struct MessageSighting {
    /// Where it was read.
    pub context: MessageContext,
    /// What it says.
    pub message: Message,
    /// The vendor device that sent or received it, or whoever of ours speaks to a vendor cloud.
    pub device: Option<Arc<DeviceProfile>>,
    /// The vendor cloud service that it names or is sent to.
    pub destination: Option<Arc<Destination>>,
}

/// An alert with the flow that led to it, where one did and it was raised just now.
#[derive(Debug, Clone)]
pub struct AlertSighting {
    /// The alert.
    pub alert: Alert,
    /// The flow.
    pub flow: Option<FlowReport>,
}
