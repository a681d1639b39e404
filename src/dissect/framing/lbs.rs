//! Reads a frame of the registration protocol of EZVIZ (LBS, TCP 8666).
//!
//! Comes in: the head of one side of a stream. Goes out: an [`LbsMessage`]. Source: EZVIZ's own device kit
//! (`Ezviz-OpenBiz/EZIOT-SDK`, `dev_protocol_def.h`, `lbs_transport.c`) and a published capture of a CP4 whose lengths
//! agree with it: confidence A for EZVIZ devices. The device id, a static secret, is skipped and never kept.

use crate::dissect::{
    DissectReason,
    cursor::Cursor,
    verdict::{Next, Probe, StreamRead},
};
use crate::net::bounded;

/// The form version that opens every body.
const FORM_VERSION: u8 = 1;
/// Bytes of a body that are accepted; the longest one described, a crypted JSON, has a few hundred.
const MAX_BODY: usize = 8 * 1024;
/// Bytes of a serial number that are kept; described ones have 9.
const MAX_SERIAL: usize = 32;
/// The shortest serial number that lets a first message be told by its content alone.
const MIN_CERTAIN_SERIAL: usize = 9;
/// Bytes of the device id, and of the AES block behind it, in `REQUEST_DEVID`.
const DEVICE_ID: usize = 32;
const AES_BLOCK: usize = 16;
/// The highest result code described.
const MAX_RESULT: u8 = 9;

/// Commands whose bodies are described.
const AUTHENTICATION_I: u8 = 1;
const AUTHENTICATION_II: u8 = 2;
const REQUEST_DEVID: u8 = 7;
const RESPONSE_DEVID: u8 = 8;
const CRYPTO_DATA_RSP: u8 = 11;

/// One frame of the LBS registration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LbsMessage {
    /// The high four bits of the first byte: 1 `AUTHENTICATION_I`, 7 `REQUEST_DEVID`, 8 `RESPONSE_DEVID` ...
    pub command: u8,
    /// The low four bits: 2 in newer devices, 0 in older ones.
    pub flag: u8,
    /// The low byte of the type version: 1, or 2 with licence support, from a device; 0 from a server.
    pub type_version: u8,
    /// Bytes of the body.
    pub length: u32,
    /// Authentication mode of `AUTHENTICATION_I`.
    pub auth_mode: Option<u8>,
    /// The device's serial number, in clear. It identifies one unit: sensitive.
    pub serial: Option<String>,
    /// The result code of a server's answer; 0 is success.
    pub result: Option<u8>,
}

impl LbsMessage {
    /// The command's name in the source.
    #[must_use]
    pub const fn command_name(&self) -> &'static str {
        match self.command {
            AUTHENTICATION_I => "authentication-i",
            AUTHENTICATION_II => "authentication-ii",
            4 => "refresh-session-key-req",
            6 => "refresh-session-key-rsp",
            REQUEST_DEVID => "request-devid",
            RESPONSE_DEVID => "response-devid",
            9 => "apply-devid-cfm",
            10 => "crypto-data-req",
            CRYPTO_DATA_RSP => "crypto-data-rsp",
            12 => "stun-refresh-i",
            13 => "stun-refresh-ii",
            14 => "stun-refresh-iii",
            15 => "get-secretkey",
            _ => "unknown",
        }
    }

    /// What a result code means, as the source says.
    #[must_use]
    pub const fn result_name(&self) -> Option<&'static str> {
        Some(match self.result {
            Some(0) => "ok",
            Some(1) => "sign check failed",
            Some(2) => "order error",
            Some(3) => "invalid data",
            Some(4) => "device id differs from the platform's record",
            Some(5) => "auth code query failed",
            Some(6) => "redis query failed",
            Some(7) => "decrypt failed",
            Some(8) => "encrypt failed",
            Some(9) => "no DAS or STUN answer",
            Some(_) | None => return None,
        })
    }
}

