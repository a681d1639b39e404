//! `cloud-blocked-retrying`: a device goes on trying although nobody answers, or its names are refused.

use super::sentence::{MAX_TEXT_CHARS, who};
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;
use crate::classify::activity::EvasionKind;
use crate::net::printable;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "cloud-blocked-retrying",
    signature_id: 1_000_007,
    signature: "HIKWATCH a device keeps trying to reach a cloud that does not answer",
    category: "Vendor cloud traffic",
    severity: Severity::Medium,
    trigger: "within an hour at least three attempts of a device to reach a standing service of its cloud fail: nobody answers, the \
              connection is refused, or the name leads nowhere",
    advice: "If you blocked it, the block holds; the device goes on for ever, so give it a network of its own. If you did not, the service or the line is down.",
    learns: false,
    holds: Holding::SPELL,
};

/// Looks at a way around the network's rules.
pub(in crate::alert) fn observe(scene: &Scene<'_>, out: &mut Findings) {
    let Cue::Evasion { kind: EvasionKind::BlockedRetrying, subject } = &scene.cue else { return };
    let message = format!(
        "{} keeps trying to reach {}, which does not answer or is refused",
        who(scene.device),
        printable(subject, MAX_TEXT_CHARS)
    );
    out.raise("", &message);
}
