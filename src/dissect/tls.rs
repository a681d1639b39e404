//! Reads the ClientHello that opens a TLS stream.
//!
//! Comes in: the first bytes of the client's side. Goes out: a [`ClientHello`]. It reads SSL 3.0 to TLS 1.3
//! (RFC 6101, RFC 5246, RFC 8446), not the hello of SSL 2.0. It decrypts nothing.

use std::borrow::Cow;

use crate::net::bounded;

use super::cursor::Cursor;
use super::{AppProtocol, ClientHello, DissectReason, MAX_STREAM_HEAD, Message, StreamVerdict};

/// ContentType handshake, RFC 8446, 5.1; the first byte of a TLS stream.
pub(crate) const HANDSHAKE: u8 = 22;

/// HandshakeType client_hello, RFC 8446, 4.
const CLIENT_HELLO: u8 = 1;
/// Bytes of type and length before the body of a handshake message, RFC 8446, 4.
const HEADER: usize = 4;
/// The longest plaintext fragment of a record, RFC 8446, 5.1.
const MAX_FRAGMENT: usize = 1 << 14;
/// Records that one hello may be spread over: guards against heads of thousands of one-byte
/// records that would be walked again for each new segment.
const MAX_RECORDS: usize = 16;
/// The shortest hello: version, random, empty session, one suite, one compression method.
const MIN_HELLO: usize = 2 + 32 + 1 + 4 + 2;
/// Bytes of a server name that are kept: the longest DNS name (RFC 1035, 2.3.4).
const MAX_NAME: usize = 255;
/// ALPN protocols that are kept; guards against a list of thousands.
const MAX_ALPNS: usize = 16;
/// Bytes of an ALPN protocol that are kept: all that its length field allows.
const MAX_ALPN: usize = 255;

/// Reads a head whose first byte is [`HANDSHAKE`].
///
/// Lengths are checked before anything is read: as long as the hello is not whole, the answer costs
/// at most [`MAX_RECORDS`] record headers, however often it is asked.
pub(crate) fn dissect(head: &[u8]) -> StreamVerdict {
    let malformed = |reason| StreamVerdict::malformed(AppProtocol::Tls, reason);
    match gather(head) {
        Gathered::NotForUs => StreamVerdict::NotForUs,
        Gathered::Bad(reason) => malformed(reason),
        Gathered::Whole(found, length) => {
            let mut hello = ClientHello::default();
            match read_hello(&found.body(length), &mut hello) {
                Ok(()) => StreamVerdict::Read(Message::Tls(hello)),
                Err(reason) => malformed(reason),
            }
        }
        Gathered::Cut(_) if head.len() < MAX_STREAM_HEAD => StreamVerdict::NeedMore,
        Gathered::Cut(_) => match dissect_partial(head) {
            Some(hello) => StreamVerdict::Read(Message::Tls(hello)),
            None => malformed(DissectReason::TooLarge),
        },
    }
}

/// Reads what is there of a hello that will not become longer: nothing, unless its server name is whole.
pub(crate) fn dissect_partial(head: &[u8]) -> Option<ClientHello> {
    let mut hello = ClientHello::default();
    match gather(head) {
        Gathered::NotForUs | Gathered::Bad(_) => None,
        Gathered::Whole(found, length) => {
            read_hello(&found.body(length), &mut hello).ok().map(|()| hello)
        }
        Gathered::Cut(found) => match read_hello(&found.body(usize::MAX), &mut hello) {
            Ok(()) | Err(DissectReason::Truncated) => hello.sni.is_some().then_some(hello),
            Err(DissectReason::Malformed | DissectReason::TooLarge) => None,
        },
    }
}

