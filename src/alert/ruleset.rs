//! The rules: what is worth an alert, and that each is raised once.
//!
//! Comes in: profiles, and contacts of a device with a cloud service. Goes out: [`Alert`]s. It never sends anything.

use std::fmt::Write;
use std::sync::Arc;

use super::remembered::Remembered;
use super::{Alert, AlertRule};
use crate::classify::Destination;
use crate::device::{DeviceId, DeviceKind, DeviceProfile, EvidenceSource};
use crate::net::{Timestamp, printable};

/// From this confidence on a device counts as a vendor's: an address block alone suffices, and the message says how
/// sure it is; a name that one source measured does not.
pub const NEW_DEVICE_CONFIDENCE: u8 = 40;

/// From this confidence on a verdict on a destination is told as a contact: a port alone is none.
pub const CONTACT_CONFIDENCE: u8 = 50;

/// Most devices that are remembered as reported; guards against a flood of made-up addresses.
const MAX_REPORTED_DEVICES: usize = 16_384;

/// Most pairs of device and service that are remembered as reported.
const MAX_REPORTED_CONTACTS: usize = 65_536;

/// Most characters of a text from the network in a message.
const MAX_TEXT_CHARS: usize = 64;

/// The rules with what they already reported.
#[derive(Debug)]
pub struct Ruleset {
    devices: Remembered<DeviceId>,
    contacts: Remembered<(DeviceId, Arc<str>)>,
    conflicts: Remembered<DeviceId>,
}

impl Ruleset {
    /// Rules that have reported nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            devices: Remembered::new(MAX_REPORTED_DEVICES),
            contacts: Remembered::new(MAX_REPORTED_CONTACTS),
            conflicts: Remembered::new(MAX_REPORTED_DEVICES),
        }
    }

    /// What a changed profile gives: `new-device`, `identity-conflict`.
    pub fn observe_profile(
        &mut self,
        profile: &Arc<DeviceProfile>,
        now: Timestamp,
    ) -> impl Iterator<Item = Alert> + use<> {
        let new_device = self.new_device(profile, now);
        new_device.into_iter().chain(self.identity_conflict(profile, now))
    }

    /// `identity-conflict`: once for each vendor device.
    fn identity_conflict(&mut self, profile: &Arc<DeviceProfile>, now: Timestamp) -> Option<Alert> {
        let vendor = profile.identity.vendor.as_deref()?;
        profile.state.conflict?;
        if !self.conflicts.insert(profile.id.clone()) {
            return None;
        }
        Some(Alert {
            timestamp: now,
            rule: AlertRule::IdentityConflict,
            message: format!(
                "Two stations claim to be one device of {vendor} ({}): an address or a serial number of it is used by \
                 another station",
                describe(profile)
            ),
            device: Arc::clone(profile),
            destination: None,
        })
    }

    /// `new-device`: once for each vendor device, when its confidence first reaches [`NEW_DEVICE_CONFIDENCE`].
    fn new_device(&mut self, profile: &Arc<DeviceProfile>, now: Timestamp) -> Option<Alert> {
        let vendor = profile.identity.vendor.as_deref()?;
        if profile.identity.confidence < NEW_DEVICE_CONFIDENCE
            || !self.devices.insert(profile.id.clone())
        {
            return None;
        }
        let confidence = profile.identity.confidence;
        let mut message = format!("New device of {vendor}");
        if let Some(maker) = &profile.identity.oem_of {
            write!(message, " (made by {maker})").unwrap_or_default();
        }
        write!(message, ": {}, {confidence} % sure", describe(profile)).unwrap_or_default();
        let sources = sources(profile);
        if !sources.is_empty() {
            write!(message, " by {}", sources.join(", ")).unwrap_or_default();
        }
        Some(Alert {
            timestamp: now,
            rule: AlertRule::NewDevice,
            message,
            device: Arc::clone(profile),
            destination: None,
        })
    }

    /// Takes a device for reported, if it would have been: an earlier run knew it.
    pub fn remember_device(&mut self, profile: &DeviceProfile) {
        if profile.is_vendor_device() && profile.identity.confidence >= NEW_DEVICE_CONFIDENCE {
            self.devices.insert(profile.id.clone());
        }
        if profile.is_vendor_device() && profile.state.conflict.is_some() {
            self.conflicts.insert(profile.id.clone());
        }
    }

    /// Takes a contact for reported: an earlier run saw it.
    pub fn remember_contact(&mut self, device: DeviceId, service: Arc<str>) {
        self.contacts.insert((device, service));
    }

    /// Forgets what was reported of a device.
    pub fn forget(&mut self, id: &DeviceId) {
        self.devices.remove(|device| device == id);
        self.conflicts.remove(|device| device == id);
        self.contacts.remove(|(device, _)| device == id);
    }

    /// `vendor-cloud-contact`: the first contact of a device with a cloud service of which the verdict is sure enough.
    pub fn observe_contact(
        &mut self,
        profile: &Arc<DeviceProfile>,
        destination: &Arc<Destination>,
        now: Timestamp,
    ) -> Option<Alert> {
        if destination.confidence < CONTACT_CONFIDENCE
            || !self.contacts.insert((profile.id.clone(), Arc::clone(&destination.service)))
        {
            return None;
        }
        let who = match &profile.identity.vendor {
            Some(vendor) => format!("Device of {vendor} ({})", describe(profile)),
            None => format!("A client that is no known camera ({})", describe(profile)),
        };
        let mut message = format!(
            "{who} spoke to the cloud of {}: {}, {}",
            destination.vendor,
            destination.service,
            destination.role.as_label(),
        );
        if let Some(domain) = &destination.domain {
            write!(message, ", {}", printable(domain, MAX_TEXT_CHARS)).unwrap_or_default();
        }
        Some(Alert {
            timestamp: now,
            rule: AlertRule::VendorCloudContact,
            message,
            device: Arc::clone(profile),
            destination: Some(Arc::clone(destination)),
        })
    }
}