/// Looks at the first bytes of one side; on any port.
///
/// Certain: `REQUEST_DEVID` and `AUTHENTICATION_I` with a serial number where it belongs and lengths that agree, and
/// `RESPONSE_DEVID` with its fixed length. Other frames are too little to tell alone.
pub(crate) fn probe(head: &[u8]) -> Probe {
    if head.first().is_some_and(|&first| !is_first_byte(first)) {
        return Probe::NotForUs;
    }
    match read(head) {
        Ok(Some((message, _))) => {
            let serial = message.serial.as_ref().map_or(0, String::len);
            match message.command {
                REQUEST_DEVID | AUTHENTICATION_I if serial >= MIN_CERTAIN_SERIAL => Probe::Certain,
                RESPONSE_DEVID => Probe::Certain,
                _ => Probe::Unsure,
            }
        }
        Err(DissectReason::Truncated) => Probe::Unsure,
        Ok(None) | Err(DissectReason::Malformed | DissectReason::TooLarge) => Probe::NotForUs,
    }
}

/// Reads the first frame of the head. Answering `NeedMore` costs at most [`MAX_SERIAL`] bytes of work.
pub(crate) fn dissect(head: &[u8]) -> StreamRead<LbsMessage> {
    if head.first().is_some_and(|&first| !is_first_byte(first)) {
        return StreamRead::NotForUs;
    }
    match read(head) {
        Ok(Some((message, end))) => StreamRead::Read(message, Next::After(end)),
        Err(DissectReason::Truncated) => StreamRead::NeedMore,
        Ok(None) | Err(DissectReason::Malformed | DissectReason::TooLarge) => StreamRead::NotForUs,
    }
}

/// What a head that will not grow says: a frame is read as soon as its described fields are there, so this is
/// [`dissect`] again.
pub(crate) fn dissect_partial(head: &[u8]) -> Option<LbsMessage> {
    read(head).ok().flatten().map(|(message, _)| message)
}

/// A described command with a described flag.
const fn is_first_byte(first: u8) -> bool {
    matches!(first >> 4, 1 | 2 | 4 | 6..=15) && matches!(first & 0x0f, 0 | 2)
}

/// Reads the described fields, and where the frame ends. `Ok(None)`: something contradicts the source.
fn read(head: &[u8]) -> Result<Option<(LbsMessage, usize)>, DissectReason> {
    let mut cursor = Cursor::new(head);
    let first = cursor.u8()?;
    let Some(length) = varint(&mut cursor)? else { return Ok(None) };
    let start = cursor.position();
    if !is_first_byte(first) || !(3..=MAX_BODY).contains(&length) {
        return Ok(None);
    }
    let form = cursor.u8()?;
    let type_version = cursor.u8()?;
    let type_high = cursor.u8()?;
    if form != FORM_VERSION || type_version > 2 || type_high != 0 {
        return Ok(None);
    }
    let mut message = LbsMessage {
        command: first >> 4,
        flag: first & 0x0f,
        type_version,
        length: u32::try_from(length).unwrap_or(u32::MAX),
        ..LbsMessage::default()
    };
    match message.command {
        AUTHENTICATION_I => {
            message.auth_mode = Some(cursor.u8()?);
            let Some(serial) = serial(&mut cursor)? else { return Ok(None) };
            message.serial = Some(serial);
        }
        REQUEST_DEVID => {
            let Some(serial) = serial(&mut cursor)? else { return Ok(None) };
            let id_length = usize::from(cursor.u8()?);
            // The id itself is a secret: it is not even looked at.
            if id_length != DEVICE_ID || length != 5 + serial.len() + DEVICE_ID + AES_BLOCK {
                return Ok(None);
            }
            message.serial = Some(serial);
        }
        AUTHENTICATION_II | RESPONSE_DEVID | CRYPTO_DATA_RSP => {
            let result = cursor.u8()?;
            let fixed = message.command == RESPONSE_DEVID && length != 4 + DEVICE_ID;
            if result > MAX_RESULT || fixed {
                return Ok(None);
            }
            message.result = Some(result);
        }
        _ => {}
    }
    if cursor.position() > start + length {
        return Ok(None);
    }
    Ok(Some((message, start + length)))
}

