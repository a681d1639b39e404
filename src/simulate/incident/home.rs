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
use std::net::IpAddr;
use std::time::Duration;

use super::cast::{Cast, HIK_CONTROL, HOUSEHOLD, OWNERS_TIME, moved};
use super::media_scenes::{P2pRate, clip, view_from_outside};
use super::stage::{announce, converse, minutes, page, request_with, visit_as_owner};
use crate::net::{MacAddr, Timestamp};
use crate::simulate::cloud::{DasChannel, ServerStep, ask_server, bind};
use crate::simulate::cloud_script::{
    TlsPlan, ask_over_tls, ask_time, control, endpoint, line, register,
};
use crate::simulate::frame::SimulatedFrame;
use crate::simulate::home_script::{boot, find_router, search_gateway};
use crate::simulate::outbox::Outbox;
use crate::simulate::site::{
    EZVIZ_API, EZVIZ_CONTROL, EZVIZ_P2P, EZVIZ_PUSH, EZVIZ_REGISTRATION, EZVIZ_REGISTRATION_EU,
    EZVIZ_STORAGE, EZVIZ_STUN, EZVIZ_TIME, HIK_GATEWAY, HIK_REGISTRATION, OTHER_CLOUD, Site,
    WEB_PAGE,
};
use crate::simulate::station::Station;
use crate::simulate::tls_message::TlsStyle;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// The hour of the day in which the household is switched on.
const MORNING: u64 = 9;
/// The provider renews the line at this hour, and it is out for a moment.
const RENEWAL: u64 = 4;
const RENEWAL_TAKES: Duration = Duration::from_secs(45);
/// Time between two signs of life.
const PING: u64 = 60;

const SMALL: TlsPlan =
    TlsPlan { style: TlsStyle::Embedded, request: 420, response: 260, swapped: false };
const SNAPSHOT: TlsPlan =
    TlsPlan { style: TlsStyle::Embedded, request: 60_000, response: 320, swapped: false };
const PAGE: TlsPlan =
    TlsPlan { style: TlsStyle::Browser, request: 500, response: 9_000, swapped: false };
const APP: TlsPlan =
    TlsPlan { style: TlsStyle::App, request: 700, response: 2_400, swapped: false };

/// A vendor device that keeps a control channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    Camera,
    Recorder,
    Doorbell,
}

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
pub(crate) struct Home {
    pub(crate) outbox: Outbox,
    pub(crate) cast: Cast,
    agenda: BTreeMap<(Timestamp, u64), Act>,
    planned: u64,
    start: Timestamp,
    channels: BTreeMap<Unit, DasChannel>,
    /// Who says nothing, from when until when.
    absences: Vec<(MacAddr, Timestamp, Timestamp)>,
    token: [u8; 32],
}

impl Home {
    /// Everything is switched on in the first minute. With `is_viewed` the doorbell is viewed from outside once or
    /// twice a day.
    pub(crate) fn new(seed: u64, start: Timestamp, cast: Cast, is_viewed: bool) -> Self {
        let mut outbox = Outbox::new(seed);
        let mut token = [0; 32];
        outbox.prng.fill(&mut token);
        let mut this = Self {
            outbox,
            cast,
            agenda: BTreeMap::new(),
            planned: 0,
            start,
            channels: BTreeMap::new(),
            absences: Vec::new(),
            token,
        };
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

    /// From when until when a host says nothing.
    pub(crate) fn silence(&mut self, host: &Station, from: Timestamp, until: Timestamp) {
        self.absences.push((host.mac, from, until));
    }

    /// The station of a unit.
    pub(crate) const fn station(&self, unit: Unit) -> &'static Station {
        match unit {
            Unit::Camera => self.cast.camera,
            Unit::Recorder => self.cast.recorder,
            Unit::Doorbell => self.cast.doorbell,
        }
    }

    /// The token of a unit; it never changes.
    pub(crate) fn token(&self, host: &Station) -> [u8; 32] {
        let [.., last] = host.mac.0;
        self.token.map(|octet| octet.wrapping_add(last))
    }

    /// The server orders something of a unit, if its channel stands.
    pub(crate) fn order(&mut self, unit: Unit, at: Timestamp) {
        if let Some(channel) = self.channels.get_mut(&unit) {
            channel.order(&mut self.outbox, at, 12_321);
        }
    }

    /// A unit's channel is cut off; it signs on again when its next sign of life is due.
    pub(crate) fn cut(&mut self, unit: Unit, at: Timestamp) {
        if let Some(channel) = self.channels.remove(&unit) {
            channel.cut(&mut self.outbox, at);
        }
    }

