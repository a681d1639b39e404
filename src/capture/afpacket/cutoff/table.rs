//! The table of cut flows, from our side.
//!
//! Comes in: keys to cut and to retire, and the time. Goes out: counters. It shares its memory with the filter, which
//! only looks keys up and adds to counters; keys and states are written here alone. One thread owns a table.
//!
//! Why nothing is lost or counted twice:
//!
//! * *Insertion.* The counters are set to zero and the key is written before the state, which makes the place visible
//!   (a store with release order). A packet either finds the state and is counted, or does not and is captured.
//! * *A reader that is out of order.* On processors that reorder loads the filter may take the state for new and a word of
//!   the key for old. The state is a keyed hash of the key; so the packet's own key would have to have the same 63 bits of
//!   hash as the new one and be a mixture of old and new words. What does not match is captured, which is always right.
//! * *Removal.* The state is set to 0: packets from now on are captured. One that found the place before may still add to
//!   it; so the counters are read for the last time, and the place is given away, only after a grace period. The filter runs
//!   under the kernel's read lock with soft interrupts off, for less than a microsecond; a second is a million times that, and
//!   what the kernel itself tolerates of such a section (stall detectors) begins at several. [`wait_out`](Cutoff::wait_out)
//!   asks the kernel instead (membarrier(2), which waits for all such sections). Should a whole virtual processor
//!   stand still within the program for longer, then what it adds afterwards is found when the place is used again, and
//!   told as [`late_frames`](CutoffStats::late_frames).
//! * *No place.* The flow is not cut; its packets go on being captured.
//! * *Shutdown.* All are retired, waited for and settled. If the program dies instead, what was counted since the last
//!   [`read`](Cutoff::read) is lost with it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::slot;
use crate::net::{
    CutCounters, CutError, CutId, CutKey, CutSide, Cutoff, CutoffStats, SettledCut, Timestamp,
};

/// How long a retired place may still be added to.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// Bytes of an Ethernet header and of the tag that the kernel takes out.
const LINK_HEADER: u64 = 14;
const TAG: u64 = 4;

/// Memory that the filter writes to as well.
pub(super) trait SharedWords: Send + fmt::Debug {
    /// All words of it.
    fn words(&self) -> &[AtomicU64];

    /// Waits until no filter is under way that has started before; `false` when the system cannot tell.
    fn wait_for_filters(&self) -> bool;
}

/// What our side knows of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Free,
    Live,
    Retired,
}

/// A table in memory that is shared with a filter.
#[derive(Debug)]
pub(super) struct Table<M> {
    memory: M,
    seed: u64,
    uses: Vec<Use>,
    /// In the order of their retirement. Never longer than `uses`, for which it has room from the start.
    retired: VecDeque<(CutId, Duration)>,
    live: u64,
    cuts: u64,
    full: u64,
    /// What was settled.
    settled_frames: u64,
    settled_bytes: u64,
    late_frames: u64,
    monotonic: Duration,
    packet_time: Timestamp,
    /// Where the next sweep starts.
    cursor: usize,
    /// How many of the retired the kernel has said nobody is at any more.
    clear: usize,
}

impl<M: SharedWords> Table<M> {
    /// Takes over empty memory: whole groups, a power of two of them.
    pub(super) fn new(memory: M, seed: u64) -> Self {
        let places = memory.words().len() / slot::WORDS;
        Self {
            memory,
            seed,
            uses: vec![Use::Free; places],
            retired: VecDeque::with_capacity(places),
            live: 0,
            cuts: 0,
            full: 0,
            settled_frames: 0,
            settled_bytes: 0,
            late_frames: 0,
            monotonic: Duration::ZERO,
            packet_time: Timestamp::ZERO,
            cursor: 0,
            clear: 0,
        }
    }

    /// The words of a place; empty beyond the table.
    fn place(&self, place: usize) -> &[AtomicU64] {
        let start = place.saturating_mul(slot::WORDS);
        self.memory.words().get(start..).and_then(|rest| rest.get(..slot::WORDS)).unwrap_or(&[])
    }

