//! The store: one database, opened anew after every error.
//!
//! Comes in: batches, devices to forget. Goes out: durable transactions, and what was stored. Each call waits for the
//! disk, so a thread of its own makes them.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _, ReadableTable as _};

use super::batch::{Batch, Day};
use super::config::Config;
use super::contents::{CloudTotal, Contents, DeviceTotal};
use super::error::StoreError;
use super::habits;
use super::opening::{Opener, open_file, opener_of, set_aside};
use super::record::DeviceRecord;
use super::standing;
use super::tables::{ACKNOWLEDGED, CLOUD_DAYS, DEVICE_DAYS, DEVICES, HABITS, STANDING, TotalRow};
use super::writing::{forget, last_batch, write_batch};
use crate::alert::{AlertId, AlertKey, MAX_STANDING};
use crate::analyst::Tally;
use crate::device::DeviceId;

/// Devices and daily totals on a disk.
pub struct Store {
    opener: Opener,
    database: Option<Database>,
    retention_days: u32,
    /// A batch that may be there or not: writing it failed, perhaps after it had become durable.
    unsure: Option<u64>,
    /// The day on which old rows were last removed.
    pruned: Option<Day>,
    set_aside: Option<PathBuf>,
}

impl Store {
    /// Opens the store, or makes it. A damaged one is moved aside, and a new one made. A disk that refuses
    /// does not hinder: it is asked again by each later call.
    ///
    /// # Errors
    /// The directory is missing, the file cannot be opened, another program has it, or a later hikwatch wrote it.
    pub fn open(config: &Config) -> Result<Self, StoreError> {
        let (file, path) = open_file(config)?;
        let mut store = Self::with_opener(opener_of(file), config.retention_days);
        match store.ensure_open() {
            Ok(()) | Err(StoreError::Disk(_)) => Ok(store),
            Err(StoreError::Damaged(_)) => {
                let aside = set_aside(&path)
                    .map_err(|source| StoreError::Unreachable { path: path.clone(), source })?;
                let (file, _) = open_file(config)?;
                let mut store = Self::with_opener(opener_of(file), config.retention_days);
                store.set_aside = Some(aside);
                match store.ensure_open() {
                    Ok(()) | Err(StoreError::Disk(_)) => Ok(store),
                    Err(other) => Err(other),
                }
            }
            Err(other) => Err(other),
        }
    }

    pub(super) fn with_opener(opener: Opener, retention_days: u32) -> Self {
        Self { opener, database: None, retention_days, unsure: None, pruned: None, set_aside: None }
    }

