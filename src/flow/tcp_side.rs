//! One direction of a TCP conversation: its flags, and the payload that passed by unseen.
//!
//! Comes in: the flags and numbers of each segment (RFC 9293, 3.4). Goes out: all flags; bytes that the numbers passed
//! over or that the far end acknowledged, and that no segment showed. It keeps no list of holes: what arrives late is
//! taken away from the sum, so that a capture that lost nothing counts nothing, and one with losses rather too little
//! than too much.

use crate::decode::TcpFlags;

/// Numbers further from the expected one than this are of another conversation, or forged: they are followed, and
/// nothing is counted for them. No window is larger (RFC 7323, 2.3); what hardware forwarded by itself may be, until
/// the FIN that it leaves to the kernel.
const PLAUSIBLE: u32 = 1 << 30;

/// A SYN this little behind the expected number is a late or repeated one.
const REPEATED_SYN: u32 = 1 << 20;

/// A terabyte is counted, more is not.
const MOST_MISSING: u64 = (1 << 40) - 1;

/// The longest segment that may be a probe, which repeats a byte or none (RFC 9293, 3.8.4 and 3.8.6.1).
const PROBE_LEN: u32 = 1;

/// Where one direction has got to, and what it was never seen to carry. Twelve bytes: there are two in each flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TcpSide {
    /// The lower 32 of 40 bits, and the others.
    missing_low: u32,
    missing_high: u8,
    holes: u8,
    anchor: Anchor,
    flags: TcpFlags,
    /// The number after the highest one that is known to have passed.
    next: u32,
}

/// How much is known of where a direction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Anchor {
    /// Nothing.
    #[default]
    None,
    /// What the other end had received at some time; more may have been under way.
    Acknowledged,
    /// The end of a segment that was seen.
    Seen,
}

impl TcpSide {
    /// Payload bytes that passed unseen.
    pub(super) const fn missing(self) -> u64 {
        (self.missing_high as u64) << 32 | self.missing_low as u64
    }

    /// How often some did, modulo 256.
    pub(super) const fn holes(self) -> u8 {
        self.holes
    }

    /// Any of its bytes, to have it near.
    #[inline]
    pub(super) const fn touch(&self) -> u64 {
        self.next as u64
    }

    /// All flags of its segments.
    pub(super) const fn flags(self) -> TcpFlags {
        self.flags
    }

    /// Takes in the flags of a segment.
    pub(super) const fn observe_flags(&mut self, flags: TcpFlags) {
        self.flags = self.flags.union(flags);
    }

    /// Takes in a segment of this direction that takes up `len` numbers; SYN and FIN take up one each.
    #[inline]
    pub(super) const fn segment(&mut self, sequence: u32, len: u32) {
        let end = sequence.wrapping_add(len);
        if sequence == self.next && matches!(self.anchor, Anchor::Seen) {
            self.next = end;
        } else {
            self.segment_elsewhere(sequence, len, end);
        }
    }

    /// Takes in a number that the other end acknowledged: everything before it arrived there.
    #[inline]
    pub(super) const fn acknowledged(&mut self, number: u32) {
        if self.next.wrapping_sub(number) >= PLAUSIBLE || matches!(self.anchor, Anchor::None) {
            self.acknowledged_elsewhere(number);
        }
    }

    /// Takes in a SYN of this direction: its number says where the direction begins.
    #[cold]
    pub(super) const fn synchronise(&mut self, sequence: u32, len: u32) {
        let end = sequence.wrapping_add(len);
        if matches!(self.anchor, Anchor::None) || self.next.wrapping_sub(end) > REPEATED_SYN {
            self.next = end;
        }
        self.anchor = Anchor::Seen;
    }

    /// Takes in a segment of which only a part was read: the next one says anew where the direction stands.
    #[cold]
    pub(super) const fn lose_place(&mut self) {
        self.anchor = Anchor::None;
    }

    #[cold]
    const fn segment_elsewhere(&mut self, sequence: u32, len: u32, end: u32) {
        let ahead = sequence.wrapping_sub(self.next);
        let behind = self.next.wrapping_sub(sequence);
        match self.anchor {
            Anchor::None => self.next = end,
            Anchor::Acknowledged | Anchor::Seen if behind != 0 && behind < PLAUSIBLE => {
                if len > PROBE_LEN {
                    let repeated = if len < behind { len } else { behind };
                    self.set_missing(self.missing().saturating_sub(repeated as u64));
                }
                if len > behind {
                    self.next = end;
                }
            }
            // What was under way when the capture began is not a hole.
            Anchor::Acknowledged => self.next = end,
            Anchor::Seen => {
                if ahead < PLAUSIBLE {
                    self.skip(ahead);
                }
                self.next = end;
            }
        }
        self.anchor = Anchor::Seen;
    }

    #[cold]
    const fn acknowledged_elsewhere(&mut self, number: u32) {
        let ahead = number.wrapping_sub(self.next);
        match self.anchor {
            Anchor::None => self.anchor = Anchor::Acknowledged,
            Anchor::Acknowledged | Anchor::Seen if ahead < PLAUSIBLE => {
                self.skip(ahead);
            }
            Anchor::Acknowledged | Anchor::Seen => {}
        }
        self.next = number;
    }

