//! The flow table: bounded, with one owner.

use std::time::Duration;

use ahash::RandomState;
use hashbrown::HashTable;

use super::due::Due;
use super::wheel::Wheel;
use super::{Config, FlowEndReason, FlowEntry, FlowKey, FlowPacket, Orientation, Role};
use crate::net::{IpProtocol, Timestamp};

/// How many flows are looked at to find one that gives up its place.
const EVICTION_SAMPLE: usize = 8;

/// How long an established conversation has to be silent before a SYN on its ports counts as another one.
const SILENCE: Duration = Duration::from_secs(10);

/// All live flows of one meter, each with a slot `S` for its owner.
///
/// Call [`FlowTable::expire`] until it gives `None` before each [`FlowTable::observe`], with the same
/// `now`, which never decreases: then what expires comes in the order of its deadlines.
#[derive(Debug)]
pub struct FlowTable<S> {
    config: Config,
    hasher: RandomState,
    index: HashTable<u32>,
    entries: Vec<Option<FlowEntry<S>>>,
    free: Vec<u32>,
    wheel: Wheel,
    /// Where the search for a flow to evict goes on.
    hand: usize,
    /// The places that are still to be drained, last one first; absent before the end of the run.
    draining: Option<Vec<u32>>,
}

/// Where there is no flow.
const NO_PLACE: u32 = u32::MAX;

/// Where the flow of a key is, or was when it was looked up.
#[derive(Debug, Clone, Copy)]
pub struct LookedUp {
    hash: u64,
    place: u32,
}

/// A flow that left the table.
#[derive(Debug)]
pub struct EndedFlow<S> {
    /// The flow.
    pub entry: FlowEntry<S>,
    /// Why it left.
    pub reason: FlowEndReason,
    /// When: its deadline if it expired, else the time it was ended at.
    pub at: Timestamp,
}

/// What a packet did to the table.
#[derive(Debug)]
pub struct Observed<S> {
    /// The packet's flow, for [`FlowTable::entry_mut`]; valid until the next call of `observe` or `expire`.
    pub place: u32,
    /// Who sent the packet.
    pub sender: Role,
    /// How the packet runs against the sorted key.
    pub orientation: Orientation,
    /// Tells whether this is the flow's first packet.
    pub is_new: bool,
    /// Tells whether totals are due to be told.
    pub report_due: bool,
    /// A flow that had to give its place, or whose ends began anew.
    pub ended: Option<EndedFlow<S>>,
}

impl<S> FlowTable<S> {
    /// Makes an empty table. `seeds` key its hash: secret where strangers send the packets,
    /// constant where every run has to be the same.
    #[must_use]
    pub fn new(config: Config, seeds: [u64; 4]) -> Self {
        let capacity = config.max_flows as usize;
        let [a, b, c, d] = seeds;
        Self {
            hasher: RandomState::with_seeds(a, b, c, d),
            index: HashTable::new(),
            entries: Vec::with_capacity(capacity),
            free: Vec::new(),
            wheel: Wheel::new(capacity),
            hand: 0,
            draining: None,
            config,
        }
    }

    /// Flows in the table.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Tells whether no flow is live.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Begins to look for the flow of `key`.
    #[must_use]
    #[inline]
    pub fn hash(&self, key: &FlowKey) -> LookedUp {
        LookedUp { hash: self.hasher.hash_one(key.to_words()), place: NO_PLACE }
    }

    /// Finds the flow of `key`, and has what a packet of it will need brought near: of several packets, look all up before
    /// the first is observed, and memory is waited for once.
    #[inline]
    pub fn look_up(&self, key: &FlowKey, looked_up: &mut LookedUp) {
        let Some(place) = self.find(looked_up.hash, key) else { return };
        looked_up.place = place;
        if let Some(Some(entry)) = self.entries.get(place as usize) {
            std::hint::black_box(entry.touch());
        }
    }

