//! What the hosts of a fleet do with servers outside.
//!
//! Comes in: a host, a server and a time. Goes out: conversations, and the kinds of evidence in them. Registration
//! and control are those of [`crate::simulate::vendor_message`], which names its sources.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::evidence::{EvidenceKind as E, EvidenceSet};
use super::host::Host;
use super::stage::Stage;
use crate::net::Timestamp;
use crate::simulate::dns_message::ntp;
use crate::simulate::outbox::Place;
use crate::simulate::site::{EZVIZ_TIME, Site};
use crate::simulate::station::{End, Seat};
use crate::simulate::tcp_conversation::{Side, TcpConversation};
use crate::simulate::tls_message::{
    TlsStyle, application_data, client_finish, client_hello, server_flight,
};
use crate::simulate::vendor_message::{
    CONTROL_ACCEPTED, CONTROL_PING, CONTROL_PONG, CONTROL_SUBSCRIBED, control_connect,
    control_subscribe, registration,
};

/// Time that a server thinks, and the round trip to it.
const THINKING: Duration = Duration::from_millis(30);
/// The first part of the address of control servers; no name leads there.
const CONTROL: [u8; 3] = [203, 0, 113];

/// A host asks a server something over TLS.
pub(crate) fn ask(stage: &mut Stage<'_>, at: Timestamp, seat: Seat, site: &Site, style: TlsStyle) {
    let mut tcp = stage.call(at, seat, site);
    converse(stage, &mut tcp, site.name(), style);
    tcp.close(stage.outbox);
}

fn converse(stage: &mut Stage<'_>, tcp: &mut TcpConversation, name: &str, style: TlsStyle) {
    let hello = client_hello(stage.prng(), name, style);
    tcp.say(stage.outbox, Side::Client, &hello);
    let flight = server_flight(stage.prng(), style);
    tcp.say(stage.outbox, Side::Server, &flight);
    let finish = client_finish(stage.prng(), style);
    tcp.say(stage.outbox, Side::Client, &finish);
    let question = application_data(stage.prng(), 400);
    tcp.say(stage.outbox, Side::Client, &question);
    tcp.wait(THINKING);
    let reply = application_data(stage.prng(), 600);
    tcp.say(stage.outbox, Side::Server, &reply);
}

/// A unit asks one of the servers that only devices ask.
pub(crate) fn ask_cloud(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &Host,
    number: usize,
) -> EvidenceSet {
    let Some(unit) = &host.unit else { return EvidenceSet::NONE };
    let names = unit.sheet.cloud.names();
    let site = names.get(number % names.len().max(1));
    let Some(site) = site.filter(|_| unit.voices.contains(E::CloudName) && unit.activated) else {
        return EvidenceSet::NONE;
    };
    ask(stage, at, host.cloud_seat(), site, TlsStyle::Embedded);
    EvidenceSet::of(&[E::CloudName])
}

/// A device of another maker asks its own cloud.
pub(crate) fn ask_other_cloud(stage: &mut Stage<'_>, at: Timestamp, host: &Host) {
    let Some(other) = &host.other else { return };
    let address = IpAddr::from([198, 51, 100, other.model.cloud_host]);
    let site = Site::ordinary(other.model.cloud, address, 443);
    ask(stage, at, host.seat(), &site, TlsStyle::Embedded);
}

/// A unit registers; the serial is in clear.
pub(crate) fn register(stage: &mut Stage<'_>, at: Timestamp, host: &Host) -> EvidenceSet {
    let Some(unit) = &host.unit else { return EvidenceSet::NONE };
    let site = unit.sheet.cloud.registration();
    let Some(site) = site.filter(|_| unit.voices.contains(E::Registration) && unit.activated)
    else {
        return EvidenceSet::NONE;
    };
    let messages = registration(stage.prng(), &unit.serial, &unit.token);
    let mut tcp = stage.call(at, host.cloud_seat(), site);
    tcp.say(stage.outbox, Side::Client, &messages.request);
    tcp.wait(THINKING);
    tcp.say(stage.outbox, Side::Server, &messages.response);
    tcp.say(stage.outbox, Side::Client, &messages.confirm);
    tcp.wait(THINKING);
    tcp.say(stage.outbox, Side::Server, &messages.control_server);
    tcp.close(stage.outbox);
    // The registration's name is one that only devices look up.
    EvidenceSet::of(&[E::Registration, E::CloudName])
}

