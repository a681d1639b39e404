//! Reads the fixed header of an MQTT packet (MQTT 3.1.1 and 5.0, 2.1).
//!
//! Comes in: the head of one side of a stream. Goes out: an [`MqttMessage`], and where the next packet begins. It follows a
//! client up to its first PUBLISH and a server up to its CONNACK.

use super::body;
use super::message::MqttMessage;
use crate::dissect::{
    DissectReason,
    cursor::Cursor,
    verdict::{MAX_STREAM_HEAD, Next, Probe, StreamRead},
};

/// First bytes: packet type and flags.
pub(in crate::dissect) const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const SUBSCRIBE: u8 = 0x82;
/// The type of PUBLISH; its flags vary.
const PUBLISH: u8 = 3;
/// The shortest CONNECT behind its fixed header: MQTT 3.1.1 with an empty client identifier.
const MIN_CONNECT: usize = 12;
/// Bytes of a CONNACK's properties that are believed.
const MAX_CONNACK: usize = 1024;
/// Bytes of a PUBLISH that are waited for: its topic.
const MAX_PUBLISH_HEAD: usize = 2 + body::MAX_TEXT;

/// Looks at the first bytes of one side. Certain: a CONNECT with protocol name and level. Unsure: too little of one, or a
/// CONNACK, which is four bytes of which two vary.
fn probe(head: &[u8]) -> Probe {
    let mut cursor = Cursor::new(head);
    let Ok(first) = cursor.u8() else { return Probe::Unsure };
    if !matches!(first, CONNECT | CONNACK) {
        return Probe::NotForUs;
    }
    let length = match body::varint(&mut cursor) {
        Ok(Some(length)) => length,
        Ok(None) => return Probe::NotForUs,
        Err(_) => return Probe::Unsure,
    };
    if first == CONNACK {
        let whole = (2..=MAX_CONNACK).contains(&length);
        let flags = cursor.u8().map_or(true, |flags| flags <= 1);
        return if whole && flags { Probe::Unsure } else { Probe::NotForUs };
    }
    if length < MIN_CONNECT {
        return Probe::NotForUs;
    }
    let names: [&[u8]; 2] = [b"\0\x04MQTT", b"\0\x06MQIsdp"];
    let rest = cursor.rest();
    match body::protocol(&mut Cursor::new(rest)) {
        Ok(Some(_)) => Probe::Certain,
        Ok(None) => Probe::NotForUs,
        Err(_) if names.iter().any(|name| name.starts_with(rest) || rest == *name) => Probe::Unsure,
        Err(_) => Probe::NotForUs,
    }
}

/// Reads the first packet of the head: a CONNECT, CONNACK, SUBSCRIBE, or the topic of a PUBLISH.
///
/// The first packet of a side is to be probed before: the last two begin with bytes that other protocols use.
/// Answering `NeedMore` costs a look at the fixed header and, for a CONNECT, the protocol name.
pub(crate) fn dissect(head: &[u8]) -> StreamRead<MqttMessage> {
    let (first, start, length) = match fixed(head) {
        Ok(Some(header)) => header,
        Ok(None) => return StreamRead::NotForUs,
        Err(_) => return StreamRead::NeedMore,
    };
    if first == CONNECT && probe(head) == Probe::NotForUs {
        return StreamRead::NotForUs;
    }
    let end = start.saturating_add(length);
    let wanted = if first >> 4 == PUBLISH { start + length.min(MAX_PUBLISH_HEAD) } else { end };
    if head.len() < wanted {
        return if wanted <= MAX_STREAM_HEAD {
            StreamRead::NeedMore
        } else {
            StreamRead::Malformed(DissectReason::TooLarge)
        };
    }
    let rest = head.get(start..wanted).unwrap_or_default();
    match read(first, rest) {
        Ok(message) => {
            let next = match message {
                MqttMessage::Connect(_) | MqttMessage::Subscribe(_) => Next::After(end),
                MqttMessage::Connack(_) | MqttMessage::Publish(_) => Next::Nothing,
            };
            StreamRead::Read(message, next)
        }
        Err(DissectReason::Truncated | DissectReason::Malformed | DissectReason::TooLarge) => {
            StreamRead::Malformed(DissectReason::Malformed)
        }
    }
}

