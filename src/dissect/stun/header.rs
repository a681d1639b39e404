//! Reads the header of a STUN message (RFC 8489, 5).
//!
//! Comes in: a datagram, or the head of a stream. Goes out: a [`StunMessage`], and where the next one begins. Framings of
//! other standards around it (RFC 4571) are not taken off.

use super::attributes::{self, MAGIC_COOKIE};
use super::classic;
use super::message::StunMessage;
use crate::dissect::{
    DissectReason,
    cursor::Cursor,
    verdict::{MAX_STREAM_HEAD, Next, Probe, StreamRead},
};

/// Bytes of the header.
const HEADER: usize = 20;

/// Looks at a datagram. Certain: the magic cookie, and a length that is a multiple of four and ends with the datagram; or
/// classic STUN whose attributes all fit. Unsure: the cookie with another length, as in a cut capture, or a classic
/// request without attributes.
pub(crate) fn probe(payload: &[u8]) -> Probe {
    match fixed(payload) {
        Some(length) if payload.len() == HEADER + length => Probe::Certain,
        Some(_) => Probe::Unsure,
        None if payload.first().is_some_and(|&first| first < 2) => classic::probe(payload),
        None => Probe::NotForUs,
    }
}

/// Reads a datagram. `Ok(None)`: it is no STUN, or too little to tell.
///
/// # Errors
/// It has the magic cookie, and is shorter than it says or an attribute is not well formed.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<StunMessage>, DissectReason> {
    if let Some(length) = fixed(payload) {
        if payload.len() < HEADER + length {
            return Err(DissectReason::Truncated);
        }
        return read(payload, length, false).map(Some);
    }
    if probe(payload) != Probe::Certain {
        return Ok(None);
    }
    read(payload, payload.len() - HEADER, true).map(Some)
}

/// Reads the first message of the head. Answering `NeedMore` costs a look at the header.
pub(crate) fn dissect_stream(head: &[u8]) -> StreamRead<StunMessage> {
    let Some(length) = fixed(head) else {
        return if may_become_stun(head) { StreamRead::NeedMore } else { StreamRead::NotForUs };
    };
    let end = HEADER + length;
    if head.len() < end {
        return if head.len() < MAX_STREAM_HEAD {
            StreamRead::NeedMore
        } else {
            StreamRead::Malformed(DissectReason::TooLarge)
        };
    }
    match read(head, length, false) {
        Ok(message) => StreamRead::Read(message, Next::After(end)),
        Err(reason) => StreamRead::Malformed(reason),
    }
}

/// What a head that will not grow says: the type of a message that has its header, and the attributes before the cut.
pub(crate) fn dissect_partial(head: &[u8]) -> Option<StunMessage> {
    let length = fixed(head)?;
    if head.len() >= HEADER + length {
        return read(head, length, false).ok();
    }
    let (mut message, mask) = begun(head, false).ok()?;
    // The last attribute is cut: what stands before it is kept.
    let _cut = attributes::read(&mut message, head.get(HEADER..)?, &mask);
    Some(message)
}

/// The length that a header with the magic cookie gives, when its fixed bits are right (RFC 8489, 6.3).
fn fixed(bytes: &[u8]) -> Option<usize> {
    let [high, _, long, short, cookie @ ..] = bytes.first_chunk::<8>()?;
    let length = u16::from_be_bytes([*long, *short]);
    let right = high & 0xc0 == 0 && *cookie == MAGIC_COOKIE && length.is_multiple_of(4);
    (right && bytes.len() >= HEADER).then_some(usize::from(length))
}

/// Tells whether a head that is too short for a header agrees with one so far.
fn may_become_stun(head: &[u8]) -> bool {
    let cookie = head.get(4..).map(|rest| rest.get(..4).unwrap_or(rest)).unwrap_or_default();
    head.len() < HEADER
        && head.first().is_none_or(|first| first & 0xc0 == 0)
        && head.get(3).is_none_or(|low| low & 3 == 0)
        && MAGIC_COOKIE.starts_with(cookie)
}

/// Reads a message that is whole.
fn read(bytes: &[u8], length: usize, classic: bool) -> Result<StunMessage, DissectReason> {
    let (mut message, mask) = begun(bytes, classic)?;
    let body = Cursor::at(bytes, HEADER).take(length)?;
    attributes::read(&mut message, body, &mask)?;
    Ok(message)
}

