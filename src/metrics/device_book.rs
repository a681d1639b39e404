//! Which devices have series of their own, and what each of them told last.
//!
//! Comes in: profiles, cumulative tallies, in order. Goes out: rows of series, shared with whoever writes them. Devices,
//! labels and services are bounded; devices without a label share one row without losing a byte.
//!
//! No counter falls: a device gets a label when one is free, its row begins at nothing, and what it counted before stays in
//! the shared row. A forgotten device's row ends and is added to the shared one. One that comes back soon shares a row,
//! until nobody can take a new series of the same name for the old one.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ahash::RandomState;

use super::config::{Config, Profile};
use super::device_series::{CloudLabels, DeviceRow, IdentityLabels, MAX_CLOUDS};
use crate::analyst::{Tallies, Tally};
use crate::classify::Destination;
use crate::device::{DeviceId, DeviceKind};
use crate::net::{Perimeter, Timestamp};

/// Most devices whose last totals are kept; guards memory against a network of ever new addresses. Tallies of
/// devices beyond it are not counted.
const MAX_TRACKED: usize = 65_536;

/// Most services of one device whose last totals are kept; tallies of further ones are not counted by service.
const MAX_TOLD_CLOUDS: usize = 512;

/// Most services in the row of a fleet; keeps its profile within 200 series.
const MAX_FLEET_CLOUDS: usize = 12;

/// How long the label of a forgotten device is not given to it again. Prometheus takes a sample for current for five
/// minutes; three times that covers a slow scrape interval.
const REST: Duration = Duration::from_secs(15 * 60);

/// Most forgotten devices whose labels rest.
const MAX_RESTING: usize = 1024;

/// Every device that was told of.
#[derive(Debug)]
pub(crate) struct DeviceBook {
    devices: HashMap<DeviceId, Entry, RandomState>,
    shared: Arc<DeviceRow>,
    resting: VecDeque<(DeviceId, Timestamp)>,
    labels: usize,
    max_labels: usize,
    tells_services: bool,
    max_clouds: usize,
    /// The latest time that was told.
    now: Timestamp,
}

/// What the series of devices show now.
#[derive(Debug)]
pub(crate) struct DeviceRows {
    /// Devices with a label, by identifier.
    pub(crate) own: Vec<(DeviceId, Arc<DeviceRow>)>,
    /// All others.
    pub(crate) shared: Arc<DeviceRow>,
}

/// A vendor and a kind that devices are counted under.
pub(crate) type CountedAs = Option<(Arc<str>, DeviceKind)>;

#[derive(Debug, Default)]
struct Entry {
    own: Option<Arc<DeviceRow>>,
    counted_as: CountedAs,
    by_perimeter: [Tally; 4],
    by_cloud: BTreeMap<CloudKey, Tally>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct CloudKey {
    vendor: Arc<str>,
    service: Arc<str>,
    role: &'static str,
    region: &'static str,
}

impl DeviceBook {
    /// Makes an empty book.
    pub(crate) fn new(config: &Config) -> Self {
        let (max_labels, tells_services, max_clouds) = match config.profile {
            Profile::Site => (config.max_devices, true, MAX_CLOUDS),
            Profile::Fleet => (0, false, MAX_FLEET_CLOUDS),
        };
        Self {
            devices: HashMap::with_hasher(RandomState::new()),
            shared: Arc::default(),
            resting: VecDeque::new(),
            labels: 0,
            max_labels,
            tells_services,
            max_clouds,
            now: Timestamp::ZERO,
        }
    }

    /// Takes what time it is.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// Tells whether a device was told of before and not forgotten.
    pub(crate) fn knows(&self, id: &DeviceId) -> bool {
        self.devices.contains_key(id)
    }

    /// Takes under what a device is counted; gives what that was before.
    pub(crate) fn count_as(&mut self, id: &DeviceId, counted_as: CountedAs) -> Option<CountedAs> {
        let entry = self.entry(id)?;
        Some(std::mem::replace(&mut entry.counted_as, counted_as))
    }

    /// Takes who a device is, which is asked for only when the device has a label, and how sure that is.
    pub(crate) fn describe(
        &mut self,
        id: &DeviceId,
        identity: impl FnOnce() -> Option<IdentityLabels>,
        sureness: Option<(f64, Timestamp)>,
    ) {
        let Some(row) = self.entry(id).and_then(|entry| entry.own.as_mut()) else { return };
        let row = Arc::make_mut(row);
        let identity = identity();
        if row.identity.as_deref() != identity.as_ref() {
            row.identity = identity.map(Arc::new);
        }
        row.sureness = sureness;
    }

    /// Takes the totals of a device.
    pub(crate) fn count(
        &mut self,
        id: &DeviceId,
        perimeter: Perimeter,
        destination: Option<&Destination>,
        tallies: &Tallies,
    ) {
        let (now, max_clouds) = (self.now, self.max_clouds);
        let tells_services = self.tells_services;
        let Some(entry) = self.entry(id) else { return };
        let device = entry.grow(perimeter, tallies.device);
        let cloud = destination
            .map(|destination| (destination, entry.grow_cloud(destination, tallies.cloud)));
        let row = Arc::make_mut(self.row(id));
        row.add_bytes(perimeter, device, now);
        if let Some((destination, cloud)) = cloud
            && cloud != Tally::default()
        {
            let labels = CloudLabels::of(destination, tells_services);
            row.add_cloud(labels, max_clouds, cloud, Some(now));
        }
    }

