//! Flows whose packets the kernel counts in our place.
//!
//! Comes in: flows that were read and go on, and the time. Goes out: the kernel's counters, added to their flows as if
//! the packets had come here. A flow is cut once its head is read in both directions and it has moved [`CUT_AFTER`]; it is
//! captured again when it is over, when it falls silent, and when an end speaks that never had.

use std::time::Duration;

use super::Meter;
use super::flow_slot::FlowSlot;
use super::machine::Counted;
use crate::decode::may_hold_tunnel;
use crate::flow::{CutState, FlowEntry, FlowId, FlowKey, FlowTable, Orientation, Role};
use crate::net::{CutCounters, CutError, CutId, Cutoff, IpProtocol, SettledCut, Timestamp};

/// IP bytes that a flow has moved before the kernel counts it: most flows never do.
const CUT_AFTER: u64 = 128 << 10;

/// The same for a flow that only one end has spoken in, which may still get an answer that says something.
const CUT_ONE_WAY_AFTER: u64 = 1 << 20;

/// Time between two looks at what the kernel has counted.
const SWEEP: Duration = Duration::from_secs(1);

/// After a flow found no place, none is tried for as long.
const FULL_PAUSE: Duration = Duration::from_secs(1);

/// The kernel's table, and which flow each of its places belongs to.
#[derive(Debug)]
pub(super) struct CutFlows {
    table: Box<dyn Cutoff>,
    /// Datagrams on the ports of tunnels are opened, so they have to come here.
    opens_tunnels: bool,
    /// By the number of the place.
    cuts: Vec<Option<CutFlow>>,
    next_sweep: Timestamp,
    /// No flow is cut before.
    full_until: Timestamp,
    /// Places to be captured again, and flows whose totals are due; filled and emptied in each sweep.
    to_retire: Vec<CutId>,
    to_report: Vec<u32>,
}

/// A flow that is cut.
#[derive(Debug, Clone, Copy)]
struct CutFlow {
    place: u32,
    flow: FlowId,
    /// What was added to the flow so far.
    folded: CutCounters,
    /// The ends that had spoken when it was cut.
    spoken: [bool; 2],
}

const BOTH: [Orientation; 2] = [Orientation::Ascending, Orientation::Descending];

impl CutFlows {
    fn new(table: Box<dyn Cutoff>, opens_tunnels: bool) -> Self {
        let places = usize::try_from(table.stats().capacity).unwrap_or(0);
        Self {
            table,
            opens_tunnels,
            cuts: vec![None; places],
            next_sweep: Timestamp::ZERO,
            full_until: Timestamp::ZERO,
            to_retire: Vec::new(),
            to_report: Vec::new(),
        }
    }

    /// Has the kernel count the flow at `place`, if nothing more is to be read of it and it moves enough.
    #[inline]
    pub(super) fn consider(&mut self, flows: &mut FlowTable<FlowSlot>, place: u32, now: Timestamp) {
        let Some(entry) = flows.entry_mut(place) else { return };
        if entry.moved() < CUT_AFTER || entry.cut_state() != CutState::Captured {
            return;
        }
        if is_read(entry) && now >= self.full_until && !entry.is_closed() {
            self.cut(entry, place, now);
        }
    }

    #[cold]
    fn cut(&mut self, entry: &mut FlowEntry<FlowSlot>, place: u32, now: Timestamp) {
        let (client, server) = entry.endpoints();
        let is_tunnel = self.opens_tunnels
            && entry.protocol() == IpProtocol::UDP
            && (may_hold_tunnel(client.port, server.port)
                || may_hold_tunnel(server.port, client.port));
        let Some(key) = entry.cut_key().filter(|_| !is_tunnel) else {
            entry.set_cut(CutState::Never);
            return;
        };
        match self.table.cut(&key) {
            Ok(cut) => {
                let number = usize::try_from(cut.0).unwrap_or(usize::MAX);
                let Some(known) = self.cuts.get_mut(number) else { return self.table.retire(cut) };
                entry.set_cut(CutState::Cut(cut));
                *known = Some(CutFlow {
                    place,
                    flow: entry.id(),
                    folded: CutCounters::default(),
                    spoken: BOTH.map(|side| entry.has_spoken(side)),
                });
            }
            Err(CutError::Full) => self.full_until = now.plus(FULL_PAUSE),
            // It was cut a moment ago, and its place is not given back yet.
            Err(CutError::AlreadyCut) => self.full_until = now.plus(SWEEP),
        }
    }

