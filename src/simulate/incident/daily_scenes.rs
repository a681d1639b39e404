//! What devices do each day: they report what moves, ring, are viewed, and ask how they are seen from outside.
//!
//! Comes in: the household and a time. Goes out: scenes into its outbox.

use std::time::Duration;

use super::cast::Cast;
use super::home::{Home, Unit};
use super::media_scenes::{P2pRate, view_from_outside};
use super::stage::{converse, page, request_with};
use crate::net::Timestamp;
use crate::simulate::cloud::{ServerStep, ask_server, bind};
use crate::simulate::cloud_script::{TlsPlan, endpoint, line};
use crate::simulate::site::{EZVIZ_P2P, EZVIZ_PUSH, EZVIZ_STORAGE, EZVIZ_STUN, HIK_REGISTRATION};
use crate::simulate::tls_message::TlsStyle;

/// So long the line is out when the provider renews it.
const RENEWAL_TAKES: Duration = Duration::from_secs(45);

pub(crate) const SMALL: TlsPlan =
    TlsPlan { style: TlsStyle::Embedded, request: 420, response: 260, swapped: false };
const SNAPSHOT: TlsPlan =
    TlsPlan { style: TlsStyle::Embedded, request: 60_000, response: 320, swapped: false };

/// The camera tells the recorder that something moved.
pub(crate) fn report(home: &mut Home, at: Timestamp) {
    let Cast { camera, recorder, .. } = home.cast;
    if home.is_away(camera, at) {
        return;
    }
    let body = "<EventNotificationAlert><eventType>VMD</eventType></EventNotificationAlert>";
    let asked = request_with("POST", "/ISAPI/Event/notification", recorder, "", body);
    let ends = (camera.end(home.outbox.port()), recorder.end(80));
    converse(&mut home.outbox, at, ends, &[(asked, page("200 OK", ""))]);
}

/// Somebody rings: a notice and a picture.
pub(crate) fn ring(home: &mut Home, at: Timestamp) {
    let doorbell = home.cast.doorbell;
    if home.is_away(doorbell, at) {
        return;
    }
    home.report(Unit::Doorbell, at);
    home.ask(at.plus(Duration::from_millis(150)), doorbell, &EZVIZ_PUSH, SMALL);
    home.ask(at.plus(Duration::from_millis(400)), doorbell, &EZVIZ_STORAGE, SNAPSHOT);
}

/// The owner looks who was there, from a telephone's network.
pub(crate) fn view(home: &mut Home, at: Timestamp) {
    home.order(Unit::Doorbell, at);
    let seconds = 40 + u32::try_from(home.outbox.prng.below(50)).unwrap_or(0);
    let rate = P2pRate { packets: 60, octets: 1_100, seconds };
    let begin = at.plus(Duration::from_millis(300));
    view_from_outside(&mut home.outbox, begin, home.cast.doorbell, rate);
}

/// The doorbell asks how it is seen from outside, and shows the server that it is there.
pub(crate) fn look_for_peers(home: &mut Home, at: Timestamp) {
    let doorbell = home.cast.doorbell;
    if home.is_away(doorbell, at) {
        return;
    }
    let way = line(doorbell);
    let port = home.outbox.port();
    let stun: Vec<_> = EZVIZ_STUN.iter().filter_map(endpoint).collect();
    let asker = (doorbell.serial.unwrap_or_default(), port);
    let done = bind(&mut home.outbox, at, &way, &stun, asker, true);
    if let Some(server) = endpoint(&EZVIZ_P2P) {
        ask_server(&mut home.outbox, done, &way, &server, (ServerStep::Check, port));
    }
}

/// The line is out for a moment: channels are gone, and one attempt to register finds nobody.
pub(crate) fn renew_line(home: &mut Home, at: Timestamp) {
    for unit in [Unit::Camera, Unit::Recorder, Unit::Doorbell] {
        home.cut(unit, at);
        home.silence(home.station(unit), at, at.plus(RENEWAL_TAKES));
    }
    if let Some(server) = endpoint(&home.today(&HIK_REGISTRATION, at)) {
        let way = line(home.cast.camera);
        way.knock(&mut home.outbox, at.plus(Duration::from_secs(2)), &server);
    }
}
