//! Events of every kind, written as EVE: the promised fields are there, and Suricata's own types satisfy its schema.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test builds by hand is there"
)]

mod schema;

use std::net::IpAddr;
use std::sync::Arc;

use hikwatch::alert::{Alert, AlertRule, RuleCard};
use hikwatch::analyst::{
    AlertSighting, Event, EventKind, FlowDevice, FlowSighting, MessageSighting,
};
use hikwatch::capture::{ObservationPoint, SourceCounters};
use hikwatch::catalogue::{CloudRole, Region, Speaker};
use hikwatch::classify::{Basis, Destination};
use hikwatch::decode::{EtherAddresses, TcpFlags, Tunnel, TunnelKind, VlanIds};
use hikwatch::device::{
    Claim, DeviceId, DeviceKind, DeviceProfile, Evidence, EvidenceSource, Identity,
};
use hikwatch::dissect::{
    AppProtocol, Certificate, ClientHello, DhcpMessage, DnsMailExchange, DnsMessage, DnsQuery,
    DnsRecord, DnsRecordData, DnsService, DnsServiceBinding, HttpExchange, HttpRequest,
    HttpResponse, Message, MqttConnack, MqttConnect, MqttMessage, MqttTopic, MqttWill, NtpClock,
    NtpMessage, QuicMessage, SadpKind, SadpMessage, ServerFlight, ServerHello, SipMessage,
    SipStart, SnmpMessage, SnmpPdu, TlsHandshake,
};
use hikwatch::export::{
    Config, Deliver, EndOfRun, EveEncoder, EveFile, EventTypes, Letter, RunStats, Scope, Selection,
};
use hikwatch::flow::{ConnState, Endpoint, FlowCounters, FlowEndReason, FlowId, FlowRecord, Role};
use hikwatch::meter::{FlowHead, FlowReport, MessageContext, MessageFlow, MeterStats};
use hikwatch::net::{InterfaceId, IpProtocol, MacAddr, Perimeter, Timestamp};
use serde_json::Value;

#[test]
fn lines_of_suricatas_own_types_satisfy_its_schema() {
    match schema::check(every_line()) {
        Some(Ok(checked)) => assert!(checked >= 25, "{checked}"),
        Some(Err(said)) => panic!("{said}"),
        None => {}
    }
}

#[test]
fn each_of_suricatas_own_types_is_among_the_lines() {
    let lines = every_line();
    for kind in [
        "alert", "flow", "stats", "dns", "mdns", "llmnr", "tls", "http", "dhcp", "quic", "sip",
        "ntp", "snmp", "mqtt",
    ] {
        assert!(lines.iter().any(|line| line["event_type"] == kind), "{kind}");
    }
}

#[test]
fn a_line_that_the_schema_does_not_allow_is_found() {
    let good = only("flow", &[ended(camera_flow(), FlowEndReason::EndOfFlow)], &everything());
    let mut bad = good.clone();
    bad["flow"]["unheard_of"] = true.into();

    if let Some(checked) = schema::check([good, bad]) {
        assert!(checked.is_err_and(|said| said.contains("unheard_of")));
    }
}

