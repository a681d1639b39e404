//! What device messages tell, compiled: brands, model names, signatures, weights.
//!
//! Comes in: what `signature_file` read. Goes out: look-ups by vendor, by words, by model and by place. A rule of grade D
//! never names a vendor.

use std::sync::Arc;

use serde::Deserialize;

use super::pattern::Match;
use super::place::{Place, ProtocolSign};
use super::{Claim, DeviceKind, EvidenceSource};
use crate::catalogue::Grade;

/// Compiled device signatures.
#[derive(Debug, Clone)]
pub struct Signatures {
    pub(super) weights: Weights,
    pub(super) houses: Vec<House>,
    pub(super) brands: Vec<Brand>,
    pub(super) models: Vec<ModelRule>,
    /// The strongest first.
    pub(super) signatures: Vec<Signature>,
    pub(super) other_makers: Vec<OtherMaker>,
    pub(super) port_sets: Vec<PortSet>,
    /// The ports of all sets, in the order of the bits of [`PortBits`].
    pub(super) ports: Vec<u16>,
}

/// Which of the ports in port sets a host answers on.
pub(super) type PortBits = u32;

/// How much one observation counts, 0 to 59.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weights {
    /// From this weight on a fact can lead to a verdict.
    pub(super) decisive: u8,
    /// From this weight on a fact of another kind can confirm one.
    pub(super) corroborating: u8,
    /// The MAC address lies in a block of the vendor.
    pub(super) oui: u8,
    /// The block is one of locally administered addresses.
    pub(super) oui_locally_administered: u8,
    /// A SADP reply from the station that it names.
    pub(super) sadp: u8,
    /// A SADP reply that names another station.
    pub(super) sadp_foreign_mac: u8,
    /// The same over EtherType 0x8033.
    pub(super) sadp_link: u8,
    /// The same from another station.
    pub(super) sadp_link_foreign_mac: u8,
    /// A device-side name of grade A or B.
    pub(super) cloud_name: u8,
    /// A device-side name of grade C.
    pub(super) cloud_name_measured_once: u8,
    /// A name that devices and apps both speak to.
    pub(super) shared_cloud_name: u8,
    /// A time server of the vendor.
    pub(super) ntp_name: u8,
    /// A model named as the vendor names its own.
    pub(super) model_name: u8,
    /// A banner of another maker.
    pub(super) other_maker: u8,
    /// A set of ports.
    pub(super) ports: u8,
}

/// Vendors of one group.
#[derive(Debug, Clone)]
pub(super) struct House {
    pub(super) name: Arc<str>,
    pub(super) speaks_sadp: bool,
    pub(super) vendors: Vec<Arc<str>>,
}

/// A brand under which units of another maker are sold.
#[derive(Debug, Clone)]
pub(super) struct Brand {
    /// The slug that becomes the vendor.
    pub(super) vendor: Arc<str>,
    /// Who makes the units, where nothing on the wire says better.
    pub(super) maker: Arc<str>,
    /// How well it is established that the maker makes them.
    pub(super) grade: Grade,
    pub(super) words: Vec<String>,
    pub(super) models: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct ModelRule {
    pub(super) prefix: String,
    pub(super) vendor: Option<Arc<str>>,
    pub(super) kind: Option<DeviceKind>,
    pub(super) grade: Grade,
}

/// Something that a device says, and what it claims.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    pub(super) place: Place,
    pub(super) how: Match,
    pub(super) pattern: String,
    pub(super) source: EvidenceSource,
    pub(super) claim: Claim,
    pub(super) weight: u8,
}

/// A maker of cameras that is none of the vendors.
#[derive(Debug, Clone)]
pub(super) struct OtherMaker {
    pub(super) house: Arc<str>,
    pub(super) claim: Claim,
    pub(super) words: Vec<String>,
}

/// Ports that a vendor's devices answer on together.
#[derive(Debug, Clone)]
pub(super) struct PortSet {
    pub(super) bits: PortBits,
    pub(super) least: u32,
    pub(super) claim: Claim,
    /// How the set is written in evidence.
    pub(super) label: String,
}

impl Signatures {
    /// The house that a vendor belongs to; a vendor without an entry is a house of its own.
    pub(super) fn house_of(&self, vendor: &Arc<str>) -> Arc<str> {
        let maker = self.brand(vendor).map_or(vendor, |brand| &brand.maker);
        self.houses
            .iter()
            .find(|house| house.vendors.contains(maker))
            .map_or_else(|| Arc::clone(maker), |house| Arc::clone(&house.name))
    }

    /// Tells whether a house only ever speaks against the vendors.
    pub(super) fn is_other_maker(&self, house: &str) -> bool {
        self.other_makers.iter().any(|other| &*other.house == house)
    }

