//! From facts to an identity.
//!
//! Comes in: the facts of one device. Goes out: an [`Identity`]. It never looks at the order in which facts came, and
//! how often something was seen never counts: repetition proves nothing.
//!
//! The rule, in steps:
//!
//! 1. Facts are grouped by house (vendors of one group, which share protocols, address blocks and clouds) and, within
//!    a house, by kind ([`EvidenceKind`](super::EvidenceKind)): facts of one kind are not independent, so the strongest
//!    weight of each kind counts.
//! 2. A house's support is `100 * (1 - product(1 - weight / 100))` over its kinds: the chance that not all of them are
//!    mistaken, if each were so by itself.
//! 3. A house without any fact of the weight `decisive` gets no verdict: weak facts (a time server, a generic banner)
//!    only support one. Confirmed (60 and above) needs a second kind of the weight `corroborating` or more; else the
//!    support is at most 59.
//! 4. The house with the most support wins; houses of other makers never do. Each other house that has a decisive fact is
//!    a contradiction, and takes its share away: `confidence = winner * product(1 - other / 100)`.
//! 5. In the winning house the device is of the brand that it names itself, when that brand sells another's units; else of
//!    the vendor with the most support by the same formula; else, where only the house is known, of the vendor
//!    that gave the house its name. An address block or a name in the cloud shows the maker, so it never contradicts
//!    a brand; and a brand's name alone, in a field that any device has, says nothing of who made it, so it weighs
//!    nothing there.
//! 6. `oem_of` is the maker behind such a brand: the vendor of the house that the address block is registered to,
//!    or the one that the signatures know.
//!
//! A device that forwards for others gives no evidence by what others may have sent through it: a name server none by the
//! names it asks for, a router none by anything that is carried over IP.

use std::sync::Arc;

use super::fact::{Aspect, Fact};
use super::fact_set::FactSet;
use super::forwarding::Forwarding;
use super::support::{Houses, Weighed, tally};
use super::{Claim, Contradiction, DeviceKind, EvidenceSource, Identity, Signatures};

/// Channels from which on a device of unknown kind is a recorder.
const RECORDER_CHANNELS: u16 = 2;

