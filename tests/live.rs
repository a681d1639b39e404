//! Live capture for real: a camera, a gateway and a cloud in network namespaces, with real programs
//! making the traffic (a DHCP client and dnsmasq, openssl, curl), and the daemon on the gateway.
//!
//! Needs root, `ip`, `dnsmasq`, `busybox` (its DHCP client), `openssl` and `curl`; says so loudly when something is missing.
//! The namespaces are made and removed by the test, whatever comes of it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::zombie_processes,
    reason = "a test that cannot set itself up has to fail; the namespaces take their processes with them"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

/// A device-side name of the catalogue; dnsmasq answers it with the cloud's address.
const CLOUD_NAME: &str = "litedev.eu.ezvizlife.com";
/// An address block of Hangzhou Hikvision.
const CAMERA_MAC: &str = "44:a6:42:01:02:03";
/// What the camera fetches from the cloud, in bytes.
const DOWNLOAD: usize = 3_000_000;

#[test]
fn a_camera_its_cloud_and_its_bytes_are_named_through_the_ring() {
    watch_a_camera("afpacket", 'a');
}

#[test]
#[cfg(feature = "libpcap")]
fn a_camera_its_cloud_and_its_bytes_are_named_through_libpcap() {
    watch_a_camera("libpcap", 'l');
}

fn watch_a_camera(backend: &str, letter: char) {
    if let Some(reason) = missing() {
        eprintln!("SKIPPED: the live test with {backend} needs {reason}");
        return;
    }
    let lab = Lab::build(letter);
    let mut daemon = lab.start_daemon(backend);
    let before = lab.cloud_counters();

    lab.camera_gets_a_lease();
    lab.camera_fetches_from_the_cloud();
    lab.camera_greets_the_cloud();
    sleep(Duration::from_millis(1500));

    let after = lab.cloud_counters();
    let metrics = lab.ask("/metrics");
    let devices: Value = serde_json::from_str(&lab.ask("/api/v1/devices")).unwrap();
    stop(&mut daemon);
    check_exposition(&metrics);
    let events = lab.events();

    let device = &devices["items"].as_array().unwrap()[0];
    assert_eq!(device["mac"], CAMERA_MAC, "{devices}");
    assert!(device["confidence"].as_u64().unwrap() >= 60, "{device}");

    let bytes = after.bytes - before.bytes;
    let packets = after.packets - before.packets;
    let cloud: Vec<&Value> = events
        .iter()
        .filter(|event| event["event_type"] == "flow" && event["cloud"]["domain"] == CLOUD_NAME)
        .collect();
    assert!(!cloud.is_empty(), "no flow to the cloud was named");
    assert!(cloud.iter().any(|flow| flow["cloud"]["basis"] == "sni"));
    let told: u64 = cloud
        .iter()
        .map(|flow| {
            flow["flow"]["bytes_toserver"].as_u64().unwrap()
                + flow["flow"]["bytes_toclient"].as_u64().unwrap()
        })
        .sum();
    assert_within_a_percent("frames", told, bytes);

    let counted: f64 = metrics
        .lines()
        .filter(|line| line.starts_with("hikwatch_cloud_bytes_total"))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few megabytes")]
    assert_within_a_percent("IP", counted as u64, bytes - 14 * packets);

    for rule in ["new-device", "vendor-cloud-contact"] {
        let raised = events.iter().any(|event| {
            event["event_type"] == "alert" && event["alert"]["metadata"]["rule"][0] == rule
        });
        assert!(raised, "{rule} was not raised");
    }
    assert!(
        events
            .iter()
            .any(|event| event["event_type"] == "flow" && event["flow"]["reason"] == "forced"),
        "what was live at the end has to be told as forced"
    );
}

/// What the daemon itself answers has to please Prometheus' own linter.
fn check_exposition(metrics: &str) {
    let linter = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut linter) = linter else {
        eprintln!("SKIPPED: promtool is not there to check the exposition");
        return;
    };
    linter.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let output = linter.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn assert_within_a_percent(what: &str, told: u64, counted: u64) {
    let difference = told.abs_diff(counted);
    assert!(counted > DOWNLOAD as u64, "the interface saw {counted} bytes only");
    assert!(
        difference * 100 <= counted,
        "{what} bytes: told {told}, the interface counted {counted}"
    );
    println!("{what} bytes: told {told}, the interface counted {counted}");
}

#[derive(Debug, Clone, Copy)]
struct Counters {
    bytes: u64,
    packets: u64,
}