    /// The house whose devices speak SADP.
    pub(super) fn sadp_house(&self) -> Option<Arc<str>> {
        self.houses.iter().find(|house| house.speaks_sadp).map(|house| Arc::clone(&house.name))
    }

    /// The strongest signature in `place` that agrees with `text`.
    pub(super) fn find(&self, place: Place, text: &str) -> Option<&Signature> {
        self.signatures.iter().find(|signature| {
            signature.place == place && signature.how.agrees(&signature.pattern, text)
        })
    }

    /// Tells whether any signature is looked for in `place`.
    pub(super) fn looks_at(&self, place: Place) -> bool {
        self.signatures.iter().any(|signature| signature.place == place)
    }

    /// The signature of a protocol.
    pub(super) fn protocol(&self, sign: ProtocolSign) -> Option<&Signature> {
        self.find(Place::Protocol, sign.as_label())
    }

    /// Another maker that `text` names.
    pub(super) fn other_maker_named(&self, text: &str) -> Option<&OtherMaker> {
        let names = |other: &&OtherMaker| other.words.iter().any(|word| has_word(text, word));
        self.other_makers.iter().find(names)
    }

    /// The bit of a port that stands in a set.
    pub(super) fn port_bit(&self, port: u16) -> Option<PortBits> {
        let place = self.ports.iter().position(|known| *known == port)?;
        1u32.checked_shl(u32::try_from(place).ok()?)
    }

    /// The sets of which enough ports are answered.
    pub(super) fn port_sets(&self, answered: PortBits) -> impl Iterator<Item = &PortSet> {
        self.port_sets.iter().filter(move |set| (set.bits & answered).count_ones() >= set.least)
    }

    /// The entry of a vendor that sells another's units.
    pub(super) fn brand(&self, vendor: &str) -> Option<&Brand> {
        self.brands.iter().find(|brand| &*brand.vendor == vendor)
    }

    /// The brand that one of `texts` names, or whose model name `model` is.
    pub(super) fn brand_named(&self, texts: &[&str], model: Option<&str>) -> Option<&Brand> {
        self.brands.iter().find(|brand| {
            brand.words.iter().any(|word| texts.iter().any(|text| has_word(text, word)))
                || model.is_some_and(|model| brand.has_model(model))
        })
    }

    /// The brand that `text` begins with, or whose model name it is. In a field that owners can fill, a brand's word
    /// somewhere says nothing.
    pub(super) fn brand_leading(&self, text: &str) -> Option<&Brand> {
        self.brands.iter().find(|brand| {
            brand.words.iter().any(|word| Match::Word.agrees(word, text)) || brand.has_model(text)
        })
    }

    /// The vendor whose way of naming models `model` follows.
    pub(super) fn vendor_of_model(&self, model: &str) -> Option<Arc<str>> {
        self.matching(model).find_map(|rule| rule.vendor.clone())
    }

    /// What a device of this model is, and how well the rule is established.
    ///
    /// A rule of grade D is a hint: it comes last, whatever the length of its prefix.
    pub(super) fn kind_of_model(&self, model: &str) -> Option<(DeviceKind, Grade)> {
        let of = |hint: bool| {
            self.matching(model)
                .filter(|rule| (rule.grade == Grade::D) == hint)
                .find_map(|rule| rule.kind.map(|kind| (kind, rule.grade)))
        };
        of(false).or_else(|| of(true))
    }

    /// The strongest weight that `source` can have; 0 where nothing is known of it.
    pub(super) fn best_weight(&self, source: EvidenceSource) -> u8 {
        let computed = match source {
            EvidenceSource::Oui => self.weights.oui,
            EvidenceSource::Sadp => self.weights.sadp,
            EvidenceSource::SadpLink => self.weights.sadp_link,
            EvidenceSource::CloudName => self.weights.cloud_name,
            EvidenceSource::Ntp => self.weights.ntp_name,
            EvidenceSource::Ports => self.weights.ports,
            EvidenceSource::Ssdp => self.weights.model_name,
            EvidenceSource::Beacon
            | EvidenceSource::WsDiscovery
            | EvidenceSource::Mdns
            | EvidenceSource::Dhcp
            | EvidenceSource::Http
            | EvidenceSource::Rtsp
            | EvidenceSource::Certificate
            | EvidenceSource::Snmp
            | EvidenceSource::Sdk
            | EvidenceSource::Lbs
            | EvidenceSource::Das
            | EvidenceSource::Framing
            | EvidenceSource::Isup
            | EvidenceSource::Fingerprint => 0,
        };
        let signatures = self.signatures.iter().filter(|signature| signature.source == source);
        signatures.map(|signature| signature.weight).fold(computed, u8::max)
    }

