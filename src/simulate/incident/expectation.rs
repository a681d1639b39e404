//! What is to be raised, in the published names of rules.
//!
//! Comes in: nothing. Goes out: plain values.

use crate::net::MacAddr;

/// The incident, or what resembles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Take {
    /// It happens.
    Incident,
    /// Something happens that resembles it.
    Lookalike,
}

impl Take {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Incident, Self::Lookalike];

    /// The label in tables.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Lookalike => "lookalike",
        }
    }
}

/// A rule that is to raise an alert on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpectedAlert {
    /// The rule's name.
    pub rule: &'static str,
    /// The hardware address of the device.
    pub mac: MacAddr,
}
