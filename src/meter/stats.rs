//! What one meter has counted.

/// Plain counters of one meter since it was made; each only grows, save `flows_active`.
///
/// Conservation: `frames` = `decoded` + `invalid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeterStats {
    /// Frames handed in.
    pub frames: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// Frames of which at least the network layer was read.
    pub decoded: u64,
    /// Frames of which nothing beyond the link layer could be read.
    pub invalid: u64,
    /// Where decoding stopped: by layer, then by reason, in the order of `Layer::ALL` and `DecodeReason::ALL`.
    pub decode_errors: [[u64; 3]; 3],
    /// Messages that could not be read: by protocol (`AppProtocol::ALL`), then by reason (`DissectReason::ALL`).
    pub dissect_errors: [[u64; 3]; 7],
    /// Messages read, by protocol.
    pub messages: [u64; 7],
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
}
