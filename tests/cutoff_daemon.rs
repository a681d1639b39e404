//! The daemon with a kernel that counts for it: video over a virtual cable, told to the packet, of which few came up.
//! Needs root; says `SKIPPED` without, and where the kernel does not count.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot set itself up has to fail, and a daemon runs by the real clock"
)]

#[expect(dead_code, reason = "other tests use the rest")]
mod veth;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use etherparse::PacketBuilder;
use serde_json::Value;
use veth::Veth;

const PACKETS: u64 = 30_000;
const PAYLOAD: usize = 1_000;

#[test]
fn video_is_counted_by_the_kernel_and_told_to_the_packet() {
    let Some(cable) = Veth::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let (config, events) = (folder.path().join("hikwatch.toml"), folder.path().join("eve.json"));
    std::fs::write(
        &config,
        format!(
            "[http]\nlisten = \"{listen}\"\n[events]\nfile = \"{}\"\ntypes = [\"flow\"]\nscope = \"all\"\n",
            events.display()
        ),
    )
    .unwrap();
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_hikwatch"))
        .args(["run", "--interface", &cable.far, "--config"])
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
        .spawn()
        .unwrap();
    let since = Instant::now();
    while status(&listen).is_none() {
        assert!(since.elapsed() < Duration::from_secs(30), "the daemon does not answer");
        sleep(Duration::from_millis(50));
    }

    let mut frame = Vec::new();
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
        .ipv4([192, 168, 1, 64], [192, 168, 1, 9], 64)
        .udp(9_000, 9_002)
        .write(&mut frame, &[0x7f; PAYLOAD])
        .unwrap();
    let mut sender = cable.sender();
    let mut counters = BTreeMap::new();
    for number in 0..PACKETS {
        sender.send_to(&frame, None).unwrap().unwrap();
        if number % 100 == 0 {
            sleep(Duration::from_millis(5));
        }
        if number % 3_000 == 0 {
            look_at_counters(&listen, &mut counters);
        }
    }
    sleep(Duration::from_millis(2_500));
    look_at_counters(&listen, &mut counters);
    assert!(counters.len() > 100, "{}", counters.len());
    let seen = status(&listen).unwrap();
    Command::new("kill").args(["-TERM", &daemon.id().to_string()]).status().unwrap();
    daemon.wait().unwrap();

    let interface = &seen["interfaces"][0];
    if interface["cutoff"] != "on" {
        println!("SKIPPED: the kernel does not count here: {interface}");
        return;
    }
    let number = |name: &str| interface[name].as_u64().unwrap();
    println!(
        "{} of {PACKETS} frames came up, the kernel counted {}",
        number("packets"),
        number("bypassed_packets")
    );
    assert_eq!(number("kernel_drops"), 0);
    assert_eq!(number("packets") + number("bypassed_packets"), PACKETS);
    assert!(number("bypassed_packets") > PACKETS * 9 / 10, "{interface}");

    let text = std::fs::read_to_string(&events).unwrap();
    let flows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [.., last] = &flows[..] else { panic!("no flow was told: {text}") };
    let flow = &last["flow"];
    assert_eq!(flow["pkts_toserver"].as_u64(), Some(PACKETS), "{last}");
    assert_eq!(flow["bytes_toserver"].as_u64(), Some(PACKETS * frame.len() as u64), "{last}");
    assert_eq!(
        flow["bypassed"]["pkts_toserver"].as_u64(),
        Some(number("bypassed_packets")),
        "{last}"
    );
}

/// No counter falls while flows go to the kernel and come back.
fn look_at_counters(listen: &str, known: &mut BTreeMap<String, f64>) {
    let text = ask(listen, "/metrics").unwrap();
    let counters = text.lines().filter(|line| !line.starts_with('#') && line.contains("_total"));
    for line in counters {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap();
        let before = known.insert(name.to_owned(), value).unwrap_or(0.0);
        assert!(value >= before, "{name} fell from {before} to {value}");
    }
}

/// What the daemon says of itself.
fn status(listen: &str) -> Option<Value> {
    ask(listen, "/api/v1/status").map(|text| serde_json::from_str(&text).unwrap())
}

fn ask(listen: &str, path: &str) -> Option<String> {
    let url = format!("http://{listen}{path}");
    let answer = Command::new("curl").args(["-sf", "--max-time", "5", &url]).output().unwrap();
    answer.status.success().then(|| String::from_utf8(answer.stdout).unwrap())
}
