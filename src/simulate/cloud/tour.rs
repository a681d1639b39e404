//! One conversation of each protocol, for decoders of others to look at.
//!
//! Comes in: a seed and a start. Goes out: frames in the order of time. Every server has an address of its own (RFC 5737),
//! so that a reader finds each conversation by it; [`TourStop`] says which.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::access_gateway::{Gateway, old_service};
use super::app::ask_api;
use super::cas::ask_broker;
use super::das::{DasAnswer, DasChannel, DasPlan, deliver_notice};
use super::firmware::Download;
use super::httpdns::ask_httpdns;
use super::isup::{IsupPlan, register_isup};
use super::lbs::{LbsPlan, register};
use super::line::{Endpoint, Line};
use super::p2p::{PeerView, ServerStep, ask_server, punch_in_vain};
use super::recorder::update_name;
use super::relay::{RelayStyle, RelayView};
use super::snapshot::{Upload, post_snapshot};
use super::stun::{bind, spray};
use super::time::ask_time;
use super::vtm::view_over_vtm;
use super::web_stun::{bind_plainly, media_with_peer};
use crate::net::{MacAddr, Timestamp};
use crate::simulate::frame::SimulatedFrame;
use crate::simulate::outbox::Outbox;
use crate::simulate::station::{ROUTER, Seat};
use crate::simulate::tag::{FlowRole, Tag};
use crate::simulate::tls_message::TlsStyle;

/// The device of the tour, and its serial.
const DEVICE: Seat =
    Seat { mac: MacAddr([0x20, 0xbb, 0xbc, 0x0a, 0x0b, 0x0c]), ip: Ipv4Addr::new(192, 168, 1, 66) };
const SERIAL: &str = "E23456789";
const TOKEN: [u8; 32] = [0x5a; 32];
const ROUND_TRIP: Duration = Duration::from_millis(24);
/// Time between two stops; each is over by then.
const PAUSE: Duration = Duration::from_secs(10);
/// Local port of the conversations over UDP that share one.
const PUNCHED_PORT: u16 = 55_123;

/// One stop of the tour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum TourStop {
    /// Registration at a first boot, port 8666.
    FirstBoot = 1,
    /// Registration later.
    Registration,
    /// Registration that is refused with result code 4.
    Refusal,
    /// Control channel with a client id, a report, an order and a sign of life, port 31006.
    Control,
    /// Control channel that is refused with code 10, port 8820.
    Blacklisted,
    /// Control channel that is redirected with code 11, port 8820, after the device lost its own.
    Redirected,
    /// The vendor's STUN, port 6002.
    Stun,
    /// The server that brings peers together, port 6000.
    P2pServer,
    /// The view that follows from the same local port, port 40000.
    PeerView,
    /// A punch that is never answered.
    PunchInVain,
    /// Relay with plain frames, port 9020.
    Relay,
    /// Relay with packages, port 6123.
    RelayPackage,
    /// VTM of an app, port 8554.
    Vtm,
    /// Snapshot over TLS, port 443.
    Snapshot,
    /// Snapshot in clear, port 8080.
    ClearSnapshot,
    /// Gateway of the older generation, port 8555.
    Gateway,
    /// Its service in clear, port 6800.
    OldService,
    /// CAS of an app, port 6500.
    Broker,
    /// An app's interface, port 443.
    Api,
    /// A notice for an app, port 1882.
    Notice,
    /// Time, port 123.
    Time,
    /// Firmware, port 80.
    Firmware,
    /// Dynamic DNS of a recorder, port 80.
    Ddns,
    /// The owner's platform, port 7660.
    Isup,
    /// STUN of the standard, port 3478.
    PlainStun,
    /// Media with a peer of no vendor's.
    PlainPeer,
    /// Resolution over HTTP; its server is always 119.29.29.29.
    HttpDns,
    /// STUN to the shared address space.
    Spray,
}

