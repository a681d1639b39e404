//! Reads a message of the NetBIOS name service.
//!
//! Comes in: the payload of a datagram. Goes out: an [`NbnsMessage`] (RFC 1001, 14; RFC 1002, 4.2). It does not read
//! the datagram service of port 138.

use std::net::Ipv4Addr;

use super::DissectReason;
use super::cursor::Cursor;
use crate::net::{MacAddr, bounded};

/// Names that are kept; guards memory.
const MAX_NAMES: usize = 32;
/// Addresses that are kept; guards memory.
const MAX_ADDRESSES: usize = 8;
/// Questions and records that are read; guards against headers that claim many.
const MAX_RECORDS: u16 = 8;
/// Characters of a name before its suffix, RFC 1001, 5.2.
const NAME: usize = 15;
/// Bytes of an encoded name, RFC 1001, 14.1.
const ENCODED: usize = 32;
/// Type NB, RFC 1002, 4.2.1.3.
const NB: u16 = 0x20;
/// Type NBSTAT.
const NBSTAT: u16 = 0x21;

/// A message of the NetBIOS name service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NbnsMessage {
    /// NAME_TRN_ID.
    pub id: u16,
    /// Flag R: it is an answer.
    pub is_response: bool,
    /// OPCODE: 0 query, 5 registration, 6 release, 7 wait, 8 refresh; of a node that sends 9, refresh too.
    pub opcode: u8,
    /// RCODE; 0 is success.
    pub rcode: u8,
    /// The name asked for, registered or answered; in an answer to a status query, all names of the node.
    pub names: Vec<NbnsName>,
    /// Addresses of the name, in registrations and answers.
    pub addresses: Vec<Ipv4Addr>,
    /// UNIT_ID of the answer to a status query, if it is not zero.
    pub mac: Option<MacAddr>,
    /// It is a status query or the answer to one (type NBSTAT).
    pub is_status: bool,
}

/// A NetBIOS name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NbnsName {
    /// At most 15 characters, without the spaces behind them.
    pub name: String,
    /// The 16th byte: 0x00 workstation or group, 0x1c to 0x1e domain and browser, 0x20 file server.
    pub suffix: u8,
    /// It names a group, where the message says so.
    pub is_group: bool,
}

/// Reads a message. `Ok(None)`: there is no name in it. One that is cut behind its first name is read as far as it came.
///
/// # Errors
/// It is cut before, or its name is not encoded as NetBIOS names are.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<NbnsMessage>, DissectReason> {
    let mut cursor = Cursor::new(payload);
    let (id, flags) = (cursor.u16()?, cursor.u16()?);
    let [questions, answers, authorities, additionals] =
        [cursor.u16()?, cursor.u16()?, cursor.u16()?, cursor.u16()?];
    let [high, low] = flags.to_be_bytes();
    let mut message = NbnsMessage {
        id,
        is_response: high & 0x80 != 0,
        opcode: high >> 3 & 0x0f,
        rcode: low & 0x0f,
        ..NbnsMessage::default()
    };
    for _ in 0..questions.min(MAX_RECORDS) {
        match read_question(payload, &mut cursor, &mut message) {
            Err(reason) if message.names.is_empty() => return Err(reason),
            Err(_) => return Ok(Some(message)),
            Ok(()) => {}
        }
    }
    let records = answers.saturating_add(authorities).saturating_add(additionals);
    for _ in 0..records.min(MAX_RECORDS) {
        match read_record(payload, &mut cursor, &mut message) {
            Err(reason) if message.names.is_empty() => return Err(reason),
            Err(_) => break,
            Ok(()) => {}
        }
    }
    Ok((!message.names.is_empty()).then_some(message))
}

/// Reads a question, RFC 1002, 4.2.1.2.
fn read_question<'a>(
    payload: &'a [u8],
    cursor: &mut Cursor<'a>,
    message: &mut NbnsMessage,
) -> Result<(), DissectReason> {
    let name = take_name(payload, cursor)?;
    keep(message, name);
    let [kind, _class] = [cursor.u16()?, cursor.u16()?];
    message.is_status |= kind == NBSTAT;
    Ok(())
}

