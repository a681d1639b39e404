//! Our own JSON of an alert, for programs.
//!
//! Comes in: an alert. Goes out: a JSON object, the signature of its bytes, and the key by which a receiver knows a repetition.

use std::fmt::Write as _;
use std::net::IpAddr;

use ring::hmac;
use serde::Serialize;

use crate::alert::Alert;
use crate::export::eve_text::Text;
use crate::export::rfc3339::Rfc3339;
use crate::export::secret::Secret;
use crate::net::{MacAddr, printable};

/// Most characters of a name from the network.
const MAX_NAME: usize = 128;
/// Most characters of a sentence.
const MAX_TEXT: usize = 2048;
/// Most addresses of a device.
const MAX_ADDRESSES: usize = 16;

#[derive(Serialize)]
struct GenericAlert<'a> {
    version: u8,
    id: Text<crate::alert::AlertId>,
    phase: &'static str,
    rule: &'a str,
    signature_id: u32,
    signature: &'a str,
    category: &'a str,
    severity: &'static str,
    subject: String,
    message: String,
    advice: String,
    timestamp: Text<Rfc3339>,
    since: Text<Rfc3339>,
    count: u32,
    acknowledged: bool,
    device: GenericDevice<'a>,
    destination: Option<GenericDestination<'a>>,
    sensor: Option<&'a str>,
}

#[derive(Serialize)]
struct GenericDevice<'a> {
    id: &'a str,
    name: Option<String>,
    mac: Option<Text<MacAddr>>,
    addresses: Vec<IpAddr>,
    vendor: Option<String>,
    kind: &'static str,
    model: Option<String>,
    serial: Option<String>,
    firmware: Option<String>,
}

#[derive(Serialize)]
struct GenericDestination<'a> {
    vendor: &'a str,
    service: &'a str,
    role: &'static str,
    region: &'static str,
    domain: Option<String>,
}

/// The JSON of an alert.
pub(crate) fn generic_json(alert: &Alert, sensor: Option<&str>) -> Vec<u8> {
    let shown = |text: &str| printable(text, MAX_NAME);
    let device = &alert.device;
    let identity = &device.identity;
    let body = GenericAlert {
        version: 1,
        id: Text(alert.id),
        phase: alert.phase.as_label(),
        rule: &alert.rule.name,
        signature_id: alert.rule.signature_id,
        signature: &alert.rule.signature,
        category: &alert.rule.category,
        severity: alert.severity.as_label(),
        subject: shown(&alert.subject),
        message: printable(&alert.message, MAX_TEXT),
        advice: printable(&alert.rule.advice, MAX_TEXT),
        timestamp: Text(Rfc3339(alert.timestamp)),
        since: Text(Rfc3339(alert.since)),
        count: alert.count,
        acknowledged: alert.acknowledged,
        device: GenericDevice {
            id: &device.id.0,
            name: device.name().map(shown),
            mac: device.mac.map(Text),
            addresses: device.addresses.iter().rev().take(MAX_ADDRESSES).copied().collect(),
            vendor: identity.vendor.as_deref().map(shown),
            kind: identity.kind.as_label(),
            model: identity.model.as_deref().map(shown),
            serial: identity.serial.as_deref().map(shown),
            firmware: identity.firmware.as_deref().map(shown),
        },
        destination: alert.destination.as_deref().map(|destination| GenericDestination {
            vendor: &destination.vendor,
            service: &destination.service,
            role: destination.role.as_label(),
            region: destination.region.as_label(),
            domain: destination.domain.as_deref().map(shown),
        }),
        sensor,
    };
    serde_json::to_vec(&body).unwrap_or_default()
}

/// `sha256=` and the HMAC-SHA-256 (RFC 2104) of the body in hexadecimal.
pub(crate) fn signature(key: &Secret, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    let mut text = "sha256=".to_owned();
    for byte in hmac::sign(&key, body).as_ref() {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

/// The same for each repetition of the same message, and for no other.
pub(crate) fn idempotency_key(alert: &Alert) -> String {
    format!("{}-{}-{}", alert.id, alert.phase.as_label(), alert.since.as_nanos())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::alert::AlertPhase;
    use crate::export::sample;

    #[test]
    fn an_alert_is_told_with_its_device_and_destination() {
        let alert = sample::alert("d-1", "ezviz-lbs", "first contact");
        let body: Value = serde_json::from_slice(&generic_json(&alert, Some("hall"))).unwrap();

        assert_eq!(body["version"], 1);
        assert_eq!(body["phase"], "raised");
        assert_eq!(body["rule"], "vendor-cloud-contact");
        assert_eq!(body["device"]["mac"], "44:a6:42:01:02:03");
        assert_eq!(body["destination"]["role"], "registration");
        assert_eq!(body["since"], "2026-09-21T14:13:20.250Z");
        assert_eq!(body["sensor"], "hall");
    }

    #[test]
    fn the_signature_is_hmac_sha_256() {
        // RFC 4231, 4.3.
        let text = signature(&Secret::new(b"Jefe".to_vec()), b"what do ya want for nothing?");
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_repetition_has_the_same_key_and_the_end_another() {
        let alert = sample::alert("d-1", "x", "y");
        let over = sample::in_phase(&alert, AlertPhase::Resolved);

        assert_eq!(idempotency_key(&alert), idempotency_key(&alert.clone()));
        assert_ne!(idempotency_key(&alert), idempotency_key(&over));
    }

    proptest! {
        #[test]
        fn hostile_names_arrive_as_bounded_text(name in sample::hostile()) {
            let mut alert = sample::alert("d-1", &name, &name);
            std::sync::Arc::make_mut(&mut alert.device).hostname = Some(name.clone());
            let bytes = generic_json(&alert, None);
            let body: Value = serde_json::from_slice(&bytes).unwrap();

            prop_assert!(bytes.len() < 16 << 10);
            for text in [&body["message"], &body["subject"], &body["device"]["name"]] {
                prop_assert!(!text.as_str().unwrap().chars().any(crate::net::is_hidden));
            }
        }
    }
}
