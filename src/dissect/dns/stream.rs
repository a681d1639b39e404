//! Reads DNS over TCP.
//!
//! Comes in: the head of one side of a stream. Goes out: its first message; each stands behind its length in two
//! bytes (RFC 1035, 4.2.2; RFC 7766, 8). It does not know ports: who asks tells LLMNR (RFC 4795, 2.4) apart.

use super::DnsMessage;
use super::datagram::{dissect as dissect_message, has_sound_header, take_usual_question};
use crate::dissect::verdict::{Next, Probe, StreamRead};
use crate::dissect::{AppProtocol, DissectReason, MAX_STREAM_HEAD, cursor::Cursor};

/// Bytes of the length before a message.
const LENGTH: usize = 2;
/// Bytes of a header, RFC 1035, 4.1.1; the shortest message.
const HEADER: usize = 12;
/// Bytes of the shortest record, RFC 1035, 4.1.3.
const MIN_RECORD: usize = 11;

/// Tells whether a stream begins with DNS: certain of a standard query for one name or its response, unsure of
/// other operations, of messages without a question (later ones of a zone transfer, RFC 5936, 2.2), and of heads that
/// end before the question does.
pub(crate) fn probe(head: &[u8]) -> Probe {
    let mut cursor = Cursor::new(head);
    let Ok(length) = cursor.u16() else { return Probe::Unsure };
    let length = usize::from(length);
    if length < HEADER {
        return Probe::NotForUs;
    }
    let Some(message) = head.get(LENGTH..).filter(|message| message.len() >= HEADER) else {
        // What is there of the flags has to be an operation that exists (IANA "DNS OpCodes").
        let is_known = head.get(4).is_none_or(|flags| matches!(flags >> 3 & 0x0f, 0..=2 | 4..=6));
        return if is_known { Probe::Unsure } else { Probe::NotForUs };
    };
    let message = message.get(..length).unwrap_or(message);
    if !has_sound_header(message) {
        return probe_unusual(length, message);
    }
    match take_usual_question(&mut Cursor::at(message, HEADER)) {
        Ok(true) => Probe::Certain,
        Ok(false) => Probe::Unsure,
        // The question ends behind the message, or behind what has come.
        Err(_) if message.len() == length => Probe::NotForUs,
        Err(_) => Probe::Unsure,
    }
}

/// Tells whether a header can be one of another operation or section count.
fn probe_unusual(length: usize, message: &[u8]) -> Probe {
    let mut cursor = Cursor::at(message, 2);
    let mut next = || cursor.u16().map_or(usize::MAX, usize::from);
    let [flags, questions, answers, authorities, additionals] =
        [next(), next(), next(), next(), next()];
    let records = answers.saturating_add(authorities).saturating_add(additionals);
    // A message has seldom more than one question (RFC 9619), and an update counts its zone there (RFC 2136, 2.3);
    // a request has one, and no response code. The bit Z is zero (RFC 6895, 2).
    let is_response = flags & 0x8000 != 0;
    let is_sound = flags & 0x40 == 0
        && matches!(flags >> 11 & 0x0f, 0..=2 | 4..=6)
        && records.saturating_mul(MIN_RECORD) <= length;
    if is_sound && (questions == 1 && flags & 0x0f == 0 || is_response && questions <= 1) {
        Probe::Unsure
    } else {
        Probe::NotForUs
    }
}

/// Reads the first message. One that is longer than a head becomes is read as far as it came.
pub(crate) fn dissect(head: &[u8]) -> StreamRead<DnsMessage> {
    if probe(head) == Probe::NotForUs {
        return StreamRead::NotForUs;
    }
    let Some((length, message)) = split(head) else { return StreamRead::NeedMore };
    if message.len() < length && head.len() < MAX_STREAM_HEAD {
        return StreamRead::NeedMore;
    }
    match read(length, message) {
        Ok(Some(message)) => StreamRead::Read(message, Next::After(LENGTH + length)),
        Ok(None) => StreamRead::NotForUs,
        Err(reason) => StreamRead::Malformed(reason),
    }
}

