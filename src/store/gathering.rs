//! Joins the changes of an interval, so that each row is written once.
//!
//! Comes in: events, in order, from one place. Goes out: [`Batch`]es, when asked for. It does no I/O and holds nobody up;
//! while nobody asks for a batch it goes on joining, within bounds, so a disk that is full for a day loses nothing
//! but what exceeds them.
//!
//! Totals come as cumulative tallies since the start of the process: what they have grown by is added to the day of the
//! event that tells of it.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use super::batch::{Batch, CloudDay, Day, DeviceDay};
use crate::alert::{AlertKey, Habits, KeptAlert, MAX_STANDING};
use crate::analyst::{Event, EventKind, FlowSighting, Tally};
use crate::catalogue::{CloudRole, Region};
use crate::classify::Destination;
use crate::device::{DeviceId, DeviceProfile};
use crate::net::{Perimeter, Timestamp};

/// Most changed devices that wait to be written.
const MAX_DEVICES: usize = 8192;

/// Most totals of each table that wait to be written.
const MAX_TOTALS: usize = 65_536;

/// Most alerts that wait to be written: those that may stand, and as many that are over.
const MAX_ALERTS: usize = 2 * MAX_STANDING;

/// Most totals whose last value is remembered; guards memory against a network of ever new addresses.
const MAX_COUNTED: usize = 262_144;

/// What was lost for want of room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GathererStats {
    /// Changes that were not taken.
    pub dropped: u64,
}

/// The changes since the last batch.
#[derive(Debug, Default)]
pub struct Gatherer {
    batch: Batch,
    /// The last cumulative total of each kind.
    devices: HashMap<(DeviceId, Perimeter), Tally>,
    clouds: HashMap<CloudKey, Tally>,
    stats: GathererStats,
}

/// A device and a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct CloudKey {
    device: DeviceId,
    vendor: Arc<str>,
    service: Arc<str>,
    role: CloudRole,
    region: Region,
}

impl Gatherer {
    /// Nothing has changed yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one event.
    pub fn apply(&mut self, event: &Event) {
        match &event.kind {
            EventKind::DeviceSeen(profile) | EventKind::DeviceTouched(profile) => {
                self.note_device(profile, event.timestamp);
            }
            EventKind::FlowStarted(sighting)
            | EventKind::FlowUpdated { sighting, .. }
            | EventKind::FlowEnded { sighting, .. } => self.note_flow(sighting, event.timestamp),
            EventKind::AlertTold(sighting) if sighting.alert.acknowledged => {
                let (id, device) = (sighting.alert.id, sighting.alert.device_id().clone());
                if self.batch.acknowledged.len() < MAX_DEVICES {
                    self.batch.acknowledged.insert(id, device);
                }
            }
            EventKind::MessageRead(_) | EventKind::HourJudged(_) | EventKind::AlertTold(_) => {}
        }
    }

    /// Takes what is usual for a device now.
    pub fn note_habits(&mut self, device: &DeviceId, habits: &Habits) {
        let known = &mut self.batch.habits;
        if known.len() >= MAX_DEVICES && !known.contains_key(device) {
            self.stats.dropped += 1;
            return;
        }
        known.insert(device.clone(), habits.clone());
    }

    /// Takes how alerts stand now.
    pub fn note_alerts(&mut self, changes: &[(AlertKey, Option<KeptAlert>)]) {
        let known = &mut self.batch.standing;
        for (key, kept) in changes {
            if known.len() >= MAX_ALERTS && !known.contains_key(key) {
                self.stats.dropped += 1;
                continue;
            }
            known.insert(key.clone(), kept.clone());
        }
    }

    /// Gives all changes since the last time, if there are any.
    pub fn take(&mut self) -> Option<Batch> {
        if self.batch.is_empty() {
            return None;
        }
        let now = self.batch.now;
        Some(std::mem::replace(&mut self.batch, Batch { now, ..Batch::default() }))
    }

    /// Takes everything of a device out. It counts from zero when it comes back.
    pub fn forget(&mut self, id: &DeviceId) {
        self.batch.forget(id);
        self.devices.retain(|(device, _), _| device != id);
        self.clouds.retain(|key, _| key.device != *id);
    }

    /// What was lost.
    #[must_use]
    pub const fn stats(&self) -> GathererStats {
        self.stats
    }

    fn note_device(&mut self, profile: &Arc<DeviceProfile>, now: Timestamp) {
        self.batch.now = self.batch.now.max(now);
        let devices = &mut self.batch.devices;
        if devices.len() >= MAX_DEVICES && !devices.contains_key(&profile.id) {
            self.stats.dropped += 1;
            return;
        }
        devices.insert(profile.id.clone(), Arc::clone(profile));
    }

    fn note_flow(&mut self, sighting: &FlowSighting, now: Timestamp) {
        let perimeter = sighting.perimeter;
        if let Some(peer) = &sighting.peer {
            self.note_device_total(&peer.profile.id, perimeter, peer.tally, now);
        }
        let (Some(device), Some(tallies)) = (&sighting.device, &sighting.tallies) else { return };
        let id = &device.profile.id;
        self.note_device_total(id, perimeter, tallies.device, now);
        if let Some(destination) = &sighting.destination {
            self.note_cloud_total(id, destination, tallies.cloud, now);
        }
    }

    fn note_device_total(
        &mut self,
        device: &DeviceId,
        perimeter: Perimeter,
        total: Tally,
        now: Timestamp,
    ) {
        self.batch.now = self.batch.now.max(now);
        let key = DeviceDay { day: Day::of(now), device: device.clone(), perimeter };
        let counted = (device.clone(), perimeter);
        if !note(&mut self.batch.device_days, key, &mut self.devices, counted, total) {
            self.stats.dropped += 1;
        }
    }

    fn note_cloud_total(
        &mut self,
        device: &DeviceId,
        destination: &Destination,
        total: Tally,
        now: Timestamp,
    ) {
        let counted = CloudKey {
            device: device.clone(),
            vendor: Arc::clone(&destination.vendor),
            service: Arc::clone(&destination.service),
            role: destination.role,
            region: destination.region,
        };
        let key = CloudDay {
            day: Day::of(now),
            device: device.clone(),
            vendor: Arc::clone(&destination.vendor),
            service: Arc::clone(&destination.service),
            role: destination.role,
            region: destination.region,
        };
        if !note(&mut self.batch.cloud_days, key, &mut self.clouds, counted, total) {
            self.stats.dropped += 1;
        }
    }
}

/// Adds what a cumulative total has grown by to the total of a day; tells whether there was room. Without room
/// for the day's total nothing is taken as told, so that the next event brings it.
fn note<K: Ord, C: Eq + Hash>(
    days: &mut BTreeMap<K, Tally>,
    key: K,
    counted: &mut HashMap<C, Tally>,
    source: C,
    total: Tally,
) -> bool {
    if days.len() >= MAX_TOTALS && !days.contains_key(&key) {
        return false;
    }
    if counted.len() >= MAX_COUNTED && !counted.contains_key(&source) {
        return false;
    }
    let last = counted.entry(source).or_default();
    let grown = total.grown_since(std::mem::replace(last, total));
    if grown != Tally::default() {
        let day = days.entry(key).or_default();
        *day = day.plus(grown);
    }
    true
}
