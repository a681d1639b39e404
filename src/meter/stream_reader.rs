//! Reads what the two sides of a TCP stream say, message by message.
//!
//! Comes in: segments. Goes out: messages, through the talk of the flow. Bounded by what a head may take, by a
//! budget in all and for each host, and by looks: a side that says nothing of ours is not looked at again.
//!
//! Left out are segments that will not pass on from here because their TTL ends, where the SYN's did not
//! (Ptacek and Newsham, "Insertion, Evasion, and Denial of Service", 1998, 4.1).

use std::net::IpAddr;

use super::MeterStats;
use super::flow_slot::{FlowSlot, Reading, Side};
use super::head_reader::HeadReader;
use super::talk::Talk;
use crate::decode::{TcpFlags, TcpHeader};
use crate::dissect::{Message, Next, StreamMessage, StreamPlace, StreamVerdict};
use crate::flow::{Orientation, Role, StreamHead, StreamPush};

/// Offers of a growing head; afterwards more has to come in between. Guards against a head that
/// comes byte by byte, each of which would have it read anew.
const PROMPT_OFFERS: u32 = 32;

/// Bytes that have to come between later offers.
const OFFER_STEP: usize = 1024;

/// Segments of a side that are looked at for the beginning of a message: other words may come first (a proxy's, or
/// those of a protocol that turns into TLS), and a stream may have been joined midway.
const LOOKS: u8 = 8;

/// The same behind a message whose end cannot be told, or behind a gap.
const LOOKS_BEHIND: u8 = 64;

/// A TCP segment, as far as its bytes were captured, and its place in its flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) header: TcpHeader,
    pub(super) payload: &'a [u8],
    /// The capture holds fewer bytes than were sent.
    pub(super) cut: bool,
    pub(super) ttl: u8,
    pub(super) source: IpAddr,
    pub(super) sender: Role,
    /// The SYN was seen, so that `sender` is certain.
    pub(super) saw_syn: bool,
    pub(super) orientation: Orientation,
}

impl Segment<'_> {
    /// The sequence number behind its payload, which begins with `sequence`.
    fn end(&self, sequence: u32) -> u32 {
        sequence.wrapping_add(to_u32(self.payload.len()))
    }

    fn place(&self, talk: &Talk) -> StreamPlace {
        let TcpHeader { source_port, destination_port, .. } = self.header;
        let from_initiator = self.sender == Role::Initiator;
        let without_body = !from_initiator && talk.answers_head();
        StreamPlace { from_initiator, source_port, destination_port, without_body }
    }
}

/// Where a message begins, or may begin.
#[derive(Clone, Copy)]
struct Start {
    /// The sequence number of its first byte.
    base: u32,
    /// Segments that are still looked at when it turns out to be nothing.
    scans_left: u8,
    /// What is broken there counts: a message is due.
    counts: bool,
    /// The SYN could travel on from here.
    far: bool,
}

/// What came of bytes that stand in order.
struct Consumed {
    /// Where the next message begins; may be behind the bytes.
    at: usize,
    end: End,
}

/// Why no more was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The next message stands further on.
    Further,
    /// A message is there in part.
    Incomplete,
    /// The next message begins with some later segment.
    Somewhere,
    /// What stands there is nothing of ours, or broken.
    Nothing,
    /// Nothing more of this side is worth reading.
    Over,
}

impl HeadReader {
    /// Takes in a segment; what could be read is in [`HeadReader::read`] then.
    pub(super) fn read_segment(
        &mut self,
        slot: &mut FlowSlot,
        segment: &Segment<'_>,
        stats: &mut MeterStats,
    ) {
        let (side, other, talk) = slot.side(segment.orientation);
        let mut sequence = segment.header.sequence;
        if segment.header.flags.contains(TcpFlags::SYN) {
            sequence = sequence.wrapping_add(1);
            if matches!(side, Side::Unseen | Side::Expected { .. }) {
                *side = Side::Expected { first: sequence, far: segment.ttl > 1 };
            }
        }
        if segment.payload.is_empty() || matches!(side, Side::Done) {
            return;
        }
        if segment.ttl <= 1 && side.is_far() {
            stats.segments_left_out += 1;
            return;
        }
        self.read_side(side, talk, sequence, segment, stats);
        match segment.sender {
            Role::Initiator if self.read.iter().any(|read| is_request(&read.message)) => {
                await_answer(other, side.is_far(), segment.header.acknowledgment);
            }
            Role::Responder if matches!(side, Side::Done) => {
                talk.flush(&mut self.budget, &mut self.read);
            }
            Role::Initiator | Role::Responder => {}
        }
    }

