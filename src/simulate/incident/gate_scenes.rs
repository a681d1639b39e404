//! Who opens a door from inside, and who tries one from outside or from the next desk.
//!
//! Comes in: the household and a time. Goes out: scenes into its outbox. Port mappings: RFC 6886 (NAT-PMP), RFC 6887 (PCP), and the
//! services `WANIPConnection` and `WANIPv6FirewallControl` of the UPnP Forum. The requests of attacks are those that their published advisories show; what they
//! would do is left out, and every answer refuses but where the scene says so.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::cast::Cast;
use super::home::{Home, Unit};
use super::stage::{
    challenge, converse, digest, outside, page, request, request_with, visit, visit_as_owner,
};
use crate::net::Timestamp;
use crate::simulate::cloud::{Endpoint, bind, punch_in_vain};
use crate::simulate::cloud_script::{endpoint, line};
use crate::simulate::home_script::search_gateway;
use crate::simulate::length_prefix::put_u16;
use crate::simulate::outbox::Place;
use crate::simulate::site::{EZVIZ_STUN, EZVIZ_VIEWER, STRANGER};
use crate::simulate::station::{End, ROUTER, Station};
use crate::simulate::tag::Tag;
use crate::simulate::tcp_conversation::TcpConversation;

/// Ports of the router: NAT-PMP (RFC 6886, 1.1), and the control address of its UPnP service, which it chose itself.
const NAT_PMP: u16 = 5_351;
const UPNP_CONTROL: u16 = 5_000;
const SERVICE: &str = "urn:schemas-upnp-org:service:WANIPConnection:1";
const FIREWALL: &str = "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1";

/// The block that the household is given for IPv6 (RFC 3849, as all made-up ones).
const GLOBAL: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x68, 1, 0, 0, 0, 0);
/// Somebody outside.
const STRANGER_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xbad, 0, 0, 0, 0, 9);

/// The camera asks for a port by UPnP and for a pinhole, the doorbell asks by NAT-PMP, the recorder by PCP; the router agrees.
pub(crate) fn map_ports(home: &mut Home, at: Timestamp) {
    let Cast { camera, doorbell, recorder, .. } = home.cast;
    search_gateway(&mut home.outbox, at, camera);
    let later = at.plus(Duration::from_secs(2));
    add_port_mapping(home, later, camera);
    nat_pmp(home, later.plus(Duration::from_secs(20)), doorbell);
    pcp(home, later.plus(Duration::from_secs(40)), recorder, 7_200);
    add_pinhole(home, later.plus(Duration::from_secs(60)), camera);
}

/// The camera looks for a gateway and asks it for nothing, the recorder gives a port back; the phone asks for ports.
pub(crate) fn look_for_gateway(home: &mut Home, at: Timestamp) {
    let Cast { camera, phone, recorder, .. } = home.cast;
    search_gateway(&mut home.outbox, at, camera);
    nat_pmp(home, at.plus(Duration::from_secs(20)), phone);
    add_port_mapping(home, at.plus(Duration::from_secs(40)), phone);
    pcp(home, at.plus(Duration::from_secs(60)), phone, 7_200);
    pcp(home, at.plus(Duration::from_secs(80)), recorder, 0);
    add_pinhole(home, at.plus(Duration::from_secs(100)), phone);
}

fn add_port_mapping(home: &mut Home, at: Timestamp, host: &'static Station) {
    let arguments = format!(
        "<NewRemoteHost></NewRemoteHost>\
         <NewExternalPort>8000</NewExternalPort><NewProtocol>TCP</NewProtocol>\
         <NewInternalPort>8000</NewInternalPort><NewInternalClient>{}</NewInternalClient>\
         <NewEnabled>1</NewEnabled><NewPortMappingDescription>simulated</NewPortMappingDescription>\
         <NewLeaseDuration>0</NewLeaseDuration>",
        host.ip
    );
    call_router(home, at, host, ("/ctl/IPConn", SERVICE, "AddPortMapping"), &arguments);
}

