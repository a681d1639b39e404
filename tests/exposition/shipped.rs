//! The files for Prometheus and Grafana: each expression parses, each metric in it is exposed, the rules do what their unit
//! tests say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use hikwatch::alert::{Alert, AlertRule, RuleCard};
use hikwatch::analyst::{AlertSighting, Event, EventKind};
use hikwatch::device::{DeviceId, DeviceProfile};
use hikwatch::metrics::{Config, Profile};
use hikwatch::simulate::Household;
use serde_json::Value;

use crate::lab::{Lab, START, series};
use crate::tools::tool;

const DASHBOARDS: [(&str, Profile); 3] =
    [("site", Profile::Site), ("fleet", Profile::Fleet), ("fleet", Profile::Site)];

/// Every family that users may rely on.
const PROMISED: [&str; 34] = [
    "hikwatch_build_info",
    "hikwatch_capture_packets_total",
    "hikwatch_capture_bytes_total",
    "hikwatch_capture_drops_total",
    "hikwatch_capture_bypassed_packets_total",
    "hikwatch_capture_bypassed_bytes_total",
    "hikwatch_decode_errors_total",
    "hikwatch_dissect_errors_total",
    "hikwatch_flows_active",
    "hikwatch_flows_ended_total",
    "hikwatch_flow_table_capacity",
    "hikwatch_devices",
    "hikwatch_device_info",
    "hikwatch_device_confidence_ratio",
    "hikwatch_device_last_seen_timestamp_seconds",
    "hikwatch_device_bytes_total",
    "hikwatch_cloud_bytes_total",
    "hikwatch_cloud_flows_total",
    "hikwatch_country_bytes_total",
    "hikwatch_alerts_total",
    "hikwatch_alert_last_fired_timestamp_seconds",
    "hikwatch_events_dropped_total",
    "hikwatch_sink_deliveries_total",
    "hikwatch_config_last_reload_successful",
    "hikwatch_config_last_reload_success_timestamp_seconds",
    "hikwatch_coverage_ratio",
    "hikwatch_visibility",
    "hikwatch_store_up",
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
];

/// Families that speak of single devices, which a fleet is not told.
const OF_DEVICES: [&str; 4] = [
    "hikwatch_device_info",
    "hikwatch_device_confidence_ratio",
    "hikwatch_device_last_seen_timestamp_seconds",
    "hikwatch_alert_last_fired_timestamp_seconds",
];

/// What Prometheus itself makes.
const OTHERS: [&str; 1] = ["up{"];

#[test]
fn each_promised_family_is_exposed_and_a_fleet_is_told_of_no_single_device() {
    let (site, fleet) = (exposed(Profile::Site), exposed(Profile::Fleet));
    for family in PROMISED {
        // Hidden from a service that does not see all of /proc.
        let is_hidden = family == "process_start_time_seconds" && !Path::new("/proc/stat").exists();
        assert!(is_hidden || site.contains(family), "{family} is not exposed");
        assert_eq!(is_hidden || fleet.contains(family), !OF_DEVICES.contains(&family), "{family}");
    }
}

