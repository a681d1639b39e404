//! Every device of our network, bounded.
//!
//! Comes in: addresses and messages of senders. Goes out: [`DeviceRef`]s and profiles. It never lets the text of a
//! message choose whose entry changes: that is decided by the frame's sender, or by its IP address where no
//! Ethernet address is seen.
//!
//! A device is keyed by its MAC address. A MAC address that shows more than eight IPv4 addresses of ours within ten
//! minutes is a router's: the traffic that it forwards is then keyed by IP address. So is traffic without
//! Ethernet addresses. An entry that was keyed by IP address and is later bound to a MAC address is
//! merged; it keeps its identifier unless the MAC address already has an entry.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ahash::RandomState;

use super::addresses::Holding;
use super::departure::{Departure, Fate};
use super::dossier::{DeviceKey, Dossier};
use super::eviction::Rank;
use super::forwarding::Forwarding;
use super::maker::maker_fact;
use super::registry_stats::RegistryStats;
use super::shelf::{DeviceRef, Shelf};
use super::{DeviceProfile, EvidenceSource, Labels, Signatures};
use crate::catalogue::Catalogue;
use crate::net::{MacAddr, Timestamp};

/// An entry that is known by IP address alone stands for the address no longer when it was silent for so long: a lease
/// may have gone to another device (a day is the usual longest lease of home routers; our judgement).
const ADDRESS_VALIDITY: Duration = Duration::from_secs(24 * 3600);

/// What is still under way when an address goes from one station to another.
const HANDOVER: Duration = Duration::from_secs(5);

/// The devices.
#[derive(Debug)]
pub(crate) struct Registry {
    catalogue: Arc<Catalogue>,
    pub(super) signatures: Arc<Signatures>,
    pub(super) labels: Arc<Labels>,
    max_devices: usize,
    pub(super) shelf: Shelf,
    pub(super) by_mac: HashMap<MacAddr, DeviceRef, RandomState>,
    pub(super) by_ip: HashMap<IpAddr, DeviceRef, RandomState>,
    /// Units by serial number; an entry may name a device that has left.
    pub(super) by_serial: HashMap<Box<str>, DeviceRef, RandomState>,
    forgotten: Vec<Departure>,
    stats: RegistryStats,
}

impl Registry {
    pub(crate) fn new(
        catalogue: Arc<Catalogue>,
        signatures: Arc<Signatures>,
        max_devices: usize,
    ) -> Self {
        Self {
            catalogue,
            signatures,
            labels: Arc::default(),
            max_devices: max_devices.max(1),
            shelf: Shelf::default(),
            by_mac: HashMap::with_hasher(RandomState::new()),
            by_ip: HashMap::with_hasher(RandomState::new()),
            by_serial: HashMap::with_hasher(RandomState::new()),
            forgotten: Vec::new(),
            stats: RegistryStats::default(),
        }
    }

    pub(crate) fn stats(&self) -> RegistryStats {
        let dossiers = self.shelf.iter();
        let vendor_devices = dossiers.filter(|(_, dossier)| dossier.is_vendor_device()).count();
        RegistryStats { devices: self.shelf.len(), vendor_devices, ..self.stats }
    }

    /// Uses another catalogue from now on; makers are looked up anew.
    pub(crate) fn replace_catalogue(&mut self, catalogue: Arc<Catalogue>, now: Timestamp) {
        self.catalogue = catalogue;
        for dossier in self.shelf.iter_mut() {
            let facts = dossier
                .macs()
                .iter()
                .filter_map(|mac| maker_fact(&self.catalogue, &self.signatures, *mac, now))
                .collect();
            dossier.relearn(EvidenceSource::Oui, facts, &self.signatures);
        }
    }

    /// Most devices.
    pub(super) const fn max_devices(&self) -> usize {
        self.max_devices
    }

    pub(super) const fn count_evicted(&mut self, devices: u64) {
        self.stats.evicted += devices;
    }

    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Uses other labels from now on.
    pub(crate) fn set_labels(&mut self, labels: Arc<Labels>) {
        if self.labels == labels {
            return;
        }
        self.labels = labels;
        for dossier in self.shelf.iter_mut() {
            dossier.mark_moved();
        }
    }

    /// Sets another bound; a registry that is larger shrinks as newcomers arrive.
    pub(crate) fn set_max_devices(&mut self, max_devices: usize) {
        self.max_devices = max_devices.max(1);
    }