/// A host asks that somebody outside be let through to its video over IPv6.
fn add_pinhole(home: &mut Home, at: Timestamp, host: &'static Station) {
    let arguments = format!(
        "<RemoteHost></RemoteHost><RemotePort>0</RemotePort><InternalClient>{}</InternalClient>\
         <InternalPort>554</InternalPort><Protocol>6</Protocol><LeaseTime>3600</LeaseTime>",
        global_address(host)
    );
    call_router(home, at, host, ("/ctl/IP6FCtl", FIREWALL, "AddPinhole"), &arguments);
}

/// An action of a service of the router, to which it agrees.
fn call_router(
    home: &mut Home,
    at: Timestamp,
    host: &'static Station,
    (path, service, action): (&str, &str, &str),
    arguments: &str,
) {
    let envelope = |inside: &str| {
        format!(
            "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\
             <s:Body>{inside}</s:Body></s:Envelope>"
        )
    };
    let body = envelope(&format!("<u:{action} xmlns:u=\"{service}\">{arguments}</u:{action}>"));
    let lines = format!("SOAPAction: \"{service}#{action}\"\r\nContent-Type: text/xml\r\n");
    let asked = request_with("POST", path, &ROUTER, &lines, &body);
    let agreed = envelope(&format!("<u:{action}Response xmlns:u=\"{service}\"/>"));
    let ends = (host.end(home.outbox.port()), ROUTER.end(UPNP_CONTROL));
    converse(&mut home.outbox, at, ends, &[(asked, page("200 OK", &agreed))]);
}

/// A host asks for a port by PCP MAP (RFC 6887, 7.1 and 11.1); a lifetime of 0 gives it back.
fn pcp(home: &mut Home, at: Timestamp, host: &'static Station, lifetime: u32) {
    let (client, router) = (host.end(home.outbox.port()), ROUTER.end(NAT_PMP));
    let mut nonce = home.outbox.prng.next_u64().to_be_bytes().to_vec();
    nonce.extend([0; 4]);
    // TCP, three reserved octets, the port inside, the port and the address outside.
    let mut mapping = [nonce.as_slice(), &[6, 0, 0, 0]].concat();
    put_u16(&mut mapping, 8_443);
    put_u16(&mut mapping, 8_443);
    mapping.extend(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped().octets());

    let mut asked = vec![2, 1, 0, 0];
    asked.extend(lifetime.to_be_bytes());
    asked.extend(host.ip.to_ipv6_mapped().octets());
    let mut agreed = vec![2, 0x81, 0, 0];
    agreed.extend(lifetime.to_be_bytes());
    agreed.extend(at.as_secs().to_be_bytes().get(4..).unwrap_or_default());
    agreed.extend([0; 12]);
    for message in [&mut asked, &mut agreed] {
        message.extend(&mapping);
    }
    home.outbox.udp(at, &client, &router, Place::First, &asked);
    let answered = at.plus(Duration::from_millis(2));
    home.outbox.udp(answered, &router, &client, Place::Reverse, &agreed);
}

/// A host asks for a port for two hours.
fn nat_pmp(home: &mut Home, at: Timestamp, host: &'static Station) {
    let (client, router) = (host.end(home.outbox.port()), ROUTER.end(NAT_PMP));
    let mut asked = vec![0, 2, 0, 0];
    let mut agreed = vec![0, 130, 0, 0];
    agreed.extend(at.as_secs().to_be_bytes().get(4..).unwrap_or_default());
    for message in [&mut asked, &mut agreed] {
        put_u16(message, 8_000);
        put_u16(message, 8_000);
        message.extend(7_200_u32.to_be_bytes());
    }
    home.outbox.udp(at, &client, &router, Place::First, &asked);
    let answered = at.plus(Duration::from_millis(2));
    home.outbox.udp(answered, &router, &client, Place::Reverse, &agreed);
}

