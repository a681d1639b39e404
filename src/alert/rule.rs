//! The rules by name, and what is told of each.
//!
//! Comes in: scenes. Goes out: [`AlertRule`], the built-in ones, each with its file under `rules/`.

use super::about::About;
use super::finding::Findings;
use super::memory::Memory;
use super::rules;
use super::scene::Scene;
use super::severity::Severity;

/// EVE `signature_id` of the first rule of the site; built-in ones lie below, all in the range that is left to local rules
/// (1,000,000 to 1,999,999).
pub const FIRST_SITE_SIGNATURE: u32 = 1_001_000;

/// The built-in rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertRule {
    /// A device of a vendor in the catalogue was seen for the first time.
    NewDevice,
    /// A device spoke to a vendor's cloud service for the first time.
    VendorCloudContact,
    /// Two stations use an address of a vendor's device, or say that they are the same unit.
    IdentityConflict,
    /// A vendor's device has another firmware, another address, or another kind.
    DeviceChanged,
    /// A vendor's device has fallen silent.
    DeviceOffline,
    /// A vendor's device that had fallen silent is heard of again.
    DeviceOnline,
}

impl AlertRule {
    /// Every rule, for counters that exist from the start; in the order of their signatures.
    pub const ALL: [Self; 6] = [
        Self::NewDevice,
        Self::VendorCloudContact,
        Self::IdentityConflict,
        Self::DeviceChanged,
        Self::DeviceOffline,
        Self::DeviceOnline,
    ];

    /// The rule's name.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        self.about().name
    }

    /// How urgent it is where the site says nothing else.
    #[must_use]
    pub const fn severity(self) -> Severity {
        self.about().severity
    }

    /// The rule of a name.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_label() == label)
    }

    /// What the rule says of itself.
    #[must_use]
    pub const fn about(self) -> &'static About {
        match self {
            Self::NewDevice => &rules::new_device::ABOUT,
            Self::VendorCloudContact => &rules::vendor_cloud_contact::ABOUT,
            Self::IdentityConflict => &rules::identity_conflict::ABOUT,
            Self::DeviceChanged => &rules::device_changed::ABOUT,
            Self::DeviceOffline => &rules::device_offline::ABOUT,
            Self::DeviceOnline => &rules::device_online::ABOUT,
        }
    }

    /// Lets the rule look at what happened.
    pub(super) fn observe(self, scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
        match self {
            Self::NewDevice => rules::new_device::observe(scene, memory, out),
            Self::VendorCloudContact => rules::vendor_cloud_contact::observe(scene, memory, out),
            Self::IdentityConflict => rules::identity_conflict::observe(scene, memory, out),
            Self::DeviceChanged => rules::device_changed::observe(scene, memory, out),
            Self::DeviceOffline => rules::device_offline::observe(scene, memory, out),
            Self::DeviceOnline => rules::device_online::observe(scene, memory, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_rule_has_a_name_and_a_signature_of_its_own_and_says_what_to_do() {
        let mut names = BTreeSet::new();
        let mut signatures = BTreeSet::new();
        for rule in AlertRule::ALL {
            let about = rule.about();
            assert!(names.insert(about.name) && signatures.insert(about.signature_id));
            assert!((1_000_001..FIRST_SITE_SIGNATURE).contains(&about.signature_id));
            assert!(about.signature.starts_with("HIKWATCH "), "{}", about.signature);
            for text in [about.category, about.trigger, about.advice] {
                assert!(text.len() > 8, "{}: {text}", about.name);
            }
            assert_eq!(AlertRule::from_label(about.name), Some(rule));
        }
    }
}
