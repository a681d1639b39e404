//! Which devices have series of their own, and what each has counted.
//!
//! Comes in: profiles and cumulative tallies. Goes out: labels and differences. Both the number of labels and the
//! number of devices are bounded; devices beyond the first bound share one label without losing a byte.

use std::collections::HashMap;
use std::sync::Arc;

use crate::analyst::{Tallies, Tally};
use crate::catalogue::{CloudRole, Region};
use crate::classify::Destination;
use crate::device::{DeviceId, DeviceKind};
use crate::net::Perimeter;

/// The label that devices beyond the cap share.
pub(crate) const OTHER: &str = "other";

/// Most devices whose last totals are kept; guards memory against a network of ever new addresses. Tallies of
/// devices beyond it are not counted.
const MAX_TRACKED: usize = 65_536;

/// Most destinations of one device; guards memory against a catalogue of endless services.
const MAX_CLOUDS: usize = 512;

/// Every device that was told of.
#[derive(Debug)]
pub(crate) struct DeviceBook {
    devices: HashMap<DeviceId, DeviceSeries>,
    max_labels: usize,
    labels: usize,
}

/// What was shown of one device.
#[derive(Debug, Default)]
pub(crate) struct DeviceSeries {
    /// The device has a label of its own.
    pub(crate) is_labelled: bool,
    /// Under which vendor and kind it is counted.
    pub(crate) counted_as: Option<(Arc<str>, DeviceKind)>,
    /// The text labels of its `_info` series.
    pub(crate) identity: Option<[String; 7]>,
    by_perimeter: [Tally; 4],
    by_cloud: HashMap<CloudKey, Tally>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct CloudKey {
    vendor: Arc<str>,
    service: Arc<str>,
    role: CloudRole,
    region: Region,
}

impl DeviceBook {
    /// Makes a book in which `max_labels` devices have a label of their own.
    pub(crate) fn new(max_labels: usize) -> Self {
        Self { devices: HashMap::new(), max_labels, labels: 0 }
    }

    /// The series of a device; absent when there are too many devices.
    pub(crate) fn series(&mut self, id: &DeviceId) -> Option<&mut DeviceSeries> {
        if !self.devices.contains_key(id) {
            if self.devices.len() >= MAX_TRACKED {
                return None;
            }
            let is_labelled = self.labels < self.max_labels;
            self.labels += usize::from(is_labelled);
            self.devices
                .insert(id.clone(), DeviceSeries { is_labelled, ..DeviceSeries::default() });
        }
        self.devices.get_mut(id)
    }

    /// Takes a device out; its label is free for another.
    pub(crate) fn remove(&mut self, id: &DeviceId) -> Option<DeviceSeries> {
        let series = self.devices.remove(id)?;
        self.labels -= usize::from(series.is_labelled);
        Some(series)
    }

    /// The label of a device that may not have been told of.
    pub(crate) fn label<'a>(&self, id: &'a DeviceId) -> &'a str {
        if self.devices.get(id).is_some_and(|series| series.is_labelled) { &id.0 } else { OTHER }
    }
}

impl DeviceSeries {
    /// The label of this device, whose identifier is `id`.
    pub(crate) fn label<'a>(&self, id: &'a DeviceId) -> &'a str {
        if self.is_labelled { &id.0 } else { OTHER }
    }

    /// The cloud services that it has series for.
    pub(crate) fn clouds(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>, CloudRole, Region)> {
        self.by_cloud.keys().map(|key| (&key.vendor, &key.service, key.role, key.region))
    }

    /// Takes the totals of a device, and gives what they have grown by.
    pub(crate) fn grow(
        &mut self,
        perimeter: Perimeter,
        destination: Option<&Destination>,
        tallies: &Tallies,
    ) -> Tallies {
        let slot = match perimeter {
            Perimeter::Inbound => 0,
            Perimeter::Outbound => 1,
            Perimeter::Internal => 2,
            Perimeter::Transit => 3,
        };
        let device = self
            .by_perimeter
            .get_mut(slot)
            .map_or_else(Tally::default, |last| growth(last, tallies.device));
        let cloud = match destination {
            Some(destination) => self.grow_cloud(destination, tallies.cloud),
            None => Tally::default(),
        };
        Tallies { device, cloud }
    }

    fn grow_cloud(&mut self, destination: &Destination, total: Tally) -> Tally {
        let key = CloudKey {
            vendor: Arc::clone(&destination.vendor),
            service: Arc::clone(&destination.service),
            role: destination.role,
            region: destination.region,
        };
        if self.by_cloud.len() >= MAX_CLOUDS && !self.by_cloud.contains_key(&key) {
            return Tally::default();
        }
        growth(self.by_cloud.entry(key).or_default(), total)
    }
}

/// What a total has grown by since it was last told.
const fn growth(last: &mut Tally, total: Tally) -> Tally {
    total.grown_since(std::mem::replace(last, total))
}