    /// Where a damaged store was moved to when this one was opened.
    #[must_use]
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// Writes a batch: all of it is durable afterwards, or nothing of it is there. After an error the same batch
    /// is to be given again before any other; it is counted once, also if it had become durable after all.
    ///
    /// # Errors
    /// The disk refuses, or the database is damaged.
    pub fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let last = self.attempt(last_batch)?;
        if self.unsure.take() == Some(last) {
            return Ok(());
        }
        let number = last + 1;
        let day = Day::of(batch.now);
        let keep_from = day.minus(self.retention_days);
        let prunes = self.pruned != Some(day);
        self.unsure = Some(number);
        self.attempt(|database| write_batch(database, batch, number, keep_from, prunes))?;
        self.unsure = None;
        self.pruned = Some(day);
        Ok(())
    }

    /// Removes everything of a device; tells whether there was anything. It is gone from the disk afterwards.
    ///
    /// # Errors
    /// The disk refuses, or the database is damaged.
    pub fn forget(&mut self, id: &DeviceId) -> Result<bool, StoreError> {
        self.attempt(|database| forget(database, id))
    }

    /// How many batches were ever written.
    ///
    /// # Errors
    /// The disk refuses, or the database is damaged.
    pub fn batches(&mut self) -> Result<u64, StoreError> {
        self.attempt(last_batch)
    }

    /// The devices, and whom they have spoken to.
    ///
    /// # Errors
    /// The disk refuses, or the database is damaged.
    pub fn contents(&mut self) -> Result<Contents, StoreError> {
        self.attempt(|database| {
            let mut contents = Contents::default();
            let transaction = database.begin_read()?;
            for row in transaction.open_table(DEVICES)?.iter()? {
                let (id, bytes) = row?;
                match DeviceRecord::from_bytes(bytes.value()) {
                    Some(record) => {
                        contents.devices.push(record.into_profile(DeviceId(id.value().into())));
                    }
                    None => contents.unreadable += 1,
                }
            }
            let mut contacts = BTreeSet::new();
            for row in transaction.open_table(CLOUD_DAYS)?.iter()? {
                let (key, _) = row?;
                let (_, device, _, service, _, _) = key.value();
                contacts.insert((DeviceId(device.into()), Arc::<str>::from(service)));
            }
            contents.contacts.extend(contacts);
            for row in transaction.open_table(HABITS)?.iter()? {
                let (id, bytes) = row?;
                if let Some(known) = habits::from_bytes(bytes.value()) {
                    contents.habits.push((DeviceId(id.value().into()), known));
                }
            }
            for row in transaction.open_table(ACKNOWLEDGED)?.iter()? {
                contents.acknowledged.push(AlertId(row?.0.value()));
            }
            for row in transaction.open_table(STANDING)?.iter()? {
                let (key, bytes) = row?;
                let (device, rule, subject) = key.value();
                let (device, rule, subject) =
                    (DeviceId(device.into()), rule.into(), subject.into());
                match standing::from_bytes(AlertKey { device, rule, subject }, bytes.value()) {
                    Some(alert) if contents.standing.len() < MAX_STANDING => {
                        contents.standing.push(alert);
                    }
                    Some(_) | None => contents.unreadable += 1,
                }
            }
            Ok(contents)
        })
    }

    /// What devices moved, by day, device and perimeter.
    ///
    /// # Errors
    /// The disk refuses, or the database is damaged.
    pub fn device_totals(&mut self) -> Result<Vec<DeviceTotal>, StoreError> {
        self.attempt(|database| {
            let mut totals = Vec::new();
            for row in database.begin_read()?.open_table(DEVICE_DAYS)?.iter()? {
                let (key, total) = row?;
                let (day, device, perimeter) = key.value();
                totals.push(DeviceTotal {
                    day: Day(day),
                    device: DeviceId(device.into()),
                    perimeter: perimeter.to_owned(),
                    tally: tally(total.value()),
                });
            }
            Ok(totals)
        })
    }

    /// What devices exchanged with clouds, by day, device and service.
    ///
    /// # Errors
    /// The disk refuses, or the database is damaged.
    pub fn cloud_totals(&mut self) -> Result<Vec<CloudTotal>, StoreError> {
        self.attempt(|database| {
            let mut totals = Vec::new();
            for row in database.begin_read()?.open_table(CLOUD_DAYS)?.iter()? {
                let (key, total) = row?;
                let (day, device, vendor, service, role, region) = key.value();
                totals.push(CloudTotal {
                    day: Day(day),
                    device: DeviceId(device.into()),
                    vendor: vendor.to_owned(),
                    service: service.to_owned(),
                    role: role.to_owned(),
                    region: region.to_owned(),
                    tally: tally(total.value()),
                });
            }
            Ok(totals)
        })
    }

    fn ensure_open(&mut self) -> Result<(), StoreError> {
        if self.database.is_none() {
            let opened = catch_unwind(AssertUnwindSafe(|| (self.opener)()));
            let failed = |_| Err(StoreError::Damaged("redb fails on it".to_owned()));
            self.database = Some(opened.unwrap_or_else(failed)?);
        }
        Ok(())
    }

    /// Does something with the database. After an error it is closed, and the next call opens it anew: the state
    /// in memory is not to be trusted any more, that on the disk is.
    fn attempt<T>(
        &mut self,
        work: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.ensure_open()?;
        let Some(database) = self.database.take() else {
            return Err(StoreError::Database("it is closed".to_owned()));
        };
        // A fault of the database must not take the daemon's thread with it.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let outcome = work(&database);
            match outcome {
                Ok(value) => Ok((value, database)),
                Err(error) => Err(error),
            }
        }));
        let (value, database) = outcome.unwrap_or_else(|_| Err(panicked()))?;
        self.database = Some(database);
        Ok(value)
    }
}

fn panicked() -> StoreError {
    StoreError::Database("a fault of its own; the log has its words".to_owned())
}