    /// Counts a packet for its flow, and makes the flow if there is none. `looked_up` is what [`hash`](Self::hash)
    /// gave for `key`, and may have gone through [`look_up`](Self::look_up) at any time before.
    pub fn observe(
        &mut self,
        (key, looked_up): (FlowKey, LookedUp),
        orientation: Orientation,
        packet: &FlowPacket<'_, '_>,
        now: Timestamp,
        slot: impl FnOnce() -> S,
    ) -> Observed<S> {
        let LookedUp { hash, place } = looked_up;
        let mut ended = None;
        let mut found = match self.entries.get(place as usize) {
            Some(Some(entry)) if entry.key == key => Some(place),
            Some(_) | None => self.find(hash, &key),
        };
        if let Some(place) = found
            && self.begins_anew(place, packet, now)
        {
            ended = self.end(place, FlowEndReason::EndOfFlow, now);
            found = None;
        }
        let is_new = found.is_none();
        let place = match found {
            Some(place) => place,
            None => {
                if self.index.len() >= self.config.max_flows as usize {
                    ended = self.evict(now).or(ended);
                }
                let mut entry = FlowEntry::new(key, orientation, packet, now, slot());
                entry.interim_at = Due::at(now.plus(self.config.active_timeout));
                let update = Due::at(now.plus(self.config.update_interval));
                entry.report_at = update.min(entry.interim_at);
                self.insert(hash, entry)
            }
        };
        let config = &self.config;
        let Some(Some(entry)) = self.entries.get_mut(place as usize) else {
            // `find` and `insert` give places that hold an entry.
            return Observed {
                place,
                sender: Role::Initiator,
                orientation,
                is_new,
                report_due: false,
                ended,
            };
        };
        let (was_closed, patience) = (entry.is_closed(), entry.idle_timeout(config));
        let sender = entry.observe(orientation, packet, now);
        let closes = !was_closed && entry.is_closed();
        if is_new {
            self.wheel.start(now);
            self.wheel.insert(place, entry.deadline(config));
        } else if entry.idle_timeout(config) < patience {
            // The deadline came nearer: the wheel would look too late.
            self.wheel.remove(place);
            self.wheel.insert(place, entry.deadline(config));
        }
        // Totals of a conversation that is over are told at once: it leaves some seconds later.
        let report_due = entry.report_at.has_come(now) || closes && !is_new;
        Observed { place, sender, orientation, is_new, report_due, ended }
    }

    /// Where the flow of `key` is, without counting anything for it.
    #[must_use]
    pub fn find_place(&self, key: &FlowKey) -> Option<u32> {
        self.find(self.hasher.hash_one(key.to_words()), key)
    }

    /// The flow at `place`.
    pub fn entry_mut(&mut self, place: u32) -> Option<&mut FlowEntry<S>> {
        self.entries.get_mut(place as usize).and_then(Option::as_mut)
    }

    /// Notes that totals of the flow at `place` were told at `now`; tells whether its active
    /// timeout has passed, so that this is a record for export as well.
    pub fn mark_reported(&mut self, place: u32, now: Timestamp) -> bool {
        let (update, active) = (self.config.update_interval, self.config.active_timeout);
        let Some(entry) = self.entry_mut(place) else { return false };
        let interim = entry.interim_at.has_come(now);
        if interim {
            entry.interim_at = Due::at(now.plus(active));
        }
        entry.report_at = Due::at(now.plus(update)).min(entry.interim_at);
        interim
    }

    /// Tells whether totals of the flow at `place` are due to be told.
    #[must_use]
    pub fn is_report_due(&self, place: u32, now: Timestamp) -> bool {
        matches!(self.entries.get(place as usize), Some(Some(entry)) if entry.report_at.has_come(now))
    }

    /// Tells whether the flow at `place` has been silent for more than half of what it may be.
    #[must_use]
    pub fn is_going_silent(&self, place: u32, now: Timestamp) -> bool {
        matches!(self.entries.get(place as usize), Some(Some(entry))
            if now >= entry.heard_at().plus(entry.idle_timeout(&self.config) / 2))
    }

