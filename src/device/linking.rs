//! One unit with several addresses: wired and Wi-Fi, or one that came back with another address.
//!
//! Comes in: a device that named its serial number. Goes out: one entry for the unit, or a conflict. Two entries are
//! taken for one unit only when each stands for the vendor by its Ethernet address (a block of the vendor, or of a maker
//! whose modules were found in its devices), or both are known by IP address alone; a station that only says a camera's
//! serial number is a conflict, and changes nothing of the camera.

use super::departure::Fate;
use super::dossier::Dossier;
use super::registry::Registry;
use super::shelf::DeviceRef;
use crate::catalogue::Grade;
use crate::net::{MacAddr, Timestamp};

/// Most Ethernet addresses of one unit: wired, Wi-Fi, and one of each after a repair.
pub(super) const MAX_MACS: usize = 4;

/// What two entries with one serial number are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    OneUnit,
    /// Nothing follows.
    Unclear,
    Conflict,
}

impl Registry {
    /// Looks whether another entry has the serial number that `device` has. The entry that leaves may be either.
    pub(super) fn link_by_serial(&mut self, device: DeviceRef, now: Timestamp) {
        let Some(serial) = self.shelf.get(device).and_then(Dossier::unit_serial) else { return };
        let other = self.by_serial.get(serial).copied().filter(|&other| {
            // The other one may have left, or be known by another number by now.
            self.shelf.get(other).and_then(Dossier::unit_serial) == Some(serial)
        });
        let Some(other) = other else {
            let serial = Box::from(serial);
            self.make_room_for_serial();
            self.by_serial.insert(serial, device);
            return;
        };
        if other == device {
            return;
        }
        match self.relation(device, other) {
            Relation::OneUnit => {}
            Relation::Unclear => return,
            Relation::Conflict => {
                self.mark_conflict([device, other], now);
                return;
            }
        }
        let first_seen = |device| self.shelf.get(device).map(Dossier::first_seen);
        let (stays, leaves) =
            if first_seen(other) <= first_seen(device) { (other, device) } else { (device, other) };
        self.unite(stays, leaves);
    }

    /// Keeps stations that say one number after the other from filling the memory.
    fn make_room_for_serial(&mut self) {
        if self.by_serial.len() > 2 * self.max_devices() {
            let shelf = &self.shelf;
            self.by_serial.retain(|serial, device| {
                shelf.get(*device).and_then(Dossier::unit_serial) == Some(&**serial)
            });
        }
    }

    /// What two entries with one serial number are to each other.
    fn relation(&self, a: DeviceRef, b: DeviceRef) -> Relation {
        let (Some(a), Some(b)) = (self.shelf.get(a), self.shelf.get(b)) else {
            return Relation::Unclear;
        };
        // One is next to us and the other behind a router: it may be a unit seen at two places, or anybody.
        if a.macs().is_empty() != b.macs().is_empty() {
            return Relation::Unclear;
        }
        let are_credible = [a, b].iter().all(|dossier| {
            !dossier.is_in_conflict() && dossier.macs().iter().all(|mac| self.is_credible(*mac))
        });
        if are_credible && a.macs().len() + b.macs().len() <= MAX_MACS {
            Relation::OneUnit
        } else {
            Relation::Conflict
        }
    }

    /// Tells whether a unit of a vendor may have this Ethernet address.
    fn is_credible(&self, mac: MacAddr) -> bool {
        let catalogue = self.catalogue();
        catalogue.maker(mac).is_some_and(|maker| maker.grade != Grade::D)
            || catalogue.third_party(mac).is_some()
    }

