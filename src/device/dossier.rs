//! All that is known of one device, while it changes.
//!
//! Comes in: facts, addresses, the time. Goes out: a shared [`DeviceProfile`], made anew only when something changed.

use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sha1::{Digest, Sha1};

use super::addresses::{Addresses, Holding};
use super::alternation::Alternations;
use super::change::Changes;
use super::fact::{Aspect, Fact, Sighting};
use super::fact_set::{FactSet, Joined};
use super::forwarding::Forwarding;
use super::fusion::fuse;
use super::life::life_of;
use super::linking::MAX_MACS;
use super::signature::PortBits;
use super::{
    DeviceId, DeviceProfile, DeviceState, EvidenceSource, Identity, Labels, Presence, Signatures,
};
use crate::net::{MacAddr, Timestamp};

/// A profile's `last_seen` may lag behind by this much, so that traffic alone does not make new ones.
const LAST_SEEN_STEP: Duration = Duration::from_secs(10);

/// A conflict is over when nothing showed it for so long.
const CONFLICT_MEMORY: Duration = Duration::from_secs(24 * 3600);

/// Characters of the serial number that stands for a unit.
const UNIT_SERIAL: usize = 9;

/// How a device is told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceKey {
    /// By its Ethernet address.
    Mac(MacAddr),
    /// By its address on our network, where its Ethernet address is not seen.
    Ip(IpAddr),
    /// The same, after the address belonged to another device: since when it is this one's.
    IpSince(IpAddr, Timestamp),
}

impl DeviceKey {
    /// The identifier: SHA-1 over a fixed text and the address, so that no address leaves in it.
    pub(super) fn to_id(self) -> DeviceId {
        let mut hash = Sha1::new_with_prefix(b"hikwatch device ");
        match self {
            Self::Mac(mac) => hash.update(mac.0),
            Self::Ip(ip) | Self::IpSince(ip, _) => match ip {
                IpAddr::V4(v4) => hash.update(v4.octets()),
                IpAddr::V6(v6) => hash.update(v6.octets()),
            },
        }
        if let Self::IpSince(_, since) = self {
            hash.update(since.as_secs().to_be_bytes());
        }
        let mut id = String::from("d-");
        for byte in hash.finalize().into_iter().take(6) {
            // Writing to a String cannot fail.
            write!(id, "{byte:02x}").unwrap_or_default();
        }
        DeviceId(id.into())
    }
}

/// One device.
#[derive(Debug)]
pub(super) struct Dossier {
    id: DeviceId,
    /// Its Ethernet addresses, oldest first.
    macs: Vec<MacAddr>,
    pub(super) addresses: Addresses,
    facts: FactSet,
    /// Ports of the signatures' sets that it answers on.
    pub(super) ports: PortBits,
    identity: Identity,
    /// What its messages said of its life; presence, conflicts and the like are filled in beside it.
    life: DeviceState,
    hostname: Option<String>,
    pub(super) forwarding: Forwarding,
    /// It spoke to a vendor's cloud.
    client: bool,
    presence: Presence,
    alternations: Alternations,
    /// Another station uses an address of it: since when, and when that last showed.
    conflict: Option<(Timestamp, Timestamp)>,
    changes: Changes,
    /// An event has told of it.
    told: bool,
    /// Something changed since the last event told of it.
    news: bool,
    profile: Option<Arc<DeviceProfile>>,
    first_seen: Timestamp,
    last_seen: Timestamp,
}

impl Dossier {
    pub(super) fn new(key: DeviceKey, now: Timestamp) -> Self {
        Self {
            id: key.to_id(),
            macs: match key {
                DeviceKey::Mac(mac) => vec![mac],
                DeviceKey::Ip(_) | DeviceKey::IpSince(..) => Vec::new(),
            },
            addresses: Addresses::default(),
            facts: FactSet::default(),
            ports: 0,
            identity: Identity::default(),
            life: DeviceState::default(),
            hostname: None,
            forwarding: Forwarding::No,
            client: false,
            presence: Presence::Online,
            alternations: Alternations::default(),
            conflict: None,
            changes: Changes::default(),
            told: false,
            news: true,
            profile: None,
            first_seen: now,
            last_seen: now,
        }
    }

