//! A device's habits as a row.
//!
//! Comes in: [`Habits`]. Goes out: bytes, and the same habits again. Topics and roles are stored as their labels; one that is not
//! known any more is left out. Names in them are hashes already.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use crate::alert::{Habits, Topic, VideoHabit, VideoHabits};
use crate::catalogue::CloudRole;

/// What is usual for a device.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HabitsRecord {
    pub(super) present_seconds: u64,
    pub(super) familiar: Vec<(String, Vec<u64>)>,
    pub(super) video: Vec<VideoRecord>,
}

/// How much video it sends to far ends of one role.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct VideoRecord {
    role: String,
    day: u64,
    today_millis: u64,
    usual_millis: Option<u64>,
}

/// The row of a device's habits.
pub(super) fn to_bytes(habits: &Habits) -> Result<Vec<u8>, StoreError> {
    let familiar = habits.familiar.iter();
    let familiar = familiar.map(|(topic, known)| {
        (topic.as_label().to_owned(), known.iter().copied().collect::<Vec<_>>())
    });
    let present_seconds = habits.present.as_secs();
    let video = habits.video.kinds.iter().map(VideoRecord::new).collect();
    HabitsRecord { present_seconds, familiar: familiar.collect(), video }.to_bytes()
}

impl HabitsRecord {
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        postcard::to_stdvec(self).map_err(StoreError::Encoding)
    }
}

impl VideoRecord {
    fn new(habit: &VideoHabit) -> Self {
        Self {
            role: habit.kind.as_label().to_owned(),
            day: habit.day,
            today_millis: millis(habit.today),
            usual_millis: habit.usual.map(millis),
        }
    }

    fn into_habit(self) -> Option<VideoHabit> {
        Some(VideoHabit {
            kind: CloudRole::ALL.into_iter().find(|role| role.as_label() == self.role)?,
            day: self.day,
            today: Duration::from_millis(self.today_millis),
            usual: self.usual_millis.map(Duration::from_millis),
        })
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
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
        video: VideoHabits {
            kinds: record.video.into_iter().filter_map(VideoRecord::into_habit).collect(),
        },
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
            video: VideoHabits {
                kinds: vec![VideoHabit {
                    kind: CloudRole::Relay,
                    day: 20_000,
                    today: Duration::from_secs(60),
                    usual: Some(Duration::from_millis(90_500)),
                }],
            },
        };
        let bytes = to_bytes(&habits).unwrap();

        assert_eq!(from_bytes(&bytes), Some(habits));
        for cut in 0..bytes.len() {
            assert_eq!(from_bytes(&bytes[..cut]), None);
        }
    }
}
