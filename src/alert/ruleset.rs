//! The rules at work: each sees what happened, the desk keeps what they found.
//!
//! Comes in: scenes, and the time. Goes out: [`Alert`]s, each once; habits of devices for who stores them. It never sends
//! anything.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;

use super::about::About;
use super::card::RuleCard;
use super::desk::Desk;
use super::explain::{Explanation, Trace};
use super::finding::Findings;
use super::intake::{Intake, Origin, Sighted};
use super::kept::{AlertKey, KeptAlert};
use super::lore::Lore;
use super::memory::{Habits, Memory, Topic};
use super::policy::Config;
use super::record::{Alert, AlertId};
use super::rule::AlertRule;
use super::rules::{
    NEW_DEVICE_CONFIDENCE, REPORTED_CONFLICT, REPORTED_NEW, REPORTED_REBRAND, change_text,
};
use super::scene::{Cue, Scene};
use super::site::{SiteRule, SiteTime};
use super::suppression::{SuppressedAlerts, SuppressedByRule};
use crate::device::{DeviceId, DeviceProfile, Presence};
use crate::net::Timestamp;

/// Most devices that the rules remember; guards against a flood of made-up addresses. The inventory forgets first.
const MAX_DEVICES: usize = 16_384;

/// The rules with what they know of each device.
#[derive(Debug)]
pub struct Ruleset {
    config: Config,
    cards: Vec<(AlertRule, Arc<RuleCard>)>,
    memories: HashMap<DeviceId, Memory, RandomState>,
    lore: Lore,
    findings: Findings,
    desk: Desk,
    trace: Option<Trace>,
    /// A site rule goes by the time, so that it may find something although nothing happens.
    watches_time: bool,
    /// Site rules have not looked at the devices that are known.
    rules_are_new: bool,
    /// The minute in which they looked at the clock last.
    minute: Option<u64>,
}