/// A length of seven bits a byte, the lowest first, as in MQTT 3.1.1, 2.2.3. `None`: more than four bytes.
fn varint(cursor: &mut Cursor<'_>) -> Result<Option<usize>, DissectReason> {
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

/// A serial number behind its length. `None`: no letters and digits, or a length that none has.
fn serial(cursor: &mut Cursor<'_>) -> Result<Option<String>, DissectReason> {
    let length = usize::from(cursor.u8()?);
    if !(1..=MAX_SERIAL).contains(&length) {
        return Ok(None);
    }
    let bytes = cursor.take(length)?;
    let sound = bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    Ok(sound.then(|| bounded(bytes, MAX_SERIAL)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // All frames are our own construction from the published fields and lengths.

    #[test]
    fn the_first_message_gives_the_serial_and_never_the_device_id() {
        let frame = request_devid();
        assert_eq!(frame.len(), 2 + 62);
        assert_eq!(probe(&frame), Probe::Certain);
        let StreamRead::Read(message, next) = dissect(&frame) else { panic!("{frame:?}") };

        assert_eq!((message.command_name(), message.flag), ("request-devid", 0));
        assert_eq!(message.serial.as_deref(), Some("L00000001"));
        assert_eq!((next, message.length), (Next::After(64), 62));
        assert!(!format!("{message:?}").contains("token"));
    }

    #[test]
    fn an_answer_gives_its_result() {
        let mut frame = vec![0x80, 0x24, 1, 0, 0, 4];
        frame.resize(38, 0xa5);
        assert_eq!(probe(&frame), Probe::Certain);
        let message = dissect_partial(&frame).unwrap();
        assert_eq!((message.command, message.result), (8, Some(4)));
        assert_eq!(message.result_name(), Some("device id differs from the platform's record"));

        let long = [0xb2, 0xb4, 0x01, 1, 0, 0, 0];
        assert_eq!(probe(&long), Probe::Unsure);
        let StreamRead::Read(message, next) = dissect(&long) else { panic!() };
        assert_eq!((message.length, next), (180, Next::After(183)));
    }

    #[test]
    fn the_first_boot_gives_the_serial_too() {
        let mut frame = vec![0x12, 60, 1, 2, 0, 3, 9];
        frame.extend_from_slice(b"L00000001");
        frame.resize(62, 7);
        assert_eq!(probe(&frame), Probe::Certain);
        let message = dissect_partial(&frame).unwrap();
        assert_eq!((message.auth_mode, message.type_version), (Some(3), 2));
        assert_eq!(message.serial.as_deref(), Some("L00000001"));
    }

    #[test]
    fn a_length_or_version_that_contradicts_the_source_is_not_for_us() {
        let mut other_length = request_devid();
        other_length[1] = 63;
        let mut other_form = request_devid();
        other_form[2] = 0;
        let mut no_serial = request_devid();
        no_serial[6] = 0;
        // The CONNECT of MQTT has the same first byte as AUTHENTICATION_I.
        let connect = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00";
        for frame in [&other_length[..], &other_form, &no_serial, connect, b"GET / HTTP/1.1\r\n"] {
            assert_eq!(probe(frame), Probe::NotForUs, "{frame:?}");
            assert_eq!(dissect(frame), StreamRead::NotForUs);
        }
    }

    #[test]
    fn a_head_that_ends_before_the_serial_needs_more() {
        let frame = request_devid();
        for cut in 0..16 {
            assert_eq!(dissect(&frame[..cut]), StreamRead::NeedMore, "{cut}");
            assert_eq!(probe(&frame[..cut]), Probe::Unsure, "{cut}");
        }
        assert!(dissect_partial(&frame[..20]).is_some());
    }

    #[test]
    fn damaged_frames_stay_within_the_bounds() {
        for_each_mutant(&request_devid(), |bytes| {
            let _probe = probe(bytes);
            let Some(message) = dissect_partial(bytes) else { return };
            assert!(message.serial.is_none_or(|serial| serial.len() <= MAX_SERIAL));
        });
    }

    fn request_devid() -> Vec<u8> {
        let mut frame = vec![0x70, 0x3e, 1, 1, 0, 9];
        frame.extend_from_slice(b"L00000001\x20token-of-the-device-not-to-keep");
        frame.extend_from_slice(&[0xee; 17]);
        frame
    }
}
