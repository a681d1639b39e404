//! Reads device signatures.
//!
//! Comes in: the text of `config/catalogue/devices.toml`. Goes out: [`Signatures`], or the first thing that is wrong. It
//! never reads a file and never lets a rule of grade D name a vendor.

use std::cmp::Reverse;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::pattern::Match;
use super::place::Place;
use super::signature::{
    Brand, House, ModelRule, OtherMaker, PortBits, PortSet, Signature, Signatures, Weights,
};
use super::{Claim, DeviceKind};
use crate::catalogue::Grade;

/// The text that is part of the program.
const BUILTIN: &str = include_str!("../../config/catalogue/devices.toml");

/// One fact alone never confirms.
const MAX_WEIGHT: u8 = 59;

/// Most ports in all sets: as many as a mask has bits.
const MAX_PORTS: usize = PortBits::BITS as usize;

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
    #[error("{key}: a weight must be 1 to 59, is {value}")]
    Weight {
        /// The key or entry.
        key: String,
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
    /// A signature that claims nothing, or both a vendor and a house.
    #[error("signature {entry}: needs either `vendor` or `house`")]
    Claim {
        /// The entry.
        entry: String,
    },
    /// A protocol that nothing recognises.
    #[error("signature {entry}: unknown protocol")]
    Protocol {
        /// The entry.
        entry: String,
    },
    /// Port sets name too many different ports.
    #[error("port sets name more than 32 ports")]
    Ports,
}

impl Signatures {
    /// The signatures that are part of the program, compiled once.
    #[must_use]
    pub fn builtin() -> Arc<Self> {
        #[expect(
            clippy::expect_used,
            reason = "the text is part of the program, and a test compiles the same text"
        )]
        static COMPILED: LazyLock<Arc<Signatures>> = LazyLock::new(|| {
            Arc::new(Signatures::compile(BUILTIN).expect("the built-in device signatures compile"))
        });
        Arc::clone(&COMPILED)
    }

    /// Compiles signatures from TOML text.
    ///
    /// # Errors
    /// The first thing that is wrong with the text.
    pub fn compile(text: &str) -> Result<Self, SignatureError> {
        let raw: RawSignatures = toml::from_str(text)
            .map_err(|error| SignatureError::Syntax { reason: error.message().to_owned() })?;
        check_weights(&raw.weights)?;
        for house in &raw.house {
            check_sources(&house.name, house.grade, &house.sources, true)?;
        }
        for brand in &raw.brand {
            check_sources(&brand.vendor, brand.grade, &brand.sources, true)?;
        }
        for other in &raw.other_maker {
            check_sources(&other.house, other.grade, &other.sources, false)?;
        }
        let decisive = raw.weights.decisive;
        let signatures = raw.signature.into_iter().map(|raw| raw.compile(decisive));
        let mut signatures = signatures.collect::<Result<Vec<_>, SignatureError>>()?;
        // The file's order decides nothing.
        signatures.sort_by(|a, b| {
            (Reverse(a.weight), &a.pattern, &a.claim).cmp(&(
                Reverse(b.weight),
                &b.pattern,
                &b.claim,
            ))
        });
        let models = raw.model.into_iter().map(RawModel::compile);
        let mut models = models.collect::<Result<Vec<_>, SignatureError>>()?;
        // The longest prefix first; entries of one length by name.
        models.sort_by(|a, b| {
            b.prefix.len().cmp(&a.prefix.len()).then_with(|| a.prefix.cmp(&b.prefix))
        });
        let (ports, port_sets) = compile_ports(&raw.port_set)?;
        Ok(Self {
            weights: raw.weights,
            houses: raw.house.into_iter().map(RawHouse::compile).collect(),
            brands: raw.brand.into_iter().map(RawBrand::compile).collect(),
            models,
            signatures,
            other_makers: raw.other_maker.into_iter().map(RawOtherMaker::compile).collect(),
            port_sets,
            ports,
        })
    }
}

fn check_weights(weights: &Weights) -> Result<(), SignatureError> {
    let all = [
        ("decisive", weights.decisive),
        ("corroborating", weights.corroborating),
        ("oui", weights.oui),
        ("oui_locally_administered", weights.oui_locally_administered),
        ("sadp", weights.sadp),
        ("sadp_foreign_mac", weights.sadp_foreign_mac),
        ("sadp_link", weights.sadp_link),
        ("sadp_link_foreign_mac", weights.sadp_link_foreign_mac),
        ("cloud_name", weights.cloud_name),
        ("cloud_name_measured_once", weights.cloud_name_measured_once),
        ("shared_cloud_name", weights.shared_cloud_name),
        ("ntp_name", weights.ntp_name),
        ("model_name", weights.model_name),
        ("other_maker", weights.other_maker),
        ("ports", weights.ports),
    ];
    all.into_iter().try_for_each(|(key, value)| check_weight(&format!("weights.{key}"), value))
}

