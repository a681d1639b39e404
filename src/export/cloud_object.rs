//! The `cloud` object: which service a flow goes to, and why we think so.
//!
//! Comes in: a destination. Goes out: the object that events and the API share.

use serde::Serialize;

use crate::classify::Destination;
use crate::geo::CountryCode;

/// A vendor's cloud service, as events and the API show it.
#[derive(Debug, Serialize)]
pub struct CloudObject<'a> {
    vendor: &'a str,
    service: &'a str,
    role: &'static str,
    region: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    confidence: u8,
    basis: &'static str,
    speaker: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asn: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'a str>,
    steps: Vec<StepObject<'a>>,
    reason: String,
}

/// One step of a verdict.
#[derive(Debug, Serialize)]
struct StepObject<'a> {
    basis: &'static str,
    text: &'a str,
}

impl<'a> CloudObject<'a> {
    /// Shows a destination.
    #[must_use]
    pub fn new(destination: &'a Destination) -> Self {
        Self {
            vendor: &destination.vendor,
            service: &destination.service,
            role: destination.role.as_label(),
            region: destination.region.as_label(),
            domain: destination.domain.as_deref(),
            confidence: destination.confidence,
            basis: destination.basis.as_label(),
            speaker: destination.speaker.as_label(),
            country: destination.place.country.as_ref().map(CountryCode::as_str),
            asn: destination.place.asn,
            as_name: destination.place.as_name.as_deref(),
            aliases: destination.aliases.iter().map(|alias| &**alias).collect(),
            steps: destination
                .steps
                .iter()
                .map(|step| StepObject { basis: step.basis.as_label(), text: &step.text })
                .collect(),
            reason: destination.reason(),
        }
    }
}
