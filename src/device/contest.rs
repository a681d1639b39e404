//! Two stations that use one address.
//!
//! Comes in: who claims an address, and who held it. Goes out: the address's new holder, and a conflict of both where both
//! go on. Nothing of what is known of either changes.

use std::net::IpAddr;

use super::registry::Registry;
use super::shelf::DeviceRef;
use crate::net::Timestamp;

impl Registry {
    /// Notes that `to` claims an address that `from` held. When `to` had lost it to another station just before, both
    /// claim it: one of them is not who it says.
    pub(super) fn hand_over(&mut self, ip: IpAddr, from: DeviceRef, to: DeviceRef, now: Timestamp) {
        let is_contested =
            self.shelf.get_mut(to).is_some_and(|dossier| dossier.addresses.regain(ip, now));
        if let Some(dossier) = self.shelf.get_mut(from)
            && dossier.addresses.lose(ip, now)
        {
            dossier.mark_moved();
        }
        if is_contested {
            self.mark_conflict([from, to], now);
        }
    }

    /// Notes that two stations use one address, or claim to be one unit.
    pub(super) fn mark_conflict(&mut self, devices: [DeviceRef; 2], now: Timestamp) {
        for device in devices {
            if let Some(dossier) = self.shelf.get_mut(device) {
                dossier.mark_conflict(now);
            }
        }
    }
}
