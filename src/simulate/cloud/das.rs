//! DAS: the control channel, MQTT 3.1.1 on a port that the registration hands out.
//!
//! Comes in: a device, a server and what the server thinks of it. Goes out: one TCP conversation that stays open.
//! Source: EZVIZ's own device kit (`das_transport.c`, `dev_protocol_def.h`), grade A; a published capture of a CP4 has a
//! client id of 32 octets where the kit sends none. Payloads are encrypted, so they are noise; their lengths are ours.

use std::fmt::Write as _;
use std::time::Duration;

use super::line::{Endpoint, Line, Talk};
use crate::net::Timestamp;
use crate::simulate::length_prefix::{put_u16, put_varint, with_len16};
use crate::simulate::outbox::Outbox;
use crate::simulate::prng::Prng;
use crate::simulate::tcp_conversation::Side;

/// Octets of the will topic; the kit sends the whole buffer, padded with zeros.
const WILL_TOPIC: usize = 128;
/// Octets of the encrypted description of the device that is its will.
const WILL: usize = 384;
/// Time that the server thinks.
const THINKING: Duration = Duration::from_millis(9);

/// Who signs on, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DasPlan<'a> {
    /// Short serial: the user name.
    pub(crate) serial: &'a str,
    /// The token that is the client id of newer devices; older ones have none.
    pub(crate) client_id: Option<&'a [u8; 32]>,
    /// The device has just started; otherwise it lost its channel.
    pub(crate) first: bool,
    /// Seconds between two signs of life.
    pub(crate) keepalive: u16,
    /// It speaks the third version too, and subscribes to its topics.
    pub(crate) third_version: bool,
}

/// What the server answers (CONNACK).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DasAnswer {
    /// Welcome.
    Accepted,
    /// The device is on a list of devices to refuse.
    Blacklisted,
    /// Its registration is too old: it has to begin again.
    Redirected,
}

impl DasAnswer {
    const fn code(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Blacklisted => 10,
            Self::Redirected => 11,
        }
    }
}

/// A control channel that is open.
#[derive(Debug)]
pub(crate) struct DasChannel {
    talk: Talk,
    serial: String,
}

impl DasChannel {
    /// Signs on and subscribes. Gives nothing when the server refuses.
    pub(crate) fn open(
        outbox: &mut Outbox,
        at: Timestamp,
        line: &Line,
        server: &Endpoint,
        plan: &DasPlan<'_>,
        answer: DasAnswer,
    ) -> Option<Self> {
        let mut talk = line.call(outbox, at, server);
        let message = connect(&mut outbox.prng, plan);
        talk.say(outbox, Side::Client, &message);
        talk.wait(THINKING);
        talk.say(outbox, Side::Server, &[0x20, 2, 0, answer.code()]);
        if answer != DasAnswer::Accepted {
            talk.close(outbox);
            return None;
        }
        let topics = [
            plan.third_version.then(|| format!("/iot/{}/#", plan.serial)),
            Some(format!("/{}/#", plan.serial)),
        ];
        for (topic, id) in topics.into_iter().flatten().zip(1..) {
            talk.say(outbox, Side::Client, &subscribe(id, &topic));
            talk.say(outbox, Side::Server, &suback(id));
        }
        Some(Self { talk, serial: plan.serial.to_owned() })
    }

    /// The time that the channel has reached.
    pub(crate) const fn now(&self) -> Timestamp {
        self.talk.now()
    }

    /// The device shows that it is alive, and is heard.
    pub(crate) fn ping(&mut self, outbox: &mut Outbox, at: Timestamp) {
        self.talk.resume(at);
        self.talk.say(outbox, Side::Client, &PINGREQ);
        self.talk.say(outbox, Side::Server, &PINGRESP);
    }

    /// The device reports something to a service, such as `/3300/10`.
    pub(crate) fn report(
        &mut self,
        outbox: &mut Outbox,
        at: Timestamp,
        topic: &str,
        length: usize,
    ) {
        self.talk.resume(at);
        let message = publish(&mut outbox.prng, topic, length);
        self.talk.say(outbox, Side::Client, &message);
    }

    /// The server orders something, and the device answers.
    pub(crate) fn order(&mut self, outbox: &mut Outbox, at: Timestamp, command: u16) {
        self.talk.resume(at);
        let topic = format!("/{}/3100/{command}", self.serial);
        let message = publish(&mut outbox.prng, &topic, 240);
        self.talk.say(outbox, Side::Server, &message);
        let reply = publish(&mut outbox.prng, &format!("/3100/{}", command + 1), 96);
        self.talk.say(outbox, Side::Client, &reply);
    }

    /// Nobody hears the device any more; it gives up.
    pub(crate) fn lose(mut self, outbox: &mut Outbox, at: Timestamp) {
        self.talk.resume(at);
        self.talk.say_unheard(outbox, &PINGREQ);
    }

    /// The router or the server cuts the channel off.
    pub(crate) fn cut(mut self, outbox: &mut Outbox, at: Timestamp) {
        self.talk.resume(at);
        self.talk.reset(outbox);
    }

