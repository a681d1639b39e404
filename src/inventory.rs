//! What is on the network now: the read model behind the API.
//!
//! Comes in: [`Event`]s. Goes out: devices, live flows of concern, destinations and recent alerts, sorted and in
//! pages. The packet path never touches it. Everything in it is bounded; no guard outlives a call.

use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dashmap::DashMap;

use crate::alert::Alert;
use crate::analyst::{Event, EventKind, FlowSighting, Tally};
use crate::classify::Destination;
use crate::classify::activity::DeviceHour;
use crate::device::{DeviceId, DeviceProfile};
use crate::flow::FlowId;
use crate::net::{Perimeter, Timestamp};

/// Most devices; guards memory against a network of ever new addresses. Vendor devices are the last to go.
const MAX_DEVICES: usize = 8192;

/// Most live flows; guards memory against floods, and against flows whose end was lost on the way here.
const MAX_FLOWS: usize = 16_384;

/// Most pairs of a device and a cloud service.
const MAX_DESTINATIONS: usize = 16_384;

/// Most hours of a device that are remembered: a week.
const MAX_HOURS: usize = 7 * 24;

/// Most hours of all devices, from which on each device keeps its latest only: guards memory against many made-up devices.
const MAX_ALL_HOURS: usize = 32_768;

/// Most alerts that are remembered.
const MAX_ALERTS: usize = 1000;

/// The devices, flows, destinations and alerts that readers ask for.
#[derive(Debug, Default)]
pub struct Inventory {
    devices: DashMap<DeviceId, DeviceEntry>,
    flows: DashMap<FlowId, FlowEntry>,
    destinations: DashMap<DestinationKey, DestinationEntry>,
    alerts: Mutex<VecDeque<Alert>>,
    revision: AtomicU64,
}

/// A device and what it moved.
#[derive(Debug, Clone)]
pub struct DeviceEntry {
    /// The latest profile.
    pub profile: Arc<DeviceProfile>,
    /// IP bytes and flows since the start, over all perimeters.
    pub tally: Tally,
    /// What it did with the vendor's cloud in its latest hours, oldest first; a week of them, or fewer among many devices.
    pub hours: VecDeque<Arc<DeviceHour>>,
    by_perimeter: [Tally; 4],
}

/// A live flow that concerns a vendor device or a vendor cloud.
#[derive(Debug, Clone)]
pub struct FlowEntry {
    /// The flow as it was last told of.
    pub sighting: FlowSighting,
    /// When it was told of.
    pub seen: Timestamp,
}

/// A cloud service that a device spoke to.
#[derive(Debug, Clone)]
pub struct DestinationEntry {
    /// The device.
    pub device: DeviceId,
    /// The service, by the latest flow to it.
    pub destination: Arc<Destination>,
    /// IP bytes and flows since the start.
    pub tally: Tally,
    /// The first flow to it.
    pub first_seen: Timestamp,
    /// The latest word of it.
    pub last_seen: Timestamp,
}

