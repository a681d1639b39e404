//! `device-changed`: a vendor's device has another firmware, another address, or turns out to be of another kind.

use super::sentence::{MAX_TEXT_CHARS, who};
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::{Memory, Topic};
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;
use crate::device::{DeviceChange, DeviceKind};
use crate::net::printable;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "device-changed",
    signature_id: 1_000_004,
    signature: "HIKWATCH a device of a known vendor has changed",
    category: "Device inventory",
    severity: Severity::Low,
    trigger: "a vendor's device states another firmware, uses another IPv4 address, or is taken for another kind than before",
    advice: "Compare with what was planned: an update nobody ordered, or an address that moved, may be a replaced or reset unit.",
    learns: false,
    holds: Holding::MOMENT,
};

/// Looks at what is known of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let Cue::Profile = &scene.cue else { return };
    for change in &scene.device.state.changes {
        if !memory.is_new(Topic::Change, &change_text(change)) {
            continue;
        }
        let message = format!(
            "{} has another {}: {} instead of {}",
            who(scene.device),
            change.what.as_label(),
            printable(&change.to, MAX_TEXT_CHARS),
            printable(&change.from, MAX_TEXT_CHARS),
        );
        out.raise(change.what.as_label(), &message);
    }
    let kind = scene.device.identity.kind;
    let known = std::mem::replace(&mut memory.kind, kind);
    if known != kind && known != DeviceKind::Unknown && kind != DeviceKind::Unknown {
        let message = format!("{} was taken for a {} before", who(scene.device), known.as_label());
        out.raise("kind", &message);
    }
}

/// What a change is remembered by.
pub(in crate::alert) fn change_text(change: &DeviceChange) -> String {
    format!("{} {} {} {}", change.what.as_label(), change.at.as_nanos(), change.from, change.to)
}