/// Somebody outside reaches the camera's page through a forwarded port, somebody else another one over IPv6, and both are asked
/// who they are.
pub(crate) fn reached_from_outside(home: &mut Home, at: Timestamp) {
    let camera = home.cast.camera;
    let refusal = challenge(&mut home.outbox, camera);
    let ends = (outside(&STRANGER, home.outbox.port()), camera.end(80));
    let asked = request("GET", "/doc/page/login.asp", camera, "");
    converse(&mut home.outbox, at, ends, &[(asked.clone(), refusal)]);
    let refusal = challenge(&mut home.outbox, camera);
    let ends = ends_over_ipv6(camera, home.outbox.port(), 8_081);
    converse(&mut home.outbox, at.plus(Duration::from_secs(30)), ends, &[(asked, refusal)]);
}

/// Somebody outside, and a port of a host, over IPv6.
fn ends_over_ipv6(host: &Station, from: u16, to: u16) -> (End, End) {
    let stranger = End { mac: ROUTER.mac, socket: (STRANGER_V6, from).into() };
    (stranger, End { mac: host.mac, socket: (global_address(host), to).into() })
}

/// The address of a host in the household's block.
fn global_address(host: &Station) -> Ipv6Addr {
    let [.., last] = host.ip.octets();
    Ipv6Addr::from_bits(GLOBAL.to_bits() | u128::from(last))
}

/// Somebody outside knocks at ports of the camera in vain, and the doorbell punches towards a peer that it was told.
pub(crate) fn knocked_from_outside(home: &mut Home, at: Timestamp) {
    let Cast { camera, doorbell, .. } = home.cast;
    for (port, second) in [(80, 0), (554, 20), (8_000, 40), (443, 60)] {
        let now = at.plus(Duration::from_secs(second));
        let stranger = outside(&STRANGER, home.outbox.port());
        TcpConversation::knock(&mut home.outbox, now, stranger, camera.end(port), 1);
        let (stranger, door) = ends_over_ipv6(camera, home.outbox.port(), port);
        TcpConversation::knock(&mut home.outbox, now, stranger, door, 1);
    }
    home.order(Unit::Doorbell, at.plus(Duration::from_secs(100)));
    let way = line(doorbell);
    let port = home.outbox.port();
    let stun: Vec<_> = EZVIZ_STUN.iter().filter_map(endpoint).collect();
    let asker = (doorbell.serial.unwrap_or_default(), port);
    let begin = at.plus(Duration::from_secs(101));
    let seen = bind(&mut home.outbox, begin, &way, &stun, asker, true);
    if let Some(viewer) = endpoint(&EZVIZ_VIEWER) {
        let peer = Endpoint { tag: Tag::default(), ..viewer };
        punch_in_vain(&mut home.outbox, seen, &way, &peer, port);
    }
}

/// Somebody at home tries the published ways into old devices: one is answered, the others are refused or fail.
pub(crate) fn exploits(home: &mut Home, at: Timestamp) {
    let Cast { camera, laptop, .. } = home.cast;
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><language>$(true)</language>";
    let refusal = challenge(&mut home.outbox, camera);
    let log = "/web/log/dynamic_log.php?target=makeMaintainLog&downloadtype=%27(true)%27";
    let ask = |path| request("GET", path, camera, "");
    let tries = [
        (request_with("PUT", "/SDK/webLanguage", camera, "", body), page("500 Error", "")),
        (ask("/Security/users?auth=YWRtaW46MTEK"), page("200 OK", "<UserList/>")),
        (ask("/System/configurationFile?auth=YWRtaW46MTEK"), refusal),
        (ask(log), page("404 Not Found", "")),
    ];
    for (exchange, second) in tries.into_iter().zip(0..) {
        let now = at.plus(Duration::from_secs(5 * second));
        visit(&mut home.outbox, now, laptop, camera, &[exchange]);
    }
    let long = "a".repeat(2_400);
    let key = "YWFh".repeat(400);
    let tries = [
        (format!("Content-Length: {}\r\n", long.len()), long.as_str()),
        (format!("X-Device: {long}\r\n"), ""),
        (format!("Authorization: Basic {key}\r\n"), ""),
    ];
    for ((lines, body), second) in tries.into_iter().zip(0..) {
        let asked = format!(
            "DESCRIBE rtsp://{}:554/Streaming/Channels/101 RTSP/1.0\r\nCSeq: 1\r\n{lines}\r\n{body}",
            camera.ip
        );
        let answered = "RTSP/1.0 400 Bad Request\r\nCSeq: 1\r\n\r\n".to_owned();
        let now = at.plus(Duration::from_secs(30 + 5 * second));
        let ends = (laptop.end(home.outbox.port()), camera.end(554));
        converse(&mut home.outbox, now, ends, &[(asked, answered)]);
    }
}

