//! The HTTP server on a loopback port, asked with plain HTTP/1.0.

#![expect(clippy::unwrap_used, reason = "what a test builds by hand is there")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hikwatch::alert::{self, Alert, AlertId, AlertRule, Cue, Override, RuleCard, Ruleset, Scene};
use hikwatch::analyst::{
    AlertSighting, Event, EventKind, FlowDevice, FlowSighting, Tallies, Tally, Visibility,
};
use hikwatch::api::{self, ApiState, Forgetting, Readiness, Status, WriteAccess, WriteToken};
use hikwatch::catalogue::{CloudRole, Region, Speaker};
use hikwatch::classify::{Basis, Destination};
use hikwatch::decode::VlanIds;
use hikwatch::device::{
    Claim, Contradiction, DeviceId, DeviceKind, DeviceLabel, DeviceProfile, DeviceState, Evidence,
    EvidenceSource, Identity, Presence,
};
use hikwatch::export::Pseudonyms;
use hikwatch::flow::{ConnState, Endpoint, FlowCounters, FlowId, FlowRecord, Role};
use hikwatch::inventory::Inventory;
use hikwatch::meter::FlowReport;
use hikwatch::metrics::{Build, Config, InterfaceTotals, Recorder};
use hikwatch::net::{InterfaceId, IpProtocol, MacAddr, Perimeter, Timestamp};
use serde_json::Value;

#[test]
fn every_address_answers_with_safe_headers() {
    serving(|address, _| {
        for route in api::ROUTES {
            let answer = get(address, &route.replace("{id}", "d-000000000001"));
            // What gives an order is not asked for by GET.
            let expected = if route.ends_with("/ack") { 405 } else { 200 };
            assert_eq!(answer.status, expected, "{route}");
            for header in
                ["x-content-type-options: nosniff", "content-security-policy: default-src 'none'"]
            {
                assert!(answer.head.contains(header), "{route}: {}", answer.head);
            }
        }
        assert!(get(address, "/metrics").head.contains("text/plain; version=0.0.4"));
    });
}