    fn word(&self, place: usize, word: usize) -> u64 {
        self.place(place).get(word).map_or(0, |word| word.load(Ordering::Relaxed))
    }

    fn key_words(&self, place: usize) -> [u64; slot::KEY_WORDS] {
        std::array::from_fn(|word| self.word(place, slot::KEY + word))
    }

    /// The first place of the group that a state belongs to.
    fn group(&self, state: u64) -> usize {
        let groups = self.uses.len() / slot::WAYS;
        let upper = usize::try_from(state >> 32).unwrap_or(0);
        (upper & groups.saturating_sub(1)) * slot::WAYS
    }

    fn use_of(&self, place: usize) -> Use {
        self.uses.get(place).copied().unwrap_or(Use::Free)
    }

    fn set_use(&mut self, place: usize, to: Use) {
        if let Some(entry) = self.uses.get_mut(place) {
            *entry = to;
        }
    }

    /// Frames counted in both directions of a place.
    fn frames(&self, place: usize) -> u64 {
        slot::SIDES.iter().map(|side| self.word(place, side + slot::FRAMES)).sum()
    }

    fn counters(&self, place: usize) -> CutCounters {
        let [.., rest] = self.key_words(place);
        let [.., v0, v1] = rest.to_ne_bytes();
        let is_tagged = u16::from_ne_bytes([v0, v1]) != slot::NO_VLAN;
        let link = LINK_HEADER + if is_tagged { TAG } else { 0 };
        let [ascending, descending] = slot::SIDES;
        CutCounters {
            ascending: self.side(place, ascending, link),
            descending: self.side(place, descending, link),
        }
    }

    fn side(&self, place: usize, first: usize, link: u64) -> CutSide {
        let word = |number: usize| self.word(place, first + number);
        let frames = word(slot::FRAMES);
        let ip_bytes = word(slot::IP_BYTES);
        let seen = Duration::from_nanos(word(slot::LAST_SEEN));
        let flags = word(slot::FLAGS).to_ne_bytes();
        let flags = flags.iter().rev().fold(0, |flags, set| flags << 1 | set & 1);
        CutSide {
            frames,
            segments: frames + word(slot::MORE_SEGMENTS),
            wire_bytes: frames * link + ip_bytes + word(slot::TRAILER_BYTES),
            ip_bytes,
            payload_bytes: word(slot::PAYLOAD_BYTES),
            tcp_flags: flags,
            last_seen: (!seen.is_zero())
                .then(|| self.packet_time.minus(self.monotonic.saturating_sub(seen))),
        }
    }

    /// What late programs have added since the place was settled.
    fn notice_late(&mut self, place: usize) {
        let late = self.frames(place).saturating_sub(self.word(place, slot::SETTLED));
        self.late_frames += late;
    }

    fn free_place(&mut self, words: [u64; slot::KEY_WORDS], state: u64) -> Result<usize, CutError> {
        let first = self.group(state);
        let mut free = None;
        for place in first..first + slot::WAYS {
            match self.use_of(place) {
                Use::Free => free = free.or(Some(place)),
                // Two keys of one state in a group: the filter would find the first only.
                Use::Live if self.word(place, 0) == state && self.key_words(place) != words => {
                    self.full += 1;
                    return Err(CutError::Full);
                }
                Use::Live | Use::Retired if self.key_words(place) == words => {
                    return Err(CutError::AlreadyCut);
                }
                Use::Live | Use::Retired => {}
            }
        }
        free.ok_or_else(|| {
            self.full += 1;
            CutError::Full
        })
    }
}

impl<M: SharedWords> Cutoff for Table<M> {
    fn set_clock(&mut self, monotonic: Duration, packet_time: Timestamp) {
        self.monotonic = self.monotonic.max(monotonic);
        self.packet_time = packet_time;
    }

