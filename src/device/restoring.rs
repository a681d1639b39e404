//! Devices that are known from before: given back at the start, forgotten on request, told again now and then.
//!
//! Comes in: profiles as an earlier run told them. Goes out: the same devices in the registry, with their identifiers,
//! times and facts. Which address a device claims is not taken over: what was true then must not outweigh what
//! is seen now.

use std::sync::Arc;

use super::addresses::Addresses;
use super::departure::Fate;
use super::dossier::Dossier;
use super::fact::Fact;
use super::fact_set::FactSet;
use super::maker::maker_fact;
use super::{DeviceId, DeviceProfile, DeviceRef, Evidence, EvidenceSource, Registry};
use crate::net::Timestamp;

impl Registry {
    /// Takes a device of an earlier run in; gives its profile as it is concluded now. Nothing when there is no room,
    /// or a MAC address of it has an entry already.
    pub(crate) fn restore(&mut self, earlier: &DeviceProfile) -> Option<Arc<DeviceProfile>> {
        let mut macs = earlier.mac.iter().chain(&earlier.other_macs);
        if macs.any(|mac| self.by_mac.contains_key(mac)) || self.shelf.len() >= self.max_devices() {
            return None;
        }
        let mut addresses = Addresses::default();
        for ip in &earlier.addresses {
            addresses.hold(*ip, false, earlier.last_seen);
        }
        let facts = self.facts_of(earlier);
        let dossier = Dossier::restored(earlier, addresses, facts, &self.signatures);
        let device = self.shelf.add(dossier)?;
        let dossier = self.shelf.get(device)?;
        for mac in dossier.macs() {
            self.by_mac.insert(*mac, device);
        }
        if let Some(serial) = dossier.unit_serial() {
            self.by_serial.entry(serial.into()).or_insert(device);
        }
        for ip in &earlier.addresses {
            self.by_ip.entry(*ip).or_insert(device);
        }
        self.profile(device)
    }

    /// Forgets the device with the identifier `id`; tells whether it was known.
    pub(crate) fn forget(&mut self, id: &DeviceId) -> bool {
        let found = self.shelf.iter().find(|(_, dossier)| dossier.id() == id);
        let Some((device, _)) = found else { return false };
        self.remove(device, Fate::Dismissed).is_some()
    }

    /// When each device of the inventory was last seen.
    pub(crate) fn sightings(&self) -> impl Iterator<Item = (DeviceRef, Timestamp)> {
        let listed = self.shelf.iter().filter(|(_, dossier)| dossier.is_listed());
        listed.map(|(device, dossier)| (device, dossier.last_seen()))
    }

    /// The profile with the latest times.
    pub(crate) fn fresh_profile(&mut self, device: DeviceRef) -> Option<Arc<DeviceProfile>> {
        self.shelf.get_mut(device).map(|dossier| dossier.fresh_profile(&self.labels))
    }

    /// The facts behind the evidence. Who the address block belongs to is looked up anew: the catalogue may be another.
    fn facts_of(&self, earlier: &DeviceProfile) -> FactSet {
        let mut facts = FactSet::default();
        let of_block = |evidence: &&Evidence| evidence.source == EvidenceSource::Oui;
        for evidence in earlier.evidence.iter().filter(|evidence| !of_block(evidence)) {
            facts.take(fact_of(evidence));
        }
        let makers = earlier.mac.iter().chain(&earlier.other_macs).filter_map(|mac| {
            maker_fact(self.catalogue(), &self.signatures, *mac, earlier.last_seen)
        });
        for maker in makers {
            let known =
                earlier.evidence.iter().filter(of_block).find(|evidence| {
                    evidence.claim == maker.claim && evidence.value == maker.value
                });
            facts.take(match known {
                Some(known) => Fact { weight: maker.weight, ..fact_of(known) },
                None => maker,
            });
        }
        facts
    }
}

fn fact_of(evidence: &Evidence) -> Fact {
    Fact {
        source: evidence.source,
        claim: evidence.claim.clone(),
        value: evidence.value.clone(),
        weight: evidence.weight,
        first_seen: evidence.first_seen,
        last_seen: evidence.last_seen,
        count: evidence.count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::device::Signatures;
    use crate::dissect::{SadpKind, SadpMessage};
    use crate::net::MacAddr;

    const CAMERA: MacAddr = MacAddr([0x44, 0xa6, 0x42, 0, 0, 1]);

    fn registry(max_devices: usize) -> Registry {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        Registry::new(catalogue, Signatures::builtin(), max_devices)
    }

    fn at(second: u64) -> Timestamp {
        Timestamp::from_parts(second, 0)
    }

    /// A camera that was seen from second 1 to second 3.
    fn earlier() -> Arc<DeviceProfile> {
        let mut registry = registry(8);
        let ip = Some("10.0.0.5".parse().unwrap());
        let reply = SadpMessage { kind: SadpKind::Reply, ..SadpMessage::default() };
        let camera = registry.claim(CAMERA, ip, at(1)).unwrap();
        registry.note_sadp(camera, &reply, Some(CAMERA), at(2));
        registry.note_sadp(camera, &reply, Some(CAMERA), at(3));
        registry.touch(camera, at(3));
        registry.fresh_profile(camera).unwrap()
    }

    #[test]
    fn a_device_is_the_same_after_a_restart() {
        let earlier = earlier();
        let mut registry = registry(8);

        let restored = registry.restore(&earlier).unwrap();

        assert_eq!(restored, earlier);
        let camera = registry.sender(earlier.addresses.first().copied(), CAMERA, at(100)).unwrap();
        assert!(registry.take_news(camera).is_none(), "nothing about it is new");
        assert_eq!(registry.fresh_profile(camera).unwrap().first_seen, at(1));
        assert_eq!(registry.stats().devices, 1);
    }

    #[test]
    fn a_forgotten_device_comes_back_as_a_new_one() {
        let earlier = earlier();
        let mut registry = registry(8);
        registry.restore(&earlier).unwrap();

        assert!(registry.forget(&earlier.id) && !registry.forget(&earlier.id));

        assert!(registry.pop_forgotten().is_some());
        let again = registry.claim(CAMERA, None, at(100)).unwrap();
        let profile = registry.fresh_profile(again).unwrap();
        assert_eq!((&profile.id, profile.first_seen), (&earlier.id, at(100)));
        assert!(profile.addresses.is_empty());
    }

    #[test]
    fn a_full_registry_takes_nobody_in() {
        let mut registry = registry(1);
        registry.claim(MacAddr([2, 0, 0, 0, 0, 1]), None, at(1)).unwrap();

        assert!(registry.restore(&earlier()).is_none());
    }
}
