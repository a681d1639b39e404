//! The kernel's own counters of flows against ours.
//!
//! Comes in: a list of what the kernel has counted in each flow, again and again (Linux, `nf_conntrack_acct`). Goes out:
//! bytes that the kernel counted in flows that are known here as well, and how many of them were seen.
//!
//! Our totals of a flow are told some seconds late, and those of the kernel are of now. So a list is compared when the next
//! one comes: by then all that it counted has been told here, if it was seen. What was seen beyond it hides some of what
//! was not for a flow's first minutes; it never makes up a loss.

use std::collections::HashMap;

use ahash::RandomState;

use super::limit::OffloadKind;
use super::progress::Told;
use crate::flow::Endpoint;
use crate::net::IpProtocol;

/// A flow as the kernel counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelFlow {
    /// Transport protocol.
    pub protocol: IpProtocol,
    /// Sender and receiver of its first packet, before translation of addresses.
    pub original: [Endpoint; 2],
    /// Sender and receiver of the answers, after it.
    pub reply: [Endpoint; 2],
    /// IP bytes in both directions; absent when they are not counted.
    pub bytes: Option<u64>,
    /// Who forwards it past the rest of the kernel.
    pub offload: Option<OffloadKind>,
}

/// What the kernel tells at a time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KernelView {
    /// Its flows; more than a bound are left out.
    pub flows: Vec<KernelFlow>,
}

impl KernelView {
    /// Who forwards flows past the capture; hardware before software.
    pub(super) fn offload(&self) -> Option<OffloadKind> {
        let is_there = |kind| self.flows.iter().any(|flow| flow.offload == Some(kind));
        [OffloadKind::Hardware, OffloadKind::Flowtable].into_iter().find(|kind| is_there(*kind))
    }

    /// Bytes by flow, by the ends as they stand on either side of a translation.
    pub(super) fn bytes(&self) -> KernelBytes {
        let mut bytes = KernelBytes(HashMap::with_hasher(RandomState::new()));
        for flow in &self.flows {
            if let Some(counted) = flow.bytes {
                for ends in [flow.original, flow.reply] {
                    bytes.0.insert(key(flow.protocol, ends), counted);
                }
            }
        }
        bytes
    }
}

/// What the kernel has counted, by flow.
#[derive(Debug)]
pub(super) struct KernelBytes(HashMap<Key, u64, RandomState>);

type Key = (IpProtocol, Endpoint, Endpoint);

impl KernelBytes {
    /// What it has counted between two ends.
    pub(super) fn of(&self, protocol: IpProtocol, ends: [Endpoint; 2]) -> Option<u64> {
        self.0.get(&key(protocol, ends)).copied()
    }
}

fn key(protocol: IpProtocol, ends: [Endpoint; 2]) -> Key {
    let [one, other] = ends;
    (protocol, one.min(other), one.max(other))
}

/// How a flow's two counts stand to each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    /// Both counts when the comparison began.
    base: (u64, u64),
    /// The kernel's count in the latest list.
    latest: u64,
    /// What was compared of both counts so far.
    compared: (u64, u64),
}

impl Comparison {
    /// Begins with what is counted by the kernel and here.
    pub(super) const fn begin(counted: u64, told: &Told) -> Self {
        Self { base: (counted, told.ip_bytes), latest: counted, compared: (0, 0) }
    }

    /// Takes in the next list's count; gives how much more the kernel counted up to the list before, and how much of
    /// that was seen here.
    pub(super) fn advance(&mut self, counted: u64, told: &Told) -> (u64, u64) {
        if counted < self.latest {
            // Another flow between the same ends.
            *self = Self::begin(counted, told);
            return (0, 0);
        }
        let kernel = self.latest.saturating_sub(self.base.0);
        let seen = told.ip_bytes.saturating_sub(self.base.1).min(kernel);
        let (kernel_before, seen_before) = self.compared;
        self.latest = counted;
        self.compared = (kernel, seen);
        (kernel.saturating_sub(kernel_before), seen.saturating_sub(seen_before))
    }
}