    /// What an earlier run knew of a device, concluded anew; an event has told of it.
    pub(super) fn restored(
        earlier: &DeviceProfile,
        addresses: Addresses,
        facts: FactSet,
        signatures: &Signatures,
    ) -> Self {
        let macs = earlier.mac.iter().chain(&earlier.other_macs).take(MAX_MACS).copied();
        let mut dossier = Self {
            id: earlier.id.clone(),
            macs: macs.collect(),
            addresses,
            facts,
            client: earlier.state.is_client,
            presence: earlier.state.presence,
            conflict: earlier.state.conflict.map(|since| (since, earlier.last_seen)),
            changes: Changes::restored(&earlier.state.changes),
            told: true,
            last_seen: earlier.last_seen,
            ..Self::new(DeviceKey::Mac(MacAddr::ZERO), earlier.first_seen)
        };
        dossier.conclude(signatures);
        dossier.news = false;
        dossier
    }

    pub(super) const fn id(&self) -> &DeviceId {
        &self.id
    }

    pub(super) fn touch(&mut self, now: Timestamp) {
        self.last_seen = self.last_seen.max(now);
        self.set_presence(Presence::Online);
    }

    /// Takes an address in.
    pub(super) fn hold(&mut self, ip: IpAddr, claimed: bool, now: Timestamp) -> Holding {
        let before = self.addresses.latest_v4();
        let holding = self.addresses.hold(ip, claimed, now);
        if let Holding::Added { .. } = holding {
            self.changes.observe_address(before, ip, now);
        }
        holding
    }

    /// Its Ethernet addresses, oldest first.
    pub(super) fn macs(&self) -> &[MacAddr] {
        &self.macs
    }

    /// Gives it an Ethernet address that it did not have.
    pub(super) fn add_mac(&mut self, mac: MacAddr) {
        if !self.macs.contains(&mac) && self.macs.len() < MAX_MACS {
            self.macs.push(mac);
            self.mark_moved();
        }
    }

    /// Notes whether it is there; tells whether that is news.
    pub(super) fn set_presence(&mut self, presence: Presence) -> bool {
        if self.presence == presence {
            return false;
        }
        self.presence = presence;
        self.mark_moved();
        true
    }

    /// Notes that another station uses an address of it, or says that it is this unit.
    pub(super) fn mark_conflict(&mut self, now: Timestamp) {
        match &mut self.conflict {
            Some((_, last)) => *last = now.max(*last),
            None => {
                self.conflict = Some((now, now));
                self.mark_moved();
            }
        }
    }

    /// Lets a conflict of which nothing showed for long be over; tells whether that is news.
    pub(super) fn settle_conflict(&mut self, now: Timestamp) -> bool {
        let is_over = self.conflict.is_some_and(|(_, last)| now.since(last) > CONFLICT_MEMORY);
        if is_over {
            self.conflict = None;
            self.mark_moved();
        }
        is_over
    }

    pub(super) const fn is_in_conflict(&self) -> bool {
        self.conflict.is_some()
    }

    /// The serial number by which the unit is known wherever it appears: nine letters and digits, as the vendors give
    /// them (see `sadp`), said by the station itself.
    pub(super) fn unit_serial(&self) -> Option<&str> {
        let serial = self.identity.serial.as_deref()?;
        let fits = serial.len() == UNIT_SERIAL
            && serial.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        (fits && self.is_vendor_device()).then_some(serial)
    }

    pub(super) const fn first_seen(&self) -> Timestamp {
        self.first_seen
    }