    /// Adds what was counted of a flow since it was looked at last; gives frames and bytes.
    fn fold(
        known: &mut CutFlow,
        entry: &mut FlowEntry<FlowSlot>,
        counters: &CutCounters,
        now: Timestamp,
    ) -> Bulk {
        let bulk = Bulk::between(&known.folded, counters);
        if bulk.frames > 0 {
            entry.fold(&known.folded, counters, now);
            known.folded = *counters;
        }
        bulk
    }
}

/// Frames and bytes that the kernel has counted.
#[derive(Debug, Clone, Copy, Default)]
struct Bulk {
    frames: u64,
    wire_bytes: u64,
}

impl Bulk {
    const fn between(before: &CutCounters, after: &CutCounters) -> Self {
        Self {
            frames: after.frames().saturating_sub(before.frames()),
            wire_bytes: after.wire_bytes().saturating_sub(before.wire_bytes()),
        }
    }
}

/// Tells whether nothing more can come of the heads of a flow.
fn is_read(entry: &FlowEntry<FlowSlot>) -> bool {
    let [low, high] = BOTH.map(|side| entry.slot.is_done(side));
    if low && high {
        return true;
    }
    // Video in datagrams goes one way. An answer to it is looked for, and ends the cut.
    let is_silent = |side| !entry.has_spoken(side);
    entry.protocol() == IpProtocol::UDP
        && entry.moved() >= CUT_ONE_WAY_AFTER
        && (low && is_silent(Orientation::Descending) || high && is_silent(Orientation::Ascending))
}

impl Meter {
    /// Lets the kernel count what was read, by this table. Of frames that it counts none come here any more.
    pub fn set_cutoff(&mut self, table: Box<dyn Cutoff>) {
        self.cut_flows = Some(Box::new(CutFlows::new(table, self.config.trust_tunnels)));
    }

    /// Adds what the kernel has counted to the flows it belongs to. To be called about once a batch, at the time `now` of
    /// the frames and `monotonic` of the kernel's clock of that name.
    pub fn settle_cuts(&mut self, now: Timestamp, monotonic: Duration) {
        let Some(mut cuts) = self.cut_flows.take() else { return };
        cuts.table.set_clock(monotonic, now);
        while let Some(settled) = cuts.table.settle() {
            self.finish_cut(&mut cuts, &settled, now);
        }
        if now >= cuts.next_sweep {
            cuts.next_sweep = now.plus(SWEEP);
            self.sweep_cuts(&mut cuts, now);
        }
        self.cut_flows = Some(cuts);
    }

    /// Ends all cuts, because the run ends: afterwards every flow has all that was counted of it.
    pub fn release_cuts(&mut self, now: Timestamp, monotonic: Duration) {
        let Some(mut cuts) = self.cut_flows.take() else { return };
        cuts.table.set_clock(monotonic, now);
        for number in 0..cuts.cuts.len() {
            if let Ok(number) = u32::try_from(number)
                && matches!(cuts.cuts.get(number as usize), Some(Some(_)))
            {
                cuts.table.retire(CutId(number));
            }
        }
        cuts.table.wait_out();
        while let Some(settled) = cuts.table.settle() {
            self.finish_cut(&mut cuts, &settled, now);
        }
    }

    /// Tells whether the kernel counts for this meter.
    #[must_use]
    pub const fn has_cutoff(&self) -> bool {
        self.cut_flows.is_some()
    }

