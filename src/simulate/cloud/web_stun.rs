//! STUN of the standard and media with a peer, as browsers, consoles and other makers' cameras have them.
//!
//! Comes in: a host, a server and a peer. Goes out: datagrams from one port. RFC 5389 (binding), RFC 3550 (RTP, whose
//! payload is noise as in SRTP, RFC 3711).

use std::time::Duration;

use super::line::{Endpoint, Line};
use crate::net::Timestamp;
use crate::simulate::length_prefix::{put_u16, with_len16};
use crate::simulate::outbox::Outbox;
use crate::simulate::tcp_conversation::Side;

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// A host asks a STUN server how it is seen, from `port`. Gives the time at which it knows.
pub(crate) fn bind_plainly(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    server: &Endpoint,
    port: u16,
) -> Timestamp {
    let mut talk = line.datagrams(port, server);
    let transaction = outbox.prng.noise(12);
    talk.send(outbox, at, Side::Client, &header(0x0001, &transaction, &[]));
    let done = at.plus(line.round_trip);
    // XOR-MAPPED-ADDRESS (RFC 5389, 15.2).
    let mut attribute = vec![0, 0x20, 0, 8, 0, 1];
    put_u16(&mut attribute, port ^ 0x2112);
    attribute.extend([203 ^ 0x21, 0x12, 113 ^ 0xa4, 200 ^ 0x42]);
    talk.send(outbox, done, Side::Server, &header(0x0101, &transaction, &attribute));
    done
}

fn header(kind: u16, transaction: &[u8], attributes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    put_u16(&mut out, kind);
    let mut framed = Vec::new();
    with_len16(&mut framed, |out| out.extend(attributes));
    let (length, attributes) = framed.split_at(2);
    out.extend(length);
    out.extend(COOKIE);
    out.extend(transaction);
    out.extend(attributes);
    out
}

/// A host and a peer exchange media for `seconds`, from `port`, `packets` a second each way.
pub(crate) fn media_with_peer(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    peer: &Endpoint,
    port: u16,
    run: (u32, u32),
) {
    let (seconds, packets) = run;
    let mut talk = line.datagrams(port, peer);
    let transaction = outbox.prng.noise(12);
    talk.send(outbox, at, Side::Client, &header(0x0001, &transaction, &[]));
    let mut now = at.plus(Duration::from_millis(80));
    let gap = Duration::from_secs(1) / packets.max(1);
    for sequence in 0..seconds.saturating_mul(packets) {
        for side in [Side::Client, Side::Server] {
            let mut packet = vec![0x80, 96];
            put_u16(&mut packet, u16::try_from(sequence & 0xffff).unwrap_or(0));
            packet.extend(sequence.wrapping_mul(3_000).to_be_bytes());
            packet.extend([0, 0, 0x51, side as u8]);
            let length = if side == Side::Client { 820 } else { 140 };
            packet.extend(outbox.prng.noise(length));
            talk.send(outbox, now, side, &packet);
        }
        now = now.plus(gap);
    }
}