    /// Folds the entry `leaves` into the entry `stays`, with all its addresses.
    fn unite(&mut self, stays: DeviceRef, leaves: DeviceRef) {
        let Some(absorbed) = self.remove(leaves, Fate::JoinedTo(stays)) else { return };
        for &mac in absorbed.macs() {
            self.by_mac.insert(mac, stays);
        }
        let held: Vec<_> = absorbed.addresses.iter().collect();
        for held in &held {
            self.by_ip.insert(held.ip, stays);
        }
        if let Some(serial) = absorbed.unit_serial() {
            self.by_serial.insert(serial.into(), stays);
        }
        let Some(dossier) = self.shelf.get_mut(stays) else { return };
        for held in held {
            dossier.addresses.hold(held.ip, held.claimed, held.last_seen);
        }
        dossier.absorb(absorbed, &self.signatures);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::device::Signatures;
    use crate::dissect::{SadpKind, SadpMessage};

    const WIRED: &str = "44:a6:42:00:00:01";
    /// A module maker whose modules were found in EZVIZ cameras.
    const WIFI: &str = "80:91:33:00:00:01";
    const LAPTOP: &str = "02:00:00:00:00:07";

    fn mac(text: &str) -> MacAddr {
        text.parse().unwrap()
    }

    fn at(second: u64) -> Timestamp {
        Timestamp::from_parts(second, 0)
    }

    fn registry() -> Registry {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        Registry::new(catalogue, Signatures::builtin(), 64)
    }

    /// A station says by SADP that it is the unit with this serial number.
    fn says(registry: &mut Registry, address: &str, serial: &str, second: u64) -> DeviceRef {
        let (ip, mac) = (format!("10.0.0.{second}").parse().unwrap(), mac(address));
        let device = registry.sender(Some(ip), mac, at(second)).unwrap();
        let message = SadpMessage {
            kind: SadpKind::Reply,
            device_description: Some("DS-2CD2385G1-I".into()),
            serial: Some(format!("DS-2CD2385G1-I20200414AAWR{serial}")),
            mac: Some(mac),
            ..SadpMessage::default()
        };
        registry.note_sadp(device, &message, Some(mac), at(second));
        device
    }

    #[test]
    fn two_addresses_of_one_unit_are_one_entry() {
        let mut registry = registry();
        let wired = says(&mut registry, WIRED, "E33842150", 1);
        let wifi = says(&mut registry, WIFI, "E33842150", 2);

        let profile = registry.profile(wired).unwrap();
        assert_eq!((profile.mac, &*profile.other_macs), (Some(mac(WIRED)), &[mac(WIFI)][..]));
        assert_eq!(profile.addresses.len(), 2);
        assert_eq!(profile.state.conflict, None);
        assert!(registry.profile(wifi).is_none());
        assert_eq!(registry.sender(None, mac(WIFI), at(3)), Some(wired));
        assert_eq!(registry.stats().devices, 1);
    }

    #[test]
    fn a_laptop_with_the_serial_number_of_a_camera_changes_nothing_of_it() {
        let mut registry = registry();
        let camera = says(&mut registry, WIRED, "E33842150", 1);
        let before = registry.profile(camera).unwrap();
        let laptop = says(&mut registry, LAPTOP, "E33842150", 2);

        let after = registry.profile(camera).unwrap();
        assert_eq!(after.state.conflict, Some(at(2)));
        assert_eq!((&after.identity, &after.addresses), (&before.identity, &before.addresses));
        assert!(after.other_macs.is_empty() && registry.profile(laptop).is_some());
    }

    #[test]
    fn a_host_behind_a_router_that_says_the_serial_number_stays_apart() {
        let mut registry = registry();
        let camera = says(&mut registry, WIRED, "E33842150", 1);
        let far = says(&mut registry, "00:00:00:00:00:00", "E33842150", 2);

        assert_ne!(camera, far);
        for device in [camera, far] {
            let profile = registry.profile(device).unwrap();
            assert_eq!((profile.addresses.len(), profile.state.conflict), (1, None));
        }
    }

    #[test]
    fn a_unit_behind_a_router_that_got_another_address_is_the_same() {
        let mut registry = registry();
        let first = says(&mut registry, "00:00:00:00:00:00", "E33842150", 1);
        says(&mut registry, "00:00:00:00:00:00", "E33842150", 2);

        assert_eq!(registry.profile(first).unwrap().addresses.len(), 2);
        assert_eq!(registry.stats().devices, 1);
    }

    #[test]
    fn a_unit_gathers_few_addresses_and_more_are_a_conflict() {
        let mut registry = registry();
        let camera = says(&mut registry, WIRED, "E33842150", 1);
        for number in 2..40 {
            says(&mut registry, &format!("44:a6:42:00:00:{number:02x}"), "E33842150", number);
        }

        let profile = registry.profile(camera).unwrap();
        assert_eq!(profile.other_macs.len() + 1, MAX_MACS);
        assert!(profile.state.conflict.is_some());
    }

    #[test]
    fn one_number_after_the_other_does_not_fill_the_memory() {
        let mut registry = registry();
        for number in 0..2_000_u64 {
            says(&mut registry, WIRED, &format!("E{number:08}"), 1 + number % 4);
        }
        assert!(registry.by_serial.len() <= 2 * registry.max_devices() + 1);
        assert_eq!(registry.stats().devices, 1);
    }
}
