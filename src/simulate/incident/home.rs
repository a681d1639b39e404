//! The household as scenes find it: who lives there, which channels stand, who is away.
//!
//! Comes in: a seed, a start and a cast. Goes out: frames into its outbox when a scene asks. It plans nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::cast::{Cast, HIK_CONTROL, moved};
use crate::net::{MacAddr, Timestamp};
use crate::simulate::cloud::DasChannel;
use crate::simulate::cloud_script::{TlsPlan, ask_over_tls, control, register};
use crate::simulate::outbox::Outbox;
use crate::simulate::site::{EZVIZ_CONTROL, EZVIZ_REGISTRATION_EU, HIK_REGISTRATION, Site};
use crate::simulate::station::Station;

/// The hour of the day in which the household is switched on.
pub(crate) const MORNING: u64 = 9;
pub(crate) const HOUR: u64 = 3_600;
pub(crate) const DAY: u64 = 24 * HOUR;

/// A vendor device that keeps a control channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    Camera,
    Recorder,
    Doorbell,
}

/// A household.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) outbox: Outbox,
    pub(crate) cast: Cast,
    start: Timestamp,
    channels: BTreeMap<Unit, DasChannel>,
    /// Who says nothing, from when until when.
    absences: Vec<(MacAddr, Timestamp, Timestamp)>,
    token: [u8; 32],
}

impl Home {
    /// A household in which nothing was said yet.
    pub(crate) fn new(seed: u64, start: Timestamp, cast: Cast) -> Self {
        let mut outbox = Outbox::new(seed);
        let mut token = [0; 32];
        outbox.prng.fill(&mut token);
        Self { outbox, cast, start, channels: BTreeMap::new(), absences: Vec::new(), token }
    }

    /// From when until when a host says nothing.
    pub(crate) fn silence(&mut self, host: &Station, from: Timestamp, until: Timestamp) {
        self.absences.retain(|(.., until)| *until >= from);
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

    /// A unit reports something over its channel, if it stands.
    pub(crate) fn report(&mut self, unit: Unit, at: Timestamp) {
        if let Some(channel) = self.channels.get_mut(&unit) {
            channel.report(&mut self.outbox, at, "/3300/10", 208);
        }
    }

    /// A unit's channel is cut off; it signs on again when its next sign of life is due.
    pub(crate) fn cut(&mut self, unit: Unit, at: Timestamp) {
        if let Some(channel) = self.channels.remove(&unit) {
            channel.cut(&mut self.outbox, at);
        }
    }

    /// A host says nothing at that time.
    pub(crate) fn is_away(&self, host: &Station, at: Timestamp) -> bool {
        self.absences
            .iter()
            .any(|(mac, from, until)| *mac == host.mac && (*from..*until).contains(&at))
    }

    /// Nobody at home is awake.
    pub(crate) fn is_night(&self, at: Timestamp) -> bool {
        let hour = (at.since(self.start).as_secs() / HOUR + MORNING) % (DAY / HOUR);
        !(7..23).contains(&hour)
    }

    /// A server as it is reached on that day.
    pub(crate) fn today(&self, site: &Site, at: Timestamp) -> Site {
        let day = at.since(self.start).as_secs() / DAY;
        match site.address {
            IpAddr::V4(address) if day % 2 == 1 => {
                let [a, b, c, d] = address.octets();
                moved(site, [a, b, c, d | 0x80])
            }
            IpAddr::V4(_) | IpAddr::V6(_) => *site,
        }
    }

    /// A host asks a server something over TLS, unless it is away.
    pub(crate) fn ask(
        &mut self,
        at: Timestamp,
        host: &'static Station,
        site: &Site,
        plan: TlsPlan,
    ) {
        if !self.is_away(host, at) {
            let site = self.today(site, at);
            ask_over_tls(&mut self.outbox, at, host, &site, plan);
        }
    }

    /// A unit registers and opens its channel, unless it is away.
    pub(crate) fn sign_on(&mut self, at: Timestamp, unit: Unit) {
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
    }

    /// A unit shows that it is alive; without a channel it signs on.
    pub(crate) fn ping(&mut self, at: Timestamp, unit: Unit) {
        if self.is_away(self.station(unit), at) {
            self.channels.remove(&unit);
        } else if let Some(channel) = self.channels.get_mut(&unit) {
            channel.ping(&mut self.outbox, at);
        } else {
            self.sign_on(at, unit);
        }
    }
}