    /// Tells whether [`FlowTable::expire`] may have something to give at `now`.
    #[must_use]
    pub fn may_expire(&self, now: Timestamp) -> bool {
        now >= self.wheel.next_look()
    }

    /// Takes the next flow whose idle timeout has passed at `now`.
    pub fn expire(&mut self, now: Timestamp) -> Option<EndedFlow<S>> {
        let (entries, config) = (&self.entries, &self.config);
        let place = self.wheel.next_due(now, |place| {
            entries.get(place as usize).and_then(Option::as_ref).map_or_else(
                || (Timestamp::ZERO, 0),
                |entry| (entry.deadline(config), entry.id().0),
            )
        })?;
        let entry = self.entry_mut(place)?;
        let reason =
            if entry.is_closed() { FlowEndReason::EndOfFlow } else { FlowEndReason::IdleTimeout };
        let at = self.entries.get(place as usize)?.as_ref()?.deadline(&self.config);
        self.end(place, reason, at)
    }

    /// Takes the next of all flows that are left, by number, because the run ends at `now`. Packets
    /// must not follow.
    pub fn drain(&mut self, now: Timestamp) -> Option<EndedFlow<S>> {
        let mut order = match self.draining.take() {
            Some(order) => order,
            None => self.places_by_number(),
        };
        let ended = order.pop().and_then(|place| self.end(place, FlowEndReason::ForcedEnd, now));
        self.draining = Some(order);
        ended
    }

    /// The places of all flows, highest number first.
    fn places_by_number(&self) -> Vec<u32> {
        let mut numbered: Vec<_> = (0u32..)
            .zip(&self.entries)
            .filter_map(|(place, entry)| entry.as_ref().map(|entry| (entry.id(), place)))
            .collect();
        numbered.sort_unstable_by(|a, b| b.cmp(a));
        numbered.into_iter().map(|(_, place)| place).collect()
    }

    fn find(&self, hash: u64, key: &FlowKey) -> Option<u32> {
        let entries = &self.entries;
        self.index
            .find(hash, |place| {
                matches!(entries.get(*place as usize), Some(Some(entry)) if entry.key == *key)
            })
            .copied()
    }

    /// A SYN begins another conversation with the same ports when the one before is over; when that one
    /// was joined in its middle, as it then says nothing about who begins now; and when it was established and fell
    /// silent: a device that lost its power comes back with the ports it had, and says no farewell.
    fn begins_anew(&self, place: u32, packet: &FlowPacket<'_, '_>, now: Timestamp) -> bool {
        use crate::decode::{TcpFlags, Transport};
        packet.ip.protocol == IpProtocol::TCP
            && matches!(packet.ip.transport, Transport::Tcp(tcp)
                if tcp.flags.contains(TcpFlags::SYN) && !tcp.flags.contains(TcpFlags::ACK))
            && matches!(self.entries.get(place as usize),
                Some(Some(entry)) if entry.is_closed()
                    || entry.was_joined_midway()
                    || entry.is_established() && now >= entry.heard_at().plus(SILENCE))
    }

    fn insert(&mut self, hash: u64, entry: FlowEntry<S>) -> u32 {
        let place = match self.free.pop() {
            Some(place) => {
                if let Some(vacant) = self.entries.get_mut(place as usize) {
                    *vacant = Some(entry);
                }
                place
            }
            None => {
                self.entries.push(Some(entry));
                u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
            }
        };
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.index.insert_unique(hash, place, |place| match entries.get(*place as usize) {
            Some(Some(entry)) => hasher.hash_one(entry.key.to_words()),
            Some(None) | None => 0,
        });
        place
    }

