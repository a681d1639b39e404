//! The shipped `config/hikwatch.toml` and the reader agree on every key, default, unit and range.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot read the sample has to fail"
)]

use std::collections::BTreeSet;

use hikwatch::config::{Config, known_keys};
use hikwatch::device::DeviceId;
use hikwatch::export::EventTypes;
use hikwatch::net::MacAddr;
use proptest::prelude::*;

const SAMPLE: &str = include_str!("../config/hikwatch.toml");

#[test]
fn the_sample_as_shipped_is_the_default() {
    assert_eq!(Config::from_toml(SAMPLE).unwrap(), Config::default());
}

#[test]
fn the_sample_with_every_setting_taken_out_of_its_comment_is_the_default() {
    let text = uncommented();

    assert_eq!(Config::from_toml(&text).unwrap(), Config::default(), "{text}");
}

#[test]
fn the_sample_documents_every_key_and_no_other() {
    let mut documented = documented_keys();
    // The keys of an interface and of a device are documented by examples, as there is none by default.
    documented.extend(["interface[0].name", "interface[0].role"].map(str::to_owned));
    let of_device = ["mac", "serial", "id", "name", "site", "owner"];
    documented.extend(of_device.map(|key| format!("device[0].{key}")));
    for key in ["rule", "device", "enabled", "severity", "quiet"] {
        documented.insert(format!("alerts.override[0].{key}"));
    }
    documented.extend(["device", "subjects"].map(|key| format!("alerts.expect[0].{key}")));
    let of_rule = [
        "name", "when", "for", "hold", "severity", "message", "learning", "category", "advice",
        "sid",
    ];
    documented.extend(of_rule.map(|key| format!("alerts.rule[0].{key}")));
    documented.extend(["alerts.override", "alerts.expect", "alerts.rule"].map(str::to_owned));
    let of_webhook = [
        "name",
        "kind",
        "url",
        "channel",
        "token_file",
        "token_credential",
        "min_severity",
        "resolved",
        "timeout",
        "ca_file",
    ];
    documented.extend(of_webhook.map(|key| format!("webhook[0].{key}")));
    let known: BTreeSet<String> = known_keys().into_iter().collect();

    assert_eq!(documented, known);
}

#[test]
fn the_examples_in_the_sample_are_read() {
    let text: String =
        SAMPLE.lines().filter_map(|line| line.strip_prefix("#     ")).fold(String::new(), joined);
    let config = Config::from_toml(&text).unwrap();

    let interfaces: Vec<_> =
        config.interfaces.iter().map(|i| (i.name.as_str(), i.role.as_label())).collect();
    assert_eq!(interfaces, [("br-lan", "lan"), ("eth1", "wan")]);
    let (id, mac) = (DeviceId("d-0".into()), MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]));
    let label = config.analyst.labels.find(&id, &[mac], None).unwrap();
    assert_eq!(label.name.as_deref(), Some("Front door"));
    assert_eq!(
        (config.analyst.alerts.overrides.len(), config.analyst.alerts.expectations.len()),
        (2, 1)
    );
    assert_eq!(config.analyst.alerts.rules[0].signature_id(), 1_500_000);
    assert_eq!(config.far_ends.webhooks[0].channel.as_deref(), Some("cameras"));
}

#[test]
fn a_spurious_key_in_each_table_is_refused_and_named() {
    for table in tables() {
        let text = uncommented()
            .replace(&format!("[{table}]\n"), &format!("[{table}]\nspurious_key = 1\n"));
        assert_eq!(only_problem_key(&text), format!("{table}.spurious_key"));
    }
    assert_eq!(only_problem_key(&format!("spurious_key = 1\n{SAMPLE}")), "spurious_key");
}

#[test]
fn a_wrong_kind_of_value_is_refused_for_every_key() {
    for setting in settings() {
        let name = setting.line.split(" = ").next().unwrap();
        let text = uncommented_with(&setting, &format!("{name} = 2026-01-31"));

        assert_eq!(only_problem_key(&text), setting.key);
    }
}

#[test]
fn a_wrong_unit_is_refused_for_every_duration_and_size() {
    let mut tried = 0;
    for setting in settings() {
        let value = setting.line.split(" = ").nth(1).unwrap().trim_matches('"');
        let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = value.trim_start_matches(|c: char| c.is_ascii_digit());
        if !["ms", "s", "m", "h", "B", "KiB", "MiB", "GiB"].contains(&unit) {
            continue;
        }
        for wrong in ["", "MB", "min"] {
            let line = setting.line.replace(value, &format!("{number}{wrong}"));
            let text = uncommented_with(&setting, &line);
            assert_eq!(only_problem_key(&text), setting.key, "{line}");
        }
        tried += 1;
    }
    assert!(tried >= 8, "only {tried} settings of the sample carry a unit");
}

