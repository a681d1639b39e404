//! The older generation: a gateway over TLS 1.2 (8555, alarms on 7400) and a service in clear (6800).
//!
//! Comes in: a device and its gateway. Goes out: a conversation that stays open. Ports, names and that the service in
//! clear speaks `SafeProtocol` with XML: `hikkup`, `mud`, grade B. Inferred: what goes on inside TLS, whether the device
//! sends a server name, and the commands of the service.

use std::time::Duration;

use super::line::{Endpoint, Line, Talk};
use super::safe::safe_message;
use crate::net::Timestamp;
use crate::simulate::outbox::Outbox;
use crate::simulate::tcp_conversation::Side;
use crate::simulate::tls_message::{
    TlsStyle, application_data, client_finish, client_hello, server_flight,
};

/// The device's conversation with its gateway.
#[derive(Debug)]
pub(crate) struct Gateway {
    talk: Talk,
}

impl Gateway {
    /// Shakes hands and signs on.
    pub(crate) fn open(outbox: &mut Outbox, at: Timestamp, line: &Line, server: &Endpoint) -> Self {
        let mut talk = line.call(outbox, at, server);
        let style = TlsStyle::Embedded;
        let hello = client_hello(&mut outbox.prng, server.tag.name.unwrap_or_default(), style);
        talk.say(outbox, Side::Client, &hello);
        let flight = server_flight(&mut outbox.prng, style);
        talk.say(outbox, Side::Server, &flight);
        let finish = client_finish(&mut outbox.prng, style);
        talk.say(outbox, Side::Client, &finish);
        let mut this = Self { talk };
        this.exchange(outbox, at, 640, 420);
        this
    }

    /// The time that the conversation has reached.
    pub(crate) const fn now(&self) -> Timestamp {
        self.talk.now()
    }

    /// The device says something and is answered.
    pub(crate) fn exchange(
        &mut self,
        outbox: &mut Outbox,
        at: Timestamp,
        asked: usize,
        answered: usize,
    ) {
        self.talk.resume(at);
        let record = application_data(&mut outbox.prng, asked);
        self.talk.say(outbox, Side::Client, &record);
        self.talk.wait(Duration::from_millis(8));
        let record = application_data(&mut outbox.prng, answered);
        self.talk.say(outbox, Side::Server, &record);
    }

    /// Nobody hears the device any more.
    pub(crate) fn lose(mut self, outbox: &mut Outbox, at: Timestamp) {
        self.talk.resume(at);
        let record = application_data(&mut outbox.prng, 96);
        self.talk.say_unheard(outbox, &record);
    }

    /// The conversation is cut off.
    pub(crate) fn cut(mut self, outbox: &mut Outbox, at: Timestamp) {
        self.talk.resume(at);
        self.talk.reset(outbox);
    }

    /// Both sides finish.
    pub(crate) fn close(self, outbox: &mut Outbox) {
        self.talk.close(outbox);
    }
}

/// A device asks the older service something in clear.
pub(crate) fn old_service(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    server: &Endpoint,
    serial: &str,
) {
    let mut talk = line.call(outbox, at, server);
    let request = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Request><DevSerial>{serial}</DevSerial>\
         <Operation>Register</Operation></Request>"
    );
    talk.say(outbox, Side::Client, &safe_message(0x0101, 1, request.as_bytes()));
    talk.wait(Duration::from_millis(8));
    let response =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Response><Result>0</Result></Response>";
    talk.say(outbox, Side::Server, &safe_message(0x0102, 1, response.as_bytes()));
    talk.close(outbox);
}
