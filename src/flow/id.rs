//! What a flow is called.

use super::FlowKey;
use crate::net::Timestamp;

/// A flow's number, at most 2^53 so that JSON readers keep it exactly (Suricata's `flow_id`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u64);

impl FlowId {
    /// Derives the number from the key, the first packet's time and the first frame's number,
    /// so that every run over a capture gives the same one.
    #[must_use]
    pub fn new(key: &FlowKey, start: Timestamp, frame: u64) -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15;
        for word in key.to_words().into_iter().chain([start.as_nanos(), frame]) {
            state = mix(state ^ word);
        }
        Self(state >> 11)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014, figure 16).
const fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
