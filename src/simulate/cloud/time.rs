//! Time from a server: NTP.
//!
//! Comes in: a host and a server. Goes out: a question and its answer. RFC 5905.

use super::line::{Endpoint, Line};
use crate::net::Timestamp;
use crate::simulate::dns_message::ntp;
use crate::simulate::outbox::Outbox;
use crate::simulate::tcp_conversation::Side;

/// A host asks for the time. `heard`: the server answers.
pub(crate) fn ask_time(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    server: &Endpoint,
    heard: bool,
) {
    let port = outbox.port();
    let mut talk = line.datagrams(port, server);
    talk.send(outbox, at, Side::Client, &ntp(3, at.as_secs()));
    if heard {
        let answered = at.plus(line.round_trip);
        talk.send(outbox, answered, Side::Server, &ntp(4, answered.as_secs()));
    }
}
