//! A live flow.

use std::time::Duration;

use super::cut::CutWord;
use super::due::Due;
use super::tcp_progress::TcpProgress;
use super::tcp_side::TcpSide;
use super::{
    Bypassed, Config, ConnState, Endpoint, FlowCounters, FlowId, FlowKey, FlowRecord, Orientation,
    Role,
};
use crate::decode::{EtherAddresses, IpPacket, TcpFlags, TcpHeader, Transport, Tunnel, VlanIds};
use crate::net::{InterfaceId, IpProtocol, MacAddr, Timestamp};

/// A live flow with a slot `S` for whoever reads its first bytes.
#[derive(Debug)]
pub struct FlowEntry<S> {
    pub(super) key: FlowKey,
    id: FlowId,
    flow_start: Timestamp,
    pub(super) flow_end: Timestamp,
    /// When the flow was last heard of on the table's own clock, which never runs backwards.
    pub(super) heard: Timestamp,
    pub(super) report_at: Due,
    pub(super) interim_at: Due,
    /// From the lower and from the higher end.
    pub(super) sent: [Sent; 2],
    pub(super) tcp: [TcpSide; 2],
    /// The Ethernet addresses at the lower and the higher end.
    macs: [MacAddr; 2],
    interface: InterfaceId,
    /// What few flows have.
    pub(super) rare: Option<Box<Rare>>,
    /// Whether the kernel counts it in our place.
    pub(super) cut: CutWord,
    pub(super) progress: TcpProgress,
    pub(super) initiator: Orientation,
    /// The owner has told totals of the flow, after it began.
    pub was_told: bool,
    /// What the owner keeps with the flow.
    pub slot: S,
}

/// What few flows have.
#[derive(Debug, Default)]
pub(super) struct Rare {
    /// What the flow's first packet was wrapped in.
    tunnel: Option<Tunnel>,
    /// What the kernel has counted, of the lower and of the higher end.
    pub(super) bypassed: [Bypassed; 2],
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sent {
    pub(super) packets: u64,
    pub(super) wire_bytes: u64,
    pub(super) ip_bytes: u64,
    pub(super) payload_bytes: u64,
}

/// The packet that a flow is told about, with what stands around it.
#[derive(Debug, Clone, Copy)]
pub struct FlowPacket<'p, 'a> {
    /// The frame's number in the run.
    pub frame: u64,
    /// When it was captured.
    pub timestamp: Timestamp,
    /// Where.
    pub interface: InterfaceId,
    /// Its length on the wire.
    pub wire_len: u32,
    /// Its Ethernet addresses.
    pub ether: Option<EtherAddresses>,
    /// Its VLAN tags.
    pub vlans: VlanIds,
    /// What it is wrapped in.
    pub tunnel: Option<&'p Tunnel>,
    /// The packet.
    pub ip: &'p IpPacket<'a>,
}

impl<S> FlowEntry<S> {
    pub(super) fn new(
        key: FlowKey,
        orientation: Orientation,
        packet: &FlowPacket<'_, '_>,
        now: Timestamp,
        slot: S,
    ) -> Self {
        Self {
            key,
            id: FlowId::new(&key, packet.timestamp, packet.frame),
            flow_start: packet.timestamp,
            flow_end: packet.timestamp,
            heard: now,
            report_at: Due::default(),
            interim_at: Due::default(),
            sent: [Sent::default(); 2],
            tcp: [TcpSide::default(); 2],
            macs: [MacAddr::ZERO; 2],
            interface: packet.interface,
            rare: packet
                .tunnel
                .map(|tunnel| Box::new(Rare { tunnel: Some(*tunnel), ..Rare::default() })),
            cut: CutWord::default(),
            progress: TcpProgress::default(),
            initiator: first_initiator(orientation, packet.ip),
            was_told: false,
            slot,
        }
    }

    /// Reads a little of each part that a packet changes, so that all of them are near when it does.
    #[inline]
    pub(super) const fn touch(&self) -> u64 {
        let [ascending, descending] = &self.sent;
        let [low, high] = &self.tcp;
        ascending.packets
            ^ descending.payload_bytes
            ^ self.flow_end.as_nanos()
            ^ self.report_at.touch()
            ^ low.touch()
            ^ high.touch()
    }

