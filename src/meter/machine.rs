//! The meter itself: decode, then flow, then, rarely, dissect.

use super::ahead::{AHEAD, Ahead, Keyed};
use super::cut_flows::CutFlows;
use super::datagram_reader::Datagram;
use super::flow_slot::FlowSlot;
use super::head_reader::HeadReader;
use super::output::Output;
use super::stream_reader::Segment;
use super::talk::ReadMessage;
use super::{
    Config, FlowReport, MessageContext, MessageFlow, MeterStats, Observation, ObservationKind,
};
use crate::decode::{IpPacket, Network, Packet, TcpFlags, Transport, TunnelTrust};
use crate::dissect::Message;
use crate::flow::{
    EndedFlow, FlowEntry, FlowKey, FlowPacket, FlowTable, FragmentPool, Orientation, Role,
};
use crate::net::{Frame, InterfaceId, IpProtocol, Timestamp};

/// Flows that are ended at once at the end of a run; bounds the memory that their records take together.
const DRAIN_BATCH: usize = 1024;

/// Turns frames and the passing of time into [`Observation`]s.
///
/// Performs no I/O, reads no clock, and blocks on nothing. Time given to it never decreases;
/// a frame's own time stamp may. After each input, [`Meter::take_observations`] gives what came of it, in order.
#[derive(Debug)]
pub struct Meter {
    pub(super) config: Config,
    pub(super) table: FlowTable<FlowSlot>,
    pub(super) fragments: FragmentPool,
    pub(super) reader: HeadReader,
    pub(super) stats: MeterStats,
    pub(super) output: Output,
    /// What the kernel counts in our place, where it does.
    pub(super) cut_flows: Option<Box<CutFlows>>,
}

/// A packet's flow, and its place in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub(super) place: u32,
    pub(super) sender: Role,
    pub(super) orientation: Orientation,
    /// Tells whether totals are due to be told.
    pub(super) report_due: bool,
}

impl Meter {
    /// Makes a meter. `seeds` key the flow table's hash: secret where strangers send the packets,
    /// constant where every run has to be the same.
    #[must_use]
    pub fn new(config: Config, seeds: [u64; 4]) -> Self {
        Self {
            table: FlowTable::new(config.flow.clone(), seeds),
            fragments: FragmentPool::new(config.fragments_budget, seeds),
            reader: HeadReader::new(&config, seeds),
            stats: MeterStats {
                flows_capacity: u64::from(config.flow.max_flows),
                ..MeterStats::default()
            },
            output: Output::default(),
            cut_flows: None,
            config,
        }
    }

    /// Takes in a frame at the time `now`, which is at least the frame's time stamp unless the
    /// capture's times run backwards.
    pub fn handle_frame(&mut self, frame: &Frame<'_>, now: Timestamp) {
        self.handle_frames(std::slice::from_ref(frame), |_| now);
    }

    /// Takes in frames, in order; `now` says of each at what time, as of [`handle_frame`](Self::handle_frame).
    pub fn handle_frames(
        &mut self,
        frames: &[Frame<'_>],
        mut now: impl FnMut(&Frame<'_>) -> Timestamp,
    ) {
        for frames in frames.chunks(AHEAD) {
            let mut places = [const { None }; AHEAD];
            self.look_ahead(frames, &mut places);
            for (frame, ahead) in frames.iter().zip(places.iter().flatten()) {
                let now = now(frame);
                self.take_in(frame, ahead, now);
            }
        }
    }

    fn take_in(&mut self, frame: &Frame<'_>, ahead: &Ahead<'_>, now: Timestamp) {
        if self.table.may_expire(now) {
            self.handle_timeout(now);
        }
        self.stats.frames += 1;
        self.stats.wire_bytes += u64::from(frame.wire_len);
        let packet = match &ahead.read {
            Ok(packet) => packet,
            Err(error) => {
                self.stats.invalid += 1;
                self.stats.count_decode_error(*error);
                return;
            }
        };
        self.stats.decoded += 1;
        if let Some(error) = packet.stopped {
            self.stats.count_decode_error(error);
        }
        self.output.begin(now, frame.number, 0, frame.timestamp);
        match &packet.network {
            Network::Ip(ip) => match (ip.fragment, &ahead.flow) {
                (None, Some(keyed)) => {
                    if self.cut_flows.is_some() && is_turn(ip) {
                        self.fold_now(&keyed.key, now);
                    }
                    let counted = self.count_keyed(frame, packet, ip, *keyed, now);
                    self.read(frame, packet, ip, &counted);
                    self.report(&counted, now);
                    if let Some(cuts) = &mut self.cut_flows {
                        cuts.consider(&mut self.table, counted.place, now);
                    }
                }
                (None, None) => self.handle_ip(frame, packet, ip, now),
                (Some(fragment), _) => self.handle_fragment(frame, packet, ip, fragment, now),
            },
            Network::Arp(arp) => self.handle_arp(packet, arp),
            Network::Link { ether_type, payload } => {
                self.handle_link_message(frame, packet, *ether_type, payload);
            }
        }
    }

    /// Lets the time pass: ends flows that were silent for too long.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        while let Some(ended) = self.table.expire(now) {
            let seen = ended.entry.idle_deadline(&self.config.flow);
            self.output.begin(ended.at, 0, ended.entry.id().0, seen);
            self.end_flow(ended);
        }
    }

