//! The facts of one device: joined, bounded, in no order that matters.
//!
//! Comes in: sightings, and the facts of another dossier of the same device. Goes out: the kept ones.
//!
//! Joining two sets is commutative, associative and idempotent, also where their rooms overflow: what is kept is the
//! beginning of a total order ([`Fact::rank`]), and in that order a fact only ever moves forward. So a fact that is among the
//! first of all that were ever seen is among the first of any part of them, and is never dropped on the way. A sighting
//! is not joined but observed: it makes the record of its fact longer.

use super::fact::{Aspect, Fact, Sighting};
use super::{Claim, Evidence, EvidenceSource};
use crate::net::Timestamp;

/// Most values that one source may give for one claim on the vendor.
const MAX_OF_CLAIM: usize = 2;
/// Most facts that one source may give on one aspect; guards against a station that names itself anew in each message.
const MAX_OF_ASPECT: usize = 4;
/// Most claims on the vendor in all, of 21 sources.
const MAX_CLAIMS: usize = 48;
/// Most descriptions in all.
const MAX_DESCRIPTIONS: usize = 32;

/// Most facts of one device.
#[cfg(test)]
pub(super) const MAX_FACTS: usize = MAX_CLAIMS + MAX_DESCRIPTIONS;

/// What taking something in did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    /// The conclusion may be another one now.
    Changed,
    /// Nothing that the conclusion rests on changed.
    Unchanged,
}

/// The kept facts of one device, in the order of their words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FactSet {
    facts: Vec<Fact>,
}

impl FactSet {
    /// Takes in what was just seen; allocates only for what is new.
    pub(super) fn observe(&mut self, sighting: &Sighting<'_>, now: Timestamp) -> Joined {
        let Some(known) = self.facts.iter_mut().find(|known| known.is_of(sighting)) else {
            return self.add(Fact::new(sighting, now));
        };
        let before = known.last_seen;
        known.first_seen = known.first_seen.min(now);
        known.last_seen = before.max(now);
        known.count = known.count.saturating_add(1);
        let aspect = sighting.claim.aspect();
        if aspect == Aspect::Vendor {
            return Joined::Unchanged;
        }
        // A description counts again when it is the latest again.
        let overtakes = self.facts.iter().any(|rival| {
            rival.claim.aspect() == aspect
                && rival.weight == sighting.weight
                && rival.last_seen >= before
                && !rival.is_of(sighting)
        });
        if overtakes { Joined::Changed } else { Joined::Unchanged }
    }

    /// Takes all facts of another set in.
    pub(super) fn join(&mut self, other: Self) {
        for fact in other.facts {
            self.take(fact);
        }
    }

