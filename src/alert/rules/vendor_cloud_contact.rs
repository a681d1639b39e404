//! `vendor-cloud-contact`: the first contact of a device with a cloud service of which the verdict is sure enough.

use std::fmt::Write;

use super::sentence::{MAX_TEXT_CHARS, sureness, who};
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::{Memory, Topic};
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;
use crate::net::printable;

/// From this confidence on a verdict on a destination is told as a contact: a port alone is none.
pub const CONTACT_CONFIDENCE: u8 = 50;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "vendor-cloud-contact",
    signature_id: 1_000_002,
    signature: "HIKWATCH first contact to a vendor cloud service",
    category: "Vendor cloud traffic",
    severity: Severity::Medium,
    trigger: "a device speaks to a service of a vendor's cloud that it has not spoken to before, at least 50 % sure",
    advice: "If the cloud is not wanted, put the device on a network of its own without a way out; blocking single addresses does not last.",
    learns: false,
    holds: Holding::MOMENT,
};

/// Looks at a flow to a cloud service.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let Cue::Flow(flow) = &scene.cue else { return };
    let Some(destination) = flow.destination.filter(|_| flow.is_first_told) else { return };
    if destination.confidence < CONTACT_CONFIDENCE {
        out.near_by(
            &destination.service,
            sureness(destination.confidence, CONTACT_CONFIDENCE),
            || {
                let confidence = destination.confidence;
                format!("{}, {confidence} % sure of {CONTACT_CONFIDENCE} %", destination.service)
            },
        );
        return;
    }
    if !memory.is_new(Topic::Service, &destination.service) {
        return;
    }
    let mut message = format!(
        "{} spoke to the cloud of {}: {}, {}",
        who(scene.device),
        destination.vendor,
        destination.service,
        destination.role.as_label(),
    );
    if let Some(domain) = &destination.domain {
        write!(message, ", {}", printable(domain, MAX_TEXT_CHARS)).unwrap_or_default();
    }
    out.raise_at(&destination.service, &message, Some(destination));
}
