//! `not-activated`: a device says that no password was ever set.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "not-activated",
    signature_id: 1_000_019,
    signature: "HIKWATCH a device has no password yet",
    category: "Exposure",
    severity: Severity::High,
    trigger: "a vendor's device says by SADP that it is not activated; resolved when it says that it is",
    advice: "Activate it and set a password before somebody else does.",
    learns: false,
    holds: Holding::UntilCleared,
};

/// Looks at what is known of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, out: &mut Findings) {
    let Cue::Profile = &scene.cue else { return };
    match scene.device.state.activated {
        Some(false) => {
            out.raise("", &format!("{} says that no password was ever set", who(scene.device)));
        }
        Some(true) => out.clear(""),
        None => {}
    }
}
