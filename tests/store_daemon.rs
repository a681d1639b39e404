//! The daemon's memory: what it knows again after a restart, what it forgets on request, what it does on a full disk.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot set itself up has to fail or say that it was skipped, and it waits by the real clock"
)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use hikwatch::net::Timestamp;
use hikwatch::simulate::{Household, pcap_header, pcap_record};
use hikwatch::store::{Config, Store};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hikwatch");

/// How long the program may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// Enough of the household for its cameras to be known and to have spoken to their clouds.
const FRAMES: usize = 20_000;

/// Rules on what is told of a device once.
const OF_NEWS: [&str; 4] =
    ["new-device", "vendor-cloud-contact", "rebrand-detected", "vulnerable-build"];

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn devices_outlive_a_restart_and_one_that_is_forgotten_is_new_again() {
    let site = Site::new();
    let frames = capture();

    let mut first = site.start();
    first.feed(&frames);
    let known = eventually(|| some_devices(site.address));
    first.end_of_input();
    assert_eq!(first.exit_code(), Some(0), "{}", first.log());
    let alerts = site.alerts();
    assert!(alerts.iter().any(|(rule, _)| rule == "new-device"), "{alerts:?}");
    assert!(alerts.iter().any(|(rule, _)| rule == "vendor-cloud-contact"), "{alerts:?}");
    let stored = Store::open(&site.store()).unwrap().contents().unwrap().devices;

    // Nothing has been captured yet, and the devices are there, as old as they were.
    let mut second = site.start();
    second.feed(frames.get(..24).unwrap());
    let again = eventually(|| some_devices(site.address));
    for device in &known {
        let same = again.iter().find(|other| other["device_id"] == device["device_id"]).unwrap();
        assert_eq!(same["first_seen"], device["first_seen"]);
        assert_eq!(same["vendor"], device["vendor"]);
    }
    assert!(metric(site.address, "hikwatch_devices{").unwrap() > 0.0);
    second.feed(frames.get(24..).unwrap());
    eventually(|| metric(site.address, "hikwatch_cloud_flows_total{").filter(|sum| *sum > 0.0));
    let metrics = get(site.address, "/metrics").unwrap();
    // What happens is told in each run; what is known is not.
    for rule in OF_NEWS {
        let none = |line: &str| line.contains(&format!("rule=\"{rule}\"")) && line.ends_with(" 0");
        assert!(metrics.lines().any(none), "{rule} is no news\n{metrics}");
    }
    eventually(|| metric(site.address, "hikwatch_store_up").filter(|up| *up == 1.0));
    eventually(|| {
        metric(site.address, "hikwatch_store_last_commit_timestamp_seconds").filter(|at| *at > 0.0)
    });

    let id = known[0]["device_id"].as_str().unwrap().to_owned();
    let devices = sum_of(site.address, "hikwatch_devices{");
    let bytes = sum_of(site.address, "hikwatch_device_bytes_total{");
    let forgotten = site.forget(&id, &[]);
    assert_eq!(forgotten.status.code(), Some(0), "{}", text(&forgotten.stderr));
    // Durable before the answer: the next thing that happens is kill -9.
    assert_eq!(sum_of(site.address, "hikwatch_devices{"), devices - 1.0);
    let metrics = get(site.address, "/metrics").unwrap();
    assert!(!metrics.contains(&id), "its series have ended");
    assert_eq!(sum_of(site.address, "hikwatch_device_bytes_total{"), bytes, "sums never fall");
    assert_eq!(site.forget(&id, &[]).status.code(), Some(66));
    drop(second);
    let left = Store::open(&site.store()).unwrap().contents().unwrap();
    assert!(left.devices.iter().all(|device| *device.id.0 != *id));
    assert!(left.contacts.iter().all(|(device, _)| *device.0 != *id));
    assert_eq!(left.devices.len(), stored.len() - 1);

    let mut third = site.start();
    third.feed(&frames);
    third.end_of_input();
    assert_eq!(third.exit_code(), Some(0), "{}", third.log());
    let mut new = site.alerts().split_off(alerts.len());
    new.retain(|(rule, _)| OF_NEWS.contains(&rule.as_str()));
    assert!(new.iter().all(|(_, device)| *device == id), "{new:?}");
    assert!(new.iter().any(|(rule, _)| rule == "new-device"), "{new:?}");
}