    fn matching<'a>(&'a self, model: &'a str) -> impl Iterator<Item = &'a ModelRule> {
        self.models.iter().filter(move |rule| Match::Prefix.agrees(&rule.prefix, model))
    }
}

impl Brand {
    fn has_model(&self, model: &str) -> bool {
        self.models.iter().any(|known| known.eq_ignore_ascii_case(model))
    }
}

/// Tells whether `word` stands in `text` by itself, in any case; a word may have a hyphen.
fn has_word(text: &str, word: &str) -> bool {
    if word.contains('-') {
        return Match::Part.agrees(word, text);
    }
    text.split(|c: char| !c.is_alphanumeric()).any(|part| part.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_text_compiles() {
        let signatures = Signatures::builtin();

        assert_eq!(signatures.sadp_house().as_deref(), Some("hikvision"));
        assert!(signatures.brands.len() > 10 && signatures.models.len() > 10);
        for sign in ProtocolSign::ALL {
            assert!(signatures.protocol(sign).is_some(), "{sign:?}");
        }
    }

    #[test]
    fn the_longest_prefix_decides_and_a_hint_only_where_nothing_better_stands() {
        let signatures = Signatures::builtin();
        let kind = |model| signatures.kind_of_model(model).map(|(kind, _)| kind);

        assert_eq!(kind("DS-2CD2385G1-I"), Some(DeviceKind::Camera));
        assert_eq!(kind("ds-7608ni-k2"), Some(DeviceKind::Recorder));
        assert_eq!(kind("DS-KV6113-WPE1"), Some(DeviceKind::Intercom));
        assert_eq!(kind("DS-K1T671M"), Some(DeviceKind::AccessControl));
        assert_eq!(kind("CS-DB1-A0"), Some(DeviceKind::Doorbell));
        assert_eq!(kind("C500"), None);
        assert_eq!(signatures.kind_of_model("DS-HD1").unwrap().1, Grade::B);
        assert_eq!(signatures.kind_of_model("DS-2CD2385G1-I").unwrap().1, Grade::D);
    }

    #[test]
    fn a_brand_is_named_by_a_whole_word_or_a_whole_model() {
        let signatures = Signatures::builtin();
        let brand = |text, model| {
            signatures.brand_named(&[text], model).map(|brand| brand.vendor.to_string())
        };

        assert_eq!(brand("ANNKE C500", None).as_deref(), Some("annke"));
        assert_eq!(brand("xannkey", None), None);
        assert_eq!(brand("", Some("LV-PDB1630-U")).as_deref(), Some("laview"));
        assert_eq!(brand("", Some("DS-2CD2385G1-I")), None);
    }

    #[test]
    fn the_strongest_signature_of_a_place_is_found() {
        let signatures = Signatures::builtin();
        let weight = |place, text| signatures.find(place, text).map(|found| found.weight);

        assert_eq!(weight(Place::HttpServer, "Hikvision-Webs"), Some(55));
        assert_eq!(weight(Place::HttpServer, "Webs"), Some(12));
        assert_eq!(weight(Place::HttpServer, "Webs/2.0"), None);
        assert_eq!(weight(Place::RtspServer, "Hikvision-Webs"), None);
        assert_eq!(weight(Place::HttpRealm, "IP Camera(D4918)"), Some(50));
        assert_eq!(weight(Place::SnmpObject, "1.3.6.1.4.1.39165.1.1"), Some(55));
        assert_eq!(weight(Place::SnmpObject, "1.3.6.1.4.1.391650"), None);
        assert_eq!(weight(Place::DhcpVendorClass, "anything"), None);
    }

    #[test]
    fn a_set_of_ports_needs_its_least_number() {
        let signatures = Signatures::builtin();
        let sets = |ports: &[u16]| {
            let bits = ports.iter().filter_map(|port| signatures.port_bit(*port));
            signatures.port_sets(bits.fold(0, |all, bit| all | bit)).count()
        };

        assert_eq!(sets(&[80, 443]), 0);
        assert_eq!(sets(&[80, 554, 8000]), 1);
        assert_eq!(sets(&[8000, 8443, 9010, 9020]), 1);
        assert_eq!(signatures.port_bit(22), None);
    }

    #[test]
    fn another_maker_is_named_by_a_word() {
        let signatures = Signatures::builtin();
        let named = |text| signatures.other_maker_named(text).map(|other| other.house.to_string());

        assert_eq!(named("Reolink RLC-410").as_deref(), Some("reolink"));
        assert_eq!(named("TP-LINK Tapo C200").as_deref(), Some("tp-link"));
        assert_eq!(named("HIKVISION DS-2CD2385G1-I"), None);
        assert!(signatures.is_other_maker("reolink") && !signatures.is_other_maker("hikvision"));
    }
}
