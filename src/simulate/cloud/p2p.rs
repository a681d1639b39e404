//! Peer to peer, version 3: the server that brings two peers together, the punch, and the video between them.
//!
//! Comes in: a device, a server and a peer. Goes out: datagrams from one port of the device. Header, opcodes, mask and
//! the extension of 48 octets: `hcweb` (`v3-protocol-opcodes`, `protocol-notes`, read out of an app and tried live), grade
//! C. Inferred: the device's own side of it (the source is an app's), what the bodies hold (they are encrypted, so they
//! are noise in whole AES blocks), and the checksum, whose algorithm is not published. Video goes in UDT as SRT has it
//! (draft-sharabayko-srt, 3), with noise inside.

use std::time::Duration;

use super::line::{Endpoint, Line, UdpTalk};
use crate::net::Timestamp;
use crate::simulate::outbox::Outbox;
use crate::simulate::prng::Prng;
use crate::simulate::tcp_conversation::Side;

/// Opcodes.
const TRANSFER_SETUP: u16 = 0x0b00;
const TRANSFER_CONTROL: u16 = 0x0b03;
const PUNCH: u16 = 0x0c00;
const PUNCHED: u16 = 0x0c01;
const PLAY: u16 = 0x0c02;
const PLAYING: u16 = 0x0c03;
const TEARDOWN: u16 = 0x0c04;
const CHECK: u16 = 0x0c08;
/// The mask of messages to a server, and of those with an extension.
const MASK: u8 = 0xda;
const MASK_EXTENDED: u8 = 0xde;
/// Octets of the extension.
const EXTENSION: usize = 48;
/// Time between two punches.
const PUNCH_PAUSE: Duration = Duration::from_millis(200);
/// Packets of video for which the peer sends one acknowledgment.
const PER_ACKNOWLEDGMENT: u32 = 10;

/// What a device and the server say to each other before a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerStep {
    /// The device shows where it is, now and then.
    Check,
    /// The server names a peer.
    Introduce,
}

/// A device and the server exchange `step`, from `port`. Gives the time at which it is done.
pub(crate) fn ask_server(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    server: &Endpoint,
    step: (ServerStep, u16),
) -> Timestamp {
    let (step, port) = step;
    let mut talk = line.datagrams(port, server);
    let (asked, answered, lengths) = match step {
        ServerStep::Check => (CHECK, CHECK, (48, 32)),
        ServerStep::Introduce => (TRANSFER_SETUP, TRANSFER_CONTROL, (112, 144)),
    };
    let mut now = at;
    for sequence in 1..=2 {
        let message = v3(&mut outbox.prng, asked, sequence, lengths.0);
        talk.send(outbox, now, Side::Client, &message);
        now = now.plus(line.round_trip);
        let message = v3(&mut outbox.prng, answered, sequence, lengths.1);
        talk.send(outbox, now, Side::Server, &message);
        now = now.plus(Duration::from_millis(30));
    }
    now
}

/// A device punches towards a peer that never answers. Gives the time at which it gives up.
pub(crate) fn punch_in_vain(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    peer: &Endpoint,
    port: u16,
) -> Timestamp {
    let mut talk = line.datagrams(port, peer);
    let mut now = at;
    for sequence in 1..=20 {
        let message = v3(&mut outbox.prng, PUNCH, sequence, 64);
        talk.send(outbox, now, Side::Client, &message);
        now = now.plus(PUNCH_PAUSE);
    }
    now
}

/// A view by a peer outside.
#[derive(Debug)]
pub(crate) struct PeerView {
    talk: UdpTalk,
    round_trip: Duration,
    stream: u32,
    packets: u32,
    /// Packets a second, and octets of video in each.
    rate: (u32, usize),
}

impl PeerView {
    /// Punches until the peer answers, shakes hands and agrees to play. Gives the view and the time of its first picture.
    pub(crate) fn open(
        outbox: &mut Outbox,
        at: Timestamp,
        line: &Line,
        peer: &Endpoint,
        port: u16,
        rate: (u32, usize),
    ) -> (Self, Timestamp) {
        let stream = outbox.prng.next_u32() & 0x3fff_ffff;
        let talk = line.datagrams(port, peer);
        let round_trip = line.round_trip;
        let mut this = Self { talk, round_trip, stream, packets: 0, rate };
        let mut now = at;
        for sequence in 1..=3 {
            let message = v3(&mut outbox.prng, PUNCH, sequence, 64);
            this.talk.send(outbox, now, Side::Client, &message);
            now = now.plus(PUNCH_PAUSE);
        }
        let message = v3(&mut outbox.prng, PUNCHED, 1, 64);
        this.talk.send(outbox, now, Side::Server, &message);
        // Induction and conclusion of the handshake, the peer first.
        for _ in 0..2 {
            now = now.plus(Duration::from_millis(2));
            let message = this.handshake(&mut outbox.prng);
            this.talk.send(outbox, now, Side::Server, &message);
            let message = this.handshake(&mut outbox.prng);
            now = now.plus(Duration::from_millis(1));
            this.talk.send(outbox, now, Side::Client, &message);
            now = now.plus(round_trip);
        }
        let message = extended(&mut outbox.prng, PLAY, 2, 176);
        this.talk.send(outbox, now, Side::Server, &message);
        let message = v3(&mut outbox.prng, PLAYING, 2, 48);
        now = now.plus(Duration::from_millis(4));
        this.talk.send(outbox, now, Side::Client, &message);
        (this, now.plus(Duration::from_millis(20)))
    }

