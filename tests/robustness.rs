//! No capture stalls us: to understand it takes at most twenty times as long as to read it, or a moment.
//!
//! The captures are of the collection that `HIKWATCH_CAPTURES` names; many were made to break dissectors.
//! Reading a file from memory costs some ten nanoseconds a frame, so a capture in which each frame begins a flow
//! takes more than twenty times that by right. Therefore the moment decides for small captures, and the
//! multiple only for those that take longer. The test prints how the captures are spread over multiples of the
//! reading time, so that a shift shows before it breaks the bound.

mod collection;

use std::path::Path;
use std::time::Duration;

use collection::Collection;
use hikwatch::capture::{FrameSource as _, Next, SavefileSource};

/// Most times that a replay may take of what reading takes.
const MOST_TIMES: u32 = 20;

/// The moment that a replay may take in any case: in a test build, on a machine that does other things too, a
/// frame costs some microseconds and the captures beyond the multiple have up to two thousand.
const MOMENT: Duration = Duration::from_millis(10);

/// The multiples of the reading time between which the captures are counted.
const STEPS: [u32; 6] = [2, 5, 10, MOST_TIMES, 50, 100];

/// Attempts before a capture counts as slow; the fastest counts.
const ATTEMPTS: usize = 5;

#[test]
fn a_replay_takes_at_most_twenty_times_as_long_as_reading() {
    let Some(collection) = Collection::open() else { return };
    let (mut slow, mut by_moment, mut by_multiple) = (Vec::new(), 0, 0);
    let mut spread = [0; STEPS.len() + 1];
    let mut longest = (Duration::ZERO, "");
    for capture in &collection.captures {
        let path = collection.folder.join(capture);
        let (mut replaying, mut reading) = (Duration::MAX, Duration::MAX);
        for _ in 0..ATTEMPTS {
            replaying = replaying.min(time(|| drop(collection::replay(&path))));
            reading = reading.min(time(|| read(&path)));
            if replaying <= MOMENT.max(reading * MOST_TIMES) {
                break;
            }
        }
        longest = longest.max((replaying, capture));
        spread[STEPS.iter().take_while(|times| replaying > reading * **times).count()] += 1;
        if replaying <= reading * MOST_TIMES {
            by_multiple += 1;
        } else if replaying <= MOMENT {
            by_moment += 1;
        } else {
            slow.push(format!("{capture}: {replaying:?}, read in {reading:?}"));
        }
    }
    println!("captures up to {STEPS:?} times the reading time, and beyond: {spread:?}");
    println!("within {MOST_TIMES} times: {by_multiple}; only within {MOMENT:?}: {by_moment}");
    println!("the longest took {:?}: {}", longest.0, longest.1);
    assert!(slow.is_empty(), "{} captures are slow:\n{}", slow.len(), slow.join("\n"));
}

/// Reads all frames as a replay does, up to the first fault of the file.
fn read(path: &Path) {
    let Ok(mut source) = SavefileSource::open(path) else { return };
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        std::hint::black_box(frame.bytes);
    }
}

/// What the thread took of its processor: what else the machine does is no matter of ours.
fn time(work: impl FnOnce()) -> Duration {
    let start = processor_time();
    work();
    processor_time().saturating_sub(start)
}

fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
