//! `identity-conflict`: two stations use an address or a serial number of a vendor's device.

use super::sentence::describe;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::{Memory, Topic};
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;

/// What is remembered once it was reported.
pub(in crate::alert) const REPORTED_CONFLICT: &str = "identity-conflict";

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "identity-conflict",
    signature_id: 1_000_003,
    signature: "HIKWATCH two stations claim the identity of a device",
    category: "Device identity",
    severity: Severity::High,
    trigger: "two stations use an address of a vendor's device, or say that they are the same unit",
    advice: "Look for an address given twice; if there is none, a station poses as the device: find it by its Ethernet address on the switch.",
    learns: false,
    holds: Holding::UntilCleared,
};

/// Looks at what is known of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let (Cue::Profile, Some(vendor)) = (&scene.cue, scene.device.identity.vendor.as_deref()) else {
        return;
    };
    if scene.device.state.conflict.is_none() {
        if memory.knows(Topic::Reported, REPORTED_CONFLICT) {
            memory.unlearn(Topic::Reported, REPORTED_CONFLICT);
            out.clear("");
        }
        return;
    }
    if memory.is_new(Topic::Reported, REPORTED_CONFLICT) {
        let message = format!(
            "Two stations claim to be one device of {vendor} ({}): an address or a serial number of it is used by another \
             station",
            describe(scene.device)
        );
        out.raise("", &message);
    }
}
