//! What device messages tell, compiled: brands, model names, weights.
//!
//! Comes in: the text of `config/catalogue/devices.toml`. Goes out: look-ups by vendor, by words and by model.
//! It never reads a file and never lets a rule of grade D name a vendor.

use std::sync::Arc;

use serde::Deserialize;

use super::DeviceKind;
use crate::catalogue::Grade;

/// The text that is part of the program.
const BUILTIN: &str = include_str!("../../config/catalogue/devices.toml");

/// Compiled device signatures.
#[derive(Debug, Clone)]
pub struct Signatures {
    pub(super) weights: Weights,
    houses: Vec<House>,
    brands: Vec<Brand>,
    models: Vec<ModelRule>,
}

/// How much one observation counts, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weights {
    /// The MAC address lies in a block of the vendor.
    pub(super) oui: u8,
    /// A SADP reply from the station that it names.
    pub(super) sadp: u8,
    /// A SADP reply that names another station.
    pub(super) sadp_foreign_mac: u8,
    /// A device-side name of grade A or B.
    pub(super) cloud_name: u8,
    /// A device-side name of grade C.
    pub(super) cloud_name_measured_once: u8,
}

#[derive(Debug, Clone)]
struct House {
    name: Arc<str>,
    speaks_sadp: bool,
    vendors: Vec<Arc<str>>,
}

/// A brand under which units of another maker are sold.
#[derive(Debug, Clone)]
pub(super) struct Brand {
    /// The slug that becomes the vendor.
    pub(super) vendor: Arc<str>,
    /// Who makes the units, where nothing on the wire says better.
    pub(super) maker: Arc<str>,
    words: Vec<String>,
    models: Vec<String>,
}

#[derive(Debug, Clone)]
struct ModelRule {
    prefix: String,
    vendor: Option<Arc<str>>,
    kind: Option<DeviceKind>,
    grade: Grade,
}

/// Why device signatures were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not TOML, or an unknown or missing key.
    #[error("device signatures: {reason}")]
    Syntax {
        /// The reader's words.
        reason: String,
    },
    /// A weight above 59 would let one observation alone pass for two.
    #[error("weights.{key}: must be 1 to 59, is {value}")]
    Weight {
        /// The key.
        key: &'static str,
        /// Its value.
        value: u8,
    },
    /// A `kind` outside the closed set.
    #[error("model {prefix}: unknown kind `{kind}`")]
    Kind {
        /// The entry.
        prefix: String,
        /// Its value.
        kind: String,
    },
    /// An entry of grade D that names a vendor.
    #[error("{entry}: grade D never decides on a vendor")]
    Undecidable {
        /// The entry.
        entry: String,
    },
    /// An entry above grade D without a source.
    #[error("{entry}: no source")]
    Sourceless {
        /// The entry.
        entry: String,
    },
}