impl Ruleset {
    /// Rules that have reported nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let card = |rule| (rule, Arc::new(RuleCard::of(rule)));
        Self {
            watches_time: watches_time(&config),
            rules_are_new: false,
            minute: None,
            trace: None,
            config,
            cards: AlertRule::ALL.map(card).into(),
            memories: HashMap::with_hasher(RandomState::new()),
            lore: Lore::builtin(),
            findings: Findings::default(),
            desk: Desk::default(),
        }
    }

    /// Uses other settings from now on. What stands stays, unless it is of a site rule that is no more, or is another one now.
    pub fn set_config(&mut self, config: Config, now: Timestamp) {
        for gone in self.config.rules.iter().filter(|rule| !config.rules.contains(rule)) {
            self.desk.end_rule(gone.name(), now);
            for memory in self.memories.values_mut() {
                memory.site.forget(gone.name());
            }
        }
        self.rules_are_new = true;
        self.watches_time = watches_time(&config);
        self.config = config;
    }

    /// From now on gathers why rules fire, and which nearly do.
    pub fn explain(&mut self) {
        self.findings.explain();
        self.trace = Some(Trace::default());
    }

    /// Why rules fired, and which nearly did, since somebody asked.
    #[must_use]
    pub fn explanation(&self) -> Option<Explanation> {
        self.trace.as_ref().map(Trace::explanation)
    }

    /// Lets every rule look at what happened. Devices of no vendor are looked at only where they speak to a vendor's cloud.
    pub fn observe(&mut self, scene: &Scene<'_>) {
        let speaks_to_a_cloud = matches!(&scene.cue, Cue::Flow(flow) if flow.destination.is_some());
        if !scene.device.is_vendor_device() && !speaks_to_a_cloud {
            return;
        }
        let id = &scene.device.id;
        if self.memories.len() >= MAX_DEVICES && !self.memories.contains_key(id) {
            return;
        }
        let memory = self.memories.entry(id.clone()).or_default();
        memory.hear(scene.device);
        memory.profile = Some(Arc::clone(scene.device));
        let is_learning = memory.habits.present < self.config.learning;
        let sighted = Sighted { device: scene.device, is_learning, now: scene.now };
        let (config, desk) = (&self.config, &mut self.desk);
        let mut intake = Intake { config, desk, trace: &mut self.trace };
        for (rule, card) in &self.cards {
            rule.observe(scene, &self.lore, memory, &mut self.findings);
            let &About { severity, learns, holds, .. } = rule.about();
            let origin = Origin { card, severity, learns, holds };
            intake.take(&mut self.findings, origin, sighted);
        }
        if !scene.device.is_vendor_device() {
            return;
        }
        let clock = SiteTime::new(scene.now, config.clock.ahead_of_utc(scene.now));
        for rule in &config.rules {
            memory.site.observe(rule, scene, clock, &mut self.findings);
            intake.take(&mut self.findings, origin_of(rule), sighted);
        }
    }

    /// Resolves what is over, and tells what has held for its time.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.desk.settle(now);
        if !self.config.rules.is_empty() {
            self.settle_site(now);
        }
    }

    /// Lets the rules of the site look at what time has made of what they saw. Once a minute they look at the site's clock.
    fn settle_site(&mut self, now: Timestamp) {
        let minute = now.as_secs() / 60;
        let is_anew = self.minute != Some(minute);
        let are_new = std::mem::take(&mut self.rules_are_new);
        self.minute = Some(minute);
        let is_looked_at =
            |memory: &Memory| memory.site.waits() || is_anew && self.watches_time || are_new;
        let waiting = self.memories.iter().filter(|(_, memory)| is_looked_at(memory));
        let mut waiting: Vec<_> = waiting.map(|(id, _)| id.clone()).collect();
        waiting.sort_unstable();
        let (config, desk) = (&self.config, &mut self.desk);
        let mut intake = Intake { config, desk, trace: &mut self.trace };
        let clock = SiteTime::new(now, config.clock.ahead_of_utc(now));
        for id in waiting {
            let Some(memory) = self.memories.get_mut(&id) else { continue };
            let Some(device) = memory.profile.clone() else { continue };
            if !device.is_vendor_device() {
                continue;
            }
            let scene = Scene { now, device: &device, cue: Cue::Profile };
            let is_learning = memory.habits.present < config.learning;
            for rule in &config.rules {
                let looks = are_new || is_anew && rule.moves_with_time();
                memory.site.settle(rule, &scene, clock, looks, &mut self.findings);
                let sighted = Sighted { device: &device, is_learning, now };
                intake.take(&mut self.findings, origin_of(rule), sighted);
            }
        }
    }

    /// Tells whether there is an alert to tell.
    #[must_use]
    pub fn has_alert(&self) -> bool {
        self.desk.is_ready()
    }

    /// The next alert, oldest first.
    pub fn poll_alert(&mut self) -> Option<Alert> {
        self.desk.pop()
    }

    /// How many alerts were not told so far, by reason.
    #[must_use]
    pub fn suppressed(&self) -> SuppressedAlerts {
        self.desk.suppressed()
    }

    /// The same by rule.
    #[must_use]
    pub fn suppressed_by_rule(&self) -> Arc<SuppressedByRule> {
        self.desk.suppressed_by_rule()
    }

    /// Somebody says that an alert is known. Tells whether it stands.
    pub fn acknowledge(&mut self, id: AlertId) -> bool {
        self.desk.acknowledge(id)
    }

    /// An earlier run knew this alert, and somebody had acknowledged it.
    pub fn remember_acknowledged(&mut self, id: AlertId) {
        self.desk.remember_acknowledged(id);
    }

    /// Takes in an alert that an earlier run left standing, of a device that is known again: it is told as seen again, and not as
    /// new. Tells whether there is such a rule, and room.
    pub fn restore_alert(&mut self, kept: KeptAlert, device: &Arc<DeviceProfile>) -> bool {
        let Some(card) = self.card(&kept.key.rule) else { return false };
        let quiet = self.config.terms(&card.name, kept.severity, device).quiet;
        self.desk.restore(kept, &card, device, quiet)
    }

    /// The alerts that changed since they were last taken: each as it stands now, or that it stands no more.
    pub fn take_alerts(&mut self) -> Vec<(AlertKey, Option<KeptAlert>)> {
        self.desk.take_changes()
    }

    fn card(&self, name: &str) -> Option<Arc<RuleCard>> {
        let built_in = self.cards.iter().map(|(_, card)| card);
        built_in
            .chain(self.config.rules.iter().map(|rule| rule.card()))
            .find(|card| *card.name == *name)
            .map(Arc::clone)
    }

    /// Takes what an earlier run knew of a device's habits.
    pub fn remember_habits(&mut self, device: DeviceId, habits: Habits) {
        if self.memories.len() < MAX_DEVICES {
            self.memories.insert(device, Memory::restored(habits));
        }
    }

    /// Takes a device for reported, if it would have been: an earlier run knew it.
    pub fn remember_device(&mut self, profile: &DeviceProfile) {
        if !profile.is_vendor_device() {
            return;
        }
        let Some(memory) = self.memory(&profile.id) else { return };
        if profile.identity.confidence >= NEW_DEVICE_CONFIDENCE {
            memory.is_new(Topic::Reported, REPORTED_NEW);
            if profile.identity.oem_of.is_some() {
                memory.is_new(Topic::Reported, REPORTED_REBRAND);
            }
        }
        if profile.state.conflict.is_some() {
            memory.is_new(Topic::Reported, REPORTED_CONFLICT);
        }
        // What rules compare the next profile with.
        memory.default_login = profile.state.default_login;
        memory.kind = profile.identity.kind;
        memory.was_silent = profile.state.presence == Presence::Offline;
        for change in &profile.state.changes {
            memory.is_new(Topic::Change, &change_text(change));
        }
    }

    /// Takes a contact for reported: an earlier run saw it.
    pub fn remember_contact(&mut self, device: DeviceId, service: &str) {
        if let Some(memory) = self.memory(&device) {
            memory.is_new(Topic::Service, service);
        }
    }

    /// What is known of a device, as long as there is room.
    fn memory(&mut self, id: &DeviceId) -> Option<&mut Memory> {
        let has_room = self.memories.len() < MAX_DEVICES || self.memories.contains_key(id);
        has_room.then(|| self.memories.entry(id.clone()).or_default())
    }

    /// What is usual for the devices whose habits have changed since they were last taken.
    pub fn take_habits(&mut self) -> Vec<(DeviceId, Habits)> {
        let mut news = Vec::new();
        for (id, memory) in &mut self.memories {
            if std::mem::take(&mut memory.is_news) {
                news.push((id.clone(), memory.habits.clone()));
            }
        }
        news.sort_by(|a, b| a.0.cmp(&b.0));
        news
    }

    /// A device made room in the inventory: what it was known for goes too, so that a flood of made-up ones fills no memory,
    /// and what stands is over.
    pub fn depart(&mut self, id: &DeviceId, now: Timestamp) {
        self.memories.remove(id);
        self.desk.end(id, now);
    }

    /// Forgets what was reported of a device.
    pub fn forget(&mut self, id: &DeviceId) {
        self.memories.remove(id);
        self.desk.forget(id);
    }
}

