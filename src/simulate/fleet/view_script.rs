//! What happens when somebody of the segment views a device: web pages, video, TLS, SDK, SNMP, ports.
//!
//! Comes in: a device, a viewer and a time. Goes out: conversations, and the kinds of evidence that the device
//! gives in them. Server names and realms are the published ones (nmap, recog, idx:3737374184); the messages
//! around them are our own construction. `HCNetSDK`: header and error replies of RenierM26/pyEzvizApi and nmap.

use super::certificate::{ezviz, hikvision, ordinary, snmp_answer, snmp_question};
use super::dialect::{Field, escape, field};
use super::discovery_script::description;
use super::evidence::{EvidenceKind as E, EvidenceSet};
use super::host::Host;
use super::sheet::{CloudStyle, WebStyle};
use super::stage::Stage;
use crate::net::Timestamp;
use crate::simulate::outbox::Place;
use crate::simulate::station::Seat;
use crate::simulate::tcp_conversation::{Side, TcpConversation};
use crate::simulate::tls_message::{
    TlsStyle, application_data, certificate_flight, client_hello, client_key, server_finish,
};
use crate::simulate::vendor_message::interleaved_rtp;

/// Hikvision's enterprise number (IANA).
const ENTERPRISE: u32 = 39_165;
/// Ports that a scanner tries: those of the vendor's published list, and common ones.
const KNOCKED: [u16; 9] = [22, 80, 443, 554, 8_000, 8_443, 9_010, 9_020, 50_100];
/// Ports of an EZVIZ unit (published list, and pyEzvizApi issue 274).
const EZVIZ_PORTS: [u16; 4] = [8_000, 8_443, 9_010, 9_020];
/// Ports of a Hikvision unit.
const HIK_PORTS: [u16; 4] = [80, 443, 554, 8_000];

const WEB_TOPIC: u64 = 11;
const VIDEO_TOPIC: u64 = 12;

/// Somebody asks for a page, and is refused. For other devices too.
pub(crate) fn web(stage: &mut Stage<'_>, at: Timestamp, host: &Host, viewer: Seat) -> EvidenceSet {
    let mut said = EvidenceSet::NONE;
    let path = match &host.unit {
        Some(unit) if unit.sheet.vendor == "prama" => "/pramaAPI/System/deviceInfo",
        _ => "/ISAPI/System/deviceInfo",
    };
    let nonce = format!("{:016x}", stage.prng().next_u64());
    let mut fields = vec![field("Date", "Thu, 01 Jan 2026 00:10:00 GMT")];
    let (server, realm) = if let Some(unit) = &host.unit {
        let web = unit.sheet.web;
        let server = if unit.voices.contains(E::HttpServer) { web.server() } else { "" };
        if !server.is_empty() && web != WebStyle::Webserver {
            said = said.with(E::HttpServer);
        }
        let realm = if unit.voices.contains(E::HttpRealm) {
            said = said.with(E::HttpRealm);
            web.realm(&unit.serial)
        } else {
            "Web".to_owned()
        };
        (server, realm)
    } else if let Some(other) = &host.other {
        (other.model.server, other.model.realm.replace('#', &other.serial))
    } else {
        ("lighttpd", "device".to_owned())
    };
    if !server.is_empty() {
        fields.push(field("Server", server));
    }
    let challenge = format!("Digest qop=\"auth\", realm=\"{realm}\", nonce=\"{nonce}\"");
    fields.push(field("WWW-Authenticate", challenge));
    fields.push(field("Content-Length", "0"));
    fields.push(field("Connection", "close"));
    let kept = ["Server", "WWW-Authenticate", "Content-Length"];
    let head = host.dialect.head(WEB_TOPIC, &kept, fields);
    let seat = host.seat();
    let mut tcp = stage.visit(at, viewer, seat, 80);
    ask(stage, &mut tcp, seat, path);
    let response = format!("HTTP/1.1 401 Unauthorized\r\n{head}\r\n");
    tcp.say(stage.outbox, Side::Server, response.as_bytes());
    tcp.close(stage.outbox);
    said
}

/// Somebody follows a UPnP announcement to the description.
pub(crate) fn describe(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &Host,
    viewer: Seat,
) -> EvidenceSet {
    if host.unit.is_some() && !host.speaks(E::SsdpDescription) {
        return EvidenceSet::NONE;
    }
    let body = description(host);
    answer_xml(stage, at, host, viewer, (49_152, "/upnpdevicedesc.xml"), &body);
    EvidenceSet::of(&[E::SsdpDescription])
}