/// Three namespaces, two links, and the programs in them.
struct Lab {
    camera: String,
    gateway: String,
    cloud: String,
    folder: PathBuf,
    children: Vec<Child>,
    port: u16,
    letter: char,
}

impl Lab {
    fn build(letter: char) -> Self {
        let id = format!("{}{letter}", std::process::id());
        let folder = std::env::temp_dir().join(format!("hikwatch-live-{id}"));
        fs::create_dir_all(&folder).unwrap();
        let mut lab = Self {
            camera: format!("hwcam{id}"),
            gateway: format!("hwgw{id}"),
            cloud: format!("hwcld{id}"),
            folder,
            children: Vec::new(),
            port: 19_860 + u16::from(letter == 'l'),
            letter,
        };
        lab.wire();
        lab.start_servers();
        lab
    }

    fn wire(&self) {
        let (lan, camera) = (self.link("l"), self.link("c"));
        let (wan, cloud) = (self.link("w"), self.link("x"));
        for namespace in [&self.camera, &self.gateway, &self.cloud] {
            run("ip", &["netns", "add", namespace]);
            self.inside(namespace, &["ip", "link", "set", "lo", "up"]);
            self.inside(namespace, &["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"]);
        }
        run("ip", &["link", "add", &lan, "type", "veth", "peer", "name", &camera]);
        run("ip", &["link", "add", &wan, "type", "veth", "peer", "name", &cloud]);
        for (end, namespace) in [
            (&lan, &self.gateway),
            (&wan, &self.gateway),
            (&camera, &self.camera),
            (&cloud, &self.cloud),
        ] {
            run("ip", &["link", "set", end, "netns", namespace]);
        }
        self.inside(&self.camera, &["ip", "link", "set", &camera, "address", CAMERA_MAC]);
        self.inside(&self.gateway, &["ip", "address", "add", "192.168.77.1/24", "dev", &lan]);
        self.inside(&self.gateway, &["ip", "address", "add", "198.51.100.1/24", "dev", &wan]);
        self.inside(&self.cloud, &["ip", "address", "add", "198.51.100.7/24", "dev", &cloud]);
        for (end, namespace) in [
            (&lan, &self.gateway),
            (&wan, &self.gateway),
            (&camera, &self.camera),
            (&cloud, &self.cloud),
        ] {
            self.inside(namespace, &["ip", "link", "set", end, "up"]);
        }
        self.inside(&self.gateway, &["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
        self.inside(&self.cloud, &["ip", "route", "add", "default", "via", "198.51.100.1"]);
        // `ip netns exec` puts this in the place of /etc/resolv.conf.
        let etc = Path::new("/etc/netns").join(&self.camera);
        fs::create_dir_all(&etc).unwrap();
        fs::write(etc.join("resolv.conf"), "nameserver 192.168.77.1\n").unwrap();
    }

    fn start_servers(&mut self) {
        let file = |name: &str| self.folder.join(name).to_string_lossy().into_owned();
        fs::write(file("lease.sh"), LEASE_SCRIPT).unwrap();
        run("chmod", &["+x", &file("lease.sh")]);
        fs::write(file("big.bin"), vec![b'x'; DOWNLOAD]).unwrap();
        run(
            "openssl",
            &[
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                &format!("/CN={CLOUD_NAME}"),
                "-keyout",
                &file("key.pem"),
                "-out",
                &file("cert.pem"),
            ],
        );
        let leases = format!("--dhcp-leasefile={}", file("leases"));
        let names = format!("--address=/{CLOUD_NAME}/198.51.100.7");
        let lan = format!("--interface={}", self.link("l"));
        let dnsmasq = self.spawn(
            &self.gateway,
            &[
                "dnsmasq",
                "--keep-in-foreground",
                "--no-resolv",
                "--no-hosts",
                "--conf-file=/dev/null",
                "--pid-file=",
                "--user=root",
                "--bind-interfaces",
                &lan,
                &leases,
                &names,
                "--dhcp-range=192.168.77.50,192.168.77.99,1h",
            ],
        );
        let server = self.spawn(
            &self.cloud,
            &[
                "openssl", "s_server", "-quiet", "-accept", "443", "-WWW", "-cert", "cert.pem",
                "-key", "key.pem",
            ],
        );
        self.children.extend([dnsmasq, server]);
        sleep(Duration::from_millis(700));
    }

    fn start_daemon(&self, backend: &str) -> Child {
        let listen = format!("127.0.0.1:{}", self.port);
        let events = self.folder.join("events.json").to_string_lossy().into_owned();
        let child = self.spawn(
            &self.gateway,
            &[
                env!("CARGO_BIN_EXE_hikwatch"),
                "run",
                "--interface",
                &self.link("l"),
                "--backend",
                backend,
                "--listen",
                &listen,
                "--output",
                &events,
            ],
        );
        for _ in 0..100 {
            if self.try_ask("/-/ready").is_some() {
                return child;
            }
            sleep(Duration::from_millis(100));
        }
        panic!("the daemon did not get ready: {}", self.log());
    }

    fn camera_gets_a_lease(&self) {
        let script = self.folder.join("lease.sh").to_string_lossy().into_owned();
        self.inside(
            &self.camera,
            &[
                "busybox",
                "udhcpc",
                "-i",
                &self.link("c"),
                "-n",
                "-q",
                "-t",
                "10",
                "-s",
                &script,
                "-x",
                "hostname:front-door",
            ],
        );
    }

    fn camera_fetches_from_the_cloud(&self) {
        let url = format!("https://{CLOUD_NAME}/big.bin");
        let output = self.inside(&self.camera, &["curl", "-sk", "--max-time", "30", &url]);
        assert!(output.stdout.len() >= DOWNLOAD, "curl got {} bytes", output.stdout.len());
    }

    /// A handshake that is held open, so that a flow is live when the daemon is told to stop.
    fn camera_greets_the_cloud(&self) {
        let command = format!(
            "(sleep 4) | timeout 6 openssl s_client -connect 198.51.100.7:443 -servername {CLOUD_NAME} -quiet"
        );
        let mut child = self.spawn(&self.camera, &["sh", "-c", &command]);
        sleep(Duration::from_millis(800));
        std::thread::spawn(move || child.wait());
    }

    fn cloud_counters(&self) -> Counters {
        let read = |name: &str| -> u64 {
            let path = format!("/sys/class/net/{}/statistics/{name}", self.link("x"));
            let text = self.inside(&self.cloud, &["cat", &path]).stdout;
            String::from_utf8(text).unwrap().trim().parse().unwrap()
        };
        Counters {
            bytes: read("rx_bytes") + read("tx_bytes"),
            packets: read("rx_packets") + read("tx_packets"),
        }
    }

    fn ask(&self, path: &str) -> String {
        self.try_ask(path).unwrap_or_else(|| panic!("{path} is not answered: {}", self.log()))
    }

    fn try_ask(&self, path: &str) -> Option<String> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let output =
            command(&self.gateway, &["curl", "-sf", "--max-time", "5", &url]).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.join("events.json")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// A link's name: at most 15 characters, unique to this process and backend.
    fn link(&self, end: &str) -> String {
        format!("hw{}{}{end}", std::process::id() % 1_000_000, self.letter)
    }

    fn inside(&self, namespace: &str, arguments: &[&str]) -> Output {
        let output = command(namespace, arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    fn spawn(&self, namespace: &str, arguments: &[&str]) -> Child {
        let log =
            fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        command(namespace, arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ended = child.kill();
            let _status = child.wait();
        }
        for namespace in [&self.camera, &self.gateway, &self.cloud] {
            // Whatever still runs in there goes with it.
            if let Ok(pids) = Command::new("ip").args(["netns", "pids", namespace]).output() {
                for pid in String::from_utf8_lossy(&pids.stdout).split_whitespace() {
                    let _ended = Command::new("kill").arg(pid).status();
                }
            }
            let _gone = Command::new("ip").args(["netns", "delete", namespace]).status();
            let _gone = fs::remove_dir_all(Path::new("/etc/netns").join(namespace));
        }
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

/// What udhcpc calls with a lease: sets the address and the route, and leaves the rest alone.
const LEASE_SCRIPT: &str = r#"#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip address add "$ip/24" dev "$interface"
ip route add default via "$router"
"#;

fn missing() -> Option<&'static str> {
    if !fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("Uid:\t0\t0")) {
        return Some("root");
    }
    let there = |program: &str| {
        Command::new("sh")
            .args(["-c", &format!("command -v {program}")])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    ["ip", "dnsmasq", "busybox", "openssl", "curl", "sysctl"]
        .into_iter()
        .find(|program| !there(program))
}

fn command(namespace: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]).args(arguments);
    command
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Ends the daemon as systemd does, and sees that it ends well.
fn stop(daemon: &mut Child) {
    run("kill", &["-TERM", &daemon.id().to_string()]);
    for _ in 0..100 {
        if let Some(status) = daemon.try_wait().unwrap() {
            assert!(status.success(), "the daemon ended with {status}");
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("the daemon did not end within ten seconds of SIGTERM");
}
