//! Datagrams: who the client is, what is told once, and when a look ends.

use hikwatch::dissect::Message;
use hikwatch::meter::Config;

use super::lab::{Lab, NAME, hello};
use super::seeds;

#[test]
fn a_capture_that_begins_with_the_servers_packet_has_the_clients_name() {
    let mut lab = Lab::new(Config::default());
    let mut of_server = seeds::initial(1, &[9; 8], &[], 0, &seeds::crypto(0, &[2; 90]));
    // Its keys come of a connection ID that the client chose, and that does not stand in it.
    of_server[6..14].fill(7);
    for _ in 0..3 {
        lab.throw_back(&of_server);
    }
    lab.throw(&seeds::initial(1, &[5; 8], &[], 0, &seeds::crypto(0, &quic_hello())));

    assert_eq!(lab.names(), [NAME]);
}

#[test]
fn a_hello_of_quic_is_told_once_whoever_speaks_next() {
    let mut lab = Lab::new(Config::default());
    let whole = quic_hello();
    let (head, tail) = whole.split_at(50);
    let answer = seeds::initial(1, &[9; 8], &[], 0, &seeds::crypto(0, &[2; 90]));
    lab.throw(&seeds::initial(1, &[5; 8], &[], 0, &seeds::crypto(0, head)));
    lab.throw_back(&answer);
    let tail = seeds::initial(1, &[5; 8], &[], 1, &seeds::crypto(50, tail));
    lab.throw(&tail);
    lab.throw_back(&answer);
    lab.throw(&tail);

    assert_eq!(lab.names(), [NAME]);
}

#[test]
fn a_hello_of_dtls_that_is_repeated_is_told_once() {
    let mut lab = Lab::new(Config::default());
    for cookie in [&[][..], &[], &[], &[7; 20], &[7; 20]] {
        lab.throw(&dtls_hello(cookie));
    }

    assert_eq!(lab.messages().filter(|message| matches!(message, Message::Tls(_))).count(), 1);
}

#[test]
fn noise_on_a_port_of_names_is_not_looked_at_for_ever() {
    let mut lab = Lab::new(Config::default());
    lab.server.set_port(53);
    let errors = |lab: &Lab| -> u64 { lab.meter.stats().dissect_errors.iter().flatten().sum() };
    for _ in 0..1000 {
        lab.throw(b"\x00\x01\x00\x00\x00\x09 noise");
    }
    let counted = errors(&lab);
    assert!((1..=64).contains(&counted), "{counted}");

    // As long as questions come in between, the next one may be one too.
    lab.client.set_port(50_001);
    for _ in 0..100 {
        for _ in 0..30 {
            lab.throw(b"\x00\x01\x00\x00\x00\x09 noise");
        }
        lab.throw(b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01");
    }
    assert_eq!(lab.messages().filter(|message| matches!(message, Message::Dns(_))).count(), 100);
}

/// The message of a ClientHello as QUIC carries it.
fn quic_hello() -> Vec<u8> {
    hello(NAME)[5..].to_vec()
}

/// A ClientHello of DTLS 1.2 (RFC 6347, 4.2) with a cookie.
fn dtls_hello(cookie: &[u8]) -> Vec<u8> {
    let message = &hello(NAME)[9..];
    let mut body = vec![0xfe, 0xfd];
    // Random and session ID stand before the cookie.
    body.extend(&message[2..35]);
    body.push(u8::try_from(cookie.len()).unwrap());
    body.extend(cookie);
    body.extend(&message[35..]);
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    let fragment = [&[1, 0][..], &length, &[0; 5], &[0], &length, &body].concat();
    let record = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[22, 0xfe, 0xff][..], &[0; 8], &record, &fragment].concat()
}