/// Reads type and mask. The transaction id is part of the mask and is not kept.
fn begun(bytes: &[u8], classic: bool) -> Result<(StunMessage, attributes::Mask), DissectReason> {
    let mut cursor = Cursor::new(bytes);
    let kind = cursor.u16()?;
    let _length = cursor.u16()?;
    Ok((StunMessage::of_type(kind, classic), cursor.array()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::StunClass;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn an_allocate_answer_gives_addresses_and_software() {
        let message = dissect(&allocate_success()).unwrap().unwrap();

        assert_eq!(probe(&allocate_success()), Probe::Certain);
        assert_eq!((message.class, message.method), (StunClass::Success, 3));
        assert_eq!(message.method_name(), Some("allocate"));
        assert_eq!(message.relayed, "198.51.100.7:49152".parse().ok());
        assert_eq!(message.mapped, "192.0.2.1:32853".parse().ok());
        assert_eq!(message.software.as_deref(), Some("turn.example"));
        assert!(!message.has_username && !message.classic);
    }

    #[test]
    fn an_error_gives_code_and_realm_and_a_request_only_that_a_user_is_named() {
        let error = message(0x0113, b"\0\x09\0\x04\0\0\x04\x01\0\x14\0\x07example\0");
        let read = dissect(&error).unwrap().unwrap();
        assert_eq!((read.class, read.error_code), (StunClass::Error, Some(401)));
        assert_eq!(read.realm.as_deref(), Some("example"));

        let request =
            message(0x0003, b"\0\x06\0\x06secret\0\0\0\x12\0\x08\0\x01\xe1\xba\xe1\x12\xa6\x41");
        let read = dissect(&request).unwrap().unwrap();
        assert!(read.has_username && !format!("{read:?}").contains("secret"));
        assert_eq!(read.peer, "192.0.2.3:49320".parse().ok());
    }

    #[test]
    fn a_classic_answer_gives_its_plain_addresses() {
        let mut bytes = vec![1, 1, 0, 24];
        bytes.extend_from_slice(&[0x5a; 16]);
        bytes.extend_from_slice(b"\0\x01\0\x08\0\x01\x0d\x96\xc0\0\x02\x01");
        bytes.extend_from_slice(b"\0\x05\0\x08\0\x01\x0d\x97\xc6\x33\x64\x02");
        let read = dissect(&bytes).unwrap().unwrap();

        assert!(read.classic);
        assert_eq!(read.mapped, "192.0.2.1:3478".parse().ok());
        assert_eq!(read.other, "198.51.100.2:3479".parse().ok());
    }

    #[test]
    fn a_length_that_ends_elsewhere_is_unsure() {
        let mut cut = allocate_success();
        cut.pop();
        assert_eq!((probe(&cut), dissect(&cut)), (Probe::Unsure, Err(DissectReason::Truncated)));
        let mut odd = allocate_success();
        odd[3] += 1;
        assert_eq!((probe(&odd), dissect(&odd)), (Probe::NotForUs, Ok(None)));
        assert_eq!(probe(&[0x80; 30]), Probe::NotForUs);
    }

    #[test]
    fn an_attribute_beyond_the_end_is_malformed() {
        let bytes = message(0x0001, b"\0\x06\xff\xffabcd");
        assert_eq!(dissect(&bytes), Err(DissectReason::Malformed));
    }

    #[test]
    fn a_stream_gives_message_after_message() {
        let mut bytes = allocate_success();
        let end = bytes.len();
        bytes.extend_from_slice(&message(0x0001, b""));
        let StreamRead::Read(_, next) = dissect_stream(&bytes) else { panic!() };
        assert_eq!(next, Next::After(end));
        for cut in 0..end {
            assert_eq!(dissect_stream(&bytes[..cut]), StreamRead::NeedMore, "{cut}");
        }
        let partial = dissect_partial(&bytes[..end - 3]).unwrap();
        assert_eq!(partial.relayed, "198.51.100.7:49152".parse().ok());
        assert_eq!(dissect_stream(b"GET / HTTP"), StreamRead::NotForUs);
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(&allocate_success(), |bytes| {
            let _read = (probe(bytes), dissect_stream(bytes), dissect_partial(bytes));
            let Ok(Some(message)) = dissect(bytes) else { return };
            assert!(message.software.is_none_or(|text| text.len() <= attributes::MAX_TEXT));
        });
    }

    fn allocate_success() -> Vec<u8> {
        message(
            0x0103,
            b"\0\x16\0\x08\0\x01\xe1\x12\xe7\x21\xc0\x45\0\x20\0\x08\0\x01\xa1\x47\xe1\x12\xa6\x43\
              \x80\x22\0\x0cturn.example",
        )
    }

    // Our own construction from RFC 8489, 5 and 14.
    fn message(kind: u16, attributes: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_be_bytes().to_vec();
        bytes.extend_from_slice(&u16::try_from(attributes.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&MAGIC_COOKIE);
        bytes.extend_from_slice(&[7; 12]);
        bytes.extend_from_slice(attributes);
        bytes
    }
}
