//! What is known of flaws: by builds, and by the requests that use them.
//!
//! Comes in: nothing. Goes out: the compiled lists, shared by all devices.

use crate::catalogue::Exploits;
use crate::device::HintRules;

/// The lists that rules look into.
#[derive(Debug)]
pub(super) struct Lore {
    /// What a device's own words hint at.
    pub(super) hints: HintRules,
    /// Requests by which flaws are used; absent in no program that passed its tests.
    pub(super) exploits: Option<Exploits>,
}

impl Lore {
    pub(super) fn builtin() -> Self {
        Self { hints: HintRules::builtin(), exploits: Exploits::builtin().ok() }
    }
}
