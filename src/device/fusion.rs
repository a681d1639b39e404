//! From facts to an identity.
//!
//! Comes in: the facts of one device. Goes out: an [`Identity`]. It never looks at the order in which facts came.
//!
//! The rule, in steps:
//!
//! 1. Facts of one source are not independent: for each house (vendors of one group, which share protocols,
//!    address blocks and clouds) the strongest weight of each source counts.
//! 2. A house's support is `100 * (1 - product(1 - weight / 100))` over its sources; with a single
//!    source at most [`MAX_CONFIDENCE_OF_ONE_SOURCE`].
//! 3. The house with the most support wins. The support of the strongest other house takes its share away:
//!    `confidence = winner * (1 - other / 100)`.
//! 4. In the winning house the device is of the brand that it names itself in SADP, when that brand sells another's
//!    units; else of the vendor with the most support by the same formula; else, where only the house is known, of
//!    the vendor that gave the house its name. An address block or a name in the cloud shows the maker, so it
//!    never contradicts a brand.
//! 5. `oem_of` is the maker behind such a brand: the vendor of the house that the address block is registered to,
//!    or the one that the signatures know.
//!
//! A device that forwards for others (a name server, a router) gives no evidence by the names it asks for.

use std::sync::Arc;

use super::fact::{Aspect, Fact, FactSet};
use super::{Claim, EvidenceSource, Identity, Signatures};

/// 60 and above needs two independent kinds of evidence.
pub(super) const MAX_CONFIDENCE_OF_ONE_SOURCE: u8 = 59;

/// The strongest weight of each source, sorted by source.
type Support = Vec<(EvidenceSource, u8)>;

/// Concludes who a device is. `forwards` tells that it asks for names on behalf of others.
pub(super) fn fuse(facts: &FactSet, forwards: bool, signatures: &Signatures) -> Identity {
    let claims: Vec<&Fact> = facts
        .iter()
        .filter(|fact| fact.weight > 0 && fact.claim.aspect() == Aspect::Vendor)
        .filter(|fact| !(forwards && fact.source == EvidenceSource::CloudName))
        .collect();
    let houses = tally(claims.iter().filter_map(|fact| {
        let house = match &fact.claim {
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
        Some((house, *fact))
    }));
    let model = facts.best(Aspect::Model).map(|fact| fact.value.clone());
    let mut identity = Identity {
        kind: model
            .as_deref()
            .and_then(|model| signatures.kind_of_model(model))
            .map(|(kind, _grade)| kind)
            .unwrap_or_default(),
        model,
        serial: facts.best(Aspect::Serial).map(|fact| fact.value.clone()),
        firmware: facts.best(Aspect::Firmware).map(|fact| fact.value.clone()),
        ..Identity::default()
    };
    let mut ranked = houses.iter().map(|(house, support)| (confidence(support), house));
    let Some((winner, house)) = ranked.next() else {
        return identity;
    };
    let rival = ranked.next().map_or(0, |(support, _)| support);
    let share = u16::from(winner) * u16::from(100 - rival.min(100)) / 100;
    identity.confidence = u8::try_from(share).unwrap_or(winner);

    let ours: Vec<(Arc<str>, &Fact)> = claims
        .iter()
        .filter_map(|fact| match &fact.claim {
            Claim::Vendor(vendor) if signatures.house_of(vendor) == *house => {
                Some((Arc::clone(vendor), *fact))
            }
            Claim::Vendor(_)
            | Claim::House(_)
            | Claim::Model
            | Claim::Serial
            | Claim::Firmware
            | Claim::Hostname
            | Claim::Activated
            | Claim::Channels
            | Claim::DefaultLogin => None,
        })
        .collect();
    let brands = tally(
        ours.iter()
            .filter(|(vendor, fact)| {
                fact.source == EvidenceSource::Sadp && signatures.brand(vendor).is_some()
            })
            .cloned(),
    );
    let vendors = tally(ours.iter().cloned());
    let vendor = brands
        .first()
        .or_else(|| vendors.first())
        .map_or_else(|| Arc::clone(house), |(vendor, _)| Arc::clone(vendor));
    identity.oem_of = signatures.brand(&vendor).map(|brand| {
        let registered = tally(
            ours.iter()
                .filter(|(maker, fact)| fact.source == EvidenceSource::Oui && *maker != vendor)
                .cloned(),
        );
        registered.first().map_or_else(|| Arc::clone(&brand.maker), |(maker, _)| Arc::clone(maker))
    });
    identity.vendor = Some(vendor);
    identity
}

/// Sums up who is supported by what: the best supported first, by name where support is equal.
fn tally<'a>(claims: impl Iterator<Item = (Arc<str>, &'a Fact)>) -> Vec<(Arc<str>, Support)> {
    let mut sums: Vec<(Arc<str>, Support)> = Vec::new();
    for (name, fact) in claims {
        let index = match sums.iter().position(|(known, _)| *known == name) {
            Some(index) => index,
            None => {
                sums.push((name, Vec::new()));
                sums.len() - 1
            }
        };
        let Some((_, support)) = sums.get_mut(index) else { continue };
        match support.iter_mut().find(|(source, _)| *source == fact.source) {
            Some((_, weight)) => *weight = (*weight).max(fact.weight),
            None => support.push((fact.source, fact.weight)),
        }
    }
    sums.sort_by(|(a_name, a), (b_name, b)| {
        confidence(b).cmp(&confidence(a)).then_with(|| a_name.cmp(b_name))
    });
    sums
}

