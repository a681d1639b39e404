//! The systemd unit is valid and hardened, and leaves the daemon what it needs.

#![expect(
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot run its tool fails, or says that it was skipped"
)]

use std::fs;
use std::io::ErrorKind;
use std::process::{Command, Output};

const UNIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/hikwatch.service");

/// The highest exposure that is allowed, on systemd's scale from 0 (safe) to 10.
const MAX_EXPOSURE: f64 = 2.0;

#[test]
fn the_exposure_is_low() {
    let Some(output) = systemd_analyze(&["security", "--offline=true", UNIT]) else { return };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let level = text.split("Overall exposure level for hikwatch.service:").nth(1).expect(&text);
    let exposure: f64 = level.split_whitespace().next().unwrap().parse().unwrap();

    assert!(exposure <= MAX_EXPOSURE, "{text}");
}

#[test]
fn the_unit_is_valid_but_for_the_program_that_is_not_installed() {
    let Some(output) = systemd_analyze(&["verify", UNIT]) else { return };
    let text = String::from_utf8_lossy(&output.stderr).into_owned();

    let complaints: Vec<_> = text
        .lines()
        .filter(|line| line.contains("hikwatch"))
        .filter(|line| !line.contains("/usr/bin/hikwatch is not executable"))
        .collect();
    assert!(complaints.is_empty(), "{text}");
}

#[test]
fn the_unit_permits_opening_packet_sockets_and_dropping_capabilities() {
    let unit = fs::read_to_string(UNIT).unwrap();
    let values = |key: &str| -> Vec<String> {
        let key = format!("{key}=");
        unit.lines().filter_map(|line| line.strip_prefix(&key)).map(str::to_owned).collect()
    };

    assert_eq!(values("AmbientCapabilities"), ["CAP_NET_RAW CAP_BPF"]);
    assert_eq!(values("CapabilityBoundingSet"), ["CAP_NET_RAW CAP_BPF"]);
    assert!(values("SystemCallFilter").contains(&"bpf membarrier".to_owned()));
    // Later lines win: a deny list after it would take capset away again.
    assert_eq!(values("SystemCallFilter").last().map(String::as_str), Some("capset"));
    assert!(values("RestrictAddressFamilies").concat().contains("AF_PACKET"));
    assert_eq!(values("Type"), ["notify"]);
    assert_eq!(values("WatchdogSec"), ["30"]);
    // /var/lib/hikwatch, where the store is by default.
    assert_eq!(values("StateDirectory"), ["hikwatch"]);
}

/// Runs systemd-analyze; nothing, and says so, on a machine without it.
fn systemd_analyze(arguments: &[&str]) -> Option<Output> {
    match Command::new("systemd-analyze").args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("SKIPPED: systemd-analyze is not installed, so the unit was not checked");
            None
        }
        Err(error) => panic!("systemd-analyze: {error}"),
    }
}
