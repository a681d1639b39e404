//! `alert`: which rule fired, how urgent it is.
//!
//! Comes in: an alert. Goes out: the section as Suricata has it. A rule's signature never changes, so that readers
//! can group by it; what happened this time is under `metadata`.

use serde::Serialize;

use crate::alert::Alert;

/// EVE `alert`.
#[derive(Debug, Serialize)]
pub(crate) struct AlertSection<'a> {
    action: &'static str,
    gid: u32,
    signature_id: u32,
    rev: u32,
    signature: &'a str,
    category: &'a str,
    severity: u8,
    rule: &'a str,
    metadata: AlertMetadata<'a>,
}

/// Suricata's metadata: every value is an array of strings.
#[derive(Debug, Serialize)]
struct AlertMetadata<'a> {
    rule: [&'a str; 1],
    device_id: [&'a str; 1],
    message: [&'a str; 1],
}

impl<'a> AlertSection<'a> {
    /// Shows an alert.
    pub(crate) fn new(alert: &'a Alert) -> Self {
        let rule = &*alert.rule;
        Self {
            action: "allowed",
            gid: 1,
            signature_id: rule.signature_id,
            rev: 1,
            signature: &rule.signature,
            category: &rule.category,
            severity: alert.severity.number(),
            rule: &rule.name,
            metadata: AlertMetadata {
                rule: [&rule.name],
                device_id: [&alert.device_id().0],
                message: [&alert.message],
            },
        }
    }
}