    pub(super) const fn last_seen(&self) -> Timestamp {
        self.last_seen
    }

    pub(super) const fn is_vendor_device(&self) -> bool {
        self.identity.vendor.is_some()
    }

    pub(super) const fn confidence(&self) -> u8 {
        self.identity.confidence
    }

    /// Tells whether the device belongs into an inventory: of a vendor, or speaking to a vendor's cloud.
    pub(super) const fn is_listed(&self) -> bool {
        self.is_vendor_device() || self.client || self.told
    }

    pub(super) const fn has_news(&self) -> bool {
        self.news && self.is_listed()
    }

    /// Takes facts in and concludes anew where that may change anything.
    pub(super) fn learn(&mut self, facts: Vec<Fact>, signatures: &Signatures) {
        let mut changed = false;
        for fact in facts {
            changed |= self.facts.take(fact) == Joined::Changed;
        }
        if changed {
            self.conclude(signatures);
        }
    }

    /// Takes in what was just seen; after a change the caller concludes.
    pub(super) fn observe(&mut self, sighting: &Sighting<'_>, now: Timestamp) -> Joined {
        let sighting = &sighting.cut();
        if self.alternations.observe(sighting, now) {
            self.mark_conflict(now);
        }
        self.facts.observe(sighting, now)
    }

    /// Forgets what `source` said, then takes `facts` in.
    pub(super) fn relearn(
        &mut self,
        source: EvidenceSource,
        facts: Vec<Fact>,
        signatures: &Signatures,
    ) {
        self.facts.forget(source);
        for fact in facts {
            self.facts.take(fact);
        }
        self.conclude(signatures);
    }

    pub(super) fn forwards(&mut self, forwarding: Forwarding, signatures: &Signatures) {
        if forwarding > self.forwarding {
            self.forwarding = forwarding;
            self.conclude(signatures);
        }
    }

    pub(super) fn mark_client(&mut self) {
        if !self.client {
            self.client = true;
            self.news = true;
        }
    }

    /// Notes that MAC or addresses changed.
    pub(super) fn mark_moved(&mut self) {
        self.news = true;
        self.profile = None;
    }

    /// Takes in what was known under another key.
    pub(super) fn absorb(&mut self, other: Self, signatures: &Signatures) {
        self.facts.join(other.facts);
        self.ports |= other.ports;
        self.forwarding = self.forwarding.max(other.forwarding);
        self.client |= other.client;
        self.conflict = self.conflict.or(other.conflict);
        self.changes.join(other.changes);
        for mac in other.macs {
            self.add_mac(mac);
        }
        self.told |= other.told;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.conclude(signatures);
        self.mark_moved();
    }

    /// The profile of now, shared until something changes.
    pub(super) fn profile(&mut self, labels: &Labels) -> Arc<DeviceProfile> {
        match &self.profile {
            Some(profile) if self.last_seen.since(profile.last_seen) < LAST_SEEN_STEP => {
                Arc::clone(profile)
            }
            Some(_) | None => self.fresh_profile(labels),
        }
    }

    /// The profile with the latest times.
    pub(super) fn fresh_profile(&mut self, labels: &Labels) -> Arc<DeviceProfile> {
        let profile = Arc::new(DeviceProfile {
            id: self.id.clone(),
            mac: self.macs.first().copied(),
            other_macs: self.macs.get(1..).unwrap_or_default().to_vec(),
            addresses: self.addresses.iter().map(|held| held.ip).collect(),
            hostname: self.hostname.clone(),
            label: labels.find(&self.id, &self.macs, self.identity.serial.as_deref()),
            identity: self.identity.clone(),
            evidence: self.facts.to_evidence(|source| self.forwarding.leaves(source)),
            state: self.state(),
            first_seen: self.first_seen,
            last_seen: self.last_seen,
        });
        self.profile = Some(Arc::clone(&profile));
        profile
    }

