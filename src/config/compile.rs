//! The keys of `hikwatch.toml`: where each goes, what it may be, and what must agree.
//!
//! Comes in: TOML text. Goes out: a [`Config`], or all that is wrong with it. It never reads a file.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Table;

use super::alerts::read_alerts;
use super::error::{ConfigError, ConfigErrors};
use super::knowledge::{read_catalogue, read_geo};
use super::labels::read_labels;
use super::section::{Findings, Section};
use super::settings::{Config, LogFormat, LogLevel};
use super::sinks::{read_events, read_syslog};
use super::sinks_far_ends::read_far_ends;
use crate::capture::{Backend, InterfaceConfig, InterfaceRole};
use crate::export::Privacy;
use crate::flow;
use crate::metrics::Profile;
use crate::net::{IpPrefix, LocalNets, printable};

/// Most interfaces that one daemon captures on; guards file descriptors and ring memory.
const MAX_INTERFACES: usize = 32;

/// Longest name of a network interface (Linux: IFNAMSIZ without the closing zero).
const MAX_INTERFACE_NAME: usize = 15;

/// Most blocks in `network.local`; every flow is compared with each.
const MAX_LOCAL_BLOCKS: usize = 64;

/// Most threads that share an interface; more than any machine that this runs on has use for.
const MAX_WORKERS: usize = 16;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// Not beyond the reach of the flow table's timing wheel.
const TIMEOUTS: RangeInclusive<Duration> = flow::Config::MIN_TIMEOUT..=flow::Config::MAX_TIMEOUT;

impl Config {
    /// Reads a configuration; what is absent has its default.
    ///
    /// # Errors
    /// Everything that is wrong: the place of a syntax error, or each key that is unknown, of the wrong
    /// kind, without its unit, out of its range, or at odds with another.
    pub fn from_toml(text: &str) -> Result<Self, ConfigErrors> {
        let table: Table = text.parse().map_err(|error| syntax_error(text, &error))?;
        let mut config = Self::default();
        let mut findings = Findings::default();
        Section::read_document(&table, &mut findings, |root| read_all(root, &mut config));

        match ConfigErrors::new(findings.problems) {
            Some(errors) => Err(errors),
            None => Ok(config),
        }
    }
}

/// Every key that the reader knows, with its table, sorted: `capture.ring`, `interface[0].name`, ...
#[must_use]
pub fn known_keys() -> Vec<String> {
    let one = || toml::Value::Array(vec![toml::Value::Table(Table::new())]);
    let named = ["interface", "device", "webhook"].map(|table| (table.to_owned(), one()));
    let mut one_of_each = Table::from_iter(named);
    let of_alerts =
        Table::from_iter(["rule", "override", "expect"].map(|key| (key.to_owned(), one())));
    one_of_each.insert("alerts".to_owned(), toml::Value::Table(of_alerts));
    let mut findings = Findings::default();
    let mut config = Config::default();
    Section::read_document(&one_of_each, &mut findings, |root| read_all(root, &mut config));
    findings.known.sort_unstable();
    findings.known
}

fn read_all(root: &mut Section<'_>, config: &mut Config) {
    read_interfaces(root, &mut config.interfaces);
    config.analyst.labels = read_labels(root).into();
    root.table("devices", |section| {
        let patience = Duration::from_secs(60)..=Duration::from_secs(24 * 3600);
        section.duration("offline_after", &mut config.analyst.offline_after, patience);
    });
    root.table("alerts", |section| read_alerts(section, &mut config.analyst.alerts));
    root.table("capture", |section| read_capture(section, config));
    root.table("network", |section| read_network(section, &mut config.analyst.local_nets));
    root.table("flow", |section| read_flow(section, config));
    root.table("limits", |section| read_limits(section, config));
    root.table("metrics", |section| {
        section.choice("profile", &mut config.metrics.profile, &Profile::NAMES);
        section.count("max_devices", &mut config.metrics.max_devices, 1..=10_000);
        section.flag("created", &mut config.metrics.created);
    });
    root.table("http", |section| read_http(section, config));
    root.table("events", |section| read_events(section, &mut config.export));
    root.table("syslog", |section| read_syslog(section, &mut config.syslog));
    root.table("journald", |section| section.flag("alerts", &mut config.journald.alerts));
    read_far_ends(root, &mut config.far_ends);
    root.table("store", |section| read_store(section, config));
    root.table("log", |section| {
        section.choice("level", &mut config.log.level, &LogLevel::NAMES);
        section.choice("format", &mut config.log.format, &LogFormat::NAMES);
    });
    root.table("privacy", |section| read_privacy(section, &mut config.export.privacy));
    root.table("catalogue", |section| read_catalogue(section, &mut config.catalogue));
    root.table("geo", |section| read_geo(section, &mut config.geo));
}

