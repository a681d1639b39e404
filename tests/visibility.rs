//! How much a place sees, for real: a port of a bridge without and with a mirror, a gateway that translates addresses, one
//! that offloads flows, and one whose answers go another way, in network namespaces, with the daemon watching.
//!
//! Needs root, `ip`, `nft`, `busybox` and `curl`; says so loudly when something is missing. The namespaces are made and
//! removed by the tests, whatever comes of them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::zombie_processes,
    reason = "a test that cannot set itself up has to fail; the namespaces take their processes with them"
)]

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

/// How often a state is looked for, for a hundred seconds: what is not there has to be missing for a minute.
const LOOKS: u32 = 200;

const LOOK: Duration = Duration::from_millis(500);

const CAMERA: &str = "192.0.2.64";
const CLOUD: &str = "198.51.100.7";

#[test]
fn a_port_without_a_mirror_is_broadcast_only_and_with_one_full() {
    let Some(lab) = Lab::new("m", &["camera", "recorder", "switch", "watcher"]) else { return };
    lab.inside("switch", "ip link add br0 type bridge && ip link set br0 up");
    for (place, address) in
        [("camera", "192.0.2.64"), ("recorder", "192.0.2.9"), ("watcher", "192.0.2.5")]
    {
        lab.link("switch", place, place, "eth0");
        lab.inside("switch", &format!("ip link set {place} master br0"));
        lab.inside(place, &format!("ip address add {address}/24 dev eth0"));
    }
    lab.serve("recorder", 100_000);
    lab.inside(
        "camera",
        "curl -sf --retry 9 --retry-connrefused -o /dev/null http://192.0.2.9/file",
    );
    lab.spawn("camera", "while :; do curl -s -o /dev/null http://192.0.2.9/file; sleep 1; done");
    lab.spawn("camera", "busybox arping -I eth0 -c 1000 192.0.2.99 >/dev/null");
    sleep(Duration::from_secs(2));

    let daemon = lab.start_daemon("watcher", "eth0");
    let status = lab.wait_for("watcher", |i| i["visibility"] == "broadcast-only");
    assert_eq!(status["coverage_ratio"], 0.0, "{status}");
    assert_eq!(limits(&status), ["broadcast-only"]);
    let metrics = lab.ask("watcher", "/metrics");
    assert!(metrics.contains("hikwatch_visibility{interface=\"eth0\",state=\"broadcast-only\"} 1"));
    assert!(metrics.contains("hikwatch_visibility{interface=\"eth0\",state=\"full\"} 0"));
    assert!(metrics.contains("hikwatch_coverage_ratio{interface=\"eth0\"} 0"));
    let log = lab.log();
    assert!(
        log.contains("visibility broadcast-only") && log.contains("mirror the switch port"),
        "{log}"
    );
    stop(daemon);

    // A bridge that remembers nobody sends everything everywhere, as to a mirror.
    lab.inside(
        "switch",
        "ip link set br0 type bridge ageing_time 0 && ip link set br0 type bridge fdb_flush",
    );
    let daemon = lab.start_daemon("watcher", "eth0");
    let status = lab.wait_for("watcher", |i| i["visibility"] == "full");
    assert_eq!(limits(&status), [""; 0], "{status}");
    assert!(lab.log().contains("visibility full"));
    stop(daemon);
}

