//! Rules that the site writes itself: what is refused, what fires on scripted incidents and what does not, how long, and who is
//! told; and what a replay explains of rules.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot set itself up has to fail"
)]

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use hikwatch::alert::{
    AlertPhase, Config as AlertConfig, Cue, Explanation, FIELDS, FlowCue, FlowStage, NearWhy,
    Ruleset, Scene, Suppression,
};
use hikwatch::analyst::{Config as AnalystConfig, Event, EventKind};
use hikwatch::catalogue::Catalogue;
use hikwatch::config::Config;
use hikwatch::daemon::Engine;
use hikwatch::decode::VlanIds;
use hikwatch::device::{DeviceId, DeviceProfile, Presence};
use hikwatch::flow::{ConnState, Endpoint, FlowCounters, FlowId, FlowRecord, Role};
use hikwatch::geo::Place;
use hikwatch::meter::{Config as MeterConfig, FlowReport};
use hikwatch::metrics::{Build, Config as MetricsConfig, ExpositionFormat, Recorder};
use hikwatch::net;
use hikwatch::net::{Frame, InterfaceId, IpProtocol, LinkType, MacAddr, Perimeter, Timestamp};
use hikwatch::simulate::{Incident, IncidentRun, Take, pcap_header, pcap_record};

#[path = "../src/geo/mmdb_writer.rs"]
mod mmdb_writer;

const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

/// The configuration of one rule, and what is added to it.
fn configured(when: &str, more: &str) -> AlertConfig {
    let text = format!(
        "[[alerts.rule]]\nname = \"ours\"\nmessage = \"{{device.id}}\"\nwhen = '''{when}'''\n{more}"
    );
    let mut config = Config::from_toml(&text).unwrap().analyst.alerts;
    config.learning = Duration::ZERO;
    config
}

