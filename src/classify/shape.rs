//! The shape of a flow's traffic: the weakest witness, used only beside others.
//!
//! Comes in: packets and bytes each way, as the device sees them. Goes out: whether that looks like video, or whether
//! anybody answered. Thresholds are ours: a camera's video is some hundred bytes a packet and tens of kilobits a second even
//! at its smallest, while keep-alives are some hundred bytes a minute.

use std::time::Duration;

/// Bytes from which on it can be video: less than two seconds of the smallest stream (`sub` streams of described
/// cameras run at 256 kbit/s and more).
const VIDEO_BYTES: u64 = 48 * 1024;
/// Mean size of its packets, at least: they carry pieces of pictures.
const VIDEO_PACKET: u64 = 300;
/// Bytes a second, at least: a fifth of the smallest stream, for pauses.
const VIDEO_RATE: u64 = 6_000;
/// How many times more one way than the other, at least.
const VIDEO_RATIO: u64 = 4;

/// What a flow moved so far, as the device at its near end sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FlowShape {
    /// What the device sent.
    pub sent: Volume,
    /// What it received.
    pub received: Volume,
    /// From the first packet to the latest.
    pub lasted: Duration,
}

/// Packets, and their IP bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Volume {
    /// Packets.
    pub packets: u64,
    /// IP bytes.
    pub bytes: u64,
}

impl FlowShape {
    /// Tells whether both ends spoke, more than once each: a single packet may be a refusal.
    #[must_use]
    pub const fn is_answered(&self) -> bool {
        self.sent.packets >= 2 && self.received.packets >= 2
    }

    /// Tells whether what the device sent looks like video: big packets at a sustained rate, chiefly outwards.
    #[must_use]
    pub fn looks_like_video(&self) -> bool {
        let mean = self.sent.bytes / self.sent.packets.max(1);
        let rate = self.sent.bytes / self.lasted.as_secs().max(1);
        self.sent.bytes >= VIDEO_BYTES
            && mean >= VIDEO_PACKET
            && rate >= VIDEO_RATE
            && self.sent.bytes / VIDEO_RATIO >= self.received.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn video_is_big_packets_outwards_at_a_rate() {
        let shape = |packets, bytes, seconds, received| FlowShape {
            sent: Volume { packets, bytes },
            received: Volume { packets: 10, bytes: received },
            lasted: Duration::from_secs(seconds),
        };

        assert!(shape(500, 500_000, 20, 20_000).looks_like_video());
        assert!(!shape(10_000, 500_000, 20, 20_000).looks_like_video(), "small packets");
        assert!(!shape(500, 500_000, 3_600, 20_000).looks_like_video(), "a trickle");
        assert!(!shape(500, 500_000, 20, 400_000).looks_like_video(), "as much comes back");
        assert!(!shape(20, 20_000, 1, 0).looks_like_video(), "too little");
    }
}
