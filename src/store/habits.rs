//! A device's habits as a row.
//!
//! Comes in: [`Habits`]. Goes out: bytes, and the same habits again. Topics are stored as their labels; one that is not known
//! any more is left out. Names in them are hashes already.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use crate::alert::{Habits, Topic};

#[derive(Debug, Serialize, Deserialize)]
struct HabitsRecord {
    present_seconds: u64,
    familiar: Vec<(String, Vec<u64>)>,
}

/// The row of a device's habits.
pub(super) fn to_bytes(habits: &Habits) -> Result<Vec<u8>, StoreError> {
    let familiar = habits.familiar.iter();
    let familiar = familiar.map(|(topic, known)| {
        (topic.as_label().to_owned(), known.iter().copied().collect::<Vec<_>>())
    });
    let present_seconds = habits.present.as_secs();
    postcard::to_stdvec(&HabitsRecord { present_seconds, familiar: familiar.collect() })
        .map_err(StoreError::Encoding)
}

/// The habits of a row.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<Habits> {
    let record: HabitsRecord = postcard::from_bytes(bytes).ok()?;
    let familiar = record.familiar.into_iter();
    let familiar =
        familiar.filter_map(|(label, known)| Some((Topic::from_label(&label)?, known.into())));
    Some(Habits {
        present: Duration::from_secs(record.present_seconds),
        familiar: familiar.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn habits_are_the_same_after_they_were_stored_and_other_bytes_are_none() {
        let habits = Habits {
            present: Duration::from_secs(86_400),
            familiar: vec![(Topic::Country, [1, u64::MAX].into()), (Topic::Service, [7].into())],
        };
        let bytes = to_bytes(&habits).unwrap();

        assert_eq!(from_bytes(&bytes), Some(habits));
        for cut in 0..bytes.len() {
            assert_eq!(from_bytes(&bytes[..cut]), None);
        }
    }
}
