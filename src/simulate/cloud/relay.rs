//! Video over a relay: TCP to an address that was never resolved (ports 7760, 9020, 6123).
//!
//! Comes in: a device and a relay. Goes out: one conversation of framed noise. Ports: DB1's owner saw 7760 and 9020,
//! `hcweb` 6123 (grade C). Frames: `$`, a channel, the length of what follows in network order on 9020 (`pyezviz`, grade
//! B); on 6123 the package with sequence and HMAC of `hcweb` (grade C). Inferred: that 7760 frames as 9020 does, and the
//! opening words of both sides. Two-way voice has ports of its own (DB1's owner, grade C); its frames are inferred.

use std::time::Duration;

use super::line::{Endpoint, Line, Talk};
use crate::net::Timestamp;
use crate::simulate::length_prefix::{len16, put_u16};
use crate::simulate::outbox::Outbox;
use crate::simulate::prng::Prng;
use crate::simulate::tcp_conversation::Side;

/// Ports of two-way voice.
const VOICE_PORTS: [u16; 5] = [12_347, 12_772, 12_949, 7_300, 7_900];
/// Packets of voice a second each way, and octets in each: 20 ms of telephone quality. Inferred.
const VOICE: (u32, usize) = (10, 160);

/// Octets of the HMAC behind a package.
const HMAC: usize = 32;

/// How a relay frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelayStyle {
    /// `$`, channel, length.
    Plain,
    /// `$`, kind, length, sequence, cipher, HMAC.
    Package,
}

/// A view over a relay.
#[derive(Debug)]
pub(crate) struct RelayView {
    talk: Talk,
    style: RelayStyle,
    sequence: u32,
    /// Frames a second, and octets of video in each.
    rate: (u32, usize),
}

impl RelayView {
    /// The device calls the relay and is told to play.
    pub(crate) fn open(
        outbox: &mut Outbox,
        at: Timestamp,
        line: &Line,
        relay: &Endpoint,
        style: RelayStyle,
        rate: (u32, usize),
    ) -> Self {
        let talk = line.call(outbox, at, relay);
        let mut this = Self { talk, style, sequence: 0, rate };
        for (side, length) in [(Side::Client, 176), (Side::Server, 96)] {
            let frame = this.frame(&mut outbox.prng, 1, length);
            this.talk.say(outbox, side, &frame);
        }
        this
    }

    /// The time that the conversation has reached.
    pub(crate) const fn now(&self) -> Timestamp {
        self.talk.now()
    }

    /// The video of one second.
    pub(crate) fn second(&mut self, outbox: &mut Outbox, at: Timestamp) {
        self.talk.resume(at);
        let (frames, length) = self.rate;
        let bursts = frames.div_ceil(2).max(1);
        for _ in 0..bursts {
            let mut burst = self.frame(&mut outbox.prng, 2, length);
            burst.extend(self.frame(&mut outbox.prng, 2, length));
            self.talk.say(outbox, Side::Client, &burst);
            self.talk.wait(Duration::from_millis(150) / bursts);
        }
    }

    /// The viewer is gone.
    pub(crate) fn close(mut self, outbox: &mut Outbox, at: Timestamp) {
        self.talk.resume(at);
        self.talk.close(outbox);
    }

    /// The way outside is gone.
    pub(crate) fn lose(mut self, outbox: &mut Outbox, at: Timestamp) {
        self.talk.resume(at);
        let frame = self.frame(&mut outbox.prng, 2, 1000);
        self.talk.say_unheard(outbox, &frame);
    }

    fn frame(&mut self, prng: &mut Prng, kind: u8, length: usize) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        framed(prng, self.style, (kind, self.sequence), length)
    }
}

/// Two people talk over a relay for `seconds`; `relay` says where, and its port is one of voice.
pub(crate) fn talk_over_relay(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    relay: &Endpoint,
    seconds: u32,
) {
    let number = usize::try_from(outbox.prng.below(VOICE_PORTS.len() as u64)).unwrap_or(0);
    let port = VOICE_PORTS.get(number).copied().unwrap_or(relay.port);
    let mut talk = line.call(outbox, at, &Endpoint { port, ..*relay });
    let (packets, length) = VOICE;
    for sequence in 0..seconds.saturating_mul(packets) {
        let started = talk.now();
        for side in [Side::Client, Side::Server] {
            let frame = framed(&mut outbox.prng, RelayStyle::Plain, (2, sequence), length);
            talk.say(outbox, side, &frame);
        }
        talk.resume(started.plus(Duration::from_secs(1) / packets));
    }
    talk.close(outbox);
}

fn framed(prng: &mut Prng, style: RelayStyle, head: (u8, u32), length: usize) -> Vec<u8> {
    let (kind, sequence) = head;
    let mut out = vec![b'$', kind];
    match style {
        RelayStyle::Plain => put_u16(&mut out, len16(length)),
        RelayStyle::Package => {
            out.push(0);
            put_u16(&mut out, len16(length));
            out.extend([0, 0]);
            out.extend(sequence.to_be_bytes());
        }
    }
    out.extend(prng.noise(length));
    if style == RelayStyle::Package {
        out.extend(prng.noise(HMAC));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_43_octets_around_its_payload_and_a_plain_frame_four() {
        let mut prng = Prng::new(1);

        let package = framed(&mut prng, RelayStyle::Package, (2, 9), 1000);
        let plain = framed(&mut prng, RelayStyle::Plain, (2, 9), 1000);

        assert_eq!(package[..11], [0x24, 2, 0, 3, 0xe8, 0, 0, 0, 0, 0, 9]);
        assert_eq!(package.len(), 1000 + 43);
        assert_eq!((plain[..4].to_vec(), plain.len()), (vec![0x24, 2, 3, 0xe8], 1004));
    }
}
