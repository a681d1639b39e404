//! What an alert says of the rule that raised it.
//!
//! Comes in: a rule. Goes out: [`RuleCard`], made once a rule and shared by its alerts.

use std::sync::Arc;

use super::rule::AlertRule;

/// What an alert says of the rule that raised it: a built-in one or one of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCard {
    /// The built-in rule; absent for one of the site.
    pub builtin: Option<AlertRule>,
    /// Its name, a metric label.
    pub name: Arc<str>,
    /// EVE `signature_id`.
    pub signature_id: u32,
    /// EVE `signature`.
    pub signature: Arc<str>,
    /// EVE `category`.
    pub category: Arc<str>,
    /// What to do about it; empty where the site's rule says nothing.
    pub advice: Arc<str>,
}

impl RuleCard {
    /// What is told of a built-in rule.
    #[must_use]
    pub fn of(rule: AlertRule) -> Self {
        let about = rule.about();
        Self {
            builtin: Some(rule),
            name: about.name.into(),
            signature_id: about.signature_id,
            signature: about.signature.into(),
            category: about.category.into(),
            advice: about.advice.into(),
        }
    }
}
