//! How each device stands, as Home Assistant shows it.
//!
//! Comes in: events, the time. Goes out: which devices are new or changed since they were last told. It knows no MQTT.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::alert::{Alert, AlertId, AlertPhase};
use crate::analyst::{Event, EventKind, FlowSighting};
use crate::device::{DeviceId, DeviceProfile};
use crate::flow::FlowId;
use crate::net::{Perimeter, Timestamp};

/// Most devices that are told: each is an entry in somebody's home.
pub(crate) const MAX_HOME_DEVICES: usize = 512;
/// Most flows to a cloud that are remembered of a device.
const MAX_FLOWS: usize = 64;
/// Most alerts that are remembered of a device.
const MAX_ALERTS: usize = 64;
/// A flow that was silent for so long is over, even if its end was not heard of: control channels are kept alive more often.
const CLOUD_SILENCE: Duration = Duration::from_secs(10 * 60);

/// All devices of vendors.
#[derive(Debug, Default)]
pub(crate) struct Home {
    devices: BTreeMap<DeviceId, HomeDevice>,
    removed: Vec<DeviceId>,
}

/// How a device stands.
#[derive(Debug, Clone)]
pub(crate) struct HomeDevice {
    /// Who it is.
    pub(crate) profile: Arc<DeviceProfile>,
    /// IP bytes that it sent to far ends outside, by who began the flow.
    sent: [u64; 2],
    /// Live flows to a cloud, with when they were last heard of.
    flows: BTreeMap<FlowId, Timestamp>,
    /// What stands, by rule.
    alerts: BTreeMap<AlertId, Arc<str>>,
    /// What it is has to be told.
    pub(crate) is_new: bool,
    /// How it is has to be told.
    pub(crate) has_changed: bool,
}

impl HomeDevice {
    fn new(profile: Arc<DeviceProfile>) -> Self {
        Self {
            profile,
            sent: [0; 2],
            flows: BTreeMap::new(),
            alerts: BTreeMap::new(),
            is_new: true,
            has_changed: true,
        }
    }

    /// Tells whether a flow to a vendor's cloud is alive.
    #[must_use]
    pub(crate) fn is_connected(&self) -> bool {
        !self.flows.is_empty()
    }

    /// IP bytes that it sent outside since the start.
    #[must_use]
    pub(crate) fn sent(&self) -> u64 {
        self.sent.iter().fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }

    /// How many alerts stand, and the names of their rules, each once.
    #[must_use]
    pub(crate) fn alerts(&self) -> (usize, Vec<&str>) {
        let mut rules: Vec<&str> = self.alerts.values().map(|rule| &**rule).collect();
        rules.sort_unstable();
        rules.dedup();
        (self.alerts.len(), rules)
    }

    fn hear(&mut self, sighting: &FlowSighting, is_over: bool, now: Timestamp) {
        let (id, was_connected) = (sighting.report.record.id, self.is_connected());
        if is_over || sighting.destination.is_none() {
            self.flows.remove(&id);
        } else if self.flows.len() < MAX_FLOWS || self.flows.contains_key(&id) {
            self.flows.insert(id, now);
        }
        let before = self.sent;
        let [inbound, outbound] = &mut self.sent;
        let bytes = sighting.tallies.map_or(0, |tallies| tallies.device.sent);
        match sighting.perimeter {
            Perimeter::Inbound => *inbound = bytes.max(*inbound),
            Perimeter::Outbound => *outbound = bytes.max(*outbound),
            Perimeter::Internal | Perimeter::Transit => {}
        }
        self.has_changed |= before != self.sent || was_connected != self.is_connected();
    }

    fn note(&mut self, alert: &Alert) {
        let before = self.alerts.len();
        match alert.phase {
            AlertPhase::Resolved => {
                self.alerts.remove(&alert.id);
            }
            AlertPhase::Raised | AlertPhase::Repeated if before < MAX_ALERTS => {
                self.alerts.insert(alert.id, Arc::clone(&alert.rule.name));
            }
            AlertPhase::Raised | AlertPhase::Repeated => {}
        }
        self.has_changed |= before != self.alerts.len();
    }

    fn expire(&mut self, now: Timestamp) {
        let was_connected = self.is_connected();
        self.flows.retain(|_, heard| now.since(*heard) < CLOUD_SILENCE);
        self.has_changed |= was_connected != self.is_connected();
    }
}

impl Home {
    /// Tells whether an event can change what is shown.
    #[must_use]
    pub(crate) fn wants(event: &Event) -> bool {
        match &event.kind {
            EventKind::DeviceSeen(profile) => profile.is_vendor_device(),
            EventKind::FlowStarted(sighting)
            | EventKind::FlowUpdated { sighting, .. }
            | EventKind::FlowEnded { sighting, .. } => {
                sighting.device.as_ref().is_some_and(|device| device.profile.is_vendor_device())
            }
            EventKind::AlertTold(sighting) => sighting.alert.device.is_vendor_device(),
            EventKind::DeviceTouched(_) | EventKind::MessageRead(_) | EventKind::HourJudged(_) => {
                false
            }
        }
    }

    /// Takes an event.
    pub(crate) fn apply(&mut self, event: &Event) {
        if !Self::wants(event) {
            return;
        }
        match &event.kind {
            EventKind::DeviceSeen(profile) => {
                if let Some(device) = self.device(profile) {
                    device.is_new |= is_shown_otherwise(&device.profile, profile);
                    device.profile = Arc::clone(profile);
                }
            }
            EventKind::FlowStarted(sighting) | EventKind::FlowUpdated { sighting, .. } => {
                self.hear(sighting, false, event.timestamp);
            }
            EventKind::FlowEnded { sighting, .. } => self.hear(sighting, true, event.timestamp),
            EventKind::AlertTold(sighting) => {
                if let Some(device) = self.device(&sighting.alert.device) {
                    device.note(&sighting.alert);
                }
            }
            EventKind::DeviceTouched(_) | EventKind::MessageRead(_) | EventKind::HourJudged(_) => {}
        }
    }