#[test]
fn metrics_come_in_the_format_that_is_asked_for_and_packed_where_that_is_taken() {
    const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    serving(|address, _| {
        let plain = get(address, "/metrics");
        let open =
            metrics(address, "Accept: application/openmetrics-text;version=1.0.0;q=0.6,*/*;q=0.1");
        for (answer, kind) in [(&plain, "text/plain; version=0.0.4; charset=utf-8"), (&open, OPEN)]
        {
            assert!(answer.head.contains(&format!("content-type: {kind}\r\n")), "{}", answer.head);
            assert!(
                answer.head.contains("vary: accept\r\nvary: accept-encoding"),
                "{}",
                answer.head
            );
            assert!(!answer.head.contains("content-encoding"));
        }
        assert!(open.body.ends_with("\n# EOF\n") && !plain.body.contains("# EOF"));
        assert!(open.body.contains("# TYPE hikwatch_flows_started counter\n"));
        assert!(plain.body.contains("# TYPE hikwatch_device_info gauge\n"));

        let request =
            format!("GET /metrics HTTP/1.0\r\nAccept: {OPEN}\r\nAccept-Encoding: gzip\r\n\r\n");
        let (head, packed) = ask_bytes(address, &request);
        assert!(head.contains("content-encoding: gzip"), "{head}");
        assert!(head.contains(&format!("content-length: {}", packed.len())), "{head}");
        let unpacked = unpacked(&packed);
        assert!(unpacked.ends_with("\n# EOF\n"));
        assert!(packed.len() * 5 < unpacked.len(), "{} of {}", packed.len(), unpacked.len());

        let head = ask(address, "HEAD /metrics HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        let other = "GET /api/v1/status HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n";
        assert!(!ask(address, other).head.contains("content-encoding"));
    });
}

#[test]
fn readiness_says_what_is_missing() {
    serving(|address, readiness| {
        readiness.wait_for("capture is not open");
        let before = get(address, "/-/ready");
        readiness.satisfy("capture is not open");

        assert_eq!(before.status, 503);
        assert!(before.body.contains("capture is not open"));
        assert_eq!(get(address, "/-/ready").status, 200);
        assert_eq!(get(address, "/-/healthy").status, 200);
    });
}

#[test]
fn lists_are_paged_and_bounded() {
    serving(|address, _| {
        let page = json(address, "/api/v1/devices?limit=1&offset=1");
        assert_eq!(
            (&page["total"], &page["offset"], &page["limit"]),
            (&3.into(), &1.into(), &1.into())
        );
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert_eq!(page["items"][0]["device_id"], "d-000000000002");
        assert_eq!(json(address, "/api/v1/devices?scope=all")["total"], 4);

        for bad in [
            "limit=0",
            "limit=1001",
            "limit=-1",
            "limit=x",
            "offset=-1",
            "offset=1e3",
            "scope=none",
        ] {
            for list in ["devices", "flows", "alerts", "destinations"] {
                let answer = get(address, &format!("/api/v1/{list}?{bad}"));
                assert_eq!(answer.status, 400, "{list}?{bad}");
                let error: Value = serde_json::from_str(&answer.body).unwrap();
                assert!(!error["error"].as_str().unwrap().is_empty());
            }
        }
    });
}

#[test]
fn objects_have_the_names_that_events_use() {
    serving(|address, _| {
        let device = json(address, "/api/v1/devices/d-000000000001");
        assert_eq!(device["vendor"], "ezviz");
        assert_eq!(device["kind"], "camera");
        assert_eq!(device["confidence"], 50);
        assert_eq!((&device["bytes_sent"], &device["bytes_received"]), (&100.into(), &200.into()));
        assert_eq!(device["destinations"][0]["cloud"]["service"], "ezviz-lbs");

        let flow = &json(address, "/api/v1/flows")["items"][0];
        assert_eq!((&flow["src_ip"], &flow["proto"]), (&"192.0.2.10".into(), &"TCP".into()));
        assert_eq!(flow["cloud"]["role"], "registration");

        let alert = &json(address, "/api/v1/alerts")["items"][0];
        assert_eq!((&alert["rule"], &alert["severity"]), (&"new-device".into(), &3.into()));

        let status = json(address, "/api/v1/status");
        assert_eq!(status["version"], "1.2.3");
        assert_eq!(status["uptime_seconds"], 60);
        let interface = &status["interfaces"][0];
        assert_eq!(interface["name"], "br-lan");
        assert_eq!(interface["visibility"], "broadcast-only");
        assert!(interface["visibility_meaning"].as_str().unwrap().contains("mirror"));
        assert_eq!(interface["coverage_ratio"], 1.0);
        assert_eq!(interface["coverage_limits"], serde_json::json!([]));
        assert_eq!(status["vendor_devices"], 3);
        assert_eq!(status["config"]["last_reload_successful"], true);
    });
}

#[test]
fn a_device_is_explained_and_what_it_says_stays_text() {
    serving(|address, _| {
        let device = json(address, "/api/v1/devices/d-000000000003");
        assert_eq!(device["certainty"], "confirmed");
        assert_eq!(device["other_macs"], serde_json::json!(["44:a6:42:01:02:04"]));
        assert_eq!(device["label"], serde_json::json!({"name": "Front door", "owner": "me"}));
        let state = &device["state"];
        assert_eq!((&state["presence"], &state["activated"]), (&"offline".into(), &false.into()));
        assert_eq!((&state["channels"], &state["random_mac"]), (&8.into(), &false.into()));
        assert_eq!(state["default_login"], "1970-01-01T00:00:15.000000+0000");
        assert_eq!(state["conflict"], "1970-01-01T00:00:16.000000+0000");
        assert_eq!(
            device["contradictions"],
            serde_json::json!([{"house": "dahua", "support": 13, "sources": ["http"]}])
        );
        let hints: Vec<_> = device["hints"].as_array().unwrap().iter().collect();
        let ids: Vec<_> = hints.iter().map(|hint| hint["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["UNACTIVATED", "DEFAULT-CREDS"]);
        assert_eq!((&hints[0]["grade"], &hints[0]["sources"][0]), (&"B".into(), &"idx".into()));

        let explanation = &device["explanation"];
        assert_eq!(explanation["house"], "hikvision");
        assert_eq!(explanation["kinds"][0], serde_json::json!({"kind": "registry", "weight": 50}));
        assert!(explanation["arithmetic"].as_str().unwrap().starts_with("100 x (1 - 0.50"));
        let fact = &explanation["facts"][0];
        assert_eq!((&fact["part"], &fact["kind"]), (&"raises".into(), &"registry".into()));
        assert_eq!((&fact["count"], &fact["weight"]), (&7.into(), &50.into()));
        assert_eq!(fact["last_seen"], "1970-01-01T00:00:20.000000+0000");
        assert_eq!(fact["value"], "<script>\u{1b}[2J");
        assert!(explanation["raise"]["confidence"].as_u64().unwrap() > 50);
        assert_eq!(explanation["fall"]["observation"], "the name of another maker");

        let raw = get(address, "/api/v1/devices/d-000000000003").body;
        assert!(!raw.contains('\u{1b}'), "control characters are escaped");
        let list = json(address, "/api/v1/devices");
        assert_eq!(list["items"][0]["clouds"], serde_json::json!(["ezviz-lbs"]));
        assert_eq!(list["items"][2]["hints"].as_array().unwrap().len(), 2);
        assert!(list["items"][0]["explanation"].is_null() && list["items"][0]["label"].is_null());
    });
}

#[test]
fn every_field_of_a_device_is_in_the_openapi_document() {
    serving(|address, _| {
        let document = json(address, "/api/v1/openapi.json");
        let schemas = &document["components"]["schemas"];
        let device = json(address, "/api/v1/devices/d-000000000003");
        let lists = &json(address, "/api/v1/devices")["items"][0];
        for (schema, object) in [
            ("Device", &device),
            ("Device", lists),
            ("DeviceState", &device["state"]),
            ("Hint", &device["hints"][0]),
            ("Explanation", &device["explanation"]),
            ("Prospect", &device["explanation"]["raise"]),
        ] {
            for field in object.as_object().unwrap().keys() {
                let documented = &schemas[schema]["properties"][field];
                assert!(documented.is_object(), "{schema}.{field} is not documented");
            }
        }
    });
}

#[test]
fn what_was_not_told_is_shown_by_rule_and_reason_and_every_field_is_documented() {
    let mut rules = Ruleset::new(alert::Config {
        overrides: vec![Override { enabled: Some(false), ..Override::default() }],
        ..alert::Config::default()
    });
    let device = Arc::new(device(3, Some("ezviz")));
    rules.observe(&Scene { now: device.last_seen, device: &device, cue: Cue::Profile });
    let suppressed = rules.suppressed_by_rule();
    let held_back = ApiState {
        status: Arc::new(move || Status {
            suppressed: Arc::clone(&suppressed),
            ..Status::default()
        }),
        ..state()
    };
    serving_state(held_back, |address, _| {
        let rules = json(address, "/api/v1/rules");
        let items = rules["items"].as_array().unwrap();
        assert_eq!(items.len(), AlertRule::ALL.len());
        let of = |name: &str| items.iter().find(|rule| rule["rule"] == name).unwrap();
        assert_eq!(of("new-device")["suppressed"]["disabled"], 1);
        assert_eq!(of("lan-scan")["suppressed"]["disabled"], 0);
        let document = json(address, "/api/v1/openapi.json");
        let rule = of("new-device");
        for (schema, object) in
            [("Rule", rule), ("BuiltinRule", &rule["builtin"]), ("Suppressed", &rule["suppressed"])]
        {
            for field in object.as_object().unwrap().keys() {
                let documented = &document["components"]["schemas"][schema]["properties"][field];
                assert!(documented.is_object(), "{schema}.{field} is not documented");
            }
        }
    });
}

#[test]
fn serial_numbers_are_shown_as_pseudonyms_when_those_are_wanted() {
    let serial = "E33842150";
    let exposition = format!("x{{name=\"cam-{serial}\"}} 1\n");
    let plain = ApiState { render_metrics: Arc::new(move |_| exposition.clone()), ..state() };
    let named = DeviceProfile {
        hostname: Some(format!("cam-{serial}")),
        identity: Identity { serial: Some(serial.into()), ..device(9, Some("ezviz")).identity },
        ..device(9, Some("ezviz"))
    };
    plain.inventory.apply(&event(EventKind::DeviceSeen(Arc::new(named))));
    let pseudonyms = Some(Arc::new(Pseudonyms::new(&[7; 32]).unwrap()));
    let masked = ApiState { pseudonyms, ..plain.clone() };

    for (state, shown) in [(plain, true), (masked, false)] {
        serving_state(state, move |address, _| {
            for path in ["/api/v1/devices", "/api/v1/devices/d-000000000009"] {
                let body = ask(address, &format!("GET {path} HTTP/1.0\r\n\r\n")).body;
                assert_eq!(body.contains(serial), shown, "{path}: {body}");
                serde_json::from_str::<Value>(&body).unwrap();
            }
            assert_eq!(get(address, "/metrics").body.contains(serial), shown);
            let request = "GET /metrics HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n";
            let (_, packed) = ask_bytes(address, request);
            assert_eq!(unpacked(&packed).contains(serial), shown);
        });
    }
}

#[test]
fn only_reading_is_possible() {
    serving(|address, _| {
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = ask(address, &format!("{method} /api/v1/devices HTTP/1.0\r\n\r\n"));
            assert_eq!(answer.status, 405, "{method}");
            assert!(answer.head.contains("allow: get,head"), "{}", answer.head);
        }
        let head = ask(address, "HEAD /api/v1/devices HTTP/1.0\r\n\r\n");
        assert_eq!((head.status, head.body.len()), (200, 0));
    });
}

#[test]
fn forgetting_a_device_takes_the_write_token() {
    let delete = |address, id: &str, more: &str| {
        ask(address, &format!("DELETE /api/v1/devices/{id} HTTP/1.0\r\n{more}\r\n"))
    };
    serving(move |address, _| {
        let off = delete(address, "d-000000000001", "Authorization: Bearer 0123456789abcdef\r\n");
        assert_eq!(off.status, 403);
        assert!(off.body.contains("http.write_token_file"), "{}", off.body);
    });
    let orders = Arc::new(Mutex::new(Vec::new()));
    let given = Arc::clone(&orders);
    let forget = move |id: DeviceId| -> Forgetting {
        given.lock().unwrap().push(id.0.to_string());
        let answer = match &*id.0 {
            "d-000000000001" => Ok(true),
            "d-full" => Err("the disk is full".to_owned()),
            _ => Ok(false),
        };
        Box::pin(async move { answer })
    };
    let acknowledge = |id: AlertId| -> Forgetting { Box::pin(async move { Ok(id.0 == 0xab) }) };
    let token = WriteToken::new("0123456789abcdef").unwrap();
    let state = ApiState {
        write_access: Some(WriteAccess {
            token,
            forget: Arc::new(forget),
            acknowledge: Arc::new(acknowledge),
        }),
        ..state()
    };
    serving_state(state, move |address, _| {
        for wrong in [
            "",
            "Authorization: Bearer 0123456789abcdeF\r\n",
            "Authorization: Bearer\r\n",
            "Authorization: Basic 0123456789abcdef\r\n",
        ] {
            let answer = delete(address, "d-000000000001", wrong);
            assert_eq!(answer.status, 401, "{wrong}");
            assert!(answer.head.contains("www-authenticate: bearer"));
            assert!(!answer.body.contains("0123"));
        }
        let right = "authorization: bearer 0123456789abcdef\r\n";
        assert_eq!(delete(address, "d-000000000001", right).status, 204);
        assert_eq!(delete(address, "d-000000000009", right).status, 404);
        let acknowledge = |id: &str, more: &str| {
            ask(
                address,
                &format!(
                    "POST /api/v1/alerts/{id}/ack HTTP/1.0\r\nContent-Length: 0\r\n{more}\r\n"
                ),
            )
        };
        assert_eq!(acknowledge("00000000000000ab", "").status, 401);
        assert_eq!(acknowledge("00000000000000ab", right).status, 204);
        assert_eq!(acknowledge("00000000000000ac", right).status, 404);
        assert_eq!(acknowledge("ab", right).status, 404);
        let full = delete(address, "d-full", right);
        assert_eq!(full.status, 503);
        assert!(full.body.contains("the disk is full"));
    });
    assert_eq!(*orders.lock().unwrap(), ["d-000000000001", "d-000000000009", "d-full"]);
}

#[test]
fn what_is_not_there_is_not_found_as_json() {
    serving(|address, _| {
        for path in ["/nothing", "/api/v1/devices/d-ffffffffffff", "/api/v1/devices/..%2f..%2fetc"]
        {
            let answer = get(address, path);
            assert_eq!(answer.status, 404, "{path}");
            assert!(serde_json::from_str::<Value>(&answer.body).unwrap()["error"].is_string());
        }
    });
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, &format!("GET {path} HTTP/1.0\r\n\r\n"))
}

fn json(address: SocketAddr, path: &str) -> Value {
    let answer = get(address, path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    assert!(answer.head.contains("content-type: application/json"));
    serde_json::from_str(&answer.body).unwrap()
}

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

fn metrics(address: SocketAddr, header: &str) -> Answer {
    ask(address, &format!("GET /metrics HTTP/1.0\r\n{header}\r\n\r\n"))
}

fn ask(address: SocketAddr, request: &str) -> Answer {
    let (head, body) = ask_bytes(address, request);
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head,
        body: String::from_utf8(body).unwrap(),
    }
}

/// The head in lower case, and the body.
fn ask_bytes(address: SocketAddr, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let (head, rest) = bytes.split_at(end);
    let body = rest.get(4..).unwrap().to_vec();
    (String::from_utf8_lossy(head).to_ascii_lowercase(), body)
}

/// Serves three cameras, a phone, a flow and an alert, and runs `client` against them; the server then stops.
fn serving(client: impl FnOnce(SocketAddr, &Readiness) + Send + 'static) {
    serving_state(state(), client);
}

fn serving_state(state: ApiState, client: impl FnOnce(SocketAddr, &Readiness) + Send + 'static) {
    let listener = api::listen(&api::Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..api::Config::default()
    })
    .unwrap();
    let address = listener.local_addr().unwrap();
    let readiness = Arc::clone(&state.readiness);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let client = std::thread::spawn(move || {
        client(address, &readiness);
        drop(stop);
    });
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(api::serve(listener, state, async {
            drop(stopped.await);
        }))
        .unwrap();
    client.join().unwrap();
}

