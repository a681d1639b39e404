//! The alerts that Alertmanagers have to hear of: those that stand, and those that ended a short while ago.
//!
//! Comes in: alerts, the time. Goes out: which of them are due. It sends nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use super::postable::PostableAlert;
use crate::alert::{Alert, AlertPhase};
use crate::device::DeviceId;
use crate::export::eve_text::Text;
use crate::export::rfc3339::Rfc3339;
use crate::net::Timestamp;

/// Most alerts that are remembered: guards memory, here and in Alertmanager.
pub(crate) const MAX_ALERTS: usize = 4096;
/// How long an alert that is over is told: as Prometheus does, so that an Alertmanager that was away learns of it.
const RESOLVED_FOR: Duration = Duration::from_secs(15 * 60);
/// An alert that we tell no more ends after so many intervals.
const PATIENCE: u32 = 4;

/// An alert is told apart by its parts: rule, device, subject.
type Key = (Arc<str>, DeviceId, Arc<str>);

/// One alert.
#[derive(Debug)]
struct Entry {
    /// As they were when it was first told: they are what Alertmanager knows it by.
    labels: Box<RawValue>,
    annotations: Box<RawValue>,
    since: Timestamp,
    /// When it was over.
    ended: Option<Timestamp>,
    /// When it was last sent; absent when it has news.
    sent: Option<Timestamp>,
}

/// The alerts that have to be told.
#[derive(Debug)]
pub(crate) struct Standing {
    alerts: BTreeMap<Key, Entry>,
    interval: Duration,
    max: usize,
}

impl Standing {
    /// Alerts that stand are due again after `interval`.
    #[must_use]
    pub(crate) const fn new(interval: Duration) -> Self {
        Self { alerts: BTreeMap::new(), interval, max: MAX_ALERTS }
    }

    /// Takes note of an alert; `encode` gives its labels and annotations. One without room is left out: false.
    pub(crate) fn apply(
        &mut self,
        alert: &Alert,
        encode: impl FnOnce() -> Option<(Box<RawValue>, Box<RawValue>)>,
    ) -> bool {
        let key =
            (Arc::clone(&alert.rule.name), alert.device_id().clone(), Arc::clone(&alert.subject));
        let ended = (alert.phase == AlertPhase::Resolved).then_some(alert.timestamp);
        if let Some(entry) = self.alerts.get_mut(&key) {
            let is_news = entry.ended.is_some() != ended.is_some() || entry.since != alert.since;
            if is_news {
                (entry.ended, entry.since, entry.sent) = (ended, alert.since, None);
            }
            if let Some((_, annotations)) = encode() {
                entry.annotations = annotations;
            }
            return true;
        }
        if self.alerts.len() >= self.max {
            return false;
        }
        let Some((labels, annotations)) = encode() else { return false };
        let entry = Entry { labels, annotations, since: alert.since, ended, sent: None };
        self.alerts.insert(key, entry);
        true
    }

    /// Ends the alerts of a device that is forgotten: nobody will tell their end.
    pub(crate) fn forget(&mut self, device: &DeviceId, now: Timestamp) {
        for ((_, known, _), entry) in &mut self.alerts {
            if known == device && entry.ended.is_none() {
                (entry.ended, entry.sent) = (Some(now), None);
            }
        }
    }

