//! Why rules fired, why they were not heard, and which nearly fired: for a replay that explains itself.
//!
//! Comes in: what became of each finding, and what rules nearly found. Goes out: [`Explanation`], in the order of device, rule
//! and subject. Bounded; a daemon keeps none of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::suppression::Suppression;
use crate::device::{DeviceId, DeviceProfile};
use crate::net::Timestamp;

/// Most entries of one kind.
const MAX_ENTRIES: usize = 1_000;

/// What became of the rules in a run.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
    /// Alerts that were told.
    pub fired: Vec<FiredRule>,
    /// Alerts that were not told.
    pub unheard: Vec<UnheardRule>,
    /// Rules that nearly fired, and did not for that device.
    pub near: Vec<NearMiss>,
    /// Entries that were left out because there were too many.
    pub left_out: u64,
}

/// A rule that fired.
#[derive(Debug, Clone)]
pub struct FiredRule {
    /// Its name.
    pub rule: Arc<str>,
    /// The device.
    pub device: Arc<DeviceProfile>,
    /// What it is about beside the device.
    pub subject: Arc<str>,
    /// The first time.
    pub first: Timestamp,
    /// How often it was found.
    pub times: u32,
    /// What it said the first time.
    pub message: String,
    /// The fields that a rule of the site looked at; the message of a built-in rule says what it saw.
    pub evidence: Option<String>,
}

/// A rule that fired and was not heard.
#[derive(Debug, Clone)]
pub struct UnheardRule {
    /// What would have been told.
    pub fired: FiredRule,
    /// Why it was not.
    pub reason: Suppression,
}

/// A rule that nearly fired.
#[derive(Debug, Clone)]
pub struct NearMiss {
    /// Its name.
    pub rule: Arc<str>,
    /// The device.
    pub device: Arc<DeviceProfile>,
    /// What it would have been about.
    pub subject: Arc<str>,
    /// When it was nearest, the first time.
    pub at: Timestamp,
    /// What was missing.
    pub why: NearWhy,
}

/// What a rule was missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NearWhy {
    /// Parts of a site rule's condition.
    Parts {
        /// These held.
        held: Vec<String>,
        /// These did not.
        failed: Vec<String>,
        /// These could not be told: a field was not known.
        unknown: Vec<String>,
        /// The fields as they were.
        facts: String,
    },
    /// The condition did not hold for long enough.
    TooShort {
        /// So long it held.
        lasted: Duration,
        /// So long it has to.
        wanted: Duration,
        /// The fields as they were last.
        facts: String,
    },
    /// A built-in rule counts or measures, and had less than it takes.
    Threshold {
        /// How much of what it takes, in thousandths.
        per_mille: u16,
        /// In words.
        text: String,
    },
}

impl NearWhy {
    /// How near it was: parts that hold count less than a time that is too short. Nothing if it was not near.
    fn rank(&self) -> Option<u64> {
        let share = |part: u64, whole: u64| part.saturating_mul(1_000).checked_div(whole);
        let length = |list: &Vec<String>| u64::try_from(list.len()).unwrap_or(u64::MAX);
        match self {
            Self::Parts { held, failed, unknown, .. } => {
                let whole = length(held) + length(failed) + length(unknown);
                share(length(held), whole).filter(|_| !held.is_empty())
            }
            Self::TooShort { lasted, wanted, .. } => {
                Some(1_000 + share(lasted.as_secs(), wanted.as_secs()).unwrap_or(0))
            }
            Self::Threshold { per_mille, .. } => {
                Some(u64::from(*per_mille)).filter(|rank| *rank > 0)
            }
        }
    }
}

type Key = (DeviceId, Arc<str>, Arc<str>);

/// What is gathered while a run goes on.
#[derive(Debug, Default)]
pub(super) struct Trace {
    fired: BTreeMap<Key, FiredRule>,
    unheard: BTreeMap<(Key, Suppression), UnheardRule>,
    near: BTreeMap<(DeviceId, Arc<str>), (u64, NearMiss)>,
    left_out: u64,
}

