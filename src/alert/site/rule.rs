//! A rule of the site, from what its owner wrote to what runs.
//!
//! Comes in: [`RuleDraft`], texts and times from the configuration. Goes out: [`SiteRule`], or all that is wrong with the draft,
//! by key.

use std::sync::Arc;
use std::time::Duration;

use super::expression::Condition;
use super::fields::{Family, Field};
use super::template::Template;
use crate::alert::about::Holding;
use crate::alert::card::RuleCard;
use crate::alert::rule::FIRST_SITE_SIGNATURE;
use crate::alert::severity::Severity;

/// The last EVE `signature_id` of the range that is left to local rules.
pub const LAST_SITE_SIGNATURE: u32 = 1_999_999;

/// How many signatures rules without one of their own share out by their names.
const NAMED_SIGNATURES: u64 = 900_000;

/// What the owner wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDraft {
    /// Its name.
    pub name: String,
    /// The condition, an expression.
    pub when: String,
    /// How long the condition has to hold.
    pub held_for: Duration,
    /// How long an alert on something that passes stands after it was last seen; what is usual where absent.
    pub hold: Option<Duration>,
    /// How urgent it is.
    pub severity: Severity,
    /// The sentence, with fields in braces.
    pub message: String,
    /// EVE `category`.
    pub category: String,
    /// What to do about it.
    pub advice: String,
    /// It is silent while the device is being learned.
    pub learns: bool,
    /// EVE `signature_id`; one by the name where absent.
    pub signature_id: Option<u32>,
}

impl Default for RuleDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            when: String::new(),
            held_for: Duration::ZERO,
            hold: None,
            severity: Severity::Medium,
            message: String::new(),
            category: "Site rule".to_owned(),
            advice: String::new(),
            learns: false,
            signature_id: None,
        }
    }
}

/// What is wrong with a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleProblem {
    /// The key: `when`, `message`, `for`, `hold`.
    pub key: &'static str,
    /// What is wrong, with the column.
    pub problem: String,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::alert) enum Scope {
    /// Devices, as such.
    Device,
    /// Each flow of a device.
    Flow,
    /// Each message.
    Message,
    /// Each way around the network's rules.
    Evasion,
    /// Each hour that is over.
    Hour,
}

impl Scope {
    const fn of(family: Option<Family>) -> Self {
        match family {
            Some(Family::Flow) => Self::Flow,
            Some(Family::Message) => Self::Message,
            Some(Family::Evasion) => Self::Evasion,
            Some(Family::Hour) => Self::Hour,
            Some(Family::Device | Family::Time) | None => Self::Device,
        }
    }

    /// Tells whether what is looked at lasts, so that its condition can hold for a time and end.
    const fn lasts(self) -> bool {
        match self {
            Self::Device | Self::Flow | Self::Hour => true,
            Self::Message | Self::Evasion => false,
        }
    }

    /// Tells whether an alert ends with its condition, and not some time after it was last seen.
    const fn ends_with_condition(self) -> bool {
        match self {
            Self::Device | Self::Hour => true,
            Self::Flow | Self::Message | Self::Evasion => false,
        }
    }
}

/// A rule that runs. Two are the same if their drafts are.
#[derive(Debug)]
pub struct SiteRule {
    draft: RuleDraft,
    card: Arc<RuleCard>,
    pub(super) condition: Condition,
    pub(super) message: Template,
    pub(super) scope: Scope,
    /// What the condition names.
    pub(super) asked: Vec<&'static Field>,
    /// What the message names beside that.
    pub(super) shown: Vec<&'static Field>,
    /// The condition may change although nothing happens.
    pub(super) moves_with_time: bool,
}

impl PartialEq for SiteRule {
    fn eq(&self, other: &Self) -> bool {
        self.draft == other.draft
    }
}

impl Eq for SiteRule {}

impl SiteRule {
    /// Makes a rule of a draft.
    ///
    /// # Errors
    /// All that is wrong with it, by key.
    pub fn compile(draft: RuleDraft) -> Result<Self, Vec<RuleProblem>> {
        let mut problems = Vec::new();
        let condition = Condition::compile(&draft.when)
            .map_err(|slips| {
                for slip in slips {
                    problems.push(RuleProblem { key: "when", problem: slip.told(&draft.when) });
                }
            })
            .ok();
        let mut families: Vec<_> = condition
            .iter()
            .flat_map(|(_, fields)| fields)
            .map(|field| field.family())
            .filter(|family| !family.is_always_there())
            .collect();
        families.sort_unstable();
        families.dedup();
        if let [one, other, ..] = families.as_slice() {
            let (one, other) = (one.as_label(), other.as_label());
            let problem = format!("{one}.* and {other}.* are never known at the same time");
            problems.push(RuleProblem { key: "when", problem });
        }
        let family = families.first().copied();
        let scope = Scope::of(family);
        if condition.is_some() && !scope.lasts() && !draft.held_for.is_zero() {
            let problem = "is of no use here: what the rule looks at is over at once".to_owned();
            problems.push(RuleProblem { key: "for", problem });
        }
        if condition.is_some() && scope.ends_with_condition() && draft.hold.is_some() {
            let problem = "is of no use here: the alert ends when the condition does".to_owned();
            problems.push(RuleProblem { key: "hold", problem });
        }
        let message = Template::compile(&draft.message, family).map_err(|slips| {
            // Without a condition nobody knows what the rule looks at.
            for slip in slips.iter().filter(|_| condition.is_some()) {
                problems.push(RuleProblem { key: "message", problem: slip.told(&draft.message) });
            }
        });
        match (condition, message) {
            (Some((condition, asked)), Ok(message)) if problems.is_empty() => {
                let moves_with_time = asked.iter().any(|field| field.moves_with_time());
                let mut shown: Vec<&'static Field> = Vec::new();
                for field in message.fields() {
                    let is_known = |known: &&Field| known.name == field.name;
                    if !asked.iter().chain(&shown).any(is_known) {
                        shown.push(field);
                    }
                }
                let card = Arc::new(card_of(&draft));
                Ok(Self { draft, card, condition, message, scope, asked, shown, moves_with_time })
            }
            _ => Err(problems),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.draft.name
    }

    /// How urgent it is where no override says otherwise.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.draft.severity
    }

