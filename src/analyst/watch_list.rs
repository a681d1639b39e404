//! The live flows of concern, each with its verdict and with what was already credited.
//!
//! Comes in: reports of flows. Goes out: what to credit. Each byte and each flow is credited once to a device and once to a service.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ahash::RandomState;

use super::ledger::Amount;
use crate::classify::Destination;
use crate::flow::{FlowId, FlowRecord, Role};
use crate::net::Timestamp;

/// A flow that was not told of for this long has ended without a word: its end was lost on the way.
const SILENCE: Duration = Duration::from_secs(2 * 3600);

/// When the list is full, silent flows are looked for at most this often.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// A flow of concern.
#[derive(Debug)]
pub(super) struct WatchedFlow {
    /// The service at the far end, as far as it is known.
    pub(super) destination: Option<Arc<Destination>>,
    of_device: Credit,
    of_cloud: Credit,
    last_told: Timestamp,
}

/// What was credited so far, by who sent it.
#[derive(Debug, Clone, Copy, Default)]
struct Credit {
    forward: u64,
    reverse: u64,
    flow: bool,
}

/// The list.
#[derive(Debug)]
pub(super) struct WatchList {
    flows: HashMap<FlowId, WatchedFlow, RandomState>,
    max: usize,
    refused: u64,
    next_sweep: Timestamp,
}

impl WatchList {
    pub(super) fn new(max: usize) -> Self {
        Self {
            flows: HashMap::with_hasher(RandomState::new()),
            max: max.max(1),
            refused: 0,
            next_sweep: Timestamp::ZERO,
        }
    }

    pub(super) const fn set_max(&mut self, max: usize) {
        self.max = if max == 0 { 1 } else { max };
    }

    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }

    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) fn get(&self, flow: FlowId) -> Option<&WatchedFlow> {
        self.flows.get(&flow)
    }

    /// The entry of a flow of concern; absent when there is no room.
    pub(super) fn watch(&mut self, flow: FlowId, now: Timestamp) -> Option<&mut WatchedFlow> {
        if !self.flows.contains_key(&flow) && !self.has_room(now) {
            self.refused += 1;
            return None;
        }
        let entry = self.flows.entry(flow).or_insert_with(|| WatchedFlow {
            destination: None,
            of_device: Credit::default(),
            of_cloud: Credit::default(),
            last_told: now,
        });
        entry.last_told = now;
        Some(entry)
    }

    pub(super) fn end(&mut self, flow: FlowId) {
        self.flows.remove(&flow);
    }

    fn has_room(&mut self, now: Timestamp) -> bool {
        if self.flows.len() >= self.max && now >= self.next_sweep {
            self.next_sweep = now.plus(SWEEP_INTERVAL);
            self.flows.retain(|_, flow| now.since(flow.last_told) < SILENCE);
        }
        self.flows.len() < self.max
    }
}

impl WatchedFlow {
    /// What the flow moved since the last time, for its device and for its service. `role` is the device's.
    ///
    /// A verdict that comes late is credited with the whole flow; one that replaces another only with
    /// what follows.
    pub(super) fn settle(&mut self, role: Role, record: &FlowRecord) -> (Amount, Option<Amount>) {
        let of_device = self.of_device.settle(role, record);
        let of_cloud = self.destination.is_some().then(|| self.of_cloud.settle(role, record));
        (of_device, of_cloud)
    }
}

impl Credit {
    fn settle(&mut self, role: Role, record: &FlowRecord) -> Amount {
        let (forward, reverse) = (record.forward.ip_bytes, record.reverse.ip_bytes);
        let new_forward = forward.saturating_sub(self.forward);
        let new_reverse = reverse.saturating_sub(self.reverse);
        self.forward = self.forward.max(forward);
        self.reverse = self.reverse.max(reverse);
        let flows = u64::from(!std::mem::replace(&mut self.flow, true));
        match role {
            Role::Initiator => Amount { sent: new_forward, received: new_reverse, flows },
            Role::Responder => Amount { sent: new_reverse, received: new_forward, flows },
        }
    }
}
