//! The facts of one device: joined, bounded, in no order that matters.
//!
//! Comes in: [`Fact`]s. Goes out: the kept ones. Joining is commutative, associative and idempotent as far
//! as the identity goes: of one fact the earliest and the latest time and the highest weight stay.

use super::{Claim, Evidence, EvidenceSource};
use crate::net::{Timestamp, bounded};

/// Most facts that one source may add to one aspect of a device; guards against a station that
/// names itself anew in each message.
pub(super) const MAX_FACTS_PER_ASPECT: usize = 4;

/// Most bytes of a value; guards memory against long text from the network.
pub(super) const MAX_VALUE_BYTES: usize = 128;

/// The aspects: each has room of its own, so that none crowds out another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// One observed fact.
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
    /// A fact seen once; a long value is cut.
    pub(super) fn new(
        source: EvidenceSource,
        claim: Claim,
        value: &str,
        weight: u8,
        now: Timestamp,
    ) -> Self {
        let value = bounded(value.as_bytes(), MAX_VALUE_BYTES);
        Self { source, claim, value, weight, first_seen: now, last_seen: now, count: 1 }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.source == other.source && self.claim == other.claim && self.value == other.value
    }

    fn shares_room(&self, other: &Self) -> bool {
        self.source == other.source && self.claim.aspect() == other.claim.aspect()
    }

    /// Orders what is kept: the strongest first; then a claim on the vendor by age, since old claims are hard
    /// to forge afterwards, and a description newest first, since firmware is updated.
    fn rank(&self, other: &Self) -> std::cmp::Ordering {
        let by_time = match self.claim.aspect() {
            Aspect::Vendor => self.first_seen.cmp(&other.first_seen),
            Aspect::Model
            | Aspect::Serial
            | Aspect::Firmware
            | Aspect::Hostname
            | Aspect::Activated
            | Aspect::Channels
            | Aspect::DefaultLogin => other.last_seen.cmp(&self.last_seen),
        };
        other
            .weight
            .cmp(&self.weight)
            .then(by_time)
            .then_with(|| self.claim.cmp(&other.claim))
            .then_with(|| self.value.cmp(&other.value))
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

/// What a join did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    /// The conclusion may be another one now.
    Changed,
    /// Nothing that the conclusion rests on changed.
    Unchanged,
}

/// The kept facts of one device: at most four sources, five aspects and [`MAX_FACTS_PER_ASPECT`] each, of which
/// the sources use eight rooms, so 32.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FactSet {
    facts: Vec<Fact>,
}

impl FactSet {
    /// Takes a fact in.
    pub(super) fn join(&mut self, fact: Fact) -> Joined {
        if let Some(known) = self.facts.iter_mut().find(|known| known.is_same(&fact)) {
            let stronger = fact.weight > known.weight;
            let earlier = fact.first_seen < known.first_seen;
            let later = fact.last_seen > known.last_seen;
            known.weight = known.weight.max(fact.weight);
            known.first_seen = known.first_seen.min(fact.first_seen);
            known.last_seen = known.last_seen.max(fact.last_seen);
            known.count = known.count.saturating_add(fact.count);
            let rivals = self.facts.iter().filter(|other| other.shares_room(&fact)).count();
            let reordered = rivals > 1 && (earlier || later);
            return if stronger || reordered { Joined::Changed } else { Joined::Unchanged };
        }
        let room: Vec<&Fact> = self.facts.iter().filter(|known| known.shares_room(&fact)).collect();
        if room.len() >= MAX_FACTS_PER_ASPECT {
            let Some(weakest) = room.into_iter().max_by(|a, b| a.rank(b)).cloned() else {
                return Joined::Unchanged;
            };
            if fact.rank(&weakest).is_ge() {
                return Joined::Unchanged;
            }
            self.facts.retain(|known| !known.is_same(&weakest));
        }
        self.facts.push(fact);
        Joined::Changed
    }

    /// Takes all facts of another set in.
    pub(super) fn join_all(&mut self, other: Self) {
        for fact in other.facts {
            self.join(fact);
        }
    }

    /// Forgets what one source said.
    pub(super) fn forget(&mut self, source: EvidenceSource) {
        self.facts.retain(|fact| fact.source != source);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter()
    }

    /// The text that describes `aspect` best: the strongest, then the latest.
    pub(super) fn best(&self, aspect: Aspect) -> Option<&Fact> {
        self.facts.iter().filter(|fact| fact.claim.aspect() == aspect).min_by(|a, b| a.rank(b))
    }

    /// What the conclusion rests on, strongest first, then what only describes.
    pub(super) fn to_evidence(&self) -> Vec<Evidence> {
        let mut facts: Vec<&Fact> = self.facts.iter().collect();
        facts.sort_by(|a, b| {
            (b.weight.cmp(&a.weight))
                .then(a.first_seen.cmp(&b.first_seen))
                .then(a.source.cmp(&b.source))
                .then_with(|| a.claim.cmp(&b.claim))
                .then_with(|| a.value.cmp(&b.value))
        });
        facts.into_iter().map(Fact::to_evidence).collect()
    }
}
