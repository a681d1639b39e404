//! Reads the server's side of a TLS stream: its hello, and its certificate when that is sent in clear.
//!
//! Comes in: the first bytes of the server's side. Goes out: a [`ServerFlight`]. From TLS 1.3 on the certificate is encrypted
//! (RFC 8446, 2), so the flight ends with the hello. Of a chain only the server's own certificate is read.

use super::client_side::may_begin_with;
use super::records::{End, HEADER, Records};
use super::{Certificate, ServerHello, certificate, server_hello};
use crate::dissect::{
    DissectReason, MAX_STREAM_HEAD,
    verdict::{Next, StreamRead},
};

/// HandshakeType server_hello, RFC 5246, 7.4.
const SERVER_HELLO: u8 = 2;
/// HandshakeType certificate, RFC 5246, 7.4.
const CERTIFICATE: u8 = 11;
/// The shortest ServerHello: version, random, empty session, suite, compression method.
const MIN_HELLO: usize = 2 + 32 + 1 + 2 + 1;
/// The first version that encrypts certificates.
const TLS_1_3: u16 = 0x0304;
/// Bytes before the first certificate: the length of the list and its own, RFC 5246, 7.4.2.
const LENGTHS: usize = 3 + 3;

/// What a server answers before anything is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerFlight {
    /// Its hello.
    pub hello: ServerHello,
    /// Its own certificate. None with TLS 1.3, in resumed sessions, when it was not captured whole, and when it is no
    /// well-formed certificate of X.509.
    pub certificate: Option<Box<Certificate>>,
}

/// Reads the head of the server's side. The flight is read as soon as its own certificate is whole; the rest of the
/// chain is not waited for.
///
/// As long as that is not so, the answer costs at most [`MAX_RECORDS`](super::records::MAX_RECORDS) record headers and one
/// ServerHello.
pub(crate) fn dissect_server(head: &[u8]) -> StreamRead<ServerFlight> {
    let read = |flight| StreamRead::Read(flight, Next::Nothing);
    match gather(head) {
        Gathered::NotForUs => StreamRead::NotForUs,
        Gathered::Bad(reason) => StreamRead::Malformed(reason),
        Gathered::Whole(flight) => read(flight),
        Gathered::Cut(_) if head.len() < MAX_STREAM_HEAD => StreamRead::NeedMore,
        Gathered::Cut(Some(flight)) => read(flight),
        Gathered::Cut(None) => StreamRead::Malformed(DissectReason::TooLarge),
    }
}

/// Reads what is there of a flight that will not become longer: nothing, unless its hello is whole.
pub(crate) fn dissect_server_partial(head: &[u8]) -> Option<ServerFlight> {
    match gather(head) {
        Gathered::NotForUs | Gathered::Bad(_) => None,
        Gathered::Whole(flight) => Some(flight),
        Gathered::Cut(flight) => flight,
    }
}

/// What was found of a flight.
enum Gathered {
    /// All that will come in clear.
    Whole(ServerFlight),
    /// The hello at most: the certificate, or what comes in its place, is not whole.
    Cut(Option<ServerFlight>),
    /// It does not begin with a ServerHello.
    NotForUs,
    /// It claims to and cannot be one.
    Bad(DissectReason),
}

/// Finds hello and certificate.
fn gather(head: &[u8]) -> Gathered {
    if !may_begin_with(head, SERVER_HELLO) {
        return Gathered::NotForUs;
    }
    let records = Records::gather(head);
    let Some((_, length)) = records.header(0) else { return unfinished(&records) };
    if length < MIN_HELLO {
        return Gathered::Bad(DissectReason::Malformed);
    }
    if !records.reaches(HEADER + length) {
        return unfinished(&records);
    }
    let Ok(hello) = server_hello::read(&records.bytes(HEADER, length)) else {
        return Gathered::Bad(DissectReason::Malformed);
    };
    let flight = ServerFlight { hello, certificate: None };
    if flight.hello.version >= TLS_1_3 {
        return Gathered::Whole(flight);
    }
    with_certificate(&records, HEADER + length, flight)
}

/// Adds the certificate, if the message at `at` is one.
fn with_certificate(records: &Records<'_>, at: usize, flight: ServerFlight) -> Gathered {
    // Once the records have ended otherwise, the hello is all that there is.
    let cut = |flight| match records.end() {
        End::Head => Gathered::Cut(Some(flight)),
        End::OtherContent | End::Bad(_) => Gathered::Whole(flight),
    };
    let message = match records.header(at) {
        None => return cut(flight),
        Some((CERTIFICATE, length)) if length > LENGTHS => length,
        Some(_) => return Gathered::Whole(flight),
    };
    let lengths = records.bytes(at + HEADER, LENGTHS);
    let Some(&[_, _, _, high, middle, low]) = lengths.as_array() else { return cut(flight) };
    let length = u32::from_be_bytes([0, high, middle, low]);
    let Ok(length) = usize::try_from(length) else { return Gathered::Whole(flight) };
    if length > message - LENGTHS {
        return Gathered::Whole(flight);
    }
    let start = at + HEADER + LENGTHS;
    if !records.reaches(start + length) {
        return cut(flight);
    }
    // A certificate that cannot be read takes nothing from the hello.
    let certificate = certificate::read(&records.bytes(start, length)).ok().map(Box::new);
    Gathered::Whole(ServerFlight { certificate, ..flight })
}

