//! The thread of one sink: takes letters from the outbox to where they go.
//!
//! Comes in: what lies on the [`Shelf`]. Goes out: deliveries, one at a time and in order. After a failure it waits, longer each
//! time; at the end of the run it tries what is left until its time is over. A fault of the program in a sink is caught here: the sink
//! is opened anew, and goes on after a pause.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};

use super::backoff::Backoff;
use super::clock::{self, Stopwatch};
use super::outbox::{Shelf, State};
use crate::capture::ObservationPoint;
use crate::export::{Deliver, DeliveryError, Letter};

/// Most letters of one delivery, which are the most that are in hand.
const BATCH: usize = 256;

/// How often a far end that answers may refuse the same letter: a message that it cannot take must not hold up the others
/// for ever. With the back-off, that is about half an hour.
const MAX_REFUSALS: u32 = 32;

/// How often the program may fail in a row with the same letter before that is given up.
pub(super) const MAX_FAULTS: u32 = 3;

/// What the log and the counters are told of a fault of the program.
const FAULT: &str = "a fault of the program";

/// Longest time that a far end may ask us to wait.
const LONGEST_WISH: Duration = Duration::from_secs(600);

/// Longest pause between two attempts when the end of the run is near.
const LAST_PAUSE: Duration = Duration::from_millis(200);

/// How long the thread sleeps when there is nothing to do.
const FOREVER: Duration = Duration::from_secs(3600);

/// What the thread does next.
enum Errand {
    Deliver,
    Tick,
    Reopen,
    End,
}

/// The thread's side of an outbox.
pub(super) struct Carrier {
    name: Arc<str>,
    deliver: Box<dyn Deliver>,
    shelf: Arc<Shelf>,
    in_hand: Vec<Letter>,
    backoff: Backoff,
    /// Since when the sink is left alone, and for how long.
    pause: Option<(Stopwatch, Duration)>,
    last_tick: Stopwatch,
    /// How often the first letter in hand was refused by an answer.
    refusals: u32,
    /// How often the program failed with it.
    faults: u32,
    /// The log has told that the sink fails.
    has_complained: bool,
    /// The log has told that the sink will not take a letter.
    has_told_unacceptable: bool,
}

impl Carrier {
    pub(super) fn new(
        name: Arc<str>,
        deliver: Box<dyn Deliver>,
        shelf: Arc<Shelf>,
        backoff: Backoff,
    ) -> Self {
        Self {
            name,
            deliver,
            shelf,
            in_hand: Vec::new(),
            backoff,
            pause: None,
            last_tick: Stopwatch::start(),
            refusals: 0,
            faults: 0,
            has_complained: false,
            has_told_unacceptable: false,
        }
    }

    /// Carries until the outbox is closed and empty, or the time for that is over.
    pub(super) fn run(mut self, points: &Arc<[ObservationPoint]>) {
        self.guarded(|sink, _| sink.begin(points));
        loop {
            match self.next_errand() {
                Errand::Deliver => self.attempt(),
                Errand::Tick => self.tick(),
                Errand::Reopen => {
                    self.pause = None;
                    self.guarded(|sink, _| sink.reopen());
                }
                Errand::End => break,
            }
        }
        self.guarded(|sink, _| sink.close());
        self.leave_the_rest();
    }

    /// Calls the sink, with what is in hand. A fault in it ends neither this thread nor the other sinks: the sink is left alone
    /// for a while, begins with a new connection, and gets the same letters again, but not without end.
    fn guarded<T>(&mut self, call: impl FnOnce(&mut dyn Deliver, &[Letter]) -> T) -> Option<T> {
        let (sink, letters) = (&mut *self.deliver, &*self.in_hand);
        if let Ok(done) = catch_unwind(AssertUnwindSafe(|| call(sink, letters))) {
            return Some(done);
        }
        error!(sink = &*self.name, "a fault of the program in the sink; it is begun anew");
        self.shelf.counters.add_fault();
        // What it held may be half done.
        let _faulty = catch_unwind(AssertUnwindSafe(|| self.deliver.reopen()));
        self.faults += 1;
        if self.faults >= MAX_FAULTS && !self.in_hand.is_empty() {
            self.give_up_first();
        }
        self.failed(&FAULT, None);
        None
    }

