//! Pictures and clips that a device sends to storage: over TLS to S3, or in clear to a server of its own.
//!
//! Comes in: a device and a storage. Goes out: one conversation, step by step. The name of the storage and that it is
//! TLS with a server name: DB1's owner, grade C; `POST /sdk.post` and its first words: a capture shown at `SharkFest` 2021
//! as the same author quotes it, grade C. That the request is a PUT, and all lengths, are inferred.

use std::time::Duration;

use super::line::{Endpoint, Line, Talk};
use crate::net::Timestamp;
use crate::simulate::outbox::Outbox;
use crate::simulate::tcp_conversation::Side;
use crate::simulate::tls_message::{
    TlsStyle, application_data, client_finish, client_hello, server_flight,
};

/// Octets that one step sends.
const STEP: usize = 48 * 1024;

/// A PUT over TLS that goes on for a while.
#[derive(Debug)]
pub(crate) struct Upload {
    talk: Talk,
    left: usize,
}

impl Upload {
    /// Calls the storage and sends the head of the request. `length` octets are to follow.
    pub(crate) fn open(
        outbox: &mut Outbox,
        at: Timestamp,
        line: &Line,
        storage: &Endpoint,
        length: usize,
    ) -> Self {
        let mut talk = line.call(outbox, at, storage);
        let style = TlsStyle::Embedded;
        let hello = client_hello(&mut outbox.prng, storage.tag.name.unwrap_or_default(), style);
        talk.say(outbox, Side::Client, &hello);
        let flight = server_flight(&mut outbox.prng, style);
        talk.say(outbox, Side::Server, &flight);
        let finish = client_finish(&mut outbox.prng, style);
        talk.say(outbox, Side::Client, &finish);
        let head = application_data(&mut outbox.prng, 480);
        talk.say(outbox, Side::Client, &head);
        Self { talk, left: length }
    }

    /// Sends the next part; gives the time at which the one after it may follow, or nothing when all is sent and stored.
    pub(crate) fn step(mut self, outbox: &mut Outbox, at: Timestamp) -> Option<(Self, Timestamp)> {
        self.talk.resume(at);
        let part = self.left.min(STEP);
        let records = application_data(&mut outbox.prng, part);
        self.talk.say(outbox, Side::Client, &records);
        self.left -= part;
        if self.left > 0 {
            let next = self.talk.now().plus(Duration::from_millis(20));
            return Some((self, next));
        }
        self.talk.wait(Duration::from_millis(40));
        let stored = application_data(&mut outbox.prng, 320);
        self.talk.say(outbox, Side::Server, &stored);
        self.talk.close(outbox);
        None
    }

    /// The way outside is gone.
    pub(crate) fn lose(mut self, outbox: &mut Outbox, at: Timestamp) {
        self.talk.resume(at);
        let record = application_data(&mut outbox.prng, 1_200);
        self.talk.say_unheard(outbox, &record);
    }
}

/// A device posts a picture in clear.
pub(crate) fn post_snapshot(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    storage: &Endpoint,
    length: usize,
) {
    let mut talk = line.call(outbox, at, storage);
    let lead = "filename=undefined&code=hikencodepicture&data=";
    let mut request = format!(
        "POST /sdk.post HTTP/1.1\r\nHost: backupserver:8080\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{lead}",
        lead.len() + length
    )
    .into_bytes();
    // Letters only, as a form has it.
    request.extend(outbox.prng.noise(length).iter().map(|octet| b'a' + octet % 26));
    talk.say(outbox, Side::Client, &request);
    talk.wait(Duration::from_millis(40));
    let stored = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
    talk.say(outbox, Side::Server, stored);
    talk.close(outbox);
}
