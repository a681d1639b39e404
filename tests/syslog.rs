//! Alerts as a real rsyslogd and a real TLS server receive them.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test that cannot set itself up has to fail or say that it was skipped, and it waits by the real clock"
)]

use std::fs;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use hikwatch::alert::{Alert, AlertPhase, AlertRule, RuleCard, Severity};
use hikwatch::analyst::{AlertSighting, Event, EventKind};
use hikwatch::device::{DeviceId, DeviceProfile};
use hikwatch::export::{Deliver, Letter, SyslogConfig, SyslogServer, SyslogSink};
use hikwatch::net::Timestamp;

/// How long a server may take for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server writes of each message: the header, values that it has read out of the structured data, the sentence.
const TEMPLATE: &str = "%pri%|%timereported:::date-rfc3339%|%hostname%|%app-name%|%msgid%|%$!rfc5424-sd!hikwatch@32473!phase%|\
                        %$!rfc5424-sd!hikwatch@32473!device%|%$!rfc5424-sd!hikwatch@32473!subject%|%msg%\\n";

/// What ends a parameter, begins another element or another line, and what a terminal obeys.
const HOSTILE: &str = "a\"] [x@1 b=\"\\\u{1b}[31m\n<0>1 -";

#[test]
fn a_real_server_reads_every_field_over_udp_tcp_and_a_local_socket() {
    let Some(server) = Rsyslog::start() else { return };
    let local = format!("unix:{}", server.socket().display());
    let udp = format!("udp://127.0.0.1:{}", server.port);
    let tcp = format!("tcp://127.0.0.1:{}", server.port);

    for (number, address) in [udp, tcp, local].into_iter().enumerate() {
        let mut sink = sink(&address, SyslogConfig::default());
        let raised = alert(&format!("way-{number}"), HOSTILE, "It says \"hi\", doesn't it? é");
        let over =
            Alert { phase: AlertPhase::Resolved, severity: Severity::High, ..raised.clone() };
        assert_eq!(sink.deliver(&[letter(raised), letter(over)]).unwrap(), 2, "{address}");

        let lines = server.lines_about(&format!("way-{number}"), 2);
        let subject = r#"a"] [x@1 b="\?[31m?<0>1 -"#;
        for (line, (priority, phase, sentence)) in
            lines.iter().zip([(28, "raised", ""), (30, "resolved", "resolved: ")])
        {
            let fields: Vec<&str> = line.splitn(9, '|').collect();
            assert_eq!(fields[0], priority.to_string(), "{address}: {line}");
            assert!(fields[1].starts_with("2026-09-21T14:13:20"), "{line}");
            assert_eq!(fields[2..5], ["attic", "hikwatch", "vendor-cloud-contact"], "{line}");
            assert_eq!(fields[5..8], [phase, &format!("way-{number}"), subject], "{line}");
            let message = fields[8].trim_start_matches(['\u{feff}', ' ']);
            assert_eq!(message, format!("{sentence}It says \"hi\", doesn't it? é"), "{address}");
        }
    }
}

