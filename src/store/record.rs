//! A device as a row: schema version 2.
//!
//! Comes in: a [`DeviceProfile`]. Goes out: bytes, and the same profile again. Fields are encoded in their order
//! and without names: to add, remove or move one is a new version of the schema. Closed sets are stored as their labels,
//! so that their order in the code may change. Contradictions are not stored: they follow from the evidence.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use crate::device::{
    ChangedPart, Claim, DeviceChange, DeviceId, DeviceKind, DeviceProfile, DeviceState, Evidence,
    EvidenceSource, Identity, Presence,
};
use crate::net::{MacAddr, Timestamp};

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeviceRecord {
    pub(super) mac: Option<[u8; 6]>,
    pub(super) other_macs: Vec<[u8; 6]>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) hostname: Option<String>,
    pub(super) identity: IdentityRecord,
    pub(super) evidence: Vec<EvidenceRecord>,
    pub(super) state: StateRecord,
    pub(super) first_seen: u64,
    pub(super) last_seen: u64,
}

/// Who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IdentityRecord {
    pub(super) vendor: Option<String>,
    pub(super) oem_of: Option<String>,
    pub(super) kind: String,
    pub(super) model: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) firmware: Option<String>,
    pub(super) confidence: u8,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EvidenceRecord {
    pub(super) source: String,
    pub(super) claim: String,
    pub(super) subject: Option<String>,
    pub(super) value: String,
    pub(super) weight: u8,
    pub(super) first_seen: u64,
    pub(super) last_seen: u64,
    pub(super) count: u32,
}

/// Its life.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct StateRecord {
    pub(super) is_online: bool,
    pub(super) activated: Option<bool>,
    pub(super) default_login: Option<u64>,
    pub(super) channels: Option<u16>,
    pub(super) is_client: bool,
    pub(super) random_mac: bool,
    pub(super) conflict: Option<u64>,
    pub(super) changes: Vec<ChangeRecord>,
}

/// A change in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChangeRecord {
    pub(super) at: u64,
    pub(super) what: String,
    pub(super) from: String,
    pub(super) to: String,
}

impl DeviceRecord {
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        postcard::to_stdvec(self).map_err(StoreError::Encoding)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    pub(super) fn new(profile: &DeviceProfile) -> Self {
        let identity = &profile.identity;
        Self {
            mac: profile.mac.map(|mac| mac.0),
            other_macs: profile.other_macs.iter().map(|mac| mac.0).collect(),
            addresses: profile.addresses.clone(),
            hostname: profile.hostname.clone(),
            identity: IdentityRecord {
                vendor: identity.vendor.as_deref().map(str::to_owned),
                oem_of: identity.oem_of.as_deref().map(str::to_owned),
                kind: identity.kind.as_label().to_owned(),
                model: identity.model.clone(),
                serial: identity.serial.clone(),
                firmware: identity.firmware.clone(),
                confidence: identity.confidence,
            },
            evidence: profile.evidence.iter().map(EvidenceRecord::new).collect(),
            state: StateRecord::new(&profile.state),
            first_seen: profile.first_seen.as_nanos(),
            last_seen: profile.last_seen.as_nanos(),
        }
    }

    /// The device again; evidence whose source or claim is not known any more is left out.
    pub(super) fn into_profile(self, id: DeviceId) -> DeviceProfile {
        let identity = self.identity;
        DeviceProfile {
            mac: self.mac.map(MacAddr),
            other_macs: self.other_macs.into_iter().map(MacAddr).collect(),
            addresses: self.addresses,
            hostname: self.hostname,
            identity: Identity {
                vendor: identity.vendor.map(Into::into),
                oem_of: identity.oem_of.map(Into::into),
                kind: kind_of(&identity.kind),
                model: identity.model,
                serial: identity.serial,
                firmware: identity.firmware,
                confidence: identity.confidence,
                contradictions: Vec::new(),
            },
            evidence: self.evidence.into_iter().filter_map(EvidenceRecord::into_evidence).collect(),
            state: self.state.into_state(),
            last_seen: Timestamp::from_nanos(self.last_seen),
            ..DeviceProfile::new(id, Timestamp::from_nanos(self.first_seen))
        }
    }
}