fn state() -> ApiState {
    let inventory = Inventory::new();
    let recorder = Recorder::new(&Config::default(), Build::CURRENT).unwrap();
    let seen = |profile| event(EventKind::DeviceSeen(Arc::new(profile)));
    for event in [
        seen(device(2, Some("ezviz"))),
        seen(explained_device()),
        seen(device(4, None)),
        event(EventKind::FlowStarted(flow())),
        event(EventKind::AlertTold(Box::new(AlertSighting {
            alert: Alert::raised(
                Arc::new(RuleCard::of(AlertRule::NewDevice)),
                AlertRule::NewDevice.severity(),
                Arc::new(device(1, Some("ezviz"))),
                ("".into(), "A new device.".to_owned()),
                Timestamp::from_parts(20, 0),
            ),
            flow: None,
        }))),
    ] {
        inventory.apply(&event);
        recorder.apply(&event);
    }
    ApiState {
        inventory: Arc::new(inventory),
        render_metrics: Arc::new(move |format| recorder.render(format)),
        status: Arc::new(|| Status {
            version: "1.2.3".to_owned(),
            uptime: Duration::from_secs(60),
            interfaces: vec![InterfaceTotals {
                name: "br-lan".to_owned(),
                visibility: Some(Visibility::BroadcastOnly),
                ..InterfaceTotals::default()
            }],
            config_reload_successful: true,
            ..Status::default()
        }),
        readiness: Arc::new(Readiness::default()),
        pseudonyms: None,
        write_access: None,
    }
}