#[test]
fn a_flow_line_has_the_promised_fields() {
    let flow = &only("flow", &[ended(camera_flow(), FlowEndReason::EndOfFlow)], &everything());

    assert_eq!(flow["timestamp"], "2026-01-31T12:00:10.250000+0000");
    assert_eq!(flow["flow_id"], 4711);
    assert_eq!(flow["host"], "sensor-1");
    assert_eq!(flow["in_iface"], "br-lan");
    assert_eq!(flow["vlan"], serde_json::json!([20]));
    assert_eq!(flow["src_ip"], "192.0.2.10");
    assert_eq!(flow["src_port"], 49152);
    assert_eq!(flow["dest_ip"], "198.51.100.7");
    assert_eq!(flow["dest_port"], 443);
    assert_eq!(flow["proto"], "TCP");
    assert_eq!(flow["app_proto"], "tls");
    assert_eq!(flow["community_id"].as_str().unwrap().len(), 30);
    assert_eq!(flow["ether"]["src_mac"], "44:a6:42:01:02:03");
    assert_eq!(flow["ether"].get("dest_mac"), None);
    assert_eq!(flow["flow"]["pkts_toserver"], 3);
    assert_eq!(flow["flow"]["bytes_toserver"], 300);
    assert_eq!(flow["flow"]["bytes_toclient"], 2000);
    assert_eq!(flow["flow"]["start"], "2026-01-31T12:00:00.000000+0000");
    assert_eq!(flow["flow"]["age"], 10);
    assert_eq!(flow["flow"]["state"], "closed");
    assert_eq!(flow["flow"]["reason"], "timeout");
    assert_eq!(flow["flow"]["alerted"], false);
    assert_eq!(flow["tcp"]["tcp_flags"], "1b");
    assert_eq!(flow["tcp"].get("rst"), None);
    assert_eq!(flow["tls"]["sni"], "litedev.example.com");
    assert_eq!(flow["camera"]["device_id"], "d-0123456789ab");
    assert_eq!(flow["camera"]["ips"], serde_json::json!(["192.0.2.10"]));
    assert_eq!(flow["camera"]["kind"], "camera");
    assert_eq!(flow["camera"]["evidence"][0]["source"], "oui");
    assert_eq!(flow["camera"]["evidence"][0]["weight"], 50);
    assert_eq!(flow["cloud"]["role"], "registration");
    assert_eq!(flow["cloud"]["basis"], "sni");
    assert_eq!(flow["cloud"]["speaker"], "device");
}

#[test]
fn the_end_of_a_run_and_of_an_interval_have_their_own_reasons() {
    let config = everything();
    let cases = [
        (FlowEndReason::IdleTimeout, EndOfRun::Shutdown, "timeout"),
        (FlowEndReason::LackOfResources, EndOfRun::Shutdown, "forced"),
        (FlowEndReason::ForcedEnd, EndOfRun::Shutdown, "shutdown"),
        (FlowEndReason::ForcedEnd, EndOfRun::Forced, "forced"),
    ];
    for (reason, end, expected) in cases {
        let lines = encode(&[ended(camera_flow(), reason)], &config, end);
        assert_eq!(lines[0]["flow"]["reason"], expected);
    }
    let interim = EventKind::FlowUpdated { sighting: camera_flow(), interim: true };
    let update = EventKind::FlowUpdated { sighting: camera_flow(), interim: false };
    let started = EventKind::FlowStarted(camera_flow());
    let lines = encode(&[at(interim), at(update), at(started)], &config, EndOfRun::Shutdown);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["flow"]["reason"], "interim");
}

#[test]
fn without_tcp_a_flow_that_both_sides_spoke_in_is_established() {
    let mut sighting = camera_flow();
    sighting.report.record.protocol = IpProtocol::UDP;
    sighting.report.record.conn_state = ConnState::SF;

    let line = only("flow", &[ended(sighting, FlowEndReason::IdleTimeout)], &everything());

    assert_eq!(line["flow"]["state"], "established");
    assert_eq!(line.get("tcp"), None);
}

#[test]
fn icmp_has_type_and_code_in_place_of_ports() {
    let mut echo = camera_flow();
    echo.report.record.protocol = IpProtocol::ICMP;
    echo.report.record.initiator.port = 8;
    echo.report.record.responder.port = 0;
    let mut unreachable = echo.clone();
    unreachable.report.record.initiator.port = 3;
    unreachable.report.record.responder.port = 1;

    for (sighting, kind, code) in [(echo, 8, 0), (unreachable, 3, 1)] {
        let line = only("flow", &[ended(sighting, FlowEndReason::IdleTimeout)], &everything());
        assert_eq!(line["proto"], "ICMP");
        assert_eq!((&line["icmp_type"], &line["icmp_code"]), (&kind.into(), &code.into()));
        assert_eq!(line.get("src_port"), None);
    }
}