    /// The device signs off.
    pub(crate) fn close(mut self, outbox: &mut Outbox, at: Timestamp) {
        self.talk.resume(at);
        self.talk.say(outbox, Side::Client, &[0xe0, 0]);
        self.talk.close(outbox);
    }
}

/// PINGREQ.
const PINGREQ: [u8; 2] = [0xc0, 0];
/// PINGRESP.
const PINGRESP: [u8; 2] = [0xd0, 0];

fn connect(prng: &mut Prng, plan: &DasPlan<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    with_len16(&mut body, |out| out.extend(b"MQTT"));
    // Level 4; user name, password, retained will with QoS 1, clean session.
    body.extend([4, 0xee]);
    put_u16(&mut body, plan.keepalive);
    let identifier = plan.client_id.map(client_id).unwrap_or_default();
    with_len16(&mut body, |out| out.extend(identifier.as_bytes()));
    let why = if plan.first { "firstconnect" } else { "breakconnect" };
    let mut topic = format!("/Basic/pu2cenplt/{}/{why}", plan.serial).into_bytes();
    topic.resize(WILL_TOPIC, 0);
    with_len16(&mut body, |out| out.extend(topic));
    with_len16(&mut body, |out| out.extend(prng.noise(WILL)));
    with_len16(&mut body, |out| out.extend(plan.serial.as_bytes()));
    with_len16(&mut body, |out| out.extend(b"test"));
    mqtt(0x10, &body)
}

/// The client id that stands for a token: 32 characters.
fn client_id(token: &[u8; 32]) -> String {
    token.iter().fold(String::new(), |mut text, octet| {
        write!(text, "{:x}", octet & 0x0f).unwrap_or_default();
        text
    })
}

fn subscribe(id: u16, topic: &str) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    with_len16(&mut body, |out| out.extend(topic.as_bytes()));
    body.push(1);
    mqtt(0x82, &body)
}

fn suback(id: u16) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    mqtt(0x90, &[high, low, 1])
}

/// PUBLISH with QoS 0, encrypted payload.
fn publish(prng: &mut Prng, topic: &str, length: usize) -> Vec<u8> {
    let mut body = Vec::new();
    with_len16(&mut body, |out| out.extend(topic.as_bytes()));
    body.extend(prng.noise(length));
    mqtt(0x30, &body)
}

fn mqtt(head: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![head];
    put_varint(&mut out, body.len());
    out.extend(body);
    out
}

/// A notice to an app's own subscription (port 1882): what phones get, and no device sends. The port is published
/// (`pyezviz`, grade C); the messages are inferred from the device's channel.
pub(crate) fn deliver_notice(outbox: &mut Outbox, at: Timestamp, line: &Line, server: &Endpoint) {
    let mut talk = line.call(outbox, at, server);
    let mut body = Vec::new();
    with_len16(&mut body, |out| out.extend(b"MQTT"));
    body.extend([4, 2, 0, 60]);
    let identifier = format!("{:016x}", outbox.prng.next_u64());
    with_len16(&mut body, |out| out.extend(identifier.as_bytes()));
    talk.say(outbox, Side::Client, &mqtt(0x10, &body));
    talk.say(outbox, Side::Server, &[0x20, 2, 0, 0]);
    talk.say(outbox, Side::Client, &subscribe(1, &format!("{identifier}/#")));
    talk.say(outbox, Side::Server, &suback(1));
    let message = publish(&mut outbox.prng, &format!("{identifier}/notice"), 420);
    talk.say(outbox, Side::Server, &message);
    talk.close(outbox);
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: DasPlan<'_> = DasPlan {
        serial: "F23456789",
        client_id: Some(&[0x5a; 32]),
        first: true,
        keepalive: 60,
        third_version: false,
    };

    #[test]
    fn the_will_topic_fills_its_buffer_and_says_why_the_device_comes() {
        let mut prng = Prng::new(1);
        let has = |message: &[u8], part: &[u8]| message.windows(part.len()).any(|w| w == part);

        let booted = connect(&mut prng, &PLAN);
        let lost = connect(&mut prng, &DasPlan { first: false, client_id: None, ..PLAN });

        assert!(has(&booted, b"\x00\x80/Basic/pu2cenplt/F23456789/firstconnect\x00"));
        assert!(has(&booted, b"\x00\x20aaaaaaaa") && has(&booted, b"\x00\x04test"));
        assert!(has(&lost, b"\x00\x80/Basic/pu2cenplt/F23456789/breakconnect\x00"));
        // Protocol name, level, flags, 60 s, and no client id.
        assert!(has(&lost, b"\x00\x04MQTT\x04\xee\x00\x3c\x00\x00\x00\x80"));
    }

    #[test]
    fn the_remaining_length_covers_the_message_exactly() {
        let message = connect(&mut Prng::new(1), &PLAN);

        let stated = usize::from(message[1] & 0x7f) | usize::from(message[2]) << 7;
        assert_eq!(message[1] & 0x80, 0x80);
        assert_eq!(stated, message.len() - 3);
    }
}
