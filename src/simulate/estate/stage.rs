//! The segment that an estate stands on, as its scripts use it.
//!
//! Comes in: a host and a server. Goes out: frames into the outbox, notes of what happened, and acts to follow.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::act::{Act, Note};
use super::address_pool::AddressPool;
use super::resident::Resident;
use super::truth::Happening;
use super::weather::Condition;
use crate::net::Timestamp;
use crate::simulate::cloud::{Endpoint, Line};
use crate::simulate::dns_message::{answer, query};
use crate::simulate::length_prefix::put_at;
use crate::simulate::outbox::{Outbox, Place};
use crate::simulate::prng::Prng;
use crate::simulate::station::{ROUTER, Seat};
use crate::simulate::tag::{FlowRole, Tag};

/// The router: gateway, resolver and DHCP server.
pub(crate) const GATEWAY: Seat = ROUTER.seat();
/// Time in which the resolver answers out of its cache.
const CACHED: Duration = Duration::from_millis(4);
/// Time after which a question is asked again.
const RETRY: Duration = Duration::from_secs(2);

/// The names through which a name was seen to lead to its address (idx:39280473314).
const fn aliases(name: &str) -> &'static [&'static str] {
    match name.as_bytes() {
        b"dev.ezviz7.com" => &["tdev.ezviz7.com", "lbs-726140220.us-east-1.elb.amazonaws.com"],
        b"alarmus.ezvizlife.com" => &["alarmadapter-512731437.us-east-1.elb.amazonaws.com"],
        _ => &[],
    }
}

/// What the scripts of one act share.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    /// Where frames go.
    pub(crate) outbox: &'a mut Outbox,
    /// Where new addresses come from.
    pub(crate) pool: &'a mut AddressPool,
    /// How the way to the cloud is for the host that acts.
    pub(crate) condition: Condition,
    /// What happened.
    pub(crate) notes: &'a mut Vec<Note>,
    /// What is to follow.
    pub(crate) follow: &'a mut Vec<(Timestamp, Act)>,
}

impl Stage<'_> {
    /// What the hosts draw from.
    pub(crate) const fn prng(&mut self) -> &mut Prng {
        &mut self.outbox.prng
    }

    /// Notes that something happened.
    pub(crate) fn note(&mut self, at: Timestamp, what: Happening) {
        self.notes.push(Note { at, what });
    }

    /// Plans an act.
    pub(crate) fn then(&mut self, at: Timestamp, act: Act) {
        self.follow.push((at, act));
    }

    /// A host's way outside.
    pub(crate) const fn line(&self, host: &Resident) -> Line {
        host.line(GATEWAY.mac)
    }

    /// A host asks the resolver for a server's name. Gives the time of the address, or nothing when it gets none; a server
    /// without a name is known at once.
    pub(crate) fn resolve(
        &mut self,
        at: Timestamp,
        host: &Resident,
        server: &Endpoint,
    ) -> Option<Timestamp> {
        let Some(name) = server.tag.name else { return Some(at) };
        self.look_up(at, host, (name, server.address, server.tag.vendor.is_some()))
    }

    /// A host asks for a name that leads to an address, and is a vendor's or not.
    pub(crate) fn look_up(
        &mut self,
        at: Timestamp,
        host: &Resident,
        wanted: (&str, Ipv4Addr, bool),
    ) -> Option<Timestamp> {
        let (name, address, is_vendors) = wanted;
        self.outbox.tag = Tag::plain(FlowRole::Lookup);
        let client = host.seat.end(self.outbox.port());
        let resolver = GATEWAY.end(53);
        let id = self.outbox.prng.next_u16();
        let question = query(id, name, IpAddr::V4(address));
        self.outbox.udp(at, &client, &resolver, Place::First, &question);
        let answered = at.plus(self.outbox.prng.between(CACHED, CACHED * 8));
        let (message, known) = match self.condition {
            Condition::Outage => {
                for again in 1..=2 {
                    let later = at.plus(RETRY * again);
                    self.outbox.udp(later, &client, &resolver, Place::Forward, &question);
                }
                (None, false)
            }
            Condition::NoSuchName if is_vendors => {
                let mut refusal = question;
                put_at(&mut refusal, 2, 0x8183);
                (Some(refusal), false)
            }
            Condition::Sinkhole if is_vendors => {
                (Some(answer(id, name, &[], IpAddr::V4(Ipv4Addr::UNSPECIFIED))), false)
            }
            Condition::Clear
            | Condition::Silent
            | Condition::NoSuchName
            | Condition::Sinkhole
            | Condition::Refused(_)
            | Condition::Blacklisted => {
                (Some(answer(id, name, aliases(name), IpAddr::V4(address))), true)
            }
        };
        if let Some(message) = message {
            self.outbox.udp(answered, &resolver, &client, Place::Reverse, &message);
        }
        self.outbox.tag = Tag::default();
        known.then(|| answered.plus(Duration::from_millis(1)))
    }

    /// Servers answer: neither is the uplink out nor are SYNs dropped.
    pub(crate) const fn reaches_clouds(&self) -> bool {
        !matches!(self.condition, Condition::Outage | Condition::Silent)
    }

    /// A time within `most` of `at`.
    pub(crate) fn soon(&mut self, at: Timestamp, least: Duration, most: Duration) -> Timestamp {
        at.plus(self.outbox.prng.between(least, most))
    }
}