    /// EVE `signature_id`.
    #[must_use]
    pub fn signature_id(&self) -> u32 {
        self.card.signature_id
    }

    pub(in crate::alert) const fn card(&self) -> &Arc<RuleCard> {
        &self.card
    }

    pub(in crate::alert) const fn learns(&self) -> bool {
        self.draft.learns
    }

    pub(in crate::alert) fn holds(&self) -> Holding {
        match (self.scope.ends_with_condition(), self.draft.hold) {
            (true, _) => Holding::UntilCleared,
            (false, Some(time)) => Holding::For(time),
            (false, None) => Holding::MOMENT,
        }
    }

    pub(in crate::alert) const fn moves_with_time(&self) -> bool {
        self.moves_with_time
    }

    pub(super) const fn held_for(&self) -> Duration {
        self.draft.held_for
    }
}

fn card_of(draft: &RuleDraft) -> RuleCard {
    RuleCard {
        builtin: None,
        name: draft.name.as_str().into(),
        signature_id: draft.signature_id.unwrap_or_else(|| signature_of(&draft.name)),
        signature: format!("HIKWATCH site rule {}", draft.name).into(),
        category: draft.category.as_str().into(),
        advice: draft.advice.as_str().into(),
    }
}

/// The signature of a name: the same in each run and in any order of rules (FNV-1a, Fowler, Noll, Vo). Two names may share one;
/// then the configuration has to give one of them another.
fn signature_of(name: &str) -> u32 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    FIRST_SITE_SIGNATURE.saturating_add(u32::try_from(hash % NAMED_SIGNATURES).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(when: &str) -> RuleDraft {
        RuleDraft {
            name: "a-rule".to_owned(),
            when: when.to_owned(),
            message: "{device.name}".to_owned(),
            ..RuleDraft::default()
        }
    }

    fn problems(draft: RuleDraft) -> Vec<String> {
        let problems = SiteRule::compile(draft).unwrap_err();
        problems.iter().map(|known| format!("{}: {}", known.key, known.problem)).collect()
    }

    #[test]
    fn a_rule_has_one_kind_of_scene_and_its_signature_goes_by_its_name() {
        let rule = SiteRule::compile(draft("flow.country == 'CN' && time.hour > 5")).unwrap();
        assert_eq!((rule.scope, rule.moves_with_time), (Scope::Flow, true));
        let names = |fields: &[&Field]| fields.iter().map(|field| field.name).collect::<Vec<_>>();
        assert_eq!(names(&rule.asked), ["flow.country", "time.hour"]);
        assert_eq!(names(&rule.shown), ["device.name"]);
        assert_eq!(rule.holds(), Holding::MOMENT);
        assert_eq!(
            rule.signature_id(),
            SiteRule::compile(draft("time.hour > 5")).unwrap().signature_id()
        );
        assert!((FIRST_SITE_SIGNATURE..=LAST_SITE_SIGNATURE).contains(&rule.signature_id()));

        let standing = SiteRule::compile(draft("device.confidence > 50")).unwrap();
        assert_eq!((standing.scope, standing.holds()), (Scope::Device, Holding::UntilCleared));
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        assert_eq!(
            problems(draft("flow.port == 1 && hour.refused > 1")),
            ["when: flow.* and hour.* are never known at the same time"]
        );
        let held =
            RuleDraft { held_for: Duration::from_secs(5), ..draft("evasion.kind == 'httpdns'") };
        assert_eq!(problems(held).len(), 1);
        let hold = Some(Duration::from_secs(600));
        assert!(problems(RuleDraft { hold, ..draft("device.is_online") })[0].starts_with("hold: "));
        assert!(SiteRule::compile(RuleDraft { hold, ..draft("flow.port == 1") }).is_ok());
        let told = RuleDraft { message: "{flow.port}".to_owned(), ..draft("device.is_online") };
        assert!(problems(told)[0].starts_with("message: column 2: `flow.port` is not known here"));
    }
}