    /// The device that sent something from `ip`, or from `mac` where there is no IP address; makes one if it is new.
    ///
    /// The caller passes addresses of single hosts of ours only.
    pub(crate) fn sender(
        &mut self,
        ip: Option<IpAddr>,
        mac: MacAddr,
        now: Timestamp,
    ) -> Option<DeviceRef> {
        if !mac.is_station() {
            return self.by_address(ip?, now);
        }
        let Some(&device) = self.by_mac.get(&mac) else {
            let device = self.newcomer(mac, ip, now)?;
            return ip.map_or(Some(device), |ip| self.bind(device, ip, false, now));
        };
        let dossier = self.shelf.get_mut(device)?;
        let Some(ip) = ip else {
            dossier.touch(now);
            return Some(device);
        };
        if dossier.addresses.touch(ip, now) {
            dossier.touch(now);
            return Some(device);
        }
        if dossier.forwarding == Forwarding::Packets {
            return self.by_address(ip, now);
        }
        self.bind(device, ip, false, now)
    }

    /// The device at `ip` or `mac` if it is known; nothing is made or changed.
    pub(crate) fn find(&self, ip: IpAddr, mac: MacAddr) -> Option<DeviceRef> {
        if let Some(&device) = self.by_mac.get(&mac)
            && self
                .shelf
                .get(device)
                .is_some_and(|dossier| dossier.forwarding != Forwarding::Packets)
        {
            return Some(device);
        }
        self.by_ip.get(&ip).copied()
    }

