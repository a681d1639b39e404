//! Reads the ClientHello of DTLS.
//!
//! Comes in: the payload of a datagram. Goes out: a [`ClientHello`] of DTLS 1.0, 1.2 or 1.3 (RFC 4347, RFC 6347, RFC 9147). A hello
//! in fragments is read when one datagram holds them all; of one that is spread over datagrams, what the first
//! says up to its server name. It decrypts nothing and remembers nothing.

use super::cursor::Cursor;
use super::tls::{CLIENT_HELLO, Carrier, MIN_HELLO, read_hello};
use super::verdict::Probe;
use super::{ClientHello, DissectReason};

/// ContentType handshake, RFC 6347, 4.1.
const HANDSHAKE: u8 = 22;
/// Fragments of one datagram that are put together; guards against datagrams of thousands.
const MAX_FRAGMENTS: usize = 32;
/// The preamble that CAPWAP puts before a DTLS record, RFC 5415, 4.2.
const CAPWAP_PREAMBLE: [u8; 4] = [1, 0, 0, 0];

/// Tells whether a datagram begins with a handshake record of DTLS that is not encrypted and holds a ClientHello.
pub(crate) fn probe(payload: &[u8]) -> Probe {
    let records = payload.strip_prefix(&CAPWAP_PREAMBLE).unwrap_or(payload);
    match records {
        // Type, version (1.0 before RFC 4347 was 0x0100), epoch 0, sequence number, length, then the message's type.
        [HANDSHAKE, 0xfe, 0xfc..=0xff, 0, 0, rest @ ..] | [HANDSHAKE, 1, 0, 0, 0, rest @ ..] => {
            match rest.get(8) {
                Some(&CLIENT_HELLO) => Probe::Certain,
                _ => Probe::NotForUs,
            }
        }
        _ => Probe::NotForUs,
    }
}

/// Reads a datagram. `Ok(None)` means that it holds no ClientHello, or only a piece without the server name.
///
/// # Errors
/// It claims to hold a ClientHello and is not well formed.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<ClientHello>, DissectReason> {
    if probe(payload) == Probe::NotForUs {
        return Ok(None);
    }
    let payload = payload.strip_prefix(&CAPWAP_PREAMBLE).unwrap_or(payload);
    let Some((length, body)) = gather(payload)? else { return Ok(None) };
    let mut hello = ClientHello::default();
    match read_hello(&body, Carrier::Dtls, &mut hello) {
        Ok(()) if body.len() >= length => Ok(Some(hello)),
        // A cut in the right place looks like a hello without extensions.
        Ok(()) | Err(DissectReason::Truncated) if body.len() < length => {
            Ok(hello.sni.is_some().then_some(hello))
        }
        Ok(()) | Err(_) => Err(DissectReason::Malformed),
    }
}

/// A fragment of a handshake message, RFC 6347, 4.2.2.
struct Fragment<'a> {
    kind: u8,
    length: usize,
    sequence: u16,
    offset: usize,
    bytes: &'a [u8],
}

/// Puts the fragments of the first message together, as far as they follow each other: the length of the message, and
/// its beginning.
fn gather(payload: &[u8]) -> Result<Option<(usize, Vec<u8>)>, DissectReason> {
    let mut fragments = Vec::new();
    let mut records = Cursor::new(payload);
    while !records.is_empty() && fragments.len() < MAX_FRAGMENTS {
        let Ok([kind, _, _, epoch_high, epoch_low]) = records.array() else { break };
        let _sequence_number: [u8; 6] = records.array()?;
        if kind != HANDSHAKE || [epoch_high, epoch_low] != [0, 0] {
            break;
        }
        let length = usize::from(records.u16()?);
        let mut record = match records.take(length) {
            Ok(record) => Cursor::new(record),
            // A snap length may have cut the datagram.
            Err(_) => Cursor::new(records.rest()),
        };
        while !record.is_empty() && fragments.len() < MAX_FRAGMENTS {
            fragments.push(read_fragment(&mut record)?);
        }
    }
    let Some(first) = fragments.first() else { return Ok(None) };
    let (length, sequence) = (first.length, first.sequence);
    if length < MIN_HELLO {
        return Err(DissectReason::Malformed);
    }
    fragments.retain(|fragment| fragment.kind == CLIENT_HELLO && fragment.sequence == sequence);
    fragments.sort_by_key(|fragment| fragment.offset);
    let mut body = Vec::with_capacity(length.min(payload.len()));
    for fragment in fragments {
        // Fragments may overlap (RFC 6347, 4.2.3); what comes behind a gap does not count.
        let Some(skip) = body.len().checked_sub(fragment.offset) else { break };
        body.extend_from_slice(fragment.bytes.get(skip..).unwrap_or_default());
    }
    body.truncate(length);
    Ok(Some((length, body)))
}

/// Takes a fragment, or as much as there is of it.
fn read_fragment<'a>(record: &mut Cursor<'a>) -> Result<Fragment<'a>, DissectReason> {
    let kind = record.u8()?;
    let length = u24(record)?;
    let sequence = record.u16()?;
    let offset = u24(record)?;
    let size = u24(record)?;
    let bytes = record.take(size).unwrap_or_else(|_| record.rest());
    Ok(Fragment { kind, length, sequence, offset, bytes })
}