fn read_interfaces(root: &mut Section<'_>, interfaces: &mut Vec<InterfaceConfig>) {
    root.tables("interface", MAX_INTERFACES, |section| {
        let mut role = InterfaceRole::default();
        let roles = [InterfaceRole::Lan, InterfaceRole::Wan, InterfaceRole::Mirror];
        section.choice("role", &mut role, &roles.map(|role| (role.as_label(), role)));
        match section.text("name") {
            None => section
                .refuse("name", "is needed: the system's name, such as \"br-lan\"".to_owned()),
            Some(name) if !is_interface_name(name) => {
                let problem = "must be 1 to 15 characters without blanks and slashes; \
                               `hikwatch interfaces` lists the names";
                section.refuse("name", problem.to_owned());
            }
            Some(name) if interfaces.iter().any(|known| known.name == name) => {
                section.refuse("name", format!("\"{name}\" is named twice; keep one of the two"));
            }
            Some(name) => interfaces.push(InterfaceConfig { name: name.to_owned(), role }),
        }
    });
}

fn read_capture(section: &mut Section<'_>, config: &mut Config) {
    let capture = &mut config.capture;
    let backends = [("afpacket", Backend::AfPacket), ("libpcap", Backend::Libpcap)];
    section.choice("backend", &mut capture.backend, &backends);
    section.size("ring", &mut capture.ring_bytes, 256 * KIB..=1024 * MIB);
    section.size("cutoff", &mut capture.cutoff_bytes, 0..=64 * MIB);
    section.count("workers", &mut capture.workers, 1..=MAX_WORKERS);
    section.flag("promiscuous", &mut capture.promiscuous);
    section.flag("trust_tunnels", &mut config.meter.trust_tunnels);
    section.optional_text("filter", &mut capture.filter);

    if capture.workers > 1 && capture.backend == Backend::Libpcap {
        let problem = "only the afpacket backend shares an interface; set capture.backend = \"afpacket\" or \
                       workers = 1";
        section.refuse("workers", problem.to_owned());
    }
    if capture.filter.is_some() && capture.backend == Backend::AfPacket {
        let problem = "only the libpcap backend filters; set capture.backend = \"libpcap\" or \
                       take the filter out";
        section.refuse("filter", problem.to_owned());
    }
}

fn read_network(section: &mut Section<'_>, local_nets: &mut LocalNets) {
    let Some(texts) = section.texts("local") else { return };
    if texts.is_empty() || texts.len() > MAX_LOCAL_BLOCKS {
        section.refuse("local", format!("must name 1 to {MAX_LOCAL_BLOCKS} address blocks"));
        return;
    }
    let mut blocks = Vec::with_capacity(texts.len());
    for text in texts {
        match text.parse::<IpPrefix>() {
            Ok(block) => blocks.push(block),
            Err(problem) => {
                section.refuse("local", format!("\"{}\" is {problem}", printable(text, 64)));
            }
        }
    }
    *local_nets = LocalNets::new(blocks);
}

fn read_flow(section: &mut Section<'_>, config: &mut Config) {
    let flow = &mut config.meter.flow;
    section.count("max_flows", &mut flow.max_flows, 1024..=16_777_216);
    section.duration("tcp_idle_timeout", &mut flow.tcp_idle_timeout, TIMEOUTS);
    section.duration("tcp_half_open_timeout", &mut flow.tcp_half_open_timeout, TIMEOUTS);
    section.duration("tcp_closed_timeout", &mut flow.tcp_closed_timeout, TIMEOUTS);
    section.duration("udp_idle_timeout", &mut flow.udp_idle_timeout, TIMEOUTS);
    section.duration("other_idle_timeout", &mut flow.other_idle_timeout, TIMEOUTS);
    section.duration("active_timeout", &mut flow.active_timeout, TIMEOUTS);
    let intervals = Duration::from_millis(100)..=Duration::from_secs(3600);
    section.duration("update_interval", &mut config.meter.flow.update_interval, intervals);
}

fn read_limits(section: &mut Section<'_>, config: &mut Config) {
    let (analyst, meter) = (&mut config.analyst, &mut config.meter);
    section.count("max_devices", &mut analyst.max_devices, 1..=1_000_000);
    section.count("max_names", &mut analyst.max_names, 1..=10_000_000);
    section.count("max_watched_flows", &mut analyst.max_watched_flows, 1..=4_000_000);
    section.size("head_bytes", &mut meter.max_head_bytes, KIB..=64 * KIB);
    section.size("heads_budget", &mut meter.heads_budget, 64 * KIB..=256 * MIB);
    section.size("fragments_budget", &mut meter.fragments_budget, 128 * KIB..=256 * MIB);

    if meter.heads_budget < meter.max_head_bytes {
        section.refuse("heads_budget", "must not be less than limits.head_bytes".to_owned());
    }
}

