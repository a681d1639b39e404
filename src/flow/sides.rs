//! Which sides of a flow were seen.
//!
//! Comes in: a record's totals. Goes out: whether a capture shows one direction only of what was a conversation. An
//! attempt that nobody answered is not one: somebody blocks it, or nobody is there.

use super::{ConnState, FlowCounters, FlowRecord};
use crate::decode::TcpFlags;
use crate::net::IpProtocol;

/// More payload than any sender leaves unacknowledged: who sends it, hears acknowledgments.
const BEYOND_ANY_WINDOW: u64 = 4 << 20;

/// Which sides of a flow were seen, as far as its packets tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sides {
    /// Both have spoken.
    Both,
    /// The responder took part as well, and none of its packets was seen.
    ForwardOnly,
    /// The initiator took part as well, and none of its packets was seen.
    ReverseOnly,
    /// One side was seen, and nothing says that the other took part. Of protocols other than TCP nothing ever does.
    Unanswered,
}

impl Sides {
    /// Tells whether a conversation was seen from one side only.
    #[must_use]
    pub const fn is_one_sided(self) -> bool {
        match self {
            Self::ForwardOnly | Self::ReverseOnly => true,
            Self::Both | Self::Unanswered => false,
        }
    }
}

impl FlowRecord {
    /// Which sides were seen.
    ///
    /// A conversation that was joined midway has the role of its initiator at whoever was seen first, so that
    /// one that shows its server only is [`Sides::ForwardOnly`], unless its SYN-ACK was seen.
    #[must_use]
    pub const fn seen_sides(&self) -> Sides {
        let heard_forward = self.forward.packets > 0;
        let heard_reverse = self.reverse.packets > 0;
        let is_tcp = matches!(self.protocol, IpProtocol::TCP);
        match (heard_forward, heard_reverse) {
            (true, true) => Sides::Both,
            (true, false) if is_tcp && self.responder_took_part() => Sides::ForwardOnly,
            (false, true) if is_tcp && self.initiator_took_part() => Sides::ReverseOnly,
            (true | false, false) | (false, true) => Sides::Unanswered,
        }
    }

    /// The initiator acknowledges data; or its SYN, as it went on with an ACK; or has sent too much for nobody.
    const fn responder_took_part(&self) -> bool {
        self.reverse.missing_bytes > 0
            || matches!(self.conn_state, ConnState::S0 | ConnState::Sh)
                && self.forward.tcp_flags.contains(TcpFlags::ACK)
            || goes_on_beyond_any_window(self.forward)
    }

    /// The responder acknowledges data; or sends its own, for which it waits until its SYN is acknowledged.
    const fn initiator_took_part(&self) -> bool {
        self.forward.missing_bytes > 0 || self.reverse.payload_bytes > 0
    }
}