    /// Counts a packet, and tells who sent it.
    pub(super) fn observe(
        &mut self,
        orientation: Orientation,
        packet: &FlowPacket<'_, '_>,
        now: Timestamp,
    ) -> Role {
        self.heard = now;
        self.flow_start = self.flow_start.min(packet.timestamp);
        self.flow_end = self.flow_end.max(packet.timestamp);
        let sender = self.role_of(orientation);
        if let Some(ether) = packet.ether {
            self.learn_macs(orientation, ether);
        }
        let mut flags = TcpFlags::default();
        if let Transport::Tcp(tcp) = packet.ip.transport {
            flags = tcp.flags;
            let [ascending, descending] = &mut self.tcp;
            let (speaking, answered) = match orientation {
                Orientation::Ascending => (ascending, descending),
                Orientation::Descending => (descending, ascending),
            };
            speaking.observe_flags(flags);
            // Of a flow that the kernel counts, only the ends come by: their numbers say nothing of what is missing.
            if !self.cut.is_cut() {
                follow_numbers(speaking, answered, &tcp, packet.ip);
            }
        }
        if packet.ip.protocol == IpProtocol::TCP {
            self.progress.observe(sender, flags);
        }
        let [ascending, descending] = &mut self.sent;
        let sent = match orientation {
            Orientation::Ascending => ascending,
            Orientation::Descending => descending,
        };
        sent.packets += 1;
        sent.wire_bytes += u64::from(packet.wire_len);
        sent.ip_bytes += u64::from(packet.ip.ip_len);
        sent.payload_bytes += u64::from(packet.ip.payload_len);
        sender
    }

    /// Tells whether nothing more is to come.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.progress.is_closed()
    }

    /// Tells whether the initiator's SYN was seen.
    #[must_use]
    pub const fn saw_syn(&self) -> bool {
        self.progress.saw_syn()
    }

    /// Tells whether the conversation was under way when its first packet was seen.
    pub(super) const fn was_joined_midway(&self) -> bool {
        !self.progress.saw_syn() && !self.progress.saw_syn_ack()
    }

    /// Tells whether the handshake was seen from both sides.
    pub(super) const fn is_established(&self) -> bool {
        self.progress.saw_syn() && self.progress.saw_syn_ack()
    }

    /// When the flow was last heard of, on the table's own clock.
    pub(super) const fn heard_at(&self) -> Timestamp {
        self.heard
    }

    /// Tells whether only one side has spoken.
    pub(super) const fn is_one_sided(&self) -> bool {
        let [ascending, descending] = &self.sent;
        ascending.packets == 0 || descending.packets == 0
    }

    /// What its first packet was wrapped in.
    pub(super) fn tunnel(&self) -> Option<Tunnel> {
        self.rare.as_ref().and_then(|rare| rare.tunnel)
    }

    /// The flow's number.
    #[must_use]
    pub const fn id(&self) -> FlowId {
        self.id
    }

    /// Its transport protocol.
    #[must_use]
    pub const fn protocol(&self) -> IpProtocol {
        self.key.protocol()
    }

    /// Its two ends, initiator first.
    #[must_use]
    pub fn endpoints(&self) -> (Endpoint, Endpoint) {
        match self.initiator {
            Orientation::Ascending => (self.key.low(), self.key.high()),
            Orientation::Descending => (self.key.high(), self.key.low()),
        }
    }

    /// Who sends what runs so against the sorted key.
    #[must_use]
    pub fn role_of(&self, orientation: Orientation) -> Role {
        if orientation == self.initiator { Role::Initiator } else { Role::Responder }
    }

    /// When the flow expires unless something is heard of it.
    pub(super) fn deadline(&self, config: &Config) -> Timestamp {
        self.heard.plus(self.idle_timeout(config))
    }

    /// When the flow's silence became too long, by the time stamps of its own packets.
    #[must_use]
    pub fn idle_deadline(&self, config: &Config) -> Timestamp {
        self.flow_end.plus(self.idle_timeout(config))
    }

    pub(super) fn idle_timeout(&self, config: &Config) -> Duration {
        match self.key.protocol() {
            IpProtocol::TCP if self.progress.is_closed() => config.tcp_closed_timeout,
            IpProtocol::TCP if self.progress.is_half_open() => config.tcp_half_open_timeout,
            IpProtocol::TCP => config.tcp_idle_timeout,
            IpProtocol::UDP | IpProtocol::SCTP => config.udp_idle_timeout,
            _ => config.other_idle_timeout,
        }
    }

