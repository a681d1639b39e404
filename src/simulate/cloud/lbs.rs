//! LBS registration: a device says who it is and learns its control and STUN servers.
//!
//! Comes in: a device and what the server thinks of it. Goes out: one TCP conversation (port 8666, or any). Layout:
//! EZVIZ's own device kit (`Ezviz-OpenBiz/EZIOT-SDK`, `dev_protocol_def.h`, `lbs_transport.c`) and a published capture of
//! a CP4 whose lengths agree with it: grade A for EZVIZ. Inferred: the lengths of the two key exchanges of a first boot
//! and of the questions behind a registration, and that Hikvision devices speak it towards `litedev.hik-connect.com`.

use std::time::Duration;

use super::line::{Endpoint, Line};
use crate::net::Timestamp;
use crate::simulate::length_prefix::{put_varint, with_len8};
use crate::simulate::outbox::Outbox;
use crate::simulate::prng::Prng;
use crate::simulate::tcp_conversation::Side;

/// Time that the server thinks.
const THINKING: Duration = Duration::from_millis(12);
/// Octets of the device token; of the opaque part of an answer to it.
const TOKEN: usize = 32;
const AES_BLOCK: usize = 16;
/// Octets of an encrypted ECDH key: a P-256 key of 91 octets in whole AES blocks. Inferred.
const ECDH_KEY: usize = 96;
/// Octets of an encrypted question for DAS or STUN. Inferred.
const QUESTION: usize = 64;
/// Octets of an encrypted answer (published: `b0 b4 01`, 180 in all).
const ANSWER: usize = 176;

/// Who registers, and how the server answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LbsPlan<'a> {
    /// Short serial.
    pub(crate) serial: &'a str,
    /// The device's static token.
    pub(crate) token: &'a [u8; 32],
    /// The device has no session key yet, so it exchanges keys first.
    pub(crate) first_boot: bool,
    /// It asks for a STUN server as well.
    pub(crate) wants_stun: bool,
    /// Low four bits of the first octet: 2 in newer devices, 0 in older ones.
    pub(crate) flag: u8,
    /// The server's result code; all but 0 refuse.
    pub(crate) result: u8,
}

/// How a registration ended, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LbsOutcome {
    /// The device has its servers.
    Accepted(Timestamp),
    /// The server refused.
    Refused(Timestamp),
}

/// What the device waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To say its first word.
    Fresh,
    /// For the server's key.
    Authenticating,
    /// For the answer to its token.
    Requesting,
    /// For its control server.
    AskingControl,
    /// For its STUN server.
    AskingStun,
    /// For nothing more.
    Done,
}

/// A device registers with `server`.
pub(crate) fn register(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    server: &Endpoint,
    plan: &LbsPlan<'_>,
) -> LbsOutcome {
    let mut talk = line.call(outbox, at, server);
    let mut state = State::Fresh;
    loop {
        let said = speak(&mut outbox.prng, &mut state, plan);
        if said.is_empty() {
            break;
        }
        talk.say(outbox, Side::Client, &said);
        talk.wait(THINKING);
        let answered = answer(&mut outbox.prng, state, plan);
        talk.say(outbox, Side::Server, &answered);
        if plan.result != 0 {
            let done = talk.now();
            talk.close(outbox);
            return LbsOutcome::Refused(done);
        }
    }
    let done = talk.now();
    talk.close(outbox);
    LbsOutcome::Accepted(done)
}

/// The device's next words; none when it has all that it wants.
fn speak(prng: &mut Prng, state: &mut State, plan: &LbsPlan<'_>) -> Vec<u8> {
    let (next, words) = match *state {
        State::Fresh if plan.first_boot => (State::Authenticating, authentication(prng, plan)),
        State::Fresh | State::Authenticating => (State::Requesting, request(prng, plan)),
        State::Requesting => {
            // The confirmation and the first question go out one behind the other.
            let mut words = device_frame(0x9, plan.flag, &prng.noise(AES_BLOCK));
            words.extend(device_frame(0xa, plan.flag, &prng.noise(QUESTION)));
            (State::AskingControl, words)
        }
        State::AskingControl if plan.wants_stun => {
            (State::AskingStun, device_frame(0xa, plan.flag, &prng.noise(QUESTION)))
        }
        State::AskingControl | State::AskingStun | State::Done => (State::Done, Vec::new()),
    };
    *state = next;
    words
}