    const fn skip(&mut self, bytes: u32) {
        if bytes > 0 {
            self.holes = self.holes.wrapping_add(1);
            self.set_missing(self.missing() + bytes as u64);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the number is taken apart")]
    const fn set_missing(&mut self, bytes: u64) {
        let bytes = if bytes > MOST_MISSING { MOST_MISSING } else { bytes };
        self.missing_low = bytes as u32;
        self.missing_high = (bytes >> 32) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers as a list of steps: what was missing after each.
    fn track(start: u32) -> TcpSide {
        let mut track = TcpSide::default();
        track.synchronise(start, 1);
        track
    }

    #[test]
    fn a_gapless_direction_misses_nothing_also_where_the_numbers_wrap() {
        let mut sent = track(u32::MAX - 700);
        let mut sequence = u32::MAX - 699;
        for _ in 0..10 {
            sent.segment(sequence, 500);
            sequence = sequence.wrapping_add(500);
            sent.acknowledged(sequence);
        }
        assert_eq!(sent.missing(), 0);
    }

    #[test]
    fn numbers_that_were_passed_over_are_missing() {
        for start in [0, u32::MAX - 600] {
            let mut sent = track(start);
            sent.segment(start.wrapping_add(1), 500);
            sent.segment(start.wrapping_add(1001), 500);
            assert_eq!(sent.missing(), 500, "from {start}");
        }
    }

    #[test]
    fn an_acknowledgment_of_what_was_never_seen_is_missing() {
        let mut sent = track(9);
        sent.acknowledged(10);
        assert_eq!(sent.missing(), 0, "the SYN");
        sent.acknowledged(5010);
        assert_eq!(sent.missing(), 5000);
        sent.acknowledged(5010);
        sent.acknowledged(2000);
        assert_eq!(sent.missing(), 5000, "repeated and old acknowledgments say nothing new");
    }

    #[test]
    fn what_comes_late_is_no_longer_missing() {
        let mut sent = track(0);
        sent.segment(1001, 1000);
        assert_eq!(sent.missing(), 1000);
        sent.segment(1, 400);
        assert_eq!(sent.missing(), 600);
        sent.segment(401, 1600);
        assert_eq!(sent.missing(), 0, "a longer repetition takes away no more than was missing");
        sent.segment(1501, 1000);
        assert_eq!((sent.missing(), sent.next), (0, 2501), "a segment may repeat and go on");
    }

    #[test]
    fn a_direction_joined_midway_begins_at_the_first_number_that_is_seen() {
        let mut by_segment = TcpSide::default();
        by_segment.segment(70_000, 100);
        by_segment.segment(70_100, 100);
        assert_eq!(by_segment.missing(), 0);

        let mut by_acknowledgment = TcpSide::default();
        by_acknowledgment.acknowledged(70_000);
        assert_eq!(by_acknowledgment.missing(), 0);
        by_acknowledgment.segment(90_000, 100);
        assert_eq!(by_acknowledgment.missing(), 0, "20 kB were under way before");
        by_acknowledgment.segment(90_200, 100);
        assert_eq!(by_acknowledgment.missing(), 100);

        let mut one_sided = TcpSide::default();
        one_sided.acknowledged(70_000);
        one_sided.acknowledged(71_000);
        assert_eq!(one_sided.missing(), 1000);
    }

    #[test]
    fn keep_alive_and_window_probes_change_nothing() {
        let mut sent = track(0);
        sent.segment(1, 100);
        sent.segment(301, 100);
        let missing = sent.missing();
        for (sequence, len) in [(400, 0), (400, 1), (401, 0)] {
            sent.segment(sequence, len);
            assert_eq!((sent.missing(), sent.next), (missing, 401), "{sequence}+{len}");
        }
        sent.segment(401, 1);
        sent.segment(401, 1);
        sent.segment(401, 500);
        assert_eq!(sent.missing(), missing - 1, "a probe with the next byte that was not taken");
        assert_eq!(sent.next, 901);
    }

    #[test]
    fn each_hole_counts_once_and_bytes_up_to_a_bound() {
        let mut sent = track(0);
        sent.segment(1, 100);
        let mut next: u32 = 101;
        for _ in 0..4 * 256 + 76 {
            next = next.wrapping_add((1 << 30) - 1);
            sent.acknowledged(next);
        }
        assert_eq!((sent.missing(), sent.holes()), (MOST_MISSING, 76));
        sent.segment(next, 100);
        assert_eq!(sent.holes(), 76);
        sent.segment(next.wrapping_sub(1000), 1000);
        assert_eq!(sent.missing(), MOST_MISSING - 1000);
    }

    #[test]
    fn wild_numbers_count_nothing_and_the_direction_finds_back() {
        let mut sent = track(0);
        sent.segment(1, 100);
        for wild in [(1 << 30) + 200, 1 << 31, u32::MAX - (1 << 30)] {
            sent.segment(wild, 100);
            sent.segment(101, 0);
            sent.acknowledged(wild);
            sent.acknowledged(101);
        }
        sent.segment(101, 100);
        assert_eq!((sent.missing(), sent.next), (0, 201));
    }

    #[test]
    fn a_syn_with_other_numbers_begins_anew_and_a_repeated_one_does_not() {
        let mut sent = track(100);
        sent.segment(101, 1000);
        sent.synchronise(100, 1);
        sent.segment(1101, 1000);
        assert_eq!(sent.missing(), 0);

        sent.synchronise(3_000_000_000, 1);
        sent.segment(3_000_000_001, 10);
        assert_eq!(sent.missing(), 0);
    }

    #[test]
    fn after_a_part_of_a_segment_nothing_is_missing() {
        let mut sent = track(0);
        sent.segment(1, 100);
        sent.lose_place();
        sent.segment(3001, 100);
        assert_eq!(sent.missing(), 0);
        sent.segment(3201, 100);
        assert_eq!(sent.missing(), 100);
    }
}
