//! What devices do to others at home, and what is not seen of it.
//!
//! Comes in: the household and a time. Goes out: scenes into its outbox.

use std::time::Duration;

use super::cast::{Cast, DISK, vacant};
use super::home::Home;
use super::stage::{PROMPT, converse, page, request, request_with, visit_as_owner};
use crate::net::{MacAddr, Timestamp};
use crate::simulate::frame_builder::Arp;
use crate::simulate::home_script::{find_router, group, ping_router};
use crate::simulate::outbox::Place;
use crate::simulate::station::{Seat, Station};
use crate::simulate::tcp_conversation::{Side, TcpConversation};

/// Hosts that a scan tries, from this number on, and its port (SMB).
const SCANNED: std::ops::Range<u8> = 100..130;
const SMB: u16 = 445;
/// Cameras that a recorder asks, by number.
const POLLED: std::ops::Range<u8> = 150..160;

/// The camera calls one host after the other, and nobody is there.
pub(crate) fn scan(home: &mut Home, at: Timestamp) {
    let camera = home.cast.camera;
    for (number, second) in SCANNED.zip(0..) {
        let now = at.plus(Duration::from_secs(2 * second));
        let client = camera.end(home.outbox.port());
        TcpConversation::knock(&mut home.outbox, now, client, vacant(number).end(SMB), 0);
    }
}

/// The camera asks all for services, asks for hardware addresses, and pings the router.
pub(crate) fn look_around(home: &mut Home, at: Timestamp) {
    let camera = home.cast.camera;
    let probe = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Envelope \
        xmlns=\"http://www.w3.org/2003/05/soap-envelope\" \
        xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
        xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\"><Header>\
        <a:MessageID>uuid:00000000-0000-4000-8000-0000000000aa</a:MessageID>\
        <a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>\
        <a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></Header>\
        <Body><d:Probe/></Body></Envelope>";
    for number in 0..20 {
        let now = at.plus(Duration::from_secs(3 * number));
        let from = camera.end(home.outbox.port());
        home.outbox.udp(now, &from, &group(3_702), Place::First, probe.as_bytes());
    }
    for (number, second) in SCANNED.zip(0..) {
        ask_address(home, at.plus(Duration::from_secs(70 + 2 * second)), camera, &vacant(number));
    }
    for (sequence, second) in (1..20).zip(0..) {
        ping_router(&mut home.outbox, at.plus(Duration::from_secs(140 + second)), camera, sequence);
    }
    poll(home, at.plus(Duration::from_secs(180)));
}

/// A question for a hardware address that nobody answers.
fn ask_address(home: &mut Home, at: Timestamp, host: &Station, other: &Seat) {
    let question = Arp {
        operation: 1,
        sender_mac: host.mac,
        sender_ip: host.ip,
        target_mac: MacAddr::ZERO,
        target_ip: other.ip,
    };
    home.outbox.arp(at, MacAddr::BROADCAST, &question);
}

/// The recorder asks each of its ten cameras how it is.
pub(crate) fn poll(home: &mut Home, at: Timestamp) {
    let recorder = home.cast.recorder;
    for (number, second) in POLLED.zip(0..) {
        let now = at.plus(Duration::from_secs(second));
        let asked = request("GET", "/onvif/device_service", recorder, "");
        let ends = (recorder.end(home.outbox.port()), vacant(number).end(80));
        converse(&mut home.outbox, now, ends, &[(asked, page("200 OK", "<ok/>"))]);
    }
}

/// The camera calls the laptop, which it never did, and is answered.
pub(crate) fn call_the_laptop(home: &mut Home, at: Timestamp) {
    let Cast { camera, laptop, .. } = home.cast;
    let ends = (camera.end(home.outbox.port()), laptop.end(SMB));
    let mut tcp = TcpConversation::open(&mut home.outbox, at, ends.0, ends.1, PROMPT);
    for side in [Side::Client, Side::Server, Side::Client, Side::Server] {
        let words = home.outbox.prng.noise(180);
        tcp.say(&mut home.outbox, side, &words);
    }
    tcp.close(&mut home.outbox);
}

/// The laptop calls the camera; the camera stores a picture on the disk, as it does.
pub(crate) fn known_neighbours(home: &mut Home, at: Timestamp) {
    let Cast { camera, laptop, .. } = home.cast;
    visit_as_owner(&mut home.outbox, at, laptop, camera);
    store_on_disk(home, at.plus(Duration::from_secs(60)));
}

/// The camera stores a picture on the disk.
pub(crate) fn store_on_disk(home: &mut Home, at: Timestamp) {
    let camera = home.cast.camera;
    find_router(&mut home.outbox, at, &DISK);
    let picture = "x".repeat(4_000);
    let asked = request_with("PUT", "/cam/1.jpg", &DISK, "", &picture);
    let ends = (camera.end(home.outbox.port()), DISK.end(5_005));
    converse(&mut home.outbox, at.plus(PROMPT), ends, &[(asked, page("201 Created", ""))]);
}
