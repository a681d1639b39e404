//! One TCP conversation, both ends of it.
//!
//! Comes in: what each side says, and pauses. Goes out: segments with right sequence numbers into
//! the outbox, as seen on the segment at home: what a host at home answers follows at once, what a
//! server outside answers follows after the round trip. Nothing is lost or sent twice. RFC 9293.

use std::time::Duration;

use super::frame_builder::Segment;
use super::outbox::{Outbox, Place};
use super::station::End;
use crate::net::Timestamp;

/// Payload of a full segment: 1500 octets less 40 of headers, less 60 that IPv6 may need.
const SEGMENT_SIZE: usize = 1400;
/// Full segments that one side sends before the other acknowledges.
const SEGMENTS_PER_ACKNOWLEDGMENT: usize = 2;
/// Time between two segments of one burst.
const GAP: Duration = Duration::from_micros(120);
/// Time after which something unheard is said again the first time (RFC 6298, 2.1).
const FIRST_TIMEOUT: Duration = Duration::from_secs(1);
const WINDOW: u16 = 64_240;
/// Maximum segment size 1460, SACK permitted, no-operations (RFC 9293, 3.2; RFC 2018).
const SYN_OPTIONS: [u8; 8] = [2, 4, 5, 0xb4, 4, 2, 1, 1];

/// Which end speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one that began.
    Client,
    /// The one that was asked.
    Server,
}

/// A conversation that was opened, and the time that it has reached.
#[derive(Debug, Clone)]
pub(crate) struct TcpConversation {
    client: End,
    server: End,
    client_next: u32,
    server_next: u32,
    round_trip: Duration,
    now: Timestamp,
}

impl TcpConversation {
    /// Shakes hands at `at`.
    pub(crate) fn open(
        outbox: &mut Outbox,
        at: Timestamp,
        client: End,
        server: End,
        round_trip: Duration,
    ) -> Self {
        let client_next = outbox.prng.next_u32();
        let server_next = outbox.prng.next_u32();
        let mut this = Self { client, server, client_next, server_next, round_trip, now: at };
        let syn = Segment {
            sequence: this.client_next,
            acknowledgment: 0,
            flags: Segment::SYN,
            window: WINDOW,
            options: &SYN_OPTIONS,
            payload: &[],
        };
        outbox.tcp(this.now, &client, &server, Place::First, &syn);
        this.client_next = this.client_next.wrapping_add(1);
        this.now = this.now.plus(round_trip);
        let syn_ack = Segment {
            sequence: this.server_next,
            acknowledgment: this.client_next,
            flags: Segment::SYN | Segment::ACK,
            ..syn
        };
        outbox.tcp(this.now, &server, &client, Place::Reverse, &syn_ack);
        this.server_next = this.server_next.wrapping_add(1);
        this.now = this.now.plus(GAP);
        this.emit(outbox, Side::Client, Segment::ACK, &[]);
        this
    }