/// Some of the entries, and how many there are.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The entries from the offset on, as many as were asked for.
    pub entries: Vec<T>,
    /// All entries.
    pub total: usize,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InventoryCounts {
    /// Devices.
    pub devices: usize,
    /// Those of a vendor in the catalogue.
    pub vendor_devices: usize,
    /// Live flows of concern.
    pub flows: usize,
    /// Pairs of a device and a cloud service.
    pub destinations: usize,
    /// Alerts that are remembered.
    pub alerts: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct DestinationKey {
    device: DeviceId,
    vendor: Arc<str>,
    service: Arc<str>,
    role: &'static str,
    region: &'static str,
}

impl Inventory {
    /// Makes an empty inventory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one event. Events must come in order, from one place.
    pub fn apply(&self, event: &Event) {
        match &event.kind {
            EventKind::DeviceSeen(profile) | EventKind::DeviceTouched(profile) => {
                self.apply_profile(profile);
            }
            EventKind::FlowStarted(sighting) | EventKind::FlowUpdated { sighting, .. } => {
                self.apply_flow(sighting, event.timestamp);
                if sighting.is_of_concern() {
                    make_room(&self.flows, MAX_FLOWS, |entry| (false, entry.seen));
                    let entry = FlowEntry { sighting: sighting.clone(), seen: event.timestamp };
                    self.flows.insert(sighting.report.record.id, entry);
                }
            }
            EventKind::FlowEnded { sighting, .. } => {
                self.apply_flow(sighting, event.timestamp);
                self.flows.remove(&sighting.report.record.id);
            }
            EventKind::MessageRead(_) => {}
            EventKind::HourJudged(sighting) => {
                self.apply_profile(&sighting.profile);
                let all = self.devices.len().saturating_mul(MAX_HOURS);
                let most = if all > MAX_ALL_HOURS {
                    (MAX_ALL_HOURS / self.devices.len().max(1)).max(1)
                } else {
                    MAX_HOURS
                };
                if let Some(mut entry) = self.devices.get_mut(&sighting.profile.id) {
                    entry.add_hour(&sighting.hour, most);
                }
            }
            EventKind::AlertTold(sighting) => {
                let mut alerts = self.alerts.lock().unwrap_or_else(PoisonError::into_inner);
                let told = &sighting.alert;
                let known = alerts
                    .iter_mut()
                    .rev()
                    .find(|known| known.id == told.id && known.since == told.since);
                match known {
                    Some(known) => *known = told.clone(),
                    None => {
                        if alerts.len() >= MAX_ALERTS {
                            alerts.pop_front();
                        }
                        alerts.push_back(told.clone());
                    }
                }
            }
        }
    }

    /// The devices by vendor and identifier; those without a vendor come last, and only when `all` are asked for.
    #[must_use]
    pub fn devices(&self, all: bool, offset: usize, limit: usize) -> Page<DeviceEntry> {
        let wanted = |entry: &DeviceEntry| all || entry.profile.is_vendor_device();
        let mut entries = copies(&self.devices, wanted);
        entries.sort_by(|a, b| {
            let key = |entry: &DeviceEntry| {
                let profile = &entry.profile;
                let vendor = profile.identity.vendor.clone();
                (vendor.is_none(), vendor, profile.id.clone())
            };
            key(a).cmp(&key(b))
        });
        page(entries, offset, limit)
    }

    /// The device with the identifier `id`.
    #[must_use]
    pub fn device(&self, id: &str) -> Option<DeviceEntry> {
        self.devices.get(&DeviceId(id.into())).map(|entry| entry.clone())
    }

    /// The live flows of concern, latest start first.
    #[must_use]
    pub fn flows(&self, offset: usize, limit: usize) -> Page<FlowEntry> {
        let mut entries = copies(&self.flows, |_| true);
        entries.sort_by_key(|entry| {
            let record = &entry.sighting.report.record;
            (std::cmp::Reverse(record.flow_start), record.id)
        });
        page(entries, offset, limit)
    }

    /// The cloud services that devices spoke to, by device, most bytes first; of one device, or of all.
    #[must_use]
    pub fn destinations(
        &self,
        device: Option<&DeviceId>,
        offset: usize,
        limit: usize,
    ) -> Page<DestinationEntry> {
        let wanted = |entry: &DestinationEntry| device.is_none_or(|device| entry.device == *device);
        let mut entries = copies(&self.destinations, wanted);
        entries.sort_by_key(|entry| {
            let bytes = entry.tally.sent.saturating_add(entry.tally.received);
            (entry.device.clone(), std::cmp::Reverse(bytes), destination_key(entry))
        });
        page(entries, offset, limit)
    }

    /// The alerts that are remembered, latest first.
    #[must_use]
    pub fn alerts(&self, offset: usize, limit: usize) -> Page<Alert> {
        let alerts = self.alerts.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = alerts.iter().rev().skip(offset).take(limit).cloned().collect();
        Page { entries, total: alerts.len() }
    }

    /// Shows the profile of each device to `look`, in no order.
    pub fn for_each_profile(&self, mut look: impl FnMut(&DeviceProfile)) {
        self.devices.iter().for_each(|entry| look(&entry.profile));
    }

    /// A number that grows whenever a profile is new.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// How much there is.
    #[must_use]
    pub fn counts(&self) -> InventoryCounts {
        let vendor = |entry: &DeviceEntry| entry.profile.is_vendor_device();
        InventoryCounts {
            devices: self.devices.len(),
            vendor_devices: self.devices.iter().filter(|entry| vendor(entry)).count(),
            flows: self.flows.len(),
            destinations: self.destinations.len(),
            alerts: self.alerts.lock().unwrap_or_else(PoisonError::into_inner).len(),
        }
    }

    /// Forgets a device with its destinations, live flows and alerts; tells whether it was known.
    pub fn forget(&self, id: &DeviceId) -> bool {
        self.destinations.retain(|key, _| key.device != *id);
        self.flows.retain(|_, flow| {
            flow.sighting.device.as_ref().is_none_or(|device| device.profile.id != *id)
        });
        let mut alerts = self.alerts.lock().unwrap_or_else(PoisonError::into_inner);
        alerts.retain(|alert| alert.device_id() != id);
        self.devices.remove(id).is_some()
    }

    fn apply_profile(&self, profile: &Arc<DeviceProfile>) {
        if let Some(mut entry) = self.devices.get_mut(&profile.id) {
            if Arc::ptr_eq(&entry.profile, profile) {
                return;
            }
            entry.profile = Arc::clone(profile);
            drop(entry);
            self.revision.fetch_add(1, Ordering::Release);
            return;
        }
        make_room(&self.devices, MAX_DEVICES, |entry| {
            (entry.profile.is_vendor_device(), entry.profile.last_seen)
        });
        let entry = DeviceEntry {
            profile: Arc::clone(profile),
            tally: Tally::default(),
            hours: VecDeque::new(),
            by_perimeter: [Tally::default(); 4],
        };
        self.devices.insert(profile.id.clone(), entry);
        self.revision.fetch_add(1, Ordering::Release);
    }

    fn apply_flow(&self, sighting: &FlowSighting, time: Timestamp) {
        if let Some(peer) = &sighting.peer {
            self.apply_profile(&peer.profile);
            if let Some(mut entry) = self.devices.get_mut(&peer.profile.id) {
                entry.set(sighting.perimeter, peer.tally);
            }
        }
        let Some(device) = &sighting.device else { return };
        self.apply_profile(&device.profile);
        let Some(tallies) = sighting.tallies else { return };
        let id = &device.profile.id;
        if let Some(mut entry) = self.devices.get_mut(id) {
            entry.set(sighting.perimeter, tallies.device);
        }
        if let Some(destination) = &sighting.destination {
            self.apply_destination(id, destination, tallies.cloud, time);
        }
    }

    fn apply_destination(
        &self,
        device: &DeviceId,
        destination: &Arc<Destination>,
        tally: Tally,
        time: Timestamp,
    ) {
        let entry = DestinationEntry {
            device: device.clone(),
            destination: Arc::clone(destination),
            tally,
            first_seen: time,
            last_seen: time,
        };
        let key = destination_key(&entry);
        if let Some(mut known) = self.destinations.get_mut(&key) {
            *known = DestinationEntry { first_seen: known.first_seen, ..entry };
            return;
        }
        make_room(&self.destinations, MAX_DESTINATIONS, |entry| (false, entry.last_seen));
        self.destinations.insert(key, entry);
    }
}

impl DeviceEntry {
    fn add_hour(&mut self, hour: &Arc<DeviceHour>, most: usize) {
        while self.hours.len() >= most {
            self.hours.pop_front();
        }
        self.hours.push_back(Arc::clone(hour));
    }

    fn set(&mut self, perimeter: Perimeter, tally: Tally) {
        let known = Perimeter::ALL.iter().position(|known| *known == perimeter);
        if let Some(slot) = known.and_then(|slot| self.by_perimeter.get_mut(slot)) {
            *slot = tally;
        }
        self.tally = self.by_perimeter.iter().fold(Tally::default(), |sum, part| Tally {
            sent: sum.sent.saturating_add(part.sent),
            received: sum.received.saturating_add(part.received),
            flows: sum.flows.saturating_add(part.flows),
        });
    }
}

fn destination_key(entry: &DestinationEntry) -> DestinationKey {
    let destination = &entry.destination;
    DestinationKey {
        device: entry.device.clone(),
        vendor: Arc::clone(&destination.vendor),
        service: Arc::clone(&destination.service),
        role: destination.role.as_label(),
        region: destination.region.as_label(),
    }
}

/// Removes the lowest eighth by `rank` from a full table, so that the search for it is paid for rarely.
fn make_room<K: Eq + Hash + Clone + Ord, V>(
    table: &DashMap<K, V>,
    capacity: usize,
    rank: impl Fn(&V) -> (bool, Timestamp),
) {
    if table.len() < capacity {
        return;
    }
    let mut ranked: Vec<_> =
        table.iter().map(|entry| (rank(entry.value()), entry.key().clone())).collect();
    ranked.sort();
    for (_, key) in ranked.into_iter().take(capacity.div_ceil(8)) {
        table.remove(&key);
    }
}

fn copies<K: Eq + Hash, V: Clone>(table: &DashMap<K, V>, wanted: impl Fn(&V) -> bool) -> Vec<V> {
    table.iter().filter(|entry| wanted(entry.value())).map(|entry| entry.value().clone()).collect()
}

fn page<T>(entries: Vec<T>, offset: usize, limit: usize) -> Page<T> {
    let total = entries.len();
    Page { entries: entries.into_iter().skip(offset).take(limit).collect(), total }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{AlertRule, RuleCard};
    use crate::analyst::{AlertSighting, FlowDevice, Tallies};
    use crate::catalogue::{CloudRole, Region, Speaker};
    use crate::classify::Basis;
    use crate::decode::VlanIds;
    use crate::device::Identity;
    use crate::flow::{ConnState, Endpoint, FlowCounters, FlowEndReason, FlowRecord, Role};
    use crate::meter::FlowReport;
    use crate::net::{InterfaceId, IpProtocol, MacAddr};

    #[test]
    fn the_latest_profile_wins_and_keeps_the_tallies() {
        let inventory = Inventory::new();

        inventory.apply(&event(EventKind::FlowStarted(sighting(1, 1, Perimeter::Outbound, 100))));
        inventory.apply(&event(EventKind::FlowStarted(sighting(2, 1, Perimeter::Internal, 10))));
        inventory.apply(&event(EventKind::FlowStarted(sighting(3, 1, Perimeter::Outbound, 150))));
        let mut named = device(1, Some("ezviz"));
        named.hostname = Some("door".to_owned());
        inventory.apply(&event(EventKind::DeviceSeen(Arc::new(named))));

        let entry = inventory.device("d-000000000001").unwrap();
        assert_eq!(entry.profile.hostname.as_deref(), Some("door"));
        assert_eq!(entry.tally, Tally { sent: 160, received: 320, flows: 2 });
    }

    #[test]
    fn a_flow_is_there_until_it_ends() {
        let inventory = Inventory::new();
        let flow = sighting(1, 1, Perimeter::Outbound, 100);

        inventory.apply(&event(EventKind::FlowStarted(flow.clone())));
        let during = inventory.counts();
        inventory.apply(&event(EventKind::FlowEnded {
            sighting: flow,
            reason: FlowEndReason::EndOfFlow,
        }));

        assert_eq!((during.flows, inventory.counts().flows), (1, 0));
        assert_eq!(inventory.destinations(None, 0, 10).total, 1);
    }

    #[test]
    fn pages_are_sorted_and_vendor_devices_come_first() {
        let inventory = Inventory::new();
        for (number, vendor) in [(4, None), (3, Some("hikvision")), (2, Some("ezviz")), (1, None)] {
            inventory.apply(&event(EventKind::DeviceSeen(Arc::new(device(number, vendor)))));
        }
        let ids = |page: Page<DeviceEntry>| {
            page.entries.iter().map(|entry| entry.profile.id.0.to_string()).collect::<Vec<_>>()
        };

        assert_eq!(inventory.devices(false, 0, 10).total, 2);
        assert_eq!(
            ids(inventory.devices(true, 0, 3)),
            ["d-000000000002", "d-000000000003", "d-000000000001"]
        );
        assert_eq!(ids(inventory.devices(true, 3, 3)), ["d-000000000004"]);
        assert_eq!(inventory.devices(true, usize::MAX, usize::MAX).entries.len(), 0);
    }

    #[test]
    fn old_alerts_make_place_for_new_ones() {
        let inventory = Inventory::new();

        for number in 0..MAX_ALERTS + 5 {
            let (rule, device) = (AlertRule::NewDevice, Arc::new(device(1, Some("ezviz"))));
            let said = (number.to_string().into(), number.to_string());
            let card = Arc::new(RuleCard::of(rule));
            let alert = Alert::raised(card, rule.severity(), device, said, Timestamp::ZERO);
            let sighting = AlertSighting { alert, flow: None };
            inventory.apply(&event(EventKind::AlertTold(Box::new(sighting))));
        }

        let page = inventory.alerts(0, 1);
        assert_eq!(page.total, MAX_ALERTS);
        assert_eq!(page.entries[0].message, (MAX_ALERTS + 4).to_string());
        assert_eq!(inventory.alerts(MAX_ALERTS - 1, 5).entries[0].message, "5");
    }

    #[test]
    fn a_full_table_forgets_strangers_before_vendor_devices() {
        let inventory = Inventory::new();

        inventory.apply(&event(EventKind::DeviceSeen(Arc::new(device(0, Some("ezviz"))))));
        for number in 1..MAX_DEVICES + 100 {
            inventory.apply(&event(EventKind::DeviceSeen(Arc::new(device(number, None)))));
        }

        assert!(inventory.counts().devices <= MAX_DEVICES);
        assert!(inventory.device("d-000000000000").is_some());
    }

    fn event(kind: EventKind) -> Event {
        Event { timestamp: Timestamp::from_parts(20, 0), kind }
    }

    fn device(number: usize, vendor: Option<&str>) -> DeviceProfile {
        DeviceProfile {
            identity: Identity { vendor: vendor.map(Into::into), ..Identity::default() },
            ..DeviceProfile::new(DeviceId(format!("d-{number:012}").into()), Timestamp::ZERO)
        }
    }

    fn sighting(id: u64, number: usize, perimeter: Perimeter, bytes: u64) -> FlowSighting {
        let tally = Tally { sent: bytes, received: 2 * bytes, flows: 1 };
        FlowSighting {
            report: FlowReport {
                record: Box::new(FlowRecord {
                    id: FlowId(id),
                    initiator: Endpoint { ip: "192.0.2.1".parse().unwrap(), port: 1 },
                    responder: Endpoint { ip: "198.51.100.1".parse().unwrap(), port: 2 },
                    protocol: IpProtocol::UDP,
                    interface: InterfaceId(0),
                    vlans: VlanIds::default(),
                    tunnel: None,
                    initiator_mac: MacAddr::ZERO,
                    responder_mac: MacAddr::ZERO,
                    flow_start: Timestamp::ZERO,
                    flow_end: Timestamp::ZERO,
                    forward: FlowCounters::default(),
                    reverse: FlowCounters::default(),
                    conn_state: ConnState::S0,
                }),
                head: None,
            },
            perimeter,
            device: Some(FlowDevice {
                profile: Arc::new(device(number, Some("ezviz"))),
                role: Role::Initiator,
            }),
            destination: Some(Arc::new(Destination {
                vendor: "ezviz".into(),
                service: "ezviz-lbs".into(),
                role: CloudRole::Registration,
                region: Region::Eu,
                speaker: Speaker::Device,
                domain: None,
                confidence: 90,
                basis: Basis::Sni,
                aliases: Arc::default(),
                place: Default::default(),
                steps: Arc::default(),
            })),
            tallies: Some(Tallies { device: tally, cloud: tally }),
            country: None,
            peer: None,
        }
    }
}