#[test]
fn what_is_wrong_with_an_expression_is_told_with_its_key_and_column() {
    let mut wrong = Vec::new();
    for (source, expected) in GOLDEN {
        let text =
            format!("[[alerts.rule]]\nname = \"x\"\nmessage = \"x\"\nwhen = '''{source}'''\n");
        let found = match Config::from_toml(&text) {
            Ok(_) => "nothing is wrong".to_owned(),
            Err(errors) => errors.as_slice()[0].to_string(),
        };
        let expected = format!("alerts.rule[0].when: {expected}");
        if !found.starts_with(&expected) {
            wrong.push(format!("{source}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

const GOLDEN: &[(&str, &str)] = &[
    ("", "column 1: is empty"),
    ("device.name = \"x\"", "column 13: cannot be read: token recognition error at: '= '"),
    ("device.nam == 'x'", "column 1: unknown field `device.nam`; did you mean `device.name`?"),
    ("flw.port == 5", "column 1: unknown field `flw.port`; did you mean `flow.port`?"),
    ("device.zzzzzzz == 1", "column 1: unknown field `device.zzzzzzz`; there are: device.id, "),
    ("camera.zzzzzzz == 1", "column 1: unknown field `camera.zzzzzzz`; fields are device.*, "),
    ("device == 'x'", "column 1: `device` needs a field: device.id, "),
    ("name == 'x'", "column 1: unknown name `name`; "),
    ("device.name", "column 1: must be true or false, is text"),
    ("device.name > 5", "column 13: `>` compares text with a whole number"),
    ("device.is_online == 'yes'", "column 18: `==` compares true or false with text"),
    ("device.name && true", "column 1: `&&` needs true or false, this is text"),
    ("!device.name", "column 2: `!` needs true or false, this is text"),
    ("device.confidence + 'x' > 5", "column 21: `+` needs numbers, this is text"),
    ("device.confidence * 1.5 > 5.0", "column 19: `*` mixes whole numbers and others"),
    ("device.vendor in ['a', 5]", "column 24: is a whole number in a list of text"),
    ("device.confidence in ['a']", "column 19: `in` looks for a whole number in a list of text"),
    ("device.name in 'abc'", "column 13: `in` looks for text in text"),
    (
        "device.kind == 'camrea'",
        "column 16: device.kind is never \"camrea\"; did you mean \"camera\"?",
    ),
    (
        "flow.role in ['relay', 'x']",
        "column 24: flow.role is never \"x\"; there are: registration, ",
    ),
    (
        "device.name.startWith('x')",
        "column 22: unknown function `startWith`; did you mean `startsWith`?",
    ),
    (
        "system('x') && device.is_online",
        "column 7: unknown function `system`; there are: all, below, ",
    ),
    ("device.ip.within('x')", "column 18: within() needs a block of addresses, such as"),
    ("device.ip.within(device.name)", "column 18: within() needs a block of addresses"),
    ("device.name.matches('x')", "column 20: unknown function `matches`"),
    ("device.model == null", "column 17: nothing is `null`; has(...)"),
    ("device.confidence == 5u", "column 22: write whole numbers without `u`"),
    ("{'a': 1}.a == 1", "column 1: this has nothing below it called `a`"),
    ("device.name.x == 'a'", "column 1: a field has nothing below it called `x`"),
    ("device.name[0] == 'a'", "column 1: `[ ]` needs a list, this is text"),
    (
        "device.addresses.map(a, a) == []",
        "column 21: of what looks at each entry of a list there are all() and exists()",
    ),
    (
        "device.addresses.exists(a, device.addresses.exists(b, a == b))",
        "column 51: all() and exists() do not stand within each other",
    ),
    ("device.name.exists(a, true)", "column 1: all() and exists() need a list, this is text"),
    ("true", "column 1: names no field, so it is always the same"),
    ("device.is_online &&\n  device.nam == 'é'", "line 2, column 3: unknown field `device.nam`"),
    ("'é' == device.nam", "column 8: unknown field `device.nam`"),
    ("flow.port == 1 && hour.refused > 0", "flow.* and hour.* are never known at the same time"),
    (
        "((((((((((((((((((device.is_online))))))))))))))))))",
        "column 17: brackets are nested deeper than 16",
    ),
];

#[test]
fn check_config_tells_all_that_is_wrong_with_rules_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hikwatch.toml");
    let text = "[[alerts.rule]]\nname = \"a\"\nmessage = \"{device.nam}\"\nwhen = \"device.age > 5\"\n\
                [[alerts.rule]]\nname = \"b\"\nmessage = \"{flow.port}\"\nwhen = \"device.age > '5' && device.kin == 'x'\"\n";
    std::fs::write(&file, text).unwrap();

    let program = env!("CARGO_BIN_EXE_hikwatch");
    let output = Command::new(program).arg("check-config").arg(&file).output().unwrap();

    assert_eq!(output.status.code(), Some(78));
    let told = String::from_utf8(output.stderr).unwrap();
    for expected in [
        "alerts.rule[0].message: column 2: unknown field `device.nam`; did you mean `device.name`?",
        "alerts.rule[1].when: column 12: `>` compares a whole number with text",
        "alerts.rule[1].when: column 21: unknown field `device.kin`; did you mean `device.kind`?",
    ] {
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn the_page_on_site_rules_lists_each_field_and_no_other() {
    let page = include_str!("../config/site-rules.md");
    let table = page
        .split(
            "
## Fields
",
        )
        .nth(1)
        .unwrap();
    let listed: Vec<_> = table.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<_> = FIELDS
        .iter()
        .map(|field| {
            let when = if field.known_when.is_empty() { "always" } else { field.known_when };
            let words = match field.words {
                [] => String::new(),
                words => format!(" ({})", words.join(", ")),
            };
            let kind = field.kind.as_label();
            format!(
                "| `{}` | {kind} | {}{words} | {when} | `{}` |",
                field.name, field.says, field.example
            )
        })
        .collect();
    assert_eq!(listed, expected, "\n{}\n", expected.join("\n"));
}

#[test]
fn the_examples_of_the_page_are_read() {
    let page = include_str!("../config/site-rules.md");
    let mut examples = 0;
    for example in page.split("```toml\n").skip(1) {
        let text = example.split("```").next().unwrap();
        let config = Config::from_toml(text).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
        examples += config.analyst.alerts.rules.len();
    }
    assert!(examples >= 4, "only {examples} rules stand on the page");
}

// ---- Scripted incidents ----

/// What our rule told of in a script after it began, and why.
fn play(incident: Incident, take: Take, config: AlertConfig) -> (Vec<Told>, Explanation) {
    let mut run = IncidentRun::new(incident, take, 5, START);
    let begin = run.begin();
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let analyst = AnalystConfig {
        alerts: config,
        geo: Arc::new(places()),
        explain_alerts: true,
        ..AnalystConfig::default()
    };
    let mut engine = Engine::new(&MeterConfig::default(), analyst, catalogue, 1).unwrap();
    let mut told = Vec::new();
    let mut note = |event: Event| {
        let EventKind::AlertTold(sighting) = event.kind else { return };
        let alert = sighting.alert;
        if &*alert.rule.name == "ours" && alert.timestamp >= begin {
            told.push(Told {
                phase: alert.phase,
                subject: alert.subject.to_string(),
                after: alert.timestamp.since(begin),
                message: alert.message,
            });
        }
    };
    for (frame, number) in run.by_ref().zip(1..) {
        let taken = Frame {
            number,
            timestamp: frame.timestamp,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            wire_len: u32::try_from(frame.bytes.len()).unwrap(),
            stripped_tag: None,
            bytes: &frame.bytes,
        };
        engine.handle_frame(&taken).unwrap();
        std::iter::from_fn(|| engine.poll_event()).for_each(&mut note);
    }
    while engine.drain().unwrap() {}
    std::iter::from_fn(|| engine.poll_event()).for_each(&mut note);
    (told, engine.alert_explanation().unwrap())
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    phase: AlertPhase,
    subject: String,
    after: Duration,
    message: String,
}

fn raised(told: &[Told]) -> Vec<&str> {
    let raised = told.iter().filter(|told| told.phase == AlertPhase::Raised);
    raised.map(|told| told.subject.as_str()).collect()
}

fn places() -> hikwatch::geo::Geo {
    use hikwatch::geo::{Database, DatabaseKind, Geo};
    use mmdb_writer::{Mmdb, Value, map};
    let record = |code: &str| map([("country_code", Value::text(code))]);
    let bytes = Mmdb::new("Test")
        .with("203.0.113.0/24", record("DE"))
        .with("198.51.100.0/24", record("IE"))
        .with("192.0.2.0/24", record("SG"))
        .bytes();
    Geo::compile(Some(Database::open(bytes, DatabaseKind::Country).unwrap()), None)
}

#[test]
fn a_rule_fires_on_its_incident_and_not_on_what_resembles_it() {
    for (incident, when, subject) in [
        (Incident::NewCountry, "flow.country == 'SG' && flow.is_answered", "time.ys7.com"),
        (
            Incident::VideoLeaving,
            "flow.role == 'relay' && flow.rate_sent > 256000 && flow.seconds >= 30",
            "203.0.113.36",
        ),
        (Incident::DnsBypass, "evasion.kind == 'encrypted-dns'", "198.51.100.53:853"),
        (
            Incident::CleartextCredentials,
            "message.protocol == 'rtsp' && !message.is_own && message.peer_ip == '192.168.1.32'",
            "192.168.1.32",
        ),
        (Incident::DeviceOffline, "!device.is_online", ""),
        (
            Incident::LateralContact,
            "flow.perimeter == 'internal' && flow.is_own && flow.is_answered && flow.port == 445",
            "192.168.1.32",
        ),
        (Incident::CoverageLow, "hour.state == 'unknown' && hour.seen < 90", ""),
    ] {
        let (told, _) = play(incident, Take::Incident, configured(when, ""));
        assert_eq!(raised(&told), [subject], "{when}: {told:?}");
        let (other, _) = play(incident, Take::Lookalike, configured(when, ""));
        assert!(raised(&other).is_empty(), "{when}: {other:?}");
    }
}

#[test]
fn a_rule_that_has_to_hold_for_a_time_waits_for_it() {
    let when = "flow.role == 'relay' && flow.bytes_sent > 100000";
    let (at_once, _) = play(Incident::VideoLeaving, Take::Incident, configured(when, ""));
    let (later, _) =
        play(Incident::VideoLeaving, Take::Incident, configured(when, "for = \"40s\""));
    let (never, why) =
        play(Incident::VideoLeaving, Take::Incident, configured(when, "for = \"10m\""));

    assert_eq!((raised(&at_once).len(), raised(&later).len(), raised(&never).len()), (1, 1, 0));
    let waited = later[0].after.saturating_sub(at_once[0].after);
    assert!((40..60).contains(&waited.as_secs()), "{waited:?}");
    let near = why.near.iter().find(|miss| &*miss.rule == "ours").unwrap();
    assert!(
        matches!(&near.why, NearWhy::TooShort { lasted, wanted, .. }
            if (40..600).contains(&lasted.as_secs()) && wanted.as_secs() == 600),
        "{near:?}"
    );
}

#[test]
fn what_a_rule_lacked_is_explained_part_by_part() {
    let when = "flow.role == 'relay' && flow.bytes_sent > 100000 && flow.country == 'CN'";
    let (told, why) = play(Incident::VideoLeaving, Take::Incident, configured(when, ""));

    assert!(raised(&told).is_empty());
    let near = why.near.iter().find(|miss| &*miss.rule == "ours").unwrap();
    let NearWhy::Parts { held, failed, unknown, .. } = &near.why else { unreachable!("{near:?}") };
    assert_eq!(*held, ["flow.role == 'relay'", "flow.bytes_sent > 100000"]);
    assert_eq!(
        (failed.as_slice(), unknown.len()),
        (["flow.country == 'CN'".to_owned()].as_slice(), 0)
    );
}

// ---- The rules alone ----

/// A ruleset with one rule, and a camera.
struct Bench {
    rules: Ruleset,
    device: Arc<DeviceProfile>,
}

impl Bench {
    fn new(config: AlertConfig) -> Self {
        let mut device = DeviceProfile::new(DeviceId("d-1".into()), START);
        device.identity.vendor = Some("ezviz".into());
        device.identity.confidence = 80;
        let mut rules = Ruleset::new(config);
        rules.explain();
        Self { rules, device: Arc::new(device) }
    }

    fn told(&mut self) -> Vec<(AlertPhase, String)> {
        std::iter::from_fn(|| self.rules.poll_alert())
            .filter(|alert| &*alert.rule.name == "ours")
            .map(|alert| (alert.phase, alert.subject.to_string()))
            .collect()
    }

    fn show(&mut self, second: u64, presence: Presence) -> Vec<(AlertPhase, String)> {
        let now = START.plus(Duration::from_secs(second));
        Arc::make_mut(&mut self.device).state.presence = presence;
        self.rules.observe(&Scene { now, device: &self.device, cue: Cue::Profile });
        self.told()
    }

    fn wait(&mut self, second: u64) -> Vec<(AlertPhase, String)> {
        self.rules.handle_timeout(START.plus(Duration::from_secs(second)));
        self.told()
    }

    /// A flow to port 443 of 203.0.113.7, so many bytes sent, `begin` to `end` in seconds.
    fn flow(
        &mut self,
        id: u64,
        sent: u64,
        (begin, end): (u64, u64),
        stage: FlowStage,
        name: Option<&str>,
    ) -> Vec<(AlertPhase, String)> {
        let at = |second| START.plus(Duration::from_secs(second));
        let count = |bytes| FlowCounters {
            packets: 1,
            ip_bytes: bytes,
            payload_bytes: bytes,
            ..FlowCounters::default()
        };
        let end_of = |ip: &str, port| Endpoint { ip: ip.parse().unwrap(), port };
        let record = FlowRecord {
            id: FlowId(id),
            initiator: end_of("192.168.1.64", 40_000),
            responder: end_of("203.0.113.7", 443),
            protocol: IpProtocol::TCP,
            interface: InterfaceId(0),
            vlans: VlanIds::default(),
            tunnel: None,
            initiator_mac: MacAddr::ZERO,
            responder_mac: MacAddr::ZERO,
            flow_start: at(begin),
            flow_end: at(end),
            forward: count(sent),
            reverse: count(100),
            conn_state: ConnState::S1,
        };
        let report = FlowReport { record: Box::new(record), head: None };
        let cue = FlowCue {
            report: &report,
            perimeter: Perimeter::Outbound,
            role: Role::Initiator,
            stage,
            destination: None,
            is_first_told: false,
            name,
            place: Place::default(),
            is_resolver: false,
            peer: None,
        };
        self.rules.observe(&Scene { now: at(end), device: &self.device, cue: Cue::Flow(&cue) });
        self.told()
    }
}

fn once(phase: AlertPhase, subject: &str) -> Vec<(AlertPhase, String)> {
    vec![(phase, subject.to_owned())]
}

#[test]
fn a_rule_on_devices_holds_for_its_time_and_is_over_with_its_condition() {
    let mut bench = Bench::new(configured("!device.is_online", "for = \"1m\""));

    assert_eq!(bench.show(0, Presence::Online), []);
    assert_eq!(bench.show(10, Presence::Offline), []);
    assert_eq!(bench.wait(60), []);
    assert_eq!(bench.show(65, Presence::Online), [], "it came back in time");
    assert_eq!(bench.show(100, Presence::Offline), []);
    assert_eq!(bench.wait(159), []);
    assert_eq!(bench.wait(160), once(AlertPhase::Raised, ""));
    assert_eq!(bench.wait(90_000), [], "it stands as long as it holds");
    assert_eq!(bench.show(90_010, Presence::Online), once(AlertPhase::Resolved, ""));
}

#[test]
fn a_rule_on_flows_tells_of_each_far_end_once_and_is_over_some_time_after_the_last() {
    let when = "flow.bytes_sent > 1000 && flow.port == 443";
    let mut bench = Bench::new(configured(when, "hold = \"10m\""));

    assert_eq!(bench.flow(1, 500, (0, 10), FlowStage::Started, None), []);
    let first = bench.flow(1, 2_000, (0, 20), FlowStage::Updated, None);
    assert_eq!(first, once(AlertPhase::Raised, "203.0.113.7"));
    // A name that is read later makes no second alert of the same flow.
    assert_eq!(bench.flow(1, 3_000, (0, 30), FlowStage::Updated, Some("a.example")), []);
    assert_eq!(bench.flow(1, 3_000, (0, 40), FlowStage::Ended, Some("a.example")), []);
    let named = bench.flow(2, 3_000, (50, 60), FlowStage::Ended, Some("a.example"));
    assert_eq!(named, once(AlertPhase::Raised, "a.example"));
    assert_eq!(bench.wait(639), []);
    assert_eq!(bench.wait(640), once(AlertPhase::Resolved, "203.0.113.7"));
    assert_eq!(bench.wait(660), once(AlertPhase::Resolved, "a.example"));
}

#[test]
fn a_flow_that_does_not_meet_the_condition_any_more_ends_its_alert() {
    let mut bench = Bench::new(configured("flow.rate_sent > 8000", ""));

    let fast = bench.flow(1, 100_000, (0, 10), FlowStage::Updated, None);
    assert_eq!(fast, once(AlertPhase::Raised, "203.0.113.7"));
    let slow = bench.flow(1, 100_000, (0, 200), FlowStage::Updated, None);
    assert_eq!(slow, once(AlertPhase::Resolved, "203.0.113.7"));
}

#[test]
fn a_rule_goes_by_the_clock_of_the_site_although_nothing_happens() {
    let text = "[alerts]\nutc_offset = \"-02:00\"\n[[alerts.rule]]\nname = \"ours\"\nmessage = \"x\"\n\
                when = \"device.is_online && time.hour == 23\"";
    let mut bench = Bench::new(Config::from_toml(text).unwrap().analyst.alerts);

    // 00:00 UTC is 22:00 at the site.
    assert_eq!(bench.show(0, Presence::Online), []);
    assert_eq!(bench.wait(3_590), []);
    assert_eq!(bench.wait(3_600), once(AlertPhase::Raised, ""));
    assert_eq!(bench.wait(7_190), []);
    assert_eq!(bench.wait(7_200), once(AlertPhase::Resolved, ""));
}

#[test]
fn what_the_site_says_of_rules_goes_for_its_own_by_name() {
    let when = "flow.bytes_sent > 1000";
    let suppressed = |more: &str, name: Option<&str>| {
        let mut bench = Bench::new(configured(when, more));
        let told = bench.flow(1, 2_000, (0, 10), FlowStage::Updated, name);
        let suppressed =
            Suppression::ALL.into_iter().find(|why| bench.rules.suppressed().of(*why) > 0);
        let why = bench.rules.explanation().unwrap();
        let unheard: Vec<_> =
            why.unheard.iter().filter(|known| &*known.fired.rule == "ours").collect();
        assert_eq!(
            unheard.first().map(|known| known.reason),
            suppressed.filter(|_| told.is_empty())
        );
        (told.len(), suppressed)
    };
    let of_ours = "[[alerts.override]]\nrule = \"ours\"\n";
    assert_eq!(suppressed("", None), (1, None));
    assert_eq!(
        suppressed(&format!("{of_ours}enabled = false"), None),
        (0, Some(Suppression::Disabled))
    );
    assert_eq!(suppressed(&format!("{of_ours}device = \"d-2\"\nenabled = false"), None), (1, None));
    assert_eq!(
        suppressed(&format!("{of_ours}quiet = \"00:00-01:00\""), None),
        (0, Some(Suppression::Quiet))
    );
    let expect = |subject: &str| format!("[[alerts.expect]]\nsubjects = [\"{subject}\"]");
    assert_eq!(suppressed(&expect("example"), Some("a.example")), (0, Some(Suppression::Expected)));
    assert_eq!(
        suppressed(&expect("203.0.113.7"), Some("a.example")),
        (0, Some(Suppression::Expected))
    );
    assert_eq!(suppressed(&expect("other.example"), Some("a.example")), (1, None));

    let mut config = configured(when, "learning = true");
    config.learning = Duration::from_secs(3_600);
    let mut bench = Bench::new(config);
    assert_eq!(bench.flow(1, 2_000, (0, 10), FlowStage::Updated, None), []);
    let why = bench.rules.explanation().unwrap();
    let unheard = why.unheard.iter().find(|known| &*known.fired.rule == "ours").unwrap();
    assert_eq!(unheard.reason, Suppression::Learning);

    let mut config = configured(when, "");
    config.max_per_hour = 2;
    let mut bench = Bench::new(config);
    let names = ["a.example", "b.example", "c.example", "d.example"];
    let told = names
        .into_iter()
        .zip(1..)
        .map(|(name, id)| bench.flow(id, 2_000, (0, 10), FlowStage::Ended, Some(name)).len());
    assert_eq!(told.sum::<usize>(), 2);
}

#[test]
fn a_reload_keeps_what_stands_of_a_rule_that_stays_and_ends_what_was_changed() {
    let config = configured("!device.is_online", "");
    let mut bench = Bench::new(config.clone());
    assert_eq!(bench.show(10, Presence::Offline), once(AlertPhase::Raised, ""));

    let now = START.plus(Duration::from_secs(20));
    bench
        .rules
        .set_config(configured("!device.is_online", "[[alerts.expect]]\nsubjects = [\"x\"]"), now);
    assert_eq!(bench.told(), []);
    assert_eq!(bench.wait(30), []);
    bench.rules.set_config(configured("!device.is_online && device.confidence > 50", ""), now);
    assert_eq!(bench.told(), once(AlertPhase::Resolved, ""));
    assert_eq!(bench.wait(40), once(AlertPhase::Raised, ""), "a new rule looks at who is known");
    bench.rules.set_config(AlertConfig::default(), now);
    assert_eq!(bench.told(), once(AlertPhase::Resolved, ""));
}

#[test]
fn one_device_with_flows_without_end_fills_no_memory() {
    let mut bench = Bench::new(configured("flow.port == 443", "for = \"1h\""));
    for id in 0..10_000 {
        bench.flow(id, 10, (id, id), FlowStage::Started, None);
    }
    // Those that are left are the latest, and the first of them is due an hour after it began.
    assert_eq!(bench.wait(9_968 + 3_599), []);
    assert!(!bench.wait(9_968 + 3_600).is_empty());
}

#[test]
fn the_series_of_a_rule_are_there_from_the_start() {
    let build = Build { version: "0", revision: "0" };
    let recorder = Recorder::new(&MetricsConfig::default(), build).unwrap();
    recorder.expect_alerts(&configured(
        "flow.port == 443",
        "severity = \"low\"\n[[alerts.override]]\nrule = \"ours\"\nseverity = \"high\"",
    ));

    let text = recorder.render(ExpositionFormat::Text);
    for severity in ["low", "high"] {
        let series = format!("hikwatch_alerts_total{{rule=\"ours\",severity=\"{severity}\"}} 0");
        assert!(text.contains(&series), "{series}");
    }
}

#[test]
fn a_replay_tells_what_fired_what_was_not_told_and_what_nearly_did() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("incident.pcap");
    let mut bytes = pcap_header().to_vec();
    for frame in IncidentRun::new(Incident::VideoLeaving, Take::Incident, 5, START) {
        bytes.extend(pcap_record(&frame));
    }
    std::fs::write(&capture, bytes).unwrap();
    let config = folder.path().join("hikwatch.toml");
    let text = "[[alerts.rule]]\nname = \"big-relay\"\nmessage = \"{device.id} sent {flow.bytes_sent} bytes\"\n\
                when = \"flow.role == 'relay' && flow.bytes_sent > 100000\"\n\
                [[alerts.rule]]\nname = \"far-relay\"\nmessage = \"x\"\n\
                when = \"flow.role == 'relay' && flow.seconds > 86400\"\n\
                [[alerts.override]]\nrule = \"new-device\"\nenabled = false\n";
    std::fs::write(&config, text).unwrap();
    let run = |summary: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_hikwatch"))
            .args(["replay", "--explain", "--summary", summary, "--config"])
            .args([&config, &capture])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };

    let text = run("text");
    let rules = text.split("\nRules that fired (UTC)\n").nth(1).unwrap();
    let (fired, rest) = rules.split_once("\nRules that fired and were not told (UTC)\n").unwrap();
    let (unheard, near) = rest.split_once("\nRules that nearly fired (UTC)\n").unwrap();
    assert!(
        fired.contains(" big-relay on d-") && fired.contains("because flow.role relay"),
        "{fired}"
    );
    assert!(unheard.contains(" new-device on d-") && unheard.contains(": disabled"), "{unheard}");
    let expected = "held `flow.role == 'relay'`; did not hold `flow.seconds > 86400`";
    assert!(near.contains(" far-relay on d-") && near.contains(expected), "{near}");

    let json: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
    let rules = |list: &str| -> Vec<String> {
        let list = json["rules"][list].as_array().unwrap();
        list.iter().map(|entry| entry["rule"].as_str().unwrap().to_owned()).collect()
    };
    assert!(rules("fired").contains(&"big-relay".to_owned()));
    assert!(rules("not_told").contains(&"new-device".to_owned()));
    assert!(rules("near").contains(&"far-relay".to_owned()));
}
