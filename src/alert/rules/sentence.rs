//! Parts of sentences that several rules share: who the device is.
//!
//! Comes in: a profile. Goes out: words for a person; text from the network is cleaned and cut.

use std::fmt::Write;

use crate::device::{DeviceKind, DeviceProfile, EvidenceSource};
use crate::net::printable;

/// Most characters of a text from the network in a message.
pub(super) const MAX_TEXT_CHARS: usize = 64;

/// Kind, model and first address, with the owner's name where it has one.
pub(super) fn describe(profile: &DeviceProfile) -> String {
    let mut text = match profile.identity.kind {
        DeviceKind::Unknown => "kind unknown".to_owned(),
        DeviceKind::Camera
        | DeviceKind::Recorder
        | DeviceKind::Doorbell
        | DeviceKind::AccessControl
        | DeviceKind::Intercom => profile.identity.kind.as_label().to_owned(),
    };
    if let Some(name) = profile.label.as_ref().and_then(|label| label.name.as_deref()) {
        text = format!("{}, {text}", printable(name, MAX_TEXT_CHARS));
    }
    if let Some(model) = &profile.identity.model {
        write!(text, " {}", printable(model, MAX_TEXT_CHARS)).unwrap_or_default();
    }
    if let Some(address) = profile.addresses.first() {
        write!(text, " at {address}").unwrap_or_default();
    }
    text
}

/// The device as the subject of a sentence: `Device of ezviz (camera C6N at 192.0.2.7)`.
pub(super) fn who(profile: &DeviceProfile) -> String {
    match &profile.identity.vendor {
        Some(vendor) => format!("Device of {vendor} ({})", describe(profile)),
        None => format!("A client that is no known camera ({})", describe(profile)),
    }
}

/// The kinds of evidence that the identity rests on, each once.
pub(super) fn sources(profile: &DeviceProfile) -> Vec<&'static str> {
    let mut sources: Vec<EvidenceSource> =
        profile.evidence.iter().filter(|fact| fact.weight > 0).map(|fact| fact.source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources.into_iter().map(EvidenceSource::as_label).collect()
}

/// How sure something is, of how sure it has to be.
pub(super) fn sureness(confidence: u8, needed: u8) -> (u64, u64) {
    (u64::from(confidence), u64::from(needed))
}
