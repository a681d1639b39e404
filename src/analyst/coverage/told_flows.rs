//! The live flows of which totals were told, so that the next record's news can be told apart from the old.
//!
//! Comes in: records with running totals, and what the kernel has counted. Goes out: what each adds. It is bounded: of
//! flows that have no room only the end counts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use ahash::RandomState;

use super::evidence::part_number;
use super::kernel::{Comparison, KernelView};
use super::progress::{Step, Told};
use crate::flow::{FlowId, FlowRecord};
use crate::net::{InterfaceId, Timestamp};

/// Most live flows whose last totals are kept; of others only the end counts.
pub(super) const MAX_FLOWS: usize = 32_768;

/// Parts of an hour after which a flow that was not heard of makes room: its end was lost on the way.
const FORGOTTEN_AFTER: u64 = 12;

/// Which of a flow's records one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordPart {
    /// The flow goes on.
    Interim,
    /// The last of several.
    Last,
    /// The only one: nothing was told of the flow before.
    Whole,
}

/// What was told of live flows.
#[derive(Debug)]
pub(super) struct ToldFlows {
    flows: HashMap<FlowId, Told, RandomState>,
    /// Those of them that the kernel counts as well.
    comparisons: HashMap<FlowId, Comparison, RandomState>,
    /// The part of time in which it was last looked for flows to forget.
    swept_in: u64,
}

impl Default for ToldFlows {
    fn default() -> Self {
        Self {
            flows: HashMap::with_hasher(RandomState::new()),
            comparisons: HashMap::with_hasher(RandomState::new()),
            swept_in: 0,
        }
    }
}

impl ToldFlows {
    /// Takes a record into what was told of its flow; nothing when there is no room for a flow that goes on.
    pub(super) fn take(
        &mut self,
        record: &FlowRecord,
        record_part: RecordPart,
        now: Timestamp,
    ) -> Option<Step> {
        let part = part_number(now);
        let whole = || Step::take(&mut Told::nothing(record), record, part);
        match record_part {
            RecordPart::Whole => Some(whole()),
            RecordPart::Last => {
                let known = self.flows.remove(&record.id);
                if known.is_some() && !self.comparisons.is_empty() {
                    self.comparisons.remove(&record.id);
                }
                Some(known.map_or_else(whole, |mut told| Step::take(&mut told, record, part)))
            }
            RecordPart::Interim => self.take_interim(record, part),
        }
    }

    fn take_interim(&mut self, record: &FlowRecord, part: u64) -> Option<Step> {
        if self.flows.len() >= MAX_FLOWS && !self.flows.contains_key(&record.id) {
            self.make_room(part);
        }
        let has_room = self.flows.len() < MAX_FLOWS;
        match self.flows.entry(record.id) {
            Entry::Occupied(mut known) => Some(Step::take(known.get_mut(), record, part)),
            Entry::Vacant(place) if has_room => {
                Some(Step::take(place.insert(Told::nothing(record)), record, part))
            }
            Entry::Vacant(_) => None,
        }
    }

    /// Takes in what the kernel has counted by now. Tells `count` of each flow its interface, the bytes that the kernel
    /// counted in it since the last time, and how many of them were seen.
    pub(super) fn compare(
        &mut self,
        view: &KernelView,
        mut count: impl FnMut(InterfaceId, u64, u64),
    ) {
        let bytes = view.bytes();
        for (id, told) in &self.flows {
            let Some(counted) = bytes.of(told.protocol, told.ends) else { continue };
            match self.comparisons.entry(*id) {
                Entry::Occupied(mut known) => {
                    let (kernel, seen) = known.get_mut().advance(counted, told);
                    count(told.interface, kernel, seen);
                }
                Entry::Vacant(place) => {
                    place.insert(Comparison::begin(counted, told));
                }
            }
        }
    }

    /// Forgets flows that were not heard of for long, once in each part of time.
    fn make_room(&mut self, part: u64) {
        if self.swept_in == part {
            return;
        }
        self.swept_in = part;
        self.flows.retain(|_, told| told.heard_in + FORGOTTEN_AFTER > part);
        let flows = &self.flows;
        self.comparisons.retain(|id, _| flows.contains_key(id));
    }

    /// Flows whose totals are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }
}