/// The owner's program asks for what lies near those paths.
pub(crate) fn ordinary_requests(home: &mut Home, at: Timestamp) {
    let Cast { camera, laptop, .. } = home.cast;
    for (path, second) in [
        ("/SDK/webLanguage", 0),
        ("/SDK/capabilities", 5),
        ("/ISAPI/Security/users", 10),
        ("/ISAPI/System/configurationFile", 15),
        ("/Security/users", 20),
        ("/doc/page/config.asp?author=YWRtaW46MTE", 25),
    ] {
        let refusal = challenge(&mut home.outbox, camera);
        let proof = digest(&mut home.outbox, path);
        let exchanges = [
            (request("GET", path, camera, ""), refusal),
            (request("GET", path, camera, &proof), page("200 OK", "<ok/>")),
        ];
        let now = at.plus(Duration::from_secs(second));
        visit(&mut home.outbox, now, laptop, camera, &exchanges);
    }
}

/// Somebody at home signs on to the camera's page and to its video in clear, with a password of its own.
pub(crate) fn basic_login(home: &mut Home, at: Timestamp) {
    // "viewer:secret"
    let words = "dmlld2VyOnNlY3JldA==";
    login(home, at, words, "200 OK");
    let Cast { camera, laptop, .. } = home.cast;
    let asked = format!(
        "DESCRIBE rtsp://{}:554/Streaming/Channels/101 RTSP/1.0\r\nCSeq: 1\r\n\
         Authorization: Basic {words}\r\n\r\n",
        camera.ip
    );
    let answered = "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 0\r\n\r\n".to_owned();
    let ends = (laptop.end(home.outbox.port()), camera.end(554));
    converse(&mut home.outbox, at.plus(Duration::from_secs(20)), ends, &[(asked, answered)]);
}

/// The owner signs on by Digest, twice.
pub(crate) fn digest_login(home: &mut Home, at: Timestamp) {
    let Cast { camera, laptop, .. } = home.cast;
    visit_as_owner(&mut home.outbox, at, laptop, camera);
    visit_as_owner(&mut home.outbox, at.plus(Duration::from_secs(30)), laptop, camera);
}

/// Somebody signs on with the password that old units had from the factory ("admin:12345"), and is let in.
pub(crate) fn default_login(home: &mut Home, at: Timestamp) {
    login(home, at, "YWRtaW46MTIzNDU=", "200 OK");
}

/// Somebody tries it and is refused.
pub(crate) fn default_login_refused(home: &mut Home, at: Timestamp) {
    login(home, at, "YWRtaW46MTIzNDU=", "401 Unauthorized");
}

fn login(home: &mut Home, at: Timestamp, words: &str, status: &str) {
    let Cast { camera, laptop, .. } = home.cast;
    let path = "/ISAPI/System/status";
    let refusal = challenge(&mut home.outbox, camera);
    let lines = format!("Authorization: Basic {words}\r\n");
    let exchanges = [
        (request("GET", path, camera, ""), refusal),
        (request("GET", path, camera, &lines), page(status, "<DeviceStatus/>")),
    ];
    visit(&mut home.outbox, at, laptop, camera, &exchanges);
}
