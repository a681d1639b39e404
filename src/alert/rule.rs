//! The rules by name, and what is told of each.
//!
//! Comes in: scenes. Goes out: [`AlertRule`], the built-in ones, each with its file under `rules/`.

use super::about::About;
use super::finding::Findings;
use super::lore::Lore;
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
    /// A device keeps trying to reach its cloud in vain.
    CloudBlockedRetrying,
    /// A device walks around the resolver of the network.
    DnsBypass,
    /// A device speaks to a country that is new to it.
    NewCountry,
    /// A device speaks to somebody outside who is new to it.
    NewDestination,
    /// A device sends video to the outside for a while.
    VideoLeaving,
    /// A device sends video straight to a peer.
    P2pView,
    /// A device that bears another name is made by a vendor of the catalogue.
    RebrandDetected,
    /// A device asks the gateway to open a port.
    PortMapping,
    /// A device answers somebody outside.
    InboundFromInternet,
    /// A known flaw of these devices was tried.
    ExploitAttempt,
    /// A password passed in clear.
    CleartextCredentials,
    /// A device accepts a published default login.
    DefaultLogin,
    /// A device has no password yet.
    NotActivated,
    /// A device states a build with a published flaw.
    VulnerableBuild,
    /// A device scans the network.
    LanScan,
    /// A device speaks to a neighbour that is new to it.
    LateralContact,
    /// The vendor's cloud refuses a device.
    RegistrationRefused,
    /// Too little of a device's traffic is seen.
    CoverageLow,
}

impl AlertRule {
    /// Every rule, for counters that exist from the start; in the order of their signatures.
    pub const ALL: [Self; 24] = [
        Self::NewDevice,
        Self::VendorCloudContact,
        Self::IdentityConflict,
        Self::DeviceChanged,
        Self::DeviceOffline,
        Self::DeviceOnline,
        Self::CloudBlockedRetrying,
        Self::DnsBypass,
        Self::NewCountry,
        Self::NewDestination,
        Self::VideoLeaving,
        Self::P2pView,
        Self::RebrandDetected,
        Self::PortMapping,
        Self::InboundFromInternet,
        Self::ExploitAttempt,
        Self::CleartextCredentials,
        Self::DefaultLogin,
        Self::NotActivated,
        Self::VulnerableBuild,
        Self::LanScan,
        Self::LateralContact,
        Self::RegistrationRefused,
        Self::CoverageLow,
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
            Self::CloudBlockedRetrying => &rules::cloud_blocked_retrying::ABOUT,
            Self::DnsBypass => &rules::dns_bypass::ABOUT,
            Self::NewCountry => &rules::new_country::ABOUT,
            Self::NewDestination => &rules::new_destination::ABOUT,
            Self::VideoLeaving => &rules::video_leaving::ABOUT,
            Self::P2pView => &rules::p2p_view::ABOUT,
            Self::RebrandDetected => &rules::rebrand_detected::ABOUT,
            Self::PortMapping => &rules::port_mapping::ABOUT,
            Self::InboundFromInternet => &rules::inbound_from_internet::ABOUT,
            Self::ExploitAttempt => &rules::exploit_attempt::ABOUT,
            Self::CleartextCredentials => &rules::cleartext_credentials::ABOUT,
            Self::DefaultLogin => &rules::default_login::ABOUT,
            Self::NotActivated => &rules::not_activated::ABOUT,
            Self::VulnerableBuild => &rules::vulnerable_build::ABOUT,
            Self::LanScan => &rules::lan_scan::ABOUT,
            Self::LateralContact => &rules::lateral_contact::ABOUT,
            Self::RegistrationRefused => &rules::registration_refused::ABOUT,
            Self::CoverageLow => &rules::coverage_low::ABOUT,
        }
    }

    /// Lets the rule look at what happened.
    pub(super) fn observe(
        self,
        scene: &Scene<'_>,
        lore: &Lore,
        memory: &mut Memory,
        out: &mut Findings,
    ) {
        match self {
            Self::NewDevice => rules::new_device::observe(scene, memory, out),
            Self::VendorCloudContact => rules::vendor_cloud_contact::observe(scene, memory, out),
            Self::IdentityConflict => rules::identity_conflict::observe(scene, memory, out),
            Self::DeviceChanged => rules::device_changed::observe(scene, memory, out),
            Self::DeviceOffline => rules::device_offline::observe(scene, out),
            Self::DeviceOnline => rules::device_online::observe(scene, memory, out),
            Self::CloudBlockedRetrying => rules::cloud_blocked_retrying::observe(scene, out),
            Self::DnsBypass => rules::dns_bypass::observe(scene, out),
            Self::NewCountry => rules::new_country::observe(scene, memory, out),
            Self::NewDestination => rules::new_destination::observe(scene, memory, out),
            Self::VideoLeaving => rules::video_leaving::observe(scene, memory, out),
            Self::P2pView => rules::p2p_view::observe(scene, memory, out),
            Self::RebrandDetected => rules::rebrand_detected::observe(scene, memory, out),
            Self::PortMapping => rules::port_mapping::observe(scene, out),
            Self::InboundFromInternet => rules::inbound_from_internet::observe(scene, out),
            Self::ExploitAttempt => rules::exploit_attempt::observe(scene, lore, out),
            Self::CleartextCredentials => rules::cleartext_credentials::observe(scene, out),
            Self::DefaultLogin => rules::default_login::observe(scene, memory, out),
            Self::NotActivated => rules::not_activated::observe(scene, out),
            Self::VulnerableBuild => rules::vulnerable_build::observe(scene, lore, memory, out),
            Self::LanScan => rules::lan_scan::observe(scene, memory, out),
            Self::LateralContact => rules::lateral_contact::observe(scene, memory, out),
            Self::RegistrationRefused => rules::registration_refused::observe(scene, memory, out),
            Self::CoverageLow => rules::coverage_low::observe(scene, out),
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
                assert!(text.len() > 5, "{}: {text}", about.name);
            }
            assert_eq!(AlertRule::from_label(about.name), Some(rule));
        }
    }
}
