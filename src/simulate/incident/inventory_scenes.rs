//! Devices that come, change, fall silent, or are not who they say.
//!
//! Comes in: the household and a time. Goes out: scenes into its outbox.

use std::time::Duration;

use super::cast::{CURRENT_REBRANDED, NEWCOMER, OLD_NEWCOMER, UPDATED_CAMERA, VISITOR};
use super::home::Home;
use super::stage::{announce, minutes};
use crate::net::{MacAddr, Timestamp};
use crate::simulate::cloud_script::{TlsPlan, ask_over_tls, register};
use crate::simulate::frame_builder::Arp;
use crate::simulate::home_script::{ask_for, boot, find_router};
use crate::simulate::site::{EZVIZ_REGISTRATION, HIK_REGISTRATION, OTHER_CLOUD, Site};
use crate::simulate::station::{OTHER_CAMERA, Station};
use crate::simulate::tls_message::TlsStyle;

const REPORT: TlsPlan =
    TlsPlan { style: TlsStyle::Embedded, request: 600, response: 300, swapped: false };
/// So long a device is silent that is taken for gone, and one that only rests.
pub(crate) const LONG: Duration = minutes(25);
pub(crate) const SHORT: Duration = minutes(9);

/// A second camera is put up.
pub(crate) fn newcomer(home: &mut Home, at: Timestamp) {
    arrive(home, at, &NEWCOMER, &HIK_REGISTRATION, true);
}

/// A camera of another maker is put up, and the known one starts anew.
pub(crate) fn strangers_camera(home: &mut Home, at: Timestamp) {
    let ready = boot(&mut home.outbox, at, &OTHER_CAMERA, false);
    ask_over_tls(&mut home.outbox, ready, &OTHER_CAMERA, &OTHER_CLOUD, REPORT);
    restart(home, at.plus(minutes(2)));
}

/// A camera is put up that another brand sells.
pub(crate) fn rebranded_newcomer(home: &mut Home, at: Timestamp) {
    arrive(home, at, &CURRENT_REBRANDED, &EZVIZ_REGISTRATION, true);
}

/// A camera is put up that has no password yet; it registers nowhere.
pub(crate) fn fresh_newcomer(home: &mut Home, at: Timestamp) {
    let ready = boot(&mut home.outbox, at, &NEWCOMER, false);
    announce(&mut home.outbox, ready, &NEWCOMER, false);
    stay(home, at, &NEWCOMER);
}

/// A camera is put up that was not updated for years.
pub(crate) fn old_newcomer(home: &mut Home, at: Timestamp) {
    arrive(home, at, &OLD_NEWCOMER, &HIK_REGISTRATION, true);
}

fn arrive(home: &mut Home, at: Timestamp, host: &'static Station, site: &Site, activated: bool) {
    let ready = boot(&mut home.outbox, at, host, false);
    announce(&mut home.outbox, ready, host, activated);
    let token = home.token(host);
    let begin = ready.plus(Duration::from_secs(2));
    register(&mut home.outbox, begin, host, site, &token, false);
    stay(home, at, host);
}

/// A newcomer shows for as long as it is watched that it is there.
fn stay(home: &mut Home, at: Timestamp, host: &Station) {
    for number in 1..8 {
        find_router(&mut home.outbox, at.plus(minutes(5) * number), host);
    }
}

/// The camera starts anew with other firmware.
pub(crate) fn update(home: &mut Home, at: Timestamp) {
    let ready = boot(&mut home.outbox, at, &UPDATED_CAMERA, false);
    announce(&mut home.outbox, ready, &UPDATED_CAMERA, true);
}

/// The camera starts anew and is what it was.
pub(crate) fn restart(home: &mut Home, at: Timestamp) {
    let camera = home.cast.camera;
    let ready = boot(&mut home.outbox, at, camera, false);
    announce(&mut home.outbox, ready, camera, true);
}

/// The camera says nothing for long; it may come back.
pub(crate) fn fall_silent(home: &mut Home, at: Timestamp) {
    let camera = home.cast.camera;
    home.silence(camera, at, at.plus(LONG));
}

/// The camera says nothing for a while.
pub(crate) fn rest(home: &mut Home, at: Timestamp) {
    let camera = home.cast.camera;
    home.silence(camera, at, at.plus(SHORT));
}

/// A visitor's computer says that the camera's address is its own, again and again.
pub(crate) fn pose(home: &mut Home, at: Timestamp) {
    let camera = home.cast.camera;
    find_router(&mut home.outbox, at, &VISITOR);
    for number in 1..8 {
        let claim = Arp {
            operation: 2,
            sender_mac: VISITOR.mac,
            sender_ip: camera.ip,
            target_mac: MacAddr::BROADCAST,
            target_ip: camera.ip,
        };
        let now = at.plus(Duration::from_secs(20 * number));
        home.outbox.arp(now, MacAddr::BROADCAST, &claim);
        find_router(&mut home.outbox, now.plus(Duration::from_secs(7)), camera);
    }
}

/// A visitor's computer comes and asks for addresses; the camera says by itself which address it has.
pub(crate) fn visitor_asks(home: &mut Home, at: Timestamp) {
    let camera = home.cast.camera;
    let ready = boot(&mut home.outbox, at, &VISITOR, false);
    let questions = [camera, home.cast.recorder, home.cast.laptop];
    for (host, second) in questions.into_iter().zip(1..) {
        let now = ready.plus(Duration::from_secs(second));
        let (asker, other) = (VISITOR.seat(), host.seat());
        ask_for(&mut home.outbox, now, &asker, &other);
    }
    let claim = Arp {
        operation: 1,
        sender_mac: camera.mac,
        sender_ip: camera.ip,
        target_mac: MacAddr::ZERO,
        target_ip: camera.ip,
    };
    home.outbox.arp(ready.plus(Duration::from_secs(9)), MacAddr::BROADCAST, &claim);
}

/// The camera says nothing for a while, and then starts anew.
pub(crate) fn rest_and_restart(home: &mut Home, at: Timestamp) {
    rest(home, at);
    restart(home, at.plus(SHORT));
}
