//! What hosts do that are no vendor device: a phone with the app, a laptop, another maker's camera, a console, a tunnel.
//!
//! Comes in: a host and a time. Goes out: one scene, and the next one planned.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::act::Act;
use super::owner_script::quic_run;
use super::resident::{EstateKind, Resident};
use super::stage::Stage;
use super::truth::Happening;
use super::weather::Condition;
use crate::net::Timestamp;
use crate::simulate::cloud::{
    Endpoint, ask_api, ask_broker, ask_time, bind_plainly, deliver_notice, media_with_peer,
    view_over_vtm,
};
use crate::simulate::tag::{FlowRole, Tag};
use crate::simulate::tcp_conversation::Side;
use crate::simulate::tls_message::TlsStyle;

/// A STUN server of the standard.
const PLAIN_STUN: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 34);
/// The far end of a tunnel.
const TUNNEL_END: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 51);

/// A host does what it does.
pub(crate) fn bystand(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    if stage.condition != Condition::Outage {
        match host.kind {
            EstateKind::Phone => use_app(stage, at, host),
            EstateKind::Laptop => browse(stage, at, host),
            EstateKind::OtherCamera => other_camera(stage, at, host),
            EstateKind::Console => play(stage, at, host),
            EstateKind::TunnelHost => tunnel(stage, at, host),
            EstateKind::TimeHost => ask_vendor_time(stage, at, host),
            EstateKind::EzvizCamera
            | EstateKind::EzvizDoorbell
            | EstateKind::EzvizBattery
            | EstateKind::HikCamera
            | EstateKind::HikRecorder
            | EstateKind::OldGeneration => return,
        }
    }
    let next = stage.soon(at, Duration::from_secs(300), Duration::from_secs(1_500));
    stage.then(next, Act::Bystand);
}

fn server(
    stage: &mut Stage<'_>,
    role: FlowRole,
    name: Option<&'static str>,
    port: u16,
) -> Endpoint {
    let vendor = role.contract_role().map(|_| "ezviz");
    Endpoint { address: stage.pool.rent(), port, tag: Tag { role, vendor, name } }
}

fn use_app(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    let line = stage.line(host);
    let api = server(stage, FlowRole::Api, Some("apiieu.ezvizlife.com"), 443);
    let Some(known) = stage.resolve(at, host, &api) else { return };
    ask_api(stage.outbox, known, &line, &api, TlsStyle::App, (700, 2_400));
    let now = known.plus(Duration::from_secs(2));
    match stage.prng().below(3) {
        0 => {
            let broker = server(stage, FlowRole::Broker, Some("eucas.ezvizlife.com"), 6500);
            let Some(known) = stage.resolve(now, host, &broker) else { return };
            ask_broker(stage.outbox, known, &line, &broker);
        }
        1 => {
            let name = Some("vtmvirginia.ezvizlife.com");
            let relay = server(stage, FlowRole::Relay, name, 8554);
            let Some(known) = stage.resolve(now, host, &relay) else { return };
            view_over_vtm(stage.outbox, known, &line, &relay, "C12345678", 20);
        }
        _ => {
            let push = server(stage, FlowRole::Push, None, 1882);
            deliver_notice(stage.outbox, now, &line, &push);
        }
    }
}

fn browse(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    let line = stage.line(host);
    for (later, name) in [(0, "www.example.com"), (3, "www.hicloud.com"), (6, "www.chiddns.com")] {
        let page = server(stage, FlowRole::Foreign, Some(name), 443);
        let now = at.plus(Duration::from_secs(later));
        let Some(known) = stage.resolve(now, host, &page) else { return };
        ask_api(stage.outbox, known, &line, &page, TlsStyle::Browser, (500, 14_000));
    }
    let tag = Tag::plain(FlowRole::Foreign);
    let bare = Endpoint { address: Ipv4Addr::new(203, 0, 113, 124), port: 123, tag };
    ask_time(stage.outbox, at.plus(Duration::from_secs(9)), &line, &bare, true);
    stage.note(at, Happening::BareTime);
}

/// A camera of another maker asks its cloud and STUN, and then a peer views it.
fn other_camera(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    let line = stage.line(host);
    let cloud = server(stage, FlowRole::Foreign, Some("p2p.example.net"), 443);
    let Some(known) = stage.resolve(at, host, &cloud) else { return };
    ask_api(stage.outbox, known, &line, &cloud, TlsStyle::Embedded, (600, 300));
    let far = stage.pool.rent();
    quic_run(stage, known.plus(Duration::from_millis(500)), host, far);
    meet_peer(stage, known.plus(Duration::from_secs(1)), host, (20, 25));
}

fn play(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    meet_peer(stage, at, host, (30, 20));
}

fn meet_peer(stage: &mut Stage<'_>, at: Timestamp, host: &Resident, run: (u32, u32)) {
    let line = stage.line(host);
    let tag = Tag::plain(FlowRole::Foreign);
    let stun = Endpoint { address: PLAIN_STUN, port: 3478, tag };
    let port = stage.outbox.port();
    let done = bind_plainly(stage.outbox, at, &line, &stun, port);
    let peer_port = 20_000 + stage.prng().next_u16() % 30_000;
    let peer = Endpoint { address: stage.pool.rent(), port: peer_port, tag };
    media_with_peer(stage.outbox, done.plus(Duration::from_millis(90)), &line, &peer, port, run);
}

/// A tunnel carries something for half a minute.
fn tunnel(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    let tag = Tag::plain(FlowRole::Foreign);
    let end = Endpoint { address: TUNNEL_END, port: 51_820, tag };
    let mut talk = stage.line(host).datagrams(51_820, &end);
    let mut now = at;
    for number in 0..400_u32 {
        let (side, length) =
            if number % 3 == 0 { (Side::Server, 1_312) } else { (Side::Client, 1_184) };
        // Type 4: transport (WireGuard, 5.4.6).
        let mut packet = vec![4, 0, 0, 0];
        packet.extend(stage.prng().noise(length));
        talk.send(stage.outbox, now, side, &packet);
        now = now.plus(Duration::from_millis(70));
    }
}

fn ask_vendor_time(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    let time = server(stage, FlowRole::VendorTime, Some("time.ys7.com"), 123);
    let Some(known) = stage.resolve(at, host, &time) else { return };
    ask_time(stage.outbox, known, &stage.line(host), &time, true);
}
