//! The alerts that stand: each once, however often it is found; raised, repeated, resolved.
//!
//! Comes in: findings with what the site says of their rule, and the time; what an earlier run left standing. Goes out: alerts, and
//! what there is to keep for the next run. What is not told is counted by reason. In the order of device, rule and subject, so
//! that the same observations give the same alerts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::about::Holding;
use super::card::RuleCard;
use super::kept::{AlertKey, KeptAlert, Silence};
use super::policy::{QuietHours, Terms};
use super::record::{Alert, AlertId, AlertPhase};
use super::suppression::{MAX_COUNTED_RULES, SuppressedAlerts, SuppressedByRule, Suppression};
use crate::classify::Destination;
use crate::device::{DeviceId, DeviceProfile};
use crate::net::Timestamp;

/// Most alerts that stand at a time; guards against a device that gives ever new subjects.
pub const MAX_STANDING: usize = 8_192;

/// Most alerts of one device and rule that stand at a time.
const MAX_OF_ONE: usize = 64;

/// Most changes that wait to be taken: guards memory where nobody keeps them. What finds no room is not known to the next run, or is
/// resolved there by its age.
const MAX_CHANGED: usize = 2 * MAX_STANDING;

/// Time between two tellings of an alert that is seen again and again.
const REPEAT_INTERVAL: Duration = Duration::from_secs(300);

/// The hour of the rate limit.
const RATE_WINDOW: Duration = Duration::from_secs(3600);

/// Something found, with all that is needed to tell of it.
pub(super) struct Found<'a> {
    pub(super) rule: &'a Arc<RuleCard>,
    pub(super) holds: Holding,
    pub(super) terms: Terms,
    pub(super) device: &'a Arc<DeviceProfile>,
    pub(super) subject: Arc<str>,
    pub(super) message: String,
    pub(super) destination: Option<Arc<Destination>>,
}

/// An alert that stands.
#[derive(Debug)]
struct Standing {
    alert: Alert,
    holds: Holding,
    /// Why nobody was told of it yet.
    silence: Option<Silence>,
    /// The hours that it waits for the end of.
    quiet: Option<QuietHours>,
    next_repeat: Timestamp,
}

/// Alerts that changed, or went.
#[derive(Debug, Default)]
struct Changes(BTreeSet<AlertKey>);

impl Changes {
    fn insert(&mut self, key: AlertKey) {
        if self.0.len() < MAX_CHANGED || self.0.contains(&key) {
            self.0.insert(key);
        }
    }
}

/// The desk.
#[derive(Debug, Default)]
pub(super) struct Desk {
    standing: BTreeMap<AlertKey, Standing>,
    /// Those that changed, or went, since they were last taken.
    changed: Changes,
    /// When each rule raised alerts in the last hour.
    raised: BTreeMap<Arc<str>, VecDeque<Timestamp>>,
    acknowledged: BTreeSet<AlertId>,
    suppressed: SuppressedAlerts,
    suppressed_by_rule: Arc<SuppressedByRule>,
    ready: VecDeque<Alert>,
}

impl Desk {
    /// Takes in something that was found. Gives why nobody is told of it, if so.
    pub(super) fn raise(
        &mut self,
        found: Found<'_>,
        max_per_hour: u32,
        now: Timestamp,
    ) -> Option<Suppression> {
        let rule = &found.rule.name;
        let subject = Arc::clone(&found.subject);
        let key = AlertKey { device: found.device.id.clone(), rule: Arc::clone(rule), subject };
        if let Some(known) = self.standing.get_mut(&key) {
            known.see_again(found, now, &mut self.ready);
            let reason = known.silence.map(Silence::reason);
            self.changed.insert(key);
            return reason;
        }
        if !self.has_room(&key) {
            self.suppress(rule, Suppression::Full);
            return Some(Suppression::Full);
        }
        let is_quiet = found.terms.quiet.as_ref().is_some_and(|quiet| quiet.holds(now));
        let is_too_much = !is_quiet && !self.takes_one_more(rule, max_per_hour, now);
        let silence = if is_quiet {
            Some(Silence::Quiet)
        } else if is_too_much {
            Some(Silence::Rate)
        } else {
            None
        };
        let reason = silence.map(Silence::reason);
        if let Some(reason) = reason {
            self.suppress(rule, reason);
        }
        let (card, device) = (Arc::clone(found.rule), Arc::clone(found.device));
        let said = (found.subject, found.message);
        let mut alert = Alert::raised(card, found.terms.severity, device, said, now);
        alert.destination = found.destination;
        alert.acknowledged = self.acknowledged.contains(&alert.id);
        if reason.is_none() {
            self.ready.push_back(alert.clone());
        }
        let standing = Standing {
            alert,
            holds: found.holds,
            silence,
            quiet: found.terms.quiet.filter(|_| is_quiet),
            next_repeat: now.plus(REPEAT_INTERVAL),
        };
        self.changed.insert(key.clone());
        self.standing.insert(key, standing);
        reason
    }

