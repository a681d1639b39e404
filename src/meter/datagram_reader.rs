//! Reads what is said in datagrams.
//!
//! Comes in: datagrams of a flow. Goes out: messages, and the protocol of the flow. Where each datagram may be a
//! message (names, discovery), each is read; elsewhere the first few of each direction are looked at, and a flow that
//! says nothing of ours is not looked at again.

use std::net::IpAddr;

use super::MeterStats;
use super::flow_slot::{EVERY, FlowSlot, QuicReading, Side};
use super::head_reader::HeadReader;
use super::talk::{ReadMessage, Talk};
use crate::decode::IpPacket;
use crate::dissect::{
    AppProtocol, Appetite, DatagramVerdict, DissectError, Message, Probe, QuicInitials, QuicRead,
    RtpTracker,
};
use crate::flow::{Orientation, Role};

/// Datagrams of each direction that are looked at before a flow is left alone: in WebRTC a few STUN messages come
/// before DTLS does.
const LOOKS: u8 = 8;

/// Datagrams in a row that may be nothing where each one may be a message: guards against flows of another kind
/// on a port of names or discovery, such as a private network's on port 53.
const MAX_MISSES: u8 = 64;

/// A datagram, as far as its bytes were captured, and its place in its flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Datagram<'a> {
    pub(super) payload: &'a [u8],
    pub(super) source: IpAddr,
    pub(super) source_port: u16,
    pub(super) destination_port: u16,
    pub(super) sender: Role,
    pub(super) orientation: Orientation,
}

impl HeadReader {
    /// Takes in a datagram; what could be read is in [`HeadReader::read`] then.
    pub(super) fn read_datagram(
        &mut self,
        slot: &mut FlowSlot,
        datagram: &Datagram<'_>,
        stats: &mut MeterStats,
    ) {
        let (side, other, talk) = slot.side(datagram.orientation);
        if datagram.payload.is_empty() {
            return;
        }
        match side {
            Side::Done => return,
            Side::Quic(_) => {
                self.read_quic(side, true, datagram, talk, stats);
                return self.leave_quic(side, other);
            }
            Side::Rtp(tracker) => {
                match tracker.observe(datagram.payload) {
                    Probe::Certain => {
                        *side = Side::Done;
                        return self.recognise(talk, AppProtocol::Rtp);
                    }
                    Probe::Unsure => return,
                    // It is no RTP; this datagram gets a last look.
                    Probe::NotForUs => *side = Side::looks(1),
                }
            }
            Side::Unseen => *side = Side::looks(LOOKS),
            Side::Datagrams { .. }
            | Side::Expected { .. }
            | Side::Reading(_)
            | Side::Skipping { .. }
            | Side::Scanning { .. } => {}
        }
        // Who sent the first long header may have been the server.
        if matches!(other, Side::Quic(quic) if quic.initials.has_client()) {
            self.read_quic(other, false, datagram, talk, stats);
            return one_look_less(side);
        }
        let known = talk.protocol();
        let Datagram { payload, source_port, destination_port, .. } = *datagram;
        match self.dissector.datagram(payload, source_port, destination_port, known) {
            DatagramVerdict::Read(message, appetite) => {
                if !is_repeated(side, &message) {
                    self.tell(talk, datagram, message);
                }
                match appetite {
                    Appetite::Every => *side = Side::looks(EVERY),
                    Appetite::Few => one_look_less(side),
                }
            }
            // Its hello was told: what the server sends is encrypted with keys that are not there.
            DatagramVerdict::Quic if talk.greets_over_quic() => *side = Side::Done,
            DatagramVerdict::Quic => {
                *side = Side::Quic(Box::new(QuicReading {
                    initials: QuicInitials::default(),
                    host: datagram.source,
                    counted: 0,
                }));
                self.read_quic(side, true, datagram, talk, stats);
                self.leave_quic(side, other);
            }
            DatagramVerdict::PerhapsRtp if matches!(side, Side::Datagrams { left: 1, .. }) => {
                *side = Side::Done;
            }
            DatagramVerdict::PerhapsRtp => {
                let mut tracker = RtpTracker::default();
                let _ = tracker.observe(payload);
                *side = Side::Rtp(Box::new(tracker));
            }
            DatagramVerdict::Recognised(protocol) => {
                *side = Side::Done;
                self.recognise(talk, protocol);
            }
            DatagramVerdict::Nothing(appetite) => missed(side, appetite),
            DatagramVerdict::Malformed(error, appetite) => {
                stats.count_dissect_error(error);
                missed(side, appetite);
            }
        }
    }