    /// What is told of the flow.
    #[must_use]
    pub fn record(&self) -> FlowRecord {
        let (initiator, responder) = self.endpoints();
        let [low, high] = self.macs;
        let [ascending, descending] = self.sent;
        let [ascending_tcp, descending_tcp] = self.tcp;
        let [ascending_bypassed, descending_bypassed] =
            self.rare.as_ref().map_or_else(Default::default, |rare| rare.bypassed);
        let (ascending, descending) = (
            ascending.counters(ascending_tcp, ascending_bypassed),
            descending.counters(descending_tcp, descending_bypassed),
        );
        let ((initiator_mac, responder_mac), (forward, reverse)) = match self.initiator {
            Orientation::Ascending => ((low, high), (ascending, descending)),
            Orientation::Descending => ((high, low), (descending, ascending)),
        };
        FlowRecord {
            id: self.id,
            initiator,
            responder,
            protocol: self.key.protocol(),
            interface: self.interface,
            vlans: self.key.vlans(),
            tunnel: self.tunnel().map(Box::new),
            initiator_mac,
            responder_mac,
            flow_start: self.flow_start,
            flow_end: self.flow_end,
            forward,
            reverse,
            conn_state: self.conn_state(),
        }
    }

    const fn conn_state(&self) -> ConnState {
        if matches!(self.key.protocol(), IpProtocol::TCP) {
            self.progress.conn_state()
        } else if self.is_one_sided() {
            ConnState::S0
        } else {
            ConnState::SF
        }
    }

    fn learn_macs(&mut self, orientation: Orientation, ether: EtherAddresses) {
        let [low, high] = &mut self.macs;
        let (source, destination) = match orientation {
            Orientation::Ascending => (low, high),
            Orientation::Descending => (high, low),
        };
        if ether.source != MacAddr::ZERO {
            *source = ether.source;
        }
        if *destination == MacAddr::ZERO {
            *destination = ether.destination;
        }
    }
}

impl Sent {
    const fn counters(self, tcp: TcpSide, bypassed: Bypassed) -> FlowCounters {
        FlowCounters {
            packets: self.packets,
            wire_bytes: self.wire_bytes,
            ip_bytes: self.ip_bytes,
            payload_bytes: self.payload_bytes,
            missing_bytes: tcp.missing(),
            holes: tcp.holes(),
            tcp_flags: tcp.flags(),
            bypassed,
        }
    }
}

/// Follows the numbers of a segment: its own among those of the side that is `speaking`, its acknowledgment among those
/// of the other. A RST counts for neither: what sends it may know neither number (RFC 9293, 3.5.2).
#[inline]
const fn follow_numbers(
    speaking: &mut TcpSide,
    answered: &mut TcpSide,
    tcp: &TcpHeader,
    ip: &IpPacket<'_>,
) {
    if tcp.flags.contains(TcpFlags::RST) {
        return;
    }
    let fin = tcp.flags.contains(TcpFlags::FIN) as u32;
    if ip.fragment.is_some() {
        speaking.lose_place();
    } else if tcp.flags.contains(TcpFlags::SYN) {
        speaking.synchronise(tcp.sequence, ip.payload_len.wrapping_add(1 + fin));
    } else {
        speaking.segment(tcp.sequence, ip.payload_len.wrapping_add(fin));
    }
    if tcp.flags.contains(TcpFlags::ACK) {
        answered.acknowledged(tcp.acknowledgment);
    }
}

/// The first packet's sender began, unless the packet is itself an answer to a SYN.
fn first_initiator(orientation: Orientation, ip: &IpPacket<'_>) -> Orientation {
    match ip.transport {
        Transport::Tcp(tcp)
            if tcp.flags.contains(TcpFlags::SYN) && tcp.flags.contains(TcpFlags::ACK) =>
        {
            orientation.reversed()
        }
        Transport::Tcp(_)
        | Transport::Udp { .. }
        | Transport::Sctp { .. }
        | Transport::Icmp { .. }
        | Transport::None => orientation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::VlanIds;

    #[test]
    fn the_tags_of_a_flow_come_back_from_its_key() {
        for tags in [&[][..], &[0], &[7], &[4095, 1], &[0, 4095]] {
            let mut vlans = VlanIds::default();
            for tag in tags {
                vlans.push(*tag);
            }
            assert_eq!(VlanIds::from_bits(vlans.to_bits()), vlans);
        }
    }

    #[test]
    fn a_flow_without_a_slot_takes_little_memory() {
        assert!(size_of::<FlowEntry<()>>() <= 208, "{}", size_of::<FlowEntry<()>>());
    }
}
