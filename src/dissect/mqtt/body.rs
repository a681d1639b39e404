//! Reads what stands behind the fixed header of an MQTT packet.
//!
//! Comes in: the rest of a packet, as far as it has come. Goes out: fields of an [`MqttMessage`](super::MqttMessage).
//! Passwords and payloads are not looked at.

use super::message::{MqttConnack, MqttConnect, MqttTopic, MqttWill};
use crate::dissect::{DissectReason, cursor::Cursor};
use crate::net::bounded;

/// Bytes of a topic or user name that are kept.
pub(super) const MAX_TEXT: usize = 128;
/// The longest client identifier that is kept: the shortest device token described has 23 characters (`cp4`).
pub(super) const MAX_CLIENT_ID: usize = 22;
/// Topic filters that are kept; guards against a SUBSCRIBE of thousands.
pub(super) const MAX_TOPICS: usize = 8;

/// Bits of the connect flags, MQTT 3.1.1, 3.1.2.3.
const RESERVED: u8 = 0x01;
const CLEAN: u8 = 0x02;
const WILL: u8 = 0x04;
const WILL_RETAIN: u8 = 0x20;
const PASSWORD: u8 = 0x40;
const USERNAME: u8 = 0x80;

/// Reads the protocol name and level that open a CONNECT. `None`: others than those of the standards.
///
/// # Errors
/// The bytes end before the level.
pub(super) fn protocol(
    cursor: &mut Cursor<'_>,
) -> Result<Option<(&'static str, u8)>, DissectReason> {
    let name = cursor.vector16()?;
    let level = cursor.u8()?;
    Ok(match (name, level) {
        (b"MQTT", 4 | 5) => Some(("MQTT", level)),
        (b"MQIsdp", 3) => Some(("MQIsdp", level)),
        _ => None,
    })
}

/// Reads a CONNECT. What is behind a cut is left out, from the client identifier on.
///
/// # Errors
/// The flags contradict the standard, or the bytes end before the client identifier.
pub(super) fn connect(body: &[u8]) -> Result<MqttConnect, DissectReason> {
    let mut cursor = Cursor::new(body);
    let (protocol_name, level) = protocol(&mut cursor)?.ok_or(DissectReason::Malformed)?;
    let flags = cursor.u8()?;
    let qos = flags >> 3 & 3;
    let will = flags & WILL != 0;
    if flags & RESERVED != 0 || qos == 3 || (!will && (qos != 0 || flags & WILL_RETAIN != 0)) {
        return Err(DissectReason::Malformed);
    }
    let keep_alive = cursor.u16()?;
    let client_id = connect_id(&mut cursor, level)?;
    let mut message = MqttConnect {
        protocol_name,
        level,
        client_id_length: u16::try_from(client_id.len()).unwrap_or(u16::MAX),
        client_id: harmless(client_id),
        has_password: flags & PASSWORD != 0,
        keep_alive,
        clean_start: flags & CLEAN != 0,
        ..MqttConnect::default()
    };
    // A cut behind the client identifier costs only the fields behind it.
    let _cut = will_and_username(&mut message, &mut cursor, flags);
    Ok(message)
}

/// Reads on behind the client identifier, up to the password.
fn will_and_username(
    message: &mut MqttConnect,
    cursor: &mut Cursor<'_>,
    flags: u8,
) -> Result<(), DissectReason> {
    if flags & WILL != 0 {
        properties(cursor, message.level)?;
        let topic = cursor.vector16()?;
        message.will = Some(MqttWill {
            topic: text(topic),
            topic_length: u16::try_from(topic.len()).unwrap_or(u16::MAX),
            qos: flags >> 3 & 3,
            retain: flags & WILL_RETAIN != 0,
        });
        let _payload = cursor.vector16()?;
    }
    if flags & USERNAME != 0 {
        message.username = Some(text(cursor.vector16()?));
    }
    Ok(())
}

/// Skips the properties, and takes the client identifier.
fn connect_id<'a>(cursor: &mut Cursor<'a>, level: u8) -> Result<&'a [u8], DissectReason> {
    properties(cursor, level)?;
    cursor.vector16()
}

/// Skips the properties of MQTT 5.0, 2.2.2; earlier levels have none.
fn properties(cursor: &mut Cursor<'_>, level: u8) -> Result<(), DissectReason> {
    if level >= 5 {
        let length = varint(cursor)?.ok_or(DissectReason::Malformed)?;
        cursor.take(length)?;
    }
    Ok(())
}

/// Reads a CONNACK of any level: properties of 5.0 stand behind both bytes.
///
/// # Errors
/// Bits that are reserved are set, or the bytes end.
pub(super) fn connack(body: &[u8]) -> Result<MqttConnack, DissectReason> {
    match *body {
        [flags @ 0..=1, return_code, ..] => {
            Ok(MqttConnack { session_present: flags == 1, return_code })
        }
        [] | [0..=1] => Err(DissectReason::Truncated),
        [..] => Err(DissectReason::Malformed),
    }
}

/// Reads a SUBSCRIBE. The level is not known here: with the layout of 3.1.1 the properties of 5.0 read as an empty
/// filter, which no level allows, so then the layout of 5.0 is tried.
///
/// # Errors
/// Neither layout fits.
pub(super) fn subscribe(body: &[u8]) -> Result<Vec<MqttTopic>, DissectReason> {
    topics(body, 4).or_else(|_| topics(body, 5))
}

fn topics(body: &[u8], level: u8) -> Result<Vec<MqttTopic>, DissectReason> {
    let mut cursor = Cursor::new(body);
    let _packet_identifier = cursor.u16()?;
    properties(&mut cursor, level)?;
    let mut topics = Vec::new();
    while topics.is_empty() || !cursor.is_empty() {
        let filter = cursor.vector16()?;
        let options = cursor.u8()?;
        let reserved = if level >= 5 { 0xc0 } else { 0xfc };
        if filter.is_empty() || options & reserved != 0 || options & 3 == 3 {
            return Err(DissectReason::Malformed);
        }
        topics.push(MqttTopic { filter: text(filter), qos: options & 3 });
        if topics.len() == MAX_TOPICS {
            break;
        }
    }
    Ok(topics)
}

/// Reads the topic of a PUBLISH.
///
/// # Errors
/// The bytes end before the topic, or it has a wildcard (MQTT 3.1.1, 3.3.2.1).
pub(super) fn publish(body: &[u8]) -> Result<String, DissectReason> {
    let topic = Cursor::new(body).vector16()?;
    if topic.iter().any(|byte| matches!(byte, b'#' | b'+')) {
        return Err(DissectReason::Malformed);
    }
    Ok(text(topic))
}

/// A length of seven bits a byte, the lowest first, MQTT 3.1.1, 2.2.3. `None`: more than four bytes.
///
/// # Errors
/// The bytes end before the length does.
pub(super) fn varint(cursor: &mut Cursor<'_>) -> Result<Option<usize>, DissectReason> {
    let mut length = 0;
    for shift in [0, 7, 14, 21] {
        let byte = cursor.u8()?;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(Some(length));
        }
    }
    Ok(None)
}

/// Text without the zero bytes that fill a field up.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    bounded(bytes.get(..end).unwrap_or(bytes), MAX_TEXT)
}

/// A client identifier that is too short to be a token.
fn harmless(bytes: &[u8]) -> Option<String> {
    let short = (1..=MAX_CLIENT_ID).contains(&bytes.len());
    (short && bytes.iter().all(u8::is_ascii_graphic)).then(|| bounded(bytes, MAX_CLIENT_ID))
}
