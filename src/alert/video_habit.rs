//! For how long a day a device usually sends video to servers and peers of one kind.
//!
//! Comes in: spans of time at the rate of video, in time order. Goes out: whether they are more than what is usual. Owners look
//! through their cameras each day; that is worth telling once, and again when it is much more, or goes another way. Bounded:
//! one entry a kind. It outlives a run: what is usual is learned over days.

use std::time::Duration;

use crate::catalogue::CloudRole;
use crate::net::Timestamp;

const DAY: u64 = 24 * 3_600;

/// So many times the usual is more than usual.
const ABOVE_USUAL: u32 = 2;

/// Weight of the days before in what is usual, against the latest one: it follows over about a week.
const OTHERS: u32 = 3;

/// After so many days without any, nothing is usual; bounds the work after a pause.
const MOST_DAYS: u64 = 30;

/// What is usual for one device, by the kind of the far end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VideoHabits {
    /// One entry a kind.
    pub kinds: Vec<VideoHabit>,
}

/// What is usual towards far ends of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoHabit {
    /// The kind.
    pub kind: CloudRole,
    /// The day that `today` is about, in UTC days since 1970.
    pub day: u64,
    /// How much there was on it so far.
    pub today: Duration,
    /// How much a usual day has; none before the first is over.
    pub usual: Option<Duration>,
}

impl VideoHabits {
    /// Notes that the device sent video to `kind` for `length`, until `at`. Tells whether it is more than usual for a day.
    pub(super) fn note(&mut self, kind: CloudRole, at: Timestamp, length: Duration) -> bool {
        let day = at.as_secs() / DAY;
        let known = self.kinds.iter().position(|known| known.kind == kind);
        let index = known.unwrap_or_else(|| {
            self.kinds.push(VideoHabit { kind, day, today: Duration::ZERO, usual: None });
            self.kinds.len() - 1
        });
        let Some(habit) = self.kinds.get_mut(index) else { return true };
        habit.turn_to(day);
        habit.today = habit.today.saturating_add(length);
        habit.usual.is_none_or(|usual| habit.today > usual.saturating_mul(ABOVE_USUAL))
    }
}

impl VideoHabit {
    fn turn_to(&mut self, day: u64) {
        for _ in 0..day.saturating_sub(self.day).min(MOST_DAYS) {
            self.usual = Some(match self.usual {
                Some(usual) => (usual.saturating_mul(OTHERS) + self.today) / (OTHERS + 1),
                None => self.today,
            });
            self.today = Duration::ZERO;
        }
        self.day = self.day.max(day);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(habits: &mut VideoHabits, kind: CloudRole, day: u64, seconds: u64) -> bool {
        let at = Timestamp::from_parts(day * DAY + 40_000, 0);
        habits.note(kind, at, Duration::from_secs(seconds))
    }

    #[test]
    fn a_view_a_day_becomes_usual_and_much_more_does_not() {
        let mut habits = VideoHabits::default();

        assert!(note(&mut habits, CloudRole::P2p, 1, 60));
        for day in 2..9 {
            assert!(!note(&mut habits, CloudRole::P2p, day, 70), "day {day}");
        }
        assert!(note(&mut habits, CloudRole::P2p, 9, 600));
    }

    #[test]
    fn what_is_usual_for_peers_is_not_for_relays_and_is_forgotten_in_a_month() {
        let mut habits = VideoHabits::default();
        note(&mut habits, CloudRole::P2p, 1, 60);

        assert!(note(&mut habits, CloudRole::Relay, 2, 30));
        assert!(!note(&mut habits, CloudRole::P2p, 2, 60));
        assert!(note(&mut habits, CloudRole::P2p, 40, 60));
    }
}
