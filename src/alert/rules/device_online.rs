//! `device-online`: a vendor's device that had fallen silent is heard of again.

use super::new_device::NEW_DEVICE_CONFIDENCE;
use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::Memory;
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;
use crate::device::Presence;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "device-online",
    signature_id: 1_000_006,
    signature: "HIKWATCH a silent device of a known vendor is heard of again",
    category: "Device inventory",
    severity: Severity::Low,
    trigger: "a vendor's device that had fallen silent sends something again",
    advice: "Nothing to do if it was restarted or moved on purpose.",
    learns: false,
    holds: Holding::MOMENT,
};

/// Looks at what is known of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let Cue::Profile = &scene.cue else { return };
    let is_silent = scene.device.state.presence == Presence::Offline;
    let was_silent = std::mem::replace(&mut memory.was_silent, is_silent);
    if was_silent && !is_silent && scene.device.identity.confidence >= NEW_DEVICE_CONFIDENCE {
        out.raise("", &format!("{} is heard of again", who(scene.device)));
    }
}
