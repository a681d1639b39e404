//! `[alerts]`: how long devices are learned, what is left out, what is expected.
//!
//! Comes in: the tables of the file. Goes out: [`alert::Config`], and what is wrong.

use std::time::Duration;

use super::alert_rules::read_rules;
use super::section::Section;
use super::time_zone::{ZoneProblem, site_clock};
use crate::alert::{
    self, AlertRule, DeviceSelector, Expectation, Override, QuietHours, Severity, SiteClock,
};
use crate::net::printable;

/// Most overrides and expectations; each is looked at for each alert.
const MAX_ENTRIES: usize = 1_000;

/// Most subjects of one expectation.
const MAX_SUBJECTS: usize = 100;

/// Longest text of a selector or subject.
const MAX_TEXT: usize = 255;

/// Reads the section.
pub(super) fn read_alerts(section: &mut Section<'_>, config: &mut alert::Config) {
    let longest = Duration::from_secs(30 * 24 * 3600);
    section.duration("learning", &mut config.learning, Duration::ZERO..=longest);
    section.count("max_per_hour", &mut config.max_per_hour, 1..=10_000);
    config.clock = read_clock(section);
    let clock = config.clock.clone();
    let mut rules = Vec::new();
    read_rules(section, &mut rules);
    config.rules = rules;
    let names: Vec<_> = AlertRule::ALL
        .map(|rule| rule.as_label().to_owned())
        .into_iter()
        .chain(config.rules.iter().map(|rule| rule.name().to_owned()))
        .collect();
    section.tables("override", MAX_ENTRIES, |section| {
        let found = Override {
            rule: read_rule(section, &names),
            device: read_device(section),
            enabled: read_flag(section, "enabled"),
            severity: read_severity(section),
            quiet: read_quiet(section, &clock),
        };
        if found.enabled.is_none() && found.severity.is_none() && found.quiet.is_none() {
            let problem = "is needed, or severity, or quiet: an override has to change something";
            section.refuse("enabled", problem.to_owned());
        }
        config.overrides.push(found);
    });
    section.tables("expect", MAX_ENTRIES, |section| {
        let device = read_device(section);
        let subjects = section.texts("subjects").unwrap_or_default();
        let fits = (1..=MAX_SUBJECTS).contains(&subjects.len())
            && subjects.iter().all(|text| !text.is_empty() && text.len() <= MAX_TEXT);
        if !fits {
            let problem = format!(
                "must be 1 to {MAX_SUBJECTS} names, services, country codes or addresses, such as [\"ntp.example\"]"
            );
            return section.refuse("subjects", problem);
        }
        let subjects = subjects.iter().map(|text| text.to_ascii_lowercase()).collect();
        config.expectations.push(Expectation { device, subjects });
    });
}

fn read_rule(section: &mut Section<'_>, names: &[String]) -> Option<String> {
    let rule = section.text("rule")?;
    if !names.iter().any(|name| name == rule) {
        let names = names.join(", ");
        let problem = format!("no rule is called \"{}\"; there are: {names}", printable(rule, 64));
        section.refuse("rule", problem);
        return None;
    }
    Some(rule.to_owned())
}

fn read_device(section: &mut Section<'_>) -> Option<DeviceSelector> {
    let device = section.text("device")?;
    if device.is_empty() || device.len() > MAX_TEXT {
        let problem =
            "must be an identifier (d-...), an Ethernet address, or the name of a [[device]]";
        section.refuse("device", problem.to_owned());
        return None;
    }
    Some(DeviceSelector(device.to_owned()))
}

fn read_flag(section: &mut Section<'_>, key: &'static str) -> Option<bool> {
    // What is absent leaves both as they are.
    let (mut when_off, mut when_on) = (false, true);
    section.flag(key, &mut when_off);
    section.flag(key, &mut when_on);
    (when_off == when_on).then_some(when_on)
}

fn read_severity(section: &mut Section<'_>) -> Option<Severity> {
    let mut found = None;
    let choices = Severity::ALL.map(|severity| (severity.as_label(), Some(severity)));
    section.choice("severity", &mut found, &choices);
    found
}

fn read_quiet(section: &mut Section<'_>, clock: &SiteClock) -> Option<QuietHours> {
    let text = section.text("quiet")?;
    let hours = text.split_once('-').and_then(|(from, until)| {
        let clock = clock.clone();
        Some(QuietHours { from: time_of_day(from)?, until: time_of_day(until)?, clock })
    });
    if hours.is_none() {
        let problem = format!(
            "must be two times of day such as \"22:00-06:00\", is \"{}\"",
            printable(text, 64)
        );
        section.refuse("quiet", problem);
    }
    hours
}

