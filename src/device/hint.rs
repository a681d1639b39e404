//! What a device's own words hint at: a build that may be vulnerable, a password that was never set.
//!
//! Comes in: a [`DeviceProfile`], and the rules of `config/catalogue/hints.toml`. Goes out: [`Hint`]s, worded as such. It tests
//! nothing, never asks the device, and uses facts of grade A and B only.

use std::sync::Arc;

use serde::Deserialize;

use super::{DeviceKind, DeviceProfile, DeviceState, Identity};
use crate::catalogue::Grade;

/// The text that is part of the program.
const BUILTIN: &str = include_str!("../../config/catalogue/hints.toml");

/// Hints are given on confirmed devices only.
const MIN_CONFIDENCE: u8 = 60;

/// Digits of a build: year, month and day, with or without the century.
const BUILD_DIGITS: usize = 6;
const LONG_BUILD_DIGITS: usize = 8;

/// A reason to look at a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// A CVE, or our own name for it.
    pub id: Arc<str>,
    /// The hint, for a person.
    pub text: Arc<str>,
    /// How well the underlying fact is established: A or B.
    pub grade: Grade,
    /// Where the fact comes from.
    pub sources: Arc<[String]>,
}

/// Compiled rules for hints.
#[derive(Debug, Clone)]
pub struct HintRules {
    rules: Vec<Rule>,
}

/// Why rules for hints were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HintError {
    /// Not TOML, or an unknown or missing key.
    #[error("hints: {reason}")]
    Syntax {
        /// The reader's words.
        reason: String,
    },
    /// A fact that is not established well enough to frighten anybody.
    #[error("hint {id}: needs grade A or B and a source")]
    Grade {
        /// The entry.
        id: String,
    },
    /// An entry that is met by every device, or a version that cannot be read.
    #[error("hint {id}: no condition, or not a version")]
    Condition {
        /// The entry.
        id: String,
    },
}

#[derive(Debug, Clone)]
struct Rule {
    hint: Hint,
    kinds: Vec<DeviceKind>,
    vendors: Vec<String>,
    models: Vec<String>,
    build_before: Option<u32>,
    versions: Option<(Version, Version)>,
    state: Option<Condition>,
}

type Version = [u32; 3];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Condition {
    NotActivated,
    DefaultLogin,
}

/// What the words of a device hint at, in the order of the rules.
#[must_use]
pub fn hints(profile: &DeviceProfile, rules: &HintRules) -> Vec<Hint> {
    if profile.identity.confidence < MIN_CONFIDENCE {
        return Vec::new();
    }
    let met = rules.rules.iter().filter(|rule| rule.is_met(&profile.identity, &profile.state));
    met.map(|rule| rule.hint.clone()).collect()
}

impl Rule {
    fn is_met(&self, identity: &Identity, state: &DeviceState) -> bool {
        let firmware = identity.firmware.as_deref().unwrap_or_default();
        let model = identity.model.as_deref().unwrap_or_default();
        let vendors = [&identity.vendor, &identity.oem_of];
        let is_vendor = |wanted: &String| vendors.into_iter().flatten().any(|is| **is == **wanted);
        (self.kinds.is_empty() || self.kinds.contains(&identity.kind))
            && (self.vendors.is_empty() || self.vendors.iter().any(is_vendor))
            && (self.models.is_empty() || self.models.iter().any(|word| has_word(model, word)))
            && self.build_before.is_none_or(|limit| build_of(firmware).is_some_and(|is| is < limit))
            && self.versions.is_none_or(|(from, to)| {
                version_of(firmware).is_some_and(|is| (from..=to).contains(&is))
            })
            && match self.state {
                None => true,
                Some(Condition::NotActivated) => state.activated == Some(false),
                Some(Condition::DefaultLogin) => state.default_login.is_some(),
            }
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|part| part.eq_ignore_ascii_case(word))
}

/// The build date in a firmware version, such as 190701 in `V5.6.2build 190701`.
fn build_of(firmware: &str) -> Option<u32> {
    let at = firmware.to_ascii_lowercase().rfind("build")?;
    let rest = firmware.get(at + "build".len()..)?.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let digits = rest.get(..digits)?;
    match digits.len() {
        BUILD_DIGITS => digits.parse().ok(),
        LONG_BUILD_DIGITS => digits.get(2..)?.parse().ok(),
        _ => None,
    }
}

/// The first three numbers of a firmware version, such as 5.6.2.
fn version_of(firmware: &str) -> Option<Version> {
    let rest = firmware.trim_start().strip_prefix(['V', 'v'])?;
    let mut numbers = rest.split('.');
    let mut next = || {
        let part = numbers.next()?;
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        part.get(..digits)?.parse().ok()
    };
    Some([next()?, next()?, next()?])
}