    fn end(&mut self, place: u32, reason: FlowEndReason, at: Timestamp) -> Option<EndedFlow<S>> {
        let entry = self.entries.get_mut(place as usize)?.take()?;
        let hash = self.hasher.hash_one(entry.key.to_words());
        if let Ok(occupied) = self.index.find_entry(hash, |other| *other == place) {
            occupied.remove();
        }
        self.wheel.remove(place);
        self.free.push(place);
        Some(EndedFlow { entry, reason, at })
    }

    /// Takes a place away: of a few flows, one that only one side has spoken in, else the one
    /// that would expire first; one that the kernel counts if there is no other.
    fn evict(&mut self, now: Timestamp) -> Option<EndedFlow<S>> {
        let mut victim: Option<((bool, bool), Timestamp, u32)> = None;
        let mut looked_at = 0;
        for _ in 0..self.entries.len() {
            self.hand = if self.hand + 1 < self.entries.len() { self.hand + 1 } else { 0 };
            let Some(Some(entry)) = self.entries.get(self.hand) else { continue };
            let place = u32::try_from(self.hand).unwrap_or(u32::MAX);
            let rank = (entry.cut.is_cut(), !entry.is_one_sided());
            let candidate = (rank, entry.deadline(&self.config), place);
            victim = Some(victim.map_or(candidate, |best| best.min(candidate)));
            looked_at += 1;
            if looked_at == EVICTION_SAMPLE {
                break;
            }
        }
        let (_, _, place) = victim?;
        self.end(place, FlowEndReason::LackOfResources, now)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;
    use crate::decode::{IpPacket, TcpFlags, TcpHeader, Transport, VlanIds};
    use crate::flow::ConnState;
    use crate::net::InterfaceId;

    const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));
    const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

    #[test]
    fn both_directions_of_a_datagram_flow_are_one_flow() {
        let mut table = table(16);

        feed(&mut table, 1, &udp(CLIENT, 5000, SERVER, 53));
        let (observed, _) = feed(&mut table, 2, &udp(SERVER, 53, CLIENT, 5000));

        assert!(!observed.is_new);
        assert_eq!(observed.sender, Role::Responder);
        let record = table.entry_mut(observed.place).unwrap().record();
        assert_eq!((record.initiator.ip, record.initiator.port), (CLIENT, 5000));
        assert_eq!((record.forward.packets, record.reverse.packets), (1, 1));
        assert_eq!(record.forward.ip_bytes, 100);
        assert_eq!(record.conn_state, ConnState::SF);
    }

    #[test]
    fn a_syn_says_who_began_even_after_other_segments() {
        let mut table = table(16);

        let (observed, _) = feed(&mut table, 1, &tcp(SERVER, 443, CLIENT, 5000, 0x12));
        let record = table.entry_mut(observed.place).unwrap().record();
        assert_eq!(record.initiator.ip, CLIENT, "a SYN-ACK is an answer");

        let (observed, _) = feed(&mut table, 1, &tcp(CLIENT, 5000, SERVER, 443, 0x02));
        assert!(!observed.is_new, "the SYN of the same handshake, captured late");

        let (observed, _) = feed(&mut table, 1, &tcp(SERVER, 80, CLIENT, 6000, 0x10));
        assert_eq!(table.entry_mut(observed.place).unwrap().endpoints().0.ip, SERVER);
        let (observed, _) = feed(&mut table, 2, &tcp(CLIENT, 6000, SERVER, 80, 0x02));
        assert!(observed.is_new && observed.ended.is_some(), "another conversation");
        assert_eq!(table.entry_mut(observed.place).unwrap().endpoints().0.ip, CLIENT);
    }

    #[test]
    fn a_capture_that_begins_at_zero_and_leaps_ends_its_first_flow() {
        let mut table = table(16);
        feed_at(&mut table, Timestamp::from_nanos(500_000_000), &udp(CLIENT, 1, SERVER, 53));

        let (observed, ended) = feed(&mut table, 500, &udp(CLIENT, 1, SERVER, 53));

        assert!(observed.is_new);
        assert_eq!(ended.len(), 1);
    }

    #[test]
    fn a_closed_conversation_leaves_soon_and_its_ports_can_be_used_again() {
        let mut table = table(16);
        for (second, packet) in [
            (1, tcp(CLIENT, 5000, SERVER, 443, 0x02)),
            (1, tcp(SERVER, 443, CLIENT, 5000, 0x12)),
            (2, tcp(CLIENT, 5000, SERVER, 443, 0x11)),
            (2, tcp(SERVER, 443, CLIENT, 5000, 0x11)),
        ] {
            feed(&mut table, second, &packet);
        }

        let (observed, _) = feed(&mut table, 3, &tcp(CLIENT, 5000, SERVER, 443, 0x02));
        let first = observed.ended.expect("the first conversation is over");
        assert!(observed.is_new);
        assert_eq!(first.reason, FlowEndReason::EndOfFlow);
        assert_eq!(first.entry.record().conn_state, ConnState::SF);

        feed(&mut table, 4, &tcp(SERVER, 443, CLIENT, 5000, 0x14));
        let (_, ended) = feed(&mut table, 20, &udp(CLIENT, 1, SERVER, 2));
        let second = &ended[0];
        assert_eq!(second.entry.record().conn_state, ConnState::Rej);
        assert_eq!(second.at, Timestamp::from_parts(14, 0), "ten seconds after its last segment");
    }

    #[test]
    fn a_syn_on_the_ports_of_a_conversation_that_fell_silent_begins_another_one() {
        for (silence, is_new) in [(SILENCE.as_secs() - 1, false), (SILENCE.as_secs(), true)] {
            let mut table = table(16);
            for (second, packet) in [
                (1, tcp(CLIENT, 5000, SERVER, 443, 0x02)),
                (1, tcp(SERVER, 443, CLIENT, 5000, 0x12)),
                (2, tcp(CLIENT, 5000, SERVER, 443, 0x18)),
                (3, tcp(SERVER, 443, CLIENT, 5000, 0x18)),
            ] {
                feed(&mut table, second, &packet);
            }

            let (observed, _) =
                feed(&mut table, 3 + silence, &tcp(CLIENT, 5000, SERVER, 443, 0x02));
            assert_eq!(observed.is_new, is_new, "after {silence} s");
            let ended = observed.ended.map(|ended| (ended.reason, ended.entry.record().conn_state));
            let expected = is_new.then_some((FlowEndReason::EndOfFlow, ConnState::S1));
            assert_eq!(ended, expected, "after {silence} s");
        }
    }

    #[test]
    fn a_full_table_gives_up_a_flow_for_each_new_one() {
        let mut table = table(8);
        for port in 0..100 {
            let (observed, _) = feed(&mut table, 1, &udp(CLIENT, 1000 + port, SERVER, 53));
            assert_eq!(observed.ended.is_some(), port >= 8);
            if let Some(ended) = observed.ended {
                assert_eq!(ended.reason, FlowEndReason::LackOfResources);
            }
        }
        assert_eq!(table.len(), 8);
    }

    #[test]
    fn a_leap_of_years_ends_every_flow_at_its_own_deadline() {
        let mut table = table(64);
        for port in 0..20 {
            feed(&mut table, 100 + u64::from(port), &udp(CLIENT, 1000 + port, SERVER, 53));
        }

        let (_, ended) = feed(&mut table, 200_000_000, &udp(CLIENT, 1, SERVER, 53));

        let at: Vec<u64> = ended.iter().map(|flow| flow.at.as_secs()).collect();
        assert_eq!(at, (220..240).collect::<Vec<u64>>());
    }

    #[test]
    fn totals_are_due_after_the_update_interval_and_records_after_the_active_timeout() {
        let mut table = table(16);
        let mut due = Vec::new();
        for second in (0..2000).step_by(7) {
            let (observed, _) = feed(&mut table, second, &udp(CLIENT, 5000, SERVER, 53));
            if observed.report_due {
                let now = Timestamp::from_parts(second, 0);
                due.push((second, table.mark_reported(observed.place, now)));
            }
        }
        assert!(due.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 10), "{due:?}");
        let interim: Vec<u64> = due.iter().filter(|(_, i)| *i).map(|(second, _)| *second).collect();
        assert_eq!(interim, [1806]);
    }

    proptest! {
        /// The table against a model without a wheel: the same flows end at the same times in the same order.
        #[test]
        fn flows_end_as_in_a_plain_model(steps in prop::collection::vec((0u16..12, 0u64..200_000), 1..200)) {
            let mut table = table(64);
            let mut model: BTreeMap<u16, u64> = BTreeMap::new();
            let mut now = 5_000;
            let timeout = 120_000;
            let mut ended = Vec::new();
            let mut expected = Vec::new();
            for (port, pause) in steps {
                now += pause;
                let mut due: Vec<(u64, u16)> = model
                    .iter()
                    .filter(|(_, heard)| **heard + timeout <= now)
                    .map(|(port, heard)| (*heard + timeout, *port))
                    .collect();
                due.sort_unstable();
                for (at, port) in due {
                    model.remove(&port);
                    expected.push(at);
                }
                model.insert(port, now);
                let at = Timestamp::from_nanos(now * 1_000_000);
                let (_, left) = feed_at(&mut table, at, &udp(CLIENT, 100 + port, SERVER, 53));
                ended.extend(left.iter().map(|flow| flow.at.as_nanos() / 1_000_000));
                prop_assert_eq!(table.len(), model.len());
            }
            prop_assert_eq!(ended, expected);
        }
    }

    fn table(max_flows: u32) -> FlowTable<()> {
        FlowTable::new(Config { max_flows, ..Config::default() }, [1, 2, 3, 4])
    }

    fn feed(
        table: &mut FlowTable<()>,
        second: u64,
        ip: &IpPacket<'_>,
    ) -> (Observed<()>, Vec<EndedFlow<()>>) {
        feed_at(table, Timestamp::from_parts(second, 0), ip)
    }

    fn feed_at(
        table: &mut FlowTable<()>,
        now: Timestamp,
        ip: &IpPacket<'_>,
    ) -> (Observed<()>, Vec<EndedFlow<()>>) {
        let mut ended = Vec::new();
        if table.may_expire(now) {
            ended.extend(std::iter::from_fn(|| table.expire(now)));
        }
        let interface = InterfaceId::default();
        let (key, orientation) = FlowKey::new(ip, VlanIds::default(), None, interface);
        let packet = FlowPacket {
            frame: now.as_nanos(),
            timestamp: now,
            interface,
            wire_len: 114,
            ether: None,
            vlans: VlanIds::default(),
            tunnel: None,
            ip,
        };
        let looked_up = table.hash(&key);
        let observed = table.observe((key, looked_up), orientation, &packet, now, || ());
        (observed, ended)
    }

    fn udp(
        source: IpAddr,
        source_port: u16,
        to: IpAddr,
        destination_port: u16,
    ) -> IpPacket<'static> {
        packet(source, to, IpProtocol::UDP, Transport::Udp { source_port, destination_port })
    }

    fn tcp(
        source: IpAddr,
        source_port: u16,
        to: IpAddr,
        port: u16,
        flags: u8,
    ) -> IpPacket<'static> {
        let header = TcpHeader {
            source_port,
            destination_port: port,
            sequence: 0,
            acknowledgment: 0,
            flags: TcpFlags(flags),
        };
        packet(source, to, IpProtocol::TCP, Transport::Tcp(header))
    }

    fn packet(
        source: IpAddr,
        destination: IpAddr,
        protocol: IpProtocol,
        transport: Transport,
    ) -> IpPacket<'static> {
        IpPacket {
            source,
            destination,
            protocol,
            ip_len: 100,
            ttl: 64,
            fragment: None,
            transport,
            payload_len: 72,
            payload: &[],
            network_payload: &[],
        }
    }
}
