//! `rebrand-detected`: a device that bears another name turns out to be made by a vendor of the catalogue.

use super::new_device::NEW_DEVICE_CONFIDENCE;
use super::sentence::{describe, sources, sureness};
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::{Memory, Topic};
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;

/// What is remembered once it was reported.
pub(in crate::alert) const REPORTED_REBRAND: &str = "rebrand-detected";

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "rebrand-detected",
    signature_id: 1_000_013,
    signature: "HIKWATCH a rebranded device was recognised",
    category: "Device inventory",
    severity: Severity::Low,
    trigger: "a device is taken for one of a brand behind which another vendor of the catalogue is the maker, at least 40 % sure",
    advice: "Count it as a device of its maker: the same flaws and the same cloud apply. `hikwatch devices show` lists the evidence.",
    learns: false,
    holds: Holding::MOMENT,
};

/// Looks at what is known of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let identity = &scene.device.identity;
    let (Cue::Profile, Some(brand), Some(maker)) =
        (&scene.cue, identity.vendor.as_deref(), identity.oem_of.as_deref())
    else {
        return;
    };
    if identity.confidence < NEW_DEVICE_CONFIDENCE {
        out.near_by("", sureness(identity.confidence, NEW_DEVICE_CONFIDENCE), || {
            let confidence = identity.confidence;
            format!("{brand} by {maker}, {confidence} % sure of {NEW_DEVICE_CONFIDENCE} %")
        });
        return;
    }
    if !memory.is_new(Topic::Reported, REPORTED_REBRAND) {
        return;
    }
    let message = format!(
        "Device of {brand} ({}) is made by {maker}, {} % sure by {}",
        describe(scene.device),
        identity.confidence,
        sources(scene.device).join(", ")
    );
    out.raise("", &message);
}