#[test]
fn the_default_scope_leaves_out_what_concerns_no_camera_and_no_cloud() {
    let mut other = camera_flow();
    (other.device, other.destination) = (None, None);
    let mut client = camera_flow();
    client.device = Some(FlowDevice { profile: Arc::new(phone()), role: Role::Initiator });
    let events = [
        ended(other, FlowEndReason::EndOfFlow),
        ended(client, FlowEndReason::EndOfFlow),
        at(EventKind::DeviceSeen(Arc::new(phone()))),
    ];

    let cameras = encode(&events, &Config::default(), EndOfRun::Shutdown);
    let all = encode(&events, &everything(), EndOfRun::Shutdown);

    assert_eq!(cameras.len(), 1);
    assert_eq!(cameras[0].get("camera"), None);
    assert_eq!(cameras[0]["cloud"]["vendor"], "ezviz");
    assert_eq!(all.len(), 3);
    assert_eq!(all[2]["device"]["hostname"], "phone");
    assert_eq!(all[2].get("camera"), None);
}

#[test]
fn messages_are_written_only_when_asked_for() {
    let events = every_event();

    let lines = encode(&events, &Config::default(), EndOfRun::Shutdown);

    let mut types: Vec<_> =
        lines.iter().map(|line| line["event_type"].as_str().unwrap().to_owned()).collect();
    types.sort();
    types.dedup();
    assert_eq!(types, ["alert", "device", "flow"]);
}

#[test]
fn an_alert_names_its_rule_and_marks_its_flow() {
    let alert = at(EventKind::AlertTold(Box::new(AlertSighting {
        alert: alert(AlertRule::VendorCloudContact),
        flow: Some(camera_flow().report),
    })));
    let lines = encode(
        &[alert, ended(camera_flow(), FlowEndReason::EndOfFlow)],
        &everything(),
        EndOfRun::Shutdown,
    );

    assert_eq!(lines[0]["event_type"], "alert");
    assert_eq!(lines[0]["alert"]["signature_id"], 1_000_002);
    assert_eq!(lines[0]["alert"]["severity"], 2);
    assert_eq!(lines[0]["alert"]["action"], "allowed");
    assert_eq!(lines[0]["alert"]["metadata"]["rule"], serde_json::json!(["vendor-cloud-contact"]));
    assert_eq!(lines[0]["dest_ip"], "198.51.100.7");
    assert_eq!(lines[1]["flow"]["alerted"], true);
}

#[test]
fn the_source_of_an_answer_is_still_who_asked() {
    let events = [message(dns(AppProtocol::Dns, 0x8183), Role::Responder)];

    let line = only("dns", &events, &everything());

    assert_eq!(line["src_ip"], "192.0.2.10");
    assert_eq!(line["ether"]["src_mac"], "00:00:5e:00:53:01");
    assert_eq!(line["dns"]["type"], "response");
    assert_eq!(line["dns"]["version"], 3);
    assert_eq!(line["dns"]["flags"], "8183");
    assert_eq!(line["dns"]["rcode"], "NXDOMAIN");
    assert_eq!(line["dns"]["queries"][0]["rrtype"], "A");
    assert_eq!(line["dns"]["answers"][0]["rdata"], "198.51.100.7");
}

#[test]
fn text_from_the_network_cannot_end_a_line() {
    let hello = ClientHello { sni: Some("a\n\"}\u{0}".to_owned()), ..ClientHello::default() };
    let mut out = Vec::new();

    EveEncoder::new(&everything(), EndOfRun::Shutdown).encode(
        &message(tls(hello, None), Role::Initiator),
        &points(),
        &mut out,
    );

    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 1);
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["tls"]["sni"], "a\n\"}\u{0}");
}

#[test]
fn frames_are_decoded_or_invalid_in_the_totals() {
    let stats = every_line().into_iter().find(|line| line["event_type"] == "stats").unwrap();
    let stats = &stats["stats"];

    assert_eq!(stats["uptime"], 3600);
    assert_eq!(stats["decoder"]["pkts"], 100);
    assert_eq!(
        stats["decoder"]["pkts"].as_u64().unwrap(),
        stats["hikwatch"]["decoded"].as_u64().unwrap()
            + stats["decoder"]["invalid"].as_u64().unwrap()
    );
    assert_eq!(stats["capture"]["kernel_drops"], 7);
    assert_eq!(stats["flow"]["total"], 12);
    assert_eq!(stats["hikwatch"]["decode_errors"]["link"]["truncated"], 3);
    assert_eq!(stats["hikwatch"]["flows_ended"]["idle-timeout"], 0);
}