impl EvidenceRecord {
    fn new(evidence: &Evidence) -> Self {
        Self {
            source: evidence.source.as_label().to_owned(),
            claim: evidence.claim.as_label().to_owned(),
            subject: evidence.claim.subject().map(|subject| subject.as_ref().to_owned()),
            value: evidence.value.clone(),
            weight: evidence.weight,
            first_seen: evidence.first_seen.as_nanos(),
            last_seen: evidence.last_seen.as_nanos(),
            count: evidence.count,
        }
    }

    fn into_evidence(self) -> Option<Evidence> {
        Some(Evidence {
            source: EvidenceSource::from_label(&self.source)?,
            claim: Claim::from_parts(&self.claim, self.subject.as_deref())?,
            value: self.value,
            weight: self.weight,
            first_seen: Timestamp::from_nanos(self.first_seen),
            last_seen: Timestamp::from_nanos(self.last_seen),
            count: self.count,
        })
    }
}

impl StateRecord {
    fn new(state: &DeviceState) -> Self {
        Self {
            is_online: state.presence == Presence::Online,
            activated: state.activated,
            default_login: state.default_login.map(Timestamp::as_nanos),
            channels: state.channels,
            is_client: state.is_client,
            random_mac: state.random_mac,
            conflict: state.conflict.map(Timestamp::as_nanos),
            changes: state.changes.iter().map(ChangeRecord::new).collect(),
        }
    }

    fn into_state(self) -> DeviceState {
        DeviceState {
            presence: if self.is_online { Presence::Online } else { Presence::Offline },
            activated: self.activated,
            default_login: self.default_login.map(Timestamp::from_nanos),
            channels: self.channels,
            is_client: self.is_client,
            random_mac: self.random_mac,
            conflict: self.conflict.map(Timestamp::from_nanos),
            changes: self.changes.into_iter().filter_map(ChangeRecord::into_change).collect(),
        }
    }
}

impl ChangeRecord {
    fn new(change: &DeviceChange) -> Self {
        Self {
            at: change.at.as_nanos(),
            what: change.what.as_label().to_owned(),
            from: change.from.clone(),
            to: change.to.clone(),
        }
    }

    fn into_change(self) -> Option<DeviceChange> {
        Some(DeviceChange {
            at: Timestamp::from_nanos(self.at),
            what: ChangedPart::from_label(&self.what)?,
            from: self.from,
            to: self.to,
        })
    }
}

fn kind_of(label: &str) -> DeviceKind {
    [
        DeviceKind::Camera,
        DeviceKind::Recorder,
        DeviceKind::Doorbell,
        DeviceKind::AccessControl,
        DeviceKind::Intercom,
    ]
    .into_iter()
    .find(|kind| kind.as_label() == label)
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::trial;

    #[test]
    fn a_device_is_the_same_after_it_was_stored() {
        let profile = trial::camera(7, 1_000);

        let bytes = DeviceRecord::new(&profile).to_bytes().unwrap();
        let again = DeviceRecord::from_bytes(&bytes).unwrap().into_profile(profile.id.clone());

        assert_eq!(again, profile);
        assert!(bytes.len() < 1024, "{} bytes", bytes.len());
    }

    #[test]
    fn bytes_that_are_no_device_are_refused_and_unknown_labels_left_out() {
        let profile = trial::camera(7, 1_000);
        let mut record = DeviceRecord::new(&profile);
        record.identity.kind = "toaster".to_owned();
        record.evidence[0].source = "telepathy".to_owned();
        let bytes = record.to_bytes().unwrap();

        let again = DeviceRecord::from_bytes(&bytes).unwrap().into_profile(profile.id.clone());

        assert_eq!(again.identity.kind, DeviceKind::Unknown);
        assert_eq!(again.evidence.len(), profile.evidence.len() - 1);
        for cut in 0..bytes.len() {
            assert!(DeviceRecord::from_bytes(&bytes[..cut]).is_none());
        }
    }
}