fn watches_time(config: &Config) -> bool {
    config.rules.iter().any(|rule| rule.moves_with_time())
}

fn origin_of(rule: &SiteRule) -> Origin<'_> {
    Origin {
        card: rule.card(),
        severity: rule.severity(),
        learns: rule.learns(),
        holds: rule.holds(),
    }
}

impl Default for Ruleset {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::alert::record::AlertPhase;
    use crate::alert::site::RuleDraft;
    use crate::alert::suppression::Suppression;
    use crate::device::Identity;

    fn profile(id: &str, vendor: Option<&str>, confidence: u8) -> Arc<DeviceProfile> {
        Arc::new(DeviceProfile {
            addresses: vec!["192.0.2.64".parse().unwrap()],
            identity: Identity {
                vendor: vendor.map(Arc::from),
                model: Some("C500\u{1b}[31m".into()),
                confidence,
                ..Identity::default()
            },
            ..DeviceProfile::new(DeviceId(id.into()), Timestamp::ZERO)
        })
    }

    fn look(rules: &mut Ruleset, device: &Arc<DeviceProfile>) -> Vec<Alert> {
        look_at(rules, device, 100)
    }

    fn look_at(rules: &mut Ruleset, device: &Arc<DeviceProfile>, second: u64) -> Vec<Alert> {
        let now = Timestamp::from_parts(second, 0);
        rules.handle_timeout(now);
        rules.observe(&Scene { now, device, cue: Cue::Profile });
        std::iter::from_fn(|| rules.poll_alert()).collect()
    }

    #[test]
    fn a_device_is_reported_once_and_not_before_it_is_sure_enough() {
        let mut rules = Ruleset::default();

        assert!(look(&mut rules, &profile("d-1", None, 0)).is_empty());
        assert!(look(&mut rules, &profile("d-1", Some("ezviz"), 39)).is_empty());
        let alert = look(&mut rules, &profile("d-1", Some("ezviz"), 40)).pop().unwrap();
        assert!(look(&mut rules, &profile("d-1", Some("ezviz"), 77)).is_empty());
        assert_eq!(look(&mut rules, &profile("d-2", Some("ezviz"), 77)).len(), 1);

        assert_eq!(alert.rule.builtin, Some(AlertRule::NewDevice));
        assert!(alert.message.contains("40 % sure") && alert.message.contains("192.0.2.64"));
        assert!(!alert.message.contains('\u{1b}'));
    }

