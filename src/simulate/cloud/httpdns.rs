//! Name resolution over HTTP, past the resolver of the network.
//!
//! Comes in: a device and a name. Goes out: one conversation in clear. Path and address: a published capture of a CP4
//! (`GET /d?dn=<host>&ip=` to 119.29.29.29, port 80), grade C; the form of the answer is that of the service's public
//! documentation: addresses with semicolons between them.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::line::{Endpoint, Line};
use crate::net::Timestamp;
use crate::simulate::outbox::Outbox;
use crate::simulate::tag::{FlowRole, Tag};
use crate::simulate::tcp_conversation::Side;

/// The resolver that firmware has built in.
pub(crate) const RESOLVER: Endpoint = Endpoint {
    address: Ipv4Addr::new(119, 29, 29, 29),
    port: 80,
    tag: Tag::plain(FlowRole::HttpDns),
};

/// A device asks for `name` and is told `addresses`. Gives the time at which it knows.
pub(crate) fn ask_httpdns(
    outbox: &mut Outbox,
    at: Timestamp,
    line: &Line,
    name: &str,
    addresses: &[Ipv4Addr],
) -> Timestamp {
    let mut talk = line.call(outbox, at, &RESOLVER);
    let request = format!(
        "GET /d?dn={name}&ip= HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        RESOLVER.address
    );
    talk.say(outbox, Side::Client, request.as_bytes());
    talk.wait(Duration::from_millis(10));
    let body = addresses.iter().map(Ipv4Addr::to_string).collect::<Vec<_>>().join(";");
    let response = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nServer: Http Server\r\nContent-Type: text/html\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    talk.say(outbox, Side::Server, response.as_bytes());
    let done = talk.now();
    talk.close(outbox);
    done
}