/// What a head that will not grow says: a CONNECT up to its cut, or another packet that is whole.
pub(crate) fn dissect_partial(head: &[u8]) -> Option<MqttMessage> {
    let (first, start, length) = fixed(head).ok()??;
    let rest = head.get(start..)?;
    match rest.get(..length) {
        Some(whole) => read(first, whole).ok(),
        None if matches!(first, CONNECT) => read(first, rest).ok(),
        None => None,
    }
}

/// Reads the first byte and the remaining length, and where the rest begins. `Ok(None)`: a packet that is not read.
fn fixed(head: &[u8]) -> Result<Option<(u8, usize, usize)>, DissectReason> {
    let mut cursor = Cursor::new(head);
    let first = cursor.u8()?;
    // A PUBLISH of quality 3 is forbidden, MQTT 3.1.1, 3.3.1.2.
    let publish = first >> 4 == PUBLISH && first & 0x06 != 0x06;
    if !publish && !matches!(first, CONNECT | CONNACK | SUBSCRIBE) {
        return Ok(None);
    }
    let Some(length) = body::varint(&mut cursor)? else { return Ok(None) };
    Ok(Some((first, cursor.position(), length)))
}

/// Reads what stands behind the fixed header.
fn read(first: u8, rest: &[u8]) -> Result<MqttMessage, DissectReason> {
    match first {
        CONNECT => body::connect(rest).map(|connect| MqttMessage::Connect(Box::new(connect))),
        CONNACK => body::connack(rest).map(MqttMessage::Connack),
        SUBSCRIBE => body::subscribe(rest).map(MqttMessage::Subscribe),
        _ => body::publish(rest).map(MqttMessage::Publish),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;
    use crate::dissect::{MqttConnack, MqttConnect, MqttTopic, MqttWill};

    // All packets are our own construction from the standards, and for the device's from the published fields.

    #[test]
    fn a_device_gives_its_will_and_neither_token_nor_password() {
        let packet = device_connect();
        assert_eq!(probe(&packet), Probe::Certain);
        let StreamRead::Read(MqttMessage::Connect(connect), next) = dissect(&packet) else {
            panic!("{packet:?}")
        };

        assert_eq!((connect.protocol_name, connect.level, connect.keep_alive), ("MQTT", 4, 60));
        assert_eq!((connect.client_id_length, connect.client_id.as_deref()), (32, None));
        assert_eq!((connect.username.as_deref(), connect.has_password), (Some("L00000001"), true));
        let topic = "/Basic/pu2cenplt/L00000001/firstconnect".to_owned();
        let will = MqttWill { topic, topic_length: 128, qos: 1, retain: true };
        assert_eq!(connect.will, Some(will));
        assert_eq!(next, Next::After(packet.len()));
        let shown = format!("{connect:?}");
        assert!(!shown.contains("token") && !shown.contains("test"), "{shown}");
    }

    #[test]
    fn each_version_is_read() {
        let old = b"\x10\x11\0\x06MQIsdp\x03\x02\0\x3c\0\x03cam";
        let three = b"\x10\x0f\0\x04MQTT\x04\x02\0\x3c\0\x03cam";
        let five = b"\x10\x15\0\x04MQTT\x05\x02\0\x3c\x05\x11\0\0\0\x0a\0\x03cam";
        for (packet, level) in [(&old[..], 3), (three, 4), (five, 5)] {
            let connect = connect_of(packet);
            assert_eq!((connect.level, connect.client_id.as_deref()), (level, Some("cam")));
            assert!(connect.clean_start && connect.username.is_none() && connect.will.is_none());
        }
    }

    #[test]
    fn an_answer_gives_its_code_and_ends_the_side() {
        let expected = MqttConnack { session_present: false, return_code: 11 };
        assert_eq!(probe(b"\x20\x02\0\x0b"), Probe::Unsure);
        let read = StreamRead::Read(MqttMessage::Connack(expected), Next::Nothing);
        assert_eq!(dissect(b"\x20\x02\0\x0b"), read);
        let five = StreamRead::Read(
            MqttMessage::Connack(MqttConnack { session_present: true, return_code: 0 }),
            Next::Nothing,
        );
        assert_eq!(dissect(b"\x20\x03\x01\0\0"), five);
        assert_eq!(probe(b"\x20\x02\x04\0"), Probe::NotForUs);
    }

    #[test]
    fn a_subscription_gives_its_topics_in_either_layout() {
        let topic = MqttTopic { filter: "/L00000001/#".into(), qos: 1 };
        let three = b"\x82\x11\0\x01\0\x0c/L00000001/#\x01";
        let five = b"\x82\x12\0\x01\0\0\x0c/L00000001/#\x01";
        for packet in [&three[..], five] {
            let read = dissect(packet);
            let message = MqttMessage::Subscribe(vec![topic.clone()]);
            assert_eq!(read, StreamRead::Read(message, Next::After(packet.len())));
        }
        let mut many = vec![0x82, 0xf2, 0x01, 0, 1];
        many.extend_from_slice(&b"\0\x01a\0".repeat(60));
        let Some(MqttMessage::Subscribe(topics)) = dissect_partial(&many) else { panic!() };
        assert_eq!(topics.len(), body::MAX_TOPICS);
    }

    #[test]
    fn the_first_publication_gives_its_topic_only() {
        let mut packet = b"\x32\xc4\x13\0\x0a/3300/1234\0\x02secret".to_vec();
        packet.resize(200, 0);
        let topic = MqttMessage::Publish("/3300/1234".into());
        assert_eq!(dissect(&packet), StreamRead::Read(topic, Next::Nothing));
        assert_eq!(dissect(b"\x36\x04\0\x02ab"), StreamRead::NotForUs);
    }

    #[test]
    fn other_protocols_are_not_for_us() {
        let registration = b"\x10\x3c\x01\x01\0\x03\x09L00000001";
        for head in [
            &registration[..],
            b"\x10\x0c\0\x04MQTT\x07",
            b"\x10\x02\0\x04",
            b"\x16\x03",
            b"\x10\xff\xff\xff\xff",
        ] {
            assert_eq!(probe(head), Probe::NotForUs, "{head:?}");
            assert_eq!(dissect(head), StreamRead::NotForUs, "{head:?}");
        }
        let reserved = b"\x10\x0c\0\x04MQTT\x04\x03\0\x3c\0\0";
        assert_eq!(dissect(reserved), StreamRead::Malformed(DissectReason::Malformed));
        let huge = b"\x10\xff\xff\x7f\0\x04MQTT\x04\x02\0\x3c\0\0";
        assert_eq!(dissect(huge), StreamRead::Malformed(DissectReason::TooLarge));
    }

    #[test]
    fn a_cut_packet_needs_more_and_gives_what_is_there() {
        let packet = device_connect();
        for cut in 0..packet.len() {
            assert_eq!(dissect(&packet[..cut]), StreamRead::NeedMore, "{cut}");
        }
        let Some(MqttMessage::Connect(connect)) = dissect_partial(&packet[..100]) else { panic!() };
        assert_eq!((connect.client_id_length, connect.will), (32, None));
    }

    #[test]
    fn damaged_packets_stay_within_the_bounds() {
        for_each_mutant(&device_connect(), |bytes| {
            let _read = (probe(bytes), dissect(bytes));
            let Some(MqttMessage::Connect(connect)) = dissect_partial(bytes) else { return };
            assert!(connect.username.is_none_or(|name| name.len() <= body::MAX_TEXT));
            assert!(connect.client_id.is_none_or(|id| id.len() <= body::MAX_CLIENT_ID));
        });
        for_each_mutant(b"\x82\x11\0\x01\0\x0c/L00000001/#\x01", |bytes| {
            let Some(MqttMessage::Subscribe(topics)) = dissect_partial(bytes) else { return };
            assert!(topics.len() <= body::MAX_TOPICS);
        });
    }

    fn connect_of(packet: &[u8]) -> MqttConnect {
        let read = dissect(packet);
        let StreamRead::Read(MqttMessage::Connect(connect), _) = read else { panic!("{read:?}") };
        *connect
    }

    fn device_connect() -> Vec<u8> {
        let mut topic = b"/Basic/pu2cenplt/L00000001/firstconnect".to_vec();
        topic.resize(128, 0);
        let mut rest = b"\0\x04MQTT\x04\xee\0\x3c".to_vec();
        let fields: [&[u8]; 5] =
            [b"token-of-the-device-not-to-keep!", &topic, b"payload", b"L00000001", b"test"];
        for field in fields {
            rest.extend_from_slice(&u16::try_from(field.len()).unwrap().to_be_bytes());
            rest.extend_from_slice(field);
        }
        let length = rest.len();
        let mut packet = vec![CONNECT, u8::try_from(length % 128).unwrap() | 0x80];
        packet.push(u8::try_from(length / 128).unwrap());
        packet.extend_from_slice(&rest);
        packet
    }
}
