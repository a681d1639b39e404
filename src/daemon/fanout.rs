//! All sinks of a run: who gets what.
//!
//! Comes in: events and totals, orders to replace sinks. Goes out: letters into the outboxes of those who want them, and what became
//! of them into the metrics. It never waits for a sink, save for a bounded time at the end of the run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tracing::error;

use super::backoff::Backoff;
use super::clock::Stopwatch;
use super::outbox::Outbox;
use crate::analyst::Event;
use crate::capture::ObservationPoint;
use crate::device::DeviceId;
use crate::export::{Letter, RunStats, Sink};
use crate::metrics::{Recorder, SinkTotals};

/// How long a sink may take over what is left when it ends; all of them at once.
const FLUSH_PATIENCE: Duration = Duration::from_secs(5);

/// How much later than that the last call of a sink may come back.
const LAST_CALL: Duration = Duration::from_secs(1);

/// How often the end of the threads is looked for.
const LOOK: Duration = Duration::from_millis(5);

/// What a reload does with a sink. Those that it does not mention end.
#[derive(Debug)]
pub(super) enum SinkOrder {
    /// It stays, with what waits; it is opened anew.
    Keep(Arc<str>),
    /// It begins, in place of one of the same name.
    Start(Sink),
}

/// The sinks.
pub(super) struct Fanout {
    points: Arc<[ObservationPoint]>,
    boxes: Vec<Outbox>,
    /// Closed, but not at their end yet.
    leaving: Vec<Outbox>,
    /// What became of the letters of sinks that have ended, by name.
    settled: BTreeMap<Arc<str>, SinkTotals>,
}

impl Fanout {
    /// Starts all sinks.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(orders: Vec<SinkOrder>, points: Arc<[ObservationPoint]>) -> Result<Self> {
        let mut fanout =
            Self { points, boxes: Vec::new(), leaving: Vec::new(), settled: BTreeMap::new() };
        for order in orders {
            match order {
                SinkOrder::Start(sink) => fanout.begin(sink)?,
                // There is none yet.
                SinkOrder::Keep(_) => {}
            }
        }
        Ok(fanout)
    }

    fn begin(&mut self, sink: Sink) -> Result<()> {
        let mut seed = [0; 8];
        // Without random numbers the jitter is the same everywhere, which is a pity and no more.
        let _refused = getrandom::fill(&mut seed);
        let backoff = Backoff::new(u64::from_ne_bytes(seed));
        self.boxes.push(Outbox::start(sink, Arc::clone(&self.points), backoff)?);
        Ok(())
    }

    /// Gives an event to those who want it.
    pub(super) fn offer(&mut self, event: Event) {
        let mut takers = self.boxes.iter_mut().filter(|outbox| outbox.wants(&event)).peekable();
        if takers.peek().is_none() {
            return;
        }
        let takers: Vec<_> = takers.collect();
        let event = Arc::new(event);
        for outbox in takers {
            outbox.put(Letter::Event(Arc::clone(&event)));
        }
    }

    /// Gives the totals of the run to those who want them.
    pub(super) fn offer_stats(&mut self, stats: &RunStats) {
        let stats = Arc::new(*stats);
        for outbox in self.boxes.iter_mut().filter(|outbox| outbox.wants_stats()) {
            outbox.put(Letter::Stats(Arc::clone(&stats)));
        }
    }

    /// Tells those who remember devices that one is forgotten.
    pub(super) fn forget(&mut self, id: &DeviceId) {
        for outbox in self.boxes.iter_mut().filter(|outbox| outbox.remembers_devices()) {
            outbox.put(Letter::Forgotten(id.clone()));
        }
    }

    /// Lets what was offered go.
    pub(super) fn send(&mut self) {
        for outbox in &mut self.boxes {
            outbox.send();
        }
    }

    /// Follows the orders of a reload.
    pub(super) fn obey(&mut self, orders: Vec<SinkOrder>) {
        self.send();
        let mut before = std::mem::take(&mut self.boxes);
        for order in orders {
            match order {
                SinkOrder::Keep(name) => {
                    if let Some(at) = before.iter().position(|outbox| outbox.name == name) {
                        let kept = before.swap_remove(at);
                        kept.reopen();
                        self.boxes.push(kept);
                    }
                }
                SinkOrder::Start(sink) => {
                    if let Err(problem) = self.begin(sink) {
                        error!("{problem:#}");
                    }
                }
            }
        }
        for outbox in before {
            outbox.close(FLUSH_PATIENCE);
            self.leaving.push(outbox);
        }
    }

    /// Tells the metrics what became of the letters.
    pub(super) fn publish(&mut self, recorder: &Recorder) {
        let (over, leaving) =
            std::mem::take(&mut self.leaving).into_iter().partition(Outbox::is_over);
        self.leaving = leaving;
        for outbox in over {
            self.settle(&outbox);
        }
        let mut all: BTreeMap<Arc<str>, (SinkTotals, u64)> =
            self.settled.iter().map(|(name, totals)| (Arc::clone(name), (*totals, 0))).collect();
        for outbox in self.boxes.iter().chain(&self.leaving) {
            let (totals, waiting) = all.entry(Arc::clone(&outbox.name)).or_default();
            add(totals, outbox);
            *waiting += outbox.counters().waiting();
        }
        for (name, (totals, waiting)) in &all {
            recorder.observe_sink(name, totals);
            recorder.observe_sink_queue(name, *waiting);
        }
    }

    /// Ends all sinks: each delivers what it can within a bound, all at the same time. One that hangs is left behind.
    pub(super) fn close(&mut self, recorder: &Recorder) {
        self.obey(Vec::new());
        let since = Stopwatch::start();
        let is_over = |fanout: &Self| fanout.leaving.iter().all(Outbox::is_over);
        while !is_over(self) && since.elapsed() < FLUSH_PATIENCE + LAST_CALL {
            std::thread::sleep(LOOK);
        }
        for outbox in self.leaving.iter().filter(|outbox| !outbox.is_over()) {
            let left = outbox.counters().waiting();
            error!(sink = &*outbox.name, left, "the sink hangs; what it was given is lost");
        }
        self.publish(recorder);
    }

    fn settle(&mut self, outbox: &Outbox) {
        add(self.settled.entry(Arc::clone(&outbox.name)).or_default(), outbox);
    }
}

