//! The exposition as Prometheus' own checker and as a reader of sums sees it.

#![expect(clippy::unwrap_used, reason = "what a test builds by hand is there")]

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use hikwatch::alert::{self, Alert, AlertRule, Override, RuleCard, Severity};
use hikwatch::analyst::{
    self, AlertSighting, Event, EventKind, FlowDevice, FlowSighting, Tallies, Tally, Visibility,
};
use hikwatch::capture::SourceCounters;
use hikwatch::catalogue::{Catalogue, CloudRole, Region, Speaker};
use hikwatch::classify::{Basis, Destination};
use hikwatch::daemon::Engine;
use hikwatch::decode::VlanIds;
use hikwatch::device::{DeviceId, DeviceKind, DeviceProfile, Identity};
use hikwatch::flow::{ConnState, Endpoint, FlowCounters, FlowEndReason, FlowId, FlowRecord, Role};
use hikwatch::meter::{self, FlowReport, MeterStats};
use hikwatch::metrics::{Build, Config, Consumer, ExpositionFormat, InterfaceTotals, Recorder};
use hikwatch::net::{Frame, InterfaceId, IpProtocol, LinkType, MacAddr, Perimeter, Timestamp};
use hikwatch::simulate::{ByteTruth, DeviceTruth, Household, Truth};

#[test]
fn promtool_has_nothing_to_say() {
    assert_promtool_is_content(&full_recorder().render(ExpositionFormat::Text));
}