/// The first handshake message, still in the pieces that its records hold.
enum Gathered<'a> {
    /// All of it; its length without the header follows.
    Whole(Fragments<'a>, usize),
    /// Its beginning.
    Cut(Fragments<'a>),
    /// It is not a ClientHello.
    NotForUs,
    /// It claims to be one and cannot be.
    Bad(DissectReason),
}

/// Finds the records of the ClientHello; copies nothing.
fn gather(head: &[u8]) -> Gathered<'_> {
    // What cannot be TLS is told from what is TLS and broken by the first bytes: 22, 3, 0 to 4, and
    // behind the length a ClientHello.
    let looks_like_tls = matches!(
        head,
        [HANDSHAKE]
            | [HANDSHAKE, 3]
            | [HANDSHAKE, 3, 0..=4]
            | [HANDSHAKE, 3, 0..=4, _]
            | [HANDSHAKE, 3, 0..=4, _, _]
            | [HANDSHAKE, 3, 0..=4, _, _, CLIENT_HELLO, ..]
    );
    if !looks_like_tls {
        return Gathered::NotForUs;
    }

    let mut records = Cursor::new(head);
    let mut found = Fragments { parts: [&[]; MAX_RECORDS], length: 0 };
    for index in 0..MAX_RECORDS {
        let fragment = match next_fragment(&mut records) {
            Ok(fragment) => fragment,
            Err(DissectReason::Truncated) => return Gathered::Cut(found),
            Err(reason) => return Gathered::Bad(reason),
        };
        if let Some(part) = found.parts.get_mut(index) {
            *part = fragment.bytes;
            found.length += fragment.bytes.len();
        }
        if let Some(claimed) = found.claimed_length() {
            if claimed < MIN_HELLO {
                return Gathered::Bad(DissectReason::Malformed);
            }
            if found.length >= HEADER + claimed {
                return Gathered::Whole(found, claimed);
            }
        }
        if !fragment.whole {
            return Gathered::Cut(found);
        }
    }
    Gathered::Bad(DissectReason::TooLarge)
}

/// The contents of the records, in order; unused places are empty.
struct Fragments<'a> {
    parts: [&'a [u8]; MAX_RECORDS],
    length: usize,
}

impl<'a> Fragments<'a> {
    /// The length that the handshake header claims for its body, once it has arrived.
    fn claimed_length(&self) -> Option<usize> {
        let mut header = self.parts.iter().copied().flatten().skip(1).copied();
        let mut byte = || header.next();
        usize::try_from(u32::from_be_bytes([0, byte()?, byte()?, byte()?])).ok()
    }

    /// At most `length` bytes of the body of the message; copies only when there are several records.
    fn body(&self, length: usize) -> Cow<'a, [u8]> {
        match self.parts {
            [only, [], ..] => {
                let end = only.len().min(HEADER.saturating_add(length));
                Cow::Borrowed(only.get(HEADER..end).unwrap_or_default())
            }
            _ => {
                let mut body = self.parts.concat();
                body.truncate(HEADER.saturating_add(length));
                body.drain(..HEADER.min(body.len()));
                Cow::Owned(body)
            }
        }
    }
}

/// The content of one record, or as much of it as has arrived.
struct Fragment<'a> {
    bytes: &'a [u8],
    whole: bool,
}

/// Takes the next record of the handshake.
fn next_fragment<'a>(records: &mut Cursor<'a>) -> Result<Fragment<'a>, DissectReason> {
    let [content, major, _minor] = records.array()?;
    let length = usize::from(records.u16()?);
    // Zero-length fragments and other content between the parts of a handshake message are
    // forbidden (RFC 8446, 5.1).
    if content != HANDSHAKE || major != 3 || length == 0 || length > MAX_FRAGMENT {
        return Err(DissectReason::Malformed);
    }
    match records.take(length) {
        Ok(bytes) => Ok(Fragment { bytes, whole: true }),
        Err(_) => Ok(Fragment { bytes: records.rest(), whole: false }),
    }
}

