//! What is particular to a Hikvision recorder or camera towards Hik-Connect.
//!
//! Comes in: a device. Goes out: names, and one conversation in clear. That these devices register with
//! `litedev.hik-connect.com` is the default of their own menus (grade B); that they speak LBS and DAS there as EZVIZ
//! devices do, and on the same port, is inferred. Dynamic DNS over plain HTTP: name and port grade B, request inferred.

use std::time::Duration;

use super::line::{Endpoint, Line};
use crate::net::Timestamp;
use crate::simulate::outbox::Outbox;
use crate::simulate::tcp_conversation::Side;

/// The platform that recorders have as their default.
pub(crate) const RECORDER_ACCESS: &str = "litedev.hik-connect.com";

/// A recorder tells the vendor's dynamic DNS where it is.
pub(crate) fn update_name(outbox: &mut Outbox, at: Timestamp, line: &Line, server: &Endpoint) {
    let mut talk = line.call(outbox, at, server);
    let name = server.tag.name.unwrap_or_default();
    let request = format!(
        "GET /hiddns/update?port=8000 HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    );
    talk.say(outbox, Side::Client, request.as_bytes());
    talk.wait(Duration::from_millis(12));
    let response = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK";
    talk.say(outbox, Side::Server, response);
    talk.close(outbox);
}