#[test]
fn the_series_of_a_household_are_well_formed_and_add_up_to_its_truth() {
    let recorder = recorder(256);
    let truth = watch_household(&recorder);
    let text = recorder.render(ExpositionFormat::Text);

    assert_promtool_is_content(&text);
    assert_eq!(text.matches("\nhikwatch_device_info{").count(), vendor_devices(&truth).count());
    for (perimeter, of) in [
        ("inbound", (|device| device.inbound) as fn(&DeviceTruth) -> ByteTruth),
        ("internal", |device| device.internal),
    ] {
        let label = format!("perimeter=\"{perimeter}\"");
        let series: String = text
            .lines()
            .filter(|line| {
                line.starts_with("hikwatch_device_bytes_total{") && line.contains(&label)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let sent: u64 = vendor_devices(&truth).map(|device| of(device).sent).sum();
        let received: u64 = vendor_devices(&truth).map(|device| of(device).received).sum();
        assert_eq!(sum(&series, "hikwatch_device_bytes_total", "\"sent\""), sent, "{perimeter}");
        assert_eq!(
            sum(&series, "hikwatch_device_bytes_total", "\"received\""),
            received,
            "{perimeter}"
        );
    }
    let clouds: Vec<_> = truth
        .devices
        .iter()
        .flat_map(|device| &device.clouds)
        .filter(|cloud| cloud.vendor.is_some())
        .collect();
    let sent: u64 = clouds.iter().map(|cloud| cloud.bytes.sent).sum();
    let flows: u64 = clouds.iter().map(|cloud| cloud.flows).sum();
    assert_eq!(sum(&text, "hikwatch_cloud_bytes_total", "\"sent\""), sent);
    assert_eq!(sum(&text, "hikwatch_cloud_flows_total", "device"), flows);
    assert_eq!(sum(&text, "hikwatch_flows_started_total", ""), truth.flows);
}

fn assert_promtool_is_content(text: &str) {
    let Ok(mut promtool) = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
    else {
        skipped("promtool is not installed");
        return;
    };
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();

    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success() && said.is_empty(),
        "{}\n{text}",
        String::from_utf8_lossy(&said)
    );
}

#[test]
fn every_promised_family_that_is_fed_is_there() {
    let text = full_recorder().render(ExpositionFormat::Text);

    for family in [
        "hikwatch_build_info{",
        "hikwatch_capture_packets_total{interface=\"br-lan\"} 10",
        "hikwatch_capture_bytes_total{interface=\"br-lan\"} 1000",
        "hikwatch_capture_drops_total{interface=\"br-lan\",reason=\"kernel\"} 4",
        "hikwatch_capture_drops_total{interface=\"br-lan\",reason=\"ring\"} 0",
        "hikwatch_coverage_ratio{interface=\"br-lan\"} 1",
        "hikwatch_visibility{interface=\"br-lan\",state=\"one-way\"} 1",
        "hikwatch_visibility{interface=\"br-lan\",state=\"full\"} 0",
        "hikwatch_visibility{interface=\"br-lan\",state=\"broadcast-only\"} 0",
        "hikwatch_visibility{interface=\"br-lan\",state=\"idle\"} 0",
        "hikwatch_decode_errors_total{layer=\"network\",reason=\"malformed\"} 0",
        "hikwatch_dissect_errors_total{protocol=\"tls\",reason=\"too-large\"} 0",
        "hikwatch_flows_active 3",
        "hikwatch_flows_ended_total{reason=\"idle-timeout\"} 0",
        "hikwatch_flow_table_capacity 131072",
        "hikwatch_devices{kind=\"camera\",vendor=\"ezviz\"} 1",
        "hikwatch_device_confidence_ratio{device=\"d-000000000001\"} 0.5",
        "hikwatch_device_last_seen_timestamp_seconds{device=\"d-000000000001\"} 20",
        "hikwatch_alerts_total{rule=\"vendor-cloud-contact\",severity=\"medium\"} 0",
        "hikwatch_alerts_total{rule=\"new-device\",severity=\"low\"} 1",
        "hikwatch_alert_last_fired_timestamp_seconds{device=\"d-000000000001\",rule=\"new-device\"} 20",
        "hikwatch_events_dropped_total{consumer=\"eve\"} 2",
        "hikwatch_sink_deliveries_total{outcome=\"delivered\",sink=\"eve\"} 9",
        "hikwatch_config_last_reload_successful 1",
        "hikwatch_config_last_reload_success_timestamp_seconds 30",
        "process_resident_memory_bytes ",
    ] {
        assert!(text.contains(&format!("\n{family}")), "{family}\n{text}");
    }
}

#[test]
fn an_alert_at_a_severity_of_the_site_is_there_before_it_is_raised() {
    let recorder = recorder(2);
    let of = |rule: Option<&str>, severity| Override {
        rule: rule.map(str::to_owned),
        severity: Some(severity),
        ..Override::default()
    };
    let overrides = vec![of(Some("new-device"), Severity::High), of(None, Severity::Medium)];

    recorder.expect_alerts(&alert::Config { overrides, ..alert::Config::default() });

    let text = recorder.render(ExpositionFormat::Text);
    for series in [
        "rule=\"new-device\",severity=\"high\"} 0",
        "rule=\"new-device\",severity=\"medium\"} 0",
        "rule=\"identity-conflict\",severity=\"medium\"} 0",
    ] {
        assert!(text.contains(&format!("hikwatch_alerts_total{{{series}\n")), "{series}");
    }
    assert!(!text.contains("rule=\"identity-conflict\",severity=\"low\""));
}

#[test]
fn totals_that_arrive_late_or_never_lose_no_byte() {
    let recorder = recorder(256);

    for total in [100, 300, 300, 250 + 50] {
        recorder.apply(&flow(1, total));
    }

    let text = recorder.render(ExpositionFormat::Text);
    assert_eq!(sum(&text, "hikwatch_device_bytes_total", "sent"), 300);
    assert_eq!(sum(&text, "hikwatch_cloud_bytes_total", "received"), 600);
    assert!(text.contains("hikwatch_cloud_flows_total{device=\"d-000000000001\",region=\"eu\",role=\"registration\",service=\"ezviz-lbs\",vendor=\"ezviz\"} 1"), "{text}");
}

#[test]
fn devices_beyond_the_cap_share_a_label_and_the_sum_stays_right() {
    let recorder = recorder(2);

    for round in 1..=3 {
        for device in 1..=5 {
            recorder.apply(&flow(device, round * 100));
        }
    }

    let text = recorder.render(ExpositionFormat::Text);
    assert_eq!(sum(&text, "hikwatch_device_bytes_total", "sent"), 5 * 300);
    assert_eq!(sum(&text, "device=\"other\",direction=\"sent\",perimeter", "outbound"), 3 * 300);
    assert_eq!(text.matches("\nhikwatch_device_info{").count(), 2);
    assert!(text.contains("hikwatch_devices{kind=\"camera\",vendor=\"ezviz\"} 5"), "{text}");
}

#[test]
fn a_device_that_was_forgotten_and_came_back_counts_on() {
    let recorder = recorder(2);

    for total in [500, 40, 60] {
        recorder.apply(&flow(1, total));
    }

    assert_eq!(
        sum(&recorder.render(ExpositionFormat::Text), "hikwatch_device_bytes_total", "sent"),
        560
    );
}

#[test]
fn a_device_has_one_info_series_whatever_it_calls_itself() {
    let recorder = recorder(2);

    for name in ["first", "second\n{evil=\"1\"}\u{202e}", &"x".repeat(500)] {
        let mut profile = camera(1);
        profile.hostname = Some(name.to_owned());
        recorder.apply(&seen(profile));
    }
    let mut renamed = camera(1);
    renamed.identity.vendor = Some("Not A Slug!".into());
    recorder.apply(&seen(renamed));

    let text = recorder.render(ExpositionFormat::Text);
    assert_eq!(text.matches("\nhikwatch_device_info{").count(), 1, "{text}");
    assert!(text.contains("vendor=\"other\"} 1"), "{text}");
    assert!(text.contains("hikwatch_devices{kind=\"camera\",vendor=\"ezviz\"} 0"), "{text}");
    assert!(!text.contains(&"x".repeat(65)));
}

#[test]
fn counters_never_fall() {
    let recorder = recorder(2);
    let stats = |flows| MeterStats { flows_started: flows, ..MeterStats::default() };

    recorder.observe_meters(&stats(10));
    recorder.observe_meters(&stats(4));

    assert!(
        recorder.render(ExpositionFormat::Text).contains("\nhikwatch_flows_started_total 10\n")
    );
}

#[test]
fn no_address_name_or_serial_is_a_label() {
    let mut profile = camera(1);
    profile.identity.serial = Some("SERIAL123".to_owned());
    profile.addresses = vec!["192.0.2.10".parse().unwrap()];
    let recorder = recorder(2);

    recorder.apply(&seen(profile));
    recorder.apply(&flow(1, 5));

    let text = recorder.render(ExpositionFormat::Text);
    for secret in ["SERIAL123", "192.0.2.10", "198.51.100.7", "litedev.example.com"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

/// Feeds two simulated minutes of a household to the recorder.
fn watch_household(recorder: &Recorder) -> Truth {
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let mut engine =
        Engine::new(&meter::Config::default(), analyst::Config::default(), catalogue, 1).unwrap();
    let start = Timestamp::from_parts(1_767_225_600, 0);
    let mut household = Household::new(5, start);
    for number in 1.. {
        let frame = household.next().unwrap();
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
        if frame.timestamp >= start.plus(Duration::from_secs(120)) {
            break;
        }
    }
    while engine.drain().unwrap() {}
    while let Some(event) = engine.poll_event() {
        recorder.apply(&event);
    }
    recorder.observe_meters(&engine.meter_stats());
    household.truth().clone()
}

fn vendor_devices(truth: &Truth) -> impl Iterator<Item = &DeviceTruth> {
    truth.devices.iter().filter(|device| device.vendor.is_some())
}

fn recorder(max_devices: usize) -> Recorder {
    Recorder::new(&Config { max_devices, ..Config::default() }, Build::CURRENT).unwrap()
}

fn full_recorder() -> Recorder {
    let recorder = recorder(256);
    recorder.apply(&seen(camera(1)));
    recorder.apply(&flow(1, 100));
    recorder.apply(&event(EventKind::AlertTold(Box::new(AlertSighting {
        alert: Alert::raised(
            Arc::new(RuleCard::of(AlertRule::NewDevice)),
            AlertRule::NewDevice.severity(),
            Arc::new(camera(1)),
            ("".into(), "A new device.".to_owned()),
            Timestamp::from_parts(20, 0),
        ),
        flow: None,
    }))));
    recorder.observe_meters(&MeterStats {
        flows_active: 3,
        flows_capacity: 131_072,
        ..MeterStats::default()
    });
    recorder.observe_interfaces(&[InterfaceTotals {
        name: "br-lan".to_owned(),
        packets: 10,
        bytes: 1000,
        counters: SourceCounters { received: 14, kernel_drops: 4, ..SourceCounters::default() },
        visibility: Some(Visibility::OneWay),
        ..InterfaceTotals::default()
    }]);
    recorder.observe_dropped(Consumer::Eve, 2);
    recorder.observe_eve_deliveries(9, 0);
    recorder.observe_reload(true, Timestamp::from_parts(30, 0));
    recorder.observe_reload(true, Timestamp::from_parts(30, 0));
    recorder
}

fn sum(text: &str, family: &str, label: &str) -> u64 {
    text.lines()
        .filter(|line| !line.starts_with('#') && line.contains(family) && line.contains(label))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
        .sum()
}

fn event(kind: EventKind) -> Event {
    Event { timestamp: Timestamp::from_parts(20, 0), kind }
}

fn seen(profile: DeviceProfile) -> Event {
    event(EventKind::DeviceSeen(Arc::new(profile)))
}

fn camera(number: u64) -> DeviceProfile {
    DeviceProfile {
        mac: Some(MacAddr([0x44, 0xa6, 0x42, 1, 2, 3])),
        identity: Identity {
            vendor: Some("ezviz".into()),
            kind: DeviceKind::Camera,
            confidence: 50,
            ..Identity::default()
        },
        last_seen: Timestamp::from_parts(20, 0),
        ..DeviceProfile::new(
            DeviceId(format!("d-{number:012}").into()),
            Timestamp::from_parts(10, 0),
        )
    }
}

fn flow(device: u64, total: u64) -> Event {
    let tally = Tally { sent: total, received: 2 * total, flows: 1 };
    event(EventKind::FlowEnded {
        sighting: FlowSighting {
            report: FlowReport {
                record: Box::new(FlowRecord {
                    id: FlowId(1),
                    initiator: Endpoint { ip: "192.0.2.10".parse().unwrap(), port: 49152 },
                    responder: Endpoint { ip: "198.51.100.7".parse().unwrap(), port: 443 },
                    protocol: IpProtocol::TCP,
                    interface: InterfaceId(0),
                    vlans: VlanIds::default(),
                    tunnel: None,
                    initiator_mac: MacAddr::ZERO,
                    responder_mac: MacAddr::ZERO,
                    flow_start: Timestamp::ZERO,
                    flow_end: Timestamp::ZERO,
                    forward: FlowCounters::default(),
                    reverse: FlowCounters::default(),
                    conn_state: ConnState::SF,
                }),
                head: None,
            },
            perimeter: Perimeter::Outbound,
            device: Some(FlowDevice { profile: Arc::new(camera(device)), role: Role::Initiator }),
            destination: Some(Arc::new(Destination {
                vendor: "ezviz".into(),
                service: "ezviz-lbs".into(),
                role: CloudRole::Registration,
                region: Region::Eu,
                speaker: Speaker::Device,
                domain: Some("litedev.example.com".into()),
                confidence: 90,
                basis: Basis::Sni,
                aliases: Arc::default(),
                place: Default::default(),
                steps: Arc::default(),
            })),
            tallies: Some(Tallies { device: tally, cloud: tally }),
            country: None,
            peer: None,
        },
        reason: FlowEndReason::EndOfFlow,
    })
}

/// Says so past the test harness, which keeps what a passing test prints to itself.
fn skipped(why: &str) {
    let line = format!("SKIPPED: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
