//! The daemon as a process, its configuration, and what it answers.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use hikwatch::net::Timestamp;
use hikwatch::simulate::{SimulatedFrame, pcap_header, pcap_record};
use serde_json::Value;
use tempfile::TempDir;

/// How long the daemon may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A folder with a configuration, and where the daemon answers.
pub(crate) struct Site {
    pub(crate) folder: TempDir,
    pub(crate) address: SocketAddr,
}

/// All series of a scrape.
pub(crate) type Series = BTreeMap<String, f64>;

impl Site {
    pub(crate) fn new() -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let site = Self { folder: tempfile::tempdir().unwrap(), address };
        fs::write(site.path("token"), TOKEN).unwrap();
        fs::set_permissions(site.path("token"), fs::Permissions::from_mode(0o600)).unwrap();
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration; where it listens and where its events go is the same in each.
    pub(crate) fn configure(&self, further: &str) {
        let (address, root) = (self.address, self.folder.path().display());
        let config = format!(
            "[http]\nlisten = \"{address}\"\nwrite_token_file = \"{root}/token\"\n\
             [events]\nfile = \"{root}/events.json\"\n{further}"
        );
        fs::write(self.path("hikwatch.toml"), config).unwrap();
    }

    pub(crate) fn start(&self, source: &[&str]) -> Daemon {
        let log = self.path("log");
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_hikwatch"))
            .arg("run")
            .args(source)
            .arg("--config")
            .arg(self.path("hikwatch.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .unwrap();
        let daemon = Daemon { child, log, address: self.address };
        eventually("the daemon to answer", || daemon.get("/metrics"));
        daemon
    }

    /// What was written to the event file.
    pub(crate) fn events(&self) -> Vec<Value> {
        events_of(&fs::read_to_string(self.path("events.json")).unwrap_or_default())
    }
}

/// The daemon; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
    address: SocketAddr,
}

impl Daemon {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(bytes).and_then(|()| stdin.flush()).unwrap();
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Option<String> {
        self.ask("GET", path).and_then(|(status, body)| (status == 200).then_some(body))
    }

    /// Status and body of an answer; the request brings the site's token.
    pub(crate) fn ask(&self, method: &str, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// The items of a list of the API.
    pub(crate) fn items(&self, path: &str) -> Vec<Value> {
        let list: Value = serde_json::from_str(&self.get(path).unwrap()).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    /// Ends what it is fed, and with it the daemon.
    pub(crate) fn end_of_input(mut self) {
        drop(self.child.stdin.take());
        let status = eventually("the end of the daemon", || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}: {}", self.log());
    }

    pub(crate) fn scrape(&self) -> Series {
        let text = self.get("/metrics").unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let read = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        };
        lines.map(read).collect()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Ends it as systemd does.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        let status = eventually("the end of the daemon", || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}: {}", self.log());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().ok();
    }
}

/// The sum of a family, of the series with all `labels`.
pub(crate) fn sum(series: &Series, family: &str, labels: &[&str]) -> f64 {
    series
        .iter()
        .filter(|(name, _)| name.split('{').next() == Some(family))
        .filter(|(name, _)| labels.iter().all(|label| name.contains(label)))
        .map(|(_, value)| value)
        .sum()
}

/// Whole lines of event JSON.
pub(crate) fn events_of(text: &str) -> Vec<Value> {
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Frames as a capture file, with or without its header.
pub(crate) fn capture(frames: &[SimulatedFrame], has_header: bool) -> Vec<u8> {
    let mut bytes = if has_header { pcap_header().to_vec() } else { Vec::new() };
    bytes.extend(frames.iter().flat_map(pcap_record));
    bytes
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_parts(since.as_secs(), 0)
}

/// A port of loopback that was free just now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(50));
    }
}
