//! The vendor's own STUN: XML in `SafeProtocol` over UDP (ports 6002, 6003, 31007).
//!
//! Comes in: a device and servers. Goes out: questions and answers from one port of the device. Commands and the XML of
//! both: `hcweb` (`stun-client`, verified against live servers), grade B; that a device asks as apps do: DB1's owner saw
//! `DevSerial` in it, hundreds of repeats, and the same sprayed at 100.64.0.0/10 without an answer (grade C).

use std::net::Ipv4Addr;
use std::time::Duration;

use super::line::{Endpoint, Line, UdpTalk};
use super::safe::safe_message;
use crate::net::Timestamp;
use crate::simulate::outbox::Outbox;
use crate::simulate::tag::{FlowRole, Tag};
use crate::simulate::tcp_conversation::Side;

/// The three kinds of question.
const QUESTIONS: [u32; 3] = [0x0812, 0x0813, 0x0814];
const ANSWER: u32 = 0x0811;
/// Time between two questions.
const PAUSE: Duration = Duration::from_millis(150);

/// A device asks each of `servers` how it is seen from outside, from local port `port`. `heard`: they answer. Gives the
/// time at which it is done.
pub(crate) fn bind(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    servers: &[Endpoint],
    asker: (&str, u16),
    heard: bool,
) -> Timestamp {
    let (serial, port) = asker;
    let mut now = at;
    let mut sequence = 0;
    let mut talks: Vec<UdpTalk> =
        servers.iter().map(|server| line.datagrams(port, server)).collect();
    for command in QUESTIONS {
        for talk in &mut talks {
            sequence += 1;
            talk.send(outbox, now, Side::Client, &question(command, sequence, serial));
            if heard {
                let answered = now.plus(line.round_trip);
                let seen = Ipv4Addr::new(203, 0, 113, 200);
                talk.send(outbox, answered, Side::Server, &answer(sequence, seen, port));
            }
            now = now.plus(PAUSE);
        }
    }
    now.plus(line.round_trip)
}

/// A device asks addresses of the shared space (RFC 6598), which nobody answers.
pub(crate) fn spray(outbox: &mut Outbox, at: Timestamp, line: &Line, serial: &str) {
    let port = outbox.port();
    let mut now = at;
    for sequence in 1..=12 {
        let [a, b, c, ..] = outbox.prng.next_u64().to_be_bytes();
        let target = Endpoint {
            address: Ipv4Addr::new(100, 64 | (a & 0x3f), b, c),
            port: outbox.prng.next_u16() | 0x8000,
            tag: Tag::plain(FlowRole::Foreign),
        };
        let mut talk = line.datagrams(port, &target);
        talk.send(outbox, now, Side::Client, &question(0x0812, sequence, serial));
        now = now.plus(PAUSE);
    }
}

fn question(command: u32, sequence: u32, serial: &str) -> Vec<u8> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Request><DevSerial>{serial}</DevSerial></Request>"
    );
    safe_message(command, sequence, body.as_bytes())
}

fn answer(sequence: u32, address: Ipv4Addr, port: u16) -> Vec<u8> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Client Address=\"{address}\" Port=\"{port}\"/>\
         </Response>"
    );
    safe_message(ANSWER, sequence, body.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_names_the_device_and_an_answer_its_address() {
        let question = question(0x0813, 2, "E23456789");
        let answer = answer(2, Ipv4Addr::new(203, 0, 113, 200), 50_000);

        let xml = String::from_utf8(question[32..question.len() - 32].to_vec()).unwrap();
        assert!(xml.ends_with("<Request><DevSerial>E23456789</DevSerial></Request>"), "{xml}");
        assert_eq!(answer[16..20], [0, 0, 8, 0x11]);
        let xml = String::from_utf8(answer[32..answer.len() - 32].to_vec()).unwrap();
        assert!(xml.contains("Address=\"203.0.113.200\" Port=\"50000\""), "{xml}");
    }
}