/// The hello itself is not whole.
fn unfinished(records: &Records<'_>) -> Gathered {
    match records.end() {
        End::Head => Gathered::Cut(None),
        End::OtherContent => Gathered::Bad(DissectReason::Malformed),
        End::Bad(reason) => Gathered::Bad(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;
    use crate::dissect::tls::fixture::{Fields, element};
    use crate::dissect::tls::records::{HANDSHAKE, MAX_RECORDS};

    /// HandshakeType new_session_ticket, RFC 5077, 3.3.
    const NEW_SESSION_TICKET: u8 = 4;
    /// HandshakeType server_hello_done, RFC 5246, 7.4.
    const SERVER_HELLO_DONE: u8 = 14;
    /// A ChangeCipherSpec in its record, RFC 5246, 7.1.
    const CHANGE_CIPHER_SPEC: [u8; 6] = [20, 3, 3, 0, 1, 1];

    #[test]
    fn hello_and_certificate_are_read_from_one_record_or_one_each() {
        let messages = [hello(0x0303, &[]), certificate(&[&sound()]), done()];
        let expected = flight(0x0303, true);

        assert_eq!(read(&records(&messages.concat(), usize::MAX)), Some(expected.clone()));
        let apart: Vec<u8> =
            messages.iter().flat_map(|message| records(message, usize::MAX)).collect();
        assert_eq!(read(&apart), Some(expected));
    }

    #[test]
    fn a_flight_may_be_spread_over_records_and_each_cut_needs_more() {
        let messages = [hello(0x0303, &[]), certificate(&[&sound()])].concat();
        for size in [messages.len(), 60, messages.len().div_ceil(MAX_RECORDS)] {
            let head = records(&messages, size);

            assert_eq!(read(&head), Some(flight(0x0303, true)), "records of {size}");
            for end in 0..head.len() {
                let verdict = dissect_server(&head[..end]);
                assert_eq!(verdict, StreamRead::NeedMore, "records of {size}, cut at {end}");
            }
        }
    }

    #[test]
    fn the_rest_of_a_chain_is_not_waited_for() {
        let chain = certificate(&[&sound(), &[0; 2000]]);
        let head = records(&[hello(0x0303, &[]), chain].concat(), usize::MAX);

        assert_eq!(read(&head[..head.len() - 1999]), Some(flight(0x0303, true)));
    }

    #[test]
    fn tls_1_3_gives_no_certificate_and_waits_for_none() {
        let hello = hello(0x0303, &[0, 43, 0, 2, 3, 4]);
        let behind = certificate(&[&sound()]);

        let alone = records(&hello, usize::MAX);
        assert_eq!(read(&alone), Some(flight(0x0304, false)));
        let with_more = records(&[hello, behind].concat(), usize::MAX);
        assert_eq!(read(&with_more), Some(flight(0x0304, false)));
    }

    #[test]
    fn a_resumed_session_has_a_hello_and_no_certificate() {
        let hello = hello(0x0303, &[]);
        let ticket = message(NEW_SESSION_TICKET, &[0; 20]);

        let by_id = [&records(&hello, usize::MAX)[..], &CHANGE_CIPHER_SPEC].concat();
        assert_eq!(read(&by_id), Some(flight(0x0303, false)));
        let by_ticket = records(&[hello, ticket].concat(), usize::MAX);
        assert_eq!(read(&by_ticket), Some(flight(0x0303, false)));
    }

    #[test]
    fn a_flight_that_stays_cut_gives_its_hello_once_that_is_whole() {
        let hello = hello(0x0303, &[]);
        let whole = HEADER + 1 + hello.len();
        let head = records(&[hello, certificate(&[&sound()])].concat(), usize::MAX);
        for end in 0..=head.len() {
            let expected = (end >= whole).then(|| flight(0x0303, end == head.len()));
            assert_eq!(dissect_server_partial(&head[..end]), expected, "cut at {end}");
        }
    }

    #[test]
    fn a_certificate_that_is_none_takes_nothing_from_the_hello() {
        let sound = sound();
        let cut = &sound[..sound.len() - 1];
        for broken in [
            certificate(&[cut]),
            certificate(&[&element(0x30, &[])]),
            certificate(&[&[]]),
            certificate(&[]),
            message(CERTIFICATE, &[]),
        ] {
            let head = records(&[hello(0x0303, &[]), broken, done()].concat(), usize::MAX);
            assert_eq!(read(&head), Some(flight(0x0303, false)));
        }
    }

    #[test]
    fn a_certificate_longer_than_its_message_is_none_and_is_not_waited_for() {
        let sound = sound();
        let mut lying = certificate(&[&sound]);
        lying[HEADER + 3..HEADER + LENGTHS].copy_from_slice(&[0xff, 0xff, 0xff]);
        let lying = records(&[hello(0x0303, &[]), lying].concat(), usize::MAX);
        assert_eq!(read(&lying), Some(flight(0x0303, false)));

        // The message ends before the certificate does, though the bytes are there.
        let length = u32::try_from(sound.len()).unwrap().to_be_bytes();
        let short = message(CERTIFICATE, &[&[0, 0, 9][..], &length[1..], &[0; 9]].concat());
        let head = records(&[hello(0x0303, &[]), short, sound].concat(), usize::MAX);
        assert_eq!(read(&head), Some(flight(0x0303, false)));
    }

    #[test]
    fn what_does_not_begin_with_a_server_hello_is_not_for_us() {
        for head in [&[22, 3, 3, 0, 80, 1][..], &[21, 3, 3, 0, 2, 2, 40], b"HTTP/1.1", &[22, 2]] {
            assert_eq!(dissect_server(head), StreamRead::NotForUs, "{head:?}");
            assert_eq!(dissect_server_partial(head), None, "{head:?}");
        }
    }

    #[test]
    fn a_hello_that_the_standard_forbids_is_malformed() {
        let hello = hello(0x0303, &[]);
        let interrupted = [&records(&hello[..20], usize::MAX)[..], &CHANGE_CIPHER_SPEC].concat();
        let too_short = records(&message(SERVER_HELLO, &[3; 37]), usize::MAX);
        let overrun = records(&self::hello(0x0303, &[0, 16, 0, 9]), usize::MAX);
        for head in [interrupted, too_short, overrun] {
            let bad = StreamRead::Malformed(DissectReason::Malformed);
            assert_eq!(dissect_server(&head), bad, "{head:?}");
        }
    }

    #[test]
    fn a_full_head_is_answered_in_any_case() {
        let long = certificate(&[&vec![0x30; 60_000]]);
        let head = records(&[hello(0x0303, &[]), long].concat(), 4000);
        assert_eq!(read(&head[..MAX_STREAM_HEAD]), Some(flight(0x0303, false)));

        let endless = records(&message(SERVER_HELLO, &vec![3; 60_000]), 4000);
        let bad = StreamRead::Malformed(DissectReason::TooLarge);
        assert_eq!(dissect_server(&endless[..MAX_STREAM_HEAD]), bad);
    }

    #[test]
    fn damaged_flights_never_panic_and_a_read_flight_is_read_again_when_cut_off() {
        for size in [usize::MAX, 60] {
            let messages = [hello(0x0303, &[]), certificate(&[&sound()]), done()].concat();
            for_each_mutant(&records(&messages, size), |bytes| {
                if let StreamRead::Read(flight, _) = dissect_server(bytes) {
                    assert_eq!(dissect_server_partial(bytes), Some(flight));
                }
            });
        }
    }

    fn read(head: &[u8]) -> Option<ServerFlight> {
        let StreamRead::Read(flight, Next::Nothing) = dissect_server(head) else { return None };
        Some(flight)
    }

    fn flight(version: u16, with_certificate: bool) -> ServerFlight {
        let certificate = || Box::new(certificate::read(&sound()).unwrap());
        ServerFlight {
            hello: ServerHello { version, cipher_suite: 0xc02f, alpn: None },
            certificate: with_certificate.then(certificate),
        }
    }

    fn sound() -> Vec<u8> {
        Fields::default().certificate()
    }

    fn hello(version: u16, extensions: &[u8]) -> Vec<u8> {
        let [.., high, low] = extensions.len().to_be_bytes();
        let chosen = [0, 0xc0, 0x2f, 0, high, low];
        message(SERVER_HELLO, &[&version.to_be_bytes(), &[7; 32][..], &chosen, extensions].concat())
    }

    fn certificate(chain: &[&[u8]]) -> Vec<u8> {
        let chain: Vec<u8> = chain.iter().flat_map(|certificate| vector24(certificate)).collect();
        message(CERTIFICATE, &vector24(&chain))
    }

    fn done() -> Vec<u8> {
        message(SERVER_HELLO_DONE, &[])
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind][..], &vector24(body)].concat()
    }

    fn vector24(bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length[1..], bytes].concat()
    }

    fn records(messages: &[u8], size: usize) -> Vec<u8> {
        let record = |part: &[u8]| {
            let length = u16::try_from(part.len()).unwrap().to_be_bytes();
            [&[HANDSHAKE, 3, 3][..], &length, part].concat()
        };
        messages.chunks(size).flat_map(record).collect()
    }
}
