//! What rules look at: one thing that happened, and the device that it happened to.
//!
//! Comes in: nothing. Goes out: borrowed views of what the analyst has at hand; building one costs nothing.

use std::sync::Arc;

use crate::classify::Destination;
use crate::classify::activity::{DeviceHour, EvasionKind};
use crate::device::DeviceProfile;
use crate::dissect::Message;
use crate::flow::{Endpoint, Role};
use crate::geo::Place;
use crate::meter::{FlowReport, MessageContext};
use crate::net::{Perimeter, Timestamp};

/// Something that happened to a device.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// When.
    pub now: Timestamp,
    /// The device.
    pub device: &'a Arc<DeviceProfile>,
    /// What.
    pub cue: Cue<'a>,
}

/// The kinds of what may happen.
#[derive(Debug, Clone, Copy)]
pub enum Cue<'a> {
    /// The device is new, or what is known of it changed.
    Profile,
    /// A flow of it began, goes on, or ended.
    Flow(&'a FlowCue<'a>),
    /// A message that it sent or got was read.
    Message(MessageCue<'a>),
    /// It took a way around the network's rules.
    Evasion {
        /// Which.
        kind: EvasionKind,
        /// The address or name that it concerned, untrusted.
        subject: &'a str,
    },
    /// An hour of it was judged.
    Hour(&'a DeviceHour),
}

/// A flow of a device.
#[derive(Debug, Clone)]
pub struct FlowCue<'a> {
    /// Ends, totals, head.
    pub report: &'a FlowReport,
    /// Which way it crosses the border of our network.
    pub perimeter: Perimeter,
    /// The device's end.
    pub role: Role,
    /// How far the flow is.
    pub stage: FlowStage,
    /// The vendor cloud service at the far end.
    pub destination: Option<&'a Arc<Destination>>,
    /// The verdict on the service was not told before.
    pub is_first_told: bool,
    /// The name that the device asked for, or said in the flow.
    pub name: Option<&'a str>,
    /// Where the far end is registered; nothing of one inside.
    pub place: Place,
    /// The far end is a resolver that firmware has built in.
    pub is_resolver: bool,
    /// The vendor device at the other end, where there is one.
    pub peer: Option<&'a Arc<DeviceProfile>>,
}

impl FlowCue<'_> {
    /// The other end.
    #[must_use]
    pub fn far_end(&self) -> Endpoint {
        self.report.record.endpoint(self.role.other())
    }

    /// Tells whether the device began the flow.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.role == Role::Initiator
    }

    /// Tells whether the other end sent something.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.report.record.sent_by(self.role.other()).packets > 0
    }
}

/// How far a flow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowStage {
    /// Its first packet was seen.
    Started,
    /// It goes on.
    Updated,
    /// It is over.
    Ended,
}

/// A message that a device sent or got.
#[derive(Debug, Clone, Copy)]
pub struct MessageCue<'a> {
    /// What it says.
    pub message: &'a Message,
    /// Where it was read.
    pub context: &'a MessageContext,
    /// The device sent it, or the exchange that it ends began with the device; else it was sent to the device.
    pub is_sender: bool,
    /// Which way its flow crosses the border of our network.
    pub perimeter: Perimeter,
}
