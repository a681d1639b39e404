//! Why alerts are not told, and how many were not.
//!
//! Comes in: rules and reasons. Goes out: counts, which only rise.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Why an alert was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suppression {
    /// The site has switched the rule off.
    Disabled,
    /// The device is being learned.
    Learning,
    /// The site expects it.
    Expected,
    /// The site wants quiet at this time; told afterwards if it still stands.
    Quiet,
    /// The rule has raised its share of this hour.
    Rate,
    /// Too many alerts stand.
    Full,
}

impl Suppression {
    /// All, for counters that exist from the start.
    pub const ALL: [Self; 6] =
        [Self::Disabled, Self::Learning, Self::Expected, Self::Quiet, Self::Rate, Self::Full];

    /// The metric label.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Learning => "learning",
            Self::Expected => "expected",
            Self::Quiet => "quiet",
            Self::Rate => "rate",
            Self::Full => "full",
        }
    }
}

/// How many alerts were not told so far, by the rule and by reason.
pub type SuppressedByRule = BTreeMap<Arc<str>, SuppressedAlerts>;

/// Most rules that are counted by name; guards against ever new names in the configuration of a daemon that is never restarted.
pub(super) const MAX_COUNTED_RULES: usize = 1024;

/// How many alerts were not told so far, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SuppressedAlerts([u64; Suppression::ALL.len()]);

impl SuppressedAlerts {
    /// Counts one.
    pub(super) fn count(&mut self, reason: Suppression) {
        for (known, count) in Suppression::ALL.iter().zip(&mut self.0) {
            *count = count.saturating_add(u64::from(*known == reason));
        }
    }

    /// How many were not told for this reason.
    #[must_use]
    pub fn of(self, reason: Suppression) -> u64 {
        let mut counts = Suppression::ALL.iter().zip(self.0);
        counts.find(|(known, _)| **known == reason).map_or(0, |(_, count)| count)
    }
}
