//! The hours of one device that are still open.
//!
//! Comes in: what happened, with its time. Goes out: the tally of that hour, and hours that are over. It holds two hours
//! at most and reads no clock.

use std::cmp::Ordering;
use std::time::Duration;

use super::HourTally;
use crate::net::Timestamp;

/// The length of an hour, which verdicts are given for.
const HOUR: u64 = 3_600;
/// How long after its end an hour is still open: what a flow moved last is told when it ends, and a silent UDP flow
/// ends after a minute or three.
const GRACE: Duration = Duration::from_secs(240);

/// Hours in a row of which nothing was told, after which no more are: guards the read models against devices that were there
/// once.
const MAX_SILENT: u16 = 48;

/// The open hours of a device.
#[derive(Debug)]
pub struct HourBook {
    /// The hour that is judged next, in hours since 1970.
    current: u64,
    tally: HourTally,
    /// The hour behind it, if something of it was told already.
    following: HourTally,
    /// What came too late.
    late: HourTally,
    /// When the book was begun: the hour that this lies in is not whole.
    begun: Timestamp,
    /// Hours in a row of which nothing was told.
    silent: u16,
}

impl HourBook {
    /// A book that begins with the hour of `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            current: now.as_secs() / HOUR,
            tally: HourTally::default(),
            following: HourTally::default(),
            late: HourTally::default(),
            begun: now,
            silent: 0,
        }
    }

    /// Tells whether the hour that began at `start` was watched from its beginning.
    #[must_use]
    pub fn is_whole(&self, start: Timestamp) -> bool {
        start >= self.begun
    }

    /// Tells whether nothing was told of the device for so long that its hours are of no interest any more.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.silent >= MAX_SILENT
    }

    /// The tally of the hour that `at` is in. What is told of an hour that was judged already, as when the end of a flow was
    /// lost, goes into one that is never judged: it must not be taken for something that happened later.
    pub fn at(&mut self, at: Timestamp) -> &mut HourTally {
        match (at.as_secs() / HOUR).cmp(&self.current) {
            Ordering::Less => {
                self.late = HourTally::default();
                &mut self.late
            }
            Ordering::Equal => &mut self.tally,
            Ordering::Greater => &mut self.following,
        }
    }

    /// When the hour that is judged next is closed.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.start().plus(Duration::from_secs(HOUR)).plus(GRACE)
    }

    /// The beginning of that hour, and its tally, if it is over at `now`.
    pub fn close(&mut self, now: Timestamp) -> Option<(Timestamp, HourTally)> {
        if now < self.deadline() {
            return None;
        }
        let start = self.start();
        let tally = std::mem::take(&mut self.tally);
        self.silent = if tally.is_blank() { self.silent.saturating_add(1) } else { 0 };
        self.tally = std::mem::take(&mut self.following);
        self.current += 1;
        let of_now = now.as_secs() / HOUR;
        if self.tally.is_blank() && self.current < of_now {
            // The run slept, or the clock leapt: hours that nobody watched are not made up.
            self.current = of_now;
        }
        Some((start, tally))
    }

    /// Takes in what another book, which turned out to be of the same device, has of the same hours; what it has of others
    /// came too late.
    pub fn join(&mut self, other: Self) {
        self.begun = self.begun.min(other.begun);
        self.silent = self.silent.min(other.silent);
        match other.current.cmp(&self.current) {
            Ordering::Equal => {
                self.tally.join(&other.tally);
                self.following.join(&other.following);
            }
            // The book that judges later holds nothing of the earlier hour, and that with the earlier hour perhaps of the later.
            Ordering::Greater => self.following.join(&other.tally),
            Ordering::Less => self.tally.join(&other.following),
        }
    }

    /// What is open when a run ends at `now`: the hour that is judged next, and the one behind it if it has begun.
    #[must_use]
    pub fn drain(self, now: Timestamp) -> Vec<(Timestamp, HourTally)> {
        let start = self.start();
        let next = start.plus(Duration::from_secs(HOUR));
        let mut open = vec![(start, self.tally)];
        if next < now {
            open.push((next, self.following));
        }
        open
    }

    const fn start(&self) -> Timestamp {
        Timestamp::from_parts(self.current * HOUR, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::activity::Attempt;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_parts(7_200 + seconds, 0)
    }

    #[test]
    fn an_hour_is_closed_a_little_after_its_end_and_keeps_what_was_told_late() {
        let mut book = HourBook::new(at(100));
        book.at(at(3_599)).attempt(Attempt::Unanswered);
        book.at(at(3_601)).attempt(Attempt::Kept);
        book.at(at(3_598)).attempt(Attempt::Unanswered);

        assert!(book.close(at(3_839)).is_none());
        let (start, tally) = book.close(at(3_840)).unwrap();
        assert_eq!((start, tally.attempts.unanswered, tally.attempts.kept), (at(0), 2, 0));
        assert!(book.close(at(3_840)).is_none());
        book.at(at(3_599)).attempt(Attempt::Kept);
        let open = book.drain(at(3_900));
        assert_eq!(open.len(), 1);
        assert_eq!((open[0].0, open[0].1.attempts.kept), (at(3_600), 1));
    }

    #[test]
    fn hours_that_a_run_slept_through_are_not_made_up_and_what_was_told_of_them_is_kept() {
        let mut book = HourBook::new(at(0));
        book.at(at(3_700)).attempt(Attempt::Unanswered);
        let awake = at(10 * 365 * 86_400);

        let closed: Vec<_> = std::iter::from_fn(|| book.close(awake)).collect();

        let starts: Vec<_> = closed.iter().map(|(start, _)| *start).collect();
        assert_eq!(starts, [at(0), at(3_600)]);
        assert_eq!(closed[1].1.attempts.unanswered, 1);
        assert!(book.deadline() > awake);
    }

    #[test]
    fn two_books_of_one_device_become_one() {
        let mut book = HourBook::new(at(60));
        book.at(at(100)).attempt(Attempt::Unanswered);
        let mut same = HourBook::new(at(0));
        same.at(at(200)).attempt(Attempt::Unanswered);
        same.at(at(3_700)).attempt(Attempt::Kept);
        let mut later = HourBook::new(at(3_650));
        later.at(at(3_700)).attempt(Attempt::Kept);

        book.join(same);
        book.join(later);

        assert!(book.is_whole(at(0)));
        let open = book.drain(at(3_800));
        let counts = |at: usize| (open[at].1.attempts.unanswered, open[at].1.attempts.kept);
        assert_eq!((counts(0), counts(1)), ((2, 0), (0, 2)));
    }

    #[test]
    fn a_run_that_ends_in_the_grace_time_has_two_open_hours() {
        let book = HourBook::new(at(0));

        let starts: Vec<_> = book.drain(at(3_700)).into_iter().map(|(start, _)| start).collect();

        assert_eq!(starts, [at(0), at(3_600)]);
    }
}