#[test]
fn a_gateway_sees_all_that_the_kernel_counts_until_a_flowtable_is_named() {
    let Some(lab) = Lab::gateway("g") else { return };
    lab.spawn("camera", "curl -s --limit-rate 200k -o /dev/null http://198.51.100.7/file");
    let daemon = lab.start_daemon("gateway", "lan");
    lab.wait_for("gateway", |i| i["visibility"] == "full");
    sleep(Duration::from_secs(65));
    let status: Value = serde_json::from_str(&lab.ask("gateway", "/api/v1/status")).unwrap();
    assert_eq!(status["kernel_flows"]["state"], "counted", "{status}");
    let interface = &status["interfaces"][0];
    assert_eq!(limits(interface), [""; 0], "{interface}");
    assert!(interface["coverage_ratio"].as_f64().unwrap() >= 0.98, "{interface}");

    let table = "table inet fast { flowtable f { hook ingress priority 0; devices = { lan, wan }; } \
        chain forward { type filter hook forward priority 0; ct state established flow add @f; } }";
    if !lab.try_inside("gateway", &format!("nft '{table}'")) {
        eprintln!("SKIPPED: this kernel has no flowtables");
        stop(daemon);
        return;
    }
    lab.spawn("camera", "curl -s --limit-rate 200k -o /dev/null http://198.51.100.7/file");
    sleep(Duration::from_secs(2));
    let offloaded = lab.try_inside("gateway", "grep -q OFFLOAD /proc/net/nf_conntrack");
    assert!(offloaded, "the flowtable took no flow");
    let status = lab.wait_for("gateway", |i| limits(i).contains(&"flowtable-offload"));
    assert!(status["coverage_limits"].to_string().contains("flow_offloading"), "{status}");
    stop(daemon);
}

#[test]
fn a_gateway_whose_answers_go_another_way_is_one_way_and_the_kernel_is_ahead() {
    let Some(lab) = Lab::gateway("o") else { return };
    lab.link("gateway", "camera", "lan1", "eth1");
    for place in ["gateway", "camera"] {
        lab.inside(place, "for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done");
    }
    lab.inside("gateway", &format!("ip route add {CAMERA}/32 dev lan1"));
    let fetch = "while :; do curl -s --limit-rate 100k --max-time 20 -o /dev/null http://198.51.100.7/file; done";
    lab.spawn("camera", fetch);
    lab.spawn("camera", fetch);
    lab.spawn("camera", "curl -s --limit-rate 200k -o /dev/null http://198.51.100.7/file");

    let daemon = lab.start_daemon("gateway", "lan");
    let status = lab.wait_for("gateway", |i| {
        i["visibility"] == "one-way" && limits(i).contains(&"conntrack-ahead")
    });
    assert!(limits(&status).contains(&"one-sided"), "{status}");
    assert!(status["coverage_ratio"].as_f64().unwrap() < 0.5, "{status}");
    stop(daemon);
}

fn limits(interface: &Value) -> Vec<&str> {
    let limits = interface["coverage_limits"].as_array().unwrap();
    limits.iter().map(|limit| limit["limit"].as_str().unwrap()).collect()
}

/// Namespaces, and the programs in them.
struct Lab {
    id: String,
    places: Vec<&'static str>,
    folder: PathBuf,
}

