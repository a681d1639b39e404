//! What a device moved in one role of the cloud, in an hour.

use std::time::Duration;

use crate::catalogue::CloudRole;
use crate::net::Timestamp;

/// The longest time that a report of what moved speaks for: flows are told every 10 s while they move.
const REPORT_SPAN: Duration = Duration::from_secs(10);
/// Bytes sent in one report from which on something is handed over: acknowledgements, keep-alives and the greetings of a poll
/// stay below it, while the smallest stream sends 80 times as much in 10 s, and the smallest snapshots have some 10 kB.
const HANDED_OVER: u64 = 4 * 1024;

/// What a flow moved since it was last told, as the device sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// IP bytes that the device sent.
    pub sent: u64,
    /// IP bytes that it received.
    pub received: u64,
    /// Payload bytes that it received: packets without payload may be refusals.
    pub received_payload: u64,
    /// The flow is new to the role.
    pub flows: u32,
}

/// The totals of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleVolume {
    /// The role.
    pub role: CloudRole,
    /// IP bytes that the device sent.
    pub sent: u64,
    /// IP bytes that it received.
    pub received: u64,
    /// Payload bytes that it received.
    pub received_payload: u64,
    /// Seconds in which it sent, to within 10 s a flow.
    pub sent_seconds: u32,
    /// Seconds in which it received.
    pub received_seconds: u32,
    /// Flows.
    pub flows: u32,
    /// Bytes sent in reports of more than a few bytes, of which less came back.
    pushed: u64,
    sent_span: Span,
    received_span: Span,
    /// Confidence times bytes.
    weight: u64,
}

/// Time that was counted already, so that flows side by side count once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Span {
    until: Timestamp,
    counted: Duration,
}

impl RoleVolume {
    pub(super) fn new(role: CloudRole) -> Self {
        Self {
            role,
            sent: 0,
            received: 0,
            received_payload: 0,
            sent_seconds: 0,
            received_seconds: 0,
            flows: 0,
            pushed: 0,
            sent_span: Span::default(),
            received_span: Span::default(),
            weight: 0,
        }
    }

    /// IP bytes each way together.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.sent.saturating_add(self.received)
    }

    /// IP bytes that it sent to hand something over: not with what it fetched, nor to keep a way open.
    #[must_use]
    pub const fn pushed(&self) -> u64 {
        self.pushed
    }

    /// How sure the role is: the confidence of the flows' verdicts, by their bytes.
    #[must_use]
    pub fn confidence(&self) -> u8 {
        u8::try_from(self.weight / self.bytes().max(1)).unwrap_or(100).min(100)
    }

    /// Adds what a flow moved up to `at`, having begun at `started`.
    pub(super) fn add(&mut self, moved: Moved, confidence: u8, started: Timestamp, at: Timestamp) {
        self.sent = self.sent.saturating_add(moved.sent);
        self.received = self.received.saturating_add(moved.received);
        self.received_payload = self.received_payload.saturating_add(moved.received_payload);
        self.flows = self.flows.saturating_add(moved.flows);
        if moved.sent >= HANDED_OVER && moved.sent > moved.received {
            self.pushed = self.pushed.saturating_add(moved.sent);
        }
        let bytes = moved.sent.saturating_add(moved.received);
        self.weight = self.weight.saturating_add(bytes.saturating_mul(u64::from(confidence)));
        if moved.sent > 0 {
            self.sent_seconds = self.sent_span.count(started, at);
        }
        if moved.received > 0 {
            self.received_seconds = self.received_span.count(started, at);
        }
    }
}

impl RoleVolume {
    /// Adds what another entry of the same device moved: time that both counted counts twice.
    pub(super) fn join(&mut self, other: &Self) {
        self.sent = self.sent.saturating_add(other.sent);
        self.received = self.received.saturating_add(other.received);
        self.received_payload = self.received_payload.saturating_add(other.received_payload);
        self.flows = self.flows.saturating_add(other.flows);
        self.pushed = self.pushed.saturating_add(other.pushed);
        self.weight = self.weight.saturating_add(other.weight);
        self.sent_seconds = self.sent_seconds.saturating_add(other.sent_seconds);
        self.received_seconds = self.received_seconds.saturating_add(other.received_seconds);
        self.sent_span.join(other.sent_span);
        self.received_span.join(other.received_span);
    }
}

impl Span {
    fn join(&mut self, other: Self) {
        self.until = self.until.max(other.until);
        self.counted += other.counted;
    }

    /// Counts the time of a report up to `at`; gives the seconds counted, at least one.
    fn count(&mut self, started: Timestamp, at: Timestamp) -> u32 {
        let from = at.minus(REPORT_SPAN).max(started).max(self.until);
        self.counted += at.since(from);
        self.until = self.until.max(at);
        u32::try_from(self.counted.as_secs().max(1)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_parts(1_000 + seconds, 0)
    }

    #[test]
    fn flows_side_by_side_take_their_time_once() {
        let mut volume = RoleVolume::new(CloudRole::P2p);
        let moved = Moved { sent: 1_000, received: 10, received_payload: 1, flows: 1 };

        for seconds in [10, 20, 30] {
            volume.add(moved, 80, at(0), at(seconds));
            volume.add(Moved { received: 0, ..moved }, 80, at(0), at(seconds));
        }

        assert_eq!((volume.sent_seconds, volume.received_seconds), (30, 30));
        assert_eq!((volume.sent, volume.received, volume.flows), (6_000, 30, 6));
    }

    #[test]
    fn silence_between_reports_is_not_counted() {
        let mut volume = RoleVolume::new(CloudRole::Control);
        let moved = Moved { sent: 60, received: 60, received_payload: 2, flows: 0 };

        for seconds in [0, 60, 120] {
            volume.add(moved, 90, at(0), at(seconds));
        }

        assert_eq!(volume.sent_seconds, 20);
        assert_eq!(volume.confidence(), 90);
    }

    #[test]
    fn the_confidence_is_that_of_most_bytes() {
        let mut volume = RoleVolume::new(CloudRole::Relay);
        let moved = |sent| Moved { sent, ..Moved::default() };

        volume.add(moved(9_000), 90, at(0), at(1));
        volume.add(moved(1_000), 10, at(0), at(2));

        assert_eq!(volume.confidence(), 82);
    }
}
