//! One observed fact about a device.

use std::sync::Arc;

use crate::net::Timestamp;

/// A fact that was seen, what it claims, and how much it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Where it was seen.
    pub source: EvidenceSource,
    /// What it claims, such as `vendor is hikvision` or `model is DS-2CD2385G1-I`.
    pub claim: Arc<str>,
    /// What was seen, bounded and untrusted.
    pub value: String,
    /// How much it counts, 0 to 100: the confidence that it would give alone.
    pub weight: u8,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// How often it was seen.
    pub count: u32,
}

/// The kinds of observation; two facts from one source are not independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceSource {
    /// The block that the MAC address is registered in.
    Oui,
    /// A SADP message.
    Sadp,
    /// A DHCP message.
    Dhcp,
    /// A name that only a device of the vendor looks up or contacts.
    CloudName,
}

impl EvidenceSource {
    /// The label, as in events.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Oui => "oui",
            Self::Sadp => "sadp",
            Self::Dhcp => "dhcp",
            Self::CloudName => "cloud-name",
        }
    }
}