/// Reads the body of a ClientHello (RFC 8446, 4.1.2) into `hello`; what was read before an error stays.
fn read_hello(body: &[u8], hello: &mut ClientHello) -> Result<(), DissectReason> {
    let mut body = Cursor::new(body);
    hello.version = body.u16()?;
    let _random: [u8; 32] = body.array()?;
    let session = body.vector8()?;
    let suites = body.vector16()?;
    let compressions = body.vector8()?;
    if session.len() > 32 || suites.is_empty() || suites.len() % 2 != 0 || compressions.is_empty() {
        return Err(DissectReason::Malformed);
    }
    // Before TLS 1.3 a hello may end here. Bytes behind the extensions are not looked at.
    if body.is_empty() {
        return Ok(());
    }
    let mut left = usize::from(body.u16()?);
    while left > 0 {
        let kind = body.u16()?;
        let content = body.vector16()?;
        left = left.checked_sub(4 + content.len()).ok_or(DissectReason::Malformed)?;
        read_extension(kind, content, hello)?;
    }
    Ok(())
}

/// Reads one extension, if it is one that is kept (IANA "TLS ExtensionType Values"). Of repeated ones the first counts.
fn read_extension(kind: u16, content: &[u8], hello: &mut ClientHello) -> Result<(), DissectReason> {
    // The content has arrived whole, so what ends early in it is malformed and not cut.
    let inner = |_| DissectReason::Malformed;
    match kind {
        0 if hello.sni.is_none() => hello.sni = read_server_name(content).map_err(inner)?,
        16 if hello.alpns.is_empty() => hello.alpns = read_alpns(content).map_err(inner)?,
        43 => {
            if let Some(version) = read_highest_version(content).map_err(inner)? {
                hello.version = version;
            }
        }
        0xfe0d => hello.ech = true,
        _ => {}
    }
    Ok(())
}

/// Reads server_name, RFC 6066, 3: the first host_name of the list, if it is not empty.
fn read_server_name(content: &[u8]) -> Result<Option<String>, DissectReason> {
    if content.is_empty() {
        return Ok(None);
    }
    let mut names = Cursor::new(Cursor::new(content).vector16()?);
    while !names.is_empty() {
        let kind = names.u8()?;
        let name = names.vector16()?;
        if kind == 0 {
            return Ok((!name.is_empty()).then(|| bounded(name, MAX_NAME)));
        }
    }
    Ok(None)
}

/// Reads application_layer_protocol_negotiation, RFC 7301, 3.1. GREASE protocols (RFC 8701) stay: they are part of
/// what the client sent.
fn read_alpns(content: &[u8]) -> Result<Vec<String>, DissectReason> {
    let mut list = Cursor::new(Cursor::new(content).vector16()?);
    let mut alpns = Vec::new();
    while !list.is_empty() && alpns.len() < MAX_ALPNS {
        alpns.push(bounded(list.vector8()?, MAX_ALPN));
    }
    Ok(alpns)
}