#[test]
fn a_server_that_is_restarted_gets_what_was_kept_once_and_in_order() {
    let Some(mut server) = Rsyslog::start() else { return };
    let mut sink = sink(&format!("tcp://127.0.0.1:{}", server.port), SyslogConfig::default());
    let letters: Vec<Letter> =
        (0..20).map(|n| letter(alert("restart", &n.to_string(), "It happened"))).collect();

    assert_eq!(sink.deliver(&letters[..5]).unwrap(), 5);
    assert_eq!(server.lines_about("restart", 5).len(), 5);
    server.stop();
    assert!(sink.deliver(&letters[5..]).is_err(), "nobody is there");
    server.start_again();
    assert_eq!(sink.deliver(&letters[5..]).unwrap(), 15);

    let lines = server.lines_about("restart", 20);
    let subjects: Vec<&str> = lines.iter().filter_map(|line| line.split('|').nth(7)).collect();
    assert_eq!(subjects, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn over_tls_only_a_server_with_the_right_certificate_is_told() {
    let Some(server) = TlsServer::start() else { return };
    let address = format!("tls://localhost:{}", server.port);
    let trusting = |name: &str| SyslogConfig {
        ca_file: Some(server.folder.path().join(name)),
        ..SyslogConfig::default()
    };
    let letters = [letter(alert("d-1", "tls", "It happened"))];

    let problem = sink(&address, trusting("other.pem")).deliver(&letters).unwrap_err();
    assert!(problem.to_string().contains("certificate"), "{problem}");
    let by_number = format!("tls://127.0.0.2:{}", server.port);
    assert!(sink(&by_number, trusting("own.pem")).deliver(&letters).is_err(), "another name");

    let mut sink = sink(&address, trusting("own.pem"));
    assert_eq!(sink.deliver(&letters).unwrap(), 1);
    let text = eventually(|| Some(server.output()).filter(|text| text.contains("It happened")));
    let (count, message) = text.split_once(" <").unwrap();
    assert_eq!(count.parse::<usize>().unwrap(), message.trim_end().len() + 1);
}

#[test]
fn a_real_server_over_tls_reads_every_field_and_one_with_another_certificate_is_told_nothing() {
    if !exists("openssl", "version") {
        return skipped("openssl is not installed").unwrap_or_default();
    }
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    let Some(server) = Rsyslog::start_tls(folder.path()) else { return };
    let address = format!("tls://localhost:{}", server.port);
    let trusting = |name: &str| SyslogConfig {
        ca_file: Some(folder.path().join(name)),
        ..SyslogConfig::default()
    };
    let letters = |device: &str| [letter(alert(device, HOSTILE, "It happened, é"))];

    let problem = sink(&address, trusting("other.pem")).deliver(&letters("wrong")).unwrap_err();
    assert!(problem.to_string().contains("certificate"), "{problem}");
    assert_eq!(sink(&address, trusting("own.pem")).deliver(&letters("right")).unwrap(), 1);

    let line = server.lines_about("right", 1).remove(0);
    let fields: Vec<&str> = line.splitn(9, '|').collect();
    assert_eq!(fields[2..6], ["attic", "hikwatch", "vendor-cloud-contact", "raised"], "{line}");
    assert_eq!(fields[7], r#"a"] [x@1 b="\?[31m?<0>1 -"#, "{line}");
    assert!(fields[8].ends_with("It happened, é"), "{line}");
    let all = fs::read_to_string(server.folder.path().join("out")).unwrap();
    assert!(!all.contains("wrong"), "{all}");
}

fn sink(address: &str, config: SyslogConfig) -> SyslogSink {
    let server: SyslogServer = address.parse().unwrap();
    SyslogSink::new(&server, &config, Some("attic"), None).unwrap()
}

fn alert(device: &str, subject: &str, message: &str) -> Alert {
    let then = Timestamp::from_parts(1_790_000_000, 0);
    Alert::raised(
        Arc::new(RuleCard::of(AlertRule::VendorCloudContact)),
        Severity::Medium,
        Arc::new(DeviceProfile::new(DeviceId(device.into()), then)),
        (subject.into(), message.to_owned()),
        then,
    )
}

fn letter(alert: Alert) -> Letter {
    let timestamp = alert.timestamp;
    let kind = EventKind::AlertTold(Box::new(AlertSighting { alert, flow: None }));
    Letter::Event(Arc::new(Event { timestamp, kind }))
}

/// A server of our own, with a configuration of our own, that ends with the test.
struct Rsyslog {
    program: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Rsyslog {
    fn start() -> Option<Self> {
        let Some(program) = rsyslogd() else { return skipped("rsyslogd is not installed") };
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let path = folder.path().display();
        let config = format!(
            "global(workDirectory=\"{path}\" maxMessageSize=\"64k\")\n\
             module(load=\"imudp\")\nmodule(load=\"imtcp\")\nmodule(load=\"mmpstrucdata\")\n\
             module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
             input(type=\"imudp\" address=\"127.0.0.1\" port=\"{port}\")\n\
             input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\")\n\
             input(type=\"imuxsock\" Socket=\"{path}/log\" IgnoreTimestamp=\"off\" UseSpecialParser=\"off\" ParseHostname=\"on\")\n\
             template(name=\"fields\" type=\"string\" string=\"{TEMPLATE}\")\n\
             action(type=\"mmpstrucdata\")\n\
             action(type=\"omfile\" file=\"{path}/out\" template=\"fields\")\n"
        );
        fs::write(folder.path().join("rsyslog.conf"), config).unwrap();
        let child = Self::run(&program, folder.path(), port);
        Some(Self { program, folder, port, child })
    }

    /// One that is spoken to over TLS, with the certificate `own` of a folder.
    fn start_tls(certificates: &Path) -> Option<Self> {
        let Some(program) = rsyslogd() else { return skipped("rsyslogd is not installed") };
        if tls_driver().is_none() {
            return skipped("rsyslog-openssl is not installed; `make setup` fetches it");
        }
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let (path, own) = (folder.path().display(), certificates.join("own"));
        let own = own.display();
        let config = format!(
            "global(workDirectory=\"{path}\" DefaultNetstreamDriver=\"ossl\" \
             DefaultNetstreamDriverCAFile=\"{own}.pem\" DefaultNetstreamDriverCertFile=\"{own}.pem\" \
             DefaultNetstreamDriverKeyFile=\"{own}.key\")\n\
             module(load=\"imtcp\" StreamDriver.Name=\"ossl\" StreamDriver.Mode=\"1\" \
             StreamDriver.AuthMode=\"anon\")\nmodule(load=\"mmpstrucdata\")\n\
             module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
             input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\")\n\
             input(type=\"imuxsock\" Socket=\"{path}/log\")\n\
             template(name=\"fields\" type=\"string\" string=\"{TEMPLATE}\")\n\
             action(type=\"mmpstrucdata\")\n\
             action(type=\"omfile\" file=\"{path}/out\" template=\"fields\")\n"
        );
        fs::write(folder.path().join("rsyslog.conf"), config).unwrap();
        let child = Self::run(&program, folder.path(), port);
        Some(Self { program, folder, port, child })
    }

    fn run(program: &Path, folder: &Path, port: u16) -> Child {
        let mut command = Command::new(program);
        if let Some(modules) = modules_beside(program) {
            // A copy that is not installed looks for its parts where they would be.
            let all = [Some(modules.clone()), tls_driver()].into_iter().flatten();
            let all: Vec<String> = all.map(|folder| folder.display().to_string()).collect();
            command.env("LD_LIBRARY_PATH", modules.parent().unwrap()).arg("-M").arg(all.join(":"));
        }
        let child = command
            .arg("-n")
            .arg("-f")
            .arg(folder.join("rsyslog.conf"))
            .arg("-i")
            .arg(folder.join("pid"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually(|| TcpStream::connect(("127.0.0.1", port)).ok());
        eventually(|| folder.join("log").exists().then_some(()));
        child
    }

    fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn start_again(&mut self) {
        self.child = Self::run(&self.program, self.folder.path(), self.port);
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn lines_about(&self, device: &str, count: usize) -> Vec<String> {
        let path = self.folder.path().join("out");
        eventually(|| {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<String> = text
                .lines()
                .filter(|line| line.split('|').nth(6) == Some(device))
                .map(str::to_owned)
                .collect();
            (lines.len() >= count).then_some(lines)
        })
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// `openssl s_server`, which writes what it is told to its standard output.
struct TlsServer {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl TlsServer {
    fn start() -> Option<Self> {
        if !exists("openssl", "version") {
            return skipped("openssl is not installed");
        }
        let folder = tempfile::tempdir().unwrap();
        make_certificates(folder.path());
        let port = free_port();
        let output = fs::File::create(folder.path().join("out")).unwrap();
        let child = Command::new("openssl")
            .current_dir(folder.path())
            .args(["s_server", "-quiet", "-accept", &port.to_string()])
            .args(["-cert", "own.pem", "-key", "own.key"])
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually(|| TcpStream::connect(("127.0.0.1", port)).ok());
        Some(Self { folder, port, child })
    }

    fn output(&self) -> String {
        let mut text = String::new();
        let mut file = fs::File::open(self.folder.path().join("out")).unwrap();
        file.read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// Two servers that say to be `localhost`, each by a certificate of its own.
fn make_certificates(folder: &Path) {
    for name in ["own", "other"] {
        let made = Command::new("openssl")
            .current_dir(folder)
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
            ])
            .args([
                "-days",
                "30",
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost",
            ])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
    }
}

/// Where rsyslog's driver for TLS is: Debian has it in a package of its own.
fn tls_driver() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places = std::env::split_paths(&path).filter_map(|place| Some(place.parent()?.join("lib")));
    let libraries = places.filter_map(|library| fs::read_dir(library).ok()).flatten().flatten();
    let mut folders = libraries.map(|entry| entry.path().join("rsyslog"));
    folders.find(|modules| modules.join("lmnsd_ossl.so").exists())
}

fn rsyslogd() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let sbin = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let places = std::env::split_paths(&path).chain(sbin);
    places.map(|place| place.join("rsyslogd")).find(|program| program.exists())
}

/// `usr/lib/TRIPLET/rsyslog/` of the tree in which `usr/sbin/rsyslogd` stands.
fn modules_beside(program: &Path) -> Option<PathBuf> {
    let libraries = program.parent()?.parent()?.join("lib");
    let places = fs::read_dir(libraries).ok()?.flatten().map(|entry| entry.path().join("rsyslog"));
    places.into_iter().find(|modules| modules.join("imudp.so").exists())
}

fn exists(program: &str, argument: &str) -> bool {
    let status =
        Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "it took too long");
        sleep(Duration::from_millis(20));
    }
}

fn skipped<T>(why: &str) -> Option<T> {
    eprintln!("SKIPPED: {why}");
    None
}
