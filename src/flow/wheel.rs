//! Which flows are due: a timing wheel on packet time.

use std::time::Duration;

use crate::net::Timestamp;

/// No flow.
const NONE: u32 = u32::MAX;
/// Seconds that the wheel reaches ahead; no timeout may be longer.
const SLOTS: usize = 4096;

/// A wheel of one-second slots. Each flow stands in the slot of a time at which it may be due; it
/// is looked at then, and moved on if it was heard of since. So a packet of a known flow costs the wheel nothing.
#[derive(Debug)]
pub(super) struct Wheel {
    /// First flow of each slot.
    slots: Vec<u32>,
    /// The neighbours of each flow in its slot.
    links: Vec<Link>,
    /// The second whose flows are in `current`.
    second: u64,
    /// Flows that may be due within `second`, latest deadline first, with a serial number that
    /// tells whether the place was given to another flow since.
    current: Vec<(Timestamp, u64, u32, u32)>,
    started: bool,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    slot: u32,
    previous: u32,
    next: u32,
    /// Counts how often the flow's place was taken off the wheel.
    serial: u32,
}

impl Wheel {
    /// The longest timeout that the wheel can keep.
    pub(super) const MAX_TIMEOUT: Duration = Duration::from_secs(3600);
    /// The shortest timeout that the wheel can keep: what is put in never falls into the current second.
    pub(super) const MIN_TIMEOUT: Duration = Duration::from_secs(1);

    pub(super) fn new(capacity: usize) -> Self {
        Self {
            slots: vec![NONE; SLOTS],
            links: Vec::with_capacity(capacity),
            second: 0,
            current: Vec::new(),
            started: false,
        }
    }

    /// Begins at `now`, once; before the first flow is put in.
    pub(super) fn start(&mut self, now: Timestamp) {
        if !self.started {
            self.started = true;
            self.second = now.as_secs();
        }
    }

    /// Puts flow `index` where it is looked at when `deadline` comes.
    pub(super) fn insert(&mut self, index: u32, deadline: Timestamp) {
        let second = deadline.as_secs().clamp(self.second + 1, self.second + SLOTS as u64 - 1);
        let slot = slot_of(second);
        let first = self.slots.get(slot).copied().unwrap_or(NONE);
        let place = index as usize;
        if self.links.len() <= place {
            self.links
                .resize(place + 1, Link { slot: NONE, previous: NONE, next: NONE, serial: 0 });
        }
        if let Some(link) = self.links.get_mut(first as usize) {
            link.previous = index;
        }
        if let Some(link) = self.links.get_mut(place) {
            *link = Link { slot: slot_number(slot), previous: NONE, next: first, ..*link };
        }
        if let Some(head) = self.slots.get_mut(slot) {
            *head = index;
        }
    }

    /// Takes flow `index` off the wheel.
    pub(super) fn remove(&mut self, index: u32) {
        let Some(link) = self.links.get_mut(index as usize) else { return };
        link.serial = link.serial.wrapping_add(1);
        let Link { slot, previous, next, .. } = *link;
        link.slot = NONE;
        if slot == NONE {
            return;
        }
        match self.links.get_mut(previous as usize) {
            Some(link) => link.next = next,
            None => {
                if let Some(head) = self.slots.get_mut(slot as usize) {
                    *head = next;
                }
            }
        }
        if let Some(link) = self.links.get_mut(next as usize) {
            link.previous = previous;
        }
    }

    /// When the wheel wants to be asked next.
    pub(super) fn next_look(&self) -> Timestamp {
        match self.current.last() {
            Some((deadline, ..)) => *deadline,
            None => Timestamp::from_parts(self.second + 1, 0),
        }
    }

    /// Gives a flow that may be due at `now`, in the order of deadlines. The caller ends it and
    /// calls [`Wheel::remove`], or calls [`Wheel::insert`] with its later deadline.
    ///
    /// `deadline` and `order` tell a flow's deadline and its rank among equals.
    pub(super) fn next_due(
        &mut self,
        now: Timestamp,
        mut deadline: impl FnMut(u32) -> (Timestamp, u64),
    ) -> Option<u32> {
        self.start(now);
        loop {
            while let Some((at, _, index, serial)) = self.current.last().copied() {
                if at > now {
                    return None;
                }
                self.current.pop();
                let alive = self
                    .links
                    .get(index as usize)
                    .is_some_and(|l| l.serial == serial && l.slot == NONE);
                if !alive {
                    continue;
                }
                let (true_deadline, _) = deadline(index);
                if true_deadline <= at {
                    return Some(index);
                }
                self.postpone(index, true_deadline, &mut deadline);
            }
            if self.second >= now.as_secs() {
                return None;
            }
            self.turn(now, &mut deadline);
        }
    }

    /// Steps to the next second that may have something to do, and takes its flows.
    fn turn(&mut self, now: Timestamp, deadline: &mut impl FnMut(u32) -> (Timestamp, u64)) {
        let target = now.as_secs();
        // A leap beyond the reach of the wheel: after one whole turn every flow has been looked at.
        let last = target.min(self.second + SLOTS as u64);
        while self.second < last {
            self.second += 1;
            let slot = slot_of(self.second);
            let mut index =
                self.slots.get_mut(slot).map_or(NONE, |head| std::mem::replace(head, NONE));
            if index == NONE {
                continue;
            }
            let mut moved = Vec::new();
            while let Some(link) = self.links.get_mut(index as usize) {
                let next = link.next;
                link.slot = NONE;
                let (due, rank) = deadline(index);
                if due.as_secs() > self.second {
                    moved.push((index, due));
                } else {
                    self.current.push((due, rank, index, link.serial));
                }
                index = next;
            }
            for (index, due) in moved {
                self.insert(index, due);
            }
            self.current.sort_unstable_by(|a, b| b.cmp(a));
            if !self.current.is_empty() {
                return;
            }
        }
        self.second = target;
    }

    /// A flow that was heard of after its second was taken: its deadline is later now.
    fn postpone(
        &mut self,
        index: u32,
        due: Timestamp,
        deadline: &mut impl FnMut(u32) -> (Timestamp, u64),
    ) {
        if due.as_secs() > self.second {
            self.insert(index, due);
            return;
        }
        let serial = self.links.get(index as usize).map_or(0, |link| link.serial);
        let (_, rank) = deadline(index);
        let entry = (due, rank, index, serial);
        let place = self.current.partition_point(|other| *other > entry);
        self.current.insert(place, entry);
    }
}

const fn slot_of(second: u64) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below 4096")]
    let slot = (second % SLOTS as u64) as usize;
    slot
}

const fn slot_number(slot: usize) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "a slot's number is below 4096")]
    let number = slot as u32;
    number
}
