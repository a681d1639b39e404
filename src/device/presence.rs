//! Who is there and who is not, and which conflicts are over.
//!
//! Comes in: the time, and how long a device may be silent. Goes out: the devices of which something changed by the time
//! alone. It is asked now and then, not for each packet.

use std::time::Duration;

use super::Presence;
use super::registry::Registry;
use super::shelf::DeviceRef;
use crate::net::Timestamp;

impl Registry {
    /// Notes who has been silent for longer than `offline_after`, and whose conflict is over; gives the devices of which that
    /// is news.
    pub(crate) fn settle_presence(
        &mut self,
        offline_after: Duration,
        now: Timestamp,
    ) -> Vec<DeviceRef> {
        let mut changed = Vec::new();
        for (device, dossier) in self.shelf.iter_with_mut() {
            // A run that has read nothing yet knows no time: who was silent at the end of an earlier run still is.
            if now < dossier.last_seen() {
                continue;
            }
            let presence = if now.since(dossier.last_seen()) > offline_after {
                Presence::Offline
            } else {
                Presence::Online
            };
            let is_news = dossier.set_presence(presence) | dossier.settle_conflict(now);
            if is_news && dossier.is_listed() {
                changed.push(device);
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::device::Signatures;
    use crate::net::MacAddr;

    #[test]
    fn a_silent_camera_goes_offline_once_and_comes_back_with_its_next_packet() {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        let mut registry = Registry::new(catalogue, Signatures::builtin(), 8);
        let at = |second| Timestamp::from_parts(second, 0);
        let patience = Duration::from_secs(900);
        let camera = registry.claim(MacAddr([0x44, 0xa6, 0x42, 0, 0, 1]), None, at(0)).unwrap();
        let presence = |registry: &mut Registry| registry.profile(camera).unwrap().state.presence;
        registry.take_news(camera);

        assert_eq!(registry.settle_presence(patience, at(900)), []);
        assert_eq!(registry.settle_presence(patience, at(901)), [camera]);
        assert_eq!(registry.settle_presence(patience, at(902)), []);
        assert_eq!(presence(&mut registry), Presence::Offline);
        assert!(registry.take_news(camera).is_some());

        registry.touch(camera, at(1_000));
        assert_eq!(presence(&mut registry), Presence::Online);
        assert!(registry.take_news(camera).is_some());
    }

    #[test]
    fn who_was_silent_in_an_earlier_run_is_so_until_heard_of() {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        let mut registry = Registry::new(catalogue, Signatures::builtin(), 8);
        let at = |second| Timestamp::from_parts(second, 0);
        let patience = Duration::from_secs(900);
        let camera = registry.claim(MacAddr([0x44, 0xa6, 0x42, 0, 0, 1]), None, at(5_000)).unwrap();
        registry.settle_presence(patience, at(6_000));
        registry.take_news(camera);

        for before_the_first_frame in [Timestamp::ZERO, at(4_999)] {
            assert_eq!(registry.settle_presence(patience, before_the_first_frame), []);
        }
        assert_eq!(registry.profile(camera).unwrap().state.presence, Presence::Offline);
    }

    #[test]
    fn a_conflict_is_over_a_day_after_its_last_sign() {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        let mut registry = Registry::new(catalogue, Signatures::builtin(), 8);
        let at = |second| Timestamp::from_parts(second, 0);
        let patience = Duration::from_secs(1_000_000);
        let camera = registry.claim(MacAddr([0x44, 0xa6, 0x42, 0, 0, 1]), None, at(0)).unwrap();
        registry.mark_conflict([camera, camera], at(10));
        registry.mark_conflict([camera, camera], at(1_000));
        let conflict = |registry: &mut Registry| registry.profile(camera).unwrap().state.conflict;

        assert_eq!(registry.settle_presence(patience, at(86_500)), []);
        assert_eq!(conflict(&mut registry), Some(at(10)));
        assert_eq!(registry.settle_presence(patience, at(87_500)), [camera]);
        assert_eq!(conflict(&mut registry), None);
    }
}
