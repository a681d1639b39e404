//! An alert as it leaves.
//!
//! Comes in: nothing. Goes out: plain values, cheap to clone.

use std::sync::Arc;

use super::card::RuleCard;
use super::severity::Severity;
use crate::classify::Destination;
use crate::device::{DeviceId, DeviceProfile};
use crate::net::Timestamp;

/// Something that a person should look at: a rule, the device that it is about, and what exactly (its subject). The three tell
/// alerts apart; what happens again while an alert stands is counted, and no new one.
#[derive(Debug, Clone)]
pub struct Alert {
    /// The same for the same rule, device and subject, in each run.
    pub id: AlertId,
    /// When what this tells of was seen.
    pub timestamp: Timestamp,
    /// Raised, seen again, or over.
    pub phase: AlertPhase,
    /// Which rule.
    pub rule: Arc<RuleCard>,
    /// How urgent it is: that of the rule, unless the site says otherwise.
    pub severity: Severity,
    /// What it is about beside the device: a service, a country, an address. Empty for what a device has once; cleaned.
    pub subject: Arc<str>,
    /// Says what happened, in one sentence for a person; cleaned.
    pub message: String,
    /// The device that it is about.
    pub device: Arc<DeviceProfile>,
    /// The cloud service that it is about, where one is.
    pub destination: Option<Arc<Destination>>,
    /// When it was raised.
    pub since: Timestamp,
    /// How often it was seen while it stands, the first time included.
    pub count: u32,
    /// Somebody has said that it is known.
    pub acknowledged: bool,
}

impl Alert {
    /// An alert as it is raised, of a rule at its own severity.
    #[must_use]
    pub fn raised(
        rule: Arc<RuleCard>,
        severity: Severity,
        device: Arc<DeviceProfile>,
        (subject, message): (Arc<str>, String),
        now: Timestamp,
    ) -> Self {
        Self {
            id: AlertId::of(&rule.name, &device.id, &subject),
            timestamp: now,
            phase: AlertPhase::Raised,
            rule,
            severity,
            subject,
            message,
            device,
            destination: None,
            since: now,
            count: 1,
            acknowledged: false,
        }
    }

    /// The device's identifier.
    #[must_use]
    pub fn device_id(&self) -> &DeviceId {
        &self.device.id
    }
}

/// Sixteen hexadecimal digits, from rule, device and subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(pub u64);

impl AlertId {
    /// The identifier of this alert: FNV-1a over the parts (Fowler, Noll, Vo), the same in each run. Who forges a subject so that
    /// two alerts share one gains nothing: alerts are kept by their parts.
    #[must_use]
    pub fn of(rule: &str, device: &DeviceId, subject: &str) -> Self {
        let bytes = [rule, &device.0, subject].into_iter().flat_map(|part| part.bytes().chain([0]));
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    /// Reads the digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_whole = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_whole.then(|| u64::from_str_radix(text, 16).ok().map(Self))?
    }
}

impl std::fmt::Display for AlertId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Where an alert stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertPhase {
    /// It was raised just now.
    Raised,
    /// It stands, and was seen again; told now and then.
    Repeated,
    /// What raised it is over.
    Resolved,
}

impl AlertPhase {
    /// The word for it.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Repeated => "repeated",
            Self::Resolved => "resolved",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_the_same_for_the_same_parts_and_read_again() {
        let device = DeviceId("d-1".into());
        let id = AlertId::of("new-device", &device, "");

        assert_eq!(id, AlertId::of("new-device", &device, ""));
        assert_ne!(id, AlertId::of("new-device", &device, "x"));
        assert_ne!(AlertId::of("ab", &device, "c"), AlertId::of("a", &device, "bc"));
        assert_eq!(AlertId::parse(&id.to_string()), Some(id));
        for text in ["", "12", "+123456789abcdef", "00000000000000000"] {
            assert_eq!(AlertId::parse(text), None, "{text}");
        }
    }
}