impl Lab {
    /// Makes the namespaces, or says loudly why the test does not run.
    fn new(letter: &str, places: &[&'static str]) -> Option<Self> {
        if let Some(reason) = missing() {
            eprintln!("SKIPPED: the live test of visibility needs {reason}");
            return None;
        }
        let id = format!("hwv{}{letter}", std::process::id());
        let folder = std::env::temp_dir().join(format!("hikwatch-{id}"));
        fs::create_dir_all(&folder).unwrap();
        let lab = Self { id, places: places.to_vec(), folder };
        for place in places {
            run("ip", &["netns", "add", &lab.name(place)]);
            lab.inside(place, "ip link set lo up && sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
        }
        Some(lab)
    }

    /// A camera behind a gateway that translates its address and counts its bytes, and a cloud with a large file.
    fn gateway(letter: &str) -> Option<Self> {
        let lab = Self::new(letter, &["camera", "gateway", "cloud"])?;
        lab.link("gateway", "camera", "lan", "eth0");
        lab.link("gateway", "cloud", "wan", "eth0");
        lab.inside("gateway", "ip address add 192.0.2.1/24 dev lan");
        lab.inside("gateway", "ip address add 198.51.100.1/24 dev wan");
        lab.inside("camera", &format!("ip address add {CAMERA}/24 dev eth0"));
        lab.inside("camera", "ip route add default via 192.0.2.1");
        lab.inside("cloud", &format!("ip address add {CLOUD}/24 dev eth0"));
        lab.inside("gateway", "sysctl -qw net.ipv4.ip_forward=1");
        let nat = "table ip nat { chain out { type nat hook postrouting priority srcnat; oifname wan masquerade; } }";
        let counts = "sysctl -qw net.netfilter.nf_conntrack_acct=1";
        if !lab.try_inside(
            "gateway",
            &format!("nft '{nat}' && {counts} && test -r /proc/net/nf_conntrack"),
        ) {
            eprintln!("SKIPPED: this kernel does not translate addresses, or lists no flows");
            return None;
        }
        lab.serve("cloud", 40_000_000);
        lab.inside(
            "camera",
            &format!(
                "curl -sf --retry 9 --retry-connrefused -r 0-99 -o /dev/null http://{CLOUD}/file"
            ),
        );
        Some(lab)
    }

    fn name(&self, place: &str) -> String {
        format!("{}{place}", self.id)
    }

    /// Joins two places by a cable.
    fn link(&self, one: &str, other: &str, near: &str, far: &str) {
        let (one_name, other_name) = (self.name(one), self.name(other));
        run(
            "ip",
            &[
                "link",
                "add",
                near,
                "netns",
                &one_name,
                "type",
                "veth",
                "peer",
                "name",
                far,
                "netns",
                &other_name,
            ],
        );
        self.inside(one, &format!("ip link set {near} up"));
        self.inside(other, &format!("ip link set {far} up"));
    }

    /// Serves a file of some size over HTTP.
    fn serve(&self, place: &str, size: usize) {
        fs::write(self.folder.join("file"), vec![b'x'; size]).unwrap();
        self.spawn(place, "busybox httpd -f -p 80");
    }

    fn start_daemon(&self, place: &str, interface: &str) -> Child {
        let _none = fs::remove_file(self.folder.join("log"));
        let program = env!("CARGO_BIN_EXE_hikwatch");
        let child = self.spawn(
            place,
            &format!("exec {program} run --interface {interface} --listen 127.0.0.1:19869"),
        );
        for _ in 0..100 {
            if self.try_ask(place, "/-/ready").is_some() {
                return child;
            }
            sleep(Duration::from_millis(100));
        }
        panic!("the daemon did not get ready: {}", self.log());
    }

    /// The interface's part of the status, once it is as wanted.
    fn wait_for(&self, place: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let mut interface = Value::Null;
        for _ in 0..LOOKS {
            let mut status: Value =
                serde_json::from_str(&self.ask(place, "/api/v1/status")).unwrap();
            interface = status["interfaces"][0].take();
            if !interface.is_null() && is_wanted(&interface) {
                return interface;
            }
            sleep(LOOK);
        }
        panic!("{interface}\n{}", self.log());
    }

    fn ask(&self, place: &str, path: &str) -> String {
        self.try_ask(place, path).unwrap_or_else(|| panic!("no answer: {}", self.log()))
    }

    fn try_ask(&self, place: &str, path: &str) -> Option<String> {
        let script = format!("curl -sf --max-time 5 http://127.0.0.1:19869{path}");
        let output = self.command(place, &script).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn inside(&self, place: &str, script: &str) {
        let output = self.command(place, script).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn try_inside(&self, place: &str, script: &str) -> bool {
        self.command(place, script).output().unwrap().status.success()
    }

    fn spawn(&self, place: &str, script: &str) -> Child {
        let log =
            fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = self.command(place, script);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    fn command(&self, place: &str, script: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(place), "sh", "-c", script]);
        command.current_dir(&self.folder);
        command
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for place in &self.places {
            let namespace = self.name(place);
            // Whatever still runs in there goes with it.
            if let Ok(pids) = Command::new("ip").args(["netns", "pids", &namespace]).output() {
                for pid in String::from_utf8_lossy(&pids.stdout).split_whitespace() {
                    let _ended = Command::new("kill").arg(pid).status();
                }
            }
            let _gone = Command::new("ip").args(["netns", "delete", &namespace]).status();
        }
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

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
    ["ip", "nft", "busybox", "curl", "sysctl"].into_iter().find(|program| !there(program))
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
fn stop(mut daemon: Child) {
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