    /// Takes in what an earlier run left standing: it is told as seen again, and not as new. `quiet` are the hours of its rule now.
    /// Tells whether there was room.
    pub(super) fn restore(
        &mut self,
        kept: KeptAlert,
        rule: &Arc<RuleCard>,
        device: &Arc<DeviceProfile>,
        quiet: Option<QuietHours>,
    ) -> bool {
        let KeptAlert { key, message, severity, since, seen, count, acknowledged, silence, holds } =
            kept;
        if !self.has_room(&key) {
            return false;
        }
        let said = (Arc::clone(&key.subject), message);
        let mut alert = Alert::raised(Arc::clone(rule), severity, Arc::clone(device), said, since);
        (alert.timestamp, alert.count) = (seen, count);
        alert.acknowledged = acknowledged || self.acknowledged.contains(&alert.id);
        if silence.is_none() {
            self.ready.push_back(Alert { phase: AlertPhase::Repeated, ..alert.clone() });
        }
        let quiet = quiet.filter(|_| silence == Some(Silence::Quiet));
        let next_repeat = seen.plus(REPEAT_INTERVAL);
        self.standing.insert(key, Standing { alert, holds, silence, quiet, next_repeat });
        true
    }

    /// What has changed since it was last taken: each as it stands now, or that it stands no more.
    pub(super) fn take_changes(&mut self) -> Vec<(AlertKey, Option<KeptAlert>)> {
        let Changes(changed) = std::mem::take(&mut self.changed);
        let now = |key: AlertKey| {
            let kept = self.standing.get(&key).map(|known| known.kept(&key));
            (key, kept)
        };
        changed.into_iter().map(now).collect()
    }

    fn has_room(&self, key: &AlertKey) -> bool {
        let first = AlertKey { subject: Arc::default(), ..key.clone() };
        let alike = self
            .standing
            .range(first..)
            .take_while(|(other, _)| other.device == key.device && other.rule == key.rule);
        self.standing.len() < MAX_STANDING && alike.take(MAX_OF_ONE).count() < MAX_OF_ONE
    }

    /// What raised an alert is over.
    pub(super) fn clear(
        &mut self,
        rule: &Arc<str>,
        device: &DeviceId,
        subject: &Arc<str>,
        now: Timestamp,
    ) {
        let (rule, subject) = (Arc::clone(rule), Arc::clone(subject));
        let key = AlertKey { device: device.clone(), rule, subject };
        if let Some(known) = self.standing.remove(&key) {
            known.resolve(now, &mut self.ready);
            self.changed.insert(key);
        }
    }

    /// Resolves what was not seen for its time, and tells what waited for the end of quiet hours.
    pub(super) fn settle(&mut self, now: Timestamp) {
        let (ready, changed) = (&mut self.ready, &mut self.changed);
        self.standing.retain(|key, known| {
            if let Holding::For(time) = known.holds
                && now.since(known.alert.timestamp) >= time
            {
                known.resolve(now, ready);
                changed.insert(key.clone());
                return false;
            }
            let waits = known.quiet.as_ref().is_some_and(|quiet| quiet.holds(now));
            if known.silence == Some(Silence::Quiet) && !waits {
                (known.silence, known.quiet) = (None, None);
                changed.insert(key.clone());
                ready.push_back(known.alert.clone());
            }
            true
        });
    }

    /// Tells whether there is an alert to tell.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The next alert to tell.
    pub(super) fn pop(&mut self) -> Option<Alert> {
        self.ready.pop_front()
    }

