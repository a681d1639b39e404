//! Reads the client's side of a TLS stream: its hello.
//!
//! Comes in: the first bytes of the client's side. Goes out: a [`ClientHello`] of SSL 3.0 to TLS 1.3 in records
//! (RFC 6101, RFC 5246, RFC 8446), or in the framing of SSL 2.0. Nothing behind the hello is looked at.

use super::records::{End, HANDSHAKE, HEADER, Records};
use super::{CLIENT_HELLO, Carrier, ClientHello, MIN_HELLO, read_hello, sslv2};
use crate::dissect::{
    DissectReason, MAX_STREAM_HEAD,
    verdict::{Next, Probe, StreamRead},
};

/// Reads the head of the client's side.
///
/// Lengths are checked before anything is read: as long as the hello is not whole, the answer costs
/// at most [`MAX_RECORDS`](super::records::MAX_RECORDS) record headers, however often it is asked.
pub(crate) fn dissect_client(head: &[u8]) -> StreamRead<ClientHello> {
    if sslv2::probe(head) != Probe::NotForUs && !head.is_empty() {
        return sslv2::dissect(head);
    }
    match gather(head) {
        Gathered::NotForUs => StreamRead::NotForUs,
        Gathered::Bad(reason) => StreamRead::Malformed(reason),
        Gathered::Whole(records, length) => {
            let mut hello = ClientHello::default();
            match read_hello(&records.bytes(HEADER, length), Carrier::Tls, &mut hello) {
                Ok(()) => StreamRead::Read(hello, Next::Nothing),
                Err(reason) => StreamRead::Malformed(reason),
            }
        }
        Gathered::Cut(_) if head.len() < MAX_STREAM_HEAD => StreamRead::NeedMore,
        Gathered::Cut(_) => match dissect_client_partial(head) {
            Some(hello) => StreamRead::Read(hello, Next::Nothing),
            None => StreamRead::Malformed(DissectReason::TooLarge),
        },
    }
}

/// Reads what is there of a hello that will not become longer: nothing, unless its server name is whole.
pub(crate) fn dissect_client_partial(head: &[u8]) -> Option<ClientHello> {
    let mut hello = ClientHello::default();
    match gather(head) {
        Gathered::NotForUs | Gathered::Bad(_) => sslv2::dissect_partial(head),
        Gathered::Whole(records, length) => {
            let body = records.bytes(HEADER, length);
            read_hello(&body, Carrier::Tls, &mut hello).ok().map(|()| hello)
        }
        Gathered::Cut(records) => {
            let body = records.bytes(HEADER, usize::MAX);
            match read_hello(&body, Carrier::Tls, &mut hello) {
                Ok(()) | Err(DissectReason::Truncated) => hello.sni.is_some().then_some(hello),
                Err(DissectReason::Malformed | DissectReason::TooLarge) => None,
            }
        }
    }
}

/// The first handshake message, still in the pieces that its records hold.
enum Gathered<'a> {
    /// All of it; its length without the header follows.
    Whole(Records<'a>, usize),
    /// Its beginning.
    Cut(Records<'a>),
    /// It is not a ClientHello.
    NotForUs,
    /// It claims to be one and cannot be.
    Bad(DissectReason),
}

/// Finds the records of the ClientHello; copies nothing.
fn gather(head: &[u8]) -> Gathered<'_> {
    if !may_begin_with(head, CLIENT_HELLO) {
        return Gathered::NotForUs;
    }
    let records = Records::gather(head);
    if let Some((_, claimed)) = records.header(0) {
        if claimed < MIN_HELLO {
            return Gathered::Bad(DissectReason::Malformed);
        }
        if records.reaches(HEADER + claimed) {
            return Gathered::Whole(records, claimed);
        }
    }
    match records.end() {
        End::Head => Gathered::Cut(records),
        // Other content between the parts of a handshake message is forbidden (RFC 8446, 5.1).
        End::OtherContent => Gathered::Bad(DissectReason::Malformed),
        End::Bad(reason) => Gathered::Bad(reason),
    }
}

