//! `dns-bypass`: a device asks for names in a way that the network's own resolver does not see.

use super::sentence::{MAX_TEXT_CHARS, who};
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;
use crate::classify::activity::EvasionKind;
use crate::net::printable;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "dns-bypass",
    signature_id: 1_000_008,
    signature: "HIKWATCH a device walks around the resolver of the network",
    category: "Evasion",
    severity: Severity::Medium,
    trigger: "a device asks a name server outside that the network did not give it, asks for names over HTTP, or over DoH, DoT or DoQ",
    advice: "Blocks of names do not stop it: redirect or refuse port 53 and 853 to anywhere else, and refuse the address that it asks.",
    learns: false,
    holds: Holding::SPELL,
};

/// Looks at a way around the network's rules.
pub(in crate::alert) fn observe(scene: &Scene<'_>, out: &mut Findings) {
    let Cue::Evasion { kind, subject } = &scene.cue else { return };
    let how = match kind {
        EvasionKind::ForeignResolver => "asks a name server that the network did not give it",
        EvasionKind::HttpDns => "asks for names over HTTP",
        EvasionKind::EncryptedDns => "asks for names in encrypted form",
        EvasionKind::BlockedRetrying | EvasionKind::NamelessContact => return,
    };
    let subject = printable(subject, MAX_TEXT_CHARS);
    out.raise(kind.as_label(), &format!("{} {how}: {subject}", who(scene.device)));
}