    /// An alert was not told.
    pub(super) fn suppress(&mut self, rule: &Arc<str>, reason: Suppression) {
        self.suppressed.count(reason);
        let by_rule = &self.suppressed_by_rule;
        if by_rule.len() < MAX_COUNTED_RULES || by_rule.contains_key(rule) {
            // Who reads it has a copy: that happens once a batch at most.
            let by_rule = Arc::make_mut(&mut self.suppressed_by_rule);
            by_rule.entry(Arc::clone(rule)).or_default().count(reason);
        }
    }

    /// How many alerts were not told so far, by reason.
    pub(super) const fn suppressed(&self) -> SuppressedAlerts {
        self.suppressed
    }

    /// The same by rule.
    pub(super) fn suppressed_by_rule(&self) -> Arc<SuppressedByRule> {
        Arc::clone(&self.suppressed_by_rule)
    }

    /// Somebody says that an alert is known. Tells whether it stands.
    pub(super) fn acknowledge(&mut self, id: AlertId) -> bool {
        let Some((key, known)) = self.standing.iter_mut().find(|(_, known)| known.alert.id == id)
        else {
            return false;
        };
        self.changed.insert(key.clone());
        known.alert.acknowledged = true;
        self.acknowledged.insert(id);
        self.ready.push_back(Alert { phase: AlertPhase::Repeated, ..known.alert.clone() });
        true
    }

    /// Takes an alert for acknowledged when it comes: an earlier run knew it.
    pub(super) fn remember_acknowledged(&mut self, id: AlertId) {
        if self.acknowledged.len() < MAX_STANDING {
            self.acknowledged.insert(id);
        }
    }

    /// Resolves all of a device.
    pub(super) fn end(&mut self, device: &DeviceId, now: Timestamp) {
        let (ready, changed) = (&mut self.ready, &mut self.changed);
        self.standing.retain(|key, standing| {
            if key.device == *device {
                standing.resolve(now, ready);
                changed.insert(key.clone());
            }
            key.device != *device
        });
    }

    /// Resolves all of a rule: it is no more, or is another one now.
    pub(super) fn end_rule(&mut self, rule: &str, now: Timestamp) {
        let (ready, changed) = (&mut self.ready, &mut self.changed);
        self.standing.retain(|key, standing| {
            if *key.rule == *rule {
                standing.resolve(now, ready);
                changed.insert(key.clone());
            }
            *key.rule != *rule
        });
    }

    /// Takes all of a device away without a word.
    pub(super) fn forget(&mut self, device: &DeviceId) {
        self.standing.retain(|key, standing| {
            if key.device == *device {
                self.acknowledged.remove(&standing.alert.id);
                self.changed.insert(key.clone());
            }
            key.device != *device
        });
    }

    fn takes_one_more(&mut self, rule: &Arc<str>, max_per_hour: u32, now: Timestamp) -> bool {
        let raised = self.raised.entry(Arc::clone(rule)).or_default();
        while raised.front().is_some_and(|&first| now.since(first) >= RATE_WINDOW) {
            raised.pop_front();
        }
        let takes = raised.len() < usize::try_from(max_per_hour).unwrap_or(usize::MAX);
        if takes {
            raised.push_back(now);
        }
        takes
    }
}

impl Standing {
    fn see_again(&mut self, found: Found<'_>, now: Timestamp, ready: &mut VecDeque<Alert>) {
        let alert = &mut self.alert;
        alert.count = alert.count.saturating_add(1);
        alert.timestamp = alert.timestamp.max(now);
        alert.message = found.message;
        alert.device = Arc::clone(found.device);
        alert.destination = found.destination.or(alert.destination.take());
        if self.silence.is_none() && now >= self.next_repeat {
            self.next_repeat = now.plus(REPEAT_INTERVAL);
            ready.push_back(Alert { phase: AlertPhase::Repeated, ..alert.clone() });
        }
    }

    fn kept(&self, key: &AlertKey) -> KeptAlert {
        let alert = &self.alert;
        KeptAlert {
            key: key.clone(),
            message: alert.message.clone(),
            severity: alert.severity,
            since: alert.since,
            seen: alert.timestamp,
            count: alert.count,
            acknowledged: alert.acknowledged,
            silence: self.silence,
            holds: self.holds,
        }
    }

