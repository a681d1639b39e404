//! One observed fact about a device, and the order in which facts are kept.

use std::cmp::{Ordering, Reverse};

use super::support::Weighed;
use super::{Claim, Evidence, EvidenceSource};
use crate::net::Timestamp;

/// Most bytes of a value; guards memory against long text from the network.
pub(super) const MAX_VALUE_BYTES: usize = 128;

/// The aspects: each has room of its own, so that none crowds out another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aspect {
    Vendor,
    Model,
    Serial,
    Firmware,
    Hostname,
    Activated,
    Channels,
    DefaultLogin,
}

impl Claim {
    pub(super) const fn aspect(&self) -> Aspect {
        match self {
            Self::Vendor(_) | Self::House(_) => Aspect::Vendor,
            Self::Model => Aspect::Model,
            Self::Serial => Aspect::Serial,
            Self::Firmware => Aspect::Firmware,
            Self::Hostname => Aspect::Hostname,
            Self::Activated => Aspect::Activated,
            Self::Channels => Aspect::Channels,
            Self::DefaultLogin => Aspect::DefaultLogin,
        }
    }
}

/// What was just seen, borrowed from the message that said so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting<'a> {
    pub(super) source: EvidenceSource,
    pub(super) claim: &'a Claim,
    /// Untrusted; what is too long is cut.
    pub(super) value: &'a str,
    pub(super) weight: u8,
}

impl Sighting<'_> {
    /// The same without what is too long.
    pub(super) fn cut(&self) -> Self {
        Self { value: cut(self.value), ..*self }
    }
}

/// One observed fact. Source, claim, value and weight say which fact it is: the same words on better authority are
/// another fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) source: EvidenceSource,
    pub(super) claim: Claim,
    pub(super) value: String,
    pub(super) weight: u8,
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
    pub(super) count: u32,
}

impl Fact {
    /// A fact seen once.
    pub(super) fn new(sighting: &Sighting<'_>, now: Timestamp) -> Self {
        Self {
            source: sighting.source,
            claim: sighting.claim.clone(),
            value: cut(sighting.value).to_owned(),
            weight: sighting.weight,
            first_seen: now,
            last_seen: now,
            count: 1,
        }
    }

    /// Tells whether a sighting is of this fact.
    pub(super) fn is_of(&self, sighting: &Sighting<'_>) -> bool {
        self.source == sighting.source
            && self.weight == sighting.weight
            && self.value == cut(sighting.value)
            && self.claim == *sighting.claim
    }

    /// Tells whether two records are of one fact.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    /// The order of a list of facts.
    pub(super) fn key(&self) -> (EvidenceSource, &Claim, &str, u8) {
        (self.source, &self.claim, &self.value, self.weight)
    }

    /// Takes in another record of the same fact.
    ///
    /// A claim on the vendor spans both; the count is that of the record with more sightings, since two records may
    /// tell of the same ones. Of a description the record that is the later one stays, whole: what is kept goes by that
    /// record, and one that was dropped in between cannot be asked for its first sighting.
    pub(super) fn join(&mut self, other: &Self) {
        match self.claim.aspect() {
            Aspect::Vendor => {
                self.first_seen = self.first_seen.min(other.first_seen);
                self.last_seen = self.last_seen.max(other.last_seen);
                self.count = self.count.max(other.count);
            }
            Aspect::Model
            | Aspect::Serial
            | Aspect::Firmware
            | Aspect::Hostname
            | Aspect::Activated
            | Aspect::Channels
            | Aspect::DefaultLogin => {
                let recency = |fact: &Self| (fact.last_seen, Reverse(fact.first_seen), fact.count);
                if recency(other) > recency(self) {
                    self.first_seen = other.first_seen;
                    self.last_seen = other.last_seen;
                    self.count = other.count;
                }
            }
        }
    }

    /// Orders what is kept: the strongest first. A claim on the vendor then goes by its words, so that neither time nor
    /// order decides; of descriptions the latest goes first, since firmware is updated.
    pub(super) fn rank(&self, other: &Self) -> Ordering {
        let by_weight = other.weight.cmp(&self.weight);
        let by_time = match self.claim.aspect() {
            Aspect::Vendor => Ordering::Equal,
            Aspect::Model
            | Aspect::Serial
            | Aspect::Firmware
            | Aspect::Hostname
            | Aspect::Activated
            | Aspect::Channels
            | Aspect::DefaultLogin => other.last_seen.cmp(&self.last_seen),
        };
        by_weight.then(by_time).then_with(|| self.key().cmp(&other.key()))
    }

    /// What the fact says of the vendor.
    pub(super) const fn weighed(&self) -> Weighed<'_> {
        Weighed { source: self.source, claim: &self.claim, weight: self.weight }
    }

    /// The fact as it leaves.
    pub(super) fn to_evidence(&self) -> Evidence {
        Evidence {
            source: self.source,
            claim: self.claim.clone(),
            value: self.value.clone(),
            weight: self.weight,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            count: self.count,
        }
    }
}

/// A value without what is too long.
fn cut(value: &str) -> &str {
    value.get(..value.floor_char_boundary(MAX_VALUE_BYTES)).unwrap_or(value)
}