    /// Notes that a station said that it holds an address.
    pub(crate) fn claim(
        &mut self,
        mac: MacAddr,
        ip: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<DeviceRef> {
        if !mac.is_station() {
            return None;
        }
        let device = match self.by_mac.get(&mac) {
            Some(&device) => device,
            None => self.newcomer(mac, ip, now)?,
        };
        let Some(ip) = ip else {
            self.shelf.get_mut(device)?.touch(now);
            return Some(device);
        };
        self.bind(device, ip, true, now)
    }

    /// Notes a packet of the device.
    pub(crate) fn touch(&mut self, device: DeviceRef, now: Timestamp) {
        if let Some(dossier) = self.shelf.get_mut(device) {
            dossier.touch(now);
        }
    }

    /// Tells whether the device is taken for a vendor's.
    pub(crate) fn is_vendor_device(&self, device: DeviceRef) -> bool {
        self.shelf.get(device).is_some_and(Dossier::is_vendor_device)
    }

    /// The device's profile; absent if it was forgotten.
    pub(crate) fn profile(&mut self, device: DeviceRef) -> Option<Arc<DeviceProfile>> {
        self.shelf.get_mut(device).map(|dossier| dossier.profile(&self.labels))
    }

    /// The device's profile, if an inventory should be told of it now.
    pub(crate) fn take_news(&mut self, device: DeviceRef) -> Option<Arc<DeviceProfile>> {
        if !self.shelf.get(device)?.has_news() {
            return None;
        }
        self.shelf.get_mut(device)?.take_news(&self.labels)
    }

    /// The next device that was forgotten.
    pub(crate) fn pop_forgotten(&mut self) -> Option<Departure> {
        self.forgotten.pop()
    }

    /// Every device that belongs into an inventory, with its latest times, by identifier.
    pub(crate) fn listed(&mut self) -> Vec<Arc<DeviceProfile>> {
        let mut listed: Vec<_> = self
            .shelf
            .iter_mut()
            .filter(|dossier| dossier.is_listed())
            .map(|dossier| dossier.fresh_profile(&self.labels))
            .collect();
        listed.sort_by(|a, b| a.id.cmp(&b.id));
        listed
    }

    /// The device at an address that stands for itself; makes one if it is new.
    fn by_address(&mut self, ip: IpAddr, now: Timestamp) -> Option<DeviceRef> {
        let mut key = DeviceKey::Ip(ip);
        if let Some(&device) = self.by_ip.get(&ip)
            && let Some(dossier) = self.shelf.get_mut(device)
        {
            let is_stale = now.since(dossier.last_seen()) > ADDRESS_VALIDITY;
            if !is_stale || !dossier.macs().is_empty() {
                dossier.addresses.touch(ip, now);
                dossier.touch(now);
                return Some(device);
            }
            dossier.addresses.drop(ip);
            dossier.mark_moved();
            key = DeviceKey::IpSince(ip, now);
        }
        let device = self.admit(key, Rank::Ordinary, now)?;
        self.by_ip.insert(ip, device);
        self.shelf.get_mut(device)?.addresses.hold(ip, false, now);
        Some(device)
    }

    /// Makes an entry for a MAC address, or gives it to the entry that was so far known by `ip` alone.
    fn newcomer(&mut self, mac: MacAddr, ip: Option<IpAddr>, now: Timestamp) -> Option<DeviceRef> {
        let maker = maker_fact(&self.catalogue, &self.signatures, mac, now);
        let known = ip
            .and_then(|ip| self.by_ip.get(&ip).copied())
            .filter(|&known| self.shelf.get(known).is_some_and(|other| other.macs().is_empty()));
        let device = match known {
            Some(known) => known,
            None => {
                let rank = if maker.is_some() { Rank::Vendor } else { Rank::Ordinary };
                self.admit(DeviceKey::Mac(mac), rank, now)?
            }
        };
        self.by_mac.insert(mac, device);
        let dossier = self.shelf.get_mut(device)?;
        dossier.add_mac(mac);
        dossier.learn(maker.into_iter().collect(), &self.signatures);
        Some(device)
    }

    /// Notes that a device was seen with an address; gives the device whose traffic that is.
    fn bind(
        &mut self,
        device: DeviceRef,
        ip: IpAddr,
        claimed: bool,
        now: Timestamp,
    ) -> Option<DeviceRef> {
        let holder = self.by_ip.get(&ip).copied().filter(|&holder| holder != device);
        if let Some(holder) = holder {
            let theirs = self.shelf.get(holder).is_some_and(|other| other.addresses.claims(ip));
            let lost_for = self.shelf.get(device)?.addresses.lost_for(ip, now);
            if let Some(lost_for) = lost_for.filter(|_| theirs && !claimed) {
                // It used the address until the other claimed it, and goes on: this is no gateway, and both use it.
                if lost_for > HANDOVER {
                    self.mark_conflict([device, holder], now);
                }
                self.touch(device, now);
                return Some(device);
            }
            // Both said which addresses they hold, and this is the other's: the frame's sender is a gateway.
            if theirs && !claimed && self.shelf.get(device)?.addresses.claims_any() {
                self.touch(holder, now);
                return Some(holder);
            }
            if self.shelf.get(holder).is_some_and(|other| other.macs().is_empty()) {
                self.merge(holder, device);
                self.by_ip.insert(ip, device);
            } else if claimed || !theirs {
                if claimed {
                    self.hand_over(ip, holder, device, now);
                }
                self.by_ip.insert(ip, device);
            }
        } else {
            self.by_ip.insert(ip, device);
        }
        let dossier = self.shelf.get_mut(device)?;
        dossier.touch(now);
        match dossier.hold(ip, claimed, now) {
            Holding::Known => Some(device),
            Holding::Added { displaced } => {
                dossier.mark_moved();
                if let Some(displaced) = displaced {
                    self.unbind(displaced, device);
                }
                Some(device)
            }
            Holding::TooMany => {
                self.unbind(ip, device);
                self.mark_router(device);
                self.by_address(ip, now)
            }
        }
    }

    /// From now on the device's MAC address stands for no single host: what others said through it is set aside.
    fn mark_router(&mut self, device: DeviceRef) {
        let Some(dossier) = self.shelf.get_mut(device) else { return };
        dossier.forwards(Forwarding::Packets, &self.signatures);
        dossier.mark_moved();
        for ip in dossier.addresses.drop_unclaimed() {
            self.unbind(ip, device);
        }
    }

    fn unbind(&mut self, ip: IpAddr, device: DeviceRef) {
        if self.by_ip.get(&ip) == Some(&device) {
            self.by_ip.remove(&ip);
        }
    }

    /// Folds an entry that was known by IP address alone into another.
    fn merge(&mut self, from: DeviceRef, into: DeviceRef) {
        let Some(absorbed) = self.remove(from, Fate::JoinedTo(into)) else { return };
        if let Some(dossier) = self.shelf.get_mut(into) {
            dossier.absorb(absorbed, &self.signatures);
        }
    }

    fn admit(&mut self, key: DeviceKey, rank: Rank, now: Timestamp) -> Option<DeviceRef> {
        if self.shelf.len() >= self.max_devices && !self.evict(rank, now) {
            self.stats.refused += 1;
            return None;
        }
        self.shelf.add(Dossier::new(key, now))
    }

    /// Takes an entry out, with all that leads to it.
    pub(super) fn remove(&mut self, device: DeviceRef, fate: Fate) -> Option<Dossier> {
        let dossier = self.shelf.remove(device)?;
        for mac in dossier.macs() {
            if self.by_mac.get(mac) == Some(&device) {
                self.by_mac.remove(mac);
            }
        }
        if let Some(serial) = dossier.unit_serial()
            && self.by_serial.get(serial) == Some(&device)
        {
            self.by_serial.remove(serial);
        }
        for held in dossier.addresses.iter() {
            self.unbind(held.ip, device);
        }
        self.forgotten.push(Departure { device, fate });
        Some(dossier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::{SadpKind, SadpMessage};

    fn mac(text: &str) -> MacAddr {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn at(second: u64) -> Timestamp {
        Timestamp::from_parts(second, 0)
    }

    fn registry(max_devices: usize) -> Registry {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        Registry::new(catalogue, Signatures::builtin(), max_devices)
    }

    fn reply() -> SadpMessage {
        SadpMessage { kind: SadpKind::Reply, ..SadpMessage::default() }
    }

    #[test]
    fn a_device_known_by_address_keeps_its_identifier_when_its_mac_address_is_learned() {
        let mut registry = registry(8);
        let first = registry.sender(ip("10.0.0.5"), MacAddr::ZERO, at(1)).unwrap();
        let id = registry.profile(first).unwrap().id.clone();

        let bound = registry.claim(mac("44:a6:42:00:00:01"), ip("10.0.0.5"), at(2)).unwrap();

        let profile = registry.profile(bound).unwrap();
        assert_eq!((first, &id), (bound, &profile.id));
        assert_eq!(profile.identity.vendor.as_deref(), Some("hikvision"));
        assert_eq!(registry.stats().devices, 1);
    }

    #[test]
    fn what_was_learned_by_address_goes_to_the_device_that_turns_out_to_hold_it() {
        let mut registry = registry(8);
        let camera = registry.claim(mac("02:00:00:00:00:05"), ip("10.0.0.5"), at(1)).unwrap();
        let by_address = registry.sender(ip("10.0.0.6"), MacAddr::ZERO, at(2)).unwrap();
        registry.note_sadp(by_address, &reply(), None, at(2));

        assert_eq!(registry.claim(mac("02:00:00:00:00:05"), ip("10.0.0.6"), at(3)), Some(camera));

        let profile = registry.profile(camera).unwrap();
        assert_eq!(profile.identity.vendor.as_deref(), Some("hikvision"));
        assert_eq!(registry.stats().devices, 1);
        assert!(registry.profile(by_address).is_none());
        let left = registry.pop_forgotten().unwrap();
        assert_eq!(left, Departure { device: by_address, fate: Fate::JoinedTo(camera) });
    }

    #[test]
    fn a_gateway_that_forwards_for_a_known_holder_is_not_taken_for_it() {
        let mut registry = registry(8);
        let gateway = registry.claim(mac("02:00:00:00:00:01"), ip("10.0.0.1"), at(1)).unwrap();
        let camera = registry.claim(mac("44:a6:42:00:00:01"), ip("10.0.9.5"), at(1)).unwrap();

        let sender = registry.sender(ip("10.0.9.5"), mac("02:00:00:00:00:01"), at(2));

        assert_eq!(sender, Some(camera));
        assert_eq!(registry.profile(gateway).unwrap().addresses, [ip("10.0.0.1").unwrap()]);
    }

    #[test]
    fn an_address_follows_the_station_that_claims_it() {
        let mut registry = registry(8);
        let old = registry.claim(mac("02:00:00:00:00:01"), ip("10.0.0.9"), at(1)).unwrap();
        let new = registry.claim(mac("02:00:00:00:00:02"), ip("10.0.0.9"), at(2)).unwrap();

        assert_eq!(registry.sender(ip("10.0.0.9"), MacAddr::ZERO, at(3)), Some(new));
        assert!(registry.profile(old).unwrap().addresses.is_empty());
    }

    #[test]
    fn a_group_address_is_no_device() {
        let mut registry = registry(8);

        assert_eq!(registry.claim(MacAddr::BROADCAST, ip("10.0.0.9"), at(1)), None);
        assert_eq!(registry.sender(None, mac("01:00:5e:00:00:fb"), at(1)), None);
        assert_eq!(registry.stats().devices, 0);
    }

    #[test]
    fn an_address_alone_stands_for_a_device_as_long_as_a_lease() {
        let mut registry = registry(8);
        let first = registry.sender(ip("10.0.0.5"), MacAddr::ZERO, at(1)).unwrap();
        assert_eq!(registry.sender(ip("10.0.0.5"), MacAddr::ZERO, at(80_000)), Some(first));

        let later = registry.sender(ip("10.0.0.5"), MacAddr::ZERO, at(180_000)).unwrap();

        assert_ne!(first, later);
        let id = |registry: &mut Registry, device| registry.profile(device).unwrap().id.clone();
        assert_ne!(id(&mut registry, first), id(&mut registry, later));
        assert!(registry.profile(first).unwrap().addresses.is_empty());
    }

    #[test]
    fn an_address_that_two_stations_claim_in_turns_is_a_conflict_of_both() {
        let mut registry = registry(8);
        let conflict = |registry: &mut Registry, device| {
            registry.profile(device).unwrap().state.conflict.map(Timestamp::as_secs)
        };
        let camera = registry.claim(mac("44:a6:42:00:00:01"), ip("10.0.0.9"), at(1)).unwrap();
        let other = registry.claim(mac("02:00:00:00:00:02"), ip("10.0.0.9"), at(10)).unwrap();
        assert_eq!((conflict(&mut registry, camera), conflict(&mut registry, other)), (None, None));

        registry.claim(mac("44:a6:42:00:00:01"), ip("10.0.0.9"), at(11));

        assert_eq!(conflict(&mut registry, camera), Some(11));
        assert_eq!(conflict(&mut registry, other), Some(11));
    }

    #[test]
    fn what_a_station_sends_under_an_address_that_was_taken_from_it_stays_its_own() {
        let mut registry = registry(8);
        let camera = registry.claim(mac("44:a6:42:00:00:01"), ip("10.0.0.9"), at(1)).unwrap();
        registry.claim(mac("44:a6:42:00:00:01"), ip("fd00::9"), at(1));
        let forger = registry.claim(mac("02:00:00:00:00:02"), ip("10.0.0.9"), at(10)).unwrap();

        let sends = |registry: &mut Registry, second| {
            registry.sender(ip("10.0.0.9"), mac("44:a6:42:00:00:01"), at(second))
        };
        assert_eq!(sends(&mut registry, 12), Some(camera));
        assert_eq!(registry.profile(camera).unwrap().state.conflict, None);
        assert_eq!(sends(&mut registry, 20), Some(camera));
        for device in [camera, forger] {
            assert_eq!(registry.profile(device).unwrap().state.conflict, Some(at(20)));
        }
        assert_eq!(registry.sender(ip("10.0.0.9"), mac("02:00:00:00:00:02"), at(21)), Some(forger));
    }

    #[test]
    fn a_lease_that_comes_back_after_an_hour_is_no_conflict() {
        let mut registry = registry(8);
        let first = registry.claim(mac("44:a6:42:00:00:01"), ip("10.0.0.9"), at(1)).unwrap();
        registry.claim(mac("02:00:00:00:00:02"), ip("10.0.0.9"), at(1_000));
        registry.claim(mac("44:a6:42:00:00:01"), ip("10.0.0.9"), at(5_000));

        assert_eq!(registry.profile(first).unwrap().state.conflict, None);
    }

    #[test]
    fn a_random_address_is_flagged() {
        let mut registry = registry(8);
        for (address, random) in [("da:a1:19:00:00:01", true), ("44:a6:42:00:00:01", false)] {
            let device = registry.sender(None, mac(address), at(1)).unwrap();
            assert_eq!(registry.profile(device).unwrap().state.random_mac, random);
        }
    }

    #[test]
    fn a_newcomer_displaces_nobody_of_a_higher_rank() {
        let mut registry = registry(2);
        let confirmed = registry.claim(mac("44:a6:42:00:00:01"), ip("10.0.0.1"), at(1)).unwrap();
        registry.note_sadp(confirmed, &reply(), None, at(1));
        let by_block = registry.claim(mac("44:a6:42:00:00:02"), ip("10.0.0.2"), at(2)).unwrap();

        assert_eq!(registry.claim(mac("02:00:00:00:00:03"), ip("10.0.0.3"), at(3)), None);
        let other = registry.claim(mac("44:a6:42:00:00:04"), ip("10.0.0.4"), at(4));

        assert!(other.is_some() && registry.profile(by_block).is_none());
        assert!(registry.profile(confirmed).is_some());
        assert_eq!((registry.stats().refused, registry.stats().evicted), (1, 1));
    }
}
