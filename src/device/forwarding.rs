//! What a device does for others, and what that leaves of its evidence.

use super::EvidenceSource;

/// What a device does for others; once seen it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Forwarding {
    /// Nothing: its traffic is its own.
    #[default]
    No,
    /// It answers name queries, so the names that it asks for may be others'.
    Names,
    /// It forwards packets: its MAC address stands on the traffic of others.
    Packets,
}

impl Forwarding {
    /// Tells whether what was seen in `source` still says something of the device itself.
    pub(super) const fn leaves(self, source: EvidenceSource) -> bool {
        match self {
            Self::No => true,
            Self::Names => !matches!(source, EvidenceSource::CloudName | EvidenceSource::Ntp),
            // What is not carried over IP, or stays on the segment.
            Self::Packets => matches!(
                source,
                EvidenceSource::Oui
                    | EvidenceSource::SadpLink
                    | EvidenceSource::Beacon
                    | EvidenceSource::Dhcp
            ),
        }
    }
}
