//! The transactions: a batch, a device to forget.
//!
//! Comes in: an open database and changes. Goes out: one durable transaction each.

use redb::{Database, ReadableTable as _, WriteTransaction};

use super::batch::{Batch, Day};
use super::error::StoreError;
use super::habits;
use super::record::DeviceRecord;
use super::standing;
use super::tables::{
    ACKNOWLEDGED, BATCH, CLOUD_DAYS, DEVICE_DAYS, DEVICES, HABITS, META, STANDING, TotalRow,
};
use crate::analyst::Tally;
use crate::device::{DeviceId, DeviceProfile};
use crate::net::Timestamp;

/// The number of the last batch that is in the database.
pub(super) fn last_batch(database: &Database) -> Result<u64, StoreError> {
    use redb::ReadableDatabase as _;

    let meta = database.begin_read()?.open_table(META)?;
    Ok(meta.get(BATCH)?.map_or(0, |number| number.value()))
}

/// Writes a batch under its number, but for devices that were last seen before the day `keep_from`. When it `prunes`,
/// everything from before that day leaves.
pub(super) fn write_batch(
    database: &Database,
    batch: &Batch,
    number: u64,
    keep_from: Day,
    prunes: bool,
) -> Result<(), StoreError> {
    let transaction = begin(database)?;
    {
        let mut devices = transaction.open_table(DEVICES)?;
        let kept = |profile: &DeviceProfile| profile.last_seen >= keep_from.start();
        for (id, profile) in batch.devices.iter().filter(|(_, profile)| kept(profile)) {
            let stored = devices.get(&*id.0)?.map(|row| row.value().to_vec());
            let bytes = row_of(profile, stored.as_deref())?;
            if stored.as_deref() != Some(bytes.as_slice()) {
                devices.insert(&*id.0, bytes.as_slice())?;
            }
        }
        let mut totals = transaction.open_table(DEVICE_DAYS)?;
        for (key, more) in &batch.device_days {
            let key = (key.day.0, &*key.device.0, key.perimeter.as_label());
            let before = totals.get(key)?.map(|row| row.value()).unwrap_or_default();
            totals.insert(key, sum(before, *more))?;
        }
        let mut totals = transaction.open_table(CLOUD_DAYS)?;
        for (key, more) in &batch.cloud_days {
            let (vendor, service) = (key.vendor.as_ref(), key.service.as_ref());
            let (role, region) = (key.role.as_label(), key.region.as_label());
            let key = (key.day.0, &*key.device.0, vendor, service, role, region);
            let before = totals.get(key)?.map(|row| row.value()).unwrap_or_default();
            totals.insert(key, sum(before, *more))?;
        }
        let mut habits = transaction.open_table(HABITS)?;
        for (id, known) in &batch.habits {
            habits.insert(&*id.0, habits::to_bytes(known)?.as_slice())?;
        }
        let mut acknowledged = transaction.open_table(ACKNOWLEDGED)?;
        for (alert, device) in &batch.acknowledged {
            acknowledged.insert(alert.0, &*device.0)?;
        }
        let mut alerts = transaction.open_table(STANDING)?;
        for (key, kept) in &batch.standing {
            let row = (&*key.device.0, &*key.rule, &*key.subject);
            match kept {
                Some(kept) => drop(alerts.insert(row, standing::to_bytes(kept)?.as_slice())?),
                None => drop(alerts.remove(row)?),
            }
        }
        transaction.open_table(META)?.insert(BATCH, number)?;
    }
    if prunes {
        drop_before(&transaction, keep_from)?;
    }
    Ok(transaction.commit()?)
}

/// Removes everything of a device; tells whether there was anything.
pub(super) fn forget(database: &Database, id: &DeviceId) -> Result<bool, StoreError> {
    let transaction = begin(database)?;
    let mut found = transaction.open_table(DEVICES)?.remove(&*id.0)?.is_some();
    transaction.open_table(DEVICE_DAYS)?.retain(|key, _| {
        let theirs = key.1 == &*id.0;
        found |= theirs;
        !theirs
    })?;
    transaction.open_table(CLOUD_DAYS)?.retain(|key, _| {
        let theirs = key.1 == &*id.0;
        found |= theirs;
        !theirs
    })?;
    transaction.open_table(HABITS)?.remove(&*id.0)?;
    transaction.open_table(ACKNOWLEDGED)?.retain(|_, device| device != &*id.0)?;
    transaction.open_table(STANDING)?.retain(|key, _| key.0 != &*id.0)?;
    transaction.commit()?;
    Ok(found)
}

/// Names from the network stand in what is written, so nothing rests on a checksum that somebody could aim at: the
/// second phase makes a commit whole before it counts.
fn begin(database: &Database) -> Result<WriteTransaction, StoreError> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

fn drop_before(transaction: &WriteTransaction, oldest: Day) -> Result<(), StoreError> {
    transaction.open_table(DEVICE_DAYS)?.retain_in(..(oldest.0, "", ""), |_, _| false)?;
    transaction
        .open_table(CLOUD_DAYS)?
        .retain_in(..(oldest.0, "", "", "", "", ""), |_, _| false)?;
    let oldest = oldest.start();
    transaction.open_table(DEVICES)?.retain(|_, row| {
        // What cannot be read is left for a version that can.
        DeviceRecord::from_bytes(row)
            .is_none_or(|record| Timestamp::from_nanos(record.last_seen) >= oldest)
    })?;
    // What belongs to nobody any more leaves with its device.
    let devices = transaction.open_table(DEVICES)?;
    let is_kept = |id: &str| devices.get(id).is_ok_and(|row| row.is_some());
    transaction.open_table(HABITS)?.retain(|id, _| is_kept(id))?;
    transaction.open_table(ACKNOWLEDGED)?.retain(|_, device| is_kept(device))?;
    transaction.open_table(STANDING)?.retain(|key, _| is_kept(key.0))?;
    Ok(())
}

/// The row of a device. A store that could not be read at the start knows an earlier first sighting.
fn row_of(profile: &DeviceProfile, stored: Option<&[u8]>) -> Result<Vec<u8>, StoreError> {
    let mut record = DeviceRecord::new(profile);
    if let Some(stored) = stored.and_then(DeviceRecord::from_bytes) {
        record.first_seen = record.first_seen.min(stored.first_seen);
    }
    record.to_bytes()
}

const fn sum(before: TotalRow, more: Tally) -> TotalRow {
    (
        before.0.saturating_add(more.sent),
        before.1.saturating_add(more.received),
        before.2.saturating_add(more.flows),
    )
}