    /// The profile, if an inventory should be told of it now.
    pub(super) fn take_news(&mut self, labels: &Labels) -> Option<Arc<DeviceProfile>> {
        if !self.has_news() {
            return None;
        }
        self.news = false;
        self.told = true;
        Some(self.fresh_profile(labels))
    }

    fn state(&self) -> DeviceState {
        DeviceState {
            presence: self.presence,
            is_client: self.client && !self.is_vendor_device(),
            random_mac: self.macs.first().is_some_and(|mac| mac.is_locally_administered()),
            conflict: self.conflict.map(|(since, _)| since),
            changes: self.changes.to_vec(),
            ..self.life.clone()
        }
    }

    pub(super) fn conclude(&mut self, signatures: &Signatures) {
        let identity = fuse(&self.facts, self.forwarding, signatures);
        let hostname = self.facts.best(Aspect::Hostname).map(|fact| fact.value.clone());
        let life = life_of(&self.facts);
        self.changes.observe_firmware(self.facts.best(Aspect::Firmware));
        if identity != self.identity || hostname != self.hostname || life != self.life {
            self.identity = identity;
            self.hostname = hostname;
            self.life = life;
            self.news = true;
        }
        self.profile = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Claim;

    const AT: Timestamp = Timestamp::from_parts(1_000, 0);

    fn fact(source: EvidenceSource, claim: &Claim, value: &str, weight: u8, at: Timestamp) -> Fact {
        Fact::new(&Sighting { source, claim, value, weight }, at)
    }

    #[test]
    fn an_identifier_is_stable_and_shows_no_address() {
        let mac: MacAddr = "44:a6:42:01:02:03".parse().unwrap();
        let id = DeviceKey::Mac(mac).to_id();

        assert_eq!(id, DeviceKey::Mac(mac).to_id());
        assert_ne!(id, DeviceKey::Ip("192.0.2.1".parse().unwrap()).to_id());
        assert!(id.0.len() == 14 && id.0.starts_with("d-") && !id.0.contains("010203"));
    }

    #[test]
    fn a_profile_is_shared_until_something_changes() {
        let signatures = Signatures::builtin();
        let mut dossier = Dossier::new(DeviceKey::Mac(MacAddr([2, 0, 0, 0, 0, 1])), AT);
        let first = dossier.profile(&Labels::default());

        dossier.touch(AT.plus(Duration::from_secs(9)));
        assert!(Arc::ptr_eq(&first, &dossier.profile(&Labels::default())));

        let claim = Claim::Vendor("hikvision".into());
        dossier.learn(vec![fact(EvidenceSource::Oui, &claim, "block", 50, AT)], &signatures);
        let second = dossier.profile(&Labels::default());
        assert!(!Arc::ptr_eq(&first, &second));
        assert_eq!(second.identity.confidence, 50);
        assert_eq!(second.evidence.len(), 1);
    }

    #[test]
    fn news_is_told_once_and_only_of_listed_devices() {
        let signatures = Signatures::builtin();
        let mut dossier = Dossier::new(DeviceKey::Mac(MacAddr([2, 0, 0, 0, 0, 1])), AT);
        assert!(dossier.take_news(&Labels::default()).is_none());

        dossier.mark_client();
        assert!(
            dossier
                .take_news(&Labels::default())
                .is_some_and(|profile| !profile.is_vendor_device())
        );
        assert!(dossier.take_news(&Labels::default()).is_none());

        let named = |now| fact(EvidenceSource::Dhcp, &Claim::Hostname, "front-door", 0, now);
        dossier.learn(vec![named(AT)], &signatures);
        assert_eq!(
            dossier.take_news(&Labels::default()).unwrap().hostname.as_deref(),
            Some("front-door")
        );
        dossier.learn(vec![named(AT.plus(LAST_SEEN_STEP))], &signatures);
        assert!(dossier.take_news(&Labels::default()).is_none());
    }
}
