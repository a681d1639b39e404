//! Reads the header, and the XML in clear, of a SafeProtocol message (`9E BA AC E9`).
//!
//! Comes in: a datagram (the vendor's own STUN, UDP 6002 and others) or the head of a stream (older device access, CAS,
//! the local port 9010, cloud replay). Goes out: a [`SafeMessage`]. Four independent implementations agree on the
//! 32-byte header (`hcweb`, `pyezviz`, `hikkup`, `hcnotes`): confidence B. Of the XML only `DevSerial` is kept, and
//! whether there is a `ClientID`; the 32 characters behind the XML are skipped, and nothing is decrypted.

use super::xml;
use crate::dissect::{
    DissectReason,
    cursor::Cursor,
    verdict::{Next, Probe, StreamRead},
};
use crate::net::bounded;

/// The first four bytes.
const MARKER: [u8; 4] = [0x9e, 0xba, 0xac, 0xe9];
/// Bytes of the header.
const HEADER: usize = 32;
/// Characters of the MD5 behind the body.
const TAIL: usize = 32;
/// The longest body that is believed; guards the place of the next message.
const MAX_LENGTH: usize = 1024 * 1024;
/// Bytes of a body that are waited for and looked at.
const MAX_BODY: usize = 4 * 1024;
/// Bytes of a serial number that are kept; described ones have 9.
const MAX_SERIAL: usize = 32;

/// One SafeProtocol message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SafeMessage {
    /// The command, such as 0x0812.
    pub command: u16,
    /// The sequence number.
    pub sequence: u32,
    /// Bytes of the body.
    pub length: u32,
    /// The encryption field is not zero.
    pub encrypted: bool,
    /// The body begins as XML in clear.
    pub has_xml: bool,
    /// `DevSerial` of the XML. It identifies one unit: sensitive.
    pub serial: Option<String>,
    /// The XML has a `ClientID`, which is a session token and is not kept.
    pub has_client_id: bool,
}

/// What a command belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SafeFamily {
    /// 0x0811 to 0x0814: the vendor's own STUN.
    Stun,
    /// 0x2001, 0x2005, 0x300F: CAS, between app and broker.
    Cas,
    /// 0x2011 to 0x2014, 0x3105, 0x3106: the local ports 9010 and 9020.
    LocalSdk,
    /// 0x5003, 0x5010: replay of cloud recordings.
    CloudReplay,
    /// A command that no source describes.
    Unknown,
}

impl SafeFamily {
    /// The lower-case name.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Stun => "stun",
            Self::Cas => "cas",
            Self::LocalSdk => "local-sdk",
            Self::CloudReplay => "cloud-replay",
            Self::Unknown => "unknown",
        }
    }
}

impl SafeMessage {
    /// What the command belongs to.
    #[must_use]
    pub const fn family(&self) -> SafeFamily {
        match self.command {
            0x0811..=0x0814 => SafeFamily::Stun,
            0x2001 | 0x2005 | 0x300f => SafeFamily::Cas,
            0x2011..=0x2014 | 0x3105 | 0x3106 => SafeFamily::LocalSdk,
            0x5003 | 0x5010 => SafeFamily::CloudReplay,
            _ => SafeFamily::Unknown,
        }
    }
}

/// Looks at a datagram or at the head of a stream. Certain with the four marker bytes, and, as far as the header is
/// there, a command of 16 bits and a believable length.
pub(crate) fn probe(head: &[u8]) -> Probe {
    let marker = head.get(..MARKER.len()).unwrap_or(head);
    if !MARKER.starts_with(marker) {
        return Probe::NotForUs;
    }
    if marker.len() < MARKER.len() {
        return Probe::Unsure;
    }
    match header(head) {
        Ok(_) | Err(DissectReason::Truncated) => Probe::Certain,
        Err(DissectReason::Malformed | DissectReason::TooLarge) => Probe::NotForUs,
    }
}

/// Reads a datagram. `Ok(None)`: it does not begin with the marker.
///
/// # Errors
/// The header is cut, or its command or length are beyond what is described. A cut body is no error.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<SafeMessage>, DissectReason> {
    if !payload.starts_with(&MARKER) {
        return Ok(None);
    }
    let mut message = header(payload)?;
    message.read_body(payload);
    Ok(Some(message))
}

/// Reads the first message of the head. Answering `NeedMore` costs a look at the header.
pub(crate) fn dissect_stream(head: &[u8]) -> StreamRead<SafeMessage> {
    if probe(head) == Probe::NotForUs {
        return StreamRead::NotForUs;
    }
    match header(head) {
        Err(DissectReason::Truncated) => StreamRead::NeedMore,
        Err(reason) => StreamRead::Malformed(reason),
        Ok(mut message) => {
            let length = usize::try_from(message.length).unwrap_or(MAX_LENGTH);
            if head.len() < HEADER + length.min(MAX_BODY) {
                return StreamRead::NeedMore;
            }
            message.read_body(head);
            StreamRead::Read(message, Next::After(HEADER + length + TAIL))
        }
    }
}

/// What a head that will not grow says.
pub(crate) fn dissect_partial(head: &[u8]) -> Option<SafeMessage> {
    dissect(head).ok().flatten()
}

