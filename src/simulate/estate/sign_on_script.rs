//! A device registers, opens its control channel, keeps it, loses it and tries again.
//!
//! Comes in: a device, a time and the weather. Goes out: conversations, and notes of what was tried and what succeeded.

use std::time::Duration;

use super::act::Act;
use super::resident::{EstateKind, Resident};
use super::stage::Stage;
use super::truth::Happening;
use super::weather::Condition;
use crate::net::Timestamp;
use crate::simulate::cloud::{
    DasAnswer, DasChannel, DasPlan, Endpoint, Gateway, HTTPDNS, LbsOutcome, LbsPlan, ServerStep,
    ask_httpdns, ask_server, ask_time, bind, old_service, register, update_name,
};

/// Pause after the first attempt in vain; it grows up to the longest one.
const FIRST_PAUSE: Duration = Duration::from_secs(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Time between two registrations while the channel stands.
const REFRESH: Duration = Duration::from_secs(2_700);
/// Time between two questions for the time.
const TIME: Duration = Duration::from_secs(3_600);

/// A device registers and opens its channel.
pub(crate) fn sign_on(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    if host.is_on() || !host.awake {
        return;
    }
    stage.note(at, Happening::Tried);
    match stage.condition {
        Condition::Clear => {}
        Condition::Outage => stage.note(at, Happening::Outage),
        Condition::Silent
        | Condition::Sinkhole
        | Condition::NoSuchName
        | Condition::Refused(_)
        | Condition::Blacklisted => stage.note(at, Happening::Blocked),
    }
    let done = if host.kind == EstateKind::OldGeneration {
        open_gateway(stage, at, host)
    } else {
        open_control(stage, at, host)
    };
    match done {
        Ok(done) => {
            host.attempts = 0;
            let ping = done.plus(Duration::from_secs(u64::from(host.habits.keepalive)));
            stage.then(ping, Act::Ping);
            let refresh = stage.soon(done, REFRESH, REFRESH * 2);
            stage.then(refresh, Act::Refresh);
        }
        Err(done) => {
            let grown = FIRST_PAUSE * (1 << host.attempts.min(4));
            host.attempts += 1;
            let pause = grown.min(LONGEST_PAUSE);
            let next = stage.soon(done, pause * 3 / 4, pause);
            stage.then(next, Act::SignOn);
        }
    }
}

/// The way to the registration: by name, past the resolver, or not at all.
fn find_registration(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &Resident,
) -> Result<Timestamp, Timestamp> {
    let server = host.servers.registration;
    let known = stage.resolve(at, host, &server);
    let gone_by = at.plus(Duration::from_secs(6));
    if !host.habits.httpdns {
        return known.ok_or(gone_by);
    }
    // Newer firmware asks both ways, and uses either answer.
    let later = known.unwrap_or(at.plus(Duration::from_millis(300)));
    if stage.condition == Condition::Outage {
        return Err(stage.line(host).knock(stage.outbox, later, &HTTPDNS));
    }
    let line = stage.line(host);
    let name = server.tag.name.unwrap_or_default();
    let done = ask_httpdns(stage.outbox, later, &line, name, &[server.address]);
    stage.note(later, Happening::HttpDns);
    Ok(done)
}

fn open_control(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &mut Resident,
) -> Result<Timestamp, Timestamp> {
    let known = find_registration(stage, at, host)?;
    let line = stage.line(host);
    if !stage.reaches_clouds() {
        return Err(line.knock(stage.outbox, known, &host.servers.registration));
    }
    let result = if let Condition::Refused(code) = stage.condition { code } else { 0 };
    let plan = LbsPlan {
        serial: &host.serial,
        token: &host.token,
        first_boot: !host.has_key,
        wants_stun: true,
        flag: host.habits.lbs_flag,
        result,
    };
    let registered = register(stage.outbox, known, &line, &host.servers.registration, &plan);
    let registered = match registered {
        LbsOutcome::Accepted(done) => done,
        LbsOutcome::Refused(done) => {
            stage.note(done, Happening::Refused);
            return Err(done);
        }
    };
    host.has_key = true;
    let answer = if stage.condition == Condition::Blacklisted {
        DasAnswer::Blacklisted
    } else if host.lost && stage.prng().below(12) == 0 {
        DasAnswer::Redirected
    } else {
        DasAnswer::Accepted
    };
    let plan = DasPlan {
        serial: &host.serial,
        client_id: host.habits.names_client.then_some(&host.token),
        first: !host.lost,
        keepalive: host.habits.keepalive,
        third_version: host.habits.third_version,
    };
    let called = registered.plus(Duration::from_millis(180));
    let server = host.servers.control;
    let channel = DasChannel::open(stage.outbox, called, &line, &server, &plan, answer);
    let Some(channel) = channel else {
        // What a channel that could not be opened has taken.
        let done = called.plus(host.round_trip * 4);
        stage.note(done, Happening::Refused);
        return Err(done);
    };
    let done = channel.now();
    host.open.control = Some(channel);
    stage.note(done, Happening::Succeeded);
    // The device learns how it is seen from outside, and shows where it is.
    let port = stage.outbox.port();
    let asker = (host.serial.as_str(), port);
    let bound = bind(stage.outbox, done.plus(LITTLE), &line, &host.servers.stun, asker, true);
    stage.note(bound, Happening::StunAlone);
    if host.kind != EstateKind::EzvizBattery {
        let step = (ServerStep::Check, port);
        ask_server(stage.outbox, bound.plus(LITTLE), &line, &host.servers.p2p, step);
    }
    Ok(done)
}

/// A moment between two steps.
const LITTLE: Duration = Duration::from_millis(250);

fn open_gateway(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &mut Resident,
) -> Result<Timestamp, Timestamp> {
    let server = host.servers.registration;
    let gone_by = at.plus(Duration::from_secs(6));
    let known = stage.resolve(at, host, &server).ok_or(gone_by)?;
    let line = stage.line(host);
    if !stage.reaches_clouds() {
        return Err(line.knock(stage.outbox, known, &server));
    }
    if matches!(stage.condition, Condition::Refused(_) | Condition::Blacklisted) {
        // The gateway shakes hands, hears who it is and hangs up.
        let gateway = Gateway::open(stage.outbox, known, &line, &server);
        let done = gateway.now();
        gateway.close(stage.outbox);
        stage.note(done, Happening::Refused);
        return Err(done);
    }
    let gateway = Gateway::open(stage.outbox, known, &line, &server);
    let done = gateway.now();
    host.open.gateway = Some(gateway);
    stage.note(done, Happening::Succeeded);
    let service = Endpoint { port: 6800, ..server };
    old_service(stage.outbox, done.plus(LITTLE), &line, &service, &host.serial);
    Ok(done)
}

/// A device shows that it is alive.
pub(crate) fn ping(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    if !host.is_on() {
        return;
    }
    stage.note(at, Happening::Tried);
    if !stage.reaches_clouds() {
        lose(stage, at, host);
        return;
    }
    if let Some(control) = &mut host.open.control {
        control.ping(stage.outbox, at);
        if stage.outbox.prng.below(8) == 0 {
            control.report(stage.outbox, at.plus(LITTLE), "/3300/10", 208);
        }
    }
    if let Some(gateway) = &mut host.open.gateway {
        gateway.exchange(stage.outbox, at, 96, 64);
    }
    stage.note(at.plus(host.round_trip), Happening::Succeeded);
    let next = at.plus(Duration::from_secs(u64::from(host.habits.keepalive)));
    stage.then(next, Act::Ping);
}

/// Nobody hears the device any more.
fn lose(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    host.lost = true;
    if let Some(control) = host.open.control.take() {
        control.lose(stage.outbox, at);
    }
    if let Some(gateway) = host.open.gateway.take() {
        gateway.lose(stage.outbox, at);
    }
    stage.then(at.plus(Duration::from_secs(20)), Act::SignOn);
}

/// A spell begins: a block cuts the channel off, an outage is met at the next sign of life.
pub(crate) fn meet_weather(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    match stage.condition {
        Condition::Clear | Condition::Outage | Condition::Silent => {}
        Condition::Sinkhole
        | Condition::NoSuchName
        | Condition::Refused(_)
        | Condition::Blacklisted => {
            if !host.is_on() {
                return;
            }
            host.lost = true;
            if let Some(control) = host.open.control.take() {
                control.cut(stage.outbox, at);
            }
            if let Some(gateway) = host.open.gateway.take() {
                gateway.cut(stage.outbox, at);
            }
            let next = stage.soon(at, Duration::from_secs(2), Duration::from_secs(8));
            stage.then(next, Act::SignOn);
        }
    }
}

/// A device registers again although its channel stands, and asks STUN.
pub(crate) fn refresh(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    if !host.is_on() || stage.condition != Condition::Clear {
        return;
    }
    let line = stage.line(host);
    if host.kind != EstateKind::OldGeneration {
        let Some(known) = stage.resolve(at, host, &host.servers.registration) else { return };
        let plan = LbsPlan {
            serial: &host.serial,
            token: &host.token,
            first_boot: false,
            wants_stun: false,
            flag: host.habits.lbs_flag,
            result: 0,
        };
        let server = host.servers.registration;
        let (LbsOutcome::Accepted(done) | LbsOutcome::Refused(done)) =
            register(stage.outbox, known, &line, &server, &plan);
        stage.note(done, Happening::Succeeded);
    }
    if host.kind == EstateKind::HikRecorder
        && let Some(known) = stage.resolve(at.plus(LITTLE), host, &host.servers.ddns)
    {
        update_name(stage.outbox, known, &line, &host.servers.ddns);
    }
    let next = stage.soon(at, REFRESH, REFRESH * 2);
    stage.then(next, Act::Refresh);
}

/// A device asks the vendor's server for the time.
pub(crate) fn vendor_time(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    if host.awake
        && let Some(known) = stage.resolve(at, host, &host.servers.time)
    {
        let heard = stage.reaches_clouds();
        ask_time(stage.outbox, known, &stage.line(host), &host.servers.time, heard);
    }
    let next = stage.soon(at, TIME * 3 / 4, TIME * 5 / 4);
    stage.then(next, Act::AskTime);
}