/// `100 * (1 - product(1 - weight / 100))`, rounded down.
fn confidence(support: &Support) -> u8 {
    // Four sources at most: 100^4 fits well.
    let mut doubt: u64 = 1;
    let mut whole: u64 = 1;
    for (_, weight) in support {
        doubt *= u64::from(100 - (*weight).min(100));
        whole *= 100;
    }
    let sure = u8::try_from((whole - doubt) * 100 / whole).unwrap_or(100);
    if support.len() < 2 { sure.min(MAX_CONFIDENCE_OF_ONE_SOURCE) } else { sure }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::Timestamp;

    const AT: Timestamp = Timestamp::from_parts(1_000, 0);

    fn vendor(source: EvidenceSource, slug: &str, weight: u8) -> Fact {
        Fact::new(source, Claim::Vendor(slug.into()), slug, weight, AT)
    }

    fn fused(facts: &[Fact]) -> Identity {
        let mut set = FactSet::default();
        for fact in facts {
            set.join(fact.clone());
        }
        fuse(&set, false, &Signatures::builtin())
    }

    #[test]
    fn one_source_never_reaches_sixty_however_often_it_speaks() {
        let facts: Vec<Fact> = (0..4)
            .map(|n| {
                let claim = Claim::Vendor("ezviz".into());
                Fact::new(EvidenceSource::CloudName, claim, &format!("dev{n}.example"), 99, AT)
            })
            .collect();

        assert_eq!(fused(&facts).confidence, MAX_CONFIDENCE_OF_ONE_SOURCE);
    }

    #[test]
    fn independent_sources_add_up() {
        let facts = [
            vendor(EvidenceSource::Oui, "hikvision", 50),
            vendor(EvidenceSource::Sadp, "hikvision", 55),
            vendor(EvidenceSource::CloudName, "hikvision", 45),
        ];

        assert_eq!(fused(&facts[..1]).confidence, 50);
        assert_eq!(fused(&facts[..2]).confidence, 77);
        assert_eq!(fused(&facts).confidence, 87);
    }

    #[test]
    fn vendors_of_one_house_support_each_other_and_another_house_takes_away() {
        let hikvision = vendor(EvidenceSource::Oui, "hikvision", 50);
        let ezviz = vendor(EvidenceSource::CloudName, "ezviz", 45);
        let stranger = vendor(EvidenceSource::CloudName, "acme", 45);

        let together = fused(&[hikvision.clone(), ezviz]);
        assert_eq!((together.vendor.as_deref(), together.confidence), (Some("hikvision"), 72));

        let against = fused(&[hikvision, stranger]);
        assert_eq!((against.vendor.as_deref(), against.confidence), (Some("hikvision"), 27));
    }

    #[test]
    fn a_brand_that_a_device_names_is_the_vendor_and_its_maker_stands_behind_it() {
        let oui = vendor(EvidenceSource::Oui, "hikvision", 50);
        let brand = vendor(EvidenceSource::Sadp, "annke", 55);

        let known_block = fused(&[oui, brand.clone()]);
        let foreign_block = fused(&[brand]);

        assert_eq!(known_block.vendor.as_deref(), Some("annke"));
        assert_eq!(known_block.oem_of.as_deref(), Some("hikvision"));
        assert_eq!(known_block.confidence, 77);
        assert_eq!(foreign_block.oem_of.as_deref(), Some("hikvision"));
        assert_eq!(foreign_block.confidence, 55);
    }

    #[test]
    fn where_only_the_house_is_known_the_house_names_the_vendor() {
        let sadp = Fact::new(EvidenceSource::Sadp, Claim::House("hikvision".into()), "x", 55, AT);
        let ezviz = vendor(EvidenceSource::Oui, "ezviz", 50);

        assert_eq!(fused(std::slice::from_ref(&sadp)).vendor.as_deref(), Some("hikvision"));
        assert_eq!(fused(&[sadp, ezviz]).vendor.as_deref(), Some("ezviz"));
    }

    #[test]
    fn names_that_a_forwarder_asks_for_say_nothing_of_it() {
        let mut facts = FactSet::default();
        facts.join(vendor(EvidenceSource::CloudName, "ezviz", 45));

        assert!(fuse(&facts, false, &Signatures::builtin()).vendor.is_some());
        assert_eq!(fuse(&facts, true, &Signatures::builtin()).vendor, None);
    }

    fn any_fact() -> impl Strategy<Value = Fact> {
        let source = prop_oneof![
            Just(EvidenceSource::Oui),
            Just(EvidenceSource::Sadp),
            Just(EvidenceSource::Dhcp),
            Just(EvidenceSource::CloudName),
        ];
        let claim = prop_oneof![
            prop_oneof![Just("hikvision"), Just("ezviz"), Just("annke"), Just("acme")]
                .prop_map(|slug| Claim::Vendor(slug.into())),
            Just(Claim::House("hikvision".into())),
            Just(Claim::Model),
            Just(Claim::Serial),
            Just(Claim::Firmware),
            Just(Claim::Hostname),
        ];
        let value = prop_oneof!["[a-f]", Just("DS-2CD2385G1-I".to_owned())];
        (source, claim, value, 0u8..=60, 0u64..6).prop_map(
            |(source, claim, value, weight, second)| {
                Fact::new(source, claim, &value, weight, Timestamp::from_parts(second, 0))
            },
        )
    }

    proptest! {
        #[test]
        fn order_and_duplicates_do_not_change_the_identity(
            (facts, shuffled) in prop::collection::vec(any_fact(), 0..60).prop_map(|facts| {
                // The weight belongs to what was seen, as the signatures have it.
                facts.into_iter().map(|mut fact| {
                    let seed = fact.value.len() + fact.source as usize * 7 + fact.claim.aspect() as usize;
                    fact.weight = u8::try_from(seed % 60).unwrap();
                    fact
                }).collect::<Vec<_>>()
            }).prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
            again in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let doubled: Vec<Fact> = shuffled
                .iter()
                .cloned()
                .chain(again.iter().filter(|_| !facts.is_empty()).map(|index| index.get(&facts).clone()))
                .collect();

            prop_assert_eq!(fused(&facts), fused(&doubled));
        }

        #[test]
        fn facts_are_bounded(facts in prop::collection::vec(any_fact(), 0..300)) {
            let mut set = FactSet::default();
            for fact in facts {
                set.join(fact);
            }

            prop_assert!(set.iter().count() <= 4 * 5 * super::super::fact::MAX_FACTS_PER_ASPECT);
        }
    }
}
