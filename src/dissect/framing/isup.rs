//! Reads a message of ISUP (formerly EHome) in its XML form (UDP and TCP 7660 by default).
//!
//! Comes in: a datagram, or the head of a stream. Goes out: an [`IsupMessage`]. Source: published clients and their
//! messages (`idx:926191419`, `idx:53180424430`), confidence B. Version 5 is binary and crypted, and is not read. Of the
//! XML the fields below are kept and nothing else: `Password` never is.

use std::net::IpAddr;

use super::xml;
use crate::dissect::{
    DissectReason,
    verdict::{MAX_STREAM_HEAD, Next, Probe, StreamRead},
};
use crate::net::bounded;

/// The root element.
const ROOT: &[u8] = b"<PPVSPMessage>";
const END: &[u8] = b"</PPVSPMessage>";
/// Bytes within which the root has to begin: an XML declaration and white space may stand before it.
const MAX_PROLOGUE: usize = 128;
/// Bytes of a text that are kept.
const MAX_TEXT: usize = 64;

/// One ISUP message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IsupMessage {
    /// `Version`, such as `4.0`.
    pub version: Option<String>,
    /// `CommandType`: `REQUEST` or `RESPONSE`.
    pub command_type: Option<String>,
    /// `Command`: `REGISTER` when a device enters.
    pub command: Option<String>,
    /// `DeviceID`, which the owner chose. It identifies one unit: sensitive.
    pub device_id: Option<String>,
    /// `SerialNumber`. It identifies one unit: sensitive.
    pub serial: Option<String>,
    /// `FirmwareVersion`.
    pub firmware_version: Option<String>,
    /// `LocalIP`: the device's own address.
    pub local_ip: Option<IpAddr>,
}

/// Looks at up to [`MAX_PROLOGUE`] bytes. Certain with the root element.
pub(crate) fn probe(head: &[u8]) -> Probe {
    let text = head.trim_ascii_start();
    let start = text.get(..MAX_PROLOGUE).unwrap_or(text);
    if start.first().is_some_and(|&first| first != b'<') || (start.is_empty() && !head.is_empty()) {
        return Probe::NotForUs;
    }
    let root = if b"<?xml".starts_with(start.get(..5).unwrap_or(start)) {
        match start.windows(2).position(|pair| pair == b"?>") {
            Some(end) => start.get(end + 2..).unwrap_or_default().trim_ascii_start(),
            None if start.len() < MAX_PROLOGUE => return Probe::Unsure,
            None => return Probe::NotForUs,
        }
    } else {
        start
    };
    if root.starts_with(ROOT) {
        Probe::Certain
    } else if ROOT.starts_with(root) {
        Probe::Unsure
    } else {
        Probe::NotForUs
    }
}

/// Reads a datagram. `Ok(None)`: it has another root.
///
/// # Errors
/// The root is there and not one field that is kept.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<IsupMessage>, DissectReason> {
    if probe(payload) != Probe::Certain {
        return Ok(None);
    }
    let message = read(payload);
    if message == IsupMessage::default() {
        return Err(DissectReason::Malformed);
    }
    Ok(Some(message))
}

/// Reads the first document of the head. Answering `NeedMore` costs one search for the end tag.
pub(crate) fn dissect_stream(head: &[u8]) -> StreamRead<IsupMessage> {
    match probe(head) {
        Probe::NotForUs => return StreamRead::NotForUs,
        Probe::Unsure if head.len() < MAX_STREAM_HEAD => return StreamRead::NeedMore,
        Probe::Unsure => return StreamRead::NotForUs,
        Probe::Certain => {}
    }
    let looked_at = head.get(..xml::MAX_XML).unwrap_or(head);
    let Some(end) = looked_at.windows(END.len()).position(|window| window == END) else {
        return if head.len() < xml::MAX_XML {
            StreamRead::NeedMore
        } else {
            StreamRead::Malformed(DissectReason::TooLarge)
        };
    };
    let end = end + END.len();
    match dissect(looked_at.get(..end).unwrap_or(looked_at)) {
        Ok(Some(message)) => StreamRead::Read(message, Next::After(end)),
        Ok(None) => StreamRead::NotForUs,
        Err(reason) => StreamRead::Malformed(reason),
    }
}

