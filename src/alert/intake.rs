//! The way of a finding: what the site says of it decides whether it reaches the desk.
//!
//! Comes in: what one rule found of one device. Goes out: alerts, through the desk; what is not told is counted by reason, and
//! noted where somebody asked for an explanation.

use std::sync::Arc;

use super::about::Holding;
use super::card::RuleCard;
use super::desk::{Desk, Found};
use super::explain::{FiredRule, NearMiss, Trace};
use super::finding::{Finding, Findings, Raising};
use super::policy::Config;
use super::severity::Severity;
use super::suppression::Suppression;
use crate::device::DeviceProfile;
use crate::net::Timestamp;

/// The rule that found something: a built-in one or one of the site.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) card: &'a Arc<RuleCard>,
    pub(super) severity: Severity,
    pub(super) learns: bool,
    pub(super) holds: Holding,
}

/// Whom it found something of, and when.
#[derive(Clone, Copy)]
pub(super) struct Sighted<'a> {
    pub(super) device: &'a Arc<DeviceProfile>,
    /// It is being learned.
    pub(super) is_learning: bool,
    pub(super) now: Timestamp,
}

/// The way in.
pub(super) struct Intake<'a> {
    pub(super) config: &'a Config,
    pub(super) desk: &'a mut Desk,
    pub(super) trace: &'a mut Option<Trace>,
}

impl Intake<'_> {
    /// Takes what one rule found.
    pub(super) fn take(
        &mut self,
        findings: &mut Findings,
        origin: Origin<'_>,
        sighted: Sighted<'_>,
    ) {
        let Sighted { device, now, .. } = sighted;
        for finding in findings.drain() {
            match finding {
                Finding::Raise(raising) => self.raise(raising, origin, sighted),
                Finding::Clear { subject } => {
                    self.desk.clear(&origin.card.name, &device.id, &subject, now);
                }
                Finding::Near { subject, why } => {
                    if let Some(trace) = self.trace {
                        let (rule, device) = (Arc::clone(&origin.card.name), Arc::clone(device));
                        trace.miss(NearMiss { rule, device, subject, at: now, why });
                    }
                }
            }
        }
    }

    fn raise(&mut self, raising: Raising, origin: Origin<'_>, sighted: Sighted<'_>) {
        let Origin { card, severity, learns, holds } = origin;
        let Sighted { device, is_learning, now } = sighted;
        let terms = self.config.terms(&card.name, severity, device);
        let expects = |name: &str| self.config.expects(device, name);
        let is_expected =
            expects(&raising.subject) || raising.also.iter().any(|name| expects(name));
        let reason = if !terms.enabled {
            Some(Suppression::Disabled)
        } else if is_expected {
            Some(Suppression::Expected)
        } else if learns && is_learning {
            Some(Suppression::Learning)
        } else {
            None
        };
        let Raising { subject, message, destination, evidence, .. } = raising;
        let told = self.trace.is_some().then(|| FiredRule {
            rule: Arc::clone(&card.name),
            device: Arc::clone(device),
            subject: Arc::clone(&subject),
            first: now,
            times: 1,
            message: message.clone(),
            evidence,
        });
        let unheard = match reason {
            Some(reason) => {
                self.desk.suppress(&card.name, reason);
                Some(reason)
            }
            None => {
                let found =
                    Found { rule: card, holds, terms, device, subject, message, destination };
                self.desk.raise(found, self.config.max_per_hour, now)
            }
        };
        if let (Some(trace), Some(told)) = (self.trace.as_mut(), told) {
            match unheard {
                None => trace.fire(told),
                Some(reason) => trace.quench(told, reason),
            }
        }
    }
}
