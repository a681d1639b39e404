//! Frames that wait for their time.
//!
//! Comes in: what a host sends, and when. Goes out: frames in the order of time. It holds what the
//! scripts have played ahead, some seconds at most, and never invents a frame.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::frame::SimulatedFrame;
use super::frame_builder::{
    Arp, Link, Segment, build_arp, build_echo, build_ether, build_tcp, build_udp,
};
use super::prng::Prng;
use super::station::End;
use super::tag::{FlowRole, Tag};
use crate::net::{IpProtocol, MacAddr, Timestamp};

/// First port that a host takes for a flow that it begins (RFC 6335, 6).
const FIRST_EPHEMERAL_PORT: u16 = 49_152;

/// Who exchanges a frame, for the truth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parties {
    /// Hardware address of the sender.
    pub(crate) source_mac: MacAddr,
    /// Hardware address of the one to get it.
    pub(crate) destination_mac: MacAddr,
    /// What carries it.
    pub(crate) protocol: IpProtocol,
    /// Ports of the sender and of the one to get it; zero where the protocol has none.
    pub(crate) ports: (u16, u16),
    /// What the sender says it belongs to.
    pub(crate) tag: Tag,
    /// Who sent it.
    pub(crate) source: IpAddr,
    /// Who is to get it.
    pub(crate) destination: IpAddr,
    /// The sender began the flow.
    pub(crate) by_initiator: bool,
    /// The frame is the first of its flow.
    pub(crate) begins_flow: bool,
    /// Octets of IP, header included.
    pub(crate) ip_bytes: u64,
}

impl Parties {
    /// The addresses of the flow's two ends.
    pub(crate) const fn initiator_and_responder(&self) -> (IpAddr, IpAddr) {
        if self.by_initiator {
            (self.source, self.destination)
        } else {
            (self.destination, self.source)
        }
    }
}

/// Where a frame stands in its flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It begins the flow.
    First,
    /// A later one by the initiator.
    Forward,
    /// One by the responder.
    Reverse,
}

/// The frames to come, and what all hosts draw their numbers from.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// Source of all noise.
    pub(crate) prng: Prng,
    /// What the frames that are sent from now on belong to.
    pub(crate) tag: Tag,
    waiting: BTreeMap<(Timestamp, u64), (Vec<u8>, Option<Parties>)>,
    queued: u64,
    next_port: u16,
    identification: u16,
}

impl Outbox {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            prng: Prng::new(seed),
            tag: Tag::plain(FlowRole::Lan),
            waiting: BTreeMap::new(),
            queued: 0,
            next_port: FIRST_EPHEMERAL_PORT,
            identification: 0,
        }
    }

    /// A port for a new flow. All hosts share the sequence, so that no 5-tuple comes back before
    /// 16 384 others were used.
    pub(crate) const fn port(&mut self) -> u16 {
        let port = self.next_port;
        self.next_port = match port.checked_add(1) {
            Some(next) => next,
            None => FIRST_EPHEMERAL_PORT,
        };
        port
    }

    /// When the next frame is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the next frame.
    pub(crate) fn pop(&mut self) -> Option<(SimulatedFrame, Option<Parties>)> {
        let ((timestamp, _), (bytes, parties)) = self.waiting.pop_first()?;
        Some((SimulatedFrame { timestamp, bytes }, parties))
    }

    /// How many frames wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Sends an ARP frame.
    pub(crate) fn arp(&mut self, at: Timestamp, destination: MacAddr, arp: &Arp) {
        let mut bytes = Vec::new();
        let link = Link { source: arp.sender_mac, destination, vlan: None };
        build_arp(&mut bytes, &link, arp);
        self.queue(at, bytes, None);
    }

    /// Sends a frame of a type that is neither ARP nor IP.
    pub(crate) fn ether(
        &mut self,
        at: Timestamp,
        source: MacAddr,
        destination: MacAddr,
        ethertype: u16,
        payload: &[u8],
    ) {
        let mut bytes = Vec::with_capacity(payload.len() + 64);
        let link = Link { source, destination, vlan: None };
        build_ether(&mut bytes, &link, ethertype, payload);
        self.queue(at, bytes, None);
    }

    /// Sends a datagram.
    pub(crate) fn udp(
        &mut self,
        at: Timestamp,
        from: &End,
        to: &End,
        place: Place,
        payload: &[u8],
    ) {
        let mut bytes = Vec::with_capacity(payload.len() + 64);
        let identification = self.identification();
        let (source, destination) = (from.socket, to.socket);
        build_udp(&mut bytes, &link(from, to), source, destination, identification, payload);
        self.queue(
            at,
            bytes,
            Some(self.parties(from, to, place, (IpProtocol::UDP, payload.len() + 8))),
        );
    }

    /// Sends a segment.
    pub(crate) fn tcp(
        &mut self,
        at: Timestamp,
        from: &End,
        to: &End,
        place: Place,
        segment: &Segment<'_>,
    ) {
        let mut bytes = Vec::with_capacity(segment.payload.len() + 96);
        let identification = self.identification();
        let (source, destination) = (from.socket, to.socket);
        build_tcp(&mut bytes, &link(from, to), source, destination, identification, segment);
        let length = segment.payload.len() + segment.options.len() + 20;
        self.queue(at, bytes, Some(self.parties(from, to, place, (IpProtocol::TCP, length))));
    }

    /// Sends an echo request, or the reply to one; nothing for IPv6 ends.
    pub(crate) fn echo(
        &mut self,
        at: Timestamp,
        from: &End,
        to: &End,
        place: Place,
        sequence: u16,
    ) {
        let (IpAddr::V4(source), IpAddr::V4(destination)) = (from.socket.ip(), to.socket.ip())
        else {
            return;
        };
        let kind = if place == Place::Reverse { 0 } else { 8 };
        let payload = [0x61; 56];
        let mut bytes = Vec::with_capacity(128);
        let ends = (source, destination);
        build_echo(&mut bytes, &link(from, to), ends, kind, (0x1d0b, sequence), &payload);
        let carried = (IpProtocol::ICMP, payload.len() + 8);
        self.queue(at, bytes, Some(self.parties(from, to, place, carried)));
    }

    const fn identification(&mut self) -> u16 {
        self.identification = self.identification.wrapping_add(1);
        self.identification
    }

    /// Who exchanges the frame; `carried` is the protocol above IP, and its length with the header.
    fn parties(&self, from: &End, to: &End, place: Place, carried: (IpProtocol, usize)) -> Parties {
        let header: usize = if from.socket.is_ipv4() { 20 } else { 40 };
        let (protocol, length) = carried;
        Parties {
            source_mac: from.mac,
            destination_mac: to.mac,
            protocol,
            ports: (from.socket.port(), to.socket.port()),
            tag: self.tag,
            source: from.socket.ip(),
            destination: to.socket.ip(),
            by_initiator: place != Place::Reverse,
            begins_flow: place == Place::First,
            ip_bytes: u64::try_from(header + length).unwrap_or(u64::MAX),
        }
    }

    fn queue(&mut self, at: Timestamp, bytes: Vec<u8>, parties: Option<Parties>) {
        self.queued += 1;
        self.waiting.insert((at, self.queued), (bytes, parties));
    }
}

const fn link(from: &End, to: &End) -> Link {
    Link { source: from.mac, destination: to.mac, vlan: None }
}