    #[test]
    fn what_an_earlier_run_knew_is_not_reported_until_it_is_forgotten() {
        let mut rules = Ruleset::default();
        let (sure, unsure) = (profile("d-1", Some("ezviz"), 80), profile("d-2", Some("ezviz"), 30));
        rules.remember_device(&sure);
        rules.remember_device(&unsure);

        assert!(look(&mut rules, &sure).is_empty());
        let surer = profile("d-2", Some("ezviz"), 80);
        assert_eq!(look(&mut rules, &surer).len(), 1);
        rules.forget(&sure.id);
        assert_eq!(look(&mut rules, &sure).len(), 1);
    }

    #[test]
    fn habits_come_back_as_they_were_told() {
        let mut rules = Ruleset::default();
        let device = profile("d-1", Some("ezviz"), 80);
        look(&mut rules, &device);
        let habits = rules.take_habits();
        assert_eq!(habits.len(), 1);
        assert!(rules.take_habits().is_empty());

        let mut later = Ruleset::default();
        for (id, known) in habits {
            later.remember_habits(id, known);
        }
        assert!(look(&mut later, &device).is_empty());
    }

    /// What another run is given of one that has ended.
    fn next_run(rules: &mut Ruleset, device: &Arc<DeviceProfile>) -> Ruleset {
        let mut next = Ruleset::new(rules.config.clone());
        for (id, known) in rules.take_habits() {
            next.remember_habits(id, known);
        }
        next.remember_device(device);
        for (_, kept) in rules.take_alerts() {
            assert!(kept.is_none_or(|kept| next.restore_alert(kept, device)));
        }
        next
    }

    #[test]
    fn what_stands_goes_on_in_the_next_run_and_is_resolved_when_it_ends() {
        let mut first = Ruleset::default();
        let online = profile("d-1", Some("ezviz"), 80);
        let mut silent = (*online).clone();
        silent.state.presence = Presence::Offline;
        let silent = Arc::new(silent);
        look_at(&mut first, &online, 100);
        let raised = look_at(&mut first, &silent, 5_000);
        let offline = raised.iter().find(|alert| &*alert.rule.name == "device-offline").unwrap();
        first.acknowledge(offline.id);

        let mut second = next_run(&mut first, &silent);
        let told = std::iter::from_fn(|| second.poll_alert());
        let told: Vec<_> =
            told.map(|alert| (alert.id, alert.phase, alert.since, alert.acknowledged)).collect();
        let again = (offline.id, AlertPhase::Repeated, offline.since, true);
        assert!(told.contains(&again), "{told:?}");
        assert!(told.iter().all(|(_, phase, ..)| *phase == AlertPhase::Repeated), "{told:?}");

        let still = look_at(&mut second, &silent, 5_100);
        assert!(still.iter().all(|alert| alert.phase != AlertPhase::Raised), "{still:?}");
        let ended = look_at(&mut second, &online, 6_000);
        let ended = ended.iter().find(|alert| alert.id == offline.id).unwrap();
        assert_eq!((ended.phase, ended.count), (AlertPhase::Resolved, 2));
        assert!(
            second
                .take_alerts()
                .iter()
                .any(|(key, kept)| { &*key.rule == "device-offline" && kept.is_none() })
        );
    }

    #[test]
    fn an_alert_of_the_site_goes_on_in_the_next_run_and_ends_with_its_condition() {
        let draft = RuleDraft {
            name: "is-sure".to_owned(),
            when: "device.confidence > 70".to_owned(),
            message: "sure of {device.name}".to_owned(),
            ..RuleDraft::default()
        };
        let rules = vec![Arc::new(SiteRule::compile(draft).unwrap())];
        let mut first = Ruleset::new(Config { rules, ..Config::default() });
        let sure = profile("d-1", Some("ezviz"), 80);
        let raised = look_at(&mut first, &sure, 100);
        let raised = raised.iter().find(|alert| &*alert.rule.name == "is-sure").unwrap();
        assert!(first.acknowledge(raised.id));

        let mut second = next_run(&mut first, &sure);
        let told = std::iter::from_fn(|| second.poll_alert());
        let told: Vec<_> = told.map(|alert| (alert.id, alert.phase, alert.acknowledged)).collect();
        assert!(told.contains(&(raised.id, AlertPhase::Repeated, true)), "{told:?}");
        let ended = look_at(&mut second, &profile("d-1", Some("ezviz"), 60), 6_000);
        let ended = ended.iter().find(|alert| alert.id == raised.id).unwrap();
        assert_eq!(ended.phase, AlertPhase::Resolved);
    }

