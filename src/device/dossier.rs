//! All that is known of one device, while it changes.
//!
//! Comes in: facts, addresses, the time. Goes out: a shared [`DeviceProfile`], made anew only when something changed.

use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sha1::{Digest, Sha1};

use super::addresses::Addresses;
use super::fact::{Aspect, Fact, FactSet, Joined};
use super::fusion::fuse;
use super::{DeviceId, DeviceProfile, DeviceState, EvidenceSource, Identity, Signatures};
use crate::net::{MacAddr, Timestamp};

/// A profile's `last_seen` may lag behind by this much, so that traffic alone does not make new ones.
const LAST_SEEN_STEP: Duration = Duration::from_secs(10);

/// How a device is told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceKey {
    /// By its Ethernet address.
    Mac(MacAddr),
    /// By its address on our network, where its Ethernet address is not seen.
    Ip(IpAddr),
}

impl DeviceKey {
    /// The identifier: SHA-1 over a fixed text and the address, so that no address leaves in it.
    pub(super) fn to_id(self) -> DeviceId {
        let mut hash = Sha1::new_with_prefix(b"hikwatch device ");
        match self {
            Self::Mac(mac) => hash.update(mac.0),
            Self::Ip(IpAddr::V4(v4)) => hash.update(v4.octets()),
            Self::Ip(IpAddr::V6(v6)) => hash.update(v6.octets()),
        }
        let mut id = String::from("d-");
        for byte in hash.finalize().into_iter().take(6) {
            // Writing to a String cannot fail.
            write!(id, "{byte:02x}").unwrap_or_default();
        }
        DeviceId(id.into())
    }
}

/// What a device does for others; once seen it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Forwarding {
    /// Nothing: its traffic is its own.
    #[default]
    No,
    /// It answers name queries, so the names that it asks for may be others'.
    Names,
    /// It forwards packets: its MAC address stands on the traffic of others.
    Packets,
}

/// One device.
#[derive(Debug)]
pub(super) struct Dossier {
    id: DeviceId,
    pub(super) mac: Option<MacAddr>,
    pub(super) addresses: Addresses,
    facts: FactSet,
    identity: Identity,
    hostname: Option<String>,
    pub(super) forwarding: Forwarding,
    /// It spoke to a vendor's cloud.
    client: bool,
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
            mac: match key {
                DeviceKey::Mac(mac) => Some(mac),
                DeviceKey::Ip(_) => None,
            },
            addresses: Addresses::default(),
            facts: FactSet::default(),
            identity: Identity::default(),
            hostname: None,
            forwarding: Forwarding::No,
            client: false,
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
        let key = DeviceKey::Mac(earlier.mac.unwrap_or(MacAddr::ZERO));
        let mut dossier = Self {
            id: earlier.id.clone(),
            mac: earlier.mac,
            addresses,
            facts,
            client: earlier.state.is_client,
            told: true,
            last_seen: earlier.last_seen,
            ..Self::new(key, earlier.first_seen)
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
            changed |= self.facts.join(fact) == Joined::Changed;
        }
        if changed {
            self.conclude(signatures);
        }
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
            self.facts.join(fact);
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
        self.facts.join_all(other.facts);
        self.forwarding = self.forwarding.max(other.forwarding);
        self.client |= other.client;
        self.told |= other.told;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.conclude(signatures);
        self.mark_moved();
    }

    /// The profile of now, shared until something changes.
    pub(super) fn profile(&mut self) -> Arc<DeviceProfile> {
        match &self.profile {
            Some(profile) if self.last_seen.since(profile.last_seen) < LAST_SEEN_STEP => {
                Arc::clone(profile)
            }
            Some(_) | None => self.fresh_profile(),
        }
    }

    /// The profile with the latest times.
    pub(super) fn fresh_profile(&mut self) -> Arc<DeviceProfile> {
        let profile = Arc::new(DeviceProfile {
            id: self.id.clone(),
            mac: self.mac,
            other_macs: Vec::new(),
            addresses: self.addresses.iter().map(|held| held.ip).collect(),
            hostname: self.hostname.clone(),
            identity: self.identity.clone(),
            evidence: self.facts.to_evidence(),
            state: DeviceState::default(),
            first_seen: self.first_seen,
            last_seen: self.last_seen,
        });
        self.profile = Some(Arc::clone(&profile));
        profile
    }

    /// The profile, if an inventory should be told of it now.
    pub(super) fn take_news(&mut self) -> Option<Arc<DeviceProfile>> {
        if !self.has_news() {
            return None;
        }
        self.news = false;
        self.told = true;
        Some(self.fresh_profile())
    }

    fn conclude(&mut self, signatures: &Signatures) {
        let identity = fuse(&self.facts, self.forwarding > Forwarding::No, signatures);
        let hostname = self.facts.best(Aspect::Hostname).map(|fact| fact.value.clone());
        if identity != self.identity || hostname != self.hostname {
            self.identity = identity;
            self.hostname = hostname;
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
        let first = dossier.profile();

        dossier.touch(AT.plus(Duration::from_secs(9)));
        assert!(Arc::ptr_eq(&first, &dossier.profile()));

        let claim = Claim::Vendor("hikvision".into());
        dossier.learn(vec![Fact::new(EvidenceSource::Oui, claim, "block", 50, AT)], &signatures);
        let second = dossier.profile();
        assert!(!Arc::ptr_eq(&first, &second));
        assert_eq!(second.identity.confidence, 50);
        assert_eq!(second.evidence.len(), 1);
    }

    #[test]
    fn news_is_told_once_and_only_of_listed_devices() {
        let signatures = Signatures::builtin();
        let mut dossier = Dossier::new(DeviceKey::Mac(MacAddr([2, 0, 0, 0, 0, 1])), AT);
        assert!(dossier.take_news().is_none());

        dossier.mark_client();
        assert!(dossier.take_news().is_some_and(|profile| !profile.is_vendor_device()));
        assert!(dossier.take_news().is_none());

        let fact = |now| Fact::new(EvidenceSource::Dhcp, Claim::Hostname, "front-door", 0, now);
        dossier.learn(vec![fact(AT)], &signatures);
        assert_eq!(dossier.take_news().unwrap().hostname.as_deref(), Some("front-door"));
        dossier.learn(vec![fact(AT.plus(LAST_SEEN_STEP))], &signatures);
        assert!(dossier.take_news().is_none());
    }
}
