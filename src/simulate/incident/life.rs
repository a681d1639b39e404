//! The household's usual life at a pace that a week of can be watched: who does what, and when.
//!
//! Comes in: a seed, a start and a cast. Goes out: frames in the order of time. It reads no clock and holds a minute of
//! frames at most, but for what an incident puts in; the same seed and start give the same bytes.
//!
//! What a day has: signs of life each minute, registrations and time each hour, the owner's pages, a recorder that takes a look
//! at the camera, a doorbell that rings in the daytime and is viewed from outside, and a line that the provider renews at
//! night. Servers change their addresses from one day to the next, and peers have another one each time. How often what
//! happens is inferred; nothing of it was measured.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cast::{Cast, HOUSEHOLD, OWNERS_TIME};
use super::daily_scenes::{SMALL, look_for_peers, renew_line, report, ring, view};
use super::home::{DAY, HOUR, Home, MORNING, Unit};
use super::media_scenes::clip;
use super::stage::{announce, visit_as_owner};
use crate::net::Timestamp;
use crate::simulate::cloud_script::{TlsPlan, ask_time, register};
use crate::simulate::frame::SimulatedFrame;
use crate::simulate::home_script::{boot, find_router, search_gateway};
use crate::simulate::site::{
    EZVIZ_API, EZVIZ_REGISTRATION, EZVIZ_TIME, HIK_GATEWAY, OTHER_CLOUD, WEB_PAGE,
};
use crate::simulate::station::Station;
use crate::simulate::tls_message::TlsStyle;

/// The provider renews the line at this hour.
const RENEWAL: u64 = 4;
/// Time between two signs of life.
const PING: u64 = 60;

const PAGE: TlsPlan =
    TlsPlan { style: TlsStyle::Browser, request: 500, response: 9_000, swapped: false };
const APP: TlsPlan =
    TlsPlan { style: TlsStyle::App, request: 700, response: 2_400, swapped: false };

