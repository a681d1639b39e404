//! Schema version 3: habits without what is usual of video.
//!
//! Comes in: rows of version 3. Goes out: rows of version 4, in which that is still to be learned. One that cannot be read is left
//! out: the device is learned anew.

use redb::{ReadableTable as _, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::habits::HabitsRecord;
use super::tables::HABITS;

/// The habits of a device in version 3.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HabitsRecordV3 {
    pub(super) present_seconds: u64,
    pub(super) familiar: Vec<(String, Vec<u64>)>,
}

/// Writes the habits of every device anew.
pub(super) fn from_v3(transaction: &WriteTransaction) -> Result<(), StoreError> {
    let mut habits = transaction.open_table(HABITS)?;
    let mut upgraded: Vec<(String, Option<Vec<u8>>)> = Vec::new();
    for row in habits.iter()? {
        let (id, bytes) = row?;
        let old: Option<HabitsRecordV3> = postcard::from_bytes(bytes.value()).ok();
        let new = old.map(|old| upgrade(old).to_bytes()).transpose()?;
        upgraded.push((id.value().to_owned(), new));
    }
    for (id, bytes) in upgraded {
        match bytes {
            Some(bytes) => drop(habits.insert(id.as_str(), bytes.as_slice())?),
            None => drop(habits.remove(id.as_str())?),
        }
    }
    Ok(())
}

fn upgrade(old: HabitsRecordV3) -> HabitsRecord {
    HabitsRecord { present_seconds: old.present_seconds, familiar: old.familiar, video: Vec::new() }
}