/// Reads a resource record, RFC 1002, 4.2.1.3.
fn read_record<'a>(
    payload: &'a [u8],
    cursor: &mut Cursor<'a>,
    message: &mut NbnsMessage,
) -> Result<(), DissectReason> {
    let name = take_name(payload, cursor)?;
    let [kind, _class] = [cursor.u16()?, cursor.u16()?];
    let _ttl = cursor.u32()?;
    let content = cursor.vector16()?;
    match kind {
        NB => {
            let (entries, _cut) = content.as_chunks::<6>();
            let is_group = entries.first().is_some_and(|[flags, ..]| flags & 0x80 != 0);
            keep(message, NbnsName { is_group, ..name });
            for [_, _, a, b, c, d] in entries {
                if message.addresses.len() < MAX_ADDRESSES {
                    message.addresses.push(Ipv4Addr::new(*a, *b, *c, *d));
                }
            }
        }
        NBSTAT => {
            message.is_status = true;
            read_status(content, message);
            keep(message, name);
        }
        _ => keep(message, name),
    }
    Ok(())
}

/// Reads the names of a node and its Ethernet address, RFC 1002, 4.2.18.
fn read_status(content: &[u8], message: &mut NbnsMessage) {
    let mut cursor = Cursor::new(content);
    let Ok(count) = cursor.u8() else { return };
    for _ in 0..count {
        let (Ok(name), Ok(flags)) = (cursor.array::<16>(), cursor.u16()) else { return };
        let name = NbnsName { is_group: flags & 0x8000 != 0, ..from_bytes(name) };
        keep(message, name);
    }
    message.mac = cursor.array().ok().map(MacAddr).filter(|mac| *mac != MacAddr::ZERO);
}

/// Keeps a name once, within the limit. The name `*` asks for everybody and is none.
fn keep(message: &mut NbnsMessage, name: NbnsName) {
    let is_same = |known: &&mut NbnsName| known.name == name.name && known.suffix == name.suffix;
    if let Some(known) = message.names.iter_mut().find(is_same) {
        known.is_group |= name.is_group;
    } else if message.names.len() < MAX_NAMES && (name.name != "*" || message.names.is_empty()) {
        message.names.push(name);
    }
}

/// Takes a name: 32 letters in one label (RFC 1001, 14.1), a scope, or a pointer to a name before it.
fn take_name<'a>(payload: &'a [u8], cursor: &mut Cursor<'a>) -> Result<NbnsName, DissectReason> {
    let mut label = cursor.u8()?;
    let mut pointed = *cursor;
    let is_pointer = label >= 0xc0;
    if is_pointer {
        let target = usize::from(u16::from_be_bytes([label & 0x3f, cursor.u8()?]));
        pointed = Cursor::at(payload, target);
        label = pointed.u8()?;
    }
    if usize::from(label) != ENCODED {
        return Err(DissectReason::Malformed);
    }
    let encoded: [u8; ENCODED] = pointed.array()?;
    let mut name = [0; NAME + 1];
    for (byte, pair) in name.iter_mut().zip(encoded.as_chunks::<2>().0) {
        let [high, low] = pair.map(|letter| letter.wrapping_sub(b'A'));
        if high > 0x0f || low > 0x0f {
            return Err(DissectReason::Malformed);
        }
        *byte = high << 4 | low;
    }
    if !is_pointer {
        *cursor = pointed;
        skip_scope(cursor)?;
    }
    Ok(from_bytes(name))
}

/// Passes over the scope behind a name (RFC 1001, 14.1): labels up to an empty one.
fn skip_scope(cursor: &mut Cursor<'_>) -> Result<(), DissectReason> {
    // A name has at most 255 bytes, so at most this many labels.
    for _ in 0..128 {
        match cursor.u8()? {
            0 => return Ok(()),
            length @ 1..=63 => cursor.take(usize::from(length)).map(drop)?,
            64..=191 => return Err(DissectReason::Malformed),
            192..=255 => return cursor.u8().map(drop),
        }
    }
    Err(DissectReason::TooLarge)
}