    fn cut(&mut self, key: &CutKey) -> Result<CutId, CutError> {
        let words = slot::key_words(key);
        let state = slot::state_of(words, self.seed);
        let place = self.free_place(words, state)?;
        let id = u32::try_from(place).map_err(|_| CutError::Full)?;
        self.notice_late(place);
        if let [visible, rest @ ..] = self.place(place) {
            let key_first = slot::KEY - 1;
            for (number, word) in rest.iter().enumerate() {
                let value = number.checked_sub(key_first).and_then(|at| words.get(at));
                word.store(value.copied().unwrap_or(0), Ordering::Relaxed);
            }
            // Release: who sees the state sees the key and the zeros.
            visible.store(state, Ordering::Release);
        }
        self.set_use(place, Use::Live);
        self.live += 1;
        self.cuts += 1;
        Ok(CutId(id))
    }

    fn read(&self, cut: CutId) -> CutCounters {
        self.counters(index(cut))
    }

    fn retire(&mut self, cut: CutId) {
        let place = index(cut);
        if self.use_of(place) != Use::Live {
            return;
        }
        if let Some(state) = self.place(place).first() {
            state.store(0, Ordering::SeqCst);
        }
        self.set_use(place, Use::Retired);
        self.live = self.live.saturating_sub(1);
        self.retired.push_back((cut, self.monotonic));
    }

    fn settle(&mut self) -> Option<SettledCut> {
        let (cut, since) = *self.retired.front()?;
        if self.clear == 0 && self.monotonic.saturating_sub(since) < GRACE {
            return None;
        }
        self.clear = self.clear.saturating_sub(1);
        self.retired.pop_front();
        let place = index(cut);
        let counters = self.counters(place);
        let frames = counters.frames();
        if let Some(settled) = self.place(place).get(slot::SETTLED) {
            settled.store(frames, Ordering::Relaxed);
        }
        self.settled_frames += frames;
        self.settled_bytes += counters.wire_bytes();
        self.set_use(place, Use::Free);
        // The key was made by us; it is always one.
        let key = slot::key_of(self.key_words(place))?;
        Some(SettledCut { cut, key, counters })
    }

    fn sweep(&mut self, places: usize, visit: &mut dyn FnMut(CutId, &CutKey, CutCounters)) {
        let all = self.uses.len();
        for _ in 0..places.min(all) {
            let place = self.cursor;
            self.cursor = (place + 1) % all.max(1);
            if self.use_of(place) != Use::Live {
                continue;
            }
            if let (Some(key), Ok(id)) = (slot::key_of(self.key_words(place)), u32::try_from(place))
            {
                visit(CutId(id), &key, self.counters(place));
            }
        }
    }

    fn wait_out(&mut self) {
        if self.retired.is_empty() {
            return;
        }
        if !self.memory.wait_for_filters() {
            std::thread::sleep(GRACE);
        }
        self.clear = self.retired.len();
    }

    fn stats(&self) -> CutoffStats {
        let mut stats = CutoffStats {
            capacity: self.uses.len() as u64,
            live: self.live,
            retired: self.retired.len() as u64,
            cuts: self.cuts,
            full: self.full,
            frames: self.settled_frames,
            wire_bytes: self.settled_bytes,
            late_frames: self.late_frames,
        };
        for (place, used) in self.uses.iter().enumerate() {
            match used {
                Use::Free => {}
                Use::Live | Use::Retired => {
                    let counters = self.counters(place);
                    stats.frames += counters.frames();
                    stats.wire_bytes += counters.wire_bytes();
                }
            }
        }
        stats
    }
}