    /// The next frame before `limit`.
    pub(crate) fn next_before(&mut self, limit: Timestamp) -> Option<SimulatedFrame> {
        loop {
            let due = self.outbox.next_due();
            let planned = self.agenda.first_key_value().map(|((at, _), _)| *at);
            // An act never sends before its own time, so frames due by then are complete.
            if due.is_some_and(|due| due < limit && planned.is_none_or(|planned| due < planned)) {
                return self.outbox.pop().map(|(frame, _)| frame);
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
        let pause = self.outbox.prng.between(Duration::from_secs(low), Duration::from_secs(high));
        self.plan(at.plus(pause), act);
    }

    fn is_away(&self, host: &Station, at: Timestamp) -> bool {
        self.absences
            .iter()
            .any(|(mac, from, until)| *mac == host.mac && (*from..*until).contains(&at))
    }

    /// Nobody at home is awake.
    fn is_night(&self, at: Timestamp) -> bool {
        let hour = (at.since(self.start).as_secs() / HOUR + MORNING) % (DAY / HOUR);
        !(7..23).contains(&hour)
    }

    /// A server as it is reached on that day.
    fn today(&self, site: &Site, at: Timestamp) -> Site {
        let day = at.since(self.start).as_secs() / DAY;
        match site.address {
            IpAddr::V4(address) if day % 2 == 1 => {
                let [a, b, c, d] = address.octets();
                moved(site, [a, b, c, d | 0x80])
            }
            IpAddr::V4(_) | IpAddr::V6(_) => *site,
        }
    }

    fn perform(&mut self, at: Timestamp, act: Act) {
        match act {
            Act::Boot(host) => {
                let ready = boot(&mut self.outbox, at, host, host.mac == self.cast.camera.mac);
                announce(&mut self.outbox, ready, host, true);
                if host.mac == self.cast.doorbell.mac {
                    search_gateway(&mut self.outbox, ready, host);
                }
            }
            Act::FindRouter(host) => {
                if !self.is_away(host, at) {
                    find_router(&mut self.outbox, at, host);
                }
                self.repeat(at, 280, 320, act);
            }
            Act::SignOn(unit) => self.sign_on(at, unit),
            Act::Ping(unit) => self.ping(at, unit),
            Act::AskTime(unit) => {
                let host = self.station(unit);
                let site = if unit == Unit::Camera { OWNERS_TIME } else { EZVIZ_TIME };
                if !self.is_away(host, at) {
                    let site = self.today(&site, at);
                    ask_time(&mut self.outbox, at, host, &site);
                }
                self.repeat(at, 3_000, 4_200, act);
            }
            Act::Gateway => {
                self.ask(at, self.cast.camera, &HIK_GATEWAY, SMALL);
                self.repeat(at, 1_000, 1_400, act);
            }
            Act::Guest(host) => {
                if host.vendor.is_some() {
                    let site = self.today(&EZVIZ_REGISTRATION, at);
                    let token = self.token(host);
                    register(&mut self.outbox, at, host, &site, &token, false);
                } else {
                    self.ask(at, host, &OTHER_CLOUD, SMALL);
                }
                self.repeat(at, 2_000, 3_000, act);
            }
            Act::Report => {
                self.report(at);
                self.repeat(at, 1_500, 2_100, act);
            }
            Act::Clip => {
                let (camera, recorder) = (self.cast.camera, self.cast.recorder);
                if !self.is_away(camera, at) {
                    clip(&mut self.outbox, at, recorder, camera, 4);
                }
                self.repeat(at, 3_000, 4_200, act);
            }
            Act::Ring => {
                if !self.is_night(at) {
                    self.ring(at);
                }
                self.repeat(at, 4 * HOUR, 7 * HOUR, act);
            }
            Act::View if self.is_night(at) => self.repeat(at, HOUR, 3 * HOUR, act),
            Act::View => {
                self.view(at);
                self.repeat(at, 10 * HOUR, 26 * HOUR, act);
            }
            Act::LookForPeers => {
                self.look_for_peers(at);
                self.repeat(at, 3_000, 4_200, act);
            }
            Act::Browse => {
                if !self.is_night(at) {
                    self.ask(at, self.cast.laptop, &WEB_PAGE, PAGE);
                }
                self.repeat(at, 600, 1_500, act);
            }
            Act::UseApp => {
                if !self.is_night(at) {
                    self.ask(at, self.cast.phone, &EZVIZ_API, APP);
                }
                self.repeat(at, 900, 2_400, act);
            }
            Act::Visit => {
                let Cast { laptop, camera, .. } = self.cast;
                if !self.is_night(at) && !self.is_away(camera, at) {
                    visit_as_owner(&mut self.outbox, at, laptop, camera);
                }
                self.repeat(at, 20 * HOUR, 30 * HOUR, act);
            }
            Act::RenewLine => {
                self.renew_line(at);
                self.plan(at.plus(Duration::from_secs(DAY)), act);
            }
        }
    }

    fn ask(&mut self, at: Timestamp, host: &'static Station, site: &Site, plan: TlsPlan) {
        if !self.is_away(host, at) {
            let site = self.today(site, at);
            ask_over_tls(&mut self.outbox, at, host, &site, plan);
        }
    }

    fn sign_on(&mut self, at: Timestamp, unit: Unit) {
        let host = self.station(unit);
        if !self.is_away(host, at) {
            let (first, second) = match unit {
                Unit::Camera | Unit::Recorder => (HIK_REGISTRATION, HIK_CONTROL),
                Unit::Doorbell => (EZVIZ_REGISTRATION_EU, EZVIZ_CONTROL),
            };
            let (first, second) = (self.today(&first, at), self.today(&second, at));
            let token = self.token(host);
            let done = register(&mut self.outbox, at, host, &first, &token, false);
            let at = done.plus(Duration::from_millis(200));
            if let Some(channel) = control(&mut self.outbox, at, host, &second, &token) {
                self.channels.insert(unit, channel);
            }
        }
        self.repeat(at, PING, PING + 2, Act::Ping(unit));
    }

    fn ping(&mut self, at: Timestamp, unit: Unit) {
        if self.is_away(self.station(unit), at) {
            self.channels.remove(&unit);
        } else if let Some(channel) = self.channels.get_mut(&unit) {
            channel.ping(&mut self.outbox, at);
        } else {
            self.sign_on(at, unit);
            return;
        }
        self.repeat(at, PING, PING + 2, Act::Ping(unit));
    }

    /// The camera tells the recorder that something moved.
    fn report(&mut self, at: Timestamp) {
        let Cast { camera, recorder, .. } = self.cast;
        if self.is_away(camera, at) {
            return;
        }
        let body = "<EventNotificationAlert><eventType>VMD</eventType></EventNotificationAlert>";
        let asked = request_with("POST", "/ISAPI/Event/notification", recorder, "", body);
        let ends = (camera.end(self.outbox.port()), recorder.end(80));
        converse(&mut self.outbox, at, ends, &[(asked, page("200 OK", ""))]);
    }

    /// Somebody rings: a notice and a picture.
    fn ring(&mut self, at: Timestamp) {
        let doorbell = self.cast.doorbell;
        if self.is_away(doorbell, at) {
            return;
        }
        if let Some(channel) = self.channels.get_mut(&Unit::Doorbell) {
            channel.report(&mut self.outbox, at, "/3300/10", 208);
        }
        self.ask(at.plus(Duration::from_millis(150)), doorbell, &EZVIZ_PUSH, SMALL);
        self.ask(at.plus(Duration::from_millis(400)), doorbell, &EZVIZ_STORAGE, SNAPSHOT);
    }

    /// The owner looks who was there, from a telephone's network.
    fn view(&mut self, at: Timestamp) {
        self.order(Unit::Doorbell, at);
        let seconds = 40 + u32::try_from(self.outbox.prng.below(50)).unwrap_or(0);
        let rate = P2pRate { packets: 60, octets: 1_100, seconds };
        let begin = at.plus(Duration::from_millis(300));
        view_from_outside(&mut self.outbox, begin, self.cast.doorbell, rate);
    }

    /// The doorbell asks how it is seen from outside, and shows the server that it is there.
    fn look_for_peers(&mut self, at: Timestamp) {
        let doorbell = self.cast.doorbell;
        if self.is_away(doorbell, at) {
            return;
        }
        let way = line(doorbell);
        let port = self.outbox.port();
        let stun: Vec<_> = EZVIZ_STUN.iter().filter_map(endpoint).collect();
        let asker = (doorbell.serial.unwrap_or_default(), port);
        let done = bind(&mut self.outbox, at, &way, &stun, asker, true);
        if let Some(server) = endpoint(&EZVIZ_P2P) {
            ask_server(&mut self.outbox, done, &way, &server, (ServerStep::Check, port));
        }
    }

    /// The line is out for a moment: channels are gone, and one attempt to register finds nobody.
    fn renew_line(&mut self, at: Timestamp) {
        self.absences.retain(|(.., until)| at.since(*until) < minutes(1));
        for unit in [Unit::Camera, Unit::Recorder, Unit::Doorbell] {
            self.cut(unit, at);
            self.silence(self.station(unit), at, at.plus(RENEWAL_TAKES));
        }
        if let Some(server) = endpoint(&self.today(&HIK_REGISTRATION, at)) {
            let way = line(self.cast.camera);
            way.knock(&mut self.outbox, at.plus(Duration::from_secs(2)), &server);
        }
    }
}

/// The usual life alone: an endless iterator of frames.
#[derive(Debug)]
pub struct OrdinaryHome(Home);

impl OrdinaryHome {
    /// The household lives as usual from `start` on.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp) -> Self {
        Self(Home::new(seed, start, HOUSEHOLD, true))
    }
}

impl Iterator for OrdinaryHome {
    type Item = SimulatedFrame;

    fn next(&mut self) -> Option<SimulatedFrame> {
        self.0.next_before(Timestamp::from_nanos(u64::MAX))
    }
}
