//! What an app on a phone asks the vendor's interface.
//!
//! Comes in: a phone and a server. Goes out: one conversation over TLS 1.3 with a server name. Names: `pyezviz` and
//! `hcweb`, grade B; lengths are ours.

use std::time::Duration;

use super::line::{Endpoint, Line};
use crate::net::Timestamp;
use crate::simulate::outbox::Outbox;
use crate::simulate::tcp_conversation::Side;
use crate::simulate::tls_message::{
    TlsStyle, application_data, client_finish, client_hello, server_flight,
};

/// A host asks a server over TLS, in `style`, and is answered.
pub(crate) fn ask_api(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    server: &Endpoint,
    style: TlsStyle,
    lengths: (usize, usize),
) {
    let mut talk = line.call(outbox, at, server);
    let hello = client_hello(&mut outbox.prng, server.tag.name.unwrap_or_default(), style);
    talk.say(outbox, Side::Client, &hello);
    let flight = server_flight(&mut outbox.prng, style);
    talk.say(outbox, Side::Server, &flight);
    let finish = client_finish(&mut outbox.prng, style);
    talk.say(outbox, Side::Client, &finish);
    let question = application_data(&mut outbox.prng, lengths.0);
    talk.say(outbox, Side::Client, &question);
    talk.wait(Duration::from_millis(20));
    let reply = application_data(&mut outbox.prng, lengths.1);
    talk.say(outbox, Side::Server, &reply);
    talk.close(outbox);
}
