//! Reads the first bytes of a flow, and keeps what has to wait for more of them.

use std::sync::Arc;

use super::{Config, FlowHead, MeterStats};
use crate::decode::{TcpFlags, TcpHeader};
use crate::dissect::{Message, StreamVerdict, dissect_partial_stream, dissect_stream};
use crate::flow::{Orientation, StreamHead, StreamPush};

/// What a meter keeps with a flow while its head is unread, and of what it said.
#[derive(Debug, Default)]
pub(super) struct HeadSlot {
    ascending: Side,
    descending: Side,
    /// What the head said.
    pub(super) head: Option<Arc<FlowHead>>,
}

/// One direction of a stream.
#[derive(Debug, Default)]
enum Side {
    /// Nothing was seen of it; where it begins is not known.
    #[default]
    Unseen,
    /// Its SYN was seen: the sequence number of its first byte.
    Expected(u32),
    /// Some bytes are there, and more are needed.
    Reading(Box<Reading>),
    /// Nothing more can come of it.
    Done,
}

/// A head that is being put together.
#[derive(Debug)]
struct Reading {
    head: StreamHead,
    /// How often it was offered to the dissector.
    offers: u32,
    /// Once it was offered often, its length at the next offer.
    next_offer: usize,
}

/// Offers of a growing head; afterwards it has to double in between. Guards against a head that
/// comes byte by byte, each of which would have it read anew.
const PROMPT_OFFERS: u32 = 32;

impl Reading {
    fn new(base: u32, limit: usize) -> Self {
        Self { head: StreamHead::new(base, limit), offers: 0, next_offer: 0 }
    }

    /// Offers what is there to the dissector, unless that was done often and too little has come since.
    fn offer(&mut self) -> StreamVerdict {
        let length = self.head.bytes().len();
        if length < self.next_offer {
            return StreamVerdict::NeedMore;
        }
        self.offers += 1;
        if self.offers >= PROMPT_OFFERS {
            self.next_offer = length.saturating_mul(2);
        }
        dissect_stream(self.head.bytes())
    }
}

/// A TCP segment, as far as its bytes were captured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) header: TcpHeader,
    pub(super) payload: &'a [u8],
    /// The capture holds fewer bytes than were sent.
    pub(super) cut: bool,
}

/// Memory that the stream heads of a meter hold.
#[derive(Debug, Default)]
pub(super) struct HeadsBudget {
    held: usize,
}

impl HeadSlot {
    /// Takes in a segment; gives the message that its side began with, once that is whole.
    pub(super) fn read_segment(
        &mut self,
        orientation: Orientation,
        segment: Segment<'_>,
        config: &Config,
        budget: &mut HeadsBudget,
        stats: &mut MeterStats,
    ) -> Option<Message> {
        let (side, other) = match orientation {
            Orientation::Ascending => (&mut self.ascending, &mut self.descending),
            Orientation::Descending => (&mut self.descending, &mut self.ascending),
        };
        let flags = segment.header.flags;
        let mut sequence = segment.header.sequence;
        if flags.contains(TcpFlags::SYN) {
            sequence = sequence.wrapping_add(1);
            match (&side, flags.contains(TcpFlags::ACK)) {
                // Who answers a SYN is not asked: only the initiator's first bytes are read.
                (Side::Unseen, true) => *side = Side::Done,
                (Side::Unseen, false) => {
                    *side = Side::Expected(sequence);
                    other.close(budget);
                }
                (Side::Expected(_) | Side::Reading(_) | Side::Done, _) => {}
            }
        }
        if segment.payload.is_empty() || matches!(side, Side::Done) {
            return None;
        }
        let read = side.read(sequence, segment, config, budget, stats);
        if read.is_some() {
            side.close(budget);
            other.close(budget);
        }
        read
    }

    /// Gives what can be read of a head that will never be whole, because the flow ended.
    pub(super) fn give_up(&mut self, budget: &mut HeadsBudget) -> Option<Message> {
        let mut read = None;
        for side in [&mut self.ascending, &mut self.descending] {
            if let Side::Reading(reading) = side
                && read.is_none()
            {
                read = dissect_partial_stream(reading.head.bytes());
            }
            side.close(budget);
        }
        read
    }