/// What quiet hours go by: a time zone, or a difference to UTC.
fn read_clock(section: &mut Section<'_>) -> SiteClock {
    let ahead_of_utc = read_offset(section);
    let Some(name) = section.text("time_zone").filter(|name| !name.is_empty()) else {
        return SiteClock::fixed(ahead_of_utc.unwrap_or_default());
    };
    if ahead_of_utc.is_some_and(|ahead| ahead != 0) {
        section.refuse("utc_offset", "cannot be set beside time_zone, which says it".to_owned());
    }
    site_clock(name).unwrap_or_else(|ZoneProblem(problem)| {
        section.refuse("time_zone", problem);
        SiteClock::default()
    })
}

/// What the site's clock is ahead of UTC, in seconds.
fn read_offset(section: &mut Section<'_>) -> Option<i32> {
    let text = section.text("utc_offset")?;
    let offset = text.strip_prefix('-').map(|rest| (-1, rest));
    let offset = offset.or_else(|| text.strip_prefix('+').map(|rest| (1, rest)));
    let seconds = offset.and_then(|(sign, rest)| {
        let seconds = i32::try_from(time_of_day(rest)?).ok()?;
        Some(sign * seconds)
    });
    match seconds.filter(|seconds| seconds.abs() <= 14 * 3600) {
        Some(seconds) => Some(seconds),
        None => {
            let problem = format!(
                "must be between \"-14:00\" and \"+14:00\", is \"{}\"",
                printable(text, 64)
            );
            section.refuse("utc_offset", problem);
            None
        }
    }
}

/// `22:30` in seconds of the day.
fn time_of_day(text: &str) -> Option<u32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let part = |text: &str, below: u32| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|number| is_number && *number < below)
    };
    Some(part(hours, 24)? * 3600 + part(minutes, 60)? * 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn overrides_and_expectations_are_read() {
        let text = r#"
            [alerts]
            learning = "2h"
            utc_offset = "-03:30"
            [[alerts.override]]
            rule = "new-country"
            device = "Front door"
            enabled = false
            [[alerts.override]]
            severity = "high"
            quiet = "22:00-06:30"
            [[alerts.expect]]
            subjects = ["NTP.example", "FR"]
        "#;
        let config = Config::from_toml(text).unwrap().analyst.alerts;

        assert_eq!(config.learning, Duration::from_secs(7_200));
        let expected = Override {
            rule: Some("new-country".to_owned()),
            device: Some(DeviceSelector("Front door".to_owned())),
            enabled: Some(false),
            ..Override::default()
        };
        assert_eq!(config.overrides[0], expected);
        let clock = SiteClock::fixed(-12_600);
        let quiet = QuietHours { from: 79_200, until: 23_400, clock };
        assert_eq!(config.overrides[1].quiet, Some(quiet));
        assert_eq!(config.overrides[1].enabled, None);
        assert_eq!(config.expectations[0].subjects, ["ntp.example", "fr"]);
    }

    #[test]
    fn quiet_hours_of_a_time_zone_follow_its_daylight_saving() {
        let text = r#"
            [alerts]
            time_zone = "Europe/London"
            [[alerts.override]]
            severity = "low"
            quiet = "22:00-06:00"
        "#;
        if !std::fs::exists("/usr/share/zoneinfo/Europe/London").unwrap() {
            use std::io::Write as _;
            std::io::stderr().write_all(b"SKIPPED: tzdata is not installed\n").unwrap();
            return;
        }
        let config = Config::from_toml(text).unwrap().analyst.alerts;
        let clock = &config.overrides[0].quiet.as_ref().unwrap().clock;

        // 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC.
        for (second, ahead) in
            [(1_774_745_999, 0), (1_774_746_000, 3_600), (1_792_889_999, 3_600), (1_792_890_000, 0)]
        {
            let now = crate::net::Timestamp::from_parts(second, 0);
            assert_eq!(clock.ahead_of_utc(now), ahead, "{second}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_key() {
        let problem = |text: &str| Config::from_toml(text).unwrap_err().to_string();

        let unknown = problem("[[alerts.override]]\nrule = \"x\"\nenabled = false");
        assert!(unknown.contains("alerts.override[0].rule") && unknown.contains("new-device"));
        assert!(problem("[[alerts.override]]\nrule = \"new-device\"").contains(".enabled"));
        for quiet in ["22-06", "22:00", "25:00-06:00", "22:00-06:60", ""] {
            let text = format!("[[alerts.override]]\nquiet = \"{quiet}\"");
            assert!(problem(&text).contains("override[0].quiet"), "{quiet}");
        }
        assert!(problem("alerts.utc_offset = \"15\"").contains("alerts.utc_offset"));
        for zone in ["Europe/Atlantis", "../etc/passwd", "x\u{7}"] {
            let text = format!("alerts.time_zone = {zone:?}").replace("\\u{7}", "\\u0007");
            assert!(problem(&text).contains("alerts.time_zone"), "{zone}");
        }
        let both = "[alerts]\ntime_zone = \"Europe/London\"\nutc_offset = \"+01:00\"";
        assert!(problem(both).contains("alerts.utc_offset"));
        assert!(problem("[[alerts.expect]]\nsubjects = []").contains("expect[0].subjects"));
    }
}
