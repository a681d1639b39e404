//! A rule as JSON, with what it found and was not told.
//!
//! Comes in: the built-in rules, and counts by name. Goes out: every built-in rule, and of the site's those that were held back.

use serde::Serialize;

use crate::alert::{AlertRule, SuppressedAlerts, SuppressedByRule, Suppression};

/// The rules.
#[derive(Serialize)]
pub(crate) struct RulesView<'a> {
    items: Vec<RuleView<'a>>,
    total: usize,
}

/// A rule.
#[derive(Serialize)]
struct RuleView<'a> {
    rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    builtin: Option<BuiltinView>,
    suppressed: SuppressedView,
}

/// What a built-in rule says of itself.
#[derive(Serialize)]
struct BuiltinView {
    signature_id: u32,
    category: &'static str,
    severity: u8,
    trigger: &'static str,
    advice: &'static str,
}

/// What it found and was not told, by why.
#[derive(Serialize)]
struct SuppressedView {
    disabled: u64,
    learning: u64,
    expected: u64,
    quiet: u64,
    rate: u64,
    full: u64,
}

impl<'a> RulesView<'a> {
    /// Shows the rules, with what was counted of each.
    pub(crate) fn new(counted: &'a SuppressedByRule) -> Self {
        let of = |name: &str| SuppressedView::new(counted.get(name).copied().unwrap_or_default());
        let builtin = AlertRule::ALL.into_iter().map(|rule| {
            let name = rule.as_label();
            RuleView { rule: name, builtin: Some(BuiltinView::new(rule)), suppressed: of(name) }
        });
        let of_the_site = counted.iter().filter(|(name, _)| AlertRule::from_label(name).is_none());
        let of_the_site = of_the_site.map(|(name, counts)| RuleView {
            rule: name,
            builtin: None,
            suppressed: SuppressedView::new(*counts),
        });
        let items: Vec<_> = builtin.chain(of_the_site).collect();
        Self { total: items.len(), items }
    }
}

impl BuiltinView {
    const fn new(rule: AlertRule) -> Self {
        let about = rule.about();
        Self {
            signature_id: about.signature_id,
            category: about.category,
            severity: about.severity.number(),
            trigger: about.trigger,
            advice: about.advice,
        }
    }
}

impl SuppressedView {
    fn new(counts: SuppressedAlerts) -> Self {
        Self {
            disabled: counts.of(Suppression::Disabled),
            learning: counts.of(Suppression::Learning),
            expected: counts.of(Suppression::Expected),
            quiet: counts.of(Suppression::Quiet),
            rate: counts.of(Suppression::Rate),
            full: counts.of(Suppression::Full),
        }
    }
}
