//! `device-offline`: a vendor's device has been silent for longer than `devices.offline_after`.

use super::new_device::NEW_DEVICE_CONFIDENCE;
use super::sentence::{sureness, who};
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;
use crate::device::Presence;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "device-offline",
    signature_id: 1_000_005,
    signature: "HIKWATCH a device of a known vendor has fallen silent",
    category: "Device inventory",
    severity: Severity::Low,
    trigger: "a vendor's device was not heard of for longer than `devices.offline_after`",
    advice: "Look at its power and its cable; a camera that was taken away or cut off falls silent too.",
    learns: false,
    holds: Holding::UntilCleared,
};

/// Looks at what is known of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, out: &mut Findings) {
    let Cue::Profile = &scene.cue else { return };
    match scene.device.state.presence {
        Presence::Online => out.clear(""),
        Presence::Offline if scene.device.identity.confidence >= NEW_DEVICE_CONFIDENCE => {
            out.raise("", &format!("{} has fallen silent", who(scene.device)));
        }
        Presence::Offline => {
            let confidence = scene.device.identity.confidence;
            out.near_by("", sureness(confidence, NEW_DEVICE_CONFIDENCE), || {
                format!(
                    "silent, and {confidence} % sure to be a vendor's of {NEW_DEVICE_CONFIDENCE} %"
                )
            });
        }
    }
}
