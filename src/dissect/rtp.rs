//! Recognises RTP and RTCP (RFC 3550).
//!
//! Comes in: the datagrams of one direction, one after another. Goes out: a [`Probe`] for each. It reads no media and keeps
//! no payload; the caller keeps an [`RtpTracker`] of a few bytes. RTP inside RTSP over TCP is not looked for.

use super::cursor::Cursor;
use super::verdict::Probe;

/// Bytes of the fixed header, RFC 3550, 5.1.
const HEADER: usize = 12;
/// Datagrams in order that make it certain: one header has but two fixed bits.
const CERTAIN_AFTER: u8 = 4;
/// The largest step from one sequence number to the next that still counts as in order; guards against counters of
/// other protocols in the same place.
const MAX_STEP: u16 = 16;
/// Datagrams after which it is none, if it is not certain by then; guards against other protocols, each of whose
/// datagrams could be a first one. Every fourth may be lost or late.
const MAX_LOOKS: u8 = 32;
/// Sub-packets of a compound that are looked at.
const MAX_PACKETS: usize = 16;
/// RTCP packet types, RFC 3550, 12.1 and RFC 4585, 6.1 and RFC 3611: the first is a sender or receiver report.
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const LAST_TYPE: u8 = 207;

/// What one direction of a flow has shown so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RtpTracker {
    /// Synchronisation source of the last datagram.
    ssrc: u32,
    /// Its sequence number.
    sequence: u16,
    /// Its payload type, 7 bits.
    payload_type: u8,
    /// Datagrams in order, up to [`CERTAIN_AFTER`].
    count: u8,
    /// Datagrams that were looked at, up to [`MAX_LOOKS`].
    looks: u8,
}

impl RtpTracker {
    /// Looks at the next datagram of the direction.
    ///
    /// Certain: a compound of RTCP; or the fourth datagram whose source and payload type are those of the one before
    /// and whose sequence number is a little higher. Unsure: it may be RTP. A repeated datagram counts for nothing, and
    /// there is an end to them.
    pub(crate) fn observe(&mut self, payload: &[u8]) -> Probe {
        if probe_rtcp(payload) == Probe::Certain {
            return Probe::Certain;
        }
        let Some(seen) = Self::of(payload) else {
            *self = Self::default();
            return Probe::NotForUs;
        };
        let same = self.ssrc == seen.ssrc && self.payload_type == seen.payload_type;
        let count = match seen.sequence.wrapping_sub(self.sequence) {
            0 if same => self.count.max(1),
            1..=MAX_STEP if same => self.count.saturating_add(1).min(CERTAIN_AFTER),
            _ => 1,
        };
        *self = Self { count, looks: self.looks.saturating_add(1), ..seen };
        match count {
            CERTAIN_AFTER.. => Probe::Certain,
            _ if self.looks >= MAX_LOOKS => Probe::NotForUs,
            _ => Probe::Unsure,
        }
    }

    /// Reads a header that RFC 3550, A.1 would accept: version 2, sources, extension and padding inside the datagram, and
    /// no payload type that RTCP uses beside it (RFC 5761, 4).
    fn of(payload: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(payload);
        let [first, second] = cursor.array().ok()?;
        let payload_type = second & 0x7f;
        if first >> 6 != 2 || (64..=95).contains(&payload_type) {
            return None;
        }
        let sequence = cursor.u16().ok()?;
        let _time = cursor.u32().ok()?;
        let ssrc = cursor.u32().ok()?;
        cursor.take(4 * usize::from(first & 0x0f)).ok()?;
        if first & 0x10 != 0 {
            let _profile = cursor.u16().ok()?;
            let words = cursor.u16().ok()?;
            cursor.take(4 * usize::from(words)).ok()?;
        }
        let media = cursor.rest();
        if first & 0x20 != 0 {
            let padding = usize::from(*media.last()?);
            if padding == 0 || padding > media.len() {
                return None;
            }
        }
        Some(Self { ssrc, sequence, payload_type, count: 0, looks: 0 })
    }
}

/// Looks at one datagram without memory: unsure when it may be RTP, certain when it is a compound of RTCP.
pub(crate) fn probe(payload: &[u8]) -> Probe {
    if payload.len() < 8 || payload.first().is_some_and(|first| first >> 6 != 2) {
        return Probe::NotForUs;
    }
    let rtp = payload.len() >= HEADER && RtpTracker::of(payload).is_some();
    let rtcp = probe_rtcp(payload);
    if rtp && rtcp == Probe::NotForUs { Probe::Unsure } else { rtcp }
}