/// Concludes who a device is.
pub(super) fn fuse(facts: &FactSet, forwarding: Forwarding, signatures: &Signatures) -> Identity {
    let claims: Vec<Weighed<'_>> = facts
        .iter()
        .filter(|fact| forwarding.leaves(fact.source) && fact.claim.aspect() == Aspect::Vendor)
        .map(Fact::weighed)
        .collect();
    let houses = Houses::weigh(claims.iter().copied(), signatures);
    let text = |aspect| facts.best(aspect).map(|fact| fact.value.clone());
    let mut identity = Identity {
        kind: kind_of(facts, signatures),
        model: text(Aspect::Model),
        serial: text(Aspect::Serial),
        firmware: text(Aspect::Firmware),
        confidence: houses.confidence(&signatures.weights),
        ..Identity::default()
    };
    let Some(winner) = &houses.winner else {
        return identity;
    };
    identity.contradictions = houses
        .rivals
        .iter()
        .map(|rival| Contradiction {
            house: Arc::clone(&rival.name),
            support: rival.confidence(&signatures.weights),
            sources: rival.sources.clone(),
        })
        .collect();

    let ours = || {
        claims.iter().filter_map(|weighed| match weighed.claim {
            Claim::Vendor(vendor) if signatures.house_of(vendor) == winner.name => {
                Some((Arc::clone(vendor), *weighed))
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
    };
    let names_itself = |vendor: &str, weighed: &Weighed<'_>| {
        weighed.source != EvidenceSource::Oui
            && weighed.source != EvidenceSource::CloudName
            && signatures.brand(vendor).is_some()
    };
    let brands =
        tally(ours().filter(|(vendor, weighed)| names_itself(vendor, weighed)), signatures);
    let vendors = tally(ours().filter(|(_, weighed)| weighed.weight > 0), signatures);
    let vendor = brands
        .first()
        .or_else(|| vendors.first())
        .map_or_else(|| Arc::clone(&winner.name), |support| Arc::clone(&support.name));
    identity.oem_of = signatures.brand(&vendor).map(|brand| {
        let registered = tally(
            ours().filter(|(maker, weighed)| {
                weighed.source == EvidenceSource::Oui && *maker != vendor
            }),
            signatures,
        );
        registered.first().map_or_else(|| Arc::clone(&brand.maker), |maker| Arc::clone(&maker.name))
    });
    identity.vendor = Some(vendor);
    identity
}

/// What the device is: by its model, else a recorder when it says that cameras are behind it.
fn kind_of(facts: &FactSet, signatures: &Signatures) -> DeviceKind {
    let model = facts.best(Aspect::Model).map(|fact| fact.value.as_str());
    let by_model = model.and_then(|model| signatures.kind_of_model(model));
    let channels = facts.best(Aspect::Channels).and_then(|fact| fact.value.parse::<u16>().ok());
    match (by_model, channels) {
        (Some((kind, _grade)), _) => kind,
        (None, Some(channels)) if channels >= RECORDER_CHANNELS => DeviceKind::Recorder,
        (None, Some(_) | None) => DeviceKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fact::Sighting;
    use super::super::support::MAX_OF_ONE_KIND;
    use super::*;
    use crate::net::Timestamp;

    type Seen = (EvidenceSource, Claim, String, u8);

    fn vendor(source: EvidenceSource, slug: &str, weight: u8) -> Seen {
        (source, Claim::Vendor(slug.into()), slug.to_owned(), weight)
    }

    fn house(source: EvidenceSource, slug: &str, weight: u8) -> Seen {
        (source, Claim::House(slug.into()), slug.to_owned(), weight)
    }

    fn set_of(seen: &[Seen]) -> FactSet {
        let mut set = FactSet::default();
        for (second, (source, claim, value, weight)) in (1..).zip(seen) {
            let sighting = Sighting { source: *source, claim, value, weight: *weight };
            set.observe(&sighting, Timestamp::from_parts(second, 0));
        }
        set
    }

    fn fused(seen: &[Seen]) -> Identity {
        fuse(&set_of(seen), Forwarding::No, &Signatures::builtin())
    }

    #[test]
    fn one_kind_never_reaches_sixty_however_often_it_speaks() {
        let names: Vec<Seen> = (0..4)
            .map(|n| {
                let claim = Claim::Vendor("ezviz".into());
                (EvidenceSource::CloudName, claim, format!("dev{n}.example"), 99)
            })
            .collect();
        let banners = [
            house(EvidenceSource::Http, "hikvision", 59),
            house(EvidenceSource::Rtsp, "hikvision", 59),
            house(EvidenceSource::Certificate, "hikvision", 59),
        ];

        assert_eq!(fused(&names).confidence, MAX_OF_ONE_KIND);
        assert_eq!(fused(&banners).confidence, 59);
    }

    #[test]
    fn independent_kinds_add_up() {
        let facts = [
            vendor(EvidenceSource::Oui, "hikvision", 50),
            vendor(EvidenceSource::Sadp, "hikvision", 55),
            vendor(EvidenceSource::SadpLink, "hikvision", 45),
            vendor(EvidenceSource::CloudName, "hikvision", 45),
        ];

        assert_eq!(fused(&facts[..1]).confidence, 50);
        assert_eq!(fused(&facts[..2]).confidence, 77);
        assert_eq!(fused(&facts[..3]).confidence, 77);
        assert_eq!(fused(&facts).confidence, 87);
    }

    #[test]
    fn weak_facts_lead_to_no_verdict_and_never_confirm() {
        let weak = [
            house(EvidenceSource::Ntp, "hikvision", 9),
            house(EvidenceSource::Http, "hikvision", 9),
            house(EvidenceSource::Ports, "hikvision", 9),
            house(EvidenceSource::Ssdp, "hikvision", 9),
        ];
        let shared_name = vendor(EvidenceSource::CloudName, "hikvision", 20);
        let mut with_block = weak.to_vec();
        with_block.push(vendor(EvidenceSource::Oui, "hikvision", 50));
        let mut corroborated = with_block.clone();
        corroborated.push(shared_name.clone());

        assert_eq!(fused(&weak).vendor, None);
        assert_eq!(fused(&weak).confidence, 0);
        assert_eq!(fused(std::slice::from_ref(&shared_name)).vendor, None);
        assert_eq!(fused(&with_block).confidence, 59);
        assert_eq!(fused(&corroborated).confidence, 69);
    }

    #[test]
    fn vendors_of_one_house_support_each_other_and_another_house_takes_away() {
        let hikvision = vendor(EvidenceSource::Oui, "hikvision", 50);
        let ezviz = vendor(EvidenceSource::CloudName, "ezviz", 45);
        let stranger = vendor(EvidenceSource::CloudName, "acme", 45);
        let other = house(EvidenceSource::WsDiscovery, "reolink", 35);

        let together = fused(&[hikvision.clone(), ezviz]);
        assert_eq!((together.vendor.as_deref(), together.confidence), (Some("hikvision"), 72));
        assert_eq!(together.contradictions, []);

        let against = fused(&[hikvision.clone(), stranger.clone()]);
        assert_eq!((against.vendor.as_deref(), against.confidence), (Some("hikvision"), 27));
        let contradiction = Contradiction {
            house: "acme".into(),
            support: 45,
            sources: vec![EvidenceSource::CloudName],
        };
        assert_eq!(against.contradictions, [contradiction]);

        let both = fused(&[hikvision, stranger, other]);
        assert_eq!((both.confidence, both.contradictions.len()), (17, 2));
    }

    #[test]
    fn another_maker_is_never_the_verdict() {
        let other = house(EvidenceSource::WsDiscovery, "reolink", 50);

        let identity = fused(std::slice::from_ref(&other));
        assert_eq!((identity.vendor, identity.confidence), (None, 0));

        let identity = fused(&[other, vendor(EvidenceSource::Oui, "hikvision", 40)]);
        assert_eq!((identity.vendor.as_deref(), identity.confidence), (Some("hikvision"), 20));
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
    fn the_name_of_a_brand_alone_names_no_maker_and_with_other_evidence_names_the_brand() {
        let brand = vendor(EvidenceSource::WsDiscovery, "swann", 0);
        let banner = house(EvidenceSource::Http, "hikvision", 50);

        assert_eq!(fused(std::slice::from_ref(&brand)).vendor, None);
        let identity = fused(&[brand, banner]);
        assert_eq!(identity.vendor.as_deref(), Some("swann"));
        assert_eq!((identity.oem_of.as_deref(), identity.confidence), (Some("hikvision"), 50));
    }

    #[test]
    fn where_only_the_house_is_known_the_house_names_the_vendor() {
        let sadp = house(EvidenceSource::Sadp, "hikvision", 55);
        let ezviz = vendor(EvidenceSource::Oui, "ezviz", 50);

        assert_eq!(fused(std::slice::from_ref(&sadp)).vendor.as_deref(), Some("hikvision"));
        assert_eq!(fused(&[sadp, ezviz]).vendor.as_deref(), Some("ezviz"));
    }

    #[test]
    fn what_a_forwarder_passes_on_says_nothing_of_it() {
        let names = set_of(&[vendor(EvidenceSource::CloudName, "ezviz", 45)]);
        let registration = set_of(&[
            vendor(EvidenceSource::CloudName, "ezviz", 45),
            house(EvidenceSource::Lbs, "hikvision", 59),
        ]);
        let vendor = |facts, forwarding| fuse(facts, forwarding, &Signatures::builtin()).vendor;

        assert!(vendor(&names, Forwarding::No).is_some());
        assert_eq!(vendor(&names, Forwarding::Names), None);
        assert!(vendor(&registration, Forwarding::Names).is_some());
        assert_eq!(vendor(&registration, Forwarding::Packets), None);
    }

    #[test]
    fn a_device_that_says_how_many_cameras_are_behind_it_is_a_recorder() {
        let channels = |n: &str| (EvidenceSource::Sadp, Claim::Channels, n.to_owned(), 55);

        assert_eq!(fused(&[channels("8")]).kind, DeviceKind::Recorder);
        assert_eq!(fused(&[channels("1")]).kind, DeviceKind::Unknown);
    }

    fn any_seen() -> impl Strategy<Value = Seen> {
        let source = prop::sample::select(&EvidenceSource::ALL[..]);
        let claim = prop_oneof![
            4 => prop::sample::select(&["hikvision", "ezviz", "annke", "acme", "reolink"][..])
                .prop_map(|slug| Claim::Vendor(slug.into())),
            1 => Just(Claim::House("hikvision".into())),
            1 => Just(Claim::House("reolink".into())),
            1 => Just(Claim::Model),
            1 => Just(Claim::Serial),
            1 => Just(Claim::Firmware),
            1 => Just(Claim::Hostname),
            1 => prop::sample::select(&[Claim::Activated, Claim::Channels, Claim::DefaultLogin][..]),
        ];
        let value = prop_oneof!["[a-h]", Just("DS-2CD2385G1-I".to_owned()), Just("4".to_owned())];
        (source, claim, value, 0u8..=59)
    }

    proptest! {
        #[test]
        fn order_and_duplicates_do_not_change_the_identity(
            (seen, shuffled) in prop::collection::vec(any_seen(), 0..120)
                .prop_flat_map(|seen| {
                    let timed: Vec<_> = (0u64..).zip(seen).collect();
                    (Just(timed.clone()), Just(timed).prop_shuffle())
                }),
            again in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
            forwarding in prop::sample::select(&[
                Forwarding::No, Forwarding::Names, Forwarding::Packets
            ][..]),
        ) {
            let doubled: Vec<_> = shuffled
                .iter()
                .chain(again.iter().filter(|_| !seen.is_empty()).map(|index| index.get(&seen)))
                .cloned()
                .collect();
            let concluded = |seen: &[(u64, Seen)]| {
                let mut set = FactSet::default();
                for (second, (source, claim, value, weight)) in seen {
                    let sighting = Sighting { source: *source, claim, value, weight: *weight };
                    set.observe(&sighting, Timestamp::from_parts(*second, 0));
                }
                fuse(&set, forwarding, &Signatures::builtin())
            };

            prop_assert_eq!(concluded(&seen), concluded(&doubled));
        }

        #[test]
        fn sixty_needs_two_kinds_and_what_contradicts_never_raises(
            seen in prop::collection::vec(any_seen(), 0..30),
            weight in 30u8..=59,
        ) {
            let identity = fused(&seen);
            let mut kinds: Vec<_> = seen
                .iter()
                .filter(|(_, _, _, weight)| *weight >= Signatures::builtin().weights.corroborating)
                .map(|(source, ..)| crate::device::EvidenceKind::from(*source))
                .collect();
            kinds.sort_unstable();
            kinds.dedup();
            prop_assert!(identity.confidence < 60 || kinds.len() >= 2);

            let mut contradicted = seen;
            contradicted.push(house(EvidenceSource::WsDiscovery, "dahua", weight));
            prop_assert!(fused(&contradicted).confidence <= identity.confidence);
        }
    }
}