    /// The time that the conversation has reached.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, pause: Duration) {
        self.now = self.now.plus(pause);
    }

    /// Resumes at `at`, if the conversation has not passed it yet.
    pub(crate) fn resume(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
    }

    /// One side says `bytes`, the other acknowledges.
    pub(crate) fn say(&mut self, outbox: &mut Outbox, side: Side, bytes: &[u8]) {
        for burst in bytes.chunks(SEGMENT_SIZE * SEGMENTS_PER_ACKNOWLEDGMENT) {
            let mut segments = burst.chunks(SEGMENT_SIZE).peekable();
            while let Some(segment) = segments.next() {
                let push = if segments.peek().is_none() { Segment::PSH } else { 0 };
                self.now = self.now.plus(GAP);
                self.emit(outbox, side, Segment::ACK | push, segment);
            }
            self.acknowledge(outbox, side);
        }
    }

    /// Like [`say`](Self::say), but the network swaps the first two segments.
    pub(crate) fn say_swapped(&mut self, outbox: &mut Outbox, side: Side, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(SEGMENT_SIZE));
        let (second, rest) = rest.split_at(rest.len().min(SEGMENT_SIZE));
        let start = self.next_of(side);
        let later = self.now.plus(GAP * 2);
        self.advance(side, first.len());
        self.now = self.now.plus(GAP);
        self.emit(outbox, side, Segment::ACK | Segment::PSH, second);
        let end = self.next_of(side);
        self.set_next(side, start);
        self.now = later;
        self.emit(outbox, side, Segment::ACK, first);
        self.set_next(side, end);
        self.acknowledge(outbox, side);
        self.say(outbox, side, rest);
    }

    /// Both sides finish, the client first.
    pub(crate) fn close(mut self, outbox: &mut Outbox) {
        self.now = self.now.plus(GAP);
        self.emit(outbox, Side::Client, Segment::FIN | Segment::ACK, &[]);
        self.now = self.now.plus(self.round_trip);
        self.emit(outbox, Side::Server, Segment::FIN | Segment::ACK, &[]);
        self.now = self.now.plus(GAP);
        self.emit(outbox, Side::Client, Segment::ACK, &[]);
    }

    /// The client calls a server that never answers: one SYN, and `again` more at doubling intervals (RFC 6298, 5).
    /// Gives the time at which it gives up.
    pub(crate) fn knock(
        outbox: &mut Outbox,
        at: Timestamp,
        client: End,
        server: End,
        again: u32,
    ) -> Timestamp {
        let syn = Segment {
            sequence: outbox.prng.next_u32(),
            acknowledgment: 0,
            flags: Segment::SYN,
            window: WINDOW,
            options: &SYN_OPTIONS,
            payload: &[],
        };
        let mut now = at;
        let mut pause = FIRST_TIMEOUT;
        outbox.tcp(now, &client, &server, Place::First, &syn);
        for _ in 0..again {
            now = now.plus(pause);
            pause *= 2;
            outbox.tcp(now, &client, &server, Place::Forward, &syn);
        }
        now.plus(pause)
    }

    /// The client says `bytes`, `again` more times at doubling intervals, is not heard, and resets (RFC 9293, 3.10.7).
    pub(crate) fn say_unheard(mut self, outbox: &mut Outbox, bytes: &[u8], again: u32) {
        let first = self.client_next;
        let mut pause = FIRST_TIMEOUT;
        for _ in 0..=again {
            self.client_next = first;
            self.emit(outbox, Side::Client, Segment::ACK | Segment::PSH, bytes);
            self.now = self.now.plus(pause);
            pause *= 2;
        }
        self.reset(outbox);
    }

    /// The client ends at once.
    pub(crate) fn reset(mut self, outbox: &mut Outbox) {
        self.now = self.now.plus(GAP);
        self.emit(outbox, Side::Client, Segment::RST | Segment::ACK, &[]);
    }

    fn acknowledge(&mut self, outbox: &mut Outbox, speaker: Side) {
        let (listener, delay) = match speaker {
            Side::Client => (Side::Server, self.round_trip),
            Side::Server => (Side::Client, GAP),
        };
        self.now = self.now.plus(delay);
        self.emit(outbox, listener, Segment::ACK, &[]);
    }

    fn emit(&mut self, outbox: &mut Outbox, side: Side, flags: u8, payload: &[u8]) {
        let (from, to, place, sequence, acknowledgment) = match side {
            Side::Client => {
                (self.client, self.server, Place::Forward, self.client_next, self.server_next)
            }
            Side::Server => {
                (self.server, self.client, Place::Reverse, self.server_next, self.client_next)
            }
        };
        let segment =
            Segment { sequence, acknowledgment, flags, window: WINDOW, options: &[], payload };
        outbox.tcp(self.now, &from, &to, place, &segment);
        self.advance(side, payload.len() + usize::from(flags & Segment::FIN));
    }

    fn advance(&mut self, side: Side, octets: usize) {
        let step = u32::try_from(octets).unwrap_or(0);
        self.set_next(side, self.next_of(side).wrapping_add(step));
    }

    const fn next_of(&self, side: Side) -> u32 {
        match side {
            Side::Client => self.client_next,
            Side::Server => self.server_next,
        }
    }

    const fn set_next(&mut self, side: Side, next: u32) {
        match side {
            Side::Client => self.client_next = next,
            Side::Server => self.server_next = next,
        }
    }
}
