//! What outlives a run: devices and contacts given back at the start, devices forgotten, times told now and then.
//!
//! Comes in: what an earlier run has stored. Goes out: profiles as they are concluded now, and events for who
//! stores.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{Analyst, EventKind};
use crate::alert::{AlertId, AlertKey, Habits, KeptAlert, SuppressedAlerts, SuppressedByRule};
use crate::device::{DeviceId, DeviceProfile};

/// What the rules have to keep for the next run, as far as it has changed.
#[derive(Debug, Default)]
pub struct Keepsakes {
    /// What is usual for devices.
    pub habits: Vec<(DeviceId, Habits)>,
    /// Alerts: as they stand now, or that they stand no more.
    pub alerts: Vec<(AlertKey, Option<KeptAlert>)>,
}

impl Keepsakes {
    /// Puts later ones behind these.
    pub fn append(&mut self, mut later: Self) {
        self.habits.append(&mut later.habits);
        self.alerts.append(&mut later.alerts);
    }
}

impl Analyst {
    /// Takes in the devices of an earlier run and the services that they had spoken to, before the first observation;
    /// gives the devices as they are concluded now, by identifier. They raise no alert for what was known then. What exceeds
    /// the bound on devices is left out: ordinary devices first, those silent for longest first.
    pub fn restore(
        &mut self,
        mut devices: Vec<DeviceProfile>,
        contacts: Vec<(DeviceId, Arc<str>)>,
    ) -> Vec<Arc<DeviceProfile>> {
        devices.sort_by_key(|device| Reverse((device.is_vendor_device(), device.last_seen)));
        let mut restored = Vec::with_capacity(devices.len());
        for device in &devices {
            if let Some(profile) = self.registry.restore(device) {
                self.rules.remember_device(device);
                restored.push(profile);
            }
        }
        for (device, service) in contacts {
            self.rules.remember_contact(device, &service);
        }
        // Whoever stores them has their times.
        self.checkpoints.extend(self.registry.sightings());
        restored.sort_by(|a, b| a.id.cmp(&b.id));
        restored
    }

    /// Takes what an earlier run knew of the habits of devices, and the alerts that somebody had acknowledged; before
    /// [`restore`](Self::restore), which adds what it knows.
    pub fn restore_alerts(
        &mut self,
        habits: Vec<(DeviceId, Habits)>,
        acknowledged: impl IntoIterator<Item = AlertId>,
    ) {
        for (device, known) in habits {
            self.rules.remember_habits(device, known);
        }
        for id in acknowledged {
            self.rules.remember_acknowledged(id);
        }
    }

    /// Takes in the alerts that an earlier run left standing, after [`restore`](Self::restore) gave `devices`: they are told as
    /// seen again, not as new. Gives those that were not taken: their device or their rule is not known any more.
    pub fn restore_standing(
        &mut self,
        standing: Vec<KeptAlert>,
        devices: &[Arc<DeviceProfile>],
    ) -> Vec<AlertKey> {
        let mut left_out = Vec::new();
        for kept in standing {
            let key = kept.key.clone();
            let known = devices.binary_search_by(|device| device.id.cmp(&key.device)).ok();
            let device = known.and_then(|index| devices.get(index));
            if !device.is_some_and(|device| self.rules.restore_alert(kept, device)) {
                left_out.push(key);
            }
        }
        self.tell_alerts(None);
        left_out
    }

    /// What the rules have to keep for the next run, as far as it has changed since the last checkpoint; nothing where nobody
    /// stores it.
    pub fn take_keepsakes(&mut self) -> Keepsakes {
        let Some(interval) = self.config.checkpoint_interval else { return Keepsakes::default() };
        if self.now < self.next_habits {
            return Keepsakes::default();
        }
        self.next_habits = self.now.plus(interval);
        Keepsakes { habits: self.rules.take_habits(), alerts: self.rules.take_alerts() }
    }

    /// How many alerts were not told so far, by reason.
    #[must_use]
    pub fn suppressed_alerts(&self) -> SuppressedAlerts {
        self.rules.suppressed()
    }

    /// The same by rule.
    #[must_use]
    pub fn suppressed_by_rule(&self) -> Arc<SuppressedByRule> {
        self.rules.suppressed_by_rule()
    }

    /// Somebody says that an alert is known: it is told once more, as acknowledged. Tells whether it stands.
    pub fn acknowledge(&mut self, id: AlertId) -> bool {
        let stands = self.rules.acknowledge(id);
        self.tell_alerts(None);
        stands
    }