    /// Looks at all that is cut.
    fn sweep_cuts(&mut self, cuts: &mut CutFlows, now: Timestamp) {
        let CutFlows { table, cuts: known, to_retire, to_report, .. } = cuts;
        let (flows, stats) = (&mut self.table, &mut self.stats);
        table.sweep(known.len(), &mut |cut, _, counters| {
            let Some(Some(known)) = known.get_mut(cut.0 as usize) else {
                return to_retire.push(cut);
            };
            let place = known.place;
            let entry = flows.entry_mut(place).filter(|entry| entry.id() == known.flow);
            let Some(entry) = entry else { return to_retire.push(cut) };
            let bulk = CutFlows::fold(known, entry, &counters, now);
            stats.count_bypassed(bulk.frames, bulk.wire_bytes);
            let speaks = [counters.ascending.frames > 0, counters.descending.frames > 0];
            let speaks_up = speaks.iter().zip(known.spoken).any(|(now, before)| *now && !before);
            let is_over = entry.is_closed();
            if is_over || speaks_up || flows.is_going_silent(place, now) {
                to_retire.push(cut);
            }
            if flows.is_report_due(place, now) {
                to_report.push(place);
            }
        });
        for cut in to_retire.drain(..) {
            table.retire(cut);
        }
        for place in to_report.drain(..) {
            if let Some(flow) = self.table.entry_mut(place).map(|entry| entry.id()) {
                self.tell_totals(place, flow, now);
            }
        }
    }

    /// Takes in the last counters of a flow that is captured again.
    fn finish_cut(&mut self, cuts: &mut CutFlows, settled: &SettledCut, now: Timestamp) {
        let place = cuts.cuts.get_mut(settled.cut.0 as usize);
        let Some(mut known) = place.and_then(Option::take) else { return };
        let entry = self.table.entry_mut(known.place).filter(|entry| entry.id() == known.flow);
        let bulk = match entry {
            Some(entry) => {
                let bulk = CutFlows::fold(&mut known, entry, &settled.counters, now);
                entry.set_cut(CutState::Captured);
                bulk
            }
            // The flow has left; what was under way then counts for the interface.
            None => Bulk::between(&known.folded, &settled.counters),
        };
        self.stats.count_bypassed(bulk.frames, bulk.wire_bytes);
        // A flow that is over is told once more when it leaves, which may be a while.
        if bulk.frames > 0
            && let Some(entry) = self.table.entry_mut(known.place)
            && entry.id() == known.flow
        {
            self.tell_totals(known.place, known.flow, now);
        }
    }

    /// Tells the totals of a flow that no packet came of.
    fn tell_totals(&mut self, place: u32, flow: FlowId, now: Timestamp) {
        self.output.begin(now, 0, flow.0, now);
        let (sender, orientation) = (Role::Initiator, Orientation::Ascending);
        self.report(&Counted { place, sender, orientation, report_due: true }, now);
    }

    /// Adds what the kernel has counted of the flow of `key` so far.
    #[cold]
    pub(super) fn fold_now(&mut self, key: &FlowKey, now: Timestamp) {
        let Some(place) = self.table.find_place(key) else { return };
        let (Some(cuts), Some(entry)) = (&mut self.cut_flows, self.table.entry_mut(place)) else {
            return;
        };
        let CutState::Cut(cut) = entry.cut_state() else { return };
        if let Some(Some(known)) = cuts.cuts.get_mut(cut.0 as usize) {
            let counters = cuts.table.read(cut);
            let bulk = CutFlows::fold(known, entry, &counters, now);
            self.stats.count_bypassed(bulk.frames, bulk.wire_bytes);
        }
    }

    /// Adds what the kernel has counted of a flow that leaves, before it is told.
    pub(super) fn fold_last(&mut self, entry: &mut FlowEntry<FlowSlot>, now: Timestamp) {
        let CutState::Cut(cut) = entry.cut_state() else { return };
        let Some(cuts) = &mut self.cut_flows else { return };
        cuts.table.retire(cut);
        if let Some(Some(known)) = cuts.cuts.get_mut(cut.0 as usize) {
            let counters = cuts.table.read(cut);
            let bulk = CutFlows::fold(known, entry, &counters, now);
            self.stats.count_bypassed(bulk.frames, bulk.wire_bytes);
        }
    }
}
