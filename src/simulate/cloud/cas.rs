//! CAS: an app asks the broker for a device (TCP 6500, TLS).
//!
//! Comes in: a phone and a broker. Goes out: one conversation. Inside TLS stand `SafeProtocol` messages (commands 0x2001,
//! 0x2005, 0x300F): `pyezviz` and `hcnotes`, grade B; an observer sees their lengths only. That TLS here is 1.2 without a
//! server name is inferred: apps get the broker's address from the interface they asked before.

use std::time::Duration;

use super::line::{Endpoint, Line};
use super::safe::safe_message;
use crate::net::Timestamp;
use crate::simulate::outbox::Outbox;
use crate::simulate::tcp_conversation::Side;
use crate::simulate::tls_message::{
    TlsStyle, application_data, client_finish, client_hello, server_flight,
};

/// What the two say, command and octets of XML each.
const EXCHANGES: [(u32, usize, usize); 3] =
    [(0x2001, 410, 380), (0x2005, 300, 260), (0x300f, 520, 440)];

/// A phone signs on and asks for a device.
pub(crate) fn ask_broker(outbox: &mut Outbox, at: Timestamp, line: &Line, broker: &Endpoint) {
    let mut talk = line.call(outbox, at, broker);
    let style = TlsStyle::Embedded;
    let hello = client_hello(&mut outbox.prng, "", style);
    talk.say(outbox, Side::Client, &hello);
    let flight = server_flight(&mut outbox.prng, style);
    talk.say(outbox, Side::Server, &flight);
    let finish = client_finish(&mut outbox.prng, style);
    talk.say(outbox, Side::Client, &finish);
    for (sequence, (command, asked, answered)) in (1..).zip(EXCHANGES) {
        for (side, length) in [(Side::Client, asked), (Side::Server, answered)] {
            let body = outbox.prng.noise(length);
            let inside = safe_message(command, sequence, &body).len();
            // A record of this cipher is 24 octets longer than what it carries (RFC 5288, 3).
            let record = application_data(&mut outbox.prng, inside + 24);
            talk.say(outbox, side, &record);
            talk.wait(Duration::from_millis(15));
        }
    }
    talk.close(outbox);
}