    /// Forgets what was over for long. Who hears of an alert so late has it ended by its own clock.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        self.alerts.retain(|_, entry| {
            entry.ended.is_none_or(|ended| entry.sent.is_none() || now.since(ended) < RESOLVED_FOR)
        });
    }

    /// At most `max` of the alerts that are due, as they are to be sent now.
    pub(super) fn due<'a>(
        &'a self,
        now: Timestamp,
        max: usize,
        generator_url: Option<&'a str>,
    ) -> Vec<PostableAlert<'a>> {
        self.order(now)
            .into_iter()
            .take(max)
            .filter_map(|key| self.alerts.get(&key))
            .map(|entry| {
                // An Alertmanager refuses an end before the start, and a start in the future makes no sense to anyone.
                let start = entry.since.min(now);
                let end = entry.ended.map_or_else(
                    || now.plus(self.interval.saturating_mul(PATIENCE)),
                    |ended| ended.min(now).max(start),
                );
                PostableAlert {
                    labels: &entry.labels,
                    annotations: &entry.annotations,
                    starts_at: Text(Rfc3339(start)),
                    ends_at: Text(Rfc3339(end)),
                    generator_url,
                }
            })
            .collect()
    }

    /// The first `count` of those that were due have been sent.
    pub(crate) fn settle(&mut self, now: Timestamp, count: usize) {
        for key in self.order(now).into_iter().take(count) {
            if let Some(entry) = self.alerts.get_mut(&key) {
                entry.sent = Some(now);
            }
        }
    }

    /// What is due, what has news first.
    fn order(&self, now: Timestamp) -> Vec<Key> {
        let is_due = |entry: &Entry| entry.sent.is_none_or(|sent| now.since(sent) >= self.interval);
        let mut due: Vec<_> = self.alerts.iter().filter(|(_, entry)| is_due(entry)).collect();
        due.sort_by_key(|(_, entry)| entry.sent);
        due.into_iter().map(|(key, _)| key.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;
    use crate::export::sample::{self, NOON};

    const MINUTE: Duration = Duration::from_secs(60);

    fn encoded() -> Option<(Box<RawValue>, Box<RawValue>)> {
        Some((to_raw_value(&1).unwrap(), to_raw_value(&2).unwrap()))
    }

    fn tell(standing: &mut Standing, now: Timestamp) -> usize {
        let count = standing.due(now, 1000, None).len();
        standing.settle(now, count);
        count
    }

    #[test]
    fn an_alert_that_stands_is_due_again_and_one_that_is_over_for_a_while() {
        let mut standing = Standing::new(MINUTE);
        let alert = sample::alert("d-1", "x", "y");
        assert!(standing.apply(&alert, encoded));
        assert_eq!(tell(&mut standing, NOON), 1);
        assert_eq!(tell(&mut standing, NOON.plus(MINUTE / 2)), 0);
        assert_eq!(tell(&mut standing, NOON.plus(MINUTE)), 1);

        let mut over = sample::in_phase(&alert, AlertPhase::Resolved);
        over.timestamp = NOON.plus(MINUTE);
        standing.apply(&over, encoded);
        standing.apply(&over, encoded);
        let now = NOON.plus(MINUTE * 2);
        let due = serde_json::to_string(&standing.due(now, 9, None)).unwrap();
        assert!(due.contains(r#""endsAt":"2026-09-21T14:14:20.250Z""#), "{due}");
        assert_eq!(tell(&mut standing, now), 1);
        assert_eq!(tell(&mut standing, now.plus(MINUTE)), 1);
        standing.expire(NOON.plus(MINUTE * 20));
        assert!(standing.alerts.is_empty());
    }

    #[test]
    fn the_alerts_of_a_forgotten_device_end() {
        let mut standing = Standing::new(MINUTE);
        standing.apply(&sample::alert("d-1", "x", "y"), encoded);
        standing.apply(&sample::alert("d-2", "x", "y"), encoded);
        tell(&mut standing, NOON);
        standing.forget(&DeviceId("d-1".into()), NOON.plus(MINUTE / 2));

        assert_eq!(tell(&mut standing, NOON.plus(MINUTE / 2)), 1);
        standing.expire(NOON.plus(MINUTE * 20));
        assert_eq!(standing.alerts.len(), 1);
    }

    #[test]
    fn what_is_seen_again_is_no_news() {
        let mut standing = Standing::new(MINUTE);
        let alert = sample::alert("d-1", "x", "y");
        standing.apply(&alert, encoded);
        tell(&mut standing, NOON);
        standing.apply(&sample::in_phase(&alert, AlertPhase::Repeated), encoded);

        assert_eq!(tell(&mut standing, NOON), 0);
    }

    #[test]
    fn an_end_is_never_before_its_start_and_a_start_never_in_the_future() {
        let mut standing = Standing::new(MINUTE);
        let mut over = sample::in_phase(&sample::alert("d-1", "x", "y"), AlertPhase::Resolved);
        over.timestamp = Timestamp::ZERO;
        standing.apply(&over, encoded);
        let early = NOON.minus(MINUTE);
        let due = serde_json::to_string(&standing.due(early, 9, None)).unwrap();
        let time = "\"2026-09-21T14:12:20.250Z\"";
        assert!(due.contains(&format!("\"startsAt\":{time},\"endsAt\":{time}")), "{due}");
    }

    #[test]
    fn what_was_never_sent_is_kept_and_room_is_bounded() {
        let mut standing = Standing::new(MINUTE);
        let mut over = sample::in_phase(&sample::alert("d-1", "x", "y"), AlertPhase::Resolved);
        over.timestamp = NOON;
        standing.apply(&over, encoded);
        standing.expire(NOON.plus(MINUTE * 100));
        assert_eq!(standing.alerts.len(), 1);

        for number in 0..MAX_ALERTS + 10 {
            standing.apply(&sample::alert("d-1", &number.to_string(), "y"), encoded);
        }
        assert_eq!(standing.alerts.len(), MAX_ALERTS);
    }
}
