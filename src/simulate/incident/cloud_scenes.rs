//! What goes wrong, or right, with servers outside.
//!
//! Comes in: the household and a time. Goes out: scenes into its outbox.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::cast::{
    FOREIGN_RESOLVER, HIK_CONTROL, OWNERS_OTHER_TIME, RESOLVER_OVER_TLS, UNKNOWN_NAME, moved,
};
use super::home::{Home, Unit};
use super::stage::minutes;
use crate::net::Timestamp;
use crate::simulate::cloud::{
    DasAnswer, DasChannel, DasPlan, LbsOutcome, LbsPlan, ask_httpdns, register as register_with,
};
use crate::simulate::cloud_script::{
    TlsPlan, ask_over_http, ask_over_tls, ask_time, endpoint, line, register,
};
use crate::simulate::home_script::{look_up, resolve};
use crate::simulate::site::{EZVIZ_TIME, HIK_DDNS, HIK_GATEWAY, HIK_REGISTRATION, WEB_CLEAR};
use crate::simulate::tls_message::TlsStyle;

const REPORT: TlsPlan =
    TlsPlan { style: TlsStyle::Embedded, request: 900, response: 400, swapped: false };
/// A result code that a registration server gives to a device that it knows (the vendor's kit).
const REFUSED: u8 = 4;

/// The recorder tells the vendor's dynamic DNS where it is, for the first time.
pub(crate) fn first_contact(home: &mut Home, at: Timestamp) {
    ask_over_http(&mut home.outbox, at, home.cast.recorder, &HIK_DDNS);
}

/// The recorder's known server has another address, and a laptop reads a page in clear.
pub(crate) fn known_contact(home: &mut Home, at: Timestamp) {
    let elsewhere = moved(&HIK_REGISTRATION, [198, 51, 100, 140]);
    let recorder = home.cast.recorder;
    let token = home.token(recorder);
    register(&mut home.outbox, at, recorder, &elsewhere, &token, false);
    ask_over_http(&mut home.outbox, at.plus(minutes(1)), home.cast.laptop, &WEB_CLEAR);
}

/// The camera tries its registration server again and again, and nobody answers.
pub(crate) fn blocked(home: &mut Home, at: Timestamp) {
    attempts_in_vain(home, at, 6);
}

/// Two attempts in vain, then success.
pub(crate) fn hiccup(home: &mut Home, at: Timestamp) {
    attempts_in_vain(home, at, 2);
    let camera = home.cast.camera;
    let token = home.token(camera);
    register(&mut home.outbox, at.plus(minutes(8)), camera, &HIK_REGISTRATION, &token, false);
}

fn attempts_in_vain(home: &mut Home, at: Timestamp, number: u32) {
    let camera = home.cast.camera;
    let Some(server) = endpoint(&HIK_REGISTRATION) else { return };
    for attempt in 0..number {
        let begin = at.plus(minutes(4) * attempt);
        let known = resolve(&mut home.outbox, begin, camera, &HIK_REGISTRATION);
        line(camera).knock(&mut home.outbox, known, &server);
    }
}

/// The camera asks a resolver outside that nobody gave it, one over HTTP that firmware has built in, and one over TLS.
pub(crate) fn around_the_resolver(home: &mut Home, at: Timestamp) {
    foreign_resolver(home, at);
    let camera = home.cast.camera;
    let (way, later) = (line(camera), at.plus(minutes(4)));
    let address = Ipv4Addr::new(198, 51, 100, 11);
    ask_httpdns(&mut home.outbox, later, &way, HIK_GATEWAY.name(), &[address]);
    ask_over_tls(&mut home.outbox, at.plus(minutes(6)), camera, &RESOLVER_OVER_TLS, REPORT);
}

/// The camera asks a resolver outside.
pub(crate) fn foreign_resolver(home: &mut Home, at: Timestamp) {
    let seat = home.cast.camera.seat();
    for number in 0..3 {
        let now = at.plus(minutes(1) * number);
        look_up(&mut home.outbox, now, &seat, &FOREIGN_RESOLVER, &HIK_GATEWAY);
    }
}

/// The laptop uses that resolver too.
pub(crate) fn laptop_uses_resolver(home: &mut Home, at: Timestamp) {
    let seat = home.cast.laptop.seat();
    for number in 0..3 {
        let now = at.plus(minutes(1) * number);
        look_up(&mut home.outbox, now, &seat, &FOREIGN_RESOLVER, &WEB_CLEAR);
    }
}

/// The doorbell's time server has an address that is registered in another country.
pub(crate) fn another_country(home: &mut Home, at: Timestamp) {
    let abroad = moved(&EZVIZ_TIME, [192, 0, 2, 50]);
    ask_time(&mut home.outbox, at, home.cast.doorbell, &abroad);
}

/// It has another address in the same country.
pub(crate) fn same_country(home: &mut Home, at: Timestamp) {
    let elsewhere = moved(&EZVIZ_TIME, [203, 0, 113, 53]);
    ask_time(&mut home.outbox, at, home.cast.doorbell, &elsewhere);
}

/// The camera sends something to a name that it never spoke to.
pub(crate) fn unknown_name(home: &mut Home, at: Timestamp) {
    ask_over_tls(&mut home.outbox, at, home.cast.camera, &UNKNOWN_NAME, REPORT);
}

/// The camera asks another time server below the same domain.
pub(crate) fn sibling_name(home: &mut Home, at: Timestamp) {
    ask_time(&mut home.outbox, at, home.cast.camera, &OWNERS_OTHER_TIME);
}

/// The registration server refuses the camera, each time that it tries.
pub(crate) fn refused(home: &mut Home, at: Timestamp) {
    for attempt in 0..4 {
        register_as(home, at.plus(minutes(5) * attempt), REFUSED);
    }
}

/// The control server sends the camera back to the registration, which accepts it.
pub(crate) fn redirected(home: &mut Home, at: Timestamp) {
    home.cut(Unit::Camera, at);
    let camera = home.cast.camera;
    let token = home.token(camera);
    let Some(server) = endpoint(&HIK_CONTROL) else { return };
    let mut now = register_as(home, at.plus(Duration::from_secs(1)), 0);
    for answer in [DasAnswer::Redirected, DasAnswer::Accepted] {
        let plan = DasPlan {
            serial: camera.serial.unwrap_or_default(),
            client_id: Some(&token),
            first: false,
            keepalive: 60,
            third_version: false,
        };
        now = now.plus(Duration::from_millis(300));
        let channel =
            DasChannel::open(&mut home.outbox, now, &line(camera), &server, &plan, answer);
        if let Some(channel) = channel {
            let done = channel.now().plus(Duration::from_secs(5));
            channel.close(&mut home.outbox, done);
        } else {
            now = register_as(home, now.plus(Duration::from_secs(2)), 0);
        }
    }
}

/// The camera registers, and the server answers with `result`.
fn register_as(home: &mut Home, at: Timestamp, result: u8) -> Timestamp {
    let camera = home.cast.camera;
    let token = home.token(camera);
    let Some(server) = endpoint(&HIK_REGISTRATION) else { return at };
    let known = resolve(&mut home.outbox, at, camera, &HIK_REGISTRATION);
    let plan = LbsPlan {
        serial: camera.serial.unwrap_or_default(),
        token: &token,
        first_boot: false,
        wants_stun: false,
        flag: 0,
        result,
    };
    let (LbsOutcome::Accepted(done) | LbsOutcome::Refused(done)) =
        register_with(&mut home.outbox, known, &line(camera), &server, &plan);
    done
}
