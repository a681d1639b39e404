//! What speaks for and against having seen all, summed over a sliding hour.
//!
//! Comes in: amounts. Goes out: shares in thousandths, careful where there is little to go by.

use super::limit::{ALL, Coverage, CoverageLimit};
use crate::net::Timestamp;

/// Seconds of packet time in a part of the hour.
const PART_SECONDS: u64 = 600;

/// Parts that are kept: an hour, and the part that has begun, so that an hour which is judged a few minutes after its end is
/// whole.
const PARTS: usize = 7;

/// Fewest frames that a share of lost ones is told of.
const LEAST_FRAMES: u64 = 20;

/// Segments that count as seen beforehand, so that one lost of a few is no verdict.
const LEAST_SEGMENTS: u64 = 30;

/// Segments of a device from which on its own numbers count alone.
const ENOUGH_SEGMENTS: u64 = 100;

/// One-sided conversations below this number are an accident, such as the edge of a capture.
const LEAST_ONE_SIDED: u64 = 2;

/// Bytes below which the kernel's counters are not compared.
const LEAST_BYTES: u64 = 50_000;

/// Payload of a full TCP segment over Ethernet with time stamps.
const SEGMENT_BYTES: u64 = 1448;

/// Amounts of some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Evidence {
    /// Frames that were read, and frames that were lost before.
    pub(super) captured: u64,
    pub(super) dropped: u64,
    /// TCP packets that were seen, and their payload.
    pub(super) packets: u64,
    pub(super) payload: u64,
    /// TCP segments that were not, as their numbers tell.
    pub(super) lost_segments: u64,
    /// Conversations of which both sides were seen, and one side.
    pub(super) both_sided: u64,
    pub(super) one_sided: u64,
    /// Bytes that the kernel counted in flows that were seen as well, and those of them that were seen.
    pub(super) kernel_bytes: u64,
    pub(super) kernel_bytes_seen: u64,
    /// Reports of flows of concern that found no room among those that are followed.
    pub(super) unfollowed: u64,
}

impl Evidence {
    /// Takes in that the payload that is missing in one direction has become more, in so many `holes`, or less. A hole is
    /// a segment at least, a small one as well.
    pub(super) fn count_missing(&mut self, before: u64, now: u64, holes: u8) {
        let segments = now.abs_diff(before).div_ceil(SEGMENT_BYTES);
        self.lost_segments = if now > before {
            self.lost_segments.saturating_add(segments.max(u64::from(holes)))
        } else {
            self.lost_segments.saturating_sub(segments)
        };
    }

    /// Tells whether there were segments enough to go by.
    pub(super) const fn knows_segments(&self) -> bool {
        self.seen_segments() + self.lost_segments >= ENOUGH_SEGMENTS
    }

    /// Tells whether conversations say something about sides.
    pub(super) const fn knows_sides(&self) -> bool {
        self.both_sided + self.one_sided >= LEAST_ONE_SIDED
    }

    /// Adds what speaks about the place of capture.
    pub(super) fn judge_capture(&self, coverage: &mut Coverage) {
        let expected = self.captured + self.dropped;
        if expected >= LEAST_FRAMES {
            coverage.least(permille(self.captured, expected), CoverageLimit::KernelDrops);
        }
        if self.kernel_bytes >= LEAST_BYTES {
            let share = permille(self.kernel_bytes_seen, self.kernel_bytes);
            coverage.least(share, CoverageLimit::ConntrackAhead);
        }
    }

    /// Adds what the numbers of TCP segments say.
    pub(super) fn judge_segments(&self, coverage: &mut Coverage) {
        let seen = self.seen_segments() + LEAST_SEGMENTS;
        coverage.least(permille(seen, seen + self.lost_segments), CoverageLimit::TcpGaps);
    }

    /// Adds what the sides of conversations say.
    pub(super) fn judge_sides(&self, coverage: &mut Coverage) {
        if self.one_sided >= LEAST_ONE_SIDED {
            let seen = self.both_sided + 1;
            coverage.least(permille(seen, seen + self.one_sided), CoverageLimit::OneSided);
        }
    }

    /// Names flows that were not followed. Their bytes are unknown, so that no share can be told.
    pub(super) const fn judge_following(&self, coverage: &mut Coverage) {
        if self.unfollowed > 0 {
            coverage.name(CoverageLimit::Unfollowed);
        }
    }

    /// Segments with payload: three of five packets, if they did not carry more than a segment each.
    const fn seen_segments(&self) -> u64 {
        let of_packets = self.packets / 5 * 3;
        let of_payload = self.payload / SEGMENT_BYTES;
        if of_packets > of_payload { of_packets } else { of_payload }
    }

    fn add(&mut self, other: &Self) {
        self.captured += other.captured;
        self.dropped += other.dropped;
        self.packets += other.packets;
        self.payload += other.payload;
        self.lost_segments += other.lost_segments;
        self.both_sided += other.both_sided;
        self.one_sided += other.one_sided;
        self.kernel_bytes += other.kernel_bytes;
        self.kernel_bytes_seen += other.kernel_bytes_seen;
        self.unfollowed += other.unfollowed;
    }
}

