//! The outbox of one sink: a bounded queue, and the thread that carries letters from it.
//!
//! Comes in: letters, in order, from the dispatcher, which never waits. Goes out: what the sink's [`Deliver`] does with them, and
//! counters. A sink that refuses, hangs or lies holds up nobody else: its queue fills, and then loses its oldest letters, which is
//! counted. What is kept is delivered in order, and tried again until the sink takes it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use tracing::warn;

use super::backoff::Backoff;
use super::carrier::Carrier;
use super::clock::Stopwatch;
use crate::analyst::Event;
use crate::capture::ObservationPoint;
use crate::export::{Letter, Sink, SinkCounters};

/// What dispatcher and carrier share.
pub(super) struct Shelf {
    state: Mutex<State>,
    bell: Condvar,
    pub(super) counters: SinkCounters,
}

/// The queue, and what the carrier is told.
#[derive(Default)]
pub(super) struct State {
    /// What waits, oldest first.
    pub(super) letters: VecDeque<Letter>,
    /// How many letters the carrier has in hand; those are lost to no newer one.
    pub(super) in_hand: usize,
    /// The sink is to be opened anew.
    pub(super) reopen: bool,
    /// Since when the end is near, and how long the carrier may take until then.
    closing: Option<(Stopwatch, Duration)>,
    /// The log has told that letters are lost.
    pub(super) has_overflowed: bool,
}

impl State {
    /// How long the carrier may still take, once the end is near.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.closing.map(|(since, patience)| patience.saturating_sub(since.elapsed()))
    }

    fn waiting(&self) -> u64 {
        (self.letters.len() + self.in_hand) as u64
    }
}

impl Shelf {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A queue is whole between any two of its operations.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is new, or `nap` has passed.
    pub(super) fn doze<'a>(
        &self,
        state: MutexGuard<'a, State>,
        nap: Duration,
    ) -> MutexGuard<'a, State> {
        self.bell.wait_timeout(state, nap).unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn count_waiting(&self, state: &State) {
        self.counters.set_waiting(state.waiting());
    }
}

/// The dispatcher's end.
pub(super) struct Outbox {
    pub(super) name: Arc<str>,
    wants: Box<dyn Fn(&Event) -> bool + Send>,
    wants_stats: bool,
    capacity: usize,
    remembers_devices: bool,
    /// Put on the shelf together, so that the carrier is woken once.
    gathered: Vec<Letter>,
    shelf: Arc<Shelf>,
    thread: JoinHandle<()>,
}

impl Outbox {
    /// Starts the sink's thread. `points` are the interfaces of the run.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(
        sink: Sink,
        points: Arc<[ObservationPoint]>,
        backoff: Backoff,
    ) -> Result<Self> {
        let Sink { name, wants, wants_stats, capacity, deliver } = sink;
        let remembers_devices = deliver.remembers_devices();
        let shelf = Arc::new(Shelf {
            state: Mutex::default(),
            bell: Condvar::new(),
            counters: SinkCounters::default(),
        });
        let carrier = Carrier::new(Arc::clone(&name), deliver, Arc::clone(&shelf), backoff);
        let thread = std::thread::Builder::new()
            .name(name.chars().take(15).collect())
            .spawn(move || carrier.run(&points))
            .with_context(|| format!("cannot start the thread of the sink {name}"))?;
        let gathered = Vec::new();
        Ok(Self { name, wants, wants_stats, capacity, remembers_devices, gathered, shelf, thread })
    }

    pub(super) fn wants(&self, event: &Event) -> bool {
        (self.wants)(event)
    }

    pub(super) const fn wants_stats(&self) -> bool {
        self.wants_stats
    }

    pub(super) const fn remembers_devices(&self) -> bool {
        self.remembers_devices
    }

    /// Takes a letter; it leaves with the next [`Outbox::send`].
    pub(super) fn put(&mut self, letter: Letter) {
        self.gathered.push(letter);
    }

    /// Hands the gathered letters to the carrier. Where there is no room, the oldest go.
    pub(super) fn send(&mut self) {
        if self.gathered.is_empty() {
            return;
        }
        let mut lost = Vec::new();
        let mut state = self.shelf.lock();
        state.letters.extend(self.gathered.drain(..));
        let excess = state.letters.len().saturating_sub(self.capacity);
        lost.extend(state.letters.drain(..excess));
        let is_new = excess > 0 && !std::mem::replace(&mut state.has_overflowed, true);
        self.shelf.count_waiting(&state);
        drop(state);
        self.shelf.bell.notify_one();
        self.shelf.counters.add_dropped(excess as u64);
        if is_new {
            warn!(
                sink = &*self.name,
                capacity = self.capacity,
                "the sink takes less than there is; the oldest messages are lost"
            );
        }
    }

    /// Has the sink opened anew.
    pub(super) fn reopen(&self) {
        self.shelf.lock().reopen = true;
        self.shelf.bell.notify_one();
    }

    /// Lets the carrier deliver what waits, for at most `patience`, and end.
    pub(super) fn close(&self, patience: Duration) {
        self.shelf.lock().closing = Some((Stopwatch::start(), patience));
        self.shelf.bell.notify_one();
    }

    /// Tells whether the thread has ended.
    pub(super) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    pub(super) fn counters(&self) -> &SinkCounters {
        &self.shelf.counters
    }
}