/// Takes 24 bits.
fn u24(cursor: &mut Cursor<'_>) -> Result<usize, DissectReason> {
    let [high, middle, low] = cursor.array()?;
    Ok(usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn a_hello_gives_version_name_and_fingerprint_with_and_without_a_cookie() {
        for cookie in [&[][..], &[9; 20]] {
            let hello = read(&in_records(&body(cookie), usize::MAX)).unwrap();

            assert_eq!(hello.version, 0xfefd);
            assert_eq!(hello.sni.as_deref(), Some("cam.example.com"));
            assert!(hello.ja4.unwrap().to_string().starts_with("dd2d010100_"));
        }
    }

    #[test]
    fn the_newest_version_is_the_lowest_number() {
        let mut body = body(&[]);
        body.truncate(body.len() - 26);
        body.extend_from_slice(&[0, 9, 0, 43, 0, 5, 4, 0xfe, 0xfd, 0xfe, 0xfc]);
        let hello = read(&in_records(&body, usize::MAX)).unwrap();

        assert_eq!(hello.version, 0xfefc);
        assert!(hello.ja4.unwrap().to_string().starts_with("dd3i"));
    }

    #[test]
    fn fragments_of_one_datagram_are_put_together_in_any_order() {
        let body = body(&[]);
        let whole = read(&in_records(&body, usize::MAX));
        let mut fragments: Vec<_> = body
            .chunks(20)
            .zip((0..).step_by(20))
            .map(|(part, at)| record(&body, at, part))
            .collect();

        assert_eq!(read(&fragments.concat()), whole);
        fragments.reverse();
        fragments.push(record(&body, 10, &body[10..50]));
        assert_eq!(read(&fragments.concat()), whole);
        fragments.remove(1);
        assert_eq!(read(&fragments.concat()), None);
    }

    #[test]
    fn a_cut_hello_gives_its_name_once_the_name_is_whole() {
        let bytes = in_records(&body(&[]), usize::MAX);
        for end in 0..bytes.len() {
            if let Ok(Some(hello)) = dissect(&bytes[..end]) {
                assert_eq!(hello.sni.as_deref(), Some("cam.example.com"));
                assert_eq!(hello.ja4, None);
            }
        }
        assert_eq!(dissect(&bytes[..60]), Ok(None));
    }

    #[test]
    fn what_is_encrypted_or_no_client_hello_is_not_for_us() {
        let bytes = in_records(&body(&[]), usize::MAX);
        for (at, value) in [(0, 23), (1, 3), (3, 1), (4, 1), (13, 2)] {
            let mut other = bytes.clone();
            other[at] = value;

            assert_eq!(probe(&other), Probe::NotForUs, "byte {at}");
            assert_eq!(dissect(&other), Ok(None));
        }
        assert_eq!(probe(&bytes[..13]), Probe::NotForUs);
    }

    #[test]
    fn the_preamble_of_capwap_is_passed_over() {
        let bytes = in_records(&body(&[]), usize::MAX);

        assert_eq!(read(&[&CAPWAP_PREAMBLE[..], &bytes].concat()), read(&bytes));
    }

    #[test]
    fn damaged_hellos_stay_within_the_bounds() {
        for_each_mutant(&in_records(&body(&[7; 8]), 30), |bytes| {
            if let Ok(Some(hello)) = dissect(bytes) {
                assert!(hello.sni.is_none_or(|sni| sni.len() <= 255));
            }
        });
    }

    fn read(payload: &[u8]) -> Option<ClientHello> {
        dissect(payload).unwrap()
    }

    /// Our own construction from RFC 6347, 4.3.2: one suite, and server_name as the only extension.
    fn body(cookie: &[u8]) -> Vec<u8> {
        let mut body = vec![0xfe, 0xfd];
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[0, u8::try_from(cookie.len()).unwrap()]);
        body.extend_from_slice(cookie);
        body.extend_from_slice(&[0, 2, 0xc0, 0x2b, 1, 0]);
        body.extend_from_slice(b"\0\x18\0\0\0\x14\0\x12\0\0\x0fcam.example.com");
        body
    }

    fn in_records(body: &[u8], size: usize) -> Vec<u8> {
        let size = size.min(body.len());
        let parts = body.chunks(size).zip((0..).step_by(size));
        parts.flat_map(|(part, at)| record(body, at, part)).collect()
    }

    fn record(body: &[u8], at: usize, part: &[u8]) -> Vec<u8> {
        let u24 = |number: usize| u32::try_from(number).unwrap().to_be_bytes()[1..].to_vec();
        let message =
            [&[CLIENT_HELLO][..], &u24(body.len()), &[0, 0], &u24(at), &u24(part.len()), part];
        let message = message.concat();
        let length = u16::try_from(message.len()).unwrap().to_be_bytes();
        [&[HANDSHAKE, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 1][..], &length, &message].concat()
    }
}
