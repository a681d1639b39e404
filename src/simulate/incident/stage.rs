//! What several scenes need: a way outside, pages over HTTP, lists of replies.
//!
//! Comes in: hosts and a time. Goes out: frames into the outbox. RFC 9110, RFC 7617 (Basic), RFC 7616 (Digest).

use std::net::SocketAddr;
use std::time::Duration;

use crate::net::Timestamp;
use crate::simulate::home_script::{SADP_PORT, group};
use crate::simulate::outbox::{Outbox, Place};
use crate::simulate::site::Site;
use crate::simulate::station::{End, ROUTER, Station};
use crate::simulate::tcp_conversation::{Side, TcpConversation};
use crate::simulate::vendor_message::sadp_reply;

/// Time in which a host at home answers.
pub(crate) const PROMPT: Duration = Duration::from_millis(1);

/// Minutes as a duration.
pub(crate) const fn minutes(number: u64) -> Duration {
    Duration::from_secs(60 * number)
}

/// What a device answers to who does not say who it is: a challenge (RFC 7616, 3.3).
pub(crate) fn challenge(outbox: &mut Outbox, host: &Station) -> String {
    let serial = host.serial.unwrap_or_default();
    format!(
        "HTTP/1.1 401 Unauthorized\r\nServer: App-webs/\r\n\
         WWW-Authenticate: Digest qop=\"auth\", realm=\"IP Camera({})\", nonce=\"{:016x}\"\r\n\
         Content-Length: 0\r\n\r\n",
        serial.get(..5).unwrap_or(serial),
        outbox.prng.next_u64()
    )
}

/// Who it is, by Digest, so that no password is said.
pub(crate) fn digest(outbox: &mut Outbox, path: &str) -> String {
    format!(
        "Authorization: Digest username=\"viewer\", realm=\"IP Camera(G4051)\", \
         nonce=\"{:016x}\", uri=\"{path}\", response=\"{:016x}{:016x}\"\r\n",
        outbox.prng.next_u64(),
        outbox.prng.next_u64(),
        outbox.prng.next_u64()
    )
}

/// A request without a body. `lines` are whole header lines.
pub(crate) fn request(method: &str, path: &str, host: &Station, lines: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: simulated/1.0\r\nAccept: */*\r\n{lines}\r\n",
        host.ip
    )
}

/// A request with a body.
pub(crate) fn request_with(
    method: &str,
    path: &str,
    host: &Station,
    lines: &str,
    body: &str,
) -> String {
    let lines = format!("{lines}Content-Length: {}\r\n", body.len());
    format!("{}{body}", request(method, path, host, &lines))
}

/// An answer with a page, of a server that does not say what it is.
pub(crate) fn page(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/xml\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Requests and their answers, one after the other in one conversation.
pub(crate) fn converse(
    outbox: &mut Outbox,
    at: Timestamp,
    (client, server): (End, End),
    exchanges: &[(String, String)],
) {
    let mut tcp = TcpConversation::open(outbox, at, client, server, PROMPT);
    for (asked, answered) in exchanges {
        tcp.say(outbox, Side::Client, asked.as_bytes());
        tcp.wait(PROMPT);
        tcp.say(outbox, Side::Server, answered.as_bytes());
    }
    tcp.close(outbox);
}

/// Somebody at home asks a host for something over HTTP.
pub(crate) fn visit(
    outbox: &mut Outbox,
    at: Timestamp,
    visitor: &Station,
    host: &Station,
    exchanges: &[(String, String)],
) {
    let ends = (visitor.end(outbox.port()), host.end(80));
    converse(outbox, at, ends, exchanges);
}

/// The owner looks at the camera's page and signs on by Digest.
pub(crate) fn visit_as_owner(
    outbox: &mut Outbox,
    at: Timestamp,
    visitor: &Station,
    host: &Station,
) {
    let path = "/ISAPI/System/status";
    let refusal = challenge(outbox, host);
    let proof = digest(outbox, path);
    let exchanges = [
        (request("GET", path, host, ""), refusal),
        (
            request("GET", path, host, &proof),
            page("200 OK", "<DeviceStatus><currentDeviceTime/></DeviceStatus>"),
        ),
    ];
    visit(outbox, at, visitor, host, &exchanges);
}

/// A device tells all what it is, as in answer to a question; `activated`: it has a password.
pub(crate) fn announce(outbox: &mut Outbox, at: Timestamp, host: &Station, activated: bool) {
    let Some(reply) = &host.sadp else { return };
    let noise = outbox.prng.next_u64();
    let uuid = format!("{:08X}-0000-4000-8000-{:012X}", noise >> 32, noise & 0xffff_ffff);
    let mut message = sadp_reply(&uuid, host.mac, host.ip, reply);
    if !activated {
        let text = String::from_utf8_lossy(&message);
        let fresh = text.replace("<Activated>true", "<Activated>false");
        message = fresh.into_bytes();
    }
    outbox.udp(at, &host.end(SADP_PORT), &group(SADP_PORT), Place::First, &message);
}

/// A server's end, behind the router's hardware address.
pub(crate) const fn outside(site: &Site, port: u16) -> End {
    End { mac: ROUTER.mac, socket: SocketAddr::new(site.address, port) }
}