    fn read_side(
        &mut self,
        side: &mut Side,
        talk: &mut Talk,
        sequence: u32,
        segment: &Segment<'_>,
        stats: &mut MeterStats,
    ) {
        let far = side.is_far();
        let start = match side {
            // A keep-alive repeats the last byte that was acknowledged (RFC 9293, 3.8.4).
            Side::Unseen if segment.payload.len() == 1 => return,
            Side::Unseen => Start { base: sequence, scans_left: LOOKS, counts: false, far },
            Side::Expected { first, .. } => {
                Start { base: *first, scans_left: LOOKS, counts: true, far }
            }
            Side::Skipping { next, .. } => {
                if !is_ahead(segment.end(sequence), *next) {
                    return;
                }
                Start { base: *next, scans_left: LOOKS_BEHIND, counts: true, far }
            }
            Side::Scanning { seen, .. } if !is_ahead(segment.end(sequence), *seen) => return,
            Side::Scanning { left, .. } => {
                let scans_left = left.saturating_sub(1);
                Start { base: sequence, scans_left, counts: false, far }
            }
            Side::Reading(_) => return self.read_on(side, talk, sequence, segment, stats),
            Side::Datagrams { .. } | Side::Quic(_) | Side::Rtp(_) | Side::Done => return,
        };
        if is_ahead(sequence, start.base) {
            // Something is missing in front.
            if self.begin_head(side, start, segment, (talk, 0), stats) {
                self.read_on(side, talk, sequence, segment, stats);
            }
            return;
        }
        let seen = segment.end(sequence);
        // The common case: whole messages stand in one segment, and nothing is copied.
        let skip = start.base.wrapping_sub(sequence) as usize;
        let bytes = segment.payload.get(skip..).unwrap_or_default();
        if bytes.is_empty() {
            return;
        }
        let consumed = self.consume(bytes, talk, segment, start.counts, stats);
        let next = start.base.wrapping_add(to_u32(consumed.at));
        *side = match consumed.end {
            End::Further => Side::Skipping { next, far },
            End::Somewhere => scanning(LOOKS_BEHIND, far, seen),
            End::Over => Side::Done,
            End::Nothing if consumed.at > 0 => scanning(LOOKS_BEHIND, far, seen),
            End::Nothing => scanning(start.scans_left, far, seen),
            End::Incomplete => {
                let rest = bytes.get(consumed.at..).unwrap_or_default();
                if segment.cut {
                    let place = segment.place(talk);
                    self.read_partial(rest, talk, place, segment.source);
                    scanning(LOOKS_BEHIND, far, seen)
                } else {
                    let start = Start { base: next, ..start };
                    if self.begin_head(side, start, segment, (talk, rest.len()), stats)
                        && let Side::Reading(reading) = side
                    {
                        reading.head.push(next, rest);
                        self.settle_budget(side, talk, stats);
                    }
                    return;
                }
            }
        };
    }

    /// Begins to put a head together, if there is room for it. `offered` bytes of it were already looked at.
    fn begin_head(
        &mut self,
        side: &mut Side,
        start: Start,
        segment: &Segment<'_>,
        (talk, offered): (&Talk, usize),
        stats: &mut MeterStats,
    ) -> bool {
        if !self.budget.has_room(segment.source) {
            stats.heads_refused += 1;
            *side = Side::Done;
            return false;
        }
        *side = Side::Reading(Box::new(Reading {
            head: StreamHead::new(start.base, self.max_head_bytes),
            host: segment.source,
            place: segment.place(talk),
            counted: 0,
            offers: u32::from(offered > 0),
            next_offer: offered + 1,
            scans_left: start.scans_left,
            counts: start.counts,
            far: start.far,
        }));
        true
    }