fn index(cut: CutId) -> usize {
    usize::try_from(cut.0).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::IpProtocol;

    /// Memory without a kernel.
    #[derive(Debug)]
    struct Plain(Vec<AtomicU64>);

    impl SharedWords for Plain {
        fn words(&self) -> &[AtomicU64] {
            &self.0
        }

        fn wait_for_filters(&self) -> bool {
            true
        }
    }

    fn table(groups: usize) -> Table<Plain> {
        let words = groups * slot::WAYS * slot::WORDS;
        Table::new(Plain((0..words).map(|_| AtomicU64::new(0)).collect()), 0x1234)
    }

    fn key(number: u16) -> CutKey {
        let camera = ("192.0.2.7".parse().unwrap(), number);
        let cloud = ("198.51.100.9".parse().unwrap(), 443);
        CutKey::new(camera, cloud, IpProtocol::TCP, None).unwrap()
    }

    /// What the filter does for a frame of the lower end: nothing when the place is empty.
    fn count(table: &Table<Plain>, cut: CutId, ip_bytes: u64) {
        let place = table.place(index(cut));
        let [first, _] = slot::SIDES;
        place[first + slot::FRAMES].fetch_add(1, Ordering::Relaxed);
        place[first + slot::IP_BYTES].fetch_add(ip_bytes, Ordering::Relaxed);
        place[first + slot::LAST_SEEN].store(4_000_000_000, Ordering::Relaxed);
    }

    #[test]
    fn a_retired_flow_is_settled_after_the_grace_period_with_what_was_still_under_way() {
        let mut table = table(4);
        table.set_clock(Duration::from_secs(5), Timestamp::from_parts(1_000, 0));
        let cut = table.cut(&key(1)).unwrap();
        count(&table, cut, 100);
        table.retire(cut);
        assert_eq!(table.word(index(cut), 0), 0, "the filter finds it no more");
        count(&table, cut, 50);

        assert_eq!(table.settle(), None);
        assert_eq!(table.cut(&key(1)), Err(CutError::AlreadyCut));
        table.set_clock(Duration::from_secs(6), Timestamp::from_parts(1_001, 0));
        let settled = table.settle().unwrap();

        assert_eq!((settled.cut, settled.key), (cut, key(1)));
        let low = settled.counters.ascending;
        assert_eq!((low.frames, low.ip_bytes, low.wire_bytes), (2, 150, 178));
        assert_eq!(low.last_seen, Some(Timestamp::from_parts(999, 0)), "two seconds before now");
        assert_eq!(table.settle(), None);
        assert_eq!((table.stats().frames, table.stats().wire_bytes), (2, 178));
        assert_eq!(table.cut(&key(1)).map(|_| ()), Ok(()));
    }

    #[test]
    fn a_place_starts_from_zero_and_what_was_added_too_late_is_told() {
        let mut table = table(1);
        let cut = table.cut(&key(1)).unwrap();
        count(&table, cut, 100);
        table.retire(cut);
        table.wait_out();
        assert!(table.settle().is_some());
        count(&table, cut, 100);

        let again = table.cut(&key(2)).unwrap();
        assert_eq!(again, cut);
        assert_eq!(table.read(again), CutCounters::default());
        assert_eq!(table.stats().late_frames, 1);
    }

    #[test]
    fn a_full_group_refuses_and_counts_it() {
        let mut table = table(1);
        let cuts: Vec<_> = (0..6).map(|number| table.cut(&key(number))).collect();

        assert!(cuts[..4].iter().all(Result::is_ok));
        assert_eq!(cuts[4..], [Err(CutError::Full); 2]);
        let stats = table.stats();
        assert_eq!((stats.live, stats.full, stats.capacity), (4, 2, 4));
    }

    #[test]
    fn a_sweep_comes_to_every_cut_flow_in_turns() {
        let mut table = table(8);
        let mut cut: Vec<_> = (0..20).filter_map(|number| table.cut(&key(number)).ok()).collect();
        let mut seen = Vec::new();
        for _ in 0..4 {
            table.sweep(8, &mut |id, _, _| seen.push(id));
        }
        cut.sort_by_key(|id| id.0);

        assert_eq!(seen, cut);
    }

    #[test]
    fn a_flow_that_was_retired_stays_so() {
        let mut table = table(1);
        let cut = table.cut(&key(1)).unwrap();
        table.retire(cut);
        table.retire(cut);

        assert_eq!(table.stats().retired, 1);
    }
}