    /// Notes what a message says about the whole flow; tells whether that is new.
    pub(super) fn note(&mut self, message: &Message) -> bool {
        if self.head.is_some() {
            return false;
        }
        let (sni, http_host) = match message {
            Message::Tls(hello) => (hello.sni.as_deref().map(Arc::from), None),
            Message::Http(request) => {
                (None, request.host.as_deref().map(|host| Arc::from(strip_port(host))))
            }
            Message::Dns(_) | Message::Dhcp(_) | Message::Sadp(_) => (None, None),
        };
        self.head = Some(Arc::new(FlowHead { protocol: message.protocol(), sni, http_host }));
        true
    }
}

impl Side {
    fn read(
        &mut self,
        sequence: u32,
        segment: Segment<'_>,
        config: &Config,
        budget: &mut HeadsBudget,
        stats: &mut MeterStats,
    ) -> Option<Message> {
        let begins_here = match self {
            Self::Unseen => true,
            Self::Expected(first) => *first == sequence,
            Self::Reading(_) | Self::Done => false,
        };
        if begins_here {
            // The common case: the whole message stands in one segment, and nothing is copied.
            let verdict = dissect_stream(segment.payload);
            if segment.cut || !matches!(verdict, StreamVerdict::NeedMore) {
                return self.settle(verdict, segment.payload, budget, stats);
            }
        }
        if !matches!(self, Self::Reading(_)) {
            if budget.held >= config.heads_budget {
                stats.heads_refused += 1;
                *self = Self::Done;
                return None;
            }
            let base = match self {
                Self::Expected(first) => *first,
                Self::Unseen | Self::Reading(_) | Self::Done => sequence,
            };
            *self = Self::Reading(Box::new(Reading::new(base, config.max_head_bytes)));
        }
        let Self::Reading(reading) = self else { return None };
        let before = reading.head.held();
        let pushed = reading.head.push(sequence, segment.payload);
        budget.held = (budget.held + reading.head.held()).saturating_sub(before);
        if budget.held > config.heads_budget {
            // One head may have grown beyond what is left: it is read as far as it goes.
            stats.heads_refused += 1;
            let read = dissect_partial_stream(reading.head.bytes());
            self.close(budget);
            return read;
        }
        let verdict = match pushed {
            StreamPush::Unchanged => return None,
            StreamPush::Grown => reading.offer(),
            StreamPush::Full => match dissect_stream(reading.head.bytes()) {
                StreamVerdict::NeedMore => dissect_partial_stream(reading.head.bytes())
                    .map_or(StreamVerdict::NotForUs, StreamVerdict::Read),
                verdict @ (StreamVerdict::Read(_)
                | StreamVerdict::NotForUs
                | StreamVerdict::Malformed(_)) => verdict,
            },
        };
        match verdict {
            StreamVerdict::NeedMore if !segment.cut => None,
            StreamVerdict::NeedMore => {
                let read = dissect_partial_stream(reading.head.bytes());
                self.close(budget);
                read
            }
            verdict @ (StreamVerdict::Read(_)
            | StreamVerdict::NotForUs
            | StreamVerdict::Malformed(_)) => self.settle(verdict, &[], budget, stats),
        }
    }

    /// Ends the reading of this side with what came of it.
    fn settle(
        &mut self,
        verdict: StreamVerdict,
        bytes: &[u8],
        budget: &mut HeadsBudget,
        stats: &mut MeterStats,
    ) -> Option<Message> {
        self.close(budget);
        match verdict {
            StreamVerdict::Read(message) => Some(message),
            StreamVerdict::NeedMore => dissect_partial_stream(bytes),
            StreamVerdict::NotForUs => None,
            StreamVerdict::Malformed(error) => {
                stats.count_dissect_error(error);
                None
            }
        }
    }

    fn close(&mut self, budget: &mut HeadsBudget) {
        if let Self::Reading(reading) = self {
            budget.held = budget.held.saturating_sub(reading.head.held());
        }
        *self = Self::Done;
    }
}

/// The host of an HTTP Host field, RFC 9110, 7.2: `host`, `host:port`, `[v6]:port`.
fn strip_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            if name.contains(':') && !name.starts_with('[') {
                host
            } else {
                name
            }
        }
        Some(_) | None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::FlowEntry;

    #[test]
    fn a_flow_and_its_slot_fit_into_four_cache_lines() {
        let size = size_of::<Option<FlowEntry<HeadSlot>>>();
        assert!(size <= 256, "{size}");
    }

    #[test]
    fn a_port_is_no_part_of_a_host() {
        for (field, host) in [
            ("example.com", "example.com"),
            ("example.com:8080", "example.com"),
            ("[2001:db8::1]:80", "[2001:db8::1]"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(strip_port(field), host);
        }
    }
}