#[test]
fn forgetting_takes_the_token_of_the_configuration() {
    let site = Site::new();
    let mut daemon = site.start();
    daemon.feed(&capture());
    let id = eventually(|| some_devices(site.address)).remove(0);
    let id = id["device_id"].as_str().unwrap();

    let other = site.folder.path().join("other");
    write_secret(&other, "another-token-of-sixteen");
    let refused = site.forget(id, &["--token-file", other.to_str().unwrap()]);

    assert_eq!(refused.status.code(), Some(77), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("another write token"));
    // Neither a name nor the beginning of an identifier is enough, and nothing else goes into a path.
    for no_identifier in ["../etc", &id[..6]] {
        assert_eq!(site.forget(no_identifier, &[]).status.code(), Some(64), "{no_identifier}");
    }
    assert!(!daemon.log().contains(TOKEN) && !daemon.log().contains("another-token"));
    assert!(get(site.address, &format!("/api/v1/devices/{id}")).is_some());
}

#[test]
fn a_later_store_and_an_exposed_token_stop_the_start() {
    let site = Site::new();
    fs::set_permissions(site.folder.path().join("token"), fs::Permissions::from_mode(0o644))
        .unwrap();
    let mut daemon = site.start();
    assert_eq!(daemon.exit_code(), Some(78), "{}", daemon.log());
    assert!(daemon.log().contains("everybody"), "{}", daemon.log());
}

#[test]
fn a_damaged_store_is_moved_aside_and_the_daemon_runs() {
    let site = Site::new();
    let file = site.store().directory.join(Config::FILE_NAME);
    fs::write(&file, "this is no database, and never was one\n".repeat(300)).unwrap();

    let mut daemon = site.start();
    daemon.feed(&capture());
    eventually(|| metric(site.address, "hikwatch_store_up").filter(|up| *up == 1.0));
    daemon.end_of_input();

    assert_eq!(daemon.exit_code(), Some(0));
    assert!(daemon.log().contains("the store was damaged"), "{}", daemon.log());
    assert!(file.with_extension("redb.damaged").exists());
    assert!(!Store::open(&site.store()).unwrap().contents().unwrap().devices.is_empty());
}

#[test]
fn the_daemon_rides_out_a_full_disk() {
    let site = Site::new();
    let Some(_mounted) = Mounted::at(&site.store().directory) else { return };
    let filler = site.store().directory.join("filler");
    let mut file = File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    drop(file);

    let mut daemon = site.start();
    daemon.feed(&capture());
    eventually(|| some_devices(site.address));
    eventually(|| {
        let failed = "hikwatch_sink_deliveries_total{outcome=\"failed\",sink=\"store\"}";
        metric(site.address, failed).filter(|failed| *failed >= 3.0)
    });
    assert_eq!(metric(site.address, "hikwatch_store_up"), Some(0.0));
    assert_eq!(daemon.log().matches("the store cannot be written").count(), 1, "{}", daemon.log());

    fs::remove_file(&filler).unwrap();
    eventually(|| metric(site.address, "hikwatch_store_up").filter(|up| *up == 1.0));
    eventually(|| daemon.log().contains("the store is written again").then_some(()));
    daemon.end_of_input();
    assert_eq!(daemon.exit_code(), Some(0));
    assert!(!Store::open(&site.store()).unwrap().contents().unwrap().devices.is_empty());
}