    /// Forgets a device; it is taken out of the home.
    pub(crate) fn forget(&mut self, id: &DeviceId) {
        if self.devices.remove(id).is_some() {
            self.removed.push(id.clone());
        }
    }

    /// Lets flows end that were silent for long.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        self.devices.values_mut().for_each(|device| device.expire(now));
    }

    /// Everything has to be told again: the broker, or Home Assistant, has just come up.
    pub(crate) fn renew(&mut self) {
        for device in self.devices.values_mut() {
            (device.is_new, device.has_changed) = (true, true);
        }
    }

    /// The devices of which something has to be told, with their identifiers.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&DeviceId, &HomeDevice)> {
        self.devices.iter().filter(|(_, device)| device.is_new || device.has_changed)
    }

    /// The devices that have to be taken out.
    #[must_use]
    pub(crate) fn removed(&self) -> &[DeviceId] {
        &self.removed
    }

    /// Everything was told.
    pub(crate) fn settle(&mut self) {
        self.removed.clear();
        for device in self.devices.values_mut() {
            (device.is_new, device.has_changed) = (false, false);
        }
    }

    fn hear(&mut self, sighting: &FlowSighting, is_over: bool, now: Timestamp) {
        let Some(device) = &sighting.device else { return };
        if let Some(known) = self.device(&device.profile) {
            known.hear(sighting, is_over, now);
        }
    }

    fn device(&mut self, profile: &Arc<DeviceProfile>) -> Option<&mut HomeDevice> {
        if !self.devices.contains_key(&profile.id) && self.devices.len() >= MAX_HOME_DEVICES {
            return None;
        }
        let new = || HomeDevice::new(Arc::clone(profile));
        Some(self.devices.entry(profile.id.clone()).or_insert_with(new))
    }
}

/// Tells whether what is shown of a device's identity differs.
fn is_shown_otherwise(one: &DeviceProfile, other: &DeviceProfile) -> bool {
    let shown = |profile: &DeviceProfile| {
        let identity = &profile.identity;
        (
            profile.name().map(str::to_owned),
            profile.mac,
            identity.vendor.clone(),
            identity.model.clone(),
            identity.firmware.clone(),
        )
    };
    shown(one) != shown(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample;

    fn only(home: &Home) -> &HomeDevice {
        home.devices.values().next().unwrap()
    }

    #[test]
    fn a_device_is_connected_while_a_flow_to_a_cloud_lives() {
        let mut home = Home::default();
        home.apply(&sample::flow_started(1));
        home.apply(&sample::flow_started(2));
        assert!(only(&home).is_connected());

        home.settle();
        home.apply(&sample::flow_ended(1, 1, 1));
        assert!(only(&home).is_connected());
        assert_eq!(home.changed().count(), 0);
        home.apply(&sample::flow_ended(2, 1, 1));
        assert!(!only(&home).is_connected());
        assert_eq!(home.changed().count(), 1);
    }

    #[test]
    fn a_flow_whose_end_was_not_heard_of_does_not_keep_a_device_connected() {
        let mut home = Home::default();
        home.apply(&sample::flow_started(1));
        home.settle();

        home.expire(sample::NOON.plus(CLOUD_SILENCE / 2));
        assert!(only(&home).is_connected());
        home.expire(sample::NOON.plus(CLOUD_SILENCE));
        assert!(!only(&home).is_connected());
        assert_eq!(home.changed().count(), 1);
    }

    #[test]
    fn what_was_sent_never_falls() {
        let mut home = Home::default();
        home.apply(&sample::flow_goes_on(1, 500, 0));
        home.apply(&sample::flow_goes_on(1, 400, 0));

        assert_eq!(only(&home).sent(), 500);
    }

    #[test]
    fn an_alert_stands_until_it_is_resolved() {
        let mut home = Home::default();
        let alert = sample::alert("d-1", "x", "y");
        home.apply(&sample::told(alert.clone()));
        home.apply(&sample::told(sample::in_phase(&alert, AlertPhase::Repeated)));
        assert_eq!(only(&home).alerts(), (1, vec!["vendor-cloud-contact"]));

        home.apply(&sample::told(sample::in_phase(&alert, AlertPhase::Resolved)));
        assert_eq!(only(&home).alerts(), (0, vec![]));
    }

    #[test]
    fn more_devices_flows_and_alerts_than_there_is_room_for_take_no_more() {
        let mut home = Home::default();
        for number in 0..2000 {
            let mut alert = sample::alert("d-0", "x", "y");
            alert.id = AlertId(number);
            home.apply(&sample::told(alert));
            home.apply(&sample::told(sample::alert(&format!("d-{number}"), "x", "y")));
            home.apply(&sample::flow_started(number));
        }

        assert_eq!(home.devices.len(), MAX_HOME_DEVICES);
        assert!(home.devices.values().all(|device| device.alerts.len() <= MAX_ALERTS));
        assert!(home.devices.values().all(|device| device.flows.len() <= MAX_FLOWS));
    }

    #[test]
    fn a_device_that_is_forgotten_is_taken_out_once() {
        let mut home = Home::default();
        home.apply(&sample::flow_started(1));
        home.forget(&DeviceId("d-0011".into()));
        home.forget(&DeviceId("d-0011".into()));

        assert_eq!(home.removed().len(), 1);
        home.settle();
        assert!(home.removed().is_empty());
    }
}