/// A name of 15 characters, padded with spaces or zeros, and its suffix.
fn from_bytes(bytes: [u8; NAME + 1]) -> NbnsName {
    let [name @ .., suffix] = bytes;
    let end = name.iter().rposition(|byte| !matches!(byte, b' ' | 0)).map_or(0, |last| last + 1);
    let name = bounded(name.get(..end).unwrap_or_default(), 3 * NAME);
    NbnsName { name, suffix, is_group: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn a_query_gives_the_name_and_its_suffix() {
        let message =
            read(&[&header(0x0110, 1, 0, 0)[..], &question(b"CAMERA1", 0x20, 0x20)].concat());

        assert_eq!((message.id, message.opcode, message.is_response), (0x0102, 0, false));
        assert_eq!(message.names, [name("CAMERA1", 0x20, false)]);
    }

    #[test]
    fn a_registration_gives_the_address_of_the_name() {
        let message = read(&registration());

        assert_eq!((message.opcode, &*message.names), (5, &[name("WORKGROUP", 0, true)][..]));
        assert_eq!(message.addresses, [Ipv4Addr::new(192, 0, 2, 7)]);
    }

    #[test]
    fn the_answer_to_a_status_query_gives_all_names_and_the_ethernet_address() {
        let message = read(&status());

        assert!(message.is_response && message.is_status);
        assert_eq!(message.names, [name("CAM", 0, false), name("HOME", 0, true)]);
        assert_eq!(message.mac, Some(MacAddr([0x44, 0xa6, 0x42, 1, 2, 3])));
    }

    #[test]
    fn names_that_are_not_encoded_are_malformed() {
        let mut bytes = registration();
        bytes[20] = b'Q';
        assert_eq!(dissect(&bytes), Err(DissectReason::Malformed));
        let dns = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
        assert_eq!(dissect(dns), Err(DissectReason::Malformed));
        assert_eq!(dissect(&header(0, 0, 0, 0)), Ok(None));
    }

    #[test]
    fn what_stands_before_a_cut_is_kept() {
        let bytes = registration();
        let message = read(&bytes[..bytes.len() - 1]);

        assert_eq!((message.names.len(), message.addresses.len()), (1, 0));
        assert_eq!(dissect(&bytes[..30]), Err(DissectReason::Truncated));
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for sound in [registration(), status()] {
            for_each_mutant(&sound, |bytes| {
                let Ok(Some(message)) = dissect(bytes) else { return };
                assert!((1..=MAX_NAMES).contains(&message.names.len()));
                assert!(message.addresses.len() <= MAX_ADDRESSES);
                assert!(message.names.iter().all(|name| name.name.len() <= 3 * NAME));
            });
        }
    }

    fn header(flags: u16, questions: u8, answers: u8, additionals: u8) -> Vec<u8> {
        let [high, low] = flags.to_be_bytes();
        vec![1, 2, high, low, 0, questions, 0, answers, 0, 0, 0, additionals]
    }

    fn question(name: &[u8], suffix: u8, kind: u8) -> Vec<u8> {
        [&encoded(name, suffix)[..], &[0, kind, 0, 1]].concat()
    }

    fn registration() -> Vec<u8> {
        let record = [0xc0, 0x0c, 0, 0x20, 0, 1, 0, 0, 0, 0, 0, 6, 0x80, 0, 192, 0, 2, 7];
        [&header(0x2910, 1, 0, 1)[..], &question(b"WORKGROUP", 0, 0x20), &record].concat()
    }

    fn status() -> Vec<u8> {
        let mut content = vec![2];
        content.extend_from_slice(b"CAM            \0\x04\0");
        content.extend_from_slice(b"HOME           \0\x84\0");
        content.extend_from_slice(&[0x44, 0xa6, 0x42, 1, 2, 3]);
        content.resize(content.len() + 40, 0);
        let length = u8::try_from(content.len()).unwrap();
        let record = [&encoded(b"*", 0)[..], &[0, 0x21, 0, 1, 0, 0, 0, 0, 0, length]].concat();
        [header(0x8400, 0, 1, 0), record, content].concat()
    }

    /// The name padded with spaces, or with zeros if it is `*`.
    fn encoded(name: &[u8], suffix: u8) -> Vec<u8> {
        let mut bytes = name.to_vec();
        bytes.resize(NAME, if name == b"*" { 0 } else { b' ' });
        bytes.push(suffix);
        let letters = bytes.iter().flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 0x0f)]);
        [0x20].into_iter().chain(letters).chain([0]).collect()
    }

    fn name(name: &str, suffix: u8, is_group: bool) -> NbnsName {
        NbnsName { name: name.into(), suffix, is_group }
    }

    fn read(bytes: &[u8]) -> NbnsMessage {
        dissect(bytes).unwrap().unwrap()
    }
}
