//! What a flow's record adds to what was told of the flow before.
//!
//! Comes in: records with running totals. Goes out: what has come since, by direction, and what that says about the
//! sides that are seen.

use super::evidence::Evidence;
use crate::flow::{Endpoint, FlowCounters, FlowRecord};
use crate::net::{InterfaceId, IpProtocol};

/// The totals that were last told of a flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) protocol: IpProtocol,
    pub(super) ends: [Endpoint; 2],
    pub(super) interface: InterfaceId,
    /// IP bytes in both directions.
    pub(super) ip_bytes: u64,
    forward: Direction,
    reverse: Direction,
    /// The part of time in which it last counted as a conversation; parts are numbered from 1970, so 0 is never.
    pub(super) counted_in: u64,
    /// The part of time in which it was last heard of.
    pub(super) heard_in: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Direction {
    packets: u64,
    payload: u64,
    missing: u64,
    holes: u8,
}

/// What a record says about the sides of its flow, for the time since the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Both sides were seen.
    BothSides,
    /// Both sides took part, and one was seen.
    OneSide,
    /// One side was seen, and it is not known whether the other took part.
    Unknown,
}

/// What has come since the record before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub(super) sign: Sign,
    pub(super) packets: u64,
    pub(super) payload: u64,
    /// Of the directions.
    pub(super) missing: [Missing; 2],
}

/// Payload that is missing in a direction that was seen at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Missing {
    pub(super) before: u64,
    pub(super) now: u64,
    /// How often more of it went missing.
    pub(super) holes: u8,
}

/// What a record adds to what was told of its flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) progress: Progress,
    /// It is the first sign of the flow's sides in this part of time.
    pub(super) counts_sides: bool,
}

impl Told {
    /// Nothing told of the flow of `record` yet.
    pub(super) fn nothing(record: &FlowRecord) -> Self {
        Self {
            protocol: record.protocol,
            ends: [record.initiator, record.responder],
            interface: record.interface,
            ip_bytes: 0,
            forward: Direction::default(),
            reverse: Direction::default(),
            counted_in: 0,
            heard_in: 0,
        }
    }

    /// Takes in the next record.
    fn advance(&mut self, record: &FlowRecord) -> Progress {
        let before = [self.forward, self.reverse];
        let now = [Direction::of(&record.forward), Direction::of(&record.reverse)];
        let sign = sign(before, now, record);
        let [forward, reverse] = now;
        let since = [forward.since(self.forward), reverse.since(self.reverse)];
        (self.forward, self.reverse) = (forward, reverse);
        self.ip_bytes = record.forward.ip_bytes + record.reverse.ip_bytes;
        let [(packets, payload, missing), (more_packets, more_payload, more_missing)] = since;
        Progress {
            sign,
            packets: packets + more_packets,
            payload: payload + more_payload,
            missing: [missing, more_missing],
        }
    }
}

impl Step {
    /// Takes the next record into what was `told`, in a part of time.
    pub(super) fn take(told: &mut Told, record: &FlowRecord, part: u64) -> Self {
        let progress = told.advance(record);
        told.heard_in = part;
        let is_tcp = record.protocol == IpProtocol::TCP;
        let counts_sides = is_tcp && progress.sign != Sign::Unknown && told.counted_in != part;
        if counts_sides {
            told.counted_in = part;
        }
        Self { progress, counts_sides }
    }
}

impl Progress {
    /// Adds it to what is known of some time.
    pub(super) fn add_to(&self, evidence: &mut Evidence, counts_sides: bool) {
        evidence.packets += self.packets;
        evidence.payload += self.payload;
        for missing in self.missing.iter().filter(|missing| missing.now != missing.before) {
            evidence.count_missing(missing.before, missing.now, missing.holes);
        }
        match self.sign {
            Sign::BothSides if counts_sides => evidence.both_sided += 1,
            Sign::OneSide if counts_sides => evidence.one_sided += 1,
            Sign::BothSides | Sign::OneSide | Sign::Unknown => {}
        }
    }
}

impl Direction {
    const fn of(counters: &FlowCounters) -> Self {
        Self {
            packets: counters.packets,
            payload: counters.payload_bytes,
            missing: counters.missing_bytes,
            holes: counters.holes,
        }
    }

    /// Packets and payload that have come since `old`, and what is missing.
    const fn since(self, old: Self) -> (u64, u64, Missing) {
        let missing = if self.packets == 0 {
            // A side that never showed is a matter of sides, not of gaps.
            Missing { before: 0, now: 0, holes: 0 }
        } else {
            let holes = self.holes.wrapping_sub(old.holes);
            Missing { before: old.missing, now: self.missing, holes }
        };
        let packets = self.packets.saturating_sub(old.packets);
        (packets, self.payload.saturating_sub(old.payload), missing)
    }
}

fn sign(before: [Direction; 2], now: [Direction; 2], record: &FlowRecord) -> Sign {
    if record.seen_sides().is_one_sided() {
        return Sign::OneSide;
    }
    let [forward, reverse] = [(before[0], now[0]), (before[1], now[1])];
    let came = |(old, new): (Direction, Direction)| new.packets > old.packets;
    let passed_unseen = |(old, new): (Direction, Direction)| {
        new.packets == old.packets && new.missing > old.missing
    };
    let was_seen_from_one_side = before[0].packets == 0 || before[1].packets == 0;
    let is_tcp = record.protocol == IpProtocol::TCP;
    match (came(forward), came(reverse)) {
        (true, true) => Sign::BothSides,
        (true, false) if is_tcp && passed_unseen(reverse) => Sign::OneSide,
        (false, true) if is_tcp && passed_unseen(forward) => Sign::OneSide,
        (true, false) | (false, true) if now[0].packets > 0 && now[1].packets > 0 => {
            // The answer to what was told before; of a flow that goes on one way no more is known.
            if was_seen_from_one_side { Sign::BothSides } else { Sign::Unknown }
        }
        (true, false) | (false, true) | (false, false) => Sign::Unknown,
    }
}