    /// Waits for something to do.
    fn next_errand(&mut self) -> Errand {
        let shelf = Arc::clone(&self.shelf);
        let mut state = shelf.lock();
        loop {
            if std::mem::take(&mut state.reopen) {
                return Errand::Reopen;
            }
            let time_left = state.time_left();
            let has_letters = !self.in_hand.is_empty() || !state.letters.is_empty();
            if time_left.is_some_and(|left| left.is_zero() || !has_letters) {
                return Errand::End;
            }
            let pause = self.pause_left(time_left.is_some());
            let tick = self
                .deliver
                .tick_interval()
                .filter(|_| time_left.is_none())
                .map(|interval| interval.saturating_sub(self.last_tick.elapsed()).max(pause));
            if tick.is_some_and(|tick| tick.is_zero()) {
                return Errand::Tick;
            }
            if has_letters && (pause.is_zero() || self.deliver.keeps_a_picture()) {
                self.take_in_hand(&mut state);
                return Errand::Deliver;
            }
            let nap = if has_letters { pause } else { FOREVER };
            let nap = nap.min(tick.unwrap_or(FOREVER)).min(time_left.unwrap_or(FOREVER));
            state = shelf.doze(state, nap);
        }
    }

    fn pause_left(&self, is_closing: bool) -> Duration {
        let longest = if is_closing { LAST_PAUSE } else { Duration::MAX };
        self.pause.map_or(Duration::ZERO, |(since, pause)| {
            pause.min(longest).saturating_sub(since.elapsed())
        })
    }

    fn take_in_hand(&mut self, state: &mut State) {
        if self.in_hand.is_empty() {
            let count = state.letters.len().min(BATCH);
            self.in_hand.extend(state.letters.drain(..count));
            state.in_hand = self.in_hand.len();
        }
    }

    fn attempt(&mut self) {
        let Some(outcome) = self.guarded(|sink, letters| sink.deliver(letters)) else { return };
        match outcome {
            Ok(0) => self.failed(&"it took nothing", None),
            Ok(taken) => {
                let taken = taken.min(self.in_hand.len());
                self.shelf.counters.add_delivered(taken as u64);
                self.done_with(taken);
                if !self.deliver.keeps_a_picture() {
                    self.works();
                }
            }
            Err(DeliveryError::Unacceptable { answer }) => {
                if !std::mem::replace(&mut self.has_told_unacceptable, true) {
                    warn!(
                        sink = &*self.name,
                        answer, "the sink does not take a message, which is lost"
                    );
                }
                self.give_up_first();
            }
            Err(problem) => {
                if let DeliveryError::Refused { .. } = &problem {
                    self.refusals += 1;
                    if self.refusals >= MAX_REFUSALS {
                        self.give_up_first();
                    }
                }
                self.note(&problem);
            }
        }
    }

    fn tick(&mut self) {
        self.last_tick = Stopwatch::start();
        let Some(outcome) = self.guarded(|sink, _| sink.tick(clock::now())) else { return };
        match outcome {
            Ok(()) if self.deliver.keeps_a_picture() => self.works(),
            // Only a delivery proves that the sink works.
            Ok(()) => {}
            Err(problem) => self.note(&problem),
        }
    }

    fn note(&mut self, problem: &DeliveryError) {
        let wish = match problem {
            DeliveryError::Refused { retry_after, .. } => *retry_after,
            DeliveryError::Io(_) | DeliveryError::Unacceptable { .. } => None,
        };
        self.failed(problem, wish);
    }

    /// Leaves the sink alone for a while. The log tells of the first failure, and of the next success.
    fn failed(&mut self, problem: &dyn std::fmt::Display, wish: Option<Duration>) {
        self.shelf.counters.add_retried();
        let pause = self.backoff.pause().max(wish.unwrap_or_default().min(LONGEST_WISH));
        self.pause = Some((Stopwatch::start(), pause));
        if !std::mem::replace(&mut self.has_complained, true) {
            warn!(sink = &*self.name, %problem, "the sink fails; messages are kept and tried again");
        }
    }

    fn works(&mut self) {
        self.backoff.reset();
        self.pause = None;
        if std::mem::take(&mut self.has_complained) {
            info!(sink = &*self.name, "the sink takes messages again");
        }
    }

    fn give_up_first(&mut self) {
        self.shelf.counters.add_failed();
        self.done_with(1);
    }

    fn done_with(&mut self, letters: usize) {
        (self.refusals, self.faults) = (0, 0);
        self.in_hand.drain(..letters.min(self.in_hand.len()));
        let mut state = self.shelf.lock();
        state.in_hand = self.in_hand.len();
        if state.letters.is_empty() {
            state.has_overflowed = false;
        }
        self.shelf.count_waiting(&state);
    }

    fn leave_the_rest(&mut self) {
        let mut state = self.shelf.lock();
        let left = self.in_hand.len() + state.letters.len();
        state.letters.clear();
        state.in_hand = 0;
        self.shelf.count_waiting(&state);
        drop(state);
        if left > 0 {
            self.shelf.counters.add_dropped(left as u64);
            warn!(sink = &*self.name, left, "messages could not be delivered in time and are lost");
        }
    }
}