/// A unit signs on at its control server, whose address it has from the registration.
pub(crate) fn control(stage: &mut Stage<'_>, at: Timestamp, host: &Host) -> EvidenceSet {
    let Some(unit) = &host.unit else { return EvidenceSet::NONE };
    if !unit.voices.contains(E::Control) || !unit.activated {
        return EvidenceSet::NONE;
    }
    let connect = control_connect(&unit.serial, &unit.token);
    let subscribe = control_subscribe(&unit.serial);
    let [octet, ..] = unit.token;
    sign_on(
        stage,
        at,
        host.cloud_seat(),
        (octet | 0x80, unit.control_port()),
        &connect,
        &subscribe,
    );
    EvidenceSet::of(&[E::Control])
}

/// An ordinary host signs on to MQTT with the password `test`: a CONNECT without a will (MQTT 3.1.1, 3.1).
pub(crate) fn ordinary_mqtt(stage: &mut Stage<'_>, at: Timestamp, host: &Host) {
    let name = host.hostname.as_bytes();
    let mut body = b"\x00\x04MQTT\x04\xc2\x00\x3c".to_vec();
    for text in [name, b"sensor", b"test"] {
        crate::simulate::length_prefix::with_len16(&mut body, |out| out.extend(text));
    }
    let mut connect = vec![0x10];
    crate::simulate::length_prefix::put_varint(&mut connect, body.len());
    connect.extend(body);
    let subscribe = control_subscribe("home");
    sign_on(stage, at, host.seat(), (77, 1883), &connect, &subscribe);
}

fn sign_on(
    stage: &mut Stage<'_>,
    at: Timestamp,
    seat: Seat,
    server: (u8, u16),
    connect: &[u8],
    subscribe: &[u8],
) {
    let [a, b, c] = CONTROL;
    let (host, port) = server;
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(a, b, c, host)), port);
    let server = End { mac: stage.router.mac, socket: address };
    let client = seat.end(stage.outbox.port());
    let mut tcp = TcpConversation::open(stage.outbox, at, client, server, THINKING);
    tcp.say(stage.outbox, Side::Client, connect);
    tcp.say(stage.outbox, Side::Server, &CONTROL_ACCEPTED);
    tcp.say(stage.outbox, Side::Client, subscribe);
    tcp.say(stage.outbox, Side::Server, &CONTROL_SUBSCRIBED);
    tcp.wait(Duration::from_secs(20));
    tcp.say(stage.outbox, Side::Client, &CONTROL_PING);
    tcp.say(stage.outbox, Side::Server, &CONTROL_PONG);
    tcp.close(stage.outbox);
}

/// A unit that gives nothing away: TLS to an address that no name leads to, without a server name.
pub(crate) fn silent_tls(stage: &mut Stage<'_>, at: Timestamp, host: &Host) {
    let address = SocketAddr::new(IpAddr::from([203, 0, 113, 200]), 443);
    let server = End { mac: stage.router.mac, socket: address };
    let client = host.seat().end(stage.outbox.port());
    let mut tcp = TcpConversation::open(stage.outbox, at, client, server, THINKING);
    converse(stage, &mut tcp, "", TlsStyle::Embedded);
    tcp.close(stage.outbox);
}

/// A host asks the vendor's time servers, or those of `other`.
pub(crate) fn ask_time(
    stage: &mut Stage<'_>,
    at: Timestamp,
    seat: Seat,
    other: Option<&Site>,
) -> EvidenceSet {
    let site = other.unwrap_or(&EZVIZ_TIME);
    let resolved = stage.resolve(at, seat, site);
    let client = seat.end(stage.outbox.port());
    let server = stage.outside(site);
    stage.outbox.udp(resolved, &client, &server, Place::First, &ntp(3, resolved.as_secs()));
    let answered = resolved.plus(THINKING);
    stage.outbox.udp(answered, &server, &client, Place::Reverse, &ntp(4, answered.as_secs()));
    if site.name().ends_with("ys7.com") {
        EvidenceSet::of(&[E::NtpName])
    } else {
        EvidenceSet::NONE
    }
}