fn read_http(section: &mut Section<'_>, config: &mut Config) {
    let api = &mut config.api;
    section.socket_address("listen", &mut api.listen);
    section.flag("insecure", &mut api.insecure);
    section.optional_path("write_token_file", &mut api.write_token_file);

    if !api.insecure && !api.listen.ip().is_loopback() {
        let problem = format!(
            "{} can be reached from the network, without encryption or password; listen on 127.0.0.1, \
             or set http.insecure = true if that is what you want",
            api.listen
        );
        section.refuse("listen", problem);
    }
}

fn read_store(section: &mut Section<'_>, config: &mut Config) {
    let store = &mut config.store;
    section.flag("enabled", &mut store.enabled);
    if let Some(directory) = section.text("directory") {
        if directory.is_empty() {
            section.refuse("directory", "must name a directory".to_owned());
        } else {
            store.directory = directory.into();
        }
    }
    let intervals = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);
    section.duration("interval", &mut store.interval, intervals);
    section.count("retention_days", &mut store.retention_days, 1..=3650);
}

fn read_privacy(section: &mut Section<'_>, privacy: &mut Privacy) {
    section.flag("pseudonymize", &mut privacy.pseudonymize);
    section.optional_path("key_file", &mut privacy.key_file);
    if privacy.pseudonymize && privacy.key_file.is_none() {
        let problem = "needs privacy.key_file: a file with a key of 32 bytes or more; \
                       `openssl rand -hex 32` makes some";
        section.refuse("pseudonymize", problem.to_owned());
    }
}

fn is_interface_name(name: &str) -> bool {
    let allowed = |c: char| !c.is_whitespace() && !c.is_control() && c != '/';
    (1..=MAX_INTERFACE_NAME).contains(&name.len()) && name.chars().all(allowed)
}

