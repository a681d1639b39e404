//! `coverage-low`: too little of a device's traffic is seen to say what it did.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;
use crate::classify::activity::ActivityState;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "coverage-low",
    signature_id: 1_000_024,
    signature: "HIKWATCH too little of a device's traffic is seen",
    category: "Coverage",
    severity: Severity::Low,
    trigger: "an hour of a device ends with the verdict unknown because something limits what is seen; resolved with the first hour \
              that can be judged",
    advice: "`hikwatch status` and the log say what limits it: drops, one direction only, offloaded flows; the README says what to do about each.",
    learns: false,
    holds: Holding::UntilCleared,
};

/// Looks at an hour that was judged.
pub(in crate::alert) fn observe(scene: &Scene<'_>, out: &mut Findings) {
    let Cue::Hour(hour) = &scene.cue else { return };
    if !hour.complete {
        return;
    }
    if hour.state != ActivityState::Unknown {
        out.clear("");
        return;
    }
    let why = hour.sight.limits.first().map_or("not all of it was seen", |limit| &**limit);
    let message =
        format!("What {} did in the last hour cannot be judged: {why}", who(scene.device));
    out.raise("", &message);
}