#[test]
fn a_full_disk_is_told_and_the_line_is_tried_again() {
    let full = std::path::Path::new("/dev/full");
    if !full.exists() {
        schema::skipped("there is no /dev/full");
        return;
    }
    let mut sink = EveFile::open(full, &everything(), None).unwrap();
    let letter = Letter::Event(Arc::new(ended(camera_flow(), FlowEndReason::EndOfFlow)));

    for _attempt in 0..2 {
        assert!(sink.deliver(std::slice::from_ref(&letter)).is_err());
    }
}

fn everything() -> Config {
    Config {
        selection: Selection { scope: Scope::All, types: EventTypes::ALL },
        sensor: Some("sensor-1".to_owned()),
        ..Config::default()
    }
}

fn encode(events: &[Event], config: &Config, end: EndOfRun) -> Vec<Value> {
    let mut encoder = EveEncoder::new(config, end);
    let mut out = Vec::new();
    let lines: usize = events.iter().map(|event| encoder.encode(event, &points(), &mut out)).sum();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), lines);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn only(event_type: &str, events: &[Event], config: &Config) -> Value {
    let mut lines = encode(events, config, EndOfRun::Shutdown);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["event_type"], event_type);
    lines.remove(0)
}

fn every_line() -> Vec<Value> {
    let config = everything();
    let mut lines = encode(&every_event(), &config, EndOfRun::Shutdown);
    let mut out = Vec::new();
    let mut meter = MeterStats {
        frames: 100,
        wire_bytes: 9000,
        decoded: 97,
        invalid: 3,
        flows_started: 12,
        ..MeterStats::default()
    };
    meter.decode_errors[0][0] = 3;
    let run = RunStats {
        timestamp: noon(),
        uptime: 3600,
        capture: SourceCounters { received: 107, kernel_drops: 7, ..SourceCounters::default() },
        meter,
        ..RunStats::default()
    };
    assert_eq!(EveEncoder::new(&config, EndOfRun::Shutdown).encode_stats(&run, &mut out), 1);
    lines.push(serde_json::from_slice(&out).unwrap());
    lines
}