#[test]
fn the_rules_pass_their_unit_tests_and_each_alert_has_one() {
    let rules = text("prometheus/hikwatch.rules.yml");
    let tests = text("prometheus/hikwatch.test.yml");
    let alerts = values(&rules, "- alert: ");
    assert!(alerts.len() > 15);
    for alert in &alerts {
        assert!(tests.contains(&format!("alertname: {alert}\n")), "{alert} has no test");
    }
    for record in values(&rules, "- record: ") {
        assert!(tests.contains(&record), "{record} has no test");
    }
    let Some(promtool) = tool("promtool") else { return };
    for arguments in [
        ["check", "config", "prometheus/prometheus.yml"],
        ["check", "rules", "prometheus/hikwatch.rules.yml"],
        ["test", "rules", "prometheus/hikwatch.test.yml"],
    ] {
        let output =
            Command::new(&promtool).args(arguments).current_dir(folder()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn each_metric_in_the_rules_is_exposed() {
    let rules = text("prometheus/hikwatch.rules.yml");
    let records: BTreeSet<_> = values(&rules, "- record: ").into_iter().collect();
    let exposed = exposed(Profile::Site);
    let mut named = 0;
    for metric in metrics_in(&rules) {
        // A part of the name of a record.
        if records.iter().any(|record| record.split(':').any(|part| part == metric)) {
            continue;
        }
        named += 1;
        assert!(exposed.contains(&metric), "{metric} is not exposed");
    }
    assert!(named > 15, "{named} metrics");
}

#[test]
fn each_expression_of_the_dashboards_parses_and_names_what_is_exposed() {
    let mut rules = "groups:\n- name: dashboards\n  rules:\n".to_owned();
    let mut number = 0;
    for (name, profile) in DASHBOARDS {
        let exposed = exposed(profile);
        let dashboard = dashboard(name);
        let expressions = expressions(&dashboard);
        assert!(expressions.len() > 20, "{name}: {} expressions", expressions.len());
        for expression in expressions {
            for metric in metrics_in(&expression) {
                assert!(exposed.contains(&metric), "{name} ({profile:?}): {metric} is not exposed");
            }
            let is_of_prometheus = OTHERS.iter().any(|other| expression.contains(other));
            assert!(is_of_prometheus || !metrics_in(&expression).is_empty(), "{expression}");
            for window in expression.split('[').skip(1).filter_map(|rest| rest.split(']').next()) {
                assert!(["$__rate_interval", "$__range"].contains(&window), "{name}: {expression}");
            }
            let plain = expression
                .replace("$__rate_interval", "5m")
                .replace("$__range", "1h")
                .replace("$instance", ".*")
                .replace("$device", ".*");
            assert!(!plain.contains('$'), "{name}: {expression}");
            number += 1;
            let expression = serde_json::to_string(&plain).unwrap();
            rules.push_str(&format!("  - record: expression_{number}\n    expr: {expression}\n"));
        }
    }
    let Some(promtool) = tool("promtool") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("dashboards.yml");
    fs::write(&file, rules).unwrap();
    let output = Command::new(promtool).args(["check", "rules"]).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("{number} rules found")), "{said}");
}

#[test]
fn dashboards_ask_the_chosen_source_and_say_their_units() {
    for name in ["site", "fleet"] {
        let dashboard = dashboard(name);
        assert_eq!(dashboard["uid"], format!("hikwatch-{name}"));
        assert_eq!(dashboard["id"], Value::Null);
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        assert!(variables.iter().any(|variable| {
            (&variable["type"], &variable["name"]) == (&"datasource".into(), &"datasource".into())
        }));
        let mut ids = BTreeSet::new();
        let mut places = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{name}: an identifier twice");
            let place = &panel["gridPos"];
            assert!(places.insert((place["x"].as_u64(), place["y"].as_u64())), "{name}: {place}");
            if panel["type"] == "row" {
                continue;
            }
            let title = panel["title"].as_str().unwrap();
            let unit = panel["fieldConfig"]["defaults"]["unit"].as_str();
            assert!(unit.is_some_and(|unit| !unit.is_empty()), "{name}: {title}");
            assert!(!panel["description"].as_str().unwrap().is_empty(), "{name}: {title}");
            let targets = panel["targets"].as_array().unwrap();
            for asked in targets.iter().chain([panel]) {
                assert_eq!(asked["datasource"]["uid"], "${datasource}", "{name}: {title}");
            }
        }
    }
}

/// The names of all metrics of a household in which every rule has fired.
fn exposed(profile: Profile) -> BTreeSet<String> {
    let mut lab = Lab::new(&[Config { profile, ..Config::default() }]);
    for frame in Household::new(5, START).take(6_000) {
        lab.take(&frame);
    }
    lab.drain();
    for rule in AlertRule::ALL {
        let device = DeviceProfile::new(DeviceId("d-000000000001".into()), START);
        let alert = Alert::raised(
            Arc::new(RuleCard::of(rule)),
            rule.severity(),
            device.into(),
            ("".into(), "It fired.".to_owned()),
            START,
        );
        let sighting = Box::new(AlertSighting { alert, flow: None });
        lab.recorders[0].apply(&Event { timestamp: START, kind: EventKind::AlertTold(sighting) });
    }
    series(&lab.recorders[0])
        .keys()
        .map(|name| name.split('{').next().unwrap().to_owned())
        .collect()
}

/// Every word that is the name of a metric of ours or of the process.
fn metrics_in(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("hikwatch_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

/// What stands behind `key` in each line that has it.
fn values(text: &str, key: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix(key))
        .map(|value| value.trim().to_owned())
        .collect()
}

fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let mut all: Vec<String> =
        targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    // `label_values(METRIC, LABEL)` is no expression, but it names a metric.
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if let Some(definition) = variable["definition"].as_str() {
            let inner = definition.strip_prefix("label_values(").unwrap();
            all.push(inner.rsplit_once(',').unwrap().0.to_owned());
        }
    }
    all
}

fn dashboard(name: &str) -> Value {
    serde_json::from_str(&text(&format!("grafana/{name}.json"))).unwrap()
}

fn text(path: &str) -> String {
    fs::read_to_string(folder().join(path)).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}