/// Reads supported_versions, RFC 8446, 4.2.1. GREASE (RFC 8701) and unknown values are passed over; drafts of
/// TLS 1.3 (0x7fxx) count as TLS 1.3.
fn read_highest_version(content: &[u8]) -> Result<Option<u16>, DissectReason> {
    let mut versions = Cursor::new(Cursor::new(content).vector8()?);
    let mut highest = None;
    while !versions.is_empty() {
        let version = match versions.u16()? {
            version @ 0x0300..=0x03ff => Some(version),
            0x7f00..=0x7fff => Some(0x0304),
            _ => None,
        };
        highest = highest.max(version);
    }
    Ok(highest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn a_hello_gives_name_protocols_and_highest_version() {
        let expected = ClientHello {
            version: 0x0304,
            sni: Some("litedev.example.com".into()),
            alpns: vec!["h2".into(), "http/1.1".into()],
            ech: false,
        };

        assert_eq!(read(&in_records(&hello(&usual()), usize::MAX)), expected);
    }

    #[test]
    fn grease_is_no_version() {
        let versions = |list: &[u16]| {
            let list: Vec<u8> = list.iter().flat_map(|v| v.to_be_bytes()).collect();
            let bytes = hello(&[(43, vector8(&list))]);
            read(&in_records(&bytes, usize::MAX)).version
        };

        assert_eq!(versions(&[0xfafa, 0x0302, 0x0303]), 0x0303);
        assert_eq!(versions(&[0x0a0a, 0x0304, 0x0303]), 0x0304);
        assert_eq!(versions(&[0x7f1c, 0x0303]), 0x0304);
        assert_eq!(versions(&[0xdada]), 0x0303);
    }

    #[test]
    fn a_hello_without_extensions_has_its_legacy_version() {
        let mut body = hello(&[]);
        body.truncate(body.len() - 2);
        body[0..2].copy_from_slice(&[3, 0]);

        let expected = ClientHello { version: 0x0300, ..ClientHello::default() };
        assert_eq!(read(&in_records(&body, usize::MAX)), expected);
    }

    #[test]
    fn encrypted_client_hello_is_told_by_its_extension() {
        let bytes = hello(&[(0xfe0d, vec![0; 8])]);

        assert!(read(&in_records(&bytes, usize::MAX)).ech);
    }

    #[test]
    fn an_empty_or_other_server_name_is_none() {
        for content in [vec![], vec![0, 3, 0, 0, 0], vec![0, 4, 9, 0, 1, b'x']] {
            let bytes = hello(&[(0, content)]);
            assert_eq!(read(&in_records(&bytes, usize::MAX)).sni, None);
        }
    }

    #[test]
    fn names_and_protocols_stay_within_their_bounds() {
        let alpns: Vec<u8> = (0..40).flat_map(|_| vector8(&[0xff; 255])).collect();
        let bytes = hello(&[(0, server_name(&[b'a'; 300])), (16, vector16(&alpns))]);
        let hello = read(&in_records(&bytes, usize::MAX));

        assert_eq!(hello.sni.as_deref().map(str::len), Some(MAX_NAME));
        assert_eq!(hello.alpns.len(), MAX_ALPNS);
        assert!(hello.alpns.iter().all(|alpn| alpn.len() <= MAX_ALPN));
    }

    #[test]
    fn a_hello_may_be_spread_over_records_and_other_messages_may_follow() {
        let body = hello(&usual());
        let expected = read(&in_records(&body, usize::MAX));

        let mut split = in_records(&body, 40);
        assert_eq!(read(&split), expected);
        split.extend_from_slice(&[23, 3, 3, 0, 1, 0]);
        assert_eq!(read(&split), expected);
    }

    #[test]
    fn a_cut_hello_needs_more_at_every_cut() {
        for record in [usize::MAX, 40] {
            let bytes = in_records(&hello(&usual()), record);
            for end in 0..bytes.len() {
                let verdict = crate::dissect::dissect_stream(&bytes[..end]);
                assert_eq!(verdict, StreamVerdict::NeedMore, "cut at {end}");
            }
        }
    }

    #[test]
    fn a_cut_hello_gives_its_name_once_the_name_is_whole_and_never_a_part_of_it() {
        let bytes = in_records(&hello(&usual()), usize::MAX);
        let whole = read(&bytes);
        let mut found = 0;
        for end in 0..=bytes.len() {
            if let Some(hello) = dissect_partial(&bytes[..end]) {
                assert_eq!(hello.sni, whole.sni, "cut at {end}");
                found += 1;
            }
        }

        assert!(found > 20 && found < bytes.len());
        assert_eq!(dissect_partial(&bytes), Some(whole));
    }

    #[test]
    fn other_handshakes_and_other_protocols_are_not_for_us() {
        for head in [
            &[22, 3, 3, 0, 80, 2][..],
            &[22, 3, 9],
            &[22, 2],
            &[23, 3, 3, 0, 80],
            &[0x80, 0x2e, 1, 0, 2],
        ] {
            assert_eq!(dissect(head), StreamVerdict::NotForUs, "{head:?}");
        }
    }

    #[test]
    fn a_record_that_the_standard_forbids_is_malformed() {
        let bad = StreamVerdict::malformed(AppProtocol::Tls, DissectReason::Malformed);
        let mut split = in_records(&hello(&usual()), 40);
        split[45] = 23;

        assert_eq!(dissect(&split), bad);
        assert_eq!(dissect(&[22, 3, 1, 0, 0, 1]), bad);
        assert_eq!(dissect(&[22, 3, 1, 0x7f, 0xff, 1]), bad);
        assert_eq!(dissect(&[22, 3, 1, 0, 9, 1, 0, 0, 5]), bad);
    }

    #[test]
    fn an_extension_that_overruns_its_list_is_malformed() {
        let mut body = hello(&usual());
        let at =
            body.len() - 2 - usual().iter().map(|(_, content)| 4 + content.len()).sum::<usize>();
        body[at..at + 2].copy_from_slice(&[0, 6]);

        let bad = StreamVerdict::malformed(AppProtocol::Tls, DissectReason::Malformed);
        assert_eq!(dissect(&in_records(&body, usize::MAX)), bad);
    }

    #[test]
    fn too_many_records_are_refused() {
        let bad = StreamVerdict::malformed(AppProtocol::Tls, DissectReason::TooLarge);

        assert_eq!(dissect(&in_records(&hello(&usual()), 3)), bad);
    }

    #[test]
    fn a_full_head_is_answered_in_any_case() {
        let mut extensions = usual();
        extensions.push((0xeeee, vec![0; 40_000]));
        let named = in_records(&hello(&extensions), MAX_FRAGMENT);
        extensions.remove(0);
        let nameless = in_records(&hello(&extensions), MAX_FRAGMENT);

        let verdict = dissect(&named[..MAX_STREAM_HEAD]);
        assert!(matches!(verdict, StreamVerdict::Read(Message::Tls(hello)) if hello.sni.is_some()));
        let bad = StreamVerdict::malformed(AppProtocol::Tls, DissectReason::TooLarge);
        assert_eq!(dissect(&nameless[..MAX_STREAM_HEAD]), bad);
    }

    #[test]
    fn damaged_hellos_stay_within_the_bounds() {
        for record in [usize::MAX, 40] {
            for_each_mutant(&in_records(&hello(&usual()), record), |bytes| {
                let partial = dissect_partial(bytes);
                let read = whole(bytes);
                for hello in read.into_iter().chain(partial) {
                    assert!(hello.sni.is_none_or(|sni| sni.len() <= MAX_NAME));
                    assert!(hello.alpns.len() <= MAX_ALPNS);
                }
            });
        }
    }

    fn read(head: &[u8]) -> ClientHello {
        whole(head).unwrap()
    }

    fn whole(head: &[u8]) -> Option<ClientHello> {
        let StreamVerdict::Read(Message::Tls(hello)) = dissect(head) else { return None };
        Some(hello)
    }

    fn usual() -> Vec<(u16, Vec<u8>)> {
        vec![
            (0, server_name(b"litedev.example.com")),
            (0x0a0a, vec![]),
            (16, vector16(b"\x02h2\x08http/1.1")),
            (43, vector8(&[0x2a, 0x2a, 3, 4, 3, 3])),
        ]
    }

    fn server_name(name: &[u8]) -> Vec<u8> {
        vector16(&[&[0][..], &vector16(name)].concat())
    }

    fn hello(extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[0, 0, 2, 0x13, 1, 1, 0]);
        let list: Vec<u8> = extensions
            .iter()
            .flat_map(|(kind, content)| [&kind.to_be_bytes()[..], &vector16(content)].concat())
            .collect();
        body.extend(vector16(&list));
        body
    }

    fn in_records(body: &[u8], size: usize) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        let message = [&[CLIENT_HELLO][..], &length[1..], body].concat();
        let record = |part: &[u8]| [&[HANDSHAKE, 3, 1][..], &vector16(part)].concat();
        message.chunks(size).flat_map(record).collect()
    }

    fn vector8(bytes: &[u8]) -> Vec<u8> {
        [&[u8::try_from(bytes.len()).unwrap()][..], bytes].concat()
    }

    fn vector16(bytes: &[u8]) -> Vec<u8> {
        [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
    }
}