    /// Takes one record of a fact in.
    pub(super) fn take(&mut self, fact: Fact) -> Joined {
        match self.facts.iter_mut().find(|known| known.is_same(&fact)) {
            Some(known) if known.claim.aspect() == Aspect::Vendor => {
                known.join(&fact);
                Joined::Unchanged
            }
            Some(known) => {
                known.join(&fact);
                Joined::Changed
            }
            None => self.add(fact),
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

    /// What the conclusion rests on, strongest first, then what only describes. `counts` tells which sources say anything
    /// of this device; the rest weighs nothing.
    pub(super) fn to_evidence(&self, counts: impl Fn(EvidenceSource) -> bool) -> Vec<Evidence> {
        let mut evidence: Vec<Evidence> = self
            .facts
            .iter()
            .map(|fact| match counts(fact.source) {
                true => fact.to_evidence(),
                false => Evidence { weight: 0, ..fact.to_evidence() },
            })
            .collect();
        evidence.sort_by(|a, b| {
            (b.weight.cmp(&a.weight))
                .then(a.first_seen.cmp(&b.first_seen))
                .then(a.source.cmp(&b.source))
                .then_with(|| a.claim.cmp(&b.claim))
                .then_with(|| a.value.cmp(&b.value))
        });
        evidence
    }

    /// Adds a fact that is not there, and drops what is beyond the bounds.
    fn add(&mut self, fact: Fact) -> Joined {
        let place = self.facts.partition_point(|known| known.key() < fact.key());
        let (source, claim, aspect) = (fact.source, fact.claim.clone(), fact.claim.aspect());
        let is_claim = aspect == Aspect::Vendor;
        self.facts.insert(place, fact.clone());
        if is_claim {
            self.shrink(MAX_OF_CLAIM, |known| known.source == source && known.claim == claim);
        }
        self.shrink(MAX_OF_ASPECT, |known| {
            known.source == source && known.claim.aspect() == aspect
        });
        let most = if is_claim { MAX_CLAIMS } else { MAX_DESCRIPTIONS };
        self.shrink(most, |known| is_claim == is_claim_on_vendor(&known.claim));
        let stays = self.facts.iter().any(|known| known.is_same(&fact));
        if stays { Joined::Changed } else { Joined::Unchanged }
    }

    /// Drops the last of those in a room, if they are more than `most`.
    fn shrink(&mut self, most: usize, is_in_room: impl Fn(&Fact) -> bool) {
        let room = || self.facts.iter().enumerate().filter(|(_, fact)| is_in_room(fact));
        if room().count() <= most {
            return;
        }
        let last = room().max_by(|(_, a), (_, b)| a.rank(b)).map(|(place, _)| place);
        if let Some(last) = last {
            self.facts.remove(last);
        }
    }
}

const fn is_claim_on_vendor(claim: &Claim) -> bool {
    matches!(claim, Claim::Vendor(_) | Claim::House(_))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_fact() -> impl Strategy<Value = Fact> {
        let source = prop::sample::select(&EvidenceSource::ALL[..]);
        let claim = prop_oneof![
            3 => prop::sample::select(&["hikvision", "ezviz", "annke", "acme", "lts", "rca"][..])
                .prop_map(|slug| Claim::Vendor(slug.into())),
            1 => Just(Claim::House("hikvision".into())),
            4 => prop::sample::select(
                &[
                    Claim::Model,
                    Claim::Serial,
                    Claim::Firmware,
                    Claim::Hostname,
                    Claim::Activated,
                    Claim::Channels,
                    Claim::DefaultLogin,
                ][..]
            ),
        ];
        (source, claim, "[a-h]", 0u8..4, 0u64..9, 0u64..9, 1u32..4).prop_map(
            |(source, claim, value, weight, first, length, count)| Fact {
                source,
                claim,
                value,
                weight: weight * 15,
                first_seen: Timestamp::from_parts(first, 0),
                last_seen: Timestamp::from_parts(first + length, 0),
                count,
            },
        )
    }

    /// A narrow choice of sources and claims, so that rooms overflow.
    fn any_set() -> impl Strategy<Value = FactSet> {
        let crowded = any_fact().prop_map(|fact| Fact {
            source: EvidenceSource::ALL[fact.source as usize % 3],
            ..fact
        });
        prop_oneof![
            prop::collection::vec(any_fact(), 0..200),
            prop::collection::vec(crowded, 0..80)
        ]
        .prop_map(set_of)
    }

    fn set_of(facts: Vec<Fact>) -> FactSet {
        let mut set = FactSet::default();
        for fact in facts {
            set.take(fact);
        }
        set
    }

    fn joined(a: &FactSet, b: &FactSet) -> FactSet {
        let mut set = a.clone();
        set.join(b.clone());
        set
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn joining_is_commutative_associative_and_idempotent(
            a in any_set(), b in any_set(), c in any_set(),
        ) {
            prop_assert_eq!(joined(&a, &b), joined(&b, &a));
            prop_assert_eq!(joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)));
            prop_assert_eq!(&joined(&a, &a), &a);
            prop_assert_eq!(joined(&joined(&a, &b), &b), joined(&a, &b));
        }

        #[test]
        fn the_order_of_sightings_does_not_matter_and_rooms_stay_within_their_bounds(
            (facts, shuffled) in prop::collection::vec(any_fact(), 0..400)
                .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
        ) {
            let observed = |facts: &[Fact]| {
                let mut set = FactSet::default();
                for fact in facts {
                    let Fact { source, ref claim, ref value, weight, last_seen, .. } = *fact;
                    set.observe(&Sighting { source, claim, value, weight }, last_seen);
                }
                set
            };
            let (one, other) = (observed(&facts), observed(&shuffled));
            let kept = |set: &FactSet| -> Vec<_> {
                set.iter()
                    .map(|fact| (fact.source, fact.claim.clone(), fact.value.clone(), fact.weight, fact.last_seen))
                    .collect()
            };

            prop_assert_eq!(kept(&one), kept(&other));
            prop_assert!(one.iter().count() <= MAX_FACTS);
        }
    }

    #[test]
    fn what_is_known_and_unchanged_is_only_counted() {
        let claim = Claim::Vendor("ezviz".into());
        let long = "ü".repeat(500);
        let sighting =
            Sighting { source: EvidenceSource::Sadp, claim: &claim, value: &long, weight: 55 };
        let mut set = FactSet::default();

        assert_eq!(set.observe(&sighting, Timestamp::from_parts(1, 0)), Joined::Changed);
        for second in 2..=9 {
            let at = Timestamp::from_parts(second, 0);
            assert_eq!(set.observe(&sighting, at), Joined::Unchanged);
        }

        let fact = set.iter().next().unwrap();
        assert_eq!((set.iter().count(), fact.count, fact.value.len()), (1, 9, 128));
        assert_eq!(fact.last_seen.since(fact.first_seen).as_secs(), 8);
    }

    #[test]
    fn a_description_changes_the_conclusion_when_it_is_the_latest_again() {
        let mut set = FactSet::default();
        let mut see = |value, second| {
            let claim = &Claim::Firmware;
            let sighting = Sighting { source: EvidenceSource::Sadp, claim, value, weight: 55 };
            set.observe(&sighting, Timestamp::from_parts(second, 0))
        };

        assert_eq!(see("V1", 1), Joined::Changed);
        assert_eq!(see("V2", 2), Joined::Changed);
        assert_eq!(see("V2", 3), Joined::Unchanged);
        assert_eq!(see("V1", 4), Joined::Changed);
        assert_eq!(set.best(Aspect::Firmware).unwrap().value, "V1");
    }
}