/// A viewer that has signed on asks a recorder for its channels. The path is the published one
/// (idx:57548561374); the fields are our own construction.
pub(crate) fn channels(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &Host,
    viewer: Seat,
) -> EvidenceSet {
    let Some(unit) = &host.unit else { return EvidenceSet::NONE };
    if !unit.voices.contains(E::ChannelList) || !unit.activated {
        return EvidenceSet::NONE;
    }
    let entries = unit.channels.iter().zip(1..).map(|(channel, number)| {
        format!(
            "<InputProxyChannel><id>{number}</id><name>Camera {number}</name>\
             <sourceInputPortDescriptor><proxyProtocol>HIKVISION</proxyProtocol>\
             <addressingFormatType>ipaddress</addressingFormatType><ipAddress>{}</ipAddress>\
             <managePortNo>8000</managePortNo><model>{}</model>\
             <serialNumber>{}</serialNumber></sourceInputPortDescriptor>\
             </InputProxyChannel>\r\n",
            channel.ip,
            escape(channel.model),
            channel.serial
        )
    });
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<InputProxyChannelList version=\"1.0\">\r\n\
         {}</InputProxyChannelList>\r\n",
        entries.collect::<String>()
    );
    let place = (80, "/ISAPI/ContentMgmt/InputProxy/channels");
    answer_xml(stage, at, host, viewer, place, body.as_bytes());
    EvidenceSet::of(&[E::ChannelList])
}

fn answer_xml(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &Host,
    viewer: Seat,
    place: (u16, &str),
    body: &[u8],
) {
    let (port, path) = place;
    let seat = host.seat();
    let mut tcp = stage.visit(at, viewer, seat, port);
    ask(stage, &mut tcp, seat, path);
    let mut response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    response.extend(body);
    tcp.say(stage.outbox, Side::Server, &response);
    tcp.close(stage.outbox);
}

fn ask(stage: &mut Stage<'_>, tcp: &mut TcpConversation, seat: Seat, path: &str) {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: simulated/1.0\r\nAccept: */*\r\n\
         Connection: close\r\n\r\n",
        seat.ip
    );
    tcp.say(stage.outbox, Side::Client, request.as_bytes());
}

/// Method, fields of the request, status, fields of the response, body.
type Exchange<'a> = (&'a str, Vec<Field>, &'a str, Vec<Field>, &'a str);

/// Somebody watches a moment of video over RTSP, or asks in vain for it.
pub(crate) fn video(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &Host,
    viewer: Seat,
) -> EvidenceSet {
    let mut said = EvidenceSet::NONE;
    let (realm, path) = match (&host.unit, &host.other) {
        (Some(unit), _) if unit.voices.contains(E::RtspRealm) && unit.activated => {
            said = said.with(E::RtspRealm);
            let old = unit.replies_to_all && host.dialect.quirk(VIDEO_TOPIC, 50);
            let path = if old { "/h264/ch1/main/av_stream" } else { "/Streaming/Channels/101" };
            (unit.sheet.web.realm(&unit.serial), path)
        }
        (None, Some(other)) => (other.model.realm.replace('#', &other.serial), other.model.path),
        _ => return said,
    };
    let seat = host.seat();
    let nonce = format!("{:016x}", stage.prng().next_u64());
    let target = format!("rtsp://{}:554{path}", seat.ip);
    let challenge = format!("Digest realm=\"{realm}\", nonce=\"{nonce}\"");
    let proof = format!(
        "Digest username=\"viewer\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{target}\", \
         response=\"{:016x}{:016x}\"",
        stage.prng().next_u64(),
        stage.prng().next_u64()
    );
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 {}\r\ns=Media Presentation\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n\
         m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=1\r\n",
        seat.ip
    );
    let transport = field("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1");
    let session = field("Session", "1185348725");
    let authorization = field("Authorization", proof);
    let content = vec![
        field("Content-Type", "application/sdp"),
        field("Content-Length", sdp.len().to_string()),
    ];
    let scene: [Exchange<'_>; 5] = [
        ("OPTIONS", vec![], "200 OK", vec![field("Public", "OPTIONS, DESCRIBE, SETUP, PLAY")], ""),
        ("DESCRIBE", vec![], "401 Unauthorized", vec![field("WWW-Authenticate", challenge)], ""),
        ("DESCRIBE", vec![authorization.clone()], "200 OK", content, &sdp),
        (
            "SETUP",
            vec![authorization.clone(), transport.clone()],
            "200 OK",
            vec![session.clone(), transport],
            "",
        ),
        ("PLAY", vec![authorization, session.clone()], "200 OK", vec![session], ""),
    ];
    let mut tcp = stage.visit(at, viewer, seat, 554);
    for ((method, ask, status, answer, body), cseq) in scene.into_iter().zip(1..) {
        let mut request = format!("{method} {target} RTSP/1.0\r\nCSeq: {cseq}\r\n");
        request +=
            &ask.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>();
        request += "\r\n";
        tcp.say(stage.outbox, Side::Client, request.as_bytes());
        let mut fields = vec![field("CSeq", cseq.to_string())];
        fields.extend(answer);
        let kept =
            ["CSeq", "WWW-Authenticate", "Content-Length", "Content-Type", "Session", "Transport"];
        let head = host.dialect.head(VIDEO_TOPIC, &kept, fields);
        let response = format!("RTSP/1.0 {status}\r\n{head}\r\n{body}");
        tcp.say(stage.outbox, Side::Server, response.as_bytes());
    }
    let (sequence, clock) = (stage.prng().next_u16(), stage.prng().next_u32());
    for step in 0..2 {
        let packet = interleaved_rtp(stage.prng(), sequence.wrapping_add(step), clock, 700);
        tcp.say(stage.outbox, Side::Server, &packet);
    }
    tcp.close(stage.outbox);
    said
}

