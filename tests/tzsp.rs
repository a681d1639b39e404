//! A router's sniffer stream for real: the daemon takes TZSP on a port of loopback and finds the cameras in it.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test that cannot set itself up has to fail, and it waits by the real clock"
)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use hikwatch::net::Timestamp;
use hikwatch::simulate::Household;
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hikwatch");

/// Enough for the whole household to boot.
const FRAMES: usize = 2500;

/// Frames on their way at once: they fit into a socket's buffer however slow its reader is.
const WINDOW: usize = 40;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_cameras_of_a_sniffed_household_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let api = free_address();
    // Two sources at once; the system chooses their ports, which the log tells.
    let daemon = Daemon::start(&folder, api, &["tzsp://127.0.0.1:0", "tzsp://127.0.0.1:0"]);
    let names = eventually(|| Some(source_names(&daemon.log())).filter(|names| names.len() == 2));
    eventually(|| get(api, "/-/ready"));
    let name = names.last().unwrap();
    let sniffer = UdpSocket::bind("127.0.0.1:0").unwrap();
    sniffer.connect(name.strip_prefix("tzsp://").unwrap()).unwrap();

    let mut household = Household::new(1, Timestamp::from_parts(1_767_225_600, 0));
    let mut sent = 0;
    while sent < FRAMES {
        sniffer.send(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        for frame in household.by_ref().take(WINDOW.min(FRAMES - sent)) {
            sniffer.send(&wrapped(&frame.bytes)).unwrap();
            sent += 1;
        }
        eventually(|| (packets(api, name)? >= sent as u64).then_some(()));
    }

    assert_eq!(packets(api, name), Some(FRAMES as u64), "what is no TZSP is not counted");
    let cameras: Vec<_> = household.truth().devices.iter().filter(|d| d.vendor.is_some()).collect();
    assert!(cameras.len() > 2);
    eventually(|| {
        let devices: Value = serde_json::from_str(&get(api, "/api/v1/devices")?).unwrap();
        let found = devices["items"].as_array()?;
        let is_found = |mac: String| found.iter().any(|device| device["mac"] == mac);
        cameras.iter().all(|camera| is_found(camera.mac.to_string())).then_some(())
    });
}

#[test]
fn an_address_that_cannot_be_had_is_69_and_is_named() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let in_use = format!("tzsp://{}", taken.local_addr().unwrap());

    refuses(&in_use, 69, &format!("{in_use} is in use"));
    refuses("tzsp://192.0.2.1:37008", 69, "tzsp://192.0.2.1:37008 is no address of this machine");
}

#[test]
fn what_is_no_source_is_64_with_the_form_of_one() {
    for wrong in ["tzsp://", "tzsp://127.0.0.1", "tzsp://router.example:37008", "udp://[::]:37008"]
    {
        refuses(wrong, 64, "tzsp://ADDR:PORT");
    }
}

/// A frame as the sniffer of RouterOS sends it: version 1, received, Ethernet, no tag but the last.
fn wrapped(frame: &[u8]) -> Vec<u8> {
    [&[1, 0, 0, 1, 1], frame].concat()
}

fn refuses(source: &str, code: i32, reason: &str) {
    let Output { status, stdout, stderr } = Command::new(PROGRAM)
        .args(["run", "--listen", "127.0.0.1:0", "--source", source])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(code), "{told}");
    assert!(told.starts_with("hikwatch: ") && told.contains(reason), "{told}");
    assert!(told.lines().count() == 1 && stdout.is_empty(), "{told}");
}

/// A daemon that ends with the test.
struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    fn start(folder: &TempDir, api: SocketAddr, sources: &[&str]) -> Self {
        let config = folder.path().join("hikwatch.toml");
        fs::write(&config, format!("[http]\nlisten = \"{api}\"\n")).unwrap();
        let log = folder.path().join("log");
        let child = Command::new(PROGRAM)
            .args(["run", "--log-level", "info", "--config"])
            .arg(&config)
            .args(sources.iter().flat_map(|source| ["--source", source]))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
        if std::thread::panicking() {
            println!("{}", self.log());
        }
    }
}

/// The sources that the log names when capture begins, in order.
fn source_names(log: &str) -> Vec<String> {
    let Some(line) = log.lines().find(|line| line.contains("capturing")) else { return Vec::new() };
    let rest = line.split("tzsp://").skip(1);
    let address = |text: &str| {
        let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == ':';
        text.chars().take_while(|c| is_part(*c)).collect::<String>()
    };
    rest.map(|text| format!("tzsp://{}", address(text))).collect()
}

/// Frames that the daemon says it has had from a source.
fn packets(api: SocketAddr, source: &str) -> Option<u64> {
    let status: Value = serde_json::from_str(&get(api, "/api/v1/status")?).unwrap();
    let interfaces = status.get("interfaces")?.as_array()?;
    interfaces.iter().find(|interface| interface["name"] == source)?["packets"].as_u64()
}

/// Tries until there is an answer, or no patience left.
fn eventually<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = SystemTime::now() + PATIENCE;
    loop {
        if let Some(answer) = attempt() {
            return answer;
        }
        assert!(SystemTime::now() < deadline, "nothing came of it in {PATIENCE:?}");
        sleep(Duration::from_millis(20));
    }
}

/// The body of an answer with status 200.
fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
