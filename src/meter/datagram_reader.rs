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
            Side::Quic(_) => return self.read_quic(side, true, datagram, talk, stats),
            Side::Rtp(tracker) => {
                match tracker.observe(datagram.payload) {
                    Probe::Certain => {
                        *side = Side::Done;
                        return self.recognise(talk, AppProtocol::Rtp);
                    }
                    Probe::Unsure => return,
                    // It is no RTP; this datagram gets a last look.
                    Probe::NotForUs => *side = Side::Datagrams { left: 1 },
                }
            }
            Side::Unseen => *side = Side::Datagrams { left: LOOKS },
            Side::Datagrams { .. }
            | Side::Expected { .. }
            | Side::Reading(_)
            | Side::Skipping { .. }
            | Side::Scanning { .. } => {}
        }
        if matches!(other, Side::Quic(_)) {
            self.read_quic(other, false, datagram, talk, stats);
            return one_look_less(side);
        }
        let known = talk.protocol();
        let Datagram { payload, source_port, destination_port, .. } = *datagram;
        match self.dissector.datagram(payload, source_port, destination_port, known) {
            DatagramVerdict::Read(message, appetite) => {
                self.tell(talk, datagram, message);
                match appetite {
                    Appetite::Every => *side = Side::Datagrams { left: EVERY },
                    Appetite::Few => one_look_less(side),
                }
            }
            DatagramVerdict::Quic => {
                *side = Side::Quic(Box::new(QuicReading {
                    initials: QuicInitials::default(),
                    host: datagram.source,
                    counted: 0,
                }));
                self.read_quic(side, true, datagram, talk, stats);
            }
            DatagramVerdict::PerhapsRtp if matches!(side, Side::Datagrams { left: 1 }) => {
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
            DatagramVerdict::Nothing(Appetite::Every) => {}
            DatagramVerdict::Nothing(Appetite::Few) => one_look_less(side),
            DatagramVerdict::Malformed(error, appetite) => {
                stats.count_dissect_error(error);
                if appetite == Appetite::Few {
                    one_look_less(side);
                }
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

/// One datagram of a direction was looked at.
fn one_look_less(side: &mut Side) {
    if let Side::Datagrams { left } = side
        && *left != EVERY
    {
        *left -= 1;
        if *left == 0 {
            *side = Side::Done;
        }
    }
}