fn every_event() -> Vec<Event> {
    let mut udp = camera_flow();
    udp.report.record.protocol = IpProtocol::UDP;
    let mut icmp6 = camera_flow();
    icmp6.report.record.protocol = IpProtocol::ICMPV6;
    icmp6.report.head = None;
    let dhcp = Message::Dhcp(Box::new(DhcpMessage {
        from_client: true,
        transaction: 7,
        message_type: Some(3),
        client_mac: MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]),
        requested_ip: Some([192, 0, 2, 10].into()),
        assigned_ip: Some([0, 0, 0, 0].into()),
        client_ip: Some([0, 0, 0, 0].into()),
        hostname: Some("camera".to_owned()),
        vendor_class: Some("udhcp 1.20".to_owned()),
        params: vec![1, 3, 6, 12, 15, 28, 42],
        lease_time: Some(86_400),
        client_id: vec![1, 0x44, 0xa6, 0x42, 1, 2, 3],
        relay_ip: Some([192, 0, 2, 1].into()),
        subnet_mask: Some([255, 255, 255, 0].into()),
        routers: vec![[192, 0, 2, 1].into()],
        dns_servers: vec![[192, 0, 2, 1].into(), [198, 51, 100, 1].into()],
        ..DhcpMessage::default()
    }));
    let request = HttpRequest {
        method: "GET".to_owned(),
        target: "/SDK/language".to_owned(),
        version: "HTTP/1.1",
        host: Some("192.0.2.10:8080".to_owned()),
        user_agent: Some("curl/8".to_owned()),
        port_mapping: Some(Box::default()),
        ..HttpRequest::default()
    };
    let response = HttpResponse {
        status: 401,
        version: "HTTP/1.1",
        server: Some("App-webs/".to_owned()),
        realm: Some("IP Camera(D4918)".to_owned()),
        content_type: Some("text/html".to_owned()),
        content_length: Some(178),
        location: Some("/doc/page/login.asp".to_owned()),
        title: Some("index".to_owned()),
        ..HttpResponse::default()
    };
    let http = Message::Http(Box::new(HttpExchange {
        request: Some(Arc::new(request)),
        response: Some(Box::new(response)),
    }));
    let hello = ClientHello {
        version: 0x0304,
        sni: Some("litedev.example.com".to_owned()),
        alpns: vec!["h2".to_owned()],
        ech: true,
        ja4: None,
    };
    let certificate = Certificate {
        subject: "C=CN, O=HIKVISION, CN=www.hikvision.com".to_owned(),
        issuer: "CN=www.hikvision.com".to_owned(),
        serial: "0A:1B".to_owned(),
        not_before: Some(1_400_000_000),
        not_after: Some(1_800_000_000),
        subject_alt_names: vec!["192.0.2.10".to_owned()],
    };
    let server = ServerFlight {
        hello: ServerHello { version: 0x0303, cipher_suite: 0xc02f, alpn: Some("h2".to_owned()) },
        certificate: Some(Box::new(certificate)),
    };
    let quic = Message::Quic(Box::new(QuicMessage { version: 1, hello: hello.clone() }));
    let tls = tls(hello, Some(server));
    let sadp = Message::Sadp(Box::new(SadpMessage {
        kind: SadpKind::Reply,
        types: "inquiry".to_owned(),
        serial: Some("DS-2CD0001".to_owned()),
        command_port: Some(8000),
        ..SadpMessage::default()
    }));
    let mut events = vec![
        at(EventKind::DeviceSeen(Arc::new(camera()))),
        at(EventKind::DeviceSeen(Arc::new(phone()))),
        at(EventKind::AlertTold(Box::new(AlertSighting {
            alert: alert(AlertRule::NewDevice),
            flow: None,
        }))),
        at(EventKind::AlertTold(Box::new(AlertSighting {
            alert: alert(AlertRule::VendorCloudContact),
            flow: Some(camera_flow().report),
        }))),
        message(dns(AppProtocol::Dns, 0x0100), Role::Initiator),
        message(dns(AppProtocol::Dns, 0x8580), Role::Responder),
        message(dns(AppProtocol::Mdns, 0x8400), Role::Initiator),
        message(dns(AppProtocol::Llmnr, 0x8700), Role::Responder),
        message(tls, Role::Initiator),
        message(quic, Role::Initiator),
        message(http, Role::Initiator),
        message(dhcp, Role::Initiator),
        message(sadp, Role::Responder),
        ended(camera_flow(), FlowEndReason::EndOfFlow),
        ended(udp, FlowEndReason::IdleTimeout),
        ended(icmp6, FlowEndReason::ForcedEnd),
        at(EventKind::FlowUpdated { sighting: camera_flow(), interim: true }),
    ];
    let others = sip().into_iter().chain(snmp()).chain(ntp()).chain(mqtt());
    events.extend(others.map(|other| message(other, Role::Initiator)));
    events
}

fn sip() -> Vec<Message> {
    let request =
        SipStart::Request { method: "REGISTER".to_owned(), uri: "sip:sip.example".to_owned() };
    let response = SipStart::Response { code: 401, reason: "Unauthorized".to_owned() };
    [request, response]
        .map(|start| {
            let user_agent = Some("IP Camera".to_owned());
            Message::Sip(Box::new(SipMessage { start, user_agent, server: None }))
        })
        .into()
}

fn snmp() -> Vec<Message> {
    let response = SnmpMessage {
        version: 2,
        pdu: Some(SnmpPdu::Response),
        variables: vec!["1.3.6.1.2.1.1.1.0".to_owned()],
        sys_descr: Some("camera".to_owned()),
        ..SnmpMessage::default()
    };
    let trap = SnmpMessage {
        version: 1,
        pdu: Some(SnmpPdu::TrapV1),
        trap_oid: Some("1.3.6.1.4.1.39165".to_owned()),
        trap_address: Some([192, 0, 2, 10].into()),
        generic_trap: Some(0),
        ..SnmpMessage::default()
    };
    let encrypted =
        SnmpMessage { version: 3, engine_enterprise: Some(39_165), ..SnmpMessage::default() };
    [response, trap, encrypted].map(|snmp| Message::Snmp(Box::new(snmp))).into()
}

