//! The meter itself: decode, then flow, then, rarely, dissect.

use std::net::IpAddr;

use super::head_reader::{HeadSlot, HeadsBudget, Segment};
use super::{
    BindingSource, Config, FlowReport, MessageContext, MessageFlow, MeterStats, Observation,
    ObservationKind, ObservationOrder,
};
use crate::decode::{ArpPacket, IpPacket, Network, Packet, Transport, decode};
use crate::dissect::{Message, dissect_datagram, dissect_link};
use crate::flow::{EndedFlow, FlowEntry, FlowKey, FlowPacket, FlowTable, Role};
use crate::net::{Frame, InterfaceId, Timestamp};

/// Flows that are ended at once at the end of a run; bounds the memory that their records take together.
const DRAIN_BATCH: usize = 1024;

/// Turns frames and the passing of time into [`Observation`]s.
///
/// Performs no I/O, reads no clock, and blocks on nothing. Time given to it never decreases;
/// a frame's own time stamp may. After each input, [`Meter::take_observations`] gives what came of it, in order.
#[derive(Debug)]
pub struct Meter {
    config: Config,
    table: FlowTable<HeadSlot>,
    budget: HeadsBudget,
    stats: MeterStats,
    output: Output,
}

/// Observations on their way out, with their place in the order and their time.
#[derive(Debug, Default)]
struct Output {
    observations: Vec<Observation>,
    order: ObservationOrder,
    timestamp: Timestamp,
}

impl Meter {
    /// Makes a meter. `seeds` key the flow table's hash: secret where strangers send the packets,
    /// constant where every run has to be the same.
    #[must_use]
    pub fn new(config: Config, seeds: [u64; 4]) -> Self {
        Self {
            table: FlowTable::new(config.flow.clone(), seeds),
            budget: HeadsBudget::default(),
            stats: MeterStats {
                flows_capacity: u64::from(config.flow.max_flows),
                ..MeterStats::default()
            },
            output: Output::default(),
            config,
        }
    }