    /// Ends flows that are left, because the run ends at `now`: at most as many as a batch of observations
    /// may hold. Tells whether there may be more; frames must not follow.
    pub fn drain(&mut self, now: Timestamp) -> bool {
        self.handle_timeout(now);
        for _ in 0..DRAIN_BATCH {
            let Some(ended) = self.table.drain(now) else { return false };
            self.output.begin(now, u64::MAX, ended.entry.id().0, now);
            self.end_flow(ended);
        }
        true
    }

    /// Moves the observations made since the last call to the end of `into`.
    pub fn take_observations(&mut self, into: &mut Vec<Observation>) {
        into.append(&mut self.output.observations);
    }

    /// Takes the observations made since the last call, without moving them into another list first.
    pub fn drain_observations(&mut self) -> impl Iterator<Item = Observation> + '_ {
        self.output.observations.drain(..)
    }

    /// Observations that wait to be taken.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.output.observations.len()
    }

    /// What was counted so far.
    #[must_use]
    pub fn stats(&self) -> MeterStats {
        MeterStats { flows_active: self.table.len() as u64, ..self.stats }
    }

    pub(super) fn handle_ip(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        ip: &IpPacket<'_>,
        now: Timestamp,
    ) {
        let counted = self.count(frame, packet, ip, now);
        self.read(frame, packet, ip, &counted);
        self.report(&counted, now);
    }

    pub(super) const fn interface(&self, frame: &Frame<'_>) -> InterfaceId {
        if self.config.interfaces_apart { frame.interface } else { InterfaceId(0) }
    }

    pub(super) const fn tunnel_trust(&self) -> TunnelTrust {
        if self.config.trust_tunnels { TunnelTrust::Every } else { TunnelTrust::NotOverUdp }
    }

    #[inline(always)]
    pub(super) fn key(
        &self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        ip: &IpPacket<'_>,
    ) -> (FlowKey, Orientation) {
        FlowKey::new(ip, packet.vlans, packet.tunnel.as_ref(), self.interface(frame))
    }

    /// Counts a packet for its flow.
    pub(super) fn count(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        ip: &IpPacket<'_>,
        now: Timestamp,
    ) -> Counted {
        let (key, orientation) = self.key(frame, packet, ip);
        let keyed = Keyed { key, orientation, looked_up: self.table.hash(&key) };
        self.count_keyed(frame, packet, ip, keyed, now)
    }

    #[inline]
    fn count_keyed(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        ip: &IpPacket<'_>,
        keyed: Keyed,
        now: Timestamp,
    ) -> Counted {
        let Keyed { key, orientation, looked_up } = keyed;
        let flow_packet = FlowPacket {
            frame: frame.number,
            timestamp: frame.timestamp,
            interface: frame.interface,
            wire_len: frame.wire_len,
            ether: packet.ether,
            vlans: packet.vlans,
            tunnel: packet.tunnel.as_ref(),
            ip,
        };
        let observed =
            self.table.observe((key, looked_up), orientation, &flow_packet, now, FlowSlot::default);
        if let Some(ended) = observed.ended {
            self.end_flow(ended);
        }
        if observed.is_new
            && let Some(entry) = self.table.entry_mut(observed.place)
        {
            self.stats.flows_started += 1;
            self.output.push(ObservationKind::FlowStarted(report(entry)));
        }
        Counted {
            place: observed.place,
            sender: observed.sender,
            orientation: observed.orientation,
            report_due: observed.report_due,
        }
    }

    /// Reads what a packet says, as long as its flow may still say something.
    #[inline]
    pub(super) fn read(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        ip: &IpPacket<'_>,
        counted: &Counted,
    ) {
        let Counted { place, sender, orientation, .. } = *counted;
        let Some(entry) = self.table.entry_mut(place) else { return };
        match ip.transport {
            Transport::Tcp(header) => {
                if ip.payload.is_empty() && !header.flags.contains(TcpFlags::SYN)
                    || entry.slot.is_done(orientation)
                {
                    return;
                }
                let segment = Segment {
                    header,
                    payload: ip.payload,
                    cut: ip.payload.len() < ip.payload_len as usize,
                    ttl: ip.ttl,
                    source: ip.source,
                    sender,
                    saw_syn: entry.saw_syn(),
                    orientation,
                };
                self.reader.read_segment(&mut entry.slot, &segment, &mut self.stats);
            }
            Transport::Udp { source_port, destination_port } => {
                if entry.slot.is_done(orientation) {
                    return;
                }
                let datagram = Datagram {
                    payload: ip.payload,
                    source: ip.source,
                    source_port,
                    destination_port,
                    sender,
                    orientation,
                };
                self.reader.read_datagram(&mut entry.slot, &datagram, &mut self.stats);
            }
            Transport::Icmp { .. } if ip.protocol == IpProtocol::ICMPV6 => {
                self.reader.read_icmpv6(ip, sender, &mut self.stats);
            }
            Transport::Sctp { .. } | Transport::Icmp { .. } | Transport::None => {}
        }
        if !self.reader.read.is_empty() || self.reader.news {
            self.tell_read(frame, packet, place);
        }
    }

    /// Tells what was read of the flow at `place`.
    #[inline(never)]
    fn tell_read(&mut self, frame: &Frame<'_>, packet: &Packet<'_>, place: u32) {
        let Some(entry) = self.table.entry_mut(place) else { return };
        for ReadMessage { sender, message } in self.reader.read.drain(..) {
            self.stats.count_message(message.protocol());
            if let (Message::Ndp(ndp), Network::Ip(ip)) = (&message, packet.network) {
                self.output.push_neighbour(packet.ether, ip.source, ndp);
            }
            let context = MessageContext {
                interface: frame.interface,
                vlans: packet.vlans,
                ether: packet.ether,
                tunnel: packet.tunnel,
                flow: Some(message_flow(entry, sender)),
            };
            self.output.push_message(context, message);
        }
        if std::mem::take(&mut self.reader.news) {
            entry.was_told = true;
            self.output
                .push(ObservationKind::FlowUpdated { report: report(entry), interim: false });
        }
    }

    /// Tells the totals of a flow, if they are due, and what was asked in it and has no answer by now.
    pub(super) fn report(&mut self, counted: &Counted, now: Timestamp) {
        if !counted.report_due {
            return;
        }
        let interim = self.table.mark_reported(counted.place, now);
        let Some(entry) = self.table.entry_mut(counted.place) else { return };
        if interim || entry.is_closed() {
            self.reader.flush(&mut entry.slot);
        }
        for ReadMessage { sender, message } in self.reader.read.drain(..) {
            self.stats.count_message(message.protocol());
            self.output.push_message(context_of(entry, sender), message);
        }
        entry.was_told = true;
        self.output.push(ObservationKind::FlowUpdated { report: report(entry), interim });
    }

    fn end_flow(&mut self, ended: EndedFlow<FlowSlot>) {
        let EndedFlow { mut entry, reason, at } = ended;
        self.fold_last(&mut entry, at);
        self.stats.count_flow_end(reason);
        self.reader.finish(&mut entry.slot);
        self.reader.news = false;
        for ReadMessage { sender, message } in self.reader.read.drain(..) {
            self.stats.count_message(message.protocol());
            self.output.push_message(context_of(&entry, sender), message);
        }
        self.output.push(ObservationKind::FlowEnded {
            report: report(&entry),
            reason,
            was_told: entry.was_told,
        });
    }
}

/// Tells whether a packet begins or ends a conversation: how long its ports were silent, and all it has moved, matters then.
const fn is_turn(ip: &IpPacket<'_>) -> bool {
    const TURNS: u8 = TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0;
    matches!(ip.transport, Transport::Tcp(header) if header.flags.0 & TURNS != 0)
}

fn report(entry: &FlowEntry<FlowSlot>) -> FlowReport {
    let head = entry.slot.talk.head.clone();
    FlowReport { record: Box::new(entry.record()), head }
}

/// Where a message belongs that no single frame completed.
fn context_of(entry: &FlowEntry<FlowSlot>, sender: Role) -> MessageContext {
    let record = entry.record();
    MessageContext {
        interface: record.interface,
        vlans: record.vlans,
        ether: None,
        tunnel: record.tunnel.as_deref().copied(),
        flow: Some(message_flow(entry, sender)),
    }
}

fn message_flow(entry: &FlowEntry<FlowSlot>, sender: Role) -> MessageFlow {
    let (initiator, responder) = entry.endpoints();
    MessageFlow { id: entry.id(), initiator, responder, protocol: entry.protocol(), sender }
}
