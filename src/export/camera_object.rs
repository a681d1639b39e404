//! The `camera` object: who a device is, and what says so.
//!
//! Comes in: a device's profile. Goes out: the object that events and the API share.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::eve_text::{EveTime, Text};
use crate::device::{Claim, DeviceProfile, Evidence};
use crate::net::MacAddr;

/// A vendor's device, as events and the API show it.
#[derive(Debug, Serialize)]
pub struct CameraObject<'a> {
    device_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<Text<MacAddr>>,
    ips: &'a [IpAddr],
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oem_of: Option<&'a str>,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    firmware: Option<&'a str>,
    confidence: u8,
    #[serde(serialize_with = "evidence_list")]
    evidence: &'a [Evidence],
}

impl<'a> CameraObject<'a> {
    /// Shows a device, whether it is a vendor's or not.
    #[must_use]
    pub fn new(profile: &'a DeviceProfile) -> Self {
        let identity = &profile.identity;
        Self {
            device_id: &profile.id.0,
            mac: profile.mac.map(Text),
            ips: &profile.addresses,
            vendor: identity.vendor.as_deref(),
            oem_of: identity.oem_of.as_deref(),
            kind: identity.kind.as_label(),
            model: identity.model.as_deref(),
            serial: identity.serial.as_deref(),
            firmware: identity.firmware.as_deref(),
            confidence: identity.confidence,
            evidence: &profile.evidence,
        }
    }

    /// Shows a device if it is taken for a vendor's.
    #[must_use]
    pub fn of_vendor_device(profile: &'a DeviceProfile) -> Option<Self> {
        profile.is_vendor_device().then(|| Self::new(profile))
    }
}

#[derive(Serialize)]
struct EvidenceObject<'a> {
    source: &'static str,
    claim: Text<&'a Claim>,
    weight: u8,
    value: &'a str,
    first_seen: EveTime,
    last_seen: EveTime,
    count: u32,
}

fn evidence_list<S: Serializer>(evidence: &[Evidence], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(evidence.iter().map(|fact| EvidenceObject {
        source: fact.source.as_label(),
        claim: Text(&fact.claim),
        weight: fact.weight,
        value: &fact.value,
        first_seen: EveTime(fact.first_seen),
        last_seen: EveTime(fact.last_seen),
        count: fact.count,
    }))
}