#[test]
fn the_ranges_in_the_sample_are_those_of_the_reader() {
    let mut tried = 0;
    for setting in settings() {
        let Some((least, most)) = documented_range(&setting.comment) else { continue };
        let name = setting.line.split(" = ").next().unwrap();
        for end in [least, most] {
            let text = uncommented_with(&setting, &format!("{name} = {end}"));
            let rightly_refused = Config::from_toml(&text).is_err_and(|errors| {
                // The least budget may lie below the default of what has to fit into it.
                errors.as_slice().iter().all(|error| error.problem.contains("limits.head_bytes"))
            });
            assert!(Config::from_toml(&text).is_ok() || rightly_refused, "{name} = {end}");
        }
        if let (Ok(least), Ok(most)) = (least.parse::<i64>(), most.parse::<i64>()) {
            for beyond in [least - 1, most + 1] {
                let text = uncommented_with(&setting, &format!("{name} = {beyond}"));
                assert_eq!(only_problem_key(&text), setting.key, "{name} = {beyond}");
            }
        }
        tried += 1;
    }
    assert!(tried >= 8, "only {tried} settings of the sample tell their range");
}

#[test]
fn the_sample_lists_every_event_type() {
    let types = settings().into_iter().find(|setting| setting.key == "events.types").unwrap();
    let listed: BTreeSet<_> = types.comment.split('"').skip(1).step_by(2).collect();

    let known: BTreeSet<_> = EventTypes::NAMES.into_iter().chain(["all"]).collect();
    assert_eq!(listed, known);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        if let Err(errors) = Config::from_toml(&text) {
            prop_assert!(!errors.as_slice().is_empty());
        }
    }

    #[test]
    fn a_damaged_file_is_read_or_its_problems_are_named(
        cut in 0..SAMPLE.len(),
        length in 0_usize..40,
        inserted in ".{0,8}",
    ) {
        let whole = uncommented();
        let (Some(head), Some(tail)) = (whole.get(..cut), whole.get(cut + length..)) else {
            return Ok(());
        };
        if let Err(errors) = Config::from_toml(&format!("{head}{inserted}{tail}")) {
            prop_assert!(!errors.as_slice().is_empty());
            prop_assert!(errors.as_slice().iter().all(|error| !error.to_string().contains('\n')));
        }
    }
}

/// One commented setting of the sample.
struct Setting {
    key: String,
    line: String,
    comment: String,
}

/// A line that is a setting in a comment: `#` and a letter, without a blank between.
fn commented_setting(line: &str) -> Option<&str> {
    let setting = line.strip_prefix('#')?;
    setting.starts_with(|c: char| c.is_ascii_lowercase()).then_some(setting)
}

fn settings() -> Vec<Setting> {
    let (mut table, mut comment) = (String::new(), String::new());
    let mut settings = Vec::new();
    for line in SAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            table = format!("{name}.");
        } else if let Some(setting) = commented_setting(line) {
            let key = format!("{table}{}", setting.split(" = ").next().unwrap());
            settings.push(Setting { key, line: setting.to_owned(), comment: comment.clone() });
        } else if line.is_empty() {
            comment.clear();
        } else {
            comment += line.trim_start_matches('#');
        }
    }
    settings
}

fn tables() -> Vec<&'static str> {
    let tables: Vec<_> = SAMPLE
        .lines()
        .filter_map(|line| line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')))
        .collect();
    assert!(tables.len() >= 9, "the sample lost a table: {tables:?}");
    tables
}

fn documented_keys() -> BTreeSet<String> {
    let tables = tables().into_iter().map(str::to_owned);
    settings().into_iter().map(|setting| setting.key).chain(tables).collect()
}

fn uncommented() -> String {
    SAMPLE.lines().map(|line| commented_setting(line).unwrap_or(line)).fold(String::new(), joined)
}

/// The sample without comments, where one setting has another line; two tables may have settings of the same name.
fn uncommented_with(setting: &Setting, line: &str) -> String {
    let text = uncommented();
    let table = setting.key.rsplit_once('.').map(|(table, _)| format!("\n[{table}]\n"));
    let start = table.map_or(0, |table| text.find(&table).unwrap());
    let (before, section) = text.split_at(start);
    let changed = section.replacen(&format!("\n{}\n", setting.line), &format!("\n{line}\n"), 1);
    format!("{before}{changed}")
}

fn joined(text: String, line: &str) -> String {
    text + line + "\n"
}

/// The ends of a range that a comment tells as `from A to B`.
fn documented_range(comment: &str) -> Option<(&str, &str)> {
    comment.split("rom ").skip(1).find_map(|range| {
        let (least, rest) = range.split_once(" to ")?;
        let most = rest.split([' ', ';']).next()?.trim_end_matches('.');
        least.starts_with(|c: char| c == '"' || c.is_ascii_digit()).then_some((least, most))
    })
}

fn only_problem_key(text: &str) -> String {
    let errors = Config::from_toml(text).expect_err(text);
    let keys: Vec<_> = errors.as_slice().iter().map(|error| error.key.clone()).collect();
    assert_eq!(keys.len(), 1, "{errors}");
    keys.into_iter().next().unwrap()
}