    #[test]
    fn an_alert_that_was_left_standing_ends_also_when_its_condition_held_for_too_short_a_time() {
        let draft = RuleDraft {
            name: "is-sure".to_owned(),
            when: "device.confidence > 70".to_owned(),
            message: "sure of {device.name}".to_owned(),
            held_for: Duration::from_secs(600),
            ..RuleDraft::default()
        };
        let rules = vec![Arc::new(SiteRule::compile(draft).unwrap())];
        let mut first = Ruleset::new(Config { rules, ..Config::default() });
        let sure = profile("d-1", Some("ezviz"), 80);
        look_at(&mut first, &sure, 100);
        let raised = look_at(&mut first, &sure, 1_000);
        let id = raised.iter().find(|alert| &*alert.rule.name == "is-sure").unwrap().id;

        let mut second = next_run(&mut first, &sure);
        look_at(&mut second, &sure, 1_100);
        let ended = look_at(&mut second, &profile("d-1", Some("ezviz"), 60), 1_200);
        let ended = ended.iter().find(|alert| alert.id == id).unwrap();
        assert_eq!(ended.phase, AlertPhase::Resolved);
    }

    #[test]
    fn an_alert_of_a_rule_that_is_gone_is_not_taken_in() {
        let mut first = Ruleset::default();
        let device = profile("d-1", Some("ezviz"), 80);
        look(&mut first, &device);
        let mut kept = first.take_alerts().remove(0).1.unwrap();
        kept.key.rule = "no-such-rule".into();

        assert!(!Ruleset::default().restore_alert(kept, &device));
    }

    #[test]
    fn a_device_that_was_silent_or_another_kind_in_an_earlier_run_is_told_of_as_in_one() {
        let mut rules = Ruleset::default();
        let mut known = (*profile("d-1", Some("ezviz"), 80)).clone();
        known.identity.kind = crate::device::DeviceKind::Camera;
        known.state.presence = Presence::Offline;
        rules.remember_device(&known);
        known.identity.kind = crate::device::DeviceKind::Doorbell;
        known.state.presence = Presence::Online;

        let told = look(&mut rules, &Arc::new(known));
        let names: Vec<_> = told.iter().map(|alert| &*alert.rule.name).collect();
        assert!(names.contains(&"device-online") && names.contains(&"device-changed"), "{names:?}");
    }

    #[test]
    fn what_stands_is_over_when_its_device_makes_room() {
        let mut rules = Ruleset::default();
        let device = profile("d-1", Some("ezviz"), 80);
        look(&mut rules, &device);

        rules.depart(&device.id, Timestamp::from_parts(200, 0));

        let phases: Vec<_> =
            std::iter::from_fn(|| rules.poll_alert()).map(|alert| alert.phase).collect();
        assert_eq!(phases, [AlertPhase::Resolved]);
        assert!(rules.memories.is_empty());
        assert_eq!(look(&mut rules, &device).len(), 1);
    }

    #[test]
    fn a_silent_device_is_told_and_resolved_when_it_is_heard_of_again() {
        let mut rules = Ruleset::default();
        let online = profile("d-1", Some("ezviz"), 80);
        let mut silent = (*online).clone();
        silent.state.presence = Presence::Offline;
        look_at(&mut rules, &online, 100);

        let told = |alerts: Vec<Alert>| -> Vec<_> {
            alerts.iter().map(|alert| (alert.rule.name.to_string(), alert.phase)).collect()
        };
        let offline = look_at(&mut rules, &Arc::new(silent), 5_000);
        assert!(told(offline).contains(&("device-offline".to_owned(), AlertPhase::Raised)));
        let again = told(look_at(&mut rules, &online, 6_000));
        assert!(again.contains(&("device-offline".to_owned(), AlertPhase::Resolved)), "{again:?}");
        assert!(again.contains(&("device-online".to_owned(), AlertPhase::Raised)), "{again:?}");
    }

    #[test]
    fn a_rule_that_is_switched_off_raises_nothing_and_is_counted() {
        let off = crate::alert::policy::Override { enabled: Some(false), ..Default::default() };
        let config = Config { overrides: vec![off], learning: Duration::ZERO, ..Config::default() };
        let mut rules = Ruleset::new(config);

        assert!(look(&mut rules, &profile("d-1", Some("ezviz"), 80)).is_empty());
        assert_eq!(rules.suppressed().of(Suppression::Disabled), 1);
    }
}
