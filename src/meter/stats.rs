//! What one meter has counted.

use crate::decode::DecodeError;
use crate::dissect::{AppProtocol, DissectError};
use crate::flow::FlowEndReason;

/// Plain counters of one meter since it was made; each only grows, save `flows_active`.
///
/// Conservation: `frames` = `decoded` + `invalid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeterStats {
    /// Frames handed in.
    pub frames: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// Frames that the kernel counted in our place; they are not among `frames`.
    pub bypassed_frames: u64,
    /// Their bytes on the wire.
    pub bypassed_bytes: u64,
    /// Frames of which at least the network layer was read.
    pub decoded: u64,
    /// Frames of which nothing beyond the link layer could be read.
    pub invalid: u64,
    /// Where decoding stopped: by layer, then by reason, in the order of `Layer::ALL` and `DecodeReason::ALL`.
    pub decode_errors: [[u64; 4]; 3],
    /// Messages that could not be read: by protocol (`AppProtocol::ALL`), then by failure (`DissectFailure::ALL`).
    pub dissect_errors: [[u64; 4]; AppProtocol::COUNT],
    /// Messages read, by protocol.
    pub messages: [u64; AppProtocol::COUNT],
    /// Flows that were begun.
    pub flows_started: u64,
    /// Flows that left, by `FlowEndReason::ALL`.
    pub flows_ended: [u64; 5],
    /// Flows in the table now.
    pub flows_active: u64,
    /// Most flows that the table can hold.
    pub flows_capacity: u64,
    /// Stream heads given up because the budget for them was spent.
    pub heads_refused: u64,
    /// TCP segments that were not read because they will not pass on from here.
    pub segments_left_out: u64,
    /// Datagrams that were put together from fragments.
    pub datagrams_reassembled: u64,
    /// Fragments that had no room, or contradicted others.
    pub fragments_refused: u64,
}

impl Default for MeterStats {
    fn default() -> Self {
        Self {
            frames: 0,
            wire_bytes: 0,
            bypassed_frames: 0,
            bypassed_bytes: 0,
            decoded: 0,
            invalid: 0,
            decode_errors: [[0; 4]; 3],
            dissect_errors: [[0; 4]; AppProtocol::COUNT],
            messages: [0; AppProtocol::COUNT],
            flows_started: 0,
            flows_ended: [0; 5],
            flows_active: 0,
            flows_capacity: 0,
            heads_refused: 0,
            segments_left_out: 0,
            datagrams_reassembled: 0,
            fragments_refused: 0,
        }
    }
}

impl MeterStats {
    /// Counts where decoding stopped.
    pub(super) fn count_decode_error(&mut self, error: DecodeError) {
        if let Some(count) = self
            .decode_errors
            .get_mut(error.layer as usize)
            .and_then(|reasons| reasons.get_mut(error.reason as usize))
        {
            *count += 1;
        }
    }

    /// Counts a message that could not be read.
    pub(super) fn count_dissect_error(&mut self, error: DissectError) {
        if let Some(count) = self
            .dissect_errors
            .get_mut(error.protocol as usize)
            .and_then(|failures| failures.get_mut(error.failure as usize))
        {
            *count += 1;
        }
    }

    /// Counts a message that was read.
    pub(super) fn count_message(&mut self, protocol: AppProtocol) {
        if let Some(count) = self.messages.get_mut(protocol as usize) {
            *count += 1;
        }
    }

    /// Counts what the kernel has counted.
    pub(super) const fn count_bypassed(&mut self, frames: u64, bytes: u64) {
        self.bypassed_frames += frames;
        self.bypassed_bytes += bytes;
    }

    /// Counts a flow that left.
    pub(super) fn count_flow_end(&mut self, reason: FlowEndReason) {
        if let Some(count) = self.flows_ended.get_mut((reason as usize).saturating_sub(1)) {
            *count += 1;
        }
    }

    /// Adds what another meter has counted.
    pub fn add(&mut self, other: &Self) {
        let sum = |into: &mut [u64], from: &[u64]| {
            for (into, from) in into.iter_mut().zip(from) {
                *into += from;
            }
        };
        self.frames += other.frames;
        self.wire_bytes += other.wire_bytes;
        self.bypassed_frames += other.bypassed_frames;
        self.bypassed_bytes += other.bypassed_bytes;
        self.decoded += other.decoded;
        self.invalid += other.invalid;
        sum(self.decode_errors.as_flattened_mut(), other.decode_errors.as_flattened());
        sum(self.dissect_errors.as_flattened_mut(), other.dissect_errors.as_flattened());
        sum(&mut self.messages, &other.messages);
        self.flows_started += other.flows_started;
        sum(&mut self.flows_ended, &other.flows_ended);
        self.flows_active += other.flows_active;
        self.flows_capacity += other.flows_capacity;
        self.heads_refused += other.heads_refused;
        self.segments_left_out += other.segments_left_out;
        self.datagrams_reassembled += other.datagrams_reassembled;
        self.fragments_refused += other.fragments_refused;
    }
}
