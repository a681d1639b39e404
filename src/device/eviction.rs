//! Who is forgotten when the registry is full.
//!
//! Comes in: a newcomer's rank. Goes out: room, or a refusal. A flood of made-up addresses displaces made-up addresses:
//! a device that was heard of for a while goes after those that were not, and a confirmed one never goes.

use std::time::Duration;

use super::departure::Fate;
use super::dossier::Dossier;
use super::registry::Registry;
use super::shelf::DeviceRef;
use crate::net::Timestamp;

/// When the registry is full, up to this share of it (one in ...) is forgotten at once, so that a flood of made-up
/// addresses does not make every newcomer search the whole registry.
const EVICTION_SHARE: usize = 16;

/// Vendor devices from this confidence on are never forgotten for one below it.
const CONFIRMED: u8 = 60;

/// A device that was heard of for so long is no passing one ...
const STANDING: Duration = Duration::from_secs(60);

/// ... unless it has been silent for so long.
const SILENCE: Duration = Duration::from_secs(3600);

/// How much a device is worth keeping; a newcomer never displaces a device of a higher rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Ordinary,
    Vendor,
    ConfirmedVendor,
}

impl Rank {
    const fn of(dossier: &Dossier) -> Self {
        if !dossier.is_vendor_device() {
            Self::Ordinary
        } else if dossier.confidence() < CONFIRMED {
            Self::Vendor
        } else {
            Self::ConfirmedVendor
        }
    }
}

impl Registry {
    /// Makes room for a newcomer of `rank`, which is at most [`Rank::Vendor`]: the lower ranks first, then passing
    /// devices, then those silent for longest. Of a vendor's devices those that stand stay.
    pub(super) fn evict(&mut self, rank: Rank, now: Timestamp) -> bool {
        let mut candidates: Vec<(Rank, bool, Timestamp, DeviceRef)> = self
            .shelf
            .iter()
            .map(|(device, dossier)| {
                let is_standing = dossier.last_seen().since(dossier.first_seen()) >= STANDING
                    && now.since(dossier.last_seen()) < SILENCE;
                (Rank::of(dossier), is_standing, dossier.last_seen(), device)
            })
            .filter(|(theirs, is_standing, ..)| {
                *theirs < rank || (*theirs == rank && !(*is_standing && *theirs == Rank::Vendor))
            })
            .collect();
        candidates.sort_by_key(|(theirs, is_standing, last_seen, device)| {
            (*theirs, *is_standing, *last_seen, device.arrival)
        });
        let passing = candidates.iter().filter(|(_, is_standing, ..)| !is_standing).count();
        let room = self.max_devices().div_ceil(EVICTION_SHARE).min(passing).max(1);
        let mut evicted = 0;
        for (.., device) in candidates.into_iter().take(room) {
            let last = self.profile(device).filter(|profile| profile.is_vendor_device());
            evicted += u64::from(self.remove(device, Fate::Evicted(last)).is_some());
        }
        self.count_evicted(evicted);
        evicted > 0
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::device::Signatures;
    use crate::dissect::{SadpKind, SadpMessage};
    use crate::net::MacAddr;

    const MAX: usize = 512;

    fn reply() -> SadpMessage {
        SadpMessage { kind: SadpKind::Reply, ..SadpMessage::default() }
    }

    /// A camera that was confirmed and one that is known by its address block alone, then `forged` more, each a
    /// millisecond after the other, each with a reply that the flood forges too.
    fn flooded(forged: u32, mac_of: impl Fn(u32) -> MacAddr) -> (Registry, [DeviceRef; 2]) {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        let mut registry = Registry::new(catalogue, Signatures::builtin(), MAX);
        let ip = |number: u32| Some(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number)));
        let mac = |last| MacAddr([0x44, 0xa6, 0x42, 0, 0, last]);
        let known = [(1, mac(1)), (2, mac(2))]
            .map(|(number, mac)| registry.claim(mac, ip(number), Timestamp::ZERO).unwrap());
        registry.note_sadp(known[0], &reply(), None, Timestamp::ZERO);
        for second in 0..100 {
            for device in known {
                registry.touch(device, Timestamp::from_parts(second, 0));
            }
        }
        for number in 0..forged {
            let now = Timestamp::from_parts(100, 0).plus(Duration::from_millis(number.into()));
            if let Some(device) = registry.claim(mac_of(number), ip(10 + number), now) {
                registry.note_sadp(device, &reply(), None, now);
            }
        }
        (registry, known)
    }

    #[test]
    fn a_hundred_thousand_forged_stations_evict_no_camera() {
        for vendor_block in [false, true] {
            let (mut registry, known) = flooded(100_000, |number| {
                let [_, b, c, d] = number.to_be_bytes();
                if vendor_block {
                    MacAddr([0x44, 0xa6, 0x42, 1 + b, c, d])
                } else {
                    MacAddr([0x02, 0, 1, b, c, d])
                }
            });

            assert!(registry.stats().devices <= MAX);
            assert!(registry.by_mac.len() <= MAX && registry.by_ip.len() <= 2 * MAX);
            let stats = registry.stats();
            assert_eq!(stats.refused + stats.evicted + stats.devices as u64, 100_002);
            assert!(registry.profile(known[0]).is_some_and(|p| p.identity.confidence >= 60));
            assert!(registry.profile(known[1]).is_some());
        }
    }
}