const fn goes_on_beyond_any_window(sent: FlowCounters) -> bool {
    sent.payload_bytes > BEYOND_ANY_WINDOW
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::decode::{Fragment, IpPacket, TcpHeader, Transport, VlanIds};
    use crate::flow::{FlowEntry, FlowKey, FlowPacket};
    use crate::net::{InterfaceId, Timestamp};

    const CAMERA: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10)), 40_000);
    const CLOUD: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7)), 8666);

    const SYN: u8 = 0x02;
    const SYN_ACK: u8 = 0x12;
    const ACK: u8 = 0x10;
    const FIN: u8 = 0x11;
    const RST: u8 = 0x04;

    /// A segment: from the camera or to it, flags, sequence, acknowledgment, payload length.
    type Segment = (bool, u8, u32, u32, u32);

    /// A handshake, a request of 100 bytes, an answer of 300 in two segments, and the end.
    const CONVERSATION: [Segment; 9] = [
        (true, SYN, 1000, 0, 0),
        (false, SYN_ACK, 5000, 1001, 0),
        (true, ACK, 1001, 5001, 0),
        (true, ACK, 1001, 5001, 100),
        (false, ACK, 5001, 1101, 200),
        (false, ACK, 5201, 1101, 100),
        (true, FIN, 1101, 5301, 0),
        (false, FIN, 5301, 1102, 0),
        (true, ACK, 1102, 5302, 0),
    ];

    #[test]
    fn a_whole_conversation_has_both_sides_and_misses_nothing() {
        let record = record(&CONVERSATION);
        assert_eq!(record.seen_sides(), Sides::Both);
        assert_eq!((record.forward.missing_bytes, record.reverse.missing_bytes), (0, 0));
    }

    #[test]
    fn a_conversation_seen_from_one_side_says_which() {
        let half = |from_camera| {
            record(&CONVERSATION.into_iter().filter(|s| s.0 == from_camera).collect::<Vec<_>>())
        };
        let forward = half(true);
        assert_eq!(forward.seen_sides(), Sides::ForwardOnly);
        assert_eq!(forward.reverse.missing_bytes, 301, "the answer and the FIN");
        let reverse = half(false);
        assert_eq!(reverse.seen_sides(), Sides::ReverseOnly);
        assert_eq!(reverse.forward.missing_bytes, 101, "the request and the FIN");
        assert_eq!(reverse.initiator.ip, CAMERA.0, "the SYN-ACK tells who began");
    }

    #[test]
    fn a_segment_that_was_not_captured_is_missing_in_its_direction() {
        let mut segments = CONVERSATION.to_vec();
        segments.remove(4);
        let record = record(&segments);
        assert_eq!((record.forward.missing_bytes, record.reverse.missing_bytes), (0, 200));
        assert_eq!(record.seen_sides(), Sides::Both);
    }

    #[test]
    fn an_attempt_without_an_answer_is_not_one_sided() {
        for attempt in [
            &[(true, SYN, 1000, 0, 0), (true, SYN, 1000, 0, 0), (true, SYN, 77_000, 0, 0)][..],
            &[(true, SYN, 1000, 0, 0), (true, RST, 1001, 0, 0)],
            &[(true, SYN, 1000, 0, 0), (true, RST | ACK, 1001, 5001, 0)],
            &[(false, SYN_ACK, 5000, 1001, 0), (false, SYN_ACK, 5000, 1001, 0)],
            &[(true, ACK, 1001, 5001, 0), (true, ACK, 1000, 5001, 1)],
            &[(true, ACK, 1001, 5001, 500), (true, ACK, 1001, 5001, 500)],
            &[(true, RST, 1001, 5001, 0), (true, RST, 900_000, 77, 0)],
        ] {
            assert_eq!(record(attempt).seen_sides(), Sides::Unanswered, "{attempt:?}");
        }
    }

    #[test]
    fn an_upload_joined_midway_of_which_no_acknowledgment_is_seen_is_one_sided_after_some_megabytes()
     {
        let mut segments: Vec<Segment> = Vec::new();
        let mut sides = Vec::new();
        for count in 0..200 {
            segments.push((true, ACK, 1001 + count * 60_000, 5001, 60_000));
            sides.push(record(&segments).seen_sides());
        }
        let at = sides.iter().position(|sides| *sides == Sides::ForwardOnly);
        assert_eq!(at, Some((BEYOND_ANY_WINDOW / 60_000) as usize));
    }

    #[test]
    fn the_other_pieces_of_a_fragmented_segment_are_not_missing() {
        let mut flow = flow();
        flow.feed((true, SYN, 1000, 0, 0));
        flow.feed_part((true, ACK, 1001, 5001, 1000), true);
        flow.feed((true, ACK, 4001, 5001, 100));
        assert_eq!(flow.entry.unwrap().record().forward.missing_bytes, 0);
    }

    #[test]
    fn datagrams_in_one_direction_say_nothing_about_the_other() {
        let mut record = record(&CONVERSATION[..1]);
        record.protocol = IpProtocol::UDP;
        record.forward.payload_bytes = u64::MAX;
        assert_eq!(record.seen_sides(), Sides::Unanswered);
    }

    struct Flow {
        entry: Option<FlowEntry<()>>,
    }

    fn flow() -> Flow {
        Flow { entry: None }
    }

    fn record(segments: &[Segment]) -> FlowRecord {
        let mut flow = flow();
        for segment in segments {
            flow.feed(*segment);
        }
        flow.entry.unwrap().record()
    }

    impl Flow {
        fn feed(&mut self, segment: Segment) {
            self.feed_part(segment, false);
        }

        fn feed_part(&mut self, segment: Segment, is_first_piece: bool) {
            let (from_camera, flags, sequence, acknowledgment, payload_len) = segment;
            let (source, destination) = if from_camera { (CAMERA, CLOUD) } else { (CLOUD, CAMERA) };
            let piece = Fragment { id: 7, offset: 0, more: true, protocol: IpProtocol::TCP };
            let ip = IpPacket {
                source: source.0,
                destination: destination.0,
                protocol: IpProtocol::TCP,
                ip_len: 40 + payload_len,
                ttl: 64,
                fragment: is_first_piece.then_some(piece),
                transport: Transport::Tcp(TcpHeader {
                    source_port: source.1,
                    destination_port: destination.1,
                    sequence,
                    acknowledgment,
                    flags: TcpFlags(flags),
                }),
                payload_len,
                payload: &[],
                network_payload: &[],
            };
            let interface = InterfaceId::default();
            let now = Timestamp::from_parts(1, 0);
            let (key, orientation) = FlowKey::new(&ip, VlanIds::default(), None, interface);
            let packet = FlowPacket {
                frame: 1,
                timestamp: now,
                interface,
                wire_len: 54 + payload_len,
                ether: None,
                vlans: VlanIds::default(),
                tunnel: None,
                ip: &ip,
            };
            let entry = self
                .entry
                .get_or_insert_with(|| FlowEntry::new(key, orientation, &packet, now, ()));
            entry.observe(orientation, &packet, now);
        }
    }
}