    /// Adds a segment to a head, and reads what has become whole.
    fn read_on(
        &mut self,
        side: &mut Side,
        talk: &mut Talk,
        sequence: u32,
        segment: &Segment<'_>,
        stats: &mut MeterStats,
    ) {
        let seen = segment.end(sequence);
        let Side::Reading(reading) = side else { return };
        let pushed = reading.head.push(sequence, segment.payload);
        if !self.settle_budget(side, talk, stats) {
            return;
        }
        let Side::Reading(reading) = side else { return };
        let is_last = match pushed {
            StreamPush::Unchanged => return,
            StreamPush::Grown => segment.cut,
            StreamPush::Full => true,
        };
        let length = reading.head.bytes().len();
        if length < reading.next_offer && !is_last {
            return;
        }
        let counts = reading.counts;
        let consumed = self.consume(reading.head.bytes(), talk, segment, counts, stats);
        if consumed.at > 0 {
            reading.head.advance(consumed.at);
            reading.offers = 0;
        }
        reading.offers += 1;
        let length = reading.head.bytes().len();
        let far = reading.far;
        reading.next_offer =
            if reading.offers < PROMPT_OFFERS { length + 1 } else { length + OFFER_STEP };
        let next = match consumed.end {
            End::Further if reading.head.is_empty() => {
                Side::Skipping { next: reading.head.base(), far }
            }
            End::Further | End::Incomplete if !is_last => {
                self.settle_budget(side, talk, stats);
                return;
            }
            End::Further | End::Incomplete => {
                self.read_partial(reading.head.bytes(), talk, reading.place, reading.host);
                scanning(LOOKS_BEHIND, far, seen)
            }
            End::Somewhere => scanning(LOOKS_BEHIND, far, seen),
            End::Nothing if consumed.at > 0 => scanning(LOOKS_BEHIND, far, seen),
            End::Nothing => scanning(reading.scans_left, far, seen),
            End::Over => Side::Done,
        };
        self.close(side);
        *side = next;
    }

    /// Reads message after message of bytes that stand in order.
    fn consume(
        &mut self,
        bytes: &[u8],
        talk: &mut Talk,
        segment: &Segment<'_>,
        counts: bool,
        stats: &mut MeterStats,
    ) -> Consumed {
        let mut at = 0;
        loop {
            let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else {
                return Consumed { at, end: End::Further };
            };
            let (known, place) = (talk.protocol(), segment.place(talk));
            let end = match self.dissector.stream(rest, place, known) {
                // Who was asked asks nothing: it could name for others what they never asked for.
                StreamVerdict::Read(
                    StreamMessage::TlsHello(_) | StreamMessage::HttpRequest(_),
                    _,
                ) if segment.saw_syn && segment.sender == Role::Responder => End::Over,
                StreamVerdict::Read(message, next) => {
                    self.take_in(talk, place, segment.source, message);
                    match next {
                        Next::After(length) => {
                            at = at.saturating_add(length.max(1));
                            continue;
                        }
                        // Behind the request for a tunnel another protocol follows.
                        Next::Nothing if !talk.tunnels() => End::Over,
                        Next::Nothing | Next::AnySegment => End::Somewhere,
                    }
                }
                StreamVerdict::NeedMore => End::Incomplete,
                StreamVerdict::NotForUs => End::Nothing,
                StreamVerdict::Malformed(error) => {
                    if counts {
                        stats.count_dissect_error(error);
                    }
                    End::Nothing
                }
            };
            return Consumed { at, end };
        }
    }
}

/// Lets a side be looked at again that was given up behind a body whose end could not be told: it was asked once
/// more, and what it says to that stands behind what the asking side has `acknowledged`. `far`: the SYN of that side could
/// travel on from here.
fn await_answer(side: &mut Side, far: bool, acknowledged: u32) {
    match side {
        Side::Scanning { left, .. } => *left = LOOKS_BEHIND,
        Side::Done => *side = scanning(LOOKS_BEHIND, far, acknowledged),
        Side::Unseen
        | Side::Expected { .. }
        | Side::Reading(_)
        | Side::Skipping { .. }
        | Side::Datagrams { .. }
        | Side::Quic(_)
        | Side::Rtp(_) => {}
    }
}

const fn is_request(message: &Message) -> bool {
    matches!(message, Message::HttpRequest(_))
}

/// A side of which `left` segments more are looked at, unless they repeat what came before `seen`.
fn scanning(left: u8, far: bool, seen: u32) -> Side {
    match left {
        0 => Side::Done,
        left => Side::Scanning { left, far, seen },
    }
}

/// Tells whether sequence number `a` is ahead of `b` (RFC 9293, 3.4: numbers wrap).
const fn is_ahead(a: u32, b: u32) -> bool {
    let distance = a.wrapping_sub(b);
    distance != 0 && distance < 1 << 31
}

/// No segment is longer than 4 GiB; the numbers of longer skips wrap as the numbers on the wire do.
fn to_u32(length: usize) -> u32 {
    u32::try_from(length & 0xffff_ffff).unwrap_or(u32::MAX)
}