impl HintRules {
    /// The rules that are part of the program.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the text is part of the program, and a test compiles the same text"
    )]
    pub fn builtin() -> Self {
        Self::compile(BUILTIN).expect("the built-in hints compile")
    }

    /// The identifiers of all hints, in the order of the rules.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &*rule.hint.id)
    }

    /// Compiles rules from TOML text.
    ///
    /// # Errors
    /// The first thing that is wrong with the text.
    pub fn compile(text: &str) -> Result<Self, HintError> {
        let raw: RawHints = toml::from_str(text)
            .map_err(|error| HintError::Syntax { reason: error.message().to_owned() })?;
        let rules = raw.hint.into_iter().map(RawHint::compile).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHints {
    hint: Vec<RawHint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHint {
    id: String,
    text: String,
    grade: Grade,
    sources: Vec<String>,
    #[serde(default)]
    kinds: Vec<String>,
    #[serde(default)]
    vendors: Vec<String>,
    #[serde(default)]
    models: Vec<String>,
    build_before: Option<u32>,
    version_from: Option<String>,
    version_to: Option<String>,
    state: Option<Condition>,
}

impl RawHint {
    fn compile(self) -> Result<Rule, HintError> {
        let id = || self.id.clone();
        if !matches!(self.grade, Grade::A | Grade::B) || self.sources.is_empty() {
            return Err(HintError::Grade { id: id() });
        }
        let condition = || HintError::Condition { id: id() };
        let versions = match (self.version_from.as_deref(), self.version_to.as_deref()) {
            (None, None) => None,
            (from, to) => {
                Some(from.and_then(version_of).zip(to.and_then(version_of)).ok_or_else(condition)?)
            }
        };
        if self.build_before.is_none() && versions.is_none() && self.state.is_none() {
            return Err(condition());
        }
        let kinds = self.kinds.iter().map(|kind| DeviceKind::from_label(kind));
        let kinds = kinds.collect::<Option<Vec<_>>>().ok_or_else(condition)?;
        Ok(Rule {
            hint: Hint {
                id: self.id.into(),
                text: self.text.into(),
                grade: self.grade,
                sources: self.sources.into(),
            },
            kinds,
            vendors: self.vendors,
            models: self.models,
            build_before: self.build_before,
            versions,
            state: self.state,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceId;
    use crate::net::Timestamp;

    fn camera(model: &str, firmware: &str) -> DeviceProfile {
        let mut profile = DeviceProfile::new(DeviceId("d-0".into()), Timestamp::ZERO);
        profile.identity = Identity {
            vendor: Some("hikvision".into()),
            kind: DeviceKind::Camera,
            model: Some(model.into()),
            firmware: Some(firmware.into()),
            confidence: 77,
            ..Identity::default()
        };
        profile
    }

    fn ids(profile: &DeviceProfile) -> Vec<String> {
        hints(profile, &HintRules::builtin()).iter().map(|hint| hint.id.to_string()).collect()
    }

    #[test]
    fn builds_and_versions_are_read_as_devices_write_them() {
        assert_eq!(build_of("V5.6.2build 190701"), Some(190_701));
        assert_eq!(build_of("V5.3.3 build 251118"), Some(251_118));
        assert_eq!(build_of("V4.1.0 Build 20230401"), Some(230_401));
        assert_eq!(build_of("V5.6.2"), None);
        assert_eq!(build_of("build ü"), None);
        assert_eq!(version_of("V5.4.4 build 161125"), Some([5, 4, 4]));
        assert_eq!(version_of("5.4.4"), None);
        assert_eq!(version_of("V5.4"), None);
    }

    #[test]
    fn an_old_build_is_hinted_at_and_a_new_one_is_not() {
        assert_eq!(ids(&camera("DS-2CD2385G1-I", "V5.6.2build 190701")), ["CVE-2025-66177"]);
        assert_eq!(ids(&camera("DS-2CD2385G1-I", "V5.8.0 build 250807")), [""; 0]);
        assert_eq!(
            ids(&camera("DS-2CD2032-I", "V5.4.0 build 160530")),
            ["CVE-2025-66177", "CVE-2017-7921"]
        );
        assert_eq!(ids(&camera("DS-2CD2385G1-I", "what?")), [""; 0]);
    }

    #[test]
    fn a_hint_is_given_for_the_kinds_vendors_and_models_of_its_record_only() {
        let mut profile = camera("CS-C6N-A0", "V5.3.0 build 220101");
        assert!(!ids(&profile).contains(&"CVE-2023-48121".to_owned()));
        profile.identity.vendor = Some("ezviz".into());
        assert!(ids(&profile).contains(&"CVE-2023-48121".to_owned()));
        profile.identity.model = Some("CS-C6NX".into());
        assert!(!ids(&profile).contains(&"CVE-2023-48121".to_owned()));
        profile.identity.kind = DeviceKind::Doorbell;
        assert_eq!(ids(&profile), [""; 0]);
    }

    #[test]
    fn a_device_without_a_password_is_hinted_at_unless_it_is_not_confirmed() {
        let mut profile = camera("", "");
        profile.state.activated = Some(false);
        profile.state.default_login = Some(Timestamp::ZERO);
        assert_eq!(ids(&profile), ["UNACTIVATED", "DEFAULT-CREDS"]);
        profile.identity.confidence = 59;
        assert_eq!(ids(&profile), [""; 0]);
    }

    #[test]
    fn a_rule_without_grade_or_condition_is_refused() {
        let refused = |text: &str| HintRules::compile(text).unwrap_err();

        let guess = "[[hint]]\nid='x'\ntext='x'\ngrade='C'\nsources=['x']\nbuild_before=1\n";
        assert!(matches!(refused(guess), HintError::Grade { .. }));
        let always = "[[hint]]\nid='x'\ntext='x'\ngrade='A'\nsources=['x']\n";
        assert!(matches!(refused(always), HintError::Condition { .. }));
        assert!(matches!(refused("x"), HintError::Syntax { .. }));
    }
}