fn ntp() -> Vec<Message> {
    let clock = NtpClock { stratum: 2, poll: 6, reference_id: [192, 0, 2, 1] };
    let time = NtpMessage { version: 4, mode: 4, clock: Some(clock) };
    [time, NtpMessage { version: 2, mode: 7, clock: None }].map(Message::Ntp).into()
}

fn mqtt() -> Vec<Message> {
    let will = MqttWill { topic: "gone".to_owned(), topic_length: 4, qos: 1, retain: true };
    let connect = MqttConnect {
        protocol_name: "MQTT",
        level: 4,
        client_id_length: 3,
        client_id: Some("cam".to_owned()),
        username: Some("DS-2CD0001".to_owned()),
        has_password: true,
        keep_alive: 60,
        clean_start: true,
        will: Some(will),
    };
    let topic = MqttTopic { filter: "/camera/#".to_owned(), qos: 2 };
    [
        MqttMessage::Connect(Box::new(connect)),
        MqttMessage::Connack(MqttConnack { session_present: true, return_code: 5 }),
        MqttMessage::Subscribe(vec![topic]),
        MqttMessage::Publish("/camera/event".to_owned()),
    ]
    .map(|mqtt| Message::Mqtt(Box::new(mqtt)))
    .into()
}

fn noon() -> Timestamp {
    Timestamp::from_parts(1_769_860_800, 0)
}

fn later() -> Timestamp {
    Timestamp::from_parts(1_769_860_810, 250_000_000)
}

fn at(kind: EventKind) -> Event {
    Event { timestamp: later(), kind }
}

fn ended(sighting: FlowSighting, reason: FlowEndReason) -> Event {
    at(EventKind::FlowEnded { sighting, reason })
}

fn points() -> Vec<ObservationPoint> {
    vec![ObservationPoint { name: String::new() }, ObservationPoint { name: "br-lan".to_owned() }]
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn initiator() -> Endpoint {
    Endpoint { ip: ip("192.0.2.10"), port: 49152 }
}

fn responder() -> Endpoint {
    Endpoint { ip: ip("198.51.100.7"), port: 443 }
}

fn vlan_20() -> VlanIds {
    let mut vlans = VlanIds::default();
    vlans.push(20);
    vlans
}

fn camera_flow() -> FlowSighting {
    let counters = |packets, wire_bytes, flags| FlowCounters {
        bypassed: hikwatch::flow::Bypassed::default(),
        packets,
        wire_bytes,
        ip_bytes: wire_bytes - packets * 14,
        payload_bytes: 0,
        missing_bytes: 0,
        holes: 0,
        tcp_flags: TcpFlags(flags),
    };
    FlowSighting {
        report: FlowReport {
            record: Box::new(FlowRecord {
                id: FlowId(4711),
                initiator: initiator(),
                responder: responder(),
                protocol: IpProtocol::TCP,
                interface: InterfaceId(1),
                vlans: vlan_20(),
                tunnel: Some(Box::new(tunnel())),
                initiator_mac: MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]),
                responder_mac: MacAddr::ZERO,
                flow_start: noon(),
                flow_end: later(),
                forward: counters(3, 300, 0x1b),
                reverse: counters(2, 2000, 0x12),
                conn_state: ConnState::SF,
            }),
            head: Some(Arc::new(FlowHead {
                protocol: AppProtocol::Tls,
                sni: Some("litedev.example.com".into()),
                http_host: None,
            })),
        },
        perimeter: Perimeter::Outbound,
        device: Some(FlowDevice { profile: Arc::new(camera()), role: Role::Initiator }),
        destination: Some(Arc::new(cloud())),
        tallies: None,
        country: None,
        peer: None,
    }
}

fn camera() -> DeviceProfile {
    DeviceProfile {
        mac: Some(MacAddr([0x44, 0xa6, 0x42, 1, 2, 3])),
        addresses: vec![ip("192.0.2.10")],
        identity: Identity {
            vendor: Some("ezviz".into()),
            kind: DeviceKind::Camera,
            confidence: 50,
            ..Identity::default()
        },
        evidence: vec![Evidence {
            source: EvidenceSource::Oui,
            claim: Claim::Vendor("ezviz".into()),
            value: "44:a6:42".to_owned(),
            weight: 50,
            first_seen: noon(),
            last_seen: noon(),
            count: 1,
        }],
        last_seen: later(),
        ..DeviceProfile::new(DeviceId("d-0123456789ab".into()), noon())
    }
}