impl Signatures {
    /// The signatures that are part of the program.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the text is part of the program, and a test compiles the same text"
    )]
    pub fn builtin() -> Self {
        Self::compile(BUILTIN).expect("the built-in device signatures compile")
    }

    /// Compiles signatures from TOML text.
    ///
    /// # Errors
    /// The first thing that is wrong with the text.
    pub fn compile(text: &str) -> Result<Self, SignatureError> {
        let raw: RawSignatures = toml::from_str(text)
            .map_err(|error| SignatureError::Syntax { reason: error.message().to_owned() })?;
        check_weights(raw.weights)?;
        for house in &raw.house {
            check_sources(&house.name, house.grade, &house.sources, true)?;
        }
        for brand in &raw.brand {
            check_sources(&brand.vendor, brand.grade, &brand.sources, true)?;
        }
        let mut models = raw
            .model
            .into_iter()
            .map(|rule| {
                check_sources(&rule.prefix, rule.grade, &rule.sources, rule.vendor.is_some())?;
                let kind = rule.kind.map(|kind| kind_named(&rule.prefix, kind)).transpose()?;
                let vendor = rule.vendor.map(Arc::from);
                Ok(ModelRule { prefix: rule.prefix, vendor, kind, grade: rule.grade })
            })
            .collect::<Result<Vec<_>, SignatureError>>()?;
        // The longest prefix first; entries of one length by name, so that the file's order decides nothing.
        models.sort_by(|a, b| {
            b.prefix.len().cmp(&a.prefix.len()).then_with(|| a.prefix.cmp(&b.prefix))
        });
        let houses = raw.house.into_iter().map(RawHouse::into_house).collect();
        let brands = raw.brand.into_iter().map(RawBrand::into_brand).collect();
        Ok(Self { weights: raw.weights, houses, brands, models })
    }

    /// The house that a vendor belongs to; a vendor without an entry is a house of its own.
    pub(super) fn house_of(&self, vendor: &Arc<str>) -> Arc<str> {
        let maker = self.brand(vendor).map_or(vendor, |brand| &brand.maker);
        self.houses
            .iter()
            .find(|house| house.vendors.contains(maker))
            .map_or_else(|| Arc::clone(maker), |house| Arc::clone(&house.name))
    }

    /// The house whose devices speak SADP.
    pub(super) fn sadp_house(&self) -> Option<Arc<str>> {
        self.houses.iter().find(|house| house.speaks_sadp).map(|house| Arc::clone(&house.name))
    }

    /// The entry of a vendor that sells another's units.
    pub(super) fn brand(&self, vendor: &str) -> Option<&Brand> {
        self.brands.iter().find(|brand| &*brand.vendor == vendor)
    }

    /// The brand that one of `texts` names, or whose model name `model` is.
    pub(super) fn brand_named(&self, texts: &[&str], model: Option<&str>) -> Option<&Brand> {
        self.brands.iter().find(|brand| {
            brand.words.iter().any(|word| texts.iter().any(|text| has_word(text, word)))
                || model.is_some_and(|model| {
                    brand.models.iter().any(|known| known.eq_ignore_ascii_case(model))
                })
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

    fn matching<'a>(&'a self, model: &'a str) -> impl Iterator<Item = &'a ModelRule> {
        self.models.iter().filter(move |rule| {
            model
                .get(..rule.prefix.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(&rule.prefix))
        })
    }
}

/// Tells whether `word` stands in `text` by itself, in any case.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|part| part.eq_ignore_ascii_case(word))
}

fn check_weights(weights: Weights) -> Result<(), SignatureError> {
    let all = [
        ("oui", weights.oui),
        ("sadp", weights.sadp),
        ("sadp_foreign_mac", weights.sadp_foreign_mac),
        ("cloud_name", weights.cloud_name),
        ("cloud_name_measured_once", weights.cloud_name_measured_once),
    ];
    for (key, value) in all {
        if !(1..=59).contains(&value) {
            return Err(SignatureError::Weight { key, value });
        }
    }
    Ok(())
}

fn check_sources(
    entry: &str,
    grade: Grade,
    sources: &[String],
    names_vendor: bool,
) -> Result<(), SignatureError> {
    if grade == Grade::D {
        if names_vendor {
            return Err(SignatureError::Undecidable { entry: entry.to_owned() });
        }
    } else if sources.is_empty() {
        return Err(SignatureError::Sourceless { entry: entry.to_owned() });
    }
    Ok(())
}

fn kind_named(prefix: &str, kind: String) -> Result<DeviceKind, SignatureError> {
    [
        DeviceKind::Camera,
        DeviceKind::Recorder,
        DeviceKind::Doorbell,
        DeviceKind::AccessControl,
        DeviceKind::Intercom,
    ]
    .into_iter()
    .find(|known| known.as_label() == kind)
    .ok_or_else(|| SignatureError::Kind { prefix: prefix.to_owned(), kind })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSignatures {
    weights: Weights,
    #[serde(default)]
    house: Vec<RawHouse>,
    #[serde(default)]
    brand: Vec<RawBrand>,
    #[serde(default)]
    model: Vec<RawModel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHouse {
    name: String,
    #[serde(default)]
    speaks_sadp: bool,
    vendors: Vec<String>,
    grade: Grade,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default, rename = "note")]
    _note: String,
}

impl RawHouse {
    fn into_house(self) -> House {
        House {
            name: self.name.into(),
            speaks_sadp: self.speaks_sadp,
            vendors: self.vendors.into_iter().map(Arc::from).collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBrand {
    vendor: String,
    maker: String,
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    models: Vec<String>,
    grade: Grade,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default, rename = "note")]
    _note: String,
}

impl RawBrand {
    fn into_brand(self) -> Brand {
        Brand {
            vendor: self.vendor.into(),
            maker: self.maker.into(),
            words: self.words,
            models: self.models,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModel {
    prefix: String,
    vendor: Option<String>,
    kind: Option<String>,
    grade: Grade,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default, rename = "note")]
    _note: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_text_compiles() {
        let signatures = Signatures::compile(BUILTIN).unwrap();

        assert_eq!(signatures.sadp_house().as_deref(), Some("hikvision"));
        assert!(signatures.brands.len() > 10 && signatures.models.len() > 10);
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
    fn a_vendor_of_grade_d_and_a_fact_without_source_are_refused() {
        let weights = "[weights]\noui=50\nsadp=55\nsadp_foreign_mac=30\ncloud_name=45\ncloud_name_measured_once=35\n";
        let refused = |entry: &str| Signatures::compile(&format!("{weights}{entry}")).unwrap_err();

        assert!(matches!(
            refused("[[brand]]\nvendor='abus'\nmaker='hikvision'\ngrade='D'\n"),
            SignatureError::Undecidable { .. }
        ));
        assert!(matches!(
            refused("[[model]]\nprefix='X'\nkind='camera'\ngrade='B'\n"),
            SignatureError::Sourceless { .. }
        ));
        assert!(matches!(
            refused("[[model]]\nprefix='X'\nkind='toaster'\ngrade='D'\n"),
            SignatureError::Kind { .. }
        ));
        assert!(matches!(
            Signatures::compile(&weights.replace("50", "60")).unwrap_err(),
            SignatureError::Weight { key: "oui", value: 60 }
        ));
    }
}