impl Trace {
    /// A rule fired.
    pub(super) fn fire(&mut self, found: FiredRule) {
        let key = key(&found);
        self.near.remove(&(key.0.clone(), Arc::clone(&key.1)));
        if let Some(known) = self.fired.get_mut(&key) {
            known.times = known.times.saturating_add(1);
        } else if self.fired.len() < MAX_ENTRIES {
            self.fired.insert(key, found);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// A rule fired, and nobody is told.
    pub(super) fn quench(&mut self, found: FiredRule, reason: Suppression) {
        let key = (key(&found), reason);
        if let Some(known) = self.unheard.get_mut(&key) {
            known.fired.times = known.fired.times.saturating_add(1);
        } else if self.unheard.len() < MAX_ENTRIES {
            self.unheard.insert(key, UnheardRule { fired: found, reason });
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// A rule nearly fired; the nearest time is kept.
    pub(super) fn miss(&mut self, miss: NearMiss) {
        let Some(rank) = miss.why.rank() else { return };
        let key = (miss.device.id.clone(), Arc::clone(&miss.rule));
        let has_fired = self
            .fired
            .range((key.0.clone(), Arc::clone(&key.1), Arc::default())..)
            .next()
            .is_some_and(|((device, rule, _), _)| *device == key.0 && *rule == key.1);
        let is_farther = self.near.get(&key).is_some_and(|(known, _)| *known >= rank);
        if has_fired || is_farther {
            return;
        }
        if self.near.len() < MAX_ENTRIES || self.near.contains_key(&key) {
            self.near.insert(key, (rank, miss));
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    pub(super) fn explanation(&self) -> Explanation {
        Explanation {
            fired: self.fired.values().cloned().collect(),
            unheard: self.unheard.values().cloned().collect(),
            near: self.near.values().map(|(_, miss)| miss.clone()).collect(),
            left_out: self.left_out,
        }
    }
}

fn key(found: &FiredRule) -> Key {
    (found.device.id.clone(), Arc::clone(&found.rule), Arc::clone(&found.subject))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(held: usize, failed: usize) -> NearWhy {
        let of = |count| vec![String::new(); count];
        NearWhy::Parts { held: of(held), failed: of(failed), unknown: vec![], facts: String::new() }
    }

    fn device() -> Arc<DeviceProfile> {
        Arc::new(DeviceProfile::new(DeviceId("d-1".into()), Timestamp::ZERO))
    }

    fn miss(second: u64, why: NearWhy) -> NearMiss {
        let at = Timestamp::from_parts(second, 0);
        NearMiss { rule: "x".into(), device: device(), subject: "".into(), at, why }
    }

    #[test]
    fn the_nearest_time_is_kept_and_what_fires_was_no_miss() {
        let mut trace = Trace::default();
        let short = |lasted| NearWhy::TooShort {
            lasted: Duration::from_secs(lasted),
            wanted: Duration::from_secs(10),
            facts: String::new(),
        };
        trace.miss(miss(0, parts(0, 2)));
        assert!(trace.explanation().near.is_empty(), "nothing held, and that is no miss");
        for (second, why, kept) in [
            (1, parts(1, 2), 1),
            (2, parts(2, 1), 2),
            (3, parts(2, 1), 2),
            (4, short(5), 4),
            (5, parts(2, 1), 4),
        ] {
            trace.miss(miss(second, why));
            assert_eq!(trace.explanation().near[0].at.as_secs(), kept);
        }
        let fired = FiredRule {
            rule: "x".into(),
            device: device(),
            subject: "s".into(),
            first: Timestamp::ZERO,
            times: 1,
            message: String::new(),
            evidence: None,
        };
        trace.fire(fired.clone());
        trace.fire(fired.clone());
        trace.miss(miss(6, short(9)));
        trace.quench(fired, Suppression::Rate);
        let told = trace.explanation();
        assert!(told.near.is_empty() && told.fired[0].times == 2);
        assert_eq!(told.unheard[0].reason, Suppression::Rate);
    }
}
