//! A host starts, and what it does about the segment afterwards.
//!
//! Comes in: a host and a time. Goes out: a lease, discovery, and the acts that follow a start.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::act::Act;
use super::resident::{EstateKind, Open, Resident};
use super::servers::Servers;
use super::stage::{GATEWAY, Stage};
use super::truth::Happening;
use crate::net::Timestamp;
use crate::simulate::dhcp_message::{DhcpClient, LeasePlan};
use crate::simulate::home_script::{SADP_PORT, ask_for, group, lease, search_gateway_from};
use crate::simulate::outbox::Place;
use crate::simulate::vendor_message::{SadpReply, sadp_reply};

/// What the router leases: 192.168.0.0/22.
const LEASES: LeasePlan =
    LeasePlan { server: GATEWAY, mask: Ipv4Addr::new(255, 255, 252, 0), resolver: GATEWAY.ip };
/// Time between two questions for the router.
const FIND_ROUTER: Duration = Duration::from_secs(600);

/// A host starts, at another address when `moved` gives one.
pub(crate) fn boot(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &mut Resident,
    moved: Option<Ipv4Addr>,
) {
    // Whatever was open is gone without a word.
    host.open = Open::default();
    host.attempts = 0;
    host.lost = false;
    host.awake = true;
    stage.note(at, Happening::Boot);
    if let Some(ip) = moved {
        host.seat.ip = ip;
        stage.note(at, Happening::Moved);
    }
    if host.life > 1 {
        let port = host.habits.control_port;
        host.servers = Servers::rent(&mut stage.outbox.prng, stage.pool, host.kind, port);
    }
    let transaction = stage.prng().next_u32();
    let client = DhcpClient {
        mac: host.seat.mac,
        hostname: &host.hostname,
        vendor_class: host.vendor_class,
        transaction,
    };
    let ready = lease(stage.outbox, at, &client, host.seat.ip, &LEASES, false);
    if !host.model.is_empty() {
        announce(stage, ready, host);
    }
    if host.kind == EstateKind::EzvizDoorbell {
        search_gateway_from(stage.outbox, ready, &host.seat);
    }
    let spread = Duration::from_secs(240);
    let router = stage.soon(ready, spread, FIND_ROUTER);
    stage.then(router, Act::FindRouter);
    if host.kind.is_unit() {
        let sign_on = stage.soon(ready, Duration::from_millis(800), Duration::from_secs(3));
        stage.then(sign_on, Act::SignOn);
        let time = stage.soon(ready, Duration::from_secs(2), Duration::from_secs(9));
        stage.then(time, Act::AskTime);
    } else {
        let first = stage.soon(ready, Duration::from_secs(5), Duration::from_secs(120));
        stage.then(first, Act::Bystand);
    }
}

/// A unit with older firmware tells all what it is, as in answer to a question.
fn announce(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    let suffix = if host.kind == EstateKind::HikRecorder { "WCVU" } else { "" };
    let device_sn = format!("{}20200414AAWR{}{suffix}", host.model, host.serial);
    let reply = SadpReply {
        device_type: if host.kind == EstateKind::HikRecorder { 73_732 } else { 141_945 },
        description: host.model,
        device_sn: &device_sn,
        software: host.firmware,
        oem: "N/A",
    };
    let noise = stage.prng().next_u64();
    let uuid = format!("{:08X}-0000-4000-8000-{:012X}", noise >> 32, noise & 0xffff_ffff);
    let message = sadp_reply(&uuid, host.seat.mac, host.seat.ip, &reply);
    let group = group(SADP_PORT);
    stage.outbox.udp(at, &host.seat.end(SADP_PORT), &group, Place::First, &message);
}

/// A host asks for the router again.
pub(crate) fn find_router(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    if host.awake {
        ask_for(stage.outbox, at, &host.seat, &GATEWAY);
    }
    let next = stage.soon(at, FIND_ROUTER / 2, FIND_ROUTER);
    stage.then(next, Act::FindRouter);
}
