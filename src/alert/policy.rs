//! What the site says about alerts: how long a device is learned, what is left out, what is expected.
//!
//! Comes in: settings. Goes out: [`Config`], and what it says of one rule and one device.

use std::sync::Arc;
use std::time::Duration;

use super::severity::Severity;
use super::site::SiteRule;
use super::site_clock::SiteClock;
use crate::device::DeviceProfile;
use crate::net::Timestamp;

/// What may be set about alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How long a device has to have been there before what is new of it is told.
    pub learning: Duration,
    /// Most alerts that one rule may raise within an hour.
    pub max_per_hour: u32,
    /// What holds for some rules and devices instead; later ones win.
    pub overrides: Vec<Override>,
    /// What devices may speak to.
    pub expectations: Vec<Expectation>,
    /// The rules of the site.
    pub rules: Vec<Arc<SiteRule>>,
    /// The clock of the site.
    pub clock: SiteClock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            learning: Duration::from_secs(24 * 3600),
            max_per_hour: 60,
            overrides: Vec::new(),
            expectations: Vec::new(),
            rules: Vec::new(),
            clock: SiteClock::default(),
        }
    }
}

/// What holds for some rules and devices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Override {
    /// The rule's name; every rule where absent.
    pub rule: Option<String>,
    /// The device; every device where absent.
    pub device: Option<DeviceSelector>,
    /// Whether the rule raises alerts.
    pub enabled: Option<bool>,
    /// How urgent its alerts are.
    pub severity: Option<Severity>,
    /// When its alerts wait.
    pub quiet: Option<QuietHours>,
}

/// Far ends that a device may speak to without an alert on what is new.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectation {
    /// The device; every device where absent.
    pub device: Option<DeviceSelector>,
    /// Names (with all below them), services, or country codes, in lower case.
    pub subjects: Vec<String>,
}

/// A device by its identifier, its Ethernet address, or what its owner calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSelector(pub String);

/// Part of a day, in seconds of the site's day; it may reach over midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuietHours {
    /// It begins.
    pub from: u32,
    /// It ends.
    pub until: u32,
    /// What they go by.
    pub clock: SiteClock,
}

/// What holds for one rule and one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) enabled: bool,
    pub(super) severity: Severity,
    pub(super) quiet: Option<QuietHours>,
}

impl Config {
    /// What holds for the rule called `rule` and a device.
    pub(super) fn terms(&self, rule: &str, severity: Severity, device: &DeviceProfile) -> Terms {
        let mut terms = Terms { enabled: true, severity, quiet: None };
        for known in &self.overrides {
            let is_meant = known.rule.as_deref().is_none_or(|name| name == rule)
                && known.device.as_ref().is_none_or(|selector| selector.is(device));
            if is_meant {
                terms.enabled = known.enabled.unwrap_or(terms.enabled);
                terms.severity = known.severity.unwrap_or(terms.severity);
                terms.quiet = known.quiet.clone().or(terms.quiet);
            }
        }
        terms
    }

    /// Tells whether the device may have to do with `subject`.
    pub(super) fn expects(&self, device: &DeviceProfile, subject: &str) -> bool {
        let subject = subject.to_ascii_lowercase();
        let subject = subject.trim_end_matches('.');
        self.expectations.iter().any(|known| {
            known.device.as_ref().is_none_or(|selector| selector.is(device))
                && known.subjects.iter().any(|name| is_below(subject, name))
        })
    }
}

impl DeviceSelector {
    /// Tells whether the device is meant.
    #[must_use]
    pub fn is(&self, device: &DeviceProfile) -> bool {
        let Self(text) = self;
        *device.id.0 == **text
            || device.mac.is_some_and(|mac| mac.to_string().eq_ignore_ascii_case(text))
            || device.label.as_ref().is_some_and(|label| label.name.as_deref() == Some(text))
    }
}

impl QuietHours {
    /// Tells whether it is quiet at `now`.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        const DAY: i64 = 24 * 3600;
        let seconds =
            i64::try_from(now.as_secs()).unwrap_or(0) + i64::from(self.clock.ahead_of_utc(now));
        let second = u32::try_from(seconds.rem_euclid(DAY)).unwrap_or(0);
        if self.from <= self.until {
            (self.from..self.until).contains(&second)
        } else {
            second >= self.from || second < self.until
        }
    }
}

/// Tells whether `name` is `above` or a name below it.
fn is_below(name: &str, above: &str) -> bool {
    name.strip_suffix(above).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceId;

    fn device() -> DeviceProfile {
        DeviceProfile {
            mac: Some("44:a6:42:01:02:03".parse().unwrap()),
            ..DeviceProfile::new(DeviceId("d-1".into()), Timestamp::ZERO)
        }
    }

    #[test]
    fn a_later_override_wins_where_it_is_meant() {
        let selector = |text: &str| Some(DeviceSelector(text.to_owned()));
        let config = Config {
            overrides: vec![
                Override { enabled: Some(false), ..Override::default() },
                Override {
                    rule: Some("new-device".to_owned()),
                    device: selector("44:A6:42:01:02:03"),
                    enabled: Some(true),
                    severity: Some(Severity::High),
                    ..Override::default()
                },
                Override {
                    device: selector("d-2"),
                    severity: Some(Severity::Low),
                    ..Override::default()
                },
            ],
            ..Config::default()
        };

        let terms = config.terms("new-device", Severity::Low, &device());
        assert!(terms.enabled && terms.severity == Severity::High);
        assert!(!config.terms("new-country", Severity::Low, &device()).enabled);
    }

    #[test]
    fn what_is_expected_is_a_whole_name_with_all_below_it() {
        let subjects = vec!["ntp.example".to_owned(), "cn".to_owned()];
        let config = Config {
            expectations: vec![Expectation { device: None, subjects }],
            ..Config::default()
        };

        for expected in ["ntp.example", "a.NTP.example.", "CN"] {
            assert!(config.expects(&device(), expected), "{expected}");
        }
        for other in ["antp.example", "example", "xcn", ""] {
            assert!(!config.expects(&device(), other), "{other}");
        }
    }

    #[test]
    fn quiet_hours_reach_over_midnight_and_go_by_the_sites_clock() {
        let hour = |hour: u64| Timestamp::from_parts(hour * 3600, 0);
        let clock = SiteClock::default();
        let night = QuietHours { from: 22 * 3600, until: 6 * 3600, clock };
        let clock = SiteClock::fixed(-2 * 3600);
        let noon = QuietHours { from: 12 * 3600, until: 13 * 3600, clock };

        assert!(night.holds(hour(23)) && night.holds(hour(24 + 5)) && !night.holds(hour(24 + 6)));
        assert!(noon.holds(hour(14)) && !noon.holds(hour(12)) && !noon.holds(hour(15)));
    }
}