/// A directory with a configuration, a token and a store.
struct Site {
    folder: TempDir,
    address: SocketAddr,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let root = folder.path().display();
        fs::create_dir(folder.path().join("store")).unwrap();
        write_secret(&folder.path().join("token"), TOKEN);
        let config = format!(
            "[http]\nlisten = \"{address}\"\nwrite_token_file = \"{root}/token\"\n\
             [store]\ndirectory = \"{root}/store\"\ninterval = \"1s\"\n\
             [events]\nfile = \"{root}/events.json\"\n"
        );
        fs::write(folder.path().join("hikwatch.toml"), config).unwrap();
        Self { folder, address }
    }

    fn config_file(&self) -> PathBuf {
        self.folder.path().join("hikwatch.toml")
    }

    fn store(&self) -> Config {
        Config { directory: self.folder.path().join("store"), ..Config::default() }
    }

    fn start(&self) -> Running {
        let log = self.folder.path().join("log");
        let child = Command::new(PROGRAM)
            .args(["run", "--source", "-", "--config"])
            .arg(self.config_file())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Running { child, log }
    }

    fn forget(&self, id: &str, further: &[&str]) -> Output {
        Command::new(PROGRAM)
            .args(["devices", "--forget", id, "--url", &format!("http://{}", self.address)])
            .arg("--config")
            .arg(self.config_file())
            .args(further)
            .output()
            .unwrap()
    }

    /// Rule and device of each alert that was written.
    fn alerts(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.folder.path().join("events.json")).unwrap();
        let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events
            .filter(|event| event["event_type"] == "alert")
            .map(|event| {
                let rule = event["alert"]["rule"].as_str().unwrap_or_default().to_owned();
                (rule, event["camera"]["device_id"].as_str().unwrap_or_default().to_owned())
            })
            .collect()
    }
}

/// A small disk of its own.
struct Mounted(PathBuf);

impl Mounted {
    fn at(directory: &Path) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=512k", "none"])
            .arg(directory)
            .output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(Self(directory.to_owned()));
        }
        eprintln!("SKIPPED: a small disk cannot be mounted here (that takes root)");
        None
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _status = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    fn feed(&mut self, bytes: &[u8]) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(bytes).and_then(|()| stdin.flush()).unwrap();
    }

    fn end_of_input(&mut self) {
        drop(self.child.stdin.take());
    }

    fn exit_code(&mut self) -> Option<i32> {
        eventually(|| self.child.try_wait().unwrap()).code()
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGKILL, on Unix.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn write_secret(path: &Path, secret: &str) {
    fs::write(path, secret).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The household's vendor devices, once there are some.
fn some_devices(address: SocketAddr) -> Option<Vec<Value>> {
    let answer: Value = serde_json::from_str(&get(address, "/api/v1/devices")?).unwrap();
    let devices = answer["items"].as_array().unwrap().clone();
    (devices.len() >= 3).then_some(devices)
}

fn metric(address: SocketAddr, prefix: &str) -> Option<f64> {
    let metrics = get(address, "/metrics")?;
    let mut found = None;
    for line in metrics.lines().filter(|line| line.starts_with(prefix)) {
        let value: f64 = line.rsplit(' ').next()?.parse().ok()?;
        found = Some(found.unwrap_or(0.0) + value);
    }
    found
}

fn sum_of(address: SocketAddr, prefix: &str) -> f64 {
    metric(address, prefix).unwrap()
}

fn eventually<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = SystemTime::now() + PATIENCE;
    loop {
        if let Some(answer) = attempt() {
            return answer;
        }
        assert!(SystemTime::now() < deadline, "nothing came of it in {PATIENCE:?}");
        sleep(Duration::from_millis(50));
    }
}

fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The beginning of a household that begins now, as a capture file.
fn capture() -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut bytes = pcap_header().to_vec();
    let household = Household::new(1, Timestamp::from_parts(now.as_secs(), 0));
    for frame in household.take(FRAMES) {
        bytes.extend(pcap_record(&frame));
    }
    bytes
}