/// Reads what has come of the first message, if its beginning is surely DNS.
pub(crate) fn dissect_partial(head: &[u8]) -> Option<DnsMessage> {
    if probe(head) != Probe::Certain {
        return None;
    }
    let (length, message) = split(head)?;
    read(length, message).ok().flatten()
}

/// The length of the first message, and what has come of it.
fn split(head: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = head.split_first_chunk::<LENGTH>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    Some((length, rest.get(..length).unwrap_or(rest)))
}

/// Reads what has come of a message of `length` bytes.
fn read(length: usize, message: &[u8]) -> Result<Option<DnsMessage>, DissectReason> {
    let mut read = dissect_message(message, AppProtocol::Dns)?;
    if let Some(read) = &mut read {
        read.truncated |= message.len() < length;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    const QUERY: &[u8] = b"\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";

    #[test]
    fn messages_follow_each_other_by_their_length() {
        let twice = [QUERY, QUERY].concat();
        let StreamRead::Read(message, Next::After(next)) = dissect(&twice) else {
            panic!("a message")
        };

        assert_eq!((&*message.queries[0].name, message.truncated), ("example.com", false));
        assert_eq!(&twice[next..], QUERY);
    }

    #[test]
    fn a_head_is_unsure_until_its_question_is_whole_and_certain_then() {
        for end in 0..=QUERY.len() {
            let expected = if end == QUERY.len() { Probe::Certain } else { Probe::Unsure };
            assert_eq!(probe(&QUERY[..end]), expected, "cut at {end}");
            let whole = matches!(dissect(&QUERY[..end]), StreamRead::Read(..));
            assert_eq!(whole, end == QUERY.len(), "cut at {end}");
        }
    }

    #[test]
    fn other_protocols_are_not_for_us() {
        let tls = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\0\0\0\0\0";
        for head in [&b"GET / HTTP/1.1\r\n"[..], tls, b"SSH-2.0-OpenSSH\r\n", &[0; 32]] {
            assert_eq!(probe(head), Probe::NotForUs, "{head:?}");
            assert_eq!(dissect(head), StreamRead::NotForUs);
        }
    }

    #[test]
    fn what_came_of_a_message_that_stays_cut_is_read() {
        let mut bytes = response(20_000);
        assert_eq!(dissect(&bytes), StreamRead::NeedMore);
        let partial = dissect_partial(&bytes).unwrap();
        assert_eq!((partial.answers.len(), partial.truncated), (1, true));

        bytes.resize(MAX_STREAM_HEAD, 0);
        let StreamRead::Read(message, next) = dissect(&bytes) else { panic!("a message") };
        assert!(message.truncated);
        assert_eq!(next, Next::After(2 + 20_000));
    }

    #[test]
    fn a_later_message_of_a_zone_transfer_has_no_question() {
        let bytes =
            b"\0\x1b\0\x01\x84\0\0\0\0\x01\0\0\0\0\0\0\x01\0\x01\0\0\0\x01\0\x04\xc0\0\x02\x01";

        assert_eq!(probe(bytes), Probe::Unsure);
        let StreamRead::Read(message, _) = dissect(bytes) else { panic!("a message") };
        assert_eq!(message.answers.len(), 1);
    }

    #[test]
    fn damaged_streams_are_answered_and_full_heads_never_wait() {
        for_each_mutant(&response(45), |bytes| {
            let partial = dissect_partial(bytes);
            assert!(partial.is_none() || probe(bytes) == Probe::Certain);
            let mut full = bytes.to_vec();
            full.resize(MAX_STREAM_HEAD, 0);
            assert!(dissect(&full) != StreamRead::NeedMore);
        });
    }

    /// A response with one address that claims to have `length` bytes and two answers.
    fn response(length: u16) -> Vec<u8> {
        let mut bytes = QUERY.to_vec();
        bytes[..2].copy_from_slice(&length.to_be_bytes());
        bytes[4] = 0x81;
        bytes[9] = 2;
        bytes.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\0\x01\x2c\0\x04\xc0\0\x02\x07");
        bytes
    }
}