/// The evidence of the last hour, in parts of ten minutes of packet time that begin where the clock's do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SlidingHour {
    parts: [(u64, Evidence); PARTS],
}

impl SlidingHour {
    /// The part that `now` falls into; parts from more than an hour ago make room.
    pub(super) fn part(&mut self, now: Timestamp) -> Option<&mut Evidence> {
        let number = part_number(now);
        let place = usize::try_from(number % PARTS as u64).ok()?;
        let (stands_for, evidence) = self.parts.get_mut(place)?;
        if *stands_for != number {
            (*stands_for, *evidence) = (number, Evidence::default());
        }
        Some(evidence)
    }

    /// The sum over the last hour.
    pub(super) fn sum(&self, now: Timestamp) -> Evidence {
        let number = part_number(now);
        let mut sum = Evidence::default();
        for (stands_for, evidence) in &self.parts {
            if stands_for + PARTS as u64 > number {
                sum.add(evidence);
            }
        }
        sum
    }
}

/// Which part of all time `now` falls into.
pub(super) const fn part_number(now: Timestamp) -> u64 {
    now.as_secs() / PART_SECONDS
}

/// `part` of `whole` in thousandths, rounded down; all where there is nothing.
fn permille(part: u64, whole: u64) -> u16 {
    if whole == 0 {
        return ALL;
    }
    let share = u128::from(part) * u128::from(ALL) / u128::from(whole);
    u16::try_from(share).unwrap_or(ALL).min(ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a device with `segments` and as many acknowledgments shows when every `nth` frame is lost.
    fn heartbeats(segments: u64, every: u64) -> Evidence {
        let mut evidence =
            Evidence { packets: 2 * (segments - segments / every), ..Evidence::default() };
        for _ in 0..segments / every {
            evidence.count_missing(0, 60, 1);
        }
        evidence
    }

    fn judged(evidence: &Evidence) -> u16 {
        let mut coverage = Coverage::default();
        evidence.judge_segments(&mut coverage);
        coverage.permille()
    }

    #[test]
    fn two_percent_of_loss_stays_above_95_and_twenty_fall_below_90_percent() {
        for segments in [50, 120, 1_000, 1_000_000] {
            let little = judged(&heartbeats(segments, 50));
            assert!(little >= 950, "{segments}: {little}");
            let much = judged(&heartbeats(segments, 5));
            assert!(much < 900, "{segments}: {much}");
        }
        let mut bulk = Evidence { packets: 900, payload: 800 * 1448, ..Evidence::default() };
        bulk.count_missing(0, 200 * 1448, 150);
        assert!((750..850).contains(&judged(&bulk)), "{}", judged(&bulk));
    }

    #[test]
    fn little_evidence_is_no_verdict() {
        let mut evidence = Evidence { packets: 6, ..Evidence::default() };
        evidence.count_missing(0, 1400, 1);
        assert!(judged(&evidence) >= 950);

        let mut coverage = Coverage::default();
        Evidence { captured: 5, dropped: 5, one_sided: 1, ..evidence }.judge_capture(&mut coverage);
        Evidence { one_sided: 1, ..evidence }.judge_sides(&mut coverage);
        assert_eq!(coverage, Coverage::default());
    }

    #[test]
    fn what_came_late_is_not_lost() {
        let mut evidence = Evidence { packets: 1000, ..Evidence::default() };
        evidence.count_missing(0, 50_000, 1);
        evidence.count_missing(50_000, 0, 0);
        assert_eq!(judged(&evidence), 1000);
    }

    #[test]
    fn an_hour_later_nothing_of_it_counts() {
        let mut hour = SlidingHour::default();
        let at = |minutes: u64| Timestamp::from_parts(1_800_000_000 + minutes * 60, 0);
        for minute in 0..600 {
            hour.part(at(minute)).unwrap().captured += 1;
            let expected = if minute < 60 { minute + 1 } else { 61 + minute % 10 };
            assert_eq!(hour.sum(at(minute)).captured, expected, "{minute}");
        }
        assert_eq!(hour.sum(at(670)).captured, 0);
    }

    #[test]
    fn lost_frames_and_counters_of_the_kernel_say_so() {
        let mut coverage = Coverage::default();
        Evidence { captured: 900, dropped: 100, ..Evidence::default() }
            .judge_capture(&mut coverage);
        assert!(coverage.has(CoverageLimit::KernelDrops));
        assert_eq!(coverage.permille(), 900);

        let ahead =
            Evidence { kernel_bytes: 1_000_000, kernel_bytes_seen: 10_000, ..Evidence::default() };
        ahead.judge_capture(&mut coverage);
        assert!(coverage.has(CoverageLimit::ConntrackAhead));
        assert_eq!(coverage.permille(), 10);
    }
}