impl TourStop {
    /// The address of the stop's server or peer.
    #[must_use]
    pub const fn address(self) -> Ipv4Addr {
        Ipv4Addr::new(198, 51, 100, self as u8)
    }

    const fn at(self, port: u16, name: Option<&'static str>) -> Endpoint {
        let tag = Tag { role: FlowRole::Foreign, vendor: None, name };
        Endpoint { address: self.address(), port, tag }
    }
}

/// Plays the tour.
#[must_use]
pub fn cloud_tour(seed: u64, start: Timestamp) -> Vec<SimulatedFrame> {
    use TourStop as S;
    let mut outbox = Outbox::new(seed);
    let line = Line { seat: DEVICE, router: ROUTER.mac, round_trip: ROUND_TRIP };
    let when = |stop: TourStop| start.plus(PAUSE * u32::from(stop as u8));
    let o = &mut outbox;
    devices(o, &line, &when);
    views(o, &line, &when);
    others(o, &line, &when);
    let port = o.port();
    let done = bind_plainly(o, when(S::PlainStun), &line, &S::PlainStun.at(3478, None), port);
    let peer = S::PlainPeer.at(41_000, None);
    media_with_peer(o, done.plus(ROUND_TRIP), &line, &peer, port, (2, 20));
    spray(o, when(S::Spray), &line, SERIAL);
    let mut frames = Vec::new();
    while let Some((frame, _)) = outbox.pop() {
        frames.push(frame);
    }
    frames
}

/// Registration and control.
fn devices(o: &mut Outbox, line: &Line, when: &impl Fn(TourStop) -> Timestamp) {
    use TourStop as S;
    let lbs = LbsPlan {
        serial: SERIAL,
        token: &TOKEN,
        first_boot: false,
        wants_stun: true,
        flag: 0,
        result: 0,
    };
    for (stop, plan) in [
        (S::FirstBoot, LbsPlan { first_boot: true, ..lbs }),
        (S::Registration, LbsPlan { wants_stun: false, flag: 2, ..lbs }),
        (S::Refusal, LbsPlan { result: 4, ..lbs }),
    ] {
        register(o, when(stop), line, &stop.at(8666, None), &plan);
    }
    let das = DasPlan {
        serial: SERIAL,
        client_id: Some(&TOKEN),
        first: true,
        keepalive: 60,
        third_version: true,
    };
    let at = when(S::Control);
    let server = S::Control.at(31_006, None);
    if let Some(mut channel) = DasChannel::open(o, at, line, &server, &das, DasAnswer::Accepted) {
        channel.report(o, at.plus(Duration::from_secs(1)), "/3300/10", 208);
        channel.order(o, at.plus(Duration::from_secs(2)), 12_321);
        channel.ping(o, at.plus(Duration::from_secs(3)));
        channel.close(o, at.plus(Duration::from_secs(4)));
    }
    let again = DasPlan { first: false, client_id: None, third_version: false, ..das };
    for (stop, plan, answer) in [
        (S::Blacklisted, das, DasAnswer::Blacklisted),
        (S::Redirected, again, DasAnswer::Redirected),
    ] {
        DasChannel::open(o, when(stop), line, &stop.at(8820, None), &plan, answer);
    }
}