    /// Forgets a device and what was told of it: seen again, it is a new one. Tells whether it was known.
    pub fn forget(&mut self, id: &DeviceId) -> bool {
        self.rules.forget(id);
        let known = self.registry.forget(id);
        self.settle_forgotten();
        known
    }

    /// Tells of listed devices that were heard of since they were last told of here, once an interval.
    pub(super) fn tell_touched(&mut self) {
        let Some(interval) = self.config.checkpoint_interval else { return };
        if self.now < self.next_checkpoint {
            return;
        }
        self.next_checkpoint = self.now.plus(interval);
        let moved: Vec<_> = self
            .registry
            .sightings()
            .filter(|(device, seen)| self.checkpoints.get(device) != Some(seen))
            .collect();
        let mut touched = Vec::with_capacity(moved.len());
        for (device, seen) in moved {
            self.checkpoints.insert(device, seen);
            touched.extend(self.registry.fresh_profile(device));
        }
        touched.sort_by(|a, b| a.id.cmp(&b.id));
        for profile in touched {
            self.push(profile.last_seen, EventKind::DeviceTouched(profile));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::alert::AlertRule;
    use crate::analyst::Config;
    use crate::catalogue::Catalogue;
    use crate::meter::{BindingSource, Observation, ObservationKind, ObservationOrder};
    use crate::net::{MacAddr, Timestamp};

    const CAMERA: MacAddr = MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]);

    fn analyst(checkpoint_interval: Option<Duration>) -> Analyst {
        let config = Config { checkpoint_interval, ..Config::default() };
        Analyst::new(Arc::new(Catalogue::builtin().unwrap()), config)
    }

    /// The camera says that it holds its address; gives what that leads to.
    fn arp(analyst: &mut Analyst, second: u64) -> Vec<EventKind> {
        let timestamp = Timestamp::from_parts(second, 0);
        let order = ObservationOrder { timestamp, frame: second, flow: 0, part: 0 };
        let ip = "192.168.1.64".parse().unwrap();
        let kind = ObservationKind::BindingSeen { mac: CAMERA, ip, how: BindingSource::Arp };
        analyst.observe(Observation { order, timestamp, kind });
        std::iter::from_fn(|| analyst.poll_event()).map(|event| event.kind).collect()
    }

    /// When the devices of the checkpoints were last seen.
    fn touched(events: &[EventKind]) -> Vec<u64> {
        let seen = |kind: &EventKind| {
            let EventKind::DeviceTouched(profile) = kind else { return None };
            Some(profile.last_seen.as_secs())
        };
        events.iter().filter_map(seen).collect()
    }

    fn alerts(events: &[EventKind]) -> usize {
        let rule = |kind: &EventKind| {
            let EventKind::AlertTold(told) = kind else { return None };
            told.alert.rule.builtin
        };
        events.iter().filter_map(rule).filter(|rule| *rule == AlertRule::NewDevice).count()
    }

    #[test]
    fn a_device_that_goes_on_is_told_once_an_interval_and_only_when_somebody_stores() {
        let mut storing = analyst(Some(Duration::from_secs(60)));
        let told: Vec<_> =
            (1_000..1_200).step_by(10).flat_map(|at| touched(&arp(&mut storing, at))).collect();
        assert_eq!(told, [1_000, 1_060, 1_120, 1_180]);

        storing.handle_timeout(Timestamp::from_parts(1_300, 0));
        storing.handle_timeout(Timestamp::from_parts(1_400, 0));
        let silent: Vec<_> = std::iter::from_fn(|| storing.poll_event()).collect();
        assert_eq!(silent.len(), 1, "its last word at 1190, and then nothing is new: {silent:?}");

        let mut forgetful = analyst(None);
        assert!((1_000..1_200).all(|at| touched(&arp(&mut forgetful, at)).is_empty()));
    }

    #[test]
    fn a_restored_device_is_no_news_and_a_forgotten_one_is() {
        let mut first = analyst(None);
        assert_eq!(alerts(&arp(&mut first, 1_000)), 1);
        let known = first.registry.listed();
        let known: Vec<DeviceProfile> = known.iter().map(|profile| (**profile).clone()).collect();
        let id = known[0].id.clone();

        let mut second = analyst(Some(Duration::from_secs(60)));
        assert_eq!(*second.restore(known.clone(), Vec::new())[0], known[0]);
        let events = arp(&mut second, 2_000);
        assert_eq!((alerts(&events), touched(&events)), (0, vec![2_000]));

        assert!(second.forget(&id) && !second.forget(&id));
        let events = arp(&mut second, 3_000);
        assert_eq!(alerts(&events), 1);
        assert_eq!(second.registry.listed()[0].first_seen.as_secs(), 3_000);
    }
}