fn add(totals: &mut SinkTotals, outbox: &Outbox) {
    let counters = outbox.counters();
    totals.delivered += counters.delivered();
    totals.failed += counters.failed();
    totals.dropped += counters.dropped();
    totals.faults += counters.faults();
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Condvar, Mutex, PoisonError};

    use super::*;
    use crate::daemon::carrier::MAX_FAULTS;
    use crate::export::{Deliver, DeliveryError};
    use crate::metrics::{Build, Config, ExpositionFormat};
    use crate::net::Timestamp;

    /// How a far end behaves.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Mood {
        Well,
        Refuses,
        Hangs,
        AnswersAnError,
        /// Takes the first of what it is given, and goes away.
        ClosesMidWay,
        /// Says that it will never take an odd number.
        DislikesOddNumbers,
        /// A fault of ours, with everything.
        Panics,
        /// A fault of ours, with one number.
        PanicsAt(u64),
    }

    /// A far end whose mood can change, and what it has taken.
    struct FarEnd {
        mood: Mutex<Mood>,
        changed: Condvar,
        taken: Mutex<Vec<u64>>,
    }

    impl FarEnd {
        fn new(mood: Mood) -> Arc<Self> {
            Arc::new(Self {
                mood: Mutex::new(mood),
                changed: Condvar::new(),
                taken: Mutex::default(),
            })
        }

        fn becomes(&self, mood: Mood) {
            *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
            self.changed.notify_all();
        }

        fn taken(&self) -> Vec<u64> {
            self.taken.lock().unwrap().clone()
        }
    }

    struct To(Arc<FarEnd>);

    impl Deliver for To {
        fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError> {
            let mut mood = self.0.mood.lock().unwrap_or_else(PoisonError::into_inner);
            while *mood == Mood::Hangs {
                mood = self.0.changed.wait(mood).unwrap();
            }
            let take = |letters: &[Letter]| {
                self.0.taken.lock().unwrap().extend(letters.iter().map(number));
                Ok(letters.len())
            };
            match *mood {
                Mood::Well => take(letters),
                Mood::ClosesMidWay => {
                    *mood = Mood::Refuses;
                    take(&letters[..1])
                }
                Mood::AnswersAnError => {
                    Err(DeliveryError::Refused { answer: "500".to_owned(), retry_after: None })
                }
                Mood::Panics => panic!("this fault is meant"),
                Mood::PanicsAt(bad) if number(&letters[0]) == bad => panic!("this fault is meant"),
                Mood::PanicsAt(_) => take(&letters[..1]),
                Mood::DislikesOddNumbers if number(&letters[0]) % 2 == 1 => {
                    Err(DeliveryError::Unacceptable { answer: "400".to_owned() })
                }
                Mood::DislikesOddNumbers => take(&letters[..1]),
                Mood::Refuses | Mood::Hangs => {
                    Err(io::Error::from(io::ErrorKind::ConnectionRefused).into())
                }
            }
        }
    }

    fn number(letter: &Letter) -> u64 {
        match letter {
            Letter::Stats(stats) => stats.uptime,
            Letter::Event(_) | Letter::Forgotten(_) => panic!("these tests send totals only"),
        }
    }

    fn sink(name: &str, far_end: &Arc<FarEnd>, capacity: usize) -> SinkOrder {
        SinkOrder::Start(Sink {
            name: name.into(),
            wants: Box::new(|_| false),
            wants_stats: true,
            capacity,
            deliver: Box::new(To(Arc::clone(far_end))),
        })
    }

    fn fanout(sinks: Vec<SinkOrder>) -> Fanout {
        Fanout::start(sinks, Arc::new([])).unwrap()
    }

    fn tell(fanout: &mut Fanout, numbers: std::ops::Range<u64>) {
        for uptime in numbers {
            let timestamp = Timestamp::from_parts(1, 0);
            fanout.offer_stats(&RunStats { uptime, timestamp, ..RunStats::default() });
            fanout.send();
        }
    }

    fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
        let since = Stopwatch::start();
        while !condition() {
            assert!(since.elapsed() < Duration::from_secs(20), "{what} took too long");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn recorder() -> Recorder {
        Recorder::new(&Config::default(), Build::CURRENT).unwrap()
    }

    #[test]
    fn a_sink_that_fails_delays_no_other_and_gets_what_was_kept_once_and_in_order() {
        for mood in [Mood::Refuses, Mood::Hangs, Mood::AnswersAnError, Mood::ClosesMidWay] {
            let (bad, good) = (FarEnd::new(mood), FarEnd::new(Mood::Well));
            let mut fanout = fanout(vec![sink("bad", &bad, 500), sink("good", &good, 500)]);

            let since = Stopwatch::start();
            tell(&mut fanout, 0..100);
            assert!(since.elapsed() < Duration::from_secs(2), "the dispatcher waited");
            eventually("the good sink", || good.taken().len() == 100);
            assert!(bad.taken().len() <= 1, "{mood:?}");

            bad.becomes(Mood::Well);
            eventually("the recovered sink", || bad.taken().len() == 100);
            assert_eq!(bad.taken(), (0..100).collect::<Vec<_>>(), "{mood:?}");
            assert_eq!(good.taken(), bad.taken());
        }
    }

    #[test]
    fn a_backlog_is_bounded_and_loses_its_oldest_which_is_counted() {
        let bad = FarEnd::new(Mood::Refuses);
        let mut fanout = fanout(vec![sink("bad", &bad, 50)]);

        tell(&mut fanout, 0..10_000);
        let counters = fanout.boxes[0].counters();
        // What is in hand is kept beside the queue.
        assert!(counters.waiting() <= 50 + 256, "{}", counters.waiting());
        assert_eq!(counters.dropped() + counters.waiting(), 10_000);
        // On a busy machine the sink's thread may not have run yet.
        eventually("the first attempt", || fanout.boxes[0].counters().retried() > 0);

        bad.becomes(Mood::Well);
        eventually("the recovered sink", || fanout.boxes[0].counters().waiting() == 0);
        let taken = bad.taken();
        assert!(taken.is_sorted_by(|one, next| one < next), "each once, and in order");
        assert!(taken.ends_with(&(9950..10_000).collect::<Vec<_>>()), "the newest are kept");
        let counters = fanout.boxes[0].counters();
        assert_eq!(counters.delivered() + counters.dropped(), 10_000);
    }

    #[test]
    fn what_a_sink_will_never_take_holds_up_nothing() {
        let picky = FarEnd::new(Mood::DislikesOddNumbers);
        let mut fanout = fanout(vec![sink("picky", &picky, 50)]);

        tell(&mut fanout, 0..10);
        eventually("the picky sink", || fanout.boxes[0].counters().waiting() == 0);

        assert_eq!(picky.taken(), [0, 2, 4, 6, 8]);
        assert_eq!(fanout.boxes[0].counters().failed(), 5);
    }

    #[test]
    fn a_sink_with_a_fault_is_begun_anew_counted_and_delays_no_other() {
        let (bad, good) = (FarEnd::new(Mood::Panics), FarEnd::new(Mood::Well));
        let mut fanout = fanout(vec![sink("bad", &bad, 500), sink("good", &good, 500)]);

        tell(&mut fanout, 0..100);
        eventually("the good sink", || good.taken().len() == 100);
        eventually("the fault", || fanout.boxes[0].counters().faults() > 0);
        assert!(!fanout.boxes[0].is_over(), "its thread is still there");
        bad.becomes(Mood::Well);
        eventually("the cured sink", || bad.taken().len() == 100);
        assert_eq!(bad.taken(), (0..100).collect::<Vec<_>>());

        let recorder = recorder();
        fanout.close(&recorder);
        let text = recorder.render(ExpositionFormat::Text);
        assert!(text.contains("hikwatch_sink_faults_total{sink=\"good\"} 0"), "{text}");
        assert!(!text.contains("hikwatch_sink_faults_total{sink=\"bad\"} 0"), "{text}");
    }

    #[test]
    fn a_letter_that_leads_to_a_fault_again_and_again_is_given_up() {
        let bad = FarEnd::new(Mood::PanicsAt(3));
        let mut fanout = fanout(vec![sink("bad", &bad, 500)]);

        tell(&mut fanout, 0..10);
        eventually("the sink", || fanout.boxes[0].counters().waiting() == 0);

        assert_eq!(bad.taken(), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        let counters = fanout.boxes[0].counters();
        assert_eq!((counters.failed(), counters.faults()), (1, u64::from(MAX_FAULTS)));
    }

    #[test]
    fn the_end_delivers_what_it_can_and_waits_for_no_sink_longer_than_the_bound() {
        let (dead, hung) = (FarEnd::new(Mood::Refuses), FarEnd::new(Mood::Hangs));
        let (good, slow) = (FarEnd::new(Mood::Well), FarEnd::new(Mood::Refuses));
        let mut fanout = fanout(vec![
            sink("dead", &dead, 50),
            sink("hung", &hung, 50),
            sink("good", &good, 500),
            sink("slow", &slow, 500),
        ]);
        let recorder = recorder();

        tell(&mut fanout, 0..40);
        let late = Arc::clone(&slow);
        let cure = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(1));
            late.becomes(Mood::Well);
        });
        let since = Stopwatch::start();
        fanout.close(&recorder);

        assert!(since.elapsed() < FLUSH_PATIENCE + LAST_CALL + Duration::from_secs(2));
        assert_eq!((good.taken().len(), slow.taken().len()), (40, 40));
        assert_eq!(fanout.settled["dead"].dropped, 40);
        let text = recorder.render(ExpositionFormat::Text);
        assert!(text.contains("{outcome=\"dropped\",sink=\"dead\"} 40"), "{text}");
        assert!(text.contains("hikwatch_sink_queue_length{sink=\"hung\"} 40"), "{text}");
        cure.join().unwrap();
        hung.becomes(Mood::Well);
    }

    #[test]
    fn a_reload_keeps_what_waits_for_a_sink_that_stays_and_no_counter_falls() {
        let (stays, goes) = (FarEnd::new(Mood::Refuses), FarEnd::new(Mood::Well));
        let mut fanout = fanout(vec![sink("stays", &stays, 50), sink("goes", &goes, 50)]);
        let recorder = recorder();

        tell(&mut fanout, 0..20);
        eventually("the good sink", || goes.taken().len() == 20);
        let comes = FarEnd::new(Mood::Well);
        fanout.obey(vec![SinkOrder::Keep("stays".into()), sink("comes", &comes, 50)]);
        tell(&mut fanout, 20..30);
        stays.becomes(Mood::Well);
        eventually("the sink that stays", || stays.taken().len() == 30);
        eventually("the sink that goes", || fanout.leaving.iter().all(Outbox::is_over));
        fanout.publish(&recorder);

        assert_eq!(stays.taken(), (0..30).collect::<Vec<_>>());
        assert_eq!(goes.taken(), (0..20).collect::<Vec<_>>());
        eventually("the new sink", || comes.taken() == (20..30).collect::<Vec<_>>());
        assert!(
            recorder
                .render(ExpositionFormat::Text)
                .contains("{outcome=\"delivered\",sink=\"goes\"} 20")
        );
    }
}
