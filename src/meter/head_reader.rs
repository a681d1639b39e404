//! What the readers of streams and datagrams share: the dissector, the memory for heads, and what was read.
//!
//! Comes in: bytes of a flow that are in order, or will not become more. Goes out: [`ReadMessage`]s.

use std::net::IpAddr;

use super::flow_slot::{FlowSlot, Side};
use super::talk::{PlainHeads, ReadMessage, Talk};
use super::{Config, MeterStats};
use crate::dissect::{Dissector, StreamMessage, StreamPlace};
use crate::flow::{ByteBudget, Orientation, Role};

/// Reads the first bytes of flows.
#[derive(Debug)]
pub(super) struct HeadReader {
    pub(super) dissector: Dissector,
    pub(super) budget: ByteBudget,
    pub(super) max_head_bytes: usize,
    /// What was read since it was last taken away.
    pub(super) read: Vec<ReadMessage>,
    /// Heads that flows share.
    pub(super) plain: PlainHeads,
    /// Something new was learned about the whole flow.
    pub(super) news: bool,
}

impl HeadReader {
    /// Makes a reader with the bounds of `config`; one host may hold an eighth of the memory for heads, and two heads
    /// in any case.
    pub(super) fn new(config: &Config, seeds: [u64; 4]) -> Self {
        let host_limit = (config.heads_budget / 8).max(2 * config.max_head_bytes);
        Self {
            dissector: Dissector::default(),
            budget: ByteBudget::new(config.heads_budget, host_limit, seeds),
            max_head_bytes: config.max_head_bytes,
            read: Vec::new(),
            plain: PlainHeads::default(),
            news: false,
        }
    }

    /// Gives up what waits for more, because the flow ends: what can be read of it is read, and what has no answer
    /// is told.
    pub(super) fn finish(&mut self, slot: &mut FlowSlot) {
        let (ascending, descending, talk) = slot.side(Orientation::Ascending);
        for side in [ascending, descending] {
            if let Side::Reading(reading) = &*side {
                self.read_partial(reading.head.bytes(), talk, reading.place, reading.host);
            }
            self.close(side);
        }
        talk.flush(&mut self.budget, &mut self.read);
    }

    /// Tells what was asked in a flow and has no answer by now.
    pub(super) fn flush(&mut self, slot: &mut FlowSlot) {
        slot.talk.flush(&mut self.budget, &mut self.read);
    }

    /// Takes in what `sender` said, with what it says about the flow.
    pub(super) fn take_in(
        &mut self,
        talk: &mut Talk,
        place: StreamPlace,
        host: IpAddr,
        message: StreamMessage,
    ) {
        let (sender, responder_port) = if place.from_initiator {
            (Role::Initiator, place.destination_port)
        } else {
            (Role::Responder, place.source_port)
        };
        let before = self.read.len();
        talk.take_in((sender, host), message, &mut self.budget, &mut self.read);
        for read in self.read.get(before..).unwrap_or_default() {
            self.news |= talk.note(&read.message, responder_port, &mut self.plain);
        }
    }

    /// Reads what is there of a message that will not become longer.
    pub(super) fn read_partial(
        &mut self,
        bytes: &[u8],
        talk: &mut Talk,
        place: StreamPlace,
        host: IpAddr,
    ) {
        let known = talk.protocol();
        if let Some(message) = self.dissector.partial_stream(bytes, place, known) {
            self.take_in(talk, place, host, message);
        }
    }

    /// Counts what a head has grown by; tells whether it may go on. If not, it is read as far as it goes.
    pub(super) fn settle_budget(
        &mut self,
        side: &mut Side,
        talk: &mut Talk,
        stats: &mut MeterStats,
    ) -> bool {
        let (held, host, counted) = match side {
            Side::Reading(reading) => (reading.head.held(), reading.host, &mut reading.counted),
            Side::Quic(quic) => (quic.initials.held(), quic.host, &mut quic.counted),
            Side::Unseen
            | Side::Expected { .. }
            | Side::Skipping { .. }
            | Side::Scanning { .. }
            | Side::Datagrams { .. }
            | Side::Rtp(_)
            | Side::Done => return true,
        };
        self.budget.give_back(host, *counted);
        *counted = held;
        if self.budget.take(host, held) && self.budget.is_kept() {
            return true;
        }
        stats.heads_refused += 1;
        if let Side::Reading(reading) = &*side {
            self.read_partial(reading.head.bytes(), talk, reading.place, reading.host);
        }
        self.close(side);
        false
    }

    /// Ends the look at a side, and gives back the memory that it holds.
    pub(super) fn close(&mut self, side: &mut Side) {
        match std::mem::replace(side, Side::Done) {
            Side::Reading(reading) => self.budget.give_back(reading.host, reading.counted),
            Side::Quic(quic) => self.budget.give_back(quic.host, quic.counted),
            Side::Unseen
            | Side::Expected { .. }
            | Side::Skipping { .. }
            | Side::Scanning { .. }
            | Side::Datagrams { .. }
            | Side::Rtp(_)
            | Side::Done => {}
        }
    }
}
