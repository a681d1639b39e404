//! How strongly evidence speaks for a house: the arithmetic of fusion.
//!
//! Comes in: weighed claims. Goes out: the support of each house, kind by kind. The same functions serve the verdict and its
//! explanation, so that they cannot differ.

use std::sync::Arc;

use super::signature::Weights;
use super::{Claim, EvidenceKind, EvidenceSource, Signatures};

/// 60 and above needs two independent kinds of evidence.
pub(super) const MAX_OF_ONE_KIND: u8 = 59;

/// A whole, in the units in which doubt is counted.
const WHOLE: u64 = 1_000_000;

/// A claim on the vendor, and how much it counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighed<'a> {
    pub(super) source: EvidenceSource,
    pub(super) claim: &'a Claim,
    pub(super) weight: u8,
}

/// What speaks for one house, or for one vendor in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Support {
    /// The house or vendor.
    pub(super) name: Arc<str>,
    /// The strongest weight of each kind, in the order of kinds.
    pub(super) kinds: Vec<(EvidenceKind, u8)>,
    /// Where that was seen, in order.
    pub(super) sources: Vec<EvidenceSource>,
}

impl Support {
    const fn new(name: Arc<str>) -> Self {
        Self { name, kinds: Vec::new(), sources: Vec::new() }
    }

    pub(super) fn take(&mut self, source: EvidenceSource, weight: u8) {
        let kind = EvidenceKind::from(source);
        match self.kinds.binary_search_by_key(&kind, |(known, _)| *known) {
            Ok(place) => {
                if let Some((_, known)) = self.kinds.get_mut(place) {
                    *known = weight.max(*known);
                }
            }
            Err(place) => self.kinds.insert(place, (kind, weight)),
        }
        if let Err(place) = self.sources.binary_search(&source) {
            self.sources.insert(place, source);
        }
    }

    /// Tells whether one of the kinds can lead to a verdict.
    pub(super) fn is_decisive(&self, weights: &Weights) -> bool {
        self.kinds.iter().any(|(_, weight)| *weight >= weights.decisive)
    }

    /// Tells whether one of the kinds can lead to a verdict, and another can confirm it.
    fn is_corroborated(&self, weights: &Weights) -> bool {
        let strong = self.kinds.iter().filter(|(_, weight)| *weight >= weights.corroborating);
        self.is_decisive(weights) && strong.count() >= 2
    }

    /// `100 * (1 - product(1 - weight / 100))` over the kinds, rounded down.
    pub(super) fn uncapped(&self) -> u8 {
        let doubt = self
            .kinds
            .iter()
            .fold(WHOLE, |doubt, (_, weight)| doubt * u64::from(100 - (*weight).min(100)) / 100);
        u8::try_from((WHOLE - doubt) * 100 / WHOLE).unwrap_or(100)
    }

    /// The same, at most [`MAX_OF_ONE_KIND`] unless a second kind confirms the first.
    pub(super) fn confidence(&self, weights: &Weights) -> u8 {
        let uncapped = self.uncapped();
        if self.is_corroborated(weights) { uncapped } else { uncapped.min(MAX_OF_ONE_KIND) }
    }
}

/// Sums up who is supported by what: the best supported first, by name where support is equal.
pub(super) fn tally<'a>(
    claims: impl Iterator<Item = (Arc<str>, Weighed<'a>)>,
    signatures: &Signatures,
) -> Vec<Support> {
    let mut sums: Vec<Support> = Vec::new();
    for (name, weighed) in claims {
        match sums.iter_mut().find(|sum| sum.name == name) {
            Some(sum) => sum.take(weighed.source, weighed.weight),
            None => {
                let mut sum = Support::new(name);
                sum.take(weighed.source, weighed.weight);
                sums.push(sum);
            }
        }
    }
    sums.sort_by(|a, b| {
        let strength = |sum: &Support| (sum.confidence(&signatures.weights), sum.uncapped());
        strength(b).cmp(&strength(a)).then_with(|| a.name.cmp(&b.name))
    });
    sums
}

/// The houses that evidence speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Houses {
    /// The one that the device is of.
    pub(super) winner: Option<Support>,
    /// Those that speak against it, strongest first.
    pub(super) rivals: Vec<Support>,
}

impl Houses {
    /// Weighs claims against each other (steps 1 to 4 of the rule in `fusion`).
    pub(super) fn weigh<'a>(
        claims: impl Iterator<Item = Weighed<'a>>,
        signatures: &Signatures,
    ) -> Self {
        let claims = claims.filter(|weighed| weighed.weight > 0).filter_map(|weighed| {
            let house = match weighed.claim {
                Claim::House(house) => Arc::clone(house),
                Claim::Vendor(vendor) => signatures.house_of(vendor),
                Claim::Model
                | Claim::Serial
                | Claim::Firmware
                | Claim::Hostname
                | Claim::Activated
                | Claim::Channels
                | Claim::DefaultLogin => return None,
            };
            Some((house, weighed))
        });
        let mut sums = tally(claims, signatures);
        sums.retain(|sum| sum.is_decisive(&signatures.weights));
        let place = sums.iter().position(|sum| !signatures.is_other_maker(&sum.name));
        let winner = place.map(|place| sums.remove(place));
        Self { winner, rivals: sums }
    }

    /// The winner's confidence, of which each rival takes its share away.
    pub(super) fn confidence(&self, weights: &Weights) -> u8 {
        let winner = self.winner.as_ref().map_or(0, |winner| u64::from(winner.confidence(weights)));
        let left = self.rivals.iter().fold(winner * WHOLE, |left, rival| {
            left * u64::from(100 - rival.confidence(weights).min(100)) / 100
        });
        u8::try_from(left / WHOLE).unwrap_or(100)
    }

    /// The same with one more observation for the winner; for whoever might win, where nobody does.
    pub(super) fn with(&self, source: EvidenceSource, weight: u8) -> Self {
        let mut with = self.clone();
        let winner = with.winner.get_or_insert_with(|| Support::new("".into()));
        winner.take(source, weight);
        with
    }

    /// The same with one observation of a maker that nothing spoke for so far.
    pub(super) fn against(&self, source: EvidenceSource, weight: u8) -> Self {
        let mut rival = Support::new("".into());
        rival.take(source, weight);
        let mut against = self.clone();
        against.rivals.push(rival);
        against
    }
}
