//! `default-login`: a device let somebody in with a login that everybody knows.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::Memory;
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "default-login",
    signature_id: 1_000_018,
    signature: "HIKWATCH a device accepts a published default login",
    category: "Exposure",
    severity: Severity::High,
    trigger: "a vendor's device answers a request with a published default login with success",
    advice: "Set a password of your own now, and look at who has been in.",
    learns: false,
    holds: Holding::SPELL,
};

/// Looks at what is known of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let Cue::Profile = &scene.cue else { return };
    let latest = scene.device.state.default_login;
    let known = std::mem::replace(&mut memory.default_login, latest);
    if latest.is_some() && latest != known {
        out.raise("", &format!("{} let somebody in with a default login", who(scene.device)));
    }
}
