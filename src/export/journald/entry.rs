//! An alert as a journal entry (systemd's native protocol: <https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>).
//!
//! Comes in: an alert. Goes out: lines `FIELD=value`. A value never holds a line end, which would begin another field: control characters
//! are replaced.

use sha1::{Digest as _, Sha1};

use crate::alert::{Alert, AlertPhase, Severity};
use crate::export::Pseudonyms;
use crate::net::printable;

/// Longest value, in characters; an entry stays far below what a datagram may hold.
const MAX_VALUE: usize = 1024;

/// The name space of our message identifiers (RFC 9562, 5.5); made once, at random.
const MESSAGE_SPACE: [u8; 16] = [
    0x5c, 0x0e, 0x7d, 0x1f, 0x9b, 0x3a, 0x4e, 0x62, 0x8f, 0x17, 0xd2, 0x44, 0x6b, 0xa9, 0x30, 0xc8,
];

/// Appends the entry for an alert.
pub(super) fn encode(alert: &Alert, pseudonyms: Option<&Pseudonyms>, out: &mut Vec<u8>) {
    let mask = |text: &str| pseudonyms.map_or_else(|| text.to_owned(), |p| p.mask_text(text));
    let rule = &*alert.rule;
    let message = match alert.phase {
        AlertPhase::Raised | AlertPhase::Repeated => mask(&alert.message),
        AlertPhase::Resolved => format!("resolved: {}", mask(&alert.message)),
    };
    let identity = &alert.device.identity;
    for (field, value) in [
        ("MESSAGE", message),
        ("MESSAGE_ID", message_id(&rule.name)),
        ("PRIORITY", priority(alert).to_string()),
        ("SYSLOG_IDENTIFIER", "hikwatch".to_owned()),
        ("HIKWATCH_ALERT", alert.id.to_string()),
        ("HIKWATCH_RULE", rule.name.to_string()),
        ("HIKWATCH_SIGNATURE_ID", rule.signature_id.to_string()),
        ("HIKWATCH_CATEGORY", rule.category.to_string()),
        ("HIKWATCH_ADVICE", rule.advice.to_string()),
        ("HIKWATCH_PHASE", alert.phase.as_label().to_owned()),
        ("HIKWATCH_SEVERITY", alert.severity.as_label().to_owned()),
        ("HIKWATCH_DEVICE", mask(&alert.device_id().0)),
        ("HIKWATCH_DEVICE_NAME", mask(alert.device.name().unwrap_or_default())),
        ("HIKWATCH_VENDOR", identity.vendor.as_deref().unwrap_or_default().to_owned()),
        ("HIKWATCH_SUBJECT", mask(&alert.subject)),
        ("HIKWATCH_COUNT", alert.count.to_string()),
    ] {
        if !value.is_empty() {
            out.extend_from_slice(format!("{field}={}\n", printable(&value, MAX_VALUE)).as_bytes());
        }
    }
}

/// The same for each message of a rule, on each machine: what a message catalogue and `journalctl MESSAGE_ID=` go by. A UUID of version
/// 5 (RFC 9562, 5.5) without its dashes.
fn message_id(rule: &str) -> String {
    let digest = Sha1::new().chain_update(MESSAGE_SPACE).chain_update(rule).finalize();
    let mut id: u128 = digest.iter().take(16).fold(0, |id, byte| id << 8 | u128::from(*byte));
    id = id & !(0xf << 76) | 5 << 76;
    id = id & !(0b11 << 62) | 0b10 << 62;
    format!("{id:032x}")
}

/// As syslog(3) numbers them: critical, warning, notice; informational when it is over.
const fn priority(alert: &Alert) -> u8 {
    match (alert.phase, alert.severity) {
        (AlertPhase::Resolved, _) => 6,
        (AlertPhase::Raised | AlertPhase::Repeated, Severity::High) => 2,
        (AlertPhase::Raised | AlertPhase::Repeated, Severity::Medium) => 4,
        (AlertPhase::Raised | AlertPhase::Repeated, Severity::Low) => 5,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::export::sink::sample::{alert, hostile, in_phase};

    fn fields(alert: &Alert) -> Vec<(String, String)> {
        let mut out = Vec::new();
        encode(alert, None, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with('\n') && text.len() < 32 << 10);
        let field = |line: &str| {
            let (name, value) = line.split_once('=').expect("a field and its value");
            (name.to_owned(), value.to_owned())
        };
        text.lines().map(field).collect()
    }

    #[test]
    fn an_entry_says_which_rule_which_device_and_how_urgent() {
        let raised = alert("d-0011", "ezviz-lbs", "The camera said hi");
        let of = |fields: &[(String, String)], name: &str| {
            fields.iter().find(|(field, _)| field == name).unwrap().1.clone()
        };
        let entry = fields(&raised);
        let over = fields(&in_phase(&raised, AlertPhase::Resolved));

        for (name, value) in [
            ("MESSAGE", "The camera said hi"),
            ("PRIORITY", "4"),
            ("HIKWATCH_RULE", "vendor-cloud-contact"),
            ("HIKWATCH_DEVICE", "d-0011"),
            ("HIKWATCH_SUBJECT", "ezviz-lbs"),
            ("HIKWATCH_PHASE", "raised"),
        ] {
            assert_eq!(of(&entry, name), value);
        }
        assert_eq!(of(&over, "PRIORITY"), "6");
        assert_eq!(of(&over, "MESSAGE_ID"), of(&entry, "MESSAGE_ID"));
    }

    #[test]
    fn a_message_identifier_is_a_uuid_of_version_5_and_each_rule_has_its_own() {
        let id = message_id("new-device");

        assert_eq!((id.len(), &id[12..13]), (32, "5"));
        assert!("89ab".contains(&id[16..17]));
        assert_ne!(id, message_id("new-country"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn hostile_names_forge_no_field(
            device in hostile(), subject in hostile(), message in hostile(),
        ) {
            let entry = fields(&alert(&device, &subject, &message));
            let mut names: Vec<_> = entry.iter().map(|(name, _)| name.clone()).collect();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), entry.len(), "a field stands there once");
            let is_field = |c: char| c.is_ascii_uppercase() || c == '_';
            prop_assert!(names.iter().all(|name| name.chars().all(is_field)));
            let priority = entry.iter().find(|(name, _)| name == "PRIORITY");
            prop_assert_eq!(priority.map(|(_, value)| value.as_str()), Some("4"));
        }
    }
}
