//! An alert as Alertmanager takes it: `postableAlert` of its API v2.
//!
//! Comes in: an alert. Goes out: labels, which tell alerts apart and never change while one stands, and annotations for people.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::alert::Alert;
use crate::export::eve_text::Text;
use crate::export::rfc3339::Rfc3339;
use crate::net::printable;

/// Most characters of a label.
const MAX_LABEL: usize = 128;
/// Most characters of an annotation.
const MAX_TEXT: usize = 2048;

/// One alert of a request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostableAlert<'a> {
    pub(super) labels: &'a RawValue,
    pub(super) annotations: &'a RawValue,
    pub(super) starts_at: Text<Rfc3339>,
    pub(super) ends_at: Text<Rfc3339>,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    pub(super) generator_url: Option<&'a str>,
}

/// The labels of an alert. Alertmanager takes an empty one for absent.
pub(super) fn labels(alert: &Alert, sensor: Option<&str>) -> Value {
    let mut labels = serde_json::Map::new();
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            labels.insert(name.to_owned(), printable(value, MAX_LABEL).into());
        }
    };
    put("alertname", &alert.rule.name);
    put("device", &alert.device_id().0);
    put("severity", alert.severity.as_label());
    put("subject", &alert.subject);
    put("instance", sensor.unwrap_or_default());
    Value::Object(labels)
}

/// What people read.
pub(super) fn annotations(alert: &Alert) -> Value {
    let device = &alert.device;
    let name = device.name().or(device.identity.model.as_deref()).unwrap_or(&device.id.0);
    let mut annotations = serde_json::Map::new();
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            annotations.insert(name.to_owned(), printable(value, MAX_TEXT).into());
        }
    };
    put("summary", &format!("{}: {}", alert.rule.signature, printable(name, MAX_LABEL)));
    put("description", &alert.message);
    put("advice", &alert.rule.advice);
    Value::Object(annotations)
}