/// Tells whether a head is, as far as it goes, a record that begins with the handshake message `kind`. What cannot be
/// TLS is so told from what is TLS and broken.
pub(super) fn may_begin_with(head: &[u8], kind: u8) -> bool {
    match head {
        []
        | [HANDSHAKE]
        | [HANDSHAKE, 3]
        | [HANDSHAKE, 3, 0..=4]
        | [HANDSHAKE, 3, 0..=4, _]
        | [HANDSHAKE, 3, 0..=4, _, _] => true,
        [HANDSHAKE, 3, 0..=4, _, _, first, ..] => *first == kind,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    const MAX_NAME: usize = 255;
    const MAX_ALPNS: usize = 16;
    const MAX_ALPN: usize = 255;
    const MAX_FRAGMENT: usize = 1 << 14;

    #[test]
    fn a_hello_gives_name_protocols_and_highest_version() {
        let expected = ClientHello {
            version: 0x0304,
            sni: Some("litedev.example.com".into()),
            alpns: vec!["h2".into(), "http/1.1".into()],
            ech: false,
            ja4: None,
        };

        let mut hello = read(&in_records(&hello(&usual()), usize::MAX));
        let ja4 = hello.ja4.take().map(|ja4| ja4.to_string());
        assert_eq!(ja4.as_deref(), Some("t13d0103h2_0f2cb44170f4_b9a491fefe05"));
        assert_eq!(hello, expected);
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

        let mut hello = read(&in_records(&body, usize::MAX));
        let ja4 = hello.ja4.take().map(|ja4| ja4.to_string());
        assert_eq!(ja4.as_deref(), Some("ts3i010000_0f2cb44170f4_000000000000"));
        assert_eq!(hello, ClientHello { version: 0x0300, ..ClientHello::default() });
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
                let verdict = dissect_client(&bytes[..end]);
                assert_eq!(verdict, StreamRead::NeedMore, "cut at {end}");
            }
        }
    }

    #[test]
    fn a_cut_hello_gives_its_name_once_the_name_is_whole_and_never_a_part_of_it() {
        let bytes = in_records(&hello(&usual()), usize::MAX);
        let whole = read(&bytes);
        let mut found = 0;
        for end in 0..=bytes.len() {
            if let Some(hello) = dissect_client_partial(&bytes[..end]) {
                assert_eq!(hello.sni, whole.sni, "cut at {end}");
                found += 1;
            }
        }

        assert!(found > 20 && found < bytes.len());
        assert_eq!(dissect_client_partial(&bytes), Some(whole));
    }

    #[test]
    fn other_handshakes_and_other_protocols_are_not_for_us() {
        for head in [
            &[22, 3, 3, 0, 80, 2][..],
            &[22, 3, 9],
            &[22, 2],
            &[23, 3, 3, 0, 80],
            &[0x80, 0x2e, 4, 0, 2],
        ] {
            assert_eq!(dissect_client(head), StreamRead::NotForUs, "{head:?}");
        }
    }

    #[test]
    fn a_record_that_the_standard_forbids_is_malformed() {
        let bad = StreamRead::<ClientHello>::Malformed(DissectReason::Malformed);
        let mut split = in_records(&hello(&usual()), 40);
        split[45] = 23;

        assert_eq!(dissect_client(&split), bad);
        assert_eq!(dissect_client(&[22, 3, 1, 0, 0, 1]), bad);
        assert_eq!(dissect_client(&[22, 3, 1, 0x7f, 0xff, 1]), bad);
        assert_eq!(dissect_client(&[22, 3, 1, 0, 9, 1, 0, 0, 5]), bad);
    }

    #[test]
    fn an_extension_that_overruns_its_list_is_malformed() {
        let mut body = hello(&usual());
        let at =
            body.len() - 2 - usual().iter().map(|(_, content)| 4 + content.len()).sum::<usize>();
        body[at..at + 2].copy_from_slice(&[0, 6]);

        let bad = StreamRead::<ClientHello>::Malformed(DissectReason::Malformed);
        assert_eq!(dissect_client(&in_records(&body, usize::MAX)), bad);
    }

    #[test]
    fn too_many_records_are_refused() {
        let bad = StreamRead::<ClientHello>::Malformed(DissectReason::TooLarge);

        assert_eq!(dissect_client(&in_records(&hello(&usual()), 3)), bad);
    }

    #[test]
    fn a_full_head_is_answered_in_any_case() {
        let mut extensions = usual();
        extensions.push((0xeeee, vec![0; 40_000]));
        let named = in_records(&hello(&extensions), MAX_FRAGMENT);
        extensions.remove(0);
        let nameless = in_records(&hello(&extensions), MAX_FRAGMENT);

        let verdict = dissect_client(&named[..MAX_STREAM_HEAD]);
        assert!(matches!(verdict, StreamRead::Read(hello, Next::Nothing) if hello.sni.is_some()));
        let bad = StreamRead::<ClientHello>::Malformed(DissectReason::TooLarge);
        assert_eq!(dissect_client(&nameless[..MAX_STREAM_HEAD]), bad);
    }

    #[test]
    fn damaged_hellos_stay_within_the_bounds() {
        for record in [usize::MAX, 40] {
            for_each_mutant(&in_records(&hello(&usual()), record), |bytes| {
                let partial = dissect_client_partial(bytes);
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
        let StreamRead::Read(hello, Next::Nothing) = dissect_client(head) else { return None };
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
