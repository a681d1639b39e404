//! The version of the database, and the steps from each version to the next.
//!
//! Comes in: a database of any version up to ours, or an empty one. Goes out: one of ours, in a single transaction, or
//! an error; a database of a later version is left as it is.

use redb::{Database, ReadableTable as _, WriteTransaction};

use super::error::StoreError;
use super::schema_v1::from_v1;
use super::schema_v3::from_v3;
use super::tables::{
    ACKNOWLEDGED, CLOUD_DAYS, DEVICE_DAYS, DEVICES, HABITS, META, SCHEMA, STANDING,
};

/// The version that is written.
///
/// 1. One MAC address and no life-cycle state for each device. It was never part of a release.
/// 2. Several MAC addresses, and the state.
/// 3. Habits of devices, and alerts that were acknowledged.
/// 4. Alerts that stand; how much video is usual among the habits.
pub(super) const CURRENT: u64 = 4;

/// Brings the database to [`CURRENT`].
pub(super) fn migrate(database: &Database) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    let found = {
        let meta = transaction.open_table(META)?;
        meta.get(SCHEMA)?.map(|version| version.value())
    };
    match found {
        Some(CURRENT) => return Ok(transaction.abort()?),
        Some(found) if found > CURRENT => {
            return Err(StoreError::Newer { found, known: CURRENT });
        }
        Some(found) => climb(&transaction, found)?,
        None => {}
    }
    // A table that is opened for writing is there from then on.
    transaction.open_table(DEVICES)?;
    transaction.open_table(DEVICE_DAYS)?;
    transaction.open_table(CLOUD_DAYS)?;
    transaction.open_table(HABITS)?;
    transaction.open_table(ACKNOWLEDGED)?;
    transaction.open_table(STANDING)?;
    transaction.open_table(META)?.insert(SCHEMA, CURRENT)?;
    Ok(transaction.commit()?)
}

/// Takes the steps from `found` to ours, one version at a time.
fn climb(transaction: &WriteTransaction, found: u64) -> Result<(), StoreError> {
    for version in found..CURRENT {
        match version {
            1 => from_v1(transaction)?,
            // Its tables are new.
            2 => {}
            // One of its tables is new, another has longer rows.
            3 => from_v3(transaction)?,
            // There was no version 0.
            _ => return Err(StoreError::Damaged(format!("it has schema version {version}"))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use redb::{Builder, ReadableDatabase as _};

    use super::*;
    use crate::alert::{AlertId, Habits, Topic};
    use crate::device::DeviceState;
    use crate::store::Store;
    use crate::store::opening::open_database;
    use crate::store::record::DeviceRecord;
    use crate::store::schema_v1::DeviceRecordV1;
    use crate::store::schema_v3::HabitsRecordV3;
    use crate::store::trial::{camera, id_of};
    use crate::store::trial_disk::TrialDisk;

    /// A database as version 1 wrote it, with one device, a row that is none, and a total.
    fn version_1() -> TrialDisk {
        let disk = TrialDisk::default();
        let database = Builder::new().create_with_backend(disk.clone()).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut meta = transaction.open_table(META).unwrap();
            meta.insert(SCHEMA, 1).unwrap();
            let record = DeviceRecord::new(&camera(1, 1_000));
            let old = DeviceRecordV1 {
                mac: record.mac,
                addresses: record.addresses,
                hostname: record.hostname,
                identity: record.identity,
                evidence: record.evidence,
                first_seen: record.first_seen,
                last_seen: record.last_seen,
            };
            let mut devices = transaction.open_table(DEVICES).unwrap();
            let bytes = postcard::to_stdvec(&old).unwrap();
            devices.insert(&*id_of(1).0, bytes.as_slice()).unwrap();
            devices.insert("d-broken", b"\xff".as_slice()).unwrap();
            let mut days = transaction.open_table(DEVICE_DAYS).unwrap();
            days.insert((7, &*id_of(1).0, "outbound"), (1, 2, 3)).unwrap();
            transaction.open_table(CLOUD_DAYS).unwrap();
        }
        transaction.commit().unwrap();
        disk
    }

    #[test]
    fn version_1_becomes_ours_and_loses_nothing() {
        let disk = version_1();
        let mut store = Store::with_opener(disk.opener(), 90);

        let contents = store.contents().unwrap();

        let expected = crate::device::DeviceProfile {
            other_macs: Vec::new(),
            state: DeviceState::default(),
            ..camera(1, 1_000)
        };
        assert_eq!(contents.devices, [expected]);
        assert_eq!(contents.unreadable, 0);
        assert_eq!(store.device_totals().unwrap()[0].tally.received, 2);
        drop(store);
        let database = open_database(disk).unwrap();
        let meta = database.begin_read().unwrap().open_table(META).unwrap();
        assert_eq!(meta.get(SCHEMA).unwrap().unwrap().value(), CURRENT);
    }

    #[test]
    fn habits_of_version_3_become_ours_and_lose_nothing() {
        let disk = TrialDisk::default();
        {
            let database = Builder::new().create_with_backend(disk.clone()).unwrap();
            let transaction = database.begin_write().unwrap();
            transaction.open_table(META).unwrap().insert(SCHEMA, 3).unwrap();
            transaction.open_table(DEVICES).unwrap();
            transaction.open_table(DEVICE_DAYS).unwrap();
            transaction.open_table(CLOUD_DAYS).unwrap();
            transaction.open_table(ACKNOWLEDGED).unwrap().insert(7, &*id_of(1).0).unwrap();
            let old = HabitsRecordV3 {
                present_seconds: 86_400,
                familiar: vec![("country".to_owned(), vec![5, 6])],
            };
            let bytes = postcard::to_stdvec(&old).unwrap();
            let mut habits = transaction.open_table(HABITS).unwrap();
            habits.insert(&*id_of(1).0, bytes.as_slice()).unwrap();
            habits.insert("d-broken", b"\xff".as_slice()).unwrap();
            drop(habits);
            transaction.commit().unwrap();
        }

        let contents = Store::with_opener(disk.opener(), 90).contents().unwrap();

        let habits = Habits {
            present: std::time::Duration::from_secs(86_400),
            familiar: vec![(Topic::Country, [5, 6].into())],
            ..Habits::default()
        };
        assert_eq!(contents.habits, [(id_of(1), habits)]);
        assert_eq!(contents.acknowledged, [AlertId(7)]);
        assert!(contents.standing.is_empty() && contents.unreadable == 0);
    }

    #[test]
    fn a_migration_that_a_full_disk_interrupts_is_taken_again() {
        let disk = version_1();
        disk.set_room(Some(0));
        let mut store = Store::with_opener(disk.opener(), 90);
        assert!(store.contents().is_err());

        disk.set_room(None);

        assert_eq!(store.contents().unwrap().devices.len(), 1);
    }

    #[test]
    fn a_later_version_is_refused_and_left_as_it_is() {
        let disk = TrialDisk::default();
        {
            let database = open_database(disk.clone()).unwrap();
            let transaction = database.begin_write().unwrap();
            transaction.open_table(META).unwrap().insert(SCHEMA, CURRENT + 1).unwrap();
            transaction.commit().unwrap();
        }
        let error = open_database(disk.clone()).unwrap_err();

        assert!(matches!(error, StoreError::Newer { found: 5, known: CURRENT }), "{error}");
        assert!(error.to_string().contains("use a later hikwatch"));
        assert!(matches!(open_database(disk).unwrap_err(), StoreError::Newer { .. }));
    }
}