const fn tally((sent, received, flows): TotalRow) -> Tally {
    Tally { sent, received, flows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Habits, KeptAlert, Topic};
    use crate::analyst::Event;
    use crate::net::{Perimeter, Timestamp};
    use crate::store::Gatherer;
    use crate::store::trial::{camera, flow, id_of, standing, touched};
    use crate::store::trial_disk::TrialDisk;

    /// Noon of a day.
    const NOON: u64 = 20_000 * 86_400 + 43_200;
    const DAY: u64 = 86_400;

    fn store(disk: &TrialDisk) -> Store {
        Store::with_opener(disk.opener(), 90)
    }

    fn batch_of(gatherer: &mut Gatherer, events: &[Event]) -> Batch {
        for event in events {
            gatherer.apply(event);
        }
        gatherer.take().unwrap()
    }

    /// What camera 1 sent, by day.
    fn sent(store: &mut Store) -> Vec<(u32, u64)> {
        let totals = store.device_totals().unwrap();
        let clouds = store.cloud_totals().unwrap();
        let days: Vec<_> = totals.iter().map(|total| (total.day.0, total.tally.sent)).collect();
        assert_eq!(
            days,
            clouds.iter().map(|total| (total.day.0, total.tally.sent)).collect::<Vec<_>>()
        );
        days
    }

    #[test]
    fn devices_and_contacts_are_there_after_a_restart() {
        let disk = TrialDisk::default();
        let events = [touched(1, NOON), touched(2, NOON), flow(1, NOON, "hik-das", 10)];
        store(&disk).commit(&batch_of(&mut Gatherer::new(), &events)).unwrap();

        let contents = store(&disk).contents().unwrap();

        assert_eq!(contents.devices, [camera(1, NOON), camera(2, NOON)]);
        assert_eq!(contents.contacts, [(id_of(1), "hik-das".into())]);
        assert_eq!(contents.unreadable, 0);
    }

    #[test]
    fn habits_and_acknowledged_alerts_are_there_after_a_restart_until_their_device_is_forgotten() {
        let disk = TrialDisk::default();
        let mut gatherer = Gatherer::new();
        let habits = Habits {
            present: std::time::Duration::from_secs(7_200),
            familiar: vec![(Topic::Country, [5].into())],
            ..Habits::default()
        };
        for number in [1, 2] {
            gatherer.note_habits(&id_of(number), &habits);
        }
        let mut batch = batch_of(&mut gatherer, &[touched(1, NOON), touched(2, NOON)]);
        batch.acknowledged.insert(AlertId(7), id_of(1));
        store(&disk).commit(&batch).unwrap();

        let contents = store(&disk).contents().unwrap();
        assert_eq!(contents.habits, [(id_of(1), habits.clone()), (id_of(2), habits.clone())]);
        assert_eq!(contents.acknowledged, [AlertId(7)]);

        store(&disk).forget(&id_of(1)).unwrap();
        let contents = store(&disk).contents().unwrap();
        assert_eq!(contents.habits, [(id_of(2), habits)]);
        assert!(contents.acknowledged.is_empty());
    }

    #[test]
    fn alerts_that_stand_are_there_after_a_restart_until_they_are_over_or_forgotten() {
        let disk = TrialDisk::default();
        let (one, other, third) = (standing(1, "CN"), standing(1, "SG"), standing(2, "CN"));
        let mut gatherer = Gatherer::new();
        let stands = |alert: &KeptAlert| (alert.key.clone(), Some(alert.clone()));
        gatherer.note_alerts(&[stands(&one), stands(&other), stands(&third)]);
        let seen = [touched(1, NOON), touched(2, NOON)];
        store(&disk).commit(&batch_of(&mut gatherer, &seen)).unwrap();
        assert_eq!(store(&disk).contents().unwrap().standing, [one.clone(), other, third.clone()]);

        gatherer.note_alerts(&[(standing(1, "SG").key, None)]);
        store(&disk).commit(&gatherer.take().unwrap()).unwrap();
        assert_eq!(store(&disk).contents().unwrap().standing, [one, third.clone()]);

        store(&disk).forget(&id_of(1)).unwrap();
        assert_eq!(store(&disk).contents().unwrap().standing, [third]);
    }

    #[test]
    fn a_row_that_is_no_alert_is_left_out_and_counted() {
        let disk = TrialDisk::default();
        let mut gatherer = Gatherer::new();
        let alert = standing(1, "CN");
        gatherer.note_alerts(&[(alert.key.clone(), Some(alert.clone()))]);
        store(&disk).commit(&batch_of(&mut gatherer, &[touched(1, NOON)])).unwrap();
        let spoil = |database: &Database| {
            let transaction = database.begin_write()?;
            let key = (&*alert.key.device.0, "new-country", "XX");
            transaction.open_table(STANDING)?.insert(key, b"\xff\xff".as_slice())?;
            Ok(transaction.commit()?)
        };
        store(&disk).attempt(spoil).unwrap();

        let contents = store(&disk).contents().unwrap();
        assert_eq!((contents.standing, contents.unreadable), (vec![alert], 1));
    }

    #[test]
    fn totals_add_up_over_batches_days_and_restarts() {
        let disk = TrialDisk::default();
        let mut gatherer = Gatherer::new();
        let mut first = store(&disk);
        // Cumulative: 100, then 250, then on the next day 300.
        let events = [flow(1, NOON, "das", 100), flow(1, NOON + 10, "das", 250)];
        first.commit(&batch_of(&mut gatherer, &events)).unwrap();
        first.commit(&batch_of(&mut gatherer, &[flow(1, NOON + DAY, "das", 300)])).unwrap();
        drop(first);

        // Another process counts from zero.
        let batch = batch_of(&mut Gatherer::new(), &[flow(1, NOON + DAY + 60, "das", 7)]);
        let mut second = store(&disk);
        second.commit(&batch).unwrap();

        assert_eq!(sent(&mut second), [(20_000, 250), (20_001, 57)]);
        let total = &second.cloud_totals().unwrap()[0];
        assert_eq!((total.service.as_str(), total.region.as_str()), ("das", "eu"));
        assert_eq!(second.device_totals().unwrap()[0].perimeter, Perimeter::Outbound.as_label());
        assert_eq!(second.batches().unwrap(), 3);
    }

    #[test]
    fn a_full_disk_loses_nothing_and_what_it_refused_is_counted_once() {
        let disk = TrialDisk::default();
        let mut gatherer = Gatherer::new();
        let mut store = store(&disk);
        store.commit(&batch_of(&mut gatherer, &[flow(1, NOON, "das", 100)])).unwrap();
        disk.set_room(Some(0));

        let batch = batch_of(&mut gatherer, &[flow(1, NOON + 300, "das", 150), touched(1, NOON)]);
        for _ in 0..3 {
            assert_eq!(store.commit(&batch).unwrap_err().as_label(), "full");
        }
        disk.set_room(None);
        store.commit(&batch).unwrap();

        assert_eq!(sent(&mut store), [(20_000, 150)]);
        assert_eq!(store.contents().unwrap().devices.len(), 1);
    }

    #[test]
    fn a_disk_that_fills_up_at_any_length_does_no_harm() {
        for room in (0..512).step_by(8) {
            let disk = TrialDisk::default();
            disk.set_room(Some(room << 10));
            let mut store = store(&disk);
            let mut gatherer = Gatherer::new();
            let (mut bytes, mut refused) = (0, None);
            for number in 0..60u8 {
                bytes += 100;
                let events =
                    [touched(number, NOON), flow(1, NOON + u64::from(number), "das", bytes)];
                let batch = batch_of(&mut gatherer, &events);
                if store.commit(&batch).is_err() {
                    refused = Some(batch);
                    break;
                }
            }
            disk.set_room(None);
            if let Some(batch) = refused {
                store.commit(&batch).unwrap();
            }

            assert_eq!(sent(&mut store), [(20_000, bytes)], "room for {room} KiB");
        }
    }

    #[test]
    fn a_batch_that_was_durable_when_its_commit_failed_is_counted_once() {
        let mut tried = 0;
        for syncs in 0..8 {
            let disk = TrialDisk::default();
            let mut gatherer = Gatherer::new();
            let mut store = store(&disk);
            store.commit(&batch_of(&mut gatherer, &[flow(1, NOON, "das", 100)])).unwrap();
            disk.lie_after(syncs);

            let batch = batch_of(&mut gatherer, &[flow(1, NOON, "das", 150)]);
            if store.commit(&batch).is_err() {
                tried += 1;
                store.commit(&batch).unwrap();
            }

            assert_eq!(sent(&mut store), [(20_000, 150)], "the sync after {syncs} others");
        }
        assert!(tried >= 2, "a commit in two phases has two syncs, {tried} were tried");
    }

    #[test]
    fn a_power_cut_at_any_write_leaves_whole_batches() {
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut coin = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed & 1 == 0
        };
        let disk = TrialDisk::default();
        let mut gatherer = Gatherer::new();
        let mut whole = store(&disk);
        assert_eq!(whole.batches().unwrap(), 0);
        let mut kept = 0;
        for number in 0..200u8 {
            let before = u64::from(number) * 100;
            let batch = batch_of(
                &mut gatherer,
                &[touched(number % 20, NOON + before), flow(1, NOON, "das", before + 100)],
            );
            disk.cut_after(u64::from(number % 2));
            whole.commit(&batch).unwrap_err();

            let mut after = store(&disk.after_power_cut(&mut coin));
            let sent = sent(&mut after).first().map_or(0, |(_, sent)| *sent);
            assert!(sent == before || sent == before + 100, "batch {number}: {sent}");
            assert_eq!(after.batches().unwrap() * 100, sent);
            kept += u32::from(sent > before);
            whole.commit(&batch).unwrap();
        }
        println!("{kept} of 200 batches outlived the power cut in their own commit");
    }

    #[test]
    fn what_is_older_than_the_retention_leaves() {
        let disk = TrialDisk::default();
        let mut store = Store::with_opener(disk.opener(), 2);
        let mut gatherer = Gatherer::new();
        for day in 0..5 {
            let number = u8::try_from(day).unwrap();
            let seconds = NOON + day * DAY;
            let events = [touched(number, seconds), flow(1, seconds, "das", 100 * (day + 1))];
            store.commit(&batch_of(&mut gatherer, &events)).unwrap();
        }

        assert_eq!(sent(&mut store), [(20_002, 100), (20_003, 100), (20_004, 100)]);
        let left: Vec<_> = store.contents().unwrap().devices.into_iter().map(|d| d.id).collect();
        assert_eq!(left, [id_of(2), id_of(3), id_of(4)]);

        // The end of a run tells of every device; one that was not seen for so long does not come back by that.
        let mut last = batch_of(&mut gatherer, &[touched(0, NOON), touched(9, NOON + 4 * DAY)]);
        last.now = Timestamp::from_parts(NOON + 4 * DAY, 0);
        store.commit(&last).unwrap();
        assert_eq!(store.contents().unwrap().devices.len(), 4);
    }

    #[test]
    fn a_forgotten_device_is_gone_with_its_totals_and_counts_from_zero() {
        let disk = TrialDisk::default();
        let mut gatherer = Gatherer::new();
        let mut first = store(&disk);
        let events = [touched(1, NOON), touched(2, NOON), flow(1, NOON, "das", 100)];
        first.commit(&batch_of(&mut gatherer, &events)).unwrap();

        gatherer.forget(&id_of(1));
        assert!(first.forget(&id_of(1)).unwrap());
        drop(first);

        let mut again = store(&disk);
        let contents = again.contents().unwrap();
        assert_eq!((contents.devices.len(), contents.contacts.len()), (1, 0));
        assert!(sent(&mut again).is_empty() && !again.forget(&id_of(1)).unwrap());
        again.commit(&batch_of(&mut gatherer, &[flow(1, NOON, "das", 30)])).unwrap();
        assert_eq!(sent(&mut again), [(20_000, 30)]);
    }

    #[test]
    fn an_earlier_first_sighting_that_could_not_be_read_is_kept() {
        let disk = TrialDisk::default();
        let mut store = store(&disk);
        let seen = |first: u64| {
            let profile = crate::device::DeviceProfile {
                first_seen: Timestamp::from_parts(first, 0),
                ..camera(1, NOON)
            };
            let devices = [(id_of(1), Arc::new(profile))].into();
            Batch { now: Timestamp::from_parts(NOON, 0), devices, ..Batch::default() }
        };
        store.commit(&seen(100)).unwrap();
        store.commit(&seen(900)).unwrap();

        let device = &store.contents().unwrap().devices[0];
        assert_eq!(device.first_seen, Timestamp::from_parts(100, 0));
    }

    #[test]
    fn twenty_cameras_write_little_a_day() {
        let disk = TrialDisk::default();
        let mut store = store(&disk);
        let mut gatherer = Gatherer::new();
        let (interval, begin) = (300, 20_000 * DAY);
        let mut days = Vec::new();
        for day in 0..3 {
            let before = (disk.written(), disk.syncs());
            for moment in (begin + day * DAY..begin + (day + 1) * DAY).step_by(interval) {
                let mut events = Vec::new();
                for number in 0..20 {
                    events.push(touched(number, moment));
                    for service in ["lbs", "das", "vtm", "alarm"] {
                        events.push(flow(number, moment, service, (moment - begin + 1) * 40));
                    }
                }
                store.commit(&batch_of(&mut gatherer, &events)).unwrap();
            }
            days.push((disk.written() - before.0, disk.syncs() - before.1));
        }

        let mib = |bytes: u64| f64::from(u32::try_from(bytes >> 10).unwrap()) / 1024.0;
        for (number, (bytes, syncs)) in days.iter().enumerate() {
            println!("day {number}: {:.1} MiB written in {syncs} syncs", mib(*bytes));
        }
        println!("the file has {:.1} MiB", mib(disk.length() as u64));
        assert!(days[2].0 < 40 << 20, "{days:?}");
        assert!(disk.length() < 4 << 20);
    }
}
