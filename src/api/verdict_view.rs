//! What the API says of a verdict: how sure it is, why, what it hints at.
//!
//! Comes in: a device's profile. Goes out: JSON. The arithmetic is that of the verdict, and a hint stays a hint: it
//! says what is to be looked at, and where that is known from.

use std::sync::LazyLock;

use serde::Serialize;

use crate::device::{
    Contradiction, DeviceLabel, DeviceProfile, DeviceState, EvidenceKind, ExplainedFact,
    Explanation, HintRules, Prospect, Signatures, explain, hints,
};
use crate::export::{EveTime, Text};

/// The rules that are part of the program, compiled when somebody first asks.
static HINT_RULES: LazyLock<HintRules> = LazyLock::new(HintRules::builtin);

/// What the owner calls a device.
#[derive(Serialize)]
pub(crate) struct LabelView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
}

impl<'a> LabelView<'a> {
    /// Shows a label.
    pub(crate) fn new(label: &'a DeviceLabel) -> Self {
        let DeviceLabel { name, site, owner } = label;
        Self { name: name.as_deref(), site: site.as_deref(), owner: owner.as_deref() }
    }
}

/// The life of a device.
#[derive(Serialize)]
pub(crate) struct StateView<'a> {
    presence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_login: Option<EveTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<u16>,
    is_client: bool,
    random_mac: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict: Option<EveTime>,
    changes: Vec<ChangeView<'a>>,
}

/// Something of a device that became something else.
#[derive(Serialize)]
struct ChangeView<'a> {
    at: EveTime,
    what: &'static str,
    from: &'a str,
    to: &'a str,
}

impl<'a> StateView<'a> {
    /// Shows a state.
    pub(crate) fn new(state: &'a DeviceState) -> Self {
        Self {
            presence: state.presence.as_label(),
            activated: state.activated,
            default_login: state.default_login.map(EveTime),
            channels: state.channels,
            is_client: state.is_client,
            random_mac: state.random_mac,
            conflict: state.conflict.map(EveTime),
            changes: state
                .changes
                .iter()
                .map(|change| ChangeView {
                    at: EveTime(change.at),
                    what: change.what.as_label(),
                    from: &change.from,
                    to: &change.to,
                })
                .collect(),
        }
    }
}

/// A house that some evidence speaks for although the verdict is another.
#[derive(Serialize)]
pub(crate) struct ContradictionView<'a> {
    house: &'a str,
    support: u8,
    sources: Vec<&'static str>,
}

impl<'a> ContradictionView<'a> {
    /// Shows a contradiction.
    pub(crate) fn new(contradiction: &'a Contradiction) -> Self {
        Self {
            house: &contradiction.house,
            support: contradiction.support,
            sources: contradiction.sources.iter().map(|source| source.as_label()).collect(),
        }
    }
}

/// A reason to look at a device; nothing was tested on it.
#[derive(Serialize)]
pub(crate) struct HintView {
    id: String,
    text: String,
    grade: String,
    sources: Vec<String>,
}

impl HintView {
    /// Shows what a device's own words hint at.
    pub(crate) fn all(profile: &DeviceProfile) -> Vec<Self> {
        let hints = hints(profile, &HINT_RULES);
        let view = |hint: crate::device::Hint| Self {
            id: hint.id.to_string(),
            text: hint.text.to_string(),
            grade: hint.grade.to_string(),
            sources: hint.sources.to_vec(),
        };
        hints.into_iter().map(view).collect()
    }
}

/// Why a device is taken for what it is.
#[derive(Serialize)]
pub(crate) struct ExplanationView {
    #[serde(skip_serializing_if = "Option::is_none")]
    house: Option<String>,
    kinds: Vec<KindView>,
    support: u8,
    uncapped: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    oem_grade: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arithmetic: Option<String>,
    facts: Vec<FactView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raise: Option<ProspectView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fall: Option<ProspectView>,
}

/// What a kind of evidence counts for the verdict.
#[derive(Serialize)]
struct KindView {
    kind: &'static str,
    weight: u8,
}

/// A piece of evidence and its part in the verdict.
#[derive(Serialize)]
struct FactView {
    source: &'static str,
    kind: &'static str,
    part: &'static str,
    claim: String,
    value: String,
    weight: u8,
    first_seen: EveTime,
    last_seen: EveTime,
    count: u32,
}

/// What one further observation would do.
#[derive(Serialize)]
struct ProspectView {
    source: &'static str,
    observation: &'static str,
    weight: u8,
    confidence: u8,
}

impl ExplanationView {
    /// Explains a profile.
    pub(crate) fn new(profile: &DeviceProfile) -> Self {
        let explanation = explain(profile, &Signatures::builtin());
        let arithmetic = explanation.arithmetic();
        let Explanation { house, kinds, support, uncapped, oem_grade, facts, raise, fall, .. } =
            explanation;
        let kind = |(kind, weight): (EvidenceKind, u8)| KindView { kind: kind.as_label(), weight };
        Self {
            house: house.map(|house| house.to_string()),
            kinds: kinds.into_iter().map(kind).collect(),
            support,
            uncapped,
            oem_grade: oem_grade.map(|grade| grade.to_string()),
            arithmetic,
            facts: facts.into_iter().map(FactView::new).collect(),
            raise: raise.map(|raise| ProspectView::new(raise, raise.words())),
            // Where it would be seen matters less than what it would say.
            fall: fall.map(|fall| ProspectView::new(fall, "the name of another maker")),
        }
    }
}

impl FactView {
    fn new(fact: ExplainedFact) -> Self {
        let ExplainedFact { evidence, kind, part } = fact;
        Self {
            source: evidence.source.as_label(),
            kind: kind.as_label(),
            part: part.as_label(),
            claim: evidence.claim.to_string(),
            value: evidence.value,
            weight: evidence.weight,
            first_seen: EveTime(evidence.first_seen),
            last_seen: EveTime(evidence.last_seen),
            count: evidence.count,
        }
    }
}

impl ProspectView {
    const fn new(prospect: Prospect, observation: &'static str) -> Self {
        let Prospect { source, weight, confidence } = prospect;
        Self { source: source.as_label(), observation, weight, confidence }
    }
}

/// The further addresses of a device's unit.
pub(crate) fn other_macs(profile: &DeviceProfile) -> Vec<Text<crate::net::MacAddr>> {
    profile.other_macs.iter().copied().map(Text).collect()
}