    /// Takes when a rule fired for a device; nothing is kept where no device is told of.
    pub(crate) fn fire(&mut self, id: &DeviceId, rule: &str, at: Timestamp) {
        if self.max_labels == 0 {
            return;
        }
        let fired = &mut Arc::make_mut(self.row(id)).fired;
        let last = fired.entry(rule.into()).or_insert(at);
        *last = at.max(*last);
    }

    /// Takes a device out; gives what it was counted under. Its label is free for another.
    pub(crate) fn forget(&mut self, id: &DeviceId) -> CountedAs {
        let entry = self.devices.remove(id)?;
        if let Some(row) = entry.own {
            Arc::make_mut(&mut self.shared).absorb(&row, self.max_clouds);
            self.labels -= 1;
            if self.resting.len() >= MAX_RESTING {
                self.resting.pop_front();
            }
            self.resting.push_back((id.clone(), self.now.plus(REST)));
        }
        entry.counted_as
    }

    /// What all series show now; the rows are shared, so that nobody waits while they are written.
    pub(crate) fn rows(&self) -> DeviceRows {
        let own =
            |(id, entry): (&DeviceId, &Entry)| Some((id.clone(), Arc::clone(entry.own.as_ref()?)));
        let mut own: Vec<_> = self.devices.iter().filter_map(own).collect();
        own.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        DeviceRows { own, shared: Arc::clone(&self.shared) }
    }

    /// The entry of a device, with a row of its own if there is a label for it; absent when there are too many devices.
    fn entry(&mut self, id: &DeviceId) -> Option<&mut Entry> {
        if !self.devices.contains_key(id) {
            if self.devices.len() >= MAX_TRACKED {
                return None;
            }
            self.devices.insert(id.clone(), Entry::default());
        }
        let has_room = self.labels < self.max_labels;
        let gets_label = has_room
            && self.devices.get(id).is_some_and(|entry| entry.own.is_none())
            && !self.rests(id);
        let entry = self.devices.get_mut(id)?;
        if gets_label {
            entry.own = Some(Arc::default());
            self.labels += 1;
        }
        Some(entry)
    }

    /// The row that a device counts in.
    fn row(&mut self, id: &DeviceId) -> &mut Arc<DeviceRow> {
        match self.devices.get_mut(id) {
            Some(Entry { own: Some(row), .. }) => row,
            Some(_) | None => &mut self.shared,
        }
    }

    fn rests(&self, id: &DeviceId) -> bool {
        self.resting.iter().any(|(resting, until)| resting == id && *until > self.now)
    }
}

impl Entry {
    fn grow(&mut self, perimeter: Perimeter, total: Tally) -> Tally {
        let place = Perimeter::ALL.iter().position(|known| *known == perimeter);
        let told = place.and_then(|place| self.by_perimeter.get_mut(place));
        told.map_or_else(Tally::default, |told| growth(told, total))
    }

    fn grow_cloud(&mut self, destination: &Destination, total: Tally) -> Tally {
        let key = CloudKey {
            vendor: Arc::clone(&destination.vendor),
            service: Arc::clone(&destination.service),
            role: destination.role.as_label(),
            region: destination.region.as_label(),
        };
        if self.by_cloud.len() >= MAX_TOLD_CLOUDS && !self.by_cloud.contains_key(&key) {
            return Tally::default();
        }
        growth(self.by_cloud.entry(key).or_default(), total)
    }
}

/// What a total has grown by since it was last told.
const fn growth(told: &mut Tally, total: Tally) -> Tally {
    total.grown_since(std::mem::replace(told, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_gets_a_free_label_and_begins_at_nothing() {
        let mut book = book(1);
        count(&mut book, "d-1", 100);
        count(&mut book, "d-2", 10);
        book.forget(&id("d-1"));
        count(&mut book, "d-2", 15);

        assert_eq!(sent(&book), [("d-2".to_owned(), 5), ("other".to_owned(), 110)]);
    }

    #[test]
    fn a_label_rests_before_the_same_device_has_it_again() {
        let mut book = book(2);
        count(&mut book, "d-1", 100);
        book.forget(&id("d-1"));
        count(&mut book, "d-1", 7);
        let soon = sent(&book);
        book.advance(Timestamp::from_parts(10 + REST.as_secs(), 0));
        count(&mut book, "d-1", 9);

        assert_eq!(soon, [("other".to_owned(), 107)]);
        assert_eq!(sent(&book), [("d-1".to_owned(), 2), ("other".to_owned(), 107)]);
    }

    #[test]
    fn rows_that_are_being_written_do_not_change() {
        let mut book = book(1);
        count(&mut book, "d-1", 1);
        let rows = book.rows();
        count(&mut book, "d-1", 5);

        assert_eq!(rows.own[0].1.bytes[1].tally.sent, 1);
        assert_eq!(sent(&book)[0].1, 5);
    }

    fn book(max_devices: usize) -> DeviceBook {
        let mut book = DeviceBook::new(&Config { max_devices, ..Config::default() });
        book.advance(Timestamp::from_parts(10, 0));
        book
    }

    fn id(text: &str) -> DeviceId {
        DeviceId(text.into())
    }

    fn count(book: &mut DeviceBook, device: &str, total: u64) {
        let device_total = Tally { sent: total, received: 0, flows: 0 };
        let tallies = Tallies { device: device_total, cloud: Tally::default() };
        book.count(&id(device), Perimeter::Outbound, None, &tallies);
    }

    fn sent(book: &DeviceBook) -> Vec<(String, u64)> {
        let rows = book.rows();
        let own = rows.own.iter().map(|(id, row)| (id.0.to_string(), row));
        own.chain([("other".to_owned(), &rows.shared)])
            .map(|(name, row)| (name, row.bytes[1].tally.sent))
            .collect()
    }
}
