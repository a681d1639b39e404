//! A device loads new firmware over plain HTTP.
//!
//! Comes in: a device and a server. Goes out: one conversation, step by step. Inferred throughout: that the device itself
//! loads a file, and from where. The host is one that a public list of firmware files names (`hiktools`); the device's
//! question whether there is a new version goes over the control channel (command 0x2863, grade A).

use std::time::Duration;

use super::line::{Endpoint, Line, Talk};
use crate::net::Timestamp;
use crate::simulate::outbox::Outbox;
use crate::simulate::tcp_conversation::Side;

/// Octets that one step receives.
const STEP: usize = 64 * 1024;

/// A download that goes on for a while.
#[derive(Debug)]
pub(crate) struct Download {
    talk: Talk,
    left: usize,
}

impl Download {
    /// Asks for a file of `length` octets.
    pub(crate) fn open(
        outbox: &mut Outbox,
        at: Timestamp,
        line: &Line,
        server: &Endpoint,
        length: usize,
    ) -> Self {
        let mut talk = line.call(outbox, at, server);
        let name = server.tag.name.unwrap_or_default();
        let request = format!(
            "GET /portal/firmware/digicap.dav HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
        );
        talk.say(outbox, Side::Client, request.as_bytes());
        talk.wait(Duration::from_millis(20));
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n"
        );
        talk.say(outbox, Side::Server, head.as_bytes());
        Self { talk, left: length }
    }

    /// Receives the next part; gives the time at which the one after it may follow, or nothing when the file is whole.
    pub(crate) fn step(mut self, outbox: &mut Outbox, at: Timestamp) -> Option<(Self, Timestamp)> {
        self.talk.resume(at);
        let part = self.left.min(STEP);
        let bytes = outbox.prng.noise(part);
        self.talk.say(outbox, Side::Server, &bytes);
        self.left -= part;
        if self.left > 0 {
            let next = self.talk.now().plus(Duration::from_millis(120));
            return Some((self, next));
        }
        self.talk.close(outbox);
        None
    }
}