/// Something that is done again and again.
#[derive(Debug, Clone, Copy)]
enum Act {
    Boot(&'static Station),
    SignOn(Unit),
    Ping(Unit),
    FindRouter(&'static Station),
    AskTime(Unit),
    Gateway,
    Guest(&'static Station),
    Report,
    Clip,
    Ring,
    View,
    LookForPeers,
    Browse,
    UseApp,
    Visit,
    RenewLine,
}

/// A household that lives as usual.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) home: Home,
    agenda: BTreeMap<(Timestamp, u64), Act>,
    planned: u64,
}

impl Life {
    /// Everything is switched on in the first minute. With `is_viewed` the doorbell is viewed from outside once or twice a day.
    pub(crate) fn new(seed: u64, start: Timestamp, cast: Cast, is_viewed: bool) -> Self {
        let home = Home::new(seed, start, cast);
        let mut this = Self { home, agenda: BTreeMap::new(), planned: 0 };
        let Cast { camera, recorder, doorbell, laptop, phone, guests } = cast;
        let hosts = [camera, recorder, doorbell, laptop, phone];
        let mut second = 1;
        for host in hosts.into_iter().chain(guests.iter().copied()) {
            this.plan(start.plus(Duration::from_secs(second)), Act::Boot(host));
            this.plan(start.plus(Duration::from_secs(second + 240)), Act::FindRouter(host));
            second += 3;
        }
        let opening = [
            (40, Act::SignOn(Unit::Camera)),
            (44, Act::SignOn(Unit::Recorder)),
            (48, Act::SignOn(Unit::Doorbell)),
            (90, Act::AskTime(Unit::Camera)),
            (95, Act::AskTime(Unit::Doorbell)),
            (120, Act::Gateway),
            (150, Act::LookForPeers),
            (200, Act::Browse),
            (260, Act::UseApp),
            (400, Act::Report),
            (500, Act::Clip),
            (700, Act::Ring),
            (900, Act::Visit),
            ((DAY / HOUR + RENEWAL - MORNING) * HOUR, Act::RenewLine),
        ];
        for (second, act) in opening {
            this.plan(start.plus(Duration::from_secs(second)), act);
        }
        for host in guests {
            this.plan(start.plus(Duration::from_secs(300)), Act::Guest(host));
        }
        if is_viewed {
            this.plan(start.plus(Duration::from_secs(3 * HOUR + 1_800)), Act::View);
        }
        this
    }

    /// The next frame before `limit`.
    pub(crate) fn next_before(&mut self, limit: Timestamp) -> Option<SimulatedFrame> {
        loop {
            let due = self.home.outbox.next_due();
            let planned = self.agenda.first_key_value().map(|((at, _), _)| *at);
            // An act never sends before its own time, so frames due by then are complete.
            if due.is_some_and(|due| due < limit && planned.is_none_or(|planned| due < planned)) {
                return self.home.outbox.pop().map(|(frame, _)| frame);
            }
            if planned.is_none_or(|planned| planned >= limit) {
                return None;
            }
            let ((at, _), act) = self.agenda.pop_first()?;
            self.perform(at, act);
        }
    }

    fn plan(&mut self, at: Timestamp, act: Act) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), act);
    }

    fn repeat(&mut self, at: Timestamp, low: u64, high: u64, act: Act) {
        let pause =
            self.home.outbox.prng.between(Duration::from_secs(low), Duration::from_secs(high));
        self.plan(at.plus(pause), act);
    }

    fn perform(&mut self, at: Timestamp, act: Act) {
        match act {
            Act::Boot(host) => {
                let ready =
                    boot(&mut self.home.outbox, at, host, host.mac == self.home.cast.camera.mac);
                announce(&mut self.home.outbox, ready, host, true);
                if host.mac == self.home.cast.doorbell.mac {
                    search_gateway(&mut self.home.outbox, ready, host);
                }
            }
            Act::FindRouter(host) => {
                if !self.home.is_away(host, at) {
                    find_router(&mut self.home.outbox, at, host);
                }
                self.repeat(at, 280, 320, act);
            }
            Act::SignOn(unit) => {
                self.home.sign_on(at, unit);
                self.repeat(at, PING, PING + 2, Act::Ping(unit));
            }
            Act::Ping(unit) => {
                self.home.ping(at, unit);
                self.repeat(at, PING, PING + 2, act);
            }
            Act::AskTime(unit) => {
                let host = self.home.station(unit);
                let site = if unit == Unit::Camera { OWNERS_TIME } else { EZVIZ_TIME };
                if !self.home.is_away(host, at) {
                    let site = self.home.today(&site, at);
                    ask_time(&mut self.home.outbox, at, host, &site);
                }
                self.repeat(at, 3_000, 4_200, act);
            }
            Act::Gateway => {
                self.home.ask(at, self.home.cast.camera, &HIK_GATEWAY, SMALL);
                self.repeat(at, 1_000, 1_400, act);
            }
            Act::Guest(host) => {
                if host.vendor.is_some() {
                    let site = self.home.today(&EZVIZ_REGISTRATION, at);
                    let token = self.home.token(host);
                    register(&mut self.home.outbox, at, host, &site, &token, false);
                } else {
                    self.home.ask(at, host, &OTHER_CLOUD, SMALL);
                }
                self.repeat(at, 2_000, 3_000, act);
            }
            Act::Report => {
                report(&mut self.home, at);
                self.repeat(at, 1_500, 2_100, act);
            }
            Act::Clip => {
                let (camera, recorder) = (self.home.cast.camera, self.home.cast.recorder);
                if !self.home.is_away(camera, at) {
                    clip(&mut self.home.outbox, at, recorder, camera, 4);
                }
                self.repeat(at, 3_000, 4_200, act);
            }
            Act::Ring => {
                if !self.home.is_night(at) {
                    ring(&mut self.home, at);
                }
                self.repeat(at, 4 * HOUR, 7 * HOUR, act);
            }
            Act::View if self.home.is_night(at) => self.repeat(at, HOUR, 3 * HOUR, act),
            Act::View => {
                view(&mut self.home, at);
                self.repeat(at, 10 * HOUR, 26 * HOUR, act);
            }
            Act::LookForPeers => {
                look_for_peers(&mut self.home, at);
                self.repeat(at, 3_000, 4_200, act);
            }
            Act::Browse => {
                if !self.home.is_night(at) {
                    self.home.ask(at, self.home.cast.laptop, &WEB_PAGE, PAGE);
                }
                self.repeat(at, 600, 1_500, act);
            }
            Act::UseApp => {
                if !self.home.is_night(at) {
                    self.home.ask(at, self.home.cast.phone, &EZVIZ_API, APP);
                }
                self.repeat(at, 900, 2_400, act);
            }
            Act::Visit => {
                let Cast { laptop, camera, .. } = self.home.cast;
                if !self.home.is_night(at) && !self.home.is_away(camera, at) {
                    visit_as_owner(&mut self.home.outbox, at, laptop, camera);
                }
                self.repeat(at, 20 * HOUR, 30 * HOUR, act);
            }
            Act::RenewLine => {
                renew_line(&mut self.home, at);
                self.plan(at.plus(Duration::from_secs(DAY)), act);
            }
        }
    }
}

/// The usual life alone: an endless iterator of frames.
#[derive(Debug)]
pub struct OrdinaryHome(Life);

impl OrdinaryHome {
    /// The household lives as usual from `start` on.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp) -> Self {
        Self(Life::new(seed, start, HOUSEHOLD, true))
    }
}

impl Iterator for OrdinaryHome {
    type Item = SimulatedFrame;

    fn next(&mut self) -> Option<SimulatedFrame> {
        self.0.next_before(Timestamp::from_nanos(u64::MAX))
    }
}