    fn resolve(&self, now: Timestamp, ready: &mut VecDeque<Alert>) {
        if self.silence.is_none() {
            let alert = self.alert.clone();
            ready.push_back(Alert { phase: AlertPhase::Resolved, timestamp: now, ..alert });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::rule::AlertRule;
    use crate::alert::severity::Severity;
    use crate::alert::site_clock::SiteClock;

    struct Bench {
        desk: Desk,
        rule: Arc<RuleCard>,
        device: Arc<DeviceProfile>,
        terms: Terms,
        holds: Holding,
    }

    fn at(second: u64) -> Timestamp {
        Timestamp::from_parts(second, 0)
    }

    impl Bench {
        fn new() -> Self {
            Self {
                desk: Desk::default(),
                rule: Arc::new(RuleCard::of(AlertRule::NewDevice)),
                device: Arc::new(DeviceProfile::new(DeviceId("d-1".into()), at(0))),
                terms: Terms { enabled: true, severity: Severity::Low, quiet: None },
                holds: Holding::For(Duration::from_secs(1_000)),
            }
        }

        fn raise(&mut self, subject: &str, second: u64) -> Vec<(AlertPhase, u32)> {
            let found = Found {
                rule: &self.rule,
                holds: self.holds,
                terms: self.terms.clone(),
                device: &self.device,
                subject: subject.into(),
                message: format!("seen at {second}"),
                destination: None,
            };
            self.desk.raise(found, 3, at(second));
            self.told()
        }

        fn told(&mut self) -> Vec<(AlertPhase, u32)> {
            std::iter::from_fn(|| self.desk.pop()).map(|alert| (alert.phase, alert.count)).collect()
        }

        fn settle(&mut self, second: u64) -> Vec<(AlertPhase, u32)> {
            self.desk.settle(at(second));
            self.told()
        }

        fn suppressed(&self) -> Vec<(Suppression, u64)> {
            let counts = Suppression::ALL.map(|why| (why, self.desk.suppressed().of(why)));
            counts.into_iter().filter(|(_, count)| *count > 0).collect()
        }
    }

    #[test]
    fn what_is_found_again_is_counted_told_now_and_then_and_resolved_when_it_ends() {
        let mut bench = Bench::new();

        assert_eq!(bench.raise("x", 100), [(AlertPhase::Raised, 1)]);
        assert_eq!(bench.raise("x", 110), []);
        assert_eq!(bench.raise("x", 401), [(AlertPhase::Repeated, 3)]);
        assert_eq!(bench.settle(1_400), []);
        assert_eq!(bench.settle(1_401), [(AlertPhase::Resolved, 3)]);
        assert_eq!(bench.settle(9_000), []);
        assert_eq!(bench.raise("x", 9_000), [(AlertPhase::Raised, 1)]);
    }

    #[test]
    fn what_holds_until_it_is_cleared_waits_for_that() {
        let mut bench = Bench::new();
        bench.holds = Holding::UntilCleared;
        bench.raise("", 100);

        assert_eq!(bench.settle(1_000_000), []);
        let (rule, device) = (Arc::clone(&bench.rule.name), bench.device.id.clone());
        bench.desk.clear(&rule, &device, &"other".into(), at(1_000_000));
        assert_eq!(bench.told(), []);
        bench.desk.clear(&rule, &device, &"".into(), at(1_000_001));
        assert_eq!(bench.told(), [(AlertPhase::Resolved, 1)]);
    }

    #[test]
    fn a_rule_raises_its_share_an_hour_and_the_rest_is_counted() {
        let mut bench = Bench::new();
        let raised: usize = (0..5).map(|n| bench.raise(&n.to_string(), 100).len()).sum();

        assert_eq!(raised, 3);
        assert_eq!(bench.suppressed(), [(Suppression::Rate, 2)]);
        assert_eq!(bench.desk.suppressed_by_rule()["new-device"].of(Suppression::Rate), 2);
        assert_eq!(bench.settle(2_000).len(), 3, "nobody hears of the end of what was not told");
        assert_eq!(bench.raise("late", 3_700).len(), 1);
    }

    #[test]
    fn what_is_found_in_quiet_hours_is_told_after_them_if_it_stands() {
        let mut bench = Bench::new();
        bench.terms.quiet = Some(QuietHours { from: 0, until: 3_600, clock: SiteClock::default() });
        bench.holds = Holding::UntilCleared;

        assert_eq!(bench.raise("x", 100), []);
        assert_eq!(bench.suppressed(), [(Suppression::Quiet, 1)]);
        assert_eq!(bench.settle(3_599), []);
        assert_eq!(bench.settle(3_600), [(AlertPhase::Raised, 1)]);
        assert_eq!(bench.settle(3_610), []);
    }

    #[test]
    fn what_waits_for_the_end_of_quiet_hours_is_told_as_new_by_the_next_run() {
        let quiet = Some(QuietHours { from: 0, until: 3_600, clock: SiteClock::default() });
        for hours in [quiet.clone(), None] {
            let mut first = Bench::new();
            first.terms.quiet.clone_from(&quiet);
            first.holds = Holding::UntilCleared;
            first.raise("x", 100);
            let mut next = Bench::new();
            for (_, kept) in first.desk.take_changes() {
                assert!(next.desk.restore(
                    kept.unwrap(),
                    &first.rule,
                    &first.device,
                    hours.clone()
                ));
            }
            assert_eq!(next.told(), []);
            // Without such hours it waits for nothing.
            let at_once = next.settle(3_599);
            assert_eq!(at_once.len(), usize::from(hours.is_none()));
            assert_eq!(next.settle(3_600).len() + at_once.len(), 1);
        }
    }

    #[test]
    fn what_nobody_was_told_of_ends_without_a_word_in_the_next_run_too() {
        let mut first = Bench::new();
        for number in 0..5 {
            first.raise(&number.to_string(), 100);
        }
        let mut next = Bench::new();
        for (_, kept) in first.desk.take_changes() {
            next.desk.restore(kept.unwrap(), &first.rule, &first.device, None);
        }
        assert_eq!(next.told().len(), 3);
        let ended = next.settle(2_000);
        assert_eq!(ended, [(AlertPhase::Resolved, 1); 3]);
        assert_eq!(next.desk.take_changes().len(), 5);
    }

    #[test]
    fn changes_that_nobody_takes_are_bounded() {
        let mut bench = Bench::new();
        for number in 0..(MAX_CHANGED + 10) {
            let subject: Arc<str> = number.to_string().into();
            bench.raise(&subject, 100);
            let (rule, device) = (Arc::clone(&bench.rule.name), bench.device.id.clone());
            bench.desk.clear(&rule, &device, &subject, at(101));
        }
        assert_eq!(bench.desk.take_changes().len(), MAX_CHANGED);
    }

    #[test]
    fn one_device_cannot_fill_the_desk() {
        let mut bench = Bench::new();
        for n in 0..(MAX_OF_ONE + 5) {
            bench.raise(&n.to_string(), 100);
        }
        assert_eq!(bench.desk.standing.len(), MAX_OF_ONE);
        bench.device = Arc::new(DeviceProfile::new(DeviceId("d-2".into()), at(0)));
        bench.raise("x", 100);
        assert_eq!(bench.desk.standing.len(), MAX_OF_ONE + 1);

        bench.desk.forget(&DeviceId("d-1".into()));
        assert_eq!(bench.desk.standing.len(), 1);
    }

    #[test]
    fn an_acknowledged_alert_says_so_when_it_comes_again() {
        let mut bench = Bench::new();
        bench.raise("x", 100);
        let id = AlertId::of(&bench.rule.name, &bench.device.id, "x");

        assert!(bench.desk.acknowledge(id) && !bench.desk.acknowledge(AlertId(1)));
        assert_eq!(bench.told(), [(AlertPhase::Repeated, 1)]);
        bench.settle(5_000);
        bench.raise("y", 6_000);
        let found = Found {
            rule: &bench.rule,
            holds: bench.holds,
            terms: bench.terms.clone(),
            device: &bench.device,
            subject: "x".into(),
            message: String::new(),
            destination: None,
        };
        bench.desk.raise(found, 3, at(6_000));
        assert!(bench.desk.pop().is_some_and(|alert| alert.acknowledged));
    }
}