/// Somebody connects over TLS 1.2; the device shows its certificate in clear.
pub(crate) fn secure(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &Host,
    viewer: Seat,
) -> EvidenceSet {
    let mut said = EvidenceSet::NONE;
    let (certificate, port) = match (&host.unit, &host.other) {
        (Some(unit), _) if unit.voices.contains(E::TlsSubject) => {
            said = said.with(E::TlsSubject);
            if unit.sheet.cloud == CloudStyle::Ezviz {
                (ezviz(stage.prng()), 8_443)
            } else {
                (hikvision(stage.prng()), 443)
            }
        }
        (None, Some(other)) => (ordinary(stage.prng(), other.model.label), 443),
        _ => return said,
    };
    let mut tcp = stage.visit(at, viewer, host.seat(), port);
    let hello = client_hello(stage.prng(), "", TlsStyle::Embedded);
    tcp.say(stage.outbox, Side::Client, &hello);
    let flight = certificate_flight(stage.prng(), &certificate);
    tcp.say(stage.outbox, Side::Server, &flight);
    let key = client_key(stage.prng());
    tcp.say(stage.outbox, Side::Client, &key);
    let finish = server_finish(stage.prng());
    tcp.say(stage.outbox, Side::Server, &finish);
    let request = application_data(stage.prng(), 300);
    tcp.say(stage.outbox, Side::Client, &request);
    let response = application_data(stage.prng(), 900);
    tcp.say(stage.outbox, Side::Server, &response);
    tcp.close(stage.outbox);
    said
}

/// The vendor's viewing software signs on at port 8000 and fails, as with a wrong password.
pub(crate) fn sdk(stage: &mut Stage<'_>, at: Timestamp, host: &Host, viewer: Seat) -> EvidenceSet {
    if !host.speaks(E::Sdk) {
        return EvidenceSet::NONE;
    }
    let mut tcp = stage.visit(at, viewer, host.seat(), 8_000);
    let mut login = 84_u32.to_be_bytes().to_vec();
    login.extend([0x5a, 0, 0, 0]);
    login.extend([0; 8]);
    login.extend(stage.prng().noise(68));
    tcp.say(stage.outbox, Side::Client, &login);
    let code = if stage.prng().below(2) == 0 { 0x0d } else { 0x1e };
    let refusal = [0, 0, 0, 0x10, 0, 0, 0, code, 0, 0, 0, code, 0, 0, 0, 0];
    tcp.say(stage.outbox, Side::Server, &refusal);
    tcp.close(stage.outbox);
    EvidenceSet::of(&[E::Sdk])
}

/// A scanner asks what the host is; ordinary printers answer with their own maker's number.
pub(crate) fn snmp(stage: &mut Stage<'_>, at: Timestamp, host: &Host, viewer: Seat) -> EvidenceSet {
    let request = stage.prng().next_u16();
    let (client, server) = (viewer.end(stage.outbox.port()), host.seat().end(161));
    stage.outbox.udp(at, &client, &server, Place::First, &snmp_question(request));
    let (object, said): (&[u32], _) = if host.speaks(E::Snmp) {
        (&[ENTERPRISE, 1, 1], EvidenceSet::of(&[E::Snmp]))
    } else if host.unit.is_none() && host.hostname.starts_with("printer") {
        (&[11, 2, 3, 9, 1], EvidenceSet::NONE)
    } else {
        return EvidenceSet::NONE;
    };
    if host.dialect.loses(stage.prng()) {
        return EvidenceSet::NONE;
    }
    let answered = at.plus(std::time::Duration::from_millis(3));
    stage.outbox.udp(answered, &server, &client, Place::Reverse, &snmp_answer(request, object));
    said
}

/// A scanner tries which ports are open.
pub(crate) fn knock(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &Host,
    viewer: Seat,
) -> EvidenceSet {
    let mut said = EvidenceSet::NONE;
    let open: &[u16] = match (&host.unit, &host.other) {
        (Some(unit), _) if unit.voices.contains(E::OpenPorts) => {
            said = said.with(E::OpenPorts);
            if unit.sheet.cloud == CloudStyle::Ezviz { &EZVIZ_PORTS } else { &HIK_PORTS }
        }
        // A unit on a battery refuses every port.
        (Some(_), _) => &[],
        (None, Some(other)) => &[80, 554, other.model.port],
        _ if host.hostname.starts_with("printer") => &[80, 443],
        _ => &[],
    };
    for (port, index) in KNOCKED.into_iter().zip(0..) {
        let at = at.plus(std::time::Duration::from_millis(2 * index));
        stage.knock(at, viewer, host.seat(), port, open.contains(&port));
    }
    said
}
