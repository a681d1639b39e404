//! The whole chain for real: the demo, a Prometheus that scrapes it with the shipped rules, an Alertmanager, and whoever is to
//! be told. All on loopback, on ports that are free now; each program is ended by its own identifier.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{sleep, spawn};
use std::time::Duration;

use serde_json::Value;

use crate::tools::{skipped, tool};

/// How often something is looked for, and how long all of it may take: a minute.
const LOOK: Duration = Duration::from_millis(250);

const LOOKS: u32 = 240;

/// What the shipped files say, and what the test has instead, since nobody waits ten minutes for it.
const SOONER: [(&str, &str); 3] = [
    ("[10m]", "[6s]"),
    ("scrape_interval: 30s", "scrape_interval: 500ms"),
    ("evaluation_interval: 30s", "evaluation_interval: 500ms"),
];

/// Debian's Alertmanager does not start without them.
const TEMPLATES: &str = "/usr/share/prometheus/alertmanager/default.tmpl";

#[test]
fn an_alert_of_the_demo_reaches_alertmanager_through_prometheus_and_is_resolved() {
    let programs = ["prometheus", "prometheus-alertmanager", "promtool"].map(tool);
    let [Some(prometheus), Some(alertmanager), Some(_)] = &programs else { return };
    if !Path::new(TEMPLATES).exists() {
        skipped("the templates of Alertmanager are missing; `make setup` copies them");
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let (receiver, told) = listen();
    let [demo_at, prometheus_at, alertmanager_at] = free_addresses();
    configure(scratch.path(), [demo_at, alertmanager_at, receiver]);
    let mut looks = LOOKS;

    let mut command = Command::new(alertmanager);
    command
        .arg("--config.file=alertmanager.yml")
        .arg("--storage.path=alertmanager")
        .arg("--cluster.listen-address=")
        .arg(format!("--web.listen-address={alertmanager_at}"));
    let _alertmanager = Running::start(command, scratch.path());
    let mut command = Command::new(prometheus);
    command
        .arg("--config.file=prometheus.yml")
        .arg("--storage.tsdb.path=prometheus")
        .arg(format!("--web.listen-address={prometheus_at}"));
    let _prometheus = Running::start(command, scratch.path());
    for address in [alertmanager_at, prometheus_at] {
        eventually(&mut looks, || get(address, "/-/ready"));
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_hikwatch"));
    command.args(["demo", "--speed", "4", "--listen", &demo_at.to_string()]);
    let _demo = Running::start(command, scratch.path());

    // Prometheus scrapes the demo, and every shipped rule can be evaluated.
    eventually(&mut looks, || {
        let answer = json(prometheus_at, "/api/v1/query?query=hikwatch_build_info")?;
        answer["data"]["result"].as_array().filter(|found| found.len() == 1).map(drop)
    });
    let rules = eventually(&mut looks, || {
        let answer = json(prometheus_at, "/api/v1/rules")?;
        let groups = answer["data"]["groups"].as_array()?;
        let rules = groups.iter().filter_map(|group| group["rules"].as_array()).flatten();
        let health: Vec<_> =
            rules.map(|rule| rule["health"].as_str().unwrap().to_owned()).collect();
        (!health.is_empty() && !health.iter().any(|health| health == "unknown")).then_some(health)
    });
    assert!(rules.iter().all(|health| health == "ok"), "{rules:?}");

    // Alertmanager has it, and tells that it fires, and that it is over.
    let rule = eventually(&mut looks, || {
        let alerts = json(alertmanager_at, "/api/v2/alerts")?;
        let ours = |alert: &&Value| {
            let name = alert["labels"]["alertname"].as_str().unwrap();
            name.starts_with("Hikwatch") && name.ends_with("SeverityAlert")
        };
        let alert = alerts.as_array()?.iter().find(ours)?.clone();
        assert_eq!(alert["labels"]["job"], "hikwatch");
        assert_eq!(alert["labels"]["instance"], demo_at.to_string());
        assert!(alert["annotations"]["summary"].as_str().unwrap().contains("raised"));
        Some(alert["labels"]["rule"].as_str().unwrap().to_owned())
    });
    let mut states = Vec::new();
    eventually(&mut looks, || {
        for message in told.try_iter() {
            let of_rule = |alert: &&Value| alert["labels"]["rule"] == rule.as_str();
            let alerts = message["alerts"].as_array().unwrap();
            states.extend(alerts.iter().filter(of_rule).map(|alert| alert["status"].clone()));
        }
        states.contains(&"resolved".into()).then_some(())
    });
    assert_eq!(states[0], "firing", "{states:?}");
    eventually(&mut looks, || {
        let alerts = json(alertmanager_at, "/api/v2/alerts")?;
        let is_over =
            !alerts.as_array()?.iter().any(|alert| alert["labels"]["rule"] == rule.as_str());
        is_over.then_some(())
    });
    println!("{rule} fired and was resolved after {:?}", LOOK * (LOOKS - looks));
}

/// A program that ends with its owner.
struct Running(Child);

impl Running {
    fn start(mut command: Command, folder: &Path) -> Self {
        let quiet = command.current_dir(folder).stdin(Stdio::null());
        Self(quiet.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Writes the shipped files with other addresses and shorter times, and who is to be told.
fn configure(folder: &Path, [demo, alertmanager, receiver]: [SocketAddr; 3]) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/prometheus");
    let mut replaced = 0;
    for file in ["prometheus.yml", "hikwatch.rules.yml"] {
        let mut text = fs::read_to_string(shipped.join(file)).unwrap();
        let addresses = [
            ("127.0.0.1:19855".to_owned(), demo.to_string()),
            ("127.0.0.1:9093".to_owned(), alertmanager.to_string()),
        ];
        let times = SOONER.map(|(long, short)| (long.to_owned(), short.to_owned()));
        for (before, after) in addresses.into_iter().chain(times) {
            replaced += usize::from(text.contains(&before));
            text = text.replace(&before, &after);
        }
        fs::write(folder.join(file), text).unwrap();
    }
    assert_eq!(replaced, 2 + SOONER.len());
    let text = format!(
        "route:\n  receiver: test\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n\
         receivers:\n- name: test\n  webhook_configs:\n  - url: http://{receiver}/\n    send_resolved: true\n"
    );
    fs::write(folder.join("alertmanager.yml"), text).unwrap();
}

/// Takes what Alertmanager tells; the thread ends with the process.
fn listen() -> (SocketAddr, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = sync_channel(1024);
    spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            if let Some(message) = take(&stream)
                && sender.send(message).is_err()
            {
                return;
            }
        }
    });
    (address, receiver)
}

fn take(mut stream: &TcpStream) -> Option<Value> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
    serde_json::from_slice(&body).ok()
}

fn eventually<T>(looks: &mut u32, mut find: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = find() {
            return found;
        }
        *looks = looks.checked_sub(1).expect("it takes more than a minute");
        sleep(LOOK);
    }
}

fn json(address: SocketAddr, path: &str) -> Option<Value> {
    serde_json::from_str(&get(address, path)?).ok()
}

/// Asks with HTTP/1.0, so that the answer comes in one piece; nothing unless it is a 200.
fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.lines().next()?.contains(" 200 ").then(|| body.to_owned())
}

fn free_addresses() -> [SocketAddr; 3] {
    // All are held until each is known, so that none is given twice.
    let held = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap())
}