fn check_weight(key: &str, value: u8) -> Result<(), SignatureError> {
    if (1..=MAX_WEIGHT).contains(&value) {
        Ok(())
    } else {
        Err(SignatureError::Weight { key: key.to_owned(), value })
    }
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

fn compile_ports(sets: &[RawPortSet]) -> Result<(Vec<u16>, Vec<PortSet>), SignatureError> {
    let mut ports: Vec<u16> = sets.iter().flat_map(|set| set.ports.iter().copied()).collect();
    ports.sort_unstable();
    ports.dedup();
    if ports.len() > MAX_PORTS {
        return Err(SignatureError::Ports);
    }
    let mut compiled = Vec::new();
    for set in sets {
        check_sources(&format!("ports of {}", set.house), set.grade, &set.sources, true)?;
        let bits = (0u32..).zip(&ports).filter(|(_, port)| set.ports.contains(port));
        compiled.push(PortSet {
            bits: bits.fold(0, |bits, (place, _)| bits | 1 << place),
            least: set.least,
            claim: Claim::House(set.house.as_str().into()),
            label: label_of(set),
        });
    }
    Ok((ports, compiled))
}

fn label_of(set: &RawPortSet) -> String {
    let ports: Vec<String> = set.ports.iter().map(u16::to_string).collect();
    format!("{} of {}", set.least, ports.join(" "))
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
    #[serde(default)]
    signature: Vec<RawSignature>,
    #[serde(default)]
    other_maker: Vec<RawOtherMaker>,
    #[serde(default)]
    port_set: Vec<RawPortSet>,
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
    fn compile(self) -> House {
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
    fn compile(self) -> Brand {
        Brand {
            vendor: self.vendor.into(),
            maker: self.maker.into(),
            grade: self.grade,
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

impl RawModel {
    fn compile(self) -> Result<ModelRule, SignatureError> {
        check_sources(&self.prefix, self.grade, &self.sources, self.vendor.is_some())?;
        let kind = self.kind.map(|kind| kind_named(&self.prefix, kind)).transpose()?;
        let vendor = self.vendor.map(Arc::from);
        Ok(ModelRule { prefix: self.prefix, vendor, kind, grade: self.grade })
    }
}

fn kind_named(prefix: &str, kind: String) -> Result<DeviceKind, SignatureError> {
    DeviceKind::from_label(&kind)
        .ok_or_else(|| SignatureError::Kind { prefix: prefix.to_owned(), kind })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSignature {
    #[serde(rename = "in")]
    place: Place,
    #[serde(default, rename = "match")]
    how: Match,
    pattern: String,
    vendor: Option<String>,
    house: Option<String>,
    weight: u8,
    grade: Grade,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default, rename = "note")]
    _note: String,
}

impl RawSignature {
    fn compile(self, decisive: u8) -> Result<Signature, SignatureError> {
        let entry = || self.pattern.clone();
        check_weight(&format!("signature {}", self.pattern), self.weight)?;
        check_sources(&self.pattern, self.grade, &self.sources, self.weight >= decisive)?;
        let claim = match (self.vendor, self.house) {
            (Some(vendor), None) => Claim::Vendor(vendor.into()),
            (None, Some(house)) => Claim::House(house.into()),
            (Some(_), Some(_)) | (None, None) => {
                return Err(SignatureError::Claim { entry: entry() });
            }
        };
        let source = self.place.source(&self.pattern);
        let source = source.ok_or_else(|| SignatureError::Protocol { entry: entry() })?;
        let Self { place, how, pattern, weight, .. } = self;
        Ok(Signature { place, how, pattern, source, claim, weight })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOtherMaker {
    house: String,
    words: Vec<String>,
    grade: Grade,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default, rename = "note")]
    _note: String,
}

impl RawOtherMaker {
    fn compile(self) -> OtherMaker {
        let house: Arc<str> = self.house.into();
        OtherMaker { claim: Claim::House(Arc::clone(&house)), house, words: self.words }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPortSet {
    ports: Vec<u16>,
    house: String,
    least: u32,
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
    fn what_would_let_a_guess_decide_is_refused() {
        let weights = BUILTIN.find("[weights]").and_then(|at| BUILTIN.get(at..)).unwrap();
        let weights = weights.split("\n\n").next().unwrap();
        let refused =
            |entry: &str| Signatures::compile(&format!("{weights}\n{entry}")).unwrap_err();

        assert!(Signatures::compile(weights).is_ok());
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
            Signatures::compile(&weights.replace("oui = 58", "oui = 60")).unwrap_err(),
            SignatureError::Weight { value: 60, .. }
        ));
        let signature = |rest: &str| {
            refused(&format!("[[signature]]\nin='http-server'\npattern='X'\n{rest}\n"))
        };
        assert!(matches!(
            signature("house='hikvision'\nweight=40\ngrade='D'"),
            SignatureError::Undecidable { .. }
        ));
        assert!(matches!(
            signature("house='hikvision'\nweight=60\ngrade='A'\nsources=['x']"),
            SignatureError::Weight { .. }
        ));
        assert!(matches!(
            signature("weight=40\ngrade='A'\nsources=['x']"),
            SignatureError::Claim { .. }
        ));
        assert!(matches!(
            refused(
                "[[signature]]\nin='protocol'\npattern='telepathy'\nhouse='x'\nweight=9\ngrade='D'\n"
            ),
            SignatureError::Protocol { .. }
        ));
    }
}