fn phone() -> DeviceProfile {
    DeviceProfile {
        id: DeviceId("d-aaaaaaaaaaaa".into()),
        mac: None,
        hostname: Some("phone".to_owned()),
        identity: Identity::default(),
        evidence: Vec::new(),
        ..camera()
    }
}

fn cloud() -> Destination {
    Destination {
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
    }
}

fn alert(rule: AlertRule) -> Alert {
    let said = ("ezviz-lbs".into(), "A camera spoke to its cloud.".to_owned());
    let (card, device) = (Arc::new(RuleCard::of(rule)), Arc::new(camera()));
    let alert = Alert::raised(card, rule.severity(), device, said, later());
    Alert { destination: Some(Arc::new(cloud())), ..alert }
}

fn dns(protocol: AppProtocol, flags: u16) -> Message {
    let record = |data, rtype| DnsRecord { name: "a.example".to_owned(), rtype, ttl: 60, data };
    let target = "e.example".to_owned();
    let mail = DnsMailExchange { preference: 10, exchange: target.clone() };
    let service = DnsService { priority: 1, weight: 2, port: 8000, target: target.clone() };
    let binding = DnsServiceBinding { priority: 1, target, ech: true, ..Default::default() };
    let answers = vec![
        record(DnsRecordData::A([198, 51, 100, 7].into()), 1),
        record(DnsRecordData::Aaaa("2001:db8::7".parse().unwrap()), 28),
        record(DnsRecordData::Cname("b.example".to_owned()), 5),
        record(DnsRecordData::Ptr("c.example".to_owned()), 12),
        record(DnsRecordData::Ns("d.example".to_owned()), 2),
        record(DnsRecordData::Soa("d.example".to_owned()), 6),
        record(DnsRecordData::Txt(vec!["model=A".to_owned(), "b".to_owned()]), 16),
        record(DnsRecordData::Txt(Vec::new()), 16),
        record(DnsRecordData::Mx(mail), 15),
        record(DnsRecordData::Srv(service), 33),
        record(DnsRecordData::Svcb(Box::new(binding)), 65),
        record(DnsRecordData::Other, 48),
    ];
    let is_response = flags & 0x8000 != 0;
    Message::Dns(Box::new(DnsMessage {
        queries: vec![DnsQuery { name: "a.example".to_owned(), rtype: 1 }],
        authorities: answers.clone(),
        additionals: if is_response { answers.clone() } else { Vec::new() },
        answers: if is_response { answers } else { Vec::new() },
        ..DnsMessage::new(protocol, 1, flags)
    }))
}

fn tls(hello: ClientHello, server: Option<ServerFlight>) -> Message {
    Message::Tls(Box::new(TlsHandshake {
        client: Some(Arc::new(hello)),
        server: server.map(Box::new),
        over_datagrams: false,
    }))
}

fn tunnel() -> Tunnel {
    Tunnel {
        kind: TunnelKind::Vxlan,
        depth: 1,
        id: 7,
        outer: Some((ip("203.0.113.1"), ip("203.0.113.2"))),
        ports: Some((40_000, 4789)),
    }
}

fn message(message: Message, sender: Role) -> Event {
    let (ours, theirs) = (MacAddr([0, 0, 0x5e, 0, 0x53, 1]), MacAddr([0, 0, 0x5e, 0, 0x53, 2]));
    let ether = match sender {
        Role::Initiator => EtherAddresses { source: ours, destination: theirs },
        Role::Responder => EtherAddresses { source: theirs, destination: ours },
    };
    at(EventKind::MessageRead(Box::new(MessageSighting {
        context: MessageContext {
            interface: InterfaceId(1),
            vlans: vlan_20(),
            ether: Some(ether),
            tunnel: Some(tunnel()),
            flow: Some(MessageFlow {
                id: FlowId(4711),
                initiator: initiator(),
                responder: responder(),
                protocol: IpProtocol::UDP,
                sender,
            }),
        },
        message,
        device: Some(Arc::new(camera())),
        destination: None,
    })))
}