impl Default for Ruleset {
    fn default() -> Self {
        Self::new()
    }
}

/// Kind, model and first address.
fn describe(profile: &DeviceProfile) -> String {
    let mut text = match profile.identity.kind {
        DeviceKind::Unknown => "kind unknown".to_owned(),
        DeviceKind::Camera
        | DeviceKind::Recorder
        | DeviceKind::Doorbell
        | DeviceKind::AccessControl
        | DeviceKind::Intercom => profile.identity.kind.as_label().to_owned(),
    };
    if let Some(model) = &profile.identity.model {
        write!(text, " {}", printable(model, MAX_TEXT_CHARS)).unwrap_or_default();
    }
    if let Some(address) = profile.addresses.first() {
        write!(text, " at {address}").unwrap_or_default();
    }
    text
}

/// The kinds of evidence that the identity rests on, each once.
fn sources(profile: &DeviceProfile) -> Vec<&'static str> {
    let mut sources: Vec<EvidenceSource> =
        profile.evidence.iter().filter(|fact| fact.weight > 0).map(|fact| fact.source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources.into_iter().map(EvidenceSource::as_label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{CloudRole, Region, Speaker};
    use crate::classify::Basis;
    use crate::device::Identity;

    fn profile(id: &str, vendor: Option<&str>, confidence: u8) -> Arc<DeviceProfile> {
        Arc::new(DeviceProfile {
            addresses: vec!["192.0.2.64".parse().unwrap()],
            identity: Identity {
                vendor: vendor.map(Arc::from),
                model: Some("C500\u{1b}[31m".into()),
                confidence,
                ..Identity::default()
            },
            ..DeviceProfile::new(DeviceId(id.into()), Timestamp::ZERO)
        })
    }

    fn destination(service: &str) -> Arc<Destination> {
        Arc::new(Destination {
            vendor: "ezviz".into(),
            service: service.into(),
            role: CloudRole::Registration,
            region: Region::Eu,
            speaker: Speaker::Device,
            domain: Some("litedev.ezvizlife.com".into()),
            confidence: 80,
            basis: Basis::Dns,
            aliases: Arc::default(),
            place: Default::default(),
            steps: Arc::default(),
        })
    }

    #[test]
    fn a_device_is_reported_once_and_not_before_it_is_sure_enough() {
        let mut rules = Ruleset::new();
        let now = Timestamp::ZERO;

        assert!(rules.observe_profile(&profile("d-1", None, 0), now).next().is_none());
        assert!(rules.observe_profile(&profile("d-1", Some("ezviz"), 39), now).next().is_none());
        let alert = rules.observe_profile(&profile("d-1", Some("ezviz"), 40), now).next().unwrap();
        assert!(rules.observe_profile(&profile("d-1", Some("ezviz"), 77), now).next().is_none());
        assert!(rules.observe_profile(&profile("d-2", Some("ezviz"), 77), now).next().is_some());

        assert_eq!(alert.rule, AlertRule::NewDevice);
        assert!(alert.message.contains("40 % sure") && alert.message.contains("192.0.2.64"));
        assert!(!alert.message.contains('\u{1b}'));
    }

    #[test]
    fn what_an_earlier_run_knew_is_not_reported_until_it_is_forgotten() {
        let mut rules = Ruleset::new();
        let (sure, unsure) = (profile("d-1", Some("ezviz"), 80), profile("d-2", Some("ezviz"), 30));
        rules.remember_device(&sure);
        rules.remember_device(&unsure);
        rules.remember_contact(sure.id.clone(), "ezviz-lbs".into());
        let now = Timestamp::ZERO;

        assert!(rules.observe_profile(&sure, now).next().is_none());
        assert!(rules.observe_contact(&sure, &destination("ezviz-lbs"), now).is_none());
        assert!(rules.observe_profile(&profile("d-2", Some("ezviz"), 80), now).next().is_some());

        rules.forget(&sure.id);
        assert!(rules.observe_profile(&sure, now).next().is_some());
        assert!(rules.observe_contact(&sure, &destination("ezviz-lbs"), now).is_some());
    }

    #[test]
    fn a_contact_is_reported_once_a_device_and_service() {
        let mut rules = Ruleset::new();
        let (camera, phone) = (profile("d-1", Some("ezviz"), 80), profile("d-2", None, 0));
        let mut raised = |profile: &Arc<DeviceProfile>, service| {
            rules.observe_contact(profile, &destination(service), Timestamp::ZERO).is_some()
        };

        assert!(raised(&camera, "ezviz-lbs"));
        assert!(!raised(&camera, "ezviz-lbs"));
        assert!(raised(&camera, "ezviz-das"));
        assert!(raised(&phone, "ezviz-lbs"));
    }
}