/// Looks for a compound of RTCP, checked as RFC 3550, A.2 says: it begins with a report without padding that is long enough
/// for its blocks, and lengths add up to the datagram. Encrypted compounds (RFC 3711) end in more, and are unsure.
pub(crate) fn probe_rtcp(payload: &[u8]) -> Probe {
    let mut cursor = Cursor::new(payload);
    for number in 0..MAX_PACKETS {
        if cursor.is_empty() && number > 0 {
            return Probe::Certain;
        }
        // Behind a first report of the right length, what does not fit may be encryption's own fields.
        let otherwise = if number == 0 { Probe::NotForUs } else { Probe::Unsure };
        let (Ok([first, kind]), Ok(words)) = (cursor.array(), cursor.u16()) else {
            return otherwise;
        };
        let least = match kind {
            SENDER_REPORT => 6 + 6 * u16::from(first & 0x1f),
            RECEIVER_REPORT => 1 + 6 * u16::from(first & 0x1f),
            _ => 0,
        };
        let begins = matches!(kind, SENDER_REPORT | RECEIVER_REPORT) && first & 0x20 == 0;
        let known = (SENDER_REPORT..=LAST_TYPE).contains(&kind) && first >> 6 == 2;
        if !known || (number == 0 && !begins) || words < least {
            return otherwise;
        }
        if cursor.take(4 * usize::from(words)).is_err() {
            return otherwise;
        }
    }
    Probe::Unsure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn four_datagrams_in_order_are_certain() {
        let mut tracker = RtpTracker::default();
        let seen: Vec<_> = [65534, 65535, 0, 2].map(|at| tracker.observe(&rtp(96, at, 7))).to_vec();

        assert_eq!(seen, [Probe::Unsure, Probe::Unsure, Probe::Unsure, Probe::Certain]);
        assert!(size_of::<RtpTracker>() <= 16);
    }

    #[test]
    fn another_source_a_leap_and_a_repetition_do_not_count() {
        let mut tracker = RtpTracker::default();
        for datagram in [rtp(96, 1, 7), rtp(96, 2, 8), rtp(0, 3, 8), rtp(0, 900, 8), rtp(0, 899, 8)]
        {
            assert_eq!(tracker.observe(&datagram), Probe::Unsure);
        }
        for _ in 0..9 {
            assert_eq!(tracker.observe(&rtp(0, 900, 8)), Probe::Unsure);
        }
    }

    #[test]
    fn what_could_be_a_first_datagram_each_time_is_none_in_the_end() {
        let mut tracker = RtpTracker::default();
        let looks =
            (0..200).take_while(|ssrc| tracker.observe(&rtp(96, 1, *ssrc)) == Probe::Unsure);

        assert_eq!(looks.count(), usize::from(MAX_LOOKS) - 1);
    }

    #[test]
    fn headers_that_contradict_the_standard_are_not_for_us() {
        let mut sources = rtp(0, 1, 7);
        sources[0] |= 0x0f;
        let mut padding = rtp(0, 1, 7);
        padding[0] |= 0x20;
        *padding.last_mut().unwrap() = 200;
        let mut extension = rtp(0, 1, 7);
        extension[0] |= 0x10;
        for datagram in [&sources, &padding, &extension, &rtp(72, 1, 7), &vec![0x40; 40], &vec![]] {
            assert_eq!(probe(datagram), Probe::NotForUs, "{datagram:?}");
            assert_eq!(RtpTracker::default().observe(datagram), Probe::NotForUs);
        }
        assert_eq!(probe(&rtp(0, 1, 7)), Probe::Unsure);
    }

    #[test]
    fn a_compound_of_rtcp_is_certain_at_once() {
        assert_eq!(probe(&compound()), Probe::Certain);
        assert_eq!(RtpTracker::default().observe(&compound()), Probe::Certain);
        let mut encrypted = compound();
        encrypted.extend_from_slice(&[0x80, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
        assert_eq!(probe(&encrypted), Probe::Unsure);
        let mut blocks = compound();
        blocks[0] |= 1;
        assert_eq!(probe(&blocks), Probe::NotForUs, "no room for the report block");
        assert_eq!(probe(&compound()[28..]), Probe::NotForUs, "begins with SDES");
    }

    #[test]
    fn damaged_datagrams_are_survived() {
        for_each_mutant(&compound(), |bytes| {
            let mut tracker = RtpTracker::default();
            let _probes = (probe(bytes), tracker.observe(bytes));
        });
    }

    // Our own construction from RFC 3550, 5.1.
    fn rtp(payload_type: u8, sequence: u16, ssrc: u32) -> Vec<u8> {
        let mut bytes = vec![0x80, payload_type];
        bytes.extend_from_slice(&sequence.to_be_bytes());
        bytes.extend_from_slice(&[0, 0, 3, 0xe8]);
        bytes.extend_from_slice(&ssrc.to_be_bytes());
        bytes.resize(40, 0xd5);
        bytes
    }

    // A sender report and a source description, RFC 3550, 6.4.1 and 6.5.
    fn compound() -> Vec<u8> {
        let mut bytes = vec![0x80, SENDER_REPORT, 0, 6];
        bytes.resize(28, 1);
        bytes.extend_from_slice(b"\x81\xca\0\x03\0\0\0\x07\x01\x04host\0\0");
        bytes
    }
}