fn event(kind: EventKind) -> Event {
    Event { timestamp: Timestamp::from_parts(20, 0), kind }
}

fn device(number: u32, vendor: Option<&str>) -> DeviceProfile {
    DeviceProfile {
        mac: Some(MacAddr([0x44, 0xa6, 0x42, 1, 2, 3])),
        addresses: vec!["192.0.2.10".parse().unwrap()],
        identity: Identity {
            vendor: vendor.map(Into::into),
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

/// A device of which much is known.
fn explained_device() -> DeviceProfile {
    let label = DeviceLabel {
        name: Some("Front door".to_owned()),
        owner: Some("me".to_owned()),
        ..DeviceLabel::default()
    };
    let contradiction =
        Contradiction { house: "dahua".into(), support: 13, sources: vec![EvidenceSource::Http] };
    let plain = device(3, Some("hikvision"));
    DeviceProfile {
        other_macs: vec![MacAddr([0x44, 0xa6, 0x42, 1, 2, 4])],
        label: Some(Arc::new(label)),
        identity: Identity {
            confidence: 67,
            contradictions: vec![contradiction],
            ..plain.identity.clone()
        },
        evidence: vec![Evidence {
            source: EvidenceSource::Oui,
            claim: Claim::Vendor("hikvision".into()),
            value: "<script>\u{1b}[2J".to_owned(),
            weight: 50,
            first_seen: Timestamp::from_parts(10, 0),
            last_seen: Timestamp::from_parts(20, 0),
            count: 7,
        }],
        state: DeviceState {
            presence: Presence::Offline,
            activated: Some(false),
            default_login: Some(Timestamp::from_parts(15, 0)),
            channels: Some(8),
            conflict: Some(Timestamp::from_parts(16, 0)),
            ..DeviceState::default()
        },
        ..plain
    }
}

fn flow() -> FlowSighting {
    let tally = Tally { sent: 100, received: 200, flows: 1 };
    FlowSighting {
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
                conn_state: ConnState::S1,
            }),
            head: None,
        },
        perimeter: Perimeter::Outbound,
        device: Some(FlowDevice {
            profile: Arc::new(device(1, Some("ezviz"))),
            role: Role::Initiator,
        }),
        destination: Some(Arc::new(Destination {
            vendor: "ezviz".into(),
            service: "ezviz-lbs".into(),
            role: CloudRole::Registration,
            region: Region::Eu,
            speaker: Speaker::Device,
            domain: None,
            confidence: 90,
            basis: Basis::Sni,
            aliases: Arc::default(),
            place: Default::default(),
            steps: Arc::default(),
        })),
        tallies: Some(Tallies { device: tally, cloud: tally }),
        country: None,
        peer: None,
    }
}