/// STUN, peers, relays and pictures.
fn views(o: &mut Outbox, line: &Line, when: &impl Fn(TourStop) -> Timestamp) {
    use TourStop as S;
    let stun = [S::Stun.at(6002, None)];
    bind(o, when(S::Stun), line, &stun, (SERIAL, PUNCHED_PORT), true);
    let server = S::P2pServer.at(6000, None);
    let step = (ServerStep::Introduce, PUNCHED_PORT);
    ask_server(o, when(S::P2pServer), line, &server, step);
    let peer = S::PeerView.at(40_000, None);
    let at = when(S::PeerView);
    let (mut view, first) = PeerView::open(o, at, line, &peer, PUNCHED_PORT, (20, 1_000));
    view.second(o, first);
    view.close(o, first.plus(Duration::from_secs(1)));
    let deaf = S::PunchInVain.at(40_001, None);
    punch_in_vain(o, when(S::PunchInVain), line, &deaf, PUNCHED_PORT);
    for (stop, port, style) in
        [(S::Relay, 9020, RelayStyle::Plain), (S::RelayPackage, 6123, RelayStyle::Package)]
    {
        let relay = stop.at(port, None);
        let mut view = RelayView::open(o, when(stop), line, &relay, style, (20, 1_000));
        view.second(o, when(stop).plus(Duration::from_millis(500)));
        view.close(o, when(stop).plus(Duration::from_secs(2)));
    }
    let relay = S::Vtm.at(8554, Some("vtmvirginia.ezvizlife.com"));
    view_over_vtm(o, when(S::Vtm), line, &relay, SERIAL, 1);
    let storage = S::Snapshot.at(443, Some("alarm.eu.s3.amazonaws.com"));
    let mut part =
        Some((Upload::open(o, when(S::Snapshot), line, &storage, 100_000), when(S::Snapshot)));
    while let Some((upload, at)) = part {
        part = upload.step(o, at);
    }
    let storage = S::ClearSnapshot.at(8080, None);
    post_snapshot(o, when(S::ClearSnapshot), line, &storage, 30_000);
}

/// The older generation, apps, and what else a device asks.
fn others(o: &mut Outbox, line: &Line, when: &impl Fn(TourStop) -> Timestamp) {
    use TourStop as S;
    let gateway = S::Gateway.at(8555, Some("dev.us.ezviz7.com"));
    let mut open = Gateway::open(o, when(S::Gateway), line, &gateway);
    open.exchange(o, when(S::Gateway).plus(Duration::from_secs(1)), 96, 64);
    open.close(o);
    old_service(o, when(S::OldService), line, &S::OldService.at(6800, None), SERIAL);
    ask_broker(o, when(S::Broker), line, &S::Broker.at(6500, Some("eucas.ezvizlife.com")));
    let api = S::Api.at(443, Some("apiieu.ezvizlife.com"));
    ask_api(o, when(S::Api), line, &api, TlsStyle::App, (700, 2_400));
    deliver_notice(o, when(S::Notice), line, &S::Notice.at(1882, None));
    ask_time(o, when(S::Time), line, &S::Time.at(123, Some("time.ys7.com")), true);
    let host = S::Firmware.at(80, Some("www.hikvisioneurope.com"));
    let mut part =
        Some((Download::open(o, when(S::Firmware), line, &host, 200_000), when(S::Firmware)));
    while let Some((download, at)) = part {
        part = download.step(o, at);
    }
    update_name(o, when(S::Ddns), line, &S::Ddns.at(80, Some("www.hiddns.com")));
    let platform = S::Isup.at(7660, None);
    let mut talk = line.datagrams(o.port(), &platform);
    let plan = IsupPlan {
        device_id: 100_001,
        serial: SERIAL,
        firmware: "V5.2.4 build 210930",
        address: DEVICE.ip,
    };
    register_isup(o, when(S::Isup), &mut talk, &plan);
    let name = "litedev.eu.ezvizlife.com";
    let addresses = [S::Registration.address(), S::FirstBoot.address()];
    ask_httpdns(o, when(S::HttpDns), line, name, &addresses);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stop_has_frames_of_its_own_in_the_order_of_time() {
        let frames = cloud_tour(1, Timestamp::from_parts(1_767_225_600, 0));

        assert!(frames.is_sorted_by_key(|frame| frame.timestamp));
        for number in 1..=TourStop::PlainPeer as u8 {
            let server = [198, 51, 100, number];
            let met = |frame: &&SimulatedFrame| frame.bytes[30..34] == server;
            assert!(frames.iter().any(|frame| met(&frame)), "stop {number}");
        }
    }
}