/// The server's answer to a device that has come to `state`.
fn answer(prng: &mut Prng, state: State, plan: &LbsPlan<'_>) -> Vec<u8> {
    let (command, length) = match state {
        State::Authenticating => (0x2, ECDH_KEY),
        State::Requesting => (0x8, TOKEN),
        State::AskingControl | State::AskingStun => (0xb, ANSWER),
        State::Fresh | State::Done => return Vec::new(),
    };
    let mut body = vec![plan.result];
    body.extend(prng.noise(length));
    frame(command, plan.flag, &[1, 0, 0], &body)
}

/// Command 1: authentication mode, serial, key.
fn authentication(prng: &mut Prng, plan: &LbsPlan<'_>) -> Vec<u8> {
    let mut body = vec![1];
    with_len8(&mut body, |out| out.extend(plan.serial.as_bytes()));
    body.extend(prng.noise(ECDH_KEY));
    device_frame(0x1, plan.flag, &body)
}

/// Command 7: serial, token, a cipher block.
fn request(prng: &mut Prng, plan: &LbsPlan<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    with_len8(&mut body, |out| out.extend(plan.serial.as_bytes()));
    with_len8(&mut body, |out| out.extend(plan.token));
    body.extend(prng.noise(AES_BLOCK));
    device_frame(0x7, plan.flag, &body)
}

fn device_frame(command: u8, flag: u8, body: &[u8]) -> Vec<u8> {
    frame(command, flag, &[1, 1, 0], body)
}

fn frame(command: u8, flag: u8, head: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = vec![command << 4 | flag];
    put_varint(&mut out, head.len() + body.len());
    out.extend(head);
    out.extend(body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: LbsPlan<'_> = LbsPlan {
        serial: "G40512876",
        token: &[7; 32],
        first_boot: true,
        wants_stun: true,
        flag: 0,
        result: 0,
    };

    #[test]
    fn each_message_has_the_published_length() {
        let mut prng = Prng::new(1);
        let mut state = State::Authenticating;

        let request = speak(&mut prng, &mut state, &PLAN);
        let response = answer(&mut prng, state, &PLAN);
        let confirm = speak(&mut prng, &mut state, &PLAN);
        let control = answer(&mut prng, state, &PLAN);

        assert_eq!((&request[..6], request.len()), (&[0x70, 62, 1, 1, 0, 9][..], 2 + 62));
        assert_eq!((&response[..6], response.len()), (&[0x80, 36, 1, 0, 0, 0][..], 2 + 36));
        assert_eq!(confirm[..2], [0x90, 19]);
        assert_eq!((&control[..3], control.len()), (&[0xb0, 0xb4, 0x01][..], 3 + 180));
    }

    #[test]
    fn a_first_boot_exchanges_keys_and_a_later_one_does_not() {
        let commands = |first_boot| {
            let plan = LbsPlan { first_boot, ..PLAN };
            let (mut prng, mut state) = (Prng::new(1), State::Fresh);
            let mut commands = Vec::new();
            loop {
                let words = speak(&mut prng, &mut state, &plan);
                let Some(first) = words.first() else { break };
                commands.push(first >> 4);
                commands.push(answer(&mut prng, state, &plan)[0] >> 4);
            }
            commands
        };

        assert_eq!(commands(true), [1, 2, 7, 8, 9, 0xb, 0xa, 0xb]);
        assert_eq!(commands(false), [7, 8, 9, 0xb, 0xa, 0xb]);
    }

    #[test]
    fn a_refusal_is_in_the_fourth_octet_and_ends_the_conversation() {
        let plan = LbsPlan { result: 4, first_boot: false, ..PLAN };

        assert_eq!(answer(&mut Prng::new(1), State::Requesting, &plan)[2..6], [1, 0, 0, 4]);
    }
}