fn syntax_error(text: &str, error: &toml::de::Error) -> ConfigErrors {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let problem = printable(&error.message().replace('\n', ", "), 256);
    ConfigError { key: format!("line {line}, column {column}"), problem }.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Scope;

    fn problems(text: &str) -> Vec<String> {
        let errors = Config::from_toml(text).expect_err("this configuration is wrong");
        errors.as_slice().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(Config::from_toml("").unwrap(), Config::default());
    }

    #[test]
    fn each_setting_reaches_its_room() {
        let config = Config::from_toml(
            r#"
            [[interface]]
            name = "br-lan"
            [[interface]]
            name = "eth1"
            role = "wan"
            [capture]
            backend = "libpcap"
            ring = "2MiB"
            promiscuous = false
            trust_tunnels = true
            filter = "not port 22"
            [network]
            local = ["192.0.2.0/24"]
            [flow]
            max_flows = 2048
            udp_idle_timeout = "90s"
            update_interval = "250ms"
            [limits]
            max_devices = 10
            head_bytes = "8KiB"
            [metrics]
            max_devices = 5
            [http]
            listen = "192.0.2.1:8080"
            insecure = true
            write_token_file = "/etc/hikwatch/token"
            [events]
            file = "/var/lib/hikwatch/eve.json"
            scope = "all"
            types = ["dns", "tls"]
            sensor = "attic"
            [store]
            enabled = false
            directory = "/srv/hikwatch"
            interval = "10m"
            retention_days = 30
            [log]
            level = "debug"
            format = "journald"
            [catalogue]
            directory = "/srv/catalogue"
            "#,
        )
        .unwrap();

        assert_eq!(config.interfaces.len(), 2);
        assert_eq!(config.interfaces[1].role, InterfaceRole::Wan);
        assert_eq!(config.capture.backend, Backend::Libpcap);
        assert_eq!(config.capture.ring_bytes, 2 << 20);
        assert!(!config.capture.promiscuous);
        assert!(config.meter.trust_tunnels);
        assert_eq!(config.capture.filter.as_deref(), Some("not port 22"));
        assert!(!config.analyst.local_nets.contains("192.168.1.1".parse().unwrap()));
        assert_eq!(config.meter.flow.max_flows, 2048);
        assert_eq!(config.meter.flow.udp_idle_timeout, Duration::from_secs(90));
        assert_eq!(config.meter.flow.update_interval, Duration::from_millis(250));
        assert_eq!(config.analyst.max_devices, 10);
        assert_eq!(config.meter.max_head_bytes, 8192);
        assert_eq!(config.metrics.max_devices, 5);
        assert_eq!(config.api.listen.to_string(), "192.0.2.1:8080");
        assert_eq!(config.export.selection.scope, Scope::All);
        assert!(config.export.selection.types.contains("tls"));
        assert!(!config.export.selection.types.contains("flow"));
        assert_eq!(config.export.sensor.as_deref(), Some("attic"));
        assert_eq!(config.api.write_token_file, Some("/etc/hikwatch/token".into()));
        let store = crate::store::Config {
            enabled: false,
            directory: "/srv/hikwatch".into(),
            interval: Duration::from_secs(600),
            retention_days: 30,
        };
        assert_eq!(config.store, store);
        assert_eq!(config.log.level, LogLevel::Debug);
        assert_eq!(config.catalogue.directory.to_str(), Some("/srv/catalogue"));
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let found = problems(
            "colour = 1\n[capture]\nring = 8\nrign = \"8MiB\"\n[flow]\n\
             udp_idle_timeout = \"10MiB\"\nmax_flows = -1\n[http]\nlisten = true\n[log]\nlevel = \"loud\"\n",
        );

        let keys: Vec<_> = found.iter().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(
            keys,
            [
                "capture.ring",
                "capture.rign",
                "flow.max_flows",
                "flow.udp_idle_timeout",
                "http.listen",
                "log.level",
                "colour"
            ]
        );
        assert_eq!(found[1], "capture.rign: no such key; did you mean `ring`?");
        assert_eq!(
            found[3],
            "flow.udp_idle_timeout: must be a whole number and a unit (ms, s, m, h) in quotes, \
             from \"1s\" to \"1h\", is \"10MiB\""
        );
    }

    #[test]
    fn both_ends_of_a_range_are_allowed_and_the_next_value_is_not() {
        for (good, bad) in [("1", "0"), ("1000000", "1000001")] {
            assert!(Config::from_toml(&format!("limits.max_devices = {good}")).is_ok());
            assert_eq!(problems(&format!("limits.max_devices = {bad}")).len(), 1);
        }
        for (good, bad) in [("1s", "999ms"), ("1h", "3601s")] {
            assert!(Config::from_toml(&format!("flow.active_timeout = \"{good}\"")).is_ok());
            assert_eq!(problems(&format!("flow.active_timeout = \"{bad}\"")).len(), 1);
        }
        for (good, bad) in [("1KiB", "1023B"), ("64KiB", "65KiB")] {
            assert!(Config::from_toml(&format!("limits.head_bytes = \"{good}\"")).is_ok());
            assert_eq!(problems(&format!("limits.head_bytes = \"{bad}\"")).len(), 1);
        }
    }

    #[test]
    fn a_syntax_error_names_line_and_column() {
        let found = problems("[capture]\nring = 8MiB\n");

        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("line 2, column "), "{}", found[0]);
    }

    #[test]
    fn listening_for_the_network_takes_an_explicit_word() {
        let found = problems("http.listen = \"0.0.0.0:19855\"");

        assert!(found[0].contains("http.insecure = true"), "{}", found[0]);
        assert!(
            Config::from_toml("http = { listen = \"0.0.0.0:19855\", insecure = true }").is_ok()
        );
        assert!(Config::from_toml("http.listen = \"[::1]:19855\"").is_ok());
    }

    #[test]
    fn an_interface_has_a_name_of_its_own() {
        let twice = problems("interface = [{ name = \"eth0\" }, { name = \"eth0\" }]");
        let nameless = problems("interface = [{ role = \"mirror\" }]");
        let stray = problems("interface = [\"eth0\"]");

        assert!(twice[0].starts_with("interface[1].name: \"eth0\" is named twice"), "{}", twice[0]);
        assert!(nameless[0].starts_with("interface[0].name: is needed"), "{}", nameless[0]);
        assert!(stray[0].contains("[[interface]]"), "{}", stray[0]);
    }

    #[test]
    fn several_workers_need_the_backend_that_shares() {
        assert!(Config::from_toml("[capture]\nworkers = 16\ncutoff = \"0B\"").is_ok());
        let found = problems("[capture]\nworkers = 2\nbackend = \"libpcap\"");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("capture.workers: only the afpacket backend"), "{found:?}");
    }

    #[test]
    fn a_filter_needs_the_backend_that_filters() {
        assert!(problems("capture.filter = \"tcp\"")[0].contains("libpcap"));
    }

    #[test]
    fn escape_sequences_in_a_file_do_not_reach_the_terminal() {
        let found = problems("\"\\u001b[31m\" = 1\n[log]\nlevel = \"\\u001b[31m\"");

        assert!(found.iter().all(|line| !line.contains('\u{1b}')), "{found:?}");
    }
}