/// Reads the eight words of the header, each of 32 bits: marker, version, sequence, type, command, encryption, length and
/// one that is reserved.
fn header(bytes: &[u8]) -> Result<SafeMessage, DissectReason> {
    let mut cursor = Cursor::new(bytes.get(..HEADER).ok_or(DissectReason::Truncated)?);
    let _marker_and_version: [u8; 8] = cursor.array()?;
    let sequence = cursor.u32()?;
    let _type = cursor.u32()?;
    let command = u16::try_from(cursor.u32()?).map_err(|_| DissectReason::Malformed)?;
    let encryption = cursor.u32()?;
    let length = cursor.u32()?;
    if usize::try_from(length).map_or(true, |length| length > MAX_LENGTH) {
        return Err(DissectReason::TooLarge);
    }
    let encrypted = encryption != 0;
    Ok(SafeMessage { command, sequence, length, encrypted, ..SafeMessage::default() })
}

impl SafeMessage {
    /// Reads what is there of the XML behind the header.
    fn read_body(&mut self, bytes: &[u8]) {
        let length = usize::try_from(self.length).unwrap_or(MAX_LENGTH).min(MAX_BODY);
        let body = bytes.get(HEADER..).unwrap_or_default();
        let body = body.get(..length).unwrap_or(body);
        self.has_xml = body.trim_ascii_start().first() == Some(&b'<');
        if self.has_xml {
            xml::for_each_text(body, |name, text| {
                if name.eq_ignore_ascii_case("DevSerial") {
                    self.serial.get_or_insert_with(|| bounded(text.as_bytes(), MAX_SERIAL));
                }
                self.has_client_id |= name.eq_ignore_ascii_case("ClientID");
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // Our own construction from the published header and element names.
    const XML: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Request>\n\
        \t<ClientID>secret-session</ClientID>\n\t<DevSerial>L00000001</DevSerial>\n</Request>\n";

    #[test]
    fn the_xml_gives_the_serial_and_of_the_client_only_that_it_is_there() {
        let bytes = message(0x0812, 0, XML);
        assert_eq!(probe(&bytes), Probe::Certain);
        let read = dissect(&bytes).unwrap().unwrap();

        assert_eq!((read.command, read.sequence, read.family()), (0x0812, 5, SafeFamily::Stun));
        assert_eq!(read.serial.as_deref(), Some("L00000001"));
        assert!(read.has_client_id && read.has_xml && !read.encrypted);
        assert!(!format!("{read:?}").contains("secret"));
    }

    #[test]
    fn a_stream_tells_where_the_next_message_begins() {
        let mut bytes = message(0x5003, 0, XML);
        let whole = bytes.len();
        bytes.extend_from_slice(&message(0x5010, 0, ""));
        let StreamRead::Read(read, next) = dissect_stream(&bytes) else { panic!() };
        assert_eq!((read.family(), next), (SafeFamily::CloudReplay, Next::After(whole)));
        for cut in 0..HEADER + XML.len() {
            assert_eq!(dissect_stream(&bytes[..cut]), StreamRead::NeedMore, "{cut}");
        }
        assert_eq!(dissect_partial(&bytes[..HEADER]).unwrap().command, 0x5003);
    }

    #[test]
    fn a_crypted_body_is_not_read() {
        let bytes = message(0x2013, 1, "\u{1}\u{2}not xml");
        let read = dissect(&bytes).unwrap().unwrap();
        assert!(read.encrypted && !read.has_xml && read.serial.is_none());
        assert_eq!(read.family(), SafeFamily::LocalSdk);
    }

    #[test]
    fn another_marker_is_not_for_us_and_a_wild_header_is_refused() {
        assert_eq!(probe(b"\x9e\xba\xac\xe8"), Probe::NotForUs);
        assert_eq!(probe(b"\x9e\xba"), Probe::Unsure);
        assert_eq!(dissect(b"\x9e\xba"), Ok(None));
        assert_eq!(dissect(&MARKER), Err(DissectReason::Truncated));
        let mut wild = message(0x0812, 0, XML);
        wild[16] = 1;
        assert_eq!(
            (probe(&wild), dissect(&wild)),
            (Probe::NotForUs, Err(DissectReason::Malformed))
        );
        let mut long = message(0x0812, 0, XML);
        long[24] = 0x7f;
        assert_eq!(dissect(&long), Err(DissectReason::TooLarge));
    }

    #[test]
    fn a_long_body_is_not_waited_for_beyond_the_bound() {
        let bytes = message(0x5003, 0, &"x".repeat(20_000));
        assert!(matches!(dissect_stream(&bytes[..HEADER + MAX_BODY]), StreamRead::Read(..)));
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(&message(0x0812, 0, XML), |bytes| {
            let _probe = (probe(bytes), dissect_stream(bytes));
            let Ok(Some(read)) = dissect(bytes) else { return };
            assert!(read.serial.is_none_or(|serial| serial.len() <= MAX_SERIAL));
        });
    }

    fn message(command: u32, encryption: u32, body: &str) -> Vec<u8> {
        let mut bytes = MARKER.to_vec();
        bytes.extend_from_slice(&[1, 0, 0, 0]);
        for word in [5, 0, command, encryption, u32::try_from(body.len()).unwrap(), 0] {
            bytes.extend_from_slice(&word.to_be_bytes());
        }
        bytes.extend_from_slice(body.as_bytes());
        bytes.extend_from_slice(b"0123456789abcdef0123456789abcdef");
        bytes
    }
}
