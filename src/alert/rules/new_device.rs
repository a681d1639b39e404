//! `new-device`: once for each vendor device, when its confidence first reaches [`NEW_DEVICE_CONFIDENCE`].

use std::fmt::Write;

use super::sentence::{describe, sources, sureness};
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::{Memory, Topic};
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;

/// From this confidence on a device counts as a vendor's: an address block alone suffices, and the message says how
/// sure it is; a name that one source measured does not.
pub const NEW_DEVICE_CONFIDENCE: u8 = 40;

/// What is remembered once it was reported.
pub(in crate::alert) const REPORTED_NEW: &str = "new-device";

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "new-device",
    signature_id: 1_000_001,
    signature: "HIKWATCH new device of a known vendor",
    category: "Device inventory",
    severity: Severity::Low,
    trigger: "a device is taken for one of a vendor in the catalogue for the first time, at least 40 % sure",
    advice: "If nobody knows the device, find it by its addresses and its switch port; give it a name in [[device]] if it belongs here.",
    learns: false,
    holds: Holding::MOMENT,
};

/// Looks at what is known of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let identity = &scene.device.identity;
    let (Cue::Profile, Some(vendor)) = (&scene.cue, identity.vendor.as_deref()) else { return };
    if identity.confidence < NEW_DEVICE_CONFIDENCE {
        out.near_by("", sureness(identity.confidence, NEW_DEVICE_CONFIDENCE), || {
            let confidence = identity.confidence;
            format!("a device of {vendor}, {confidence} % sure of {NEW_DEVICE_CONFIDENCE} %")
        });
        return;
    }
    if !memory.is_new(Topic::Reported, REPORTED_NEW) {
        return;
    }
    let mut message = format!("New device of {vendor}");
    if let Some(maker) = &identity.oem_of {
        write!(message, " (made by {maker})").unwrap_or_default();
    }
    let confidence = identity.confidence;
    write!(message, ": {}, {confidence} % sure", describe(scene.device)).unwrap_or_default();
    let sources = sources(scene.device);
    if !sources.is_empty() {
        write!(message, " by {}", sources.join(", ")).unwrap_or_default();
    }
    out.raise("", &message);
}
