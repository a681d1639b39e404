//! Pictures that leave, or stay: a relay, a peer, a recorder.
//!
//! Comes in: a host and a time. Goes out: a whole scene into the outbox, and no verdict on it.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::home::{Home, Unit};
use super::stage::minutes;
use crate::net::Timestamp;
use crate::simulate::cloud::{
    Endpoint, PeerView, RelayStyle, RelayView, ServerStep, ask_server, bind, punch_in_vain,
};
use crate::simulate::cloud_script::{TlsPlan, ask_over_tls, endpoint, line};
use crate::simulate::outbox::Outbox;
use crate::simulate::site::{EZVIZ_P2P, EZVIZ_STORAGE, EZVIZ_STUN};
use crate::simulate::standing_script::{VIDEO_STEP, VideoStream};
use crate::simulate::station::Station;
use crate::simulate::tag::Tag;
use crate::simulate::tls_message::TlsStyle;

const SECOND: Duration = Duration::from_secs(1);
/// A relay; its address is told over the control channel.
const RELAY: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 36);
/// Frames of video a second over the relay, and octets in each: some 400 kbit/s.
const RELAY_RATE: (u32, usize) = (25, 2_000);
const PICTURE: TlsPlan =
    TlsPlan { style: TlsStyle::Embedded, request: 90_000, response: 320, swapped: false };

/// How a peer is sent video.
#[derive(Debug, Clone, Copy)]
pub(crate) struct P2pRate {
    /// Datagrams a second.
    pub(crate) packets: u32,
    /// Octets in each at most.
    pub(crate) octets: usize,
    /// For so long.
    pub(crate) seconds: u32,
}

/// A recorder watches a camera at home for some seconds.
pub(crate) fn clip(
    outbox: &mut Outbox,
    at: Timestamp,
    recorder: &Station,
    camera: &'static Station,
    seconds: u32,
) {
    let mut video = VideoStream::open(outbox, at, recorder, camera);
    let mut now = at.plus(VIDEO_STEP);
    for _ in 0..seconds.saturating_mul(10) {
        video.step(outbox, now);
        now = now.plus(VIDEO_STEP);
    }
    video.close(outbox);
}

/// Somebody outside views a device peer to peer, from an address that is another one each time.
pub(crate) fn view_from_outside(outbox: &mut Outbox, at: Timestamp, host: &Station, rate: P2pRate) {
    let Some((port, met)) = meet(outbox, at, host) else { return };
    let peer = peer(outbox);
    let way = line(host);
    let plan = (rate.packets, rate.octets);
    let (mut view, first) = PeerView::open(outbox, met, &way, &peer, port, plan);
    let mut now = first;
    for _ in 0..rate.seconds {
        view.second(outbox, now);
        now = now.plus(SECOND);
    }
    view.close(outbox, now);
}

/// A device asks how it is seen from outside, and the server names a peer. Gives its port, and the time.
fn meet(outbox: &mut Outbox, at: Timestamp, host: &Station) -> Option<(u16, Timestamp)> {
    let way = line(host);
    let port = outbox.port();
    let stun: Vec<_> = EZVIZ_STUN.iter().filter_map(endpoint).collect();
    let asker = (host.serial.unwrap_or_default(), port);
    let seen = bind(outbox, at, &way, &stun, asker, true);
    let step = (ServerStep::Introduce, port);
    Some((port, ask_server(outbox, seen, &way, &endpoint(&EZVIZ_P2P)?, step)))
}

fn peer(outbox: &mut Outbox) -> Endpoint {
    let number = 230 + u8::try_from(outbox.prng.below(20)).unwrap_or(0);
    let port = 20_000 + outbox.prng.next_u16() % 30_000;
    Endpoint { address: Ipv4Addr::new(203, 0, 113, number), port, tag: Tag::default() }
}

/// The doorbell sends video over a relay for a minute and a half.
pub(crate) fn relay_view(home: &mut Home, at: Timestamp) {
    home.order(Unit::Doorbell, at);
    let way = line(home.cast.doorbell);
    let relay = Endpoint { address: RELAY, port: 7760, tag: Tag::default() };
    let outbox = &mut home.outbox;
    let begin = at.plus(Duration::from_millis(300));
    let mut view = RelayView::open(outbox, begin, &way, &relay, RelayStyle::Plain, RELAY_RATE);
    let mut now = view.now();
    for _ in 0..90 {
        view.second(outbox, now);
        now = now.plus(SECOND);
    }
    view.close(outbox, now);
}

/// Three pictures go to storage within minutes, and a recorder at home watches the camera for a minute.
pub(crate) fn pictures_and_recording(home: &mut Home, at: Timestamp) {
    for number in 0..3 {
        let now = at.plus(minutes(2) * number);
        ask_over_tls(&mut home.outbox, now, home.cast.doorbell, &EZVIZ_STORAGE, PICTURE);
    }
    let later = at.plus(minutes(7));
    clip(&mut home.outbox, later, home.cast.recorder, home.cast.camera, 60);
}

/// Somebody views the doorbell for a moment, in small.
pub(crate) fn peer_view(home: &mut Home, at: Timestamp) {
    home.order(Unit::Doorbell, at);
    let rate = P2pRate { packets: 15, octets: 600, seconds: 15 };
    let begin = at.plus(Duration::from_millis(300));
    view_from_outside(&mut home.outbox, begin, home.cast.doorbell, rate);
}

/// The doorbell is introduced to a peer that never answers.
pub(crate) fn peer_in_vain(home: &mut Home, at: Timestamp) {
    home.order(Unit::Doorbell, at);
    let doorbell = home.cast.doorbell;
    let outbox = &mut home.outbox;
    let Some((port, met)) = meet(outbox, at.plus(Duration::from_millis(300)), doorbell) else {
        return;
    };
    let peer = peer(outbox);
    punch_in_vain(outbox, met, &line(doorbell), &peer, port);
}