    /// The video of one second.
    pub(crate) fn second(&mut self, outbox: &mut Outbox, at: Timestamp) {
        let (packets, length) = self.rate;
        let gap = Duration::from_millis(960) / packets.max(1);
        let mut now = at;
        for _ in 0..packets {
            self.packets = self.packets.wrapping_add(1);
            let size = length - usize::try_from(outbox.prng.below(length as u64 / 4)).unwrap_or(0);
            let packet = self.data(&mut outbox.prng, size);
            self.talk.send(outbox, now, Side::Client, &packet);
            if self.packets.is_multiple_of(PER_ACKNOWLEDGMENT) {
                let acknowledgment = self.control(2, &self.packets.to_be_bytes());
                let answered = now.plus(self.round_trip / 2);
                self.talk.send(outbox, answered, Side::Server, &acknowledgment);
            }
            now = now.plus(gap);
        }
    }

    /// The peer hangs up.
    pub(crate) fn close(mut self, outbox: &mut Outbox, at: Timestamp) {
        let message = extended(&mut outbox.prng, TEARDOWN, 3, 64);
        self.talk.send(outbox, at, Side::Server, &message);
        let message = self.control(5, &[0; 4]);
        self.talk.send(outbox, at.plus(Duration::from_millis(3)), Side::Client, &message);
    }

    fn data(&self, prng: &mut Prng, length: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(length + 16);
        for word in
            [self.packets & 0x7fff_ffff, 0xe000_0000 | self.packets, self.clock(), self.stream]
        {
            out.extend(word.to_be_bytes());
        }
        let start = out.len();
        out.resize(start + length, 0);
        prng.fill(out.get_mut(start..).unwrap_or_default());
        out
    }

    fn control(&self, kind: u32, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        for word in [0x8000_0000 | kind << 16, 0, self.clock(), self.stream] {
            out.extend(word.to_be_bytes());
        }
        out.extend(content);
        out
    }

    /// A handshake of 48 octets behind the header (draft-sharabayko-srt, 3.2.1).
    fn handshake(&self, prng: &mut Prng) -> Vec<u8> {
        let noise = prng.noise(48);
        self.control(0, &noise)
    }

    /// Microseconds since the view began, as far as packets tell.
    const fn clock(&self) -> u32 {
        self.packets.wrapping_mul(40_000)
    }
}

/// A message whose body is `length` octets of cipher, in whole blocks.
fn v3(prng: &mut Prng, opcode: u16, sequence: u32, length: usize) -> Vec<u8> {
    message(prng, (MASK, 0), opcode, sequence, length)
}

/// A message with the extension that names key, user and channel.
fn extended(prng: &mut Prng, opcode: u16, sequence: u32, length: usize) -> Vec<u8> {
    message(prng, (MASK_EXTENDED, EXTENSION), opcode, sequence, length)
}

fn message(
    prng: &mut Prng,
    head: (u8, usize),
    opcode: u16,
    sequence: u32,
    length: usize,
) -> Vec<u8> {
    let (mask, extension) = head;
    let mut out = vec![0xe2, mask];
    out.extend(opcode.to_be_bytes());
    out.extend(sequence.to_be_bytes());
    out.extend([0x62, 0x34]);
    out.push(u8::try_from(12 + extension).unwrap_or(u8::MAX));
    out.extend(prng.noise(1));
    if extension == EXTENSION {
        // Version of the key, user (32 characters), client and channel.
        out.extend([0, 2, 0, 101, 1, 32]);
        let user = format!("{:016x}{:016x}", prng.next_u64(), prng.next_u64());
        out.extend(user.as_bytes());
        out.extend([2, 4]);
        out.extend(prng.noise(4));
        out.extend([3, 2, 0, 1]);
    }
    out.extend(prng.noise(length));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_twelve_octets_and_the_extension_forty_eight() {
        let mut prng = Prng::new(1);

        let plain = v3(&mut prng, PUNCH, 7, 64);
        let long = extended(&mut prng, PLAY, 8, 176);

        assert_eq!(plain[..11], [0xe2, 0xda, 0x0c, 0, 0, 0, 0, 7, 0x62, 0x34, 12]);
        assert_eq!(plain.len(), 12 + 64);
        assert_eq!(long[..11], [0xe2, 0xde, 0x0c, 2, 0, 0, 0, 8, 0x62, 0x34, 60]);
        assert_eq!(long.len(), 60 + 176);
        assert_eq!(long[56..60], [3, 2, 0, 1]);
    }
}
