//! `alert`: which rule fired, how urgent it is.
//!
//! Comes in: an alert. Goes out: the section as Suricata has it. A rule's signature never changes, so that readers
//! can group by it; what happened this time is under `metadata`.

use serde::Serialize;

use crate::alert::{Alert, AlertRule};

/// EVE `alert`.
#[derive(Debug, Serialize)]
pub(crate) struct AlertSection<'a> {
    action: &'static str,
    gid: u32,
    signature_id: u32,
    rev: u32,
    signature: &'static str,
    category: &'static str,
    severity: u8,
    rule: &'static str,
    metadata: AlertMetadata<'a>,
}

/// Suricata's metadata: every value is an array of strings.
#[derive(Debug, Serialize)]
struct AlertMetadata<'a> {
    rule: [&'static str; 1],
    device_id: [&'a str; 1],
    message: [&'a str; 1],
}

impl<'a> AlertSection<'a> {
    /// Shows an alert.
    pub(crate) fn new(alert: &'a Alert) -> Self {
        let rule = alert.rule;
        Self {
            action: "allowed",
            gid: 1,
            signature_id: rule.signature_id(),
            rev: 1,
            signature: signature(rule),
            category: rule.category(),
            severity: rule.severity().number(),
            rule: rule.as_label(),
            metadata: AlertMetadata {
                rule: [rule.as_label()],
                device_id: [&alert.device_id().0],
                message: [&alert.message],
            },
        }
    }
}

const fn signature(rule: AlertRule) -> &'static str {
    match rule {
        AlertRule::NewDevice => "HIKWATCH new device of a known vendor",
        AlertRule::VendorCloudContact => "HIKWATCH first contact to a vendor cloud service",
        AlertRule::IdentityConflict => "HIKWATCH two stations claim the identity of a device",
    }
}
