//! The `activity` object: what a device did with the vendor's cloud in an hour.
//!
//! Comes in: a verdict on an hour. Goes out: the object that events and the API share.

use serde::Serialize;

use super::eve_text::EveTime;
use crate::classify::activity::{ActivityState, Attempts, DeviceHour, Evasion, RoleVolume};

/// An hour of a device, as events and the API show it.
#[derive(Debug, Serialize)]
pub struct ActivityObject<'a> {
    start: EveTime,
    complete: bool,
    state: &'static str,
    also: Vec<&'static str>,
    confidence: u8,
    reasons: Vec<&'a str>,
    roles: Vec<RoleObject>,
    attempts: AttemptsObject,
    evasions: Vec<EvasionObject<'a>>,
    nameless_bytes: u64,
    coverage: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits: Vec<&'a str>,
}

/// What moved in one role.
#[derive(Debug, Serialize)]
struct RoleObject {
    role: &'static str,
    bytes_sent: u64,
    bytes_received: u64,
    seconds_sent: u32,
    seconds_received: u32,
    flows: u32,
    confidence: u8,
}

/// What came of attempts to register and to keep control.
#[derive(Debug, Serialize)]
struct AttemptsObject {
    names_asked: u32,
    names_refused: u32,
    unanswered: u32,
    rejected: u32,
    refused: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal_code: Option<u8>,
    registered: u32,
    kept: u32,
}

/// A way around what the network's owner set up.
#[derive(Debug, Serialize)]
struct EvasionObject<'a> {
    kind: &'static str,
    count: u32,
    first: EveTime,
    latest: EveTime,
    subject: &'a str,
}

impl<'a> ActivityObject<'a> {
    /// Shows an hour.
    #[must_use]
    pub fn new(hour: &'a DeviceHour) -> Self {
        Self {
            start: EveTime(hour.start),
            complete: hour.complete,
            state: hour.state.as_label(),
            also: hour.also.iter().copied().map(ActivityState::as_label).collect(),
            confidence: hour.confidence,
            reasons: hour.reasons.iter().map(|reason| &**reason).collect(),
            roles: hour.roles.iter().map(RoleObject::new).collect(),
            attempts: AttemptsObject::new(&hour.attempts),
            evasions: hour.evasions.iter().map(EvasionObject::new).collect(),
            nameless_bytes: hour.nameless_bytes,
            coverage: f64::from(hour.sight.per_mille) / 1000.0,
            limits: hour.sight.limits.iter().map(|limit| &**limit).collect(),
        }
    }
}

impl RoleObject {
    fn new(volume: &RoleVolume) -> Self {
        Self {
            role: volume.role.as_label(),
            bytes_sent: volume.sent,
            bytes_received: volume.received,
            seconds_sent: volume.sent_seconds,
            seconds_received: volume.received_seconds,
            flows: volume.flows,
            confidence: volume.confidence(),
        }
    }
}

impl AttemptsObject {
    const fn new(attempts: &Attempts) -> Self {
        let Attempts {
            names_asked,
            names_refused,
            unanswered,
            rejected,
            refused,
            refusal_code,
            registered,
            kept,
        } = *attempts;
        Self {
            names_asked,
            names_refused,
            unanswered,
            rejected,
            refused,
            refusal_code,
            registered,
            kept,
        }
    }
}

impl<'a> EvasionObject<'a> {
    fn new(evasion: &'a Evasion) -> Self {
        Self {
            kind: evasion.kind.as_label(),
            count: evasion.count,
            first: EveTime(evasion.first),
            latest: EveTime(evasion.latest),
            subject: &evasion.subject,
        }
    }
}
