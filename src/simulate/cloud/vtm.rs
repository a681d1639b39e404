//! VTM: an app views over the vendor's media relay (TCP 8554, 10554).
//!
//! Comes in: a phone, a relay and a camera's serial. Goes out: one conversation. Header, codes and the `ysproto` address
//! in the first field of the first message: `pyezviz` and `hcweb`, grade B; they name the codes differently, so only the
//! numbers are used. The other fields and all lengths are inferred.

use std::time::Duration;

use super::line::{Endpoint, Line};
use crate::net::Timestamp;
use crate::simulate::length_prefix::{put_u16, put_varint, with_len16};
use crate::simulate::outbox::Outbox;
use crate::simulate::tcp_conversation::Side;

/// Channels.
const MESSAGE: u8 = 0;
const MEDIA: u8 = 1;

/// A phone asks for the stream of the camera with `serial`, and gets `seconds` of it.
pub(crate) fn view_over_vtm(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    relay: &Endpoint,
    serial: &str,
    seconds: u16,
) {
    let name = relay.tag.name.unwrap_or_default();
    let url = format!(
        "ysproto://{name}:{}/live?dev={serial}&chn=1&stream=1&cln=9&isp=0&ssn={:016x}",
        relay.port,
        outbox.prng.next_u64()
    );
    let mut talk = line.call(outbox, at, relay);
    talk.say(outbox, Side::Client, &message((MESSAGE, 1, 0x013b), &field(1, url.as_bytes())));
    talk.wait(Duration::from_millis(30));
    let mut body = vec![0x08, 0];
    body.extend(field(4, &outbox.prng.noise(32)));
    talk.say(outbox, Side::Server, &message((MESSAGE, 1, 0x013c), &body));
    for second in 0..seconds {
        let started = talk.now();
        for packet in 0..8 {
            let noise = outbox.prng.noise(1_300);
            let frame = message((MEDIA, second.wrapping_mul(8) + packet, 0x0132), &noise);
            talk.say(outbox, Side::Server, &frame);
            talk.wait(Duration::from_millis(100));
        }
        talk.resume(started.plus(Duration::from_secs(1)));
    }
    talk.close(outbox);
}

/// `$`, channel, length, sequence, code, body.
fn message(head: (u8, u16, u16), body: &[u8]) -> Vec<u8> {
    let (channel, sequence, code) = head;
    let mut out = vec![b'$', channel];
    let mut framed = Vec::with_capacity(body.len() + 2);
    with_len16(&mut framed, |out| out.extend(body));
    let (length, body) = framed.split_at(2);
    out.extend(length);
    put_u16(&mut out, sequence);
    put_u16(&mut out, code);
    out.extend(body);
    out
}

/// A field of a protobuf message that holds bytes (wire type 2).
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    put_varint(&mut out, content.len());
    out.extend(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_counts_the_body_behind_eight_octets() {
        let out = message((MESSAGE, 7, 0x013b), b"abc");

        assert_eq!(out, [0x24, 0, 0, 3, 0, 7, 1, 0x3b, b'a', b'b', b'c']);
    }
}