    /// Offers a datagram to the handshake that `side` puts together.
    fn read_quic(
        &mut self,
        side: &mut Side,
        from_client: bool,
        datagram: &Datagram<'_>,
        talk: &mut Talk,
        stats: &mut MeterStats,
    ) {
        let Side::Quic(quic) = side else { return };
        match self.dissector.quic(&mut quic.initials, datagram.payload, from_client) {
            QuicRead::Read(message) => {
                self.tell(talk, datagram, Message::Quic(Box::new(message)));
                self.close(side);
            }
            QuicRead::NeedMore => {
                self.settle_budget(side, talk, stats);
            }
            QuicRead::NotForUs if !from_client => {}
            QuicRead::NotForUs => self.close(side),
            QuicRead::Malformed(reason) => {
                stats.count_dissect_error(DissectError::unreadable(AppProtocol::Quic, reason));
                self.close(side);
            }
        }
    }

    /// Ends the look at whoever was taken for the client of a handshake, once another one turned out to be.
    fn leave_quic(&mut self, client: &Side, other: &mut Side) {
        let is_found = matches!(client, Side::Quic(quic) if quic.initials.has_client());
        if is_found && matches!(other, Side::Quic(_)) {
            self.close(other);
        }
    }

    /// Reads an ICMPv6 message. Neighbor Discovery never passes a router: its hop limit is 255 (RFC 4861, 7.1).
    pub(super) fn read_icmpv6(&mut self, ip: &IpPacket<'_>, sender: Role, stats: &mut MeterStats) {
        if ip.ttl != u8::MAX {
            return;
        }
        match self.dissector.icmpv6(ip.network_payload) {
            Ok(Some(message)) => self.read.push(ReadMessage { sender, message }),
            Ok(None) => {}
            Err(error) => stats.count_dissect_error(error),
        }
    }

    fn tell(&mut self, talk: &mut Talk, datagram: &Datagram<'_>, message: Message) {
        let sender = datagram.sender;
        let responder_port = match sender {
            Role::Initiator => datagram.destination_port,
            Role::Responder => datagram.source_port,
        };
        self.news |= talk.note(&message, responder_port, &mut self.plain);
        self.read.push(ReadMessage { sender, message });
    }

    /// Notes the protocol of a flow that is recognised and not read.
    fn recognise(&mut self, talk: &mut Talk, protocol: AppProtocol) {
        self.news |= talk.note_head(protocol, None, None, &mut self.plain);
    }
}

/// Tells whether a message is a hello of DTLS behind another one, and notes the first. It is sent again when its answer
/// is late, and with a cookie when it is asked for one (RFC 6347, 4.2.1 and 4.2.4).
fn is_repeated(side: &mut Side, message: &Message) -> bool {
    match (side, message) {
        (Side::Datagrams { greeted, .. }, Message::Tls(_)) => std::mem::replace(greeted, true),
        _ => false,
    }
}

/// A datagram was nothing.
fn missed(side: &mut Side, appetite: Appetite) {
    match (appetite, &mut *side) {
        (Appetite::Few, _) => one_look_less(side),
        (Appetite::Every, Side::Datagrams { misses, .. }) => {
            *misses += 1;
            if *misses >= MAX_MISSES {
                *side = Side::Done;
            }
        }
        (Appetite::Every, _) => {}
    }
}

/// One datagram of a direction was looked at.
fn one_look_less(side: &mut Side) {
    if let Side::Datagrams { left, .. } = side
        && *left != EVERY
    {
        *left -= 1;
        if *left == 0 {
            *side = Side::Done;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn what_may_be_rtp_is_not_looked_at_for_ever() {
        // Version 2 and another source each time; or every second one is no RTP.
        let noise = |number: u8| vec![0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, number, 9, 9];
        let other = vec![0x80; 9];
        let alone: Vec<_> = (0..80).map(noise).collect();
        let mixed: Vec<_> = (0..40).flat_map(|number| [noise(number), other.clone()]).collect();
        for payloads in [alone, mixed] {
            assert!(looks_at(40_001, &payloads).is_some_and(|looks| looks <= 40));
        }
    }

    #[test]
    fn noise_is_given_up_on_every_port() {
        let noise = vec![b"\x00\x01 noise".to_vec(); 100];

        assert_eq!(looks_at(40_001, &noise), Some(usize::from(LOOKS)));
        assert_eq!(looks_at(53, &noise), Some(usize::from(MAX_MISSES)));
    }

    /// How many datagrams to a port are looked at; `None`: all, and the next one would be as well.
    fn looks_at(port: u16, payloads: &[Vec<u8>]) -> Option<usize> {
        let mut reader = HeadReader::new(&Config::default(), [1, 2, 3, 4]);
        let (mut slot, mut stats) = (FlowSlot::default(), MeterStats::default());
        let orientation = Orientation::Ascending;
        let at = payloads.iter().position(|payload| {
            let datagram = Datagram {
                payload,
                source: "192.0.2.10".parse().unwrap(),
                source_port: 40_000,
                destination_port: port,
                sender: Role::Initiator,
                orientation,
            };
            reader.read_datagram(&mut slot, &datagram, &mut stats);
            slot.is_done(orientation)
        });
        at.map(|at| at + 1)
    }
}