/// What a head that will not grow says: the fields before the cut.
pub(crate) fn dissect_partial(head: &[u8]) -> Option<IsupMessage> {
    dissect(head).ok().flatten()
}

/// Keeps the first text of each element that is kept.
fn read(document: &[u8]) -> IsupMessage {
    let mut message = IsupMessage::default();
    xml::for_each_text(document, |name, text| {
        let field = match name {
            "Version" => &mut message.version,
            "CommandType" => &mut message.command_type,
            "Command" => &mut message.command,
            "DeviceID" => &mut message.device_id,
            "SerialNumber" => &mut message.serial,
            "FirmwareVersion" => &mut message.firmware_version,
            "LocalIP" => {
                message.local_ip = message.local_ip.or_else(|| text.parse().ok());
                return;
            }
            _ => return,
        };
        field.get_or_insert_with(|| bounded(text.as_bytes(), MAX_TEXT));
    });
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // Our own construction from published element names.
    const REGISTER: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?> <PPVSPMessage><Version>4.0</Version>\
        <Sequence>1</Sequence><CommandType>REQUEST</CommandType><Method>REGISTER</Method><Command>REGISTER</Command>\
        <Params><SerialNumber>DS-EXAMPLE0001</SerialNumber><DeviceID>gate-1</DeviceID><Password>secret</Password>\
        <FirmwareVersion>V5.0.0 build 200101</FirmwareVersion><LocalIP>192.0.2.53</LocalIP></Params></PPVSPMessage>";

    #[test]
    fn a_register_gives_the_device_and_no_password() {
        let message = dissect(REGISTER.as_bytes()).unwrap().unwrap();
        let expected = IsupMessage {
            version: Some("4.0".into()),
            command_type: Some("REQUEST".into()),
            command: Some("REGISTER".into()),
            device_id: Some("gate-1".into()),
            serial: Some("DS-EXAMPLE0001".into()),
            firmware_version: Some("V5.0.0 build 200101".into()),
            local_ip: "192.0.2.53".parse().ok(),
        };
        assert_eq!(message, expected);
        assert_eq!(probe(REGISTER.as_bytes()), Probe::Certain);
    }

    #[test]
    fn a_stream_waits_for_the_end_tag() {
        let twice = format!("{REGISTER}{REGISTER}");
        let StreamRead::Read(message, next) = dissect_stream(twice.as_bytes()) else { panic!() };
        assert_eq!(next, Next::After(REGISTER.len()));
        assert_eq!(message.device_id.as_deref(), Some("gate-1"));
        for cut in 0..REGISTER.len() {
            assert_eq!(dissect_stream(&twice.as_bytes()[..cut]), StreamRead::NeedMore, "{cut}");
        }
        let cut = REGISTER.find("<Password>").unwrap();
        let partial = dissect_partial(&REGISTER.as_bytes()[..cut]).unwrap();
        assert_eq!(partial.serial.as_deref(), Some("DS-EXAMPLE0001"));
        assert_eq!(partial.local_ip, None);
    }

    #[test]
    fn other_documents_are_not_for_us() {
        for text in ["<?xml version=\"1.0\"?><ProbeMatch>", "<html>", "GET /", "<?xmz", " \r\n"] {
            assert_eq!(probe(text.as_bytes()), Probe::NotForUs, "{text}");
            assert_eq!(dissect_stream(text.as_bytes()), StreamRead::NotForUs);
        }
        let endless = format!("<?xml {}", "a".repeat(200));
        assert_eq!(probe(endless.as_bytes()), Probe::NotForUs);
    }

    #[test]
    fn an_empty_or_endless_message_is_refused() {
        assert_eq!(dissect(b"<PPVSPMessage></PPVSPMessage>"), Err(DissectReason::Malformed));
        let endless = format!("<PPVSPMessage>{}", "<a>".repeat(4_000));
        let too_large = StreamRead::Malformed(DissectReason::TooLarge);
        assert_eq!(dissect_stream(endless.as_bytes()), too_large);
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(REGISTER.as_bytes(), |bytes| {
            let _read = dissect_stream(bytes);
            let Ok(Some(message)) = dissect(bytes) else { return };
            let texts = [message.version, message.device_id, message.serial];
            assert!(texts.into_iter().flatten().all(|text| text.len() <= MAX_TEXT));
        });
    }
}
