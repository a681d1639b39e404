//! A verdict in the making: what one witness says, and how several are put together.
//!
//! Comes in: what the witnesses say. Goes out: a [`Destination`]. Independent witnesses that agree strengthen each other;
//! one that disagrees is told and weakens.

use std::sync::Arc;

use super::{Basis, Destination, Step};
use crate::catalogue::{CloudRole, Region, Speaker};
use crate::geo::Place;

/// The highest confidence: nothing on the wire proves who answers.
const HIGHEST: u8 = 99;
/// What a witness that disagrees takes away.
const DISSENT: u8 = 15;

/// The slugs of the two brands, and of the platform of the second.
const HIKVISION: &str = "hikvision";
const EZVIZ: &str = "ezviz";

/// What one or more witnesses say.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) vendor: Arc<str>,
    pub(super) service: Arc<str>,
    pub(super) role: CloudRole,
    pub(super) region: Region,
    pub(super) speaker: Speaker,
    pub(super) domain: Option<Arc<str>>,
    pub(super) aliases: Arc<[Arc<str>]>,
    pub(super) confidence: u8,
    pub(super) steps: Vec<Step>,
}

impl Draft {
    /// Adds a witness that looked at something else: the first one names vendor and region, the better known role and
    /// service stay.
    pub(super) fn join(mut self, other: Self) -> Self {
        let agrees = self.role == other.role
            || self.role == CloudRole::Unknown
            || other.role == CloudRole::Unknown;
        if agrees {
            self.confidence = either(self.confidence, other.confidence);
            if self.role == CloudRole::Unknown && other.role != CloudRole::Unknown {
                self.role = other.role;
                self.service = other.service;
                self.speaker = other.speaker;
            }
        } else {
            self.confidence = self.confidence.saturating_sub(DISSENT);
        }
        self.steps.extend(other.steps);
        self
    }

    /// Adds a step that only explains.
    pub(super) fn step(&mut self, basis: Basis, text: impl Into<Arc<str>>) {
        self.steps.push(Step { basis, text: text.into() });
    }

    /// The verdict; its basis is that of its first step.
    pub(super) fn finish(self, place: Place) -> Destination {
        let basis = self.steps.first().map_or(Basis::Port, |step| step.basis);
        Destination {
            vendor: self.vendor,
            service: self.service,
            role: self.role,
            region: self.region,
            speaker: self.speaker,
            domain: self.domain,
            aliases: self.aliases,
            place,
            confidence: self.confidence.min(HIGHEST),
            basis,
            steps: self.steps.into(),
        }
    }
}

/// The service with this function on the platform that `vendor`'s devices use: the same servers serve both brands, under
/// two names.
pub(super) fn service_of(vendor: &str, function: &str) -> Arc<str> {
    let platform = if vendor == HIKVISION { "hik-connect" } else { EZVIZ };
    format!("{platform}-{function}").into()
}

/// The service of an entry that speaks of EZVIZ's servers, as devices of `vendor` use it.
pub(super) fn service_for(vendor: &str, service: &Arc<str>) -> Arc<str> {
    let function = service.strip_prefix(EZVIZ).and_then(|rest| rest.strip_prefix('-'));
    match function {
        Some(function) if vendor == HIKVISION => service_of(vendor, function),
        Some(_) | None => Arc::clone(service),
    }
}

/// How sure it is when two independent witnesses agree: only if both were wrong, it is wrong.
fn either(a: u8, b: u8) -> u8 {
    let doubt = |confidence: u8| u32::from(100_u8.saturating_sub(confidence));
    let left = doubt(a) * doubt(b) / 100;
    u8::try_from(100_u32.saturating_sub(left)).unwrap_or(HIGHEST).min(HIGHEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn witnesses_that_agree_strengthen_and_those_that_do_not_weaken() {
        let name = draft(CloudRole::Registration, 80, Basis::Dns);
        let payload = draft(CloudRole::Registration, 92, Basis::Payload);
        let other = draft(CloudRole::Relay, 92, Basis::Payload);

        assert_eq!(name.clone().join(payload).confidence, 99);
        assert_eq!(name.clone().join(other).confidence, 80 - DISSENT);
        let platform = draft(CloudRole::Unknown, 60, Basis::Dns);
        let joined = platform.join(draft(CloudRole::Control, 92, Basis::Payload));
        assert_eq!((joined.role, joined.confidence), (CloudRole::Control, 97));
        let verdict = joined.finish(Place::default());
        assert_eq!((verdict.basis, verdict.steps.len()), (Basis::Dns, 2));
    }

    fn draft(role: CloudRole, confidence: u8, basis: Basis) -> Draft {
        Draft {
            vendor: "ezviz".into(),
            service: role.as_label().into(),
            role,
            region: Region::Unknown,
            speaker: Speaker::Device,
            domain: None,
            aliases: Arc::default(),
            confidence,
            steps: vec![Step { basis, text: "seen".into() }],
        }
    }
}
