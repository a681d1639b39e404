//! Home Assistant's view of devices, over mosquitto.

use std::process::{Command, Stdio};
use std::time::Duration;

use hikwatch::alert::AlertPhase;
use hikwatch::device::DeviceId;
use hikwatch::export::{Deliver, DeliveryError, Letter, MqttConfig, MqttSink};
use serde_json::Value;

use crate::bench::{Service, alert, await_port, ended, free_port, goes_on, now, output, told};

const CONFIG: &str = "homeassistant/device/hikwatch_d-0011/config";
const STATE: &str = "hikwatch/hikwatch_d-0011/state";
const STATUS: &str = "hikwatch/status";

struct Broker {
    port: u16,
    _service: Service,
    _directory: tempfile::TempDir,
}

impl Broker {
    fn start(port: u16) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mosquitto.conf");
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n"
        );
        std::fs::write(&path, text).unwrap();
        let service = Service::start("mosquitto", &["-c", path.to_str().unwrap()])?;
        await_port(port);
        Some(Self { port, _service: service, _directory: directory })
    }

    /// What is retained of a topic; none if nothing is.
    fn retained(&self, topic: &str) -> Option<String> {
        let port = self.port.to_string();
        let arguments = ["-h", "127.0.0.1", "-p", &port, "-t", topic, "-C", "1", "-W", "2"];
        let text = output("mosquitto_sub", &arguments)?;
        (!text.is_empty()).then(|| text.trim_end().to_owned())
    }

    fn state(&self) -> Value {
        serde_json::from_str(&self.retained(STATE).unwrap()).unwrap()
    }
}

fn sink(port: u16) -> MqttSink {
    let config = MqttConfig { interval: Duration::ZERO, ..MqttConfig::default() };
    MqttSink::new(config, format!("127.0.0.1:{port}"), None, None)
}

#[test]
fn home_assistant_sees_a_device_with_its_state_and_whether_we_are_there() {
    let Some(broker) = Broker::start(free_port()) else { return };
    if output("mosquitto_sub", &["--help"]).is_none() {
        return;
    }
    let mut sink = sink(broker.port);
    sink.deliver(&[goes_on(1, 500, 900), told(alert(AlertPhase::Raised))]).unwrap();
    sink.tick(now()).unwrap();

    assert_eq!(broker.retained(STATUS).as_deref(), Some("online"));
    let config: Value = serde_json::from_str(&broker.retained(CONFIG).unwrap()).unwrap();
    assert_eq!(config["dev"]["name"], "front-door {{ 1 }} <b>");
    assert_eq!(config["stat_t"], STATE);
    let state = broker.state();
    assert_eq!(
        (&state["cloud"], &state["alert"], &state["sent"]),
        (&"ON".into(), &"ON".into(), &500.into())
    );

    sink.deliver(&[ended(1, 700, 900), told(alert(AlertPhase::Resolved))]).unwrap();
    sink.tick(now()).unwrap();
    let state = broker.state();
    assert_eq!(
        (&state["cloud"], &state["alert"], &state["sent"]),
        (&"OFF".into(), &"OFF".into(), &700.into())
    );

    // Home Assistant has come up: everything is told again, a moment later.
    let port = broker.port.to_string();
    let watcher = Command::new("mosquitto_sub")
        .args(["-h", "127.0.0.1", "-p", &port, "-t", CONFIG, "-R", "-C", "1", "-W", "30"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let birth = ["-h", "127.0.0.1", "-p", &port, "-t", "homeassistant/status", "-m", "online"];
    output("mosquitto_pub", &birth).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    sink.tick(now()).unwrap();
    sink.tick(now().plus(Duration::from_secs(6))).unwrap();
    let heard = watcher.wait_with_output().unwrap().stdout;
    assert!(String::from_utf8(heard).unwrap().contains("front-door"));

    // A device that is forgotten leaves nothing behind.
    sink.deliver(&[Letter::Forgotten(DeviceId("d-0011".into()))]).unwrap();
    sink.tick(now().plus(Duration::from_secs(7))).unwrap();
    assert_eq!(broker.retained(CONFIG), None);
    assert_eq!(broker.retained(STATE), None);

    // Who goes without a word is told of by the broker.
    drop(sink);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(broker.retained(STATUS).as_deref(), Some("offline"));
}

#[test]
fn a_broker_that_was_away_is_told_how_things_stand_now() {
    let port = free_port();
    let mut sink = sink(port);
    sink.deliver(&[goes_on(1, 500, 900), told(alert(AlertPhase::Raised))]).unwrap();
    assert!(matches!(sink.tick(now()), Err(DeliveryError::Io(_))));
    sink.deliver(&[told(alert(AlertPhase::Resolved)), goes_on(1, 600, 900)]).unwrap();

    let Some(broker) = Broker::start(port) else { return };
    if output("mosquitto_sub", &["--help"]).is_none() {
        return;
    }
    sink.tick(now()).unwrap();
    let state = broker.state();
    assert_eq!((&state["alert"], &state["sent"]), (&"OFF".into(), &600.into()));
    sink.close();
    assert_eq!(broker.retained(STATUS).as_deref(), Some("offline"));
}

#[test]
fn what_is_no_broker_is_told_so_in_a_bounded_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        use std::io::Write as _;
        for answer in [&b"HTTP/1.1 400 Bad\r\n\r\n"[..], b"\x20\x02\x00\x05", b""] {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(answer).unwrap();
        }
    });
    let mut sink = sink(port);
    for expected in ["not MQTT", "may not come in", ""] {
        let problem = sink.tick(now()).unwrap_err().to_string();
        assert!(problem.contains(expected), "{problem}");
    }
}