    /// Takes in a frame at the time `now`, which is at least the frame's time stamp unless the
    /// capture's times run backwards.
    pub fn handle_frame(&mut self, frame: &Frame<'_>, now: Timestamp) {
        if self.table.may_expire(now) {
            self.handle_timeout(now);
        }
        self.stats.frames += 1;
        self.stats.wire_bytes += u64::from(frame.wire_len);
        let packet = match decode(frame) {
            Ok(packet) => packet,
            Err(error) => {
                self.stats.invalid += 1;
                self.stats.count_decode_error(error);
                return;
            }
        };
        self.stats.decoded += 1;
        if let Some(error) = packet.stopped {
            self.stats.count_decode_error(error);
        }
        self.output.begin(now, frame.number, 0, frame.timestamp);
        match packet.network {
            Network::Ip(ip) => self.handle_ip(frame, &packet, &ip, now),
            Network::Arp(arp) => self.handle_arp(&packet, &arp),
            Network::Link { ether_type, payload } => {
                self.handle_link_message(frame, &packet, ether_type, payload);
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

    fn handle_ip(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        ip: &IpPacket<'_>,
        now: Timestamp,
    ) {
        let interface =
            if self.config.interfaces_apart { frame.interface } else { InterfaceId::default() };
        let (key, orientation) = FlowKey::new(ip, packet.vlans, interface);
        let flow_packet = FlowPacket {
            frame: frame.number,
            timestamp: frame.timestamp,
            interface: frame.interface,
            wire_len: frame.wire_len,
            ether: packet.ether,
            vlans: packet.vlans,
            ip,
        };
        let observed = self.table.observe(key, orientation, &flow_packet, now, HeadSlot::default);
        if let Some(ended) = observed.ended {
            self.end_flow(ended);
        }
        let Some(entry) = self.table.entry_mut(observed.place) else { return };
        if observed.is_new {
            self.stats.flows_started += 1;
            self.output.push(ObservationKind::FlowStarted(report(entry)));
        }
        let read = match ip.transport {
            Transport::Tcp(header) => {
                let cut = ip.payload.len() < ip.payload_len as usize;
                let segment = Segment { header, payload: ip.payload, cut };
                entry.slot.read_segment(
                    observed.orientation,
                    segment,
                    &self.config,
                    &mut self.budget,
                    &mut self.stats,
                )
            }
            Transport::Udp { source_port, destination_port } => {
                match dissect_datagram(ip.payload, source_port, destination_port) {
                    Ok(message) => message,
                    Err(error) => {
                        self.stats.count_dissect_error(error);
                        None
                    }
                }
            }
            Transport::Sctp { .. } | Transport::Icmp { .. } | Transport::None => None,
        };
        if let Some(message) = read {
            self.stats.count_message(message.protocol());
            let news = entry.slot.note(&message);
            let context = MessageContext {
                interface: frame.interface,
                vlans: packet.vlans,
                ether: packet.ether,
                flow: Some(message_flow(entry, observed.sender)),
            };
            self.output.push_message(context, message);
            if news {
                self.output
                    .push(ObservationKind::FlowUpdated { report: report(entry), interim: false });
            }
        }
        if observed.report_due {
            let interim = self.table.mark_reported(observed.place, now);
            if let Some(entry) = self.table.entry_mut(observed.place) {
                self.output.push(ObservationKind::FlowUpdated { report: report(entry), interim });
            }
        }
    }

    /// The sender of an ARP packet says which address it holds; a probe says nothing (RFC 5227, 2.1.1), and
    /// neither does who speaks for another station.
    fn handle_arp(&mut self, packet: &Packet<'_>, arp: &ArpPacket) {
        let speaks_for_itself = packet.ether.is_none_or(|ether| ether.source == arp.sender_mac);
        if speaks_for_itself && arp.sender_mac.is_station() && !arp.sender_ip.is_unspecified() {
            self.output.push(ObservationKind::BindingSeen {
                mac: arp.sender_mac,
                ip: IpAddr::V4(arp.sender_ip),
                how: BindingSource::Arp,
            });
        }
    }

    fn handle_link_message(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        ether_type: u16,
        payload: &[u8],
    ) {
        match dissect_link(ether_type, payload) {
            Ok(Some(message)) => {
                self.stats.count_message(message.protocol());
                let context = MessageContext {
                    interface: frame.interface,
                    vlans: packet.vlans,
                    ether: packet.ether,
                    flow: None,
                };
                self.output.push_message(context, message);
            }
            Ok(None) => {}
            Err(error) => self.stats.count_dissect_error(error),
        }
    }

    fn end_flow(&mut self, ended: EndedFlow<HeadSlot>) {
        let EndedFlow { mut entry, reason, .. } = ended;
        self.stats.count_flow_end(reason);
        if let Some(message) = entry.slot.give_up(&mut self.budget) {
            self.stats.count_message(message.protocol());
            entry.slot.note(&message);
            let record = entry.record();
            let context = MessageContext {
                interface: record.interface,
                vlans: record.vlans,
                ether: None,
                flow: Some(message_flow(&entry, Role::Initiator)),
            };
            self.output.push_message(context, message);
        }
        self.output.push(ObservationKind::FlowEnded { report: report(&entry), reason });
    }
}

impl Output {
    /// Says where the next observations stand in the order.
    const fn begin(&mut self, now: Timestamp, frame: u64, flow: u64, timestamp: Timestamp) {
        self.order = ObservationOrder { timestamp: now, frame, flow, part: 0 };
        self.timestamp = timestamp;
    }

    fn push(&mut self, kind: ObservationKind) {
        let Self { observations, order, timestamp } = self;
        observations.push(Observation { order: *order, timestamp: *timestamp, kind });
        order.part += 1;
    }

    fn push_message(&mut self, context: MessageContext, message: Message) {
        self.push(ObservationKind::MessageRead { context: Box::new(context), message });
    }
}

fn report(entry: &FlowEntry<HeadSlot>) -> FlowReport {
    FlowReport { record: Box::new(entry.record()), head: entry.slot.head.clone() }
}

fn message_flow(entry: &FlowEntry<HeadSlot>, sender: Role) -> MessageFlow {
    let (initiator, responder) = entry.endpoints();
    MessageFlow { id: entry.id(), initiator, responder, protocol: entry.protocol(), sender }
}
