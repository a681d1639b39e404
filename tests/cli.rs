//! The program as its user meets it: what it prints where, how it fails, and how it ends.
//!
//! Every failure is one line on standard error that says what to do, with an exit code of sysexits.h.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot set itself up has to fail, and it waits by the real clock"
)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use flate2::{Compression, write::GzEncoder};
use hikwatch::net::Timestamp;
use hikwatch::simulate::{Household, pcap_header, pcap_record};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hikwatch");

/// Enough for the whole household to boot and to reach its clouds.
const FRAMES: usize = 2500;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

// ---- usage (64)

#[test]
fn a_wrong_command_line_is_one_line_and_64() {
    fails(&["bogus"], 64, "unrecognized subcommand 'bogus'");
    fails(&["replay"], 64, "<FILE>");
    fails(&["replay", "x", "--workers", "0"], 64, "1..=64");
    fails(&["replay", "x", "--events", "flow,nonsense"], 64, "`nonsense`");
    fails(&["replay", "x", "--scope", "some"], 64, "possible values: cameras, all");
    fails(&["demo", "--duration", "30"], 64, "such as 30s");
    fails(&["run"], 64, "--interface IF");
    fails(&["run", "--source", "eth0"], 64, "tzsp://ADDR:PORT");
    fails(&["run", "--source", "tzsp://router.example"], 64, "tzsp://ADDR:PORT");
    fails(&["run", "--source", "-", "--source", "-"], 64, "one standard input");
    fails(&["discover"], 64, "--interface");
    fails(&["discover", "-i", "lo", "--wait", "1s"], 64, "2s to 60s");
    fails(&["discover", "-i", "lo", "--wait", "5"], 64, "such as 30s");
    fails(&["--log-level", "loud", "interfaces"], 64, "error, warn, info, debug and trace");
}

#[test]
fn without_a_command_the_help_is_shown_and_it_is_64() {
    let output = hikwatch(&[]);

    assert_eq!(output.status.code(), Some(64));
    assert!(output.stdout.is_empty() && text(&output.stderr).contains("Examples:"));
}

#[test]
fn the_help_of_each_command_goes_to_standard_output_with_an_example() {
    for command in [
        "run",
        "replay",
        "demo",
        "devices",
        "devices show",
        "discover",
        "flows",
        "alerts",
        "catalogue",
        "catalogue lookup",
        "catalogue list",
        "catalogue check",
        "catalogue verify",
        "check-config",
        "interfaces",
    ] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push("--help");
        let help = succeeds(&arguments);
        let (_, examples) = help.split_once("Example").unwrap();
        assert!(examples.contains(&format!("hikwatch {command}")), "{help}");
    }
    assert!(succeeds(&["--version"]).starts_with("hikwatch 0."));
}

// ---- input (65, 66)

#[test]
fn what_is_no_capture_is_65_with_what_would_be_one() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("text", &b"hello, world"[..]), ("empty", b""), ("short", b"\xd4\xc3")]
    {
        let path = write(&folder, name, content);
        fails(&["replay", &path], 65, "is not a capture file (pcap, pcapng");
    }
    fails(&["replay", &path(&folder, "")], 65, "it is a directory");
    let gzipped_text = write(&folder, "text.gz", &gzip(b"hello, world"));
    fails(&["replay", &gzipped_text], 65, "is not a capture file");

    let output = fed(&["replay", "-"], b"hello, world");
    assert_failure(&output, 65, "is not a capture file");
}

#[test]
fn a_missing_file_is_66_and_what_was_read_before_is_told() {
    fails(&["replay", "/nonexistent/file.pcap"], 66, "give the path of a capture file");

    let folder = tempfile::tempdir().unwrap();
    let whole = write(&folder, "whole.pcap", &capture(FRAMES));
    let output = hikwatch(&["replay", &whole, "/nonexistent/file.pcap", "--summary", "json"]);
    assert_eq!(output.status.code(), Some(66));
    assert_eq!(one_line(&output.stderr).matches("hikwatch: ").count(), 1);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["frames"], FRAMES);
}

#[test]
fn an_interface_that_does_not_exist_is_66() {
    let arguments = ["run", "--listen", "127.0.0.1:0", "--interface", "nosuch0"];

    fails(&arguments, 66, "`hikwatch interfaces` lists what there is");
}

#[test]
fn discover_asks_on_no_interface_that_is_not_there_or_leads_back() {
    fails(&["discover", "-i", "nosuchinterface"], 66, "nosuchinterface does not exist");
    fails(&["discover", "-i", "nosuchinterface", "--dry-run"], 66, "hikwatch interfaces");
    fails(&["discover", "-i", "lo"], 69, "leads back to this machine");
}

#[test]
fn a_cut_capture_yields_everything_before_the_cut_a_warning_and_0() {
    let folder = tempfile::tempdir().unwrap();
    let whole = capture(FRAMES);
    let cut = write(&folder, "cut.pcap", &whole[..whole.len() - 5]);
    let gzipped = gzip(&whole);
    let cut_gzip = write(&folder, "cut.pcap.gz", &gzipped[..gzipped.len() / 2]);

    let output = hikwatch(&["replay", &cut, "--summary", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(one_line(&output.stderr).starts_with("hikwatch: warning: "));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["frames"], FRAMES - 1);
    assert_eq!(summary["warnings"].as_array().unwrap().len(), 1);

    let output = hikwatch(&["replay", &cut_gzip, "--summary", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(one_line(&output.stderr).starts_with("hikwatch: warning: "));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let frames = summary["frames"].as_u64().unwrap();
    assert!((1..FRAMES as u64).contains(&frames), "{frames} frames");
}

// ---- replay

#[test]
fn file_gzip_and_standard_input_give_the_same_devices_and_clouds() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = capture(FRAMES);
    let plain = write(&folder, "a.pcap", &bytes);
    let gzipped = write(&folder, "a.pcap.gz", &gzip(&bytes));

    let summary = succeeds(&["replay", &plain, "--summary", "json"]);
    assert_eq!(summary.lines().count(), 1, "one JSON object on one line");
    let value: Value = serde_json::from_str(&summary).unwrap();
    assert!(!value["devices"].as_array().unwrap().is_empty(), "{summary}");
    assert!(!value["destinations"].as_array().unwrap().is_empty(), "{summary}");
    assert_eq!(succeeds(&["replay", &gzipped, "--summary", "json"]), summary);
    let piped = fed(&["replay", "-", "--summary", "json"], &bytes);
    assert_eq!(text(&piped.stdout), summary);
    assert_eq!(succeeds(&["replay", &plain, "--workers", "3", "--summary", "json"]), summary);

    let told = succeeds(&["replay", &plain]);
    assert!(told.contains("Devices\n") && told.contains("Vendor clouds\n"), "{told}");
    assert!(succeeds(&["replay", &plain, "--explain"]).contains(", because"));
    assert!(succeeds(&["replay", &plain, "--explain"]).contains("  The sum: 100 x (1 - "));
    assert_eq!(succeeds(&["replay", &plain, "--summary", "none"]), "");
}

#[test]
fn events_on_standard_output_are_lines_of_json_and_the_summary_stands_beside() {
    let folder = tempfile::tempdir().unwrap();
    let plain = write(&folder, "a.pcap", &capture(FRAMES));

    let output = hikwatch(&["replay", &plain, "--output", "-", "--summary", "text"]);

    assert_eq!(output.status.code(), Some(0));
    let events = text(&output.stdout);
    let last: Value = serde_json::from_str(events.lines().next_back().unwrap()).unwrap();
    assert_eq!(last["event_type"], "stats");
    assert!(events.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert!(text(&output.stderr).contains("Vendor clouds"));
    let only = succeeds(&["replay", &plain, "--output", "-"]);
    assert_eq!(only, events, "without a wish there is no summary beside events");
    let file = path(&folder, "events.json");
    succeeds(&["replay", &plain, "--output", &file, "--summary", "none"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), events);
}

#[test]
fn an_output_that_cannot_be_written_is_74() {
    let folder = tempfile::tempdir().unwrap();
    let plain = write(&folder, "a.pcap", &capture(20));
    let nowhere = path(&folder, "absent/events.json");

    fails(&["replay", &plain, "--output", &nowhere], 74, "folder that exists");
    fails(&["demo", "--listen", "127.0.0.1:0", "--output", &nowhere], 74, "absent/events.json");
    for arguments in [&["interfaces"][..], &["replay", &plain, "--output", "-"], &["--help"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(PROGRAM).args(arguments).stdout(full).output().unwrap();
        assert_failure(&output, 74, "cannot write");
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let plain = write(&folder, "a.pcap", &capture(4 * FRAMES));
    let events = ["replay", &plain, "--scope", "all", "--events", "all", "--output", "-"];
    for arguments in [&events[..], &["catalogue", "list"]] {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let output = child.wait_with_output().unwrap();

        assert!(line.len() > 1);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    }
}

// ---- configuration and catalogue (78)

#[test]
fn check_config_tells_every_problem_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = "[flow]\nudp_idle_timeout = \"5x\"\n[http]\nlisten = 3\nbogus = 1\n";
    let wrong = write(&folder, "wrong.toml", wrong.as_bytes());

    let output = hikwatch(&["check-config", &wrong]);

    assert_eq!(output.status.code(), Some(78));
    let told = text(&output.stderr);
    assert_eq!(told.lines().count(), 3, "{told}");
    for problem in ["flow.udp_idle_timeout: ", "http.listen: ", "http.bogus: no such key"] {
        assert_eq!(told.matches(problem).count(), 1, "{problem} in {told}");
    }
    let run = hikwatch(&["run", "--config", &wrong]);
    assert_eq!((run.status.code(), text(&run.stderr)), (Some(78), told));
    fails(&["check-config", "/nonexistent/hikwatch.toml"], 66, "no such file");
    fails(&["run", "--config", "/nonexistent/hikwatch.toml"], 66, "--config FILE");
    let no_toml = write(&folder, "no.toml", b"this is not TOML");
    fails(&["check-config", &no_toml], 78, "line 1, column ");
    assert!(succeeds(&["check-config", "config/hikwatch.toml"]).contains("well formed"));
}

#[test]
fn the_catalogue_tells_what_a_name_and_an_address_would_be_taken_for() {
    let name = succeeds(&["catalogue", "lookup", "litedev.ezvizlife.com"]);
    assert!(name.contains("role         registration") && name.contains("source"), "{name}");
    let mac = succeeds(&["catalogue", "lookup", "44:a6:42:01:02:03"]);
    assert!(mac.contains("vendor       hikvision"), "{mac}");
    let ip = succeeds(&["catalogue", "lookup", "119.29.29.29"]);
    assert!(ip.contains("resolver"), "{ip}");
    let negative = succeeds(&["catalogue", "lookup", "www.example.com"]);
    assert!(negative.contains("no match"), "{negative}");
    let json = succeeds(&["catalogue", "lookup", "--format", "json", "litedev.ezvizlife.com"]);
    assert!(serde_json::from_str::<Value>(&json).unwrap().is_object());
}

#[test]
fn an_address_is_registered_somewhere_and_nobody_says_that_it_stands_there() {
    // The address of the root server M, whose operator holds it for good.
    let told = succeeds(&["catalogue", "lookup", "202.12.27.33"]);
    assert!(told.contains("registered in JP (country database of 2026-06-17)"), "{told}");
    assert!(!told.contains("located"), "{told}");
    let json = succeeds(&["catalogue", "lookup", "--format", "json", "202.12.27.33"]);
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["registered"]["country"], "JP");
    let private = succeeds(&["catalogue", "lookup", "192.168.1.1"]);
    assert!(!private.contains("registered"), "{private}");
}

#[test]
fn a_country_database_that_is_none_is_78_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let database = write(&folder, "country.mmdb", b"hello there");
    for (key, path, reason) in [
        ("country", &database, "is not a MaxMind DB (.mmdb) file, or is damaged"),
        ("asn", &path(&folder, "missing.mmdb"), "missing.mmdb: is not there"),
    ] {
        let config = format!("[geo]\n{key} = {path:?}\n");
        let config = write(&folder, "hikwatch.toml", config.as_bytes());
        fails(&["check-config", &config], 78, reason);
        let run =
            hikwatch(&["run", "--config", &config, "--source", "-", "--listen", "127.0.0.1:0"]);
        assert_eq!(run.status.code(), Some(78), "{}", text(&run.stderr));
        assert!(text(&run.stderr).contains(reason), "{}", text(&run.stderr));
    }
}

#[test]
fn a_wrong_catalogue_file_is_78_one_line_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let no_toml = write(&folder, "no.toml", b"schema = 1\nhello there");
    fails(&["catalogue", "check", &no_toml], 78, "line 2 is not TOML");
    let unknown = write(&folder, "unknown.toml", b"schema = 1\n[[weather]]\nsun = true\n");
    fails(&["catalogue", "check", &unknown], 78, "no such table: `weather`");
    fails(&["catalogue", "check", "/nonexistent/own.toml"], 66, "path of a catalogue file");
    fails(&["catalogue", "check", &path(&folder, "")], 74, "has to be a file");
    let good = write(&folder, "good.toml", b"schema = 1\n");
    assert!(succeeds(&["catalogue", "check", &good]).contains("well formed"));
}

#[test]
fn interfaces_lists_loopback_with_its_address() {
    let table = succeeds(&["interfaces"]);

    assert!(table.lines().any(|line| line.starts_with("lo ") && line.contains("127.0.0.1/8")));
}

// ---- the network (69, 77)

#[test]
fn a_daemon_that_does_not_answer_is_69() {
    for command in ["devices", "flows", "alerts"] {
        fails(&[command, "--url", "http://127.0.0.1:1"], 69, "is `hikwatch run` running there?");
    }
}

#[test]
fn a_port_in_use_is_69_and_an_open_address_is_78() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    fails(&["demo", "--listen", &address], 69, "is in use");
    let output = fed(&["run", "--source", "-", "--listen", &address], &capture(20));
    assert_failure(&output, 69, "choose another port");
    let output = fed(&["run", "--source", "-", "--listen", "0.0.0.0:0"], &capture(20));
    assert_failure(&output, 78, "http.insecure = true");
}

#[test]
fn a_missing_capability_is_77_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = path(&folder, "hikwatch");
    fs::copy(PROGRAM, &copy).unwrap();
    let secret = write(&folder, "secret.toml", b"");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    let Some(mut unprivileged) = as_nobody(&copy) else {
        eprintln!("SKIPPED: a root without `setpriv` cannot become a user without capabilities");
        return;
    };

    let output =
        unprivileged.args(["run", "-i", "lo", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert_failure(&output, 77, "CAP_NET_RAW");

    if let Some(interface) = outward_interface() {
        let mut asker = as_nobody(&copy).unwrap();
        let output = asker.args(["discover", "-i", &interface]).output().unwrap();
        assert_failure(&output, 77, "CAP_NET_RAW");
    } else {
        eprintln!("SKIPPED: there is no interface but loopback that discover could ask on");
    }

    let mut reader = as_nobody(&copy).unwrap();
    let output = reader.args(["check-config", &secret]).output().unwrap();
    assert_failure(&output, 77, "secret.toml");

    let first_free = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    if first_free.is_ok_and(|port| port.trim() == "1024") {
        let mut server = as_nobody(&copy).unwrap();
        let output = server.args(["demo", "--listen", "127.0.0.1:81"]).output().unwrap();
        assert_failure(&output, 77, "CAP_NET_BIND_SERVICE");
    }
}

// ---- the daemon

#[test]
fn a_stream_is_watched_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let events = path(&folder, "events.json");
    let arguments = ["run", "--source", "-", "--listen", "127.0.0.1:0", "--output", &events];

    let output = fed(&arguments, &capture(FRAMES));

    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty());
    let events = read_events(Path::new(&events));
    assert!(events.iter().any(|event| event["event_type"] == "device"));
    let stats = events.last().unwrap();
    assert_eq!(stats["stats"]["decoder"]["pkts"], FRAMES);

    let output = fed(&arguments, b"hello, world");
    assert_eq!(output.status.code(), Some(65));
    let told = text(&output.stderr);
    assert_eq!(told.matches("hikwatch: ").count(), 1, "{told}");
    assert!(told.contains("is not a capture file"), "{told}");
}

#[test]
fn the_demo_guides_serves_and_ends_after_its_duration() {
    let mut demo = Running::start(&["demo", "--duration", "2s", "--listen", "127.0.0.1:0"]);
    let address = demo.address_in_guide();

    let metrics = eventually(|| get(address, "/metrics"));
    assert!(metrics.contains("hikwatch_build_info"), "{metrics}");
    let devices = succeeds(&["devices", "--url", &format!("http://{address}")]);
    assert!(devices.contains("no devices yet") || devices.starts_with("NAME "), "{devices}");
    assert_eq!(demo.exit_code(), Some(0));
}

#[test]
fn the_devices_of_the_demo_are_listed_and_explained() {
    let demo = ["demo", "--duration", "60s", "--speed", "20", "--listen", "127.0.0.1:0"];
    let mut demo = Running::start(&demo);
    let url = format!("http://{}", demo.address_in_guide());
    let ask_in = |columns: &str, arguments: &[&str]| {
        let arguments = [arguments, &["--url", &url]].concat();
        Command::new(PROGRAM).args(arguments).env("COLUMNS", columns).output().unwrap()
    };
    let ask = |arguments: &[&str]| ask_in("100", arguments);
    eventually(|| text(&ask_in("200", &["devices"]).stdout).contains(" confirmed ").then_some(()));
    let list = text(&ask(&["devices"]).stdout);
    assert!(list.contains("Hikvision") && list.contains("online"), "{list}");
    assert!(list.lines().all(|line| line.chars().count() <= 100), "{list}");
    assert!(!list.contains('\u{1b}'), "colours are for terminals: {list}");

    let json: Value =
        serde_json::from_slice(&ask(&["devices", "--format", "json"]).stdout).unwrap();
    let device = &json["items"][0];
    let field = |key: &str| device[key].as_str().unwrap().to_owned();
    let id = field("device_id");
    for wanted in [id.clone(), field("mac"), field("mac").to_uppercase(), id[..10].to_owned()] {
        let page = text(&ask(&["devices", "show", &wanted]).stdout);
        assert!(page.contains(&id) && page.contains("The sum: "), "{wanted}: {page}");
    }
    let unknown = ask(&["devices", "show", "../status"]);
    assert_failure(&unknown, 66, "no device is known by `../status`");
    assert_failure(&ask(&["devices", "show", "d-"]), 66, "no device is known");
    assert_failure(&ask(&["devices", "show", "d-ffffffffffff"]), 66, "knows nothing of");
}

#[test]
fn being_told_to_stop_tells_live_flows_as_forced() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().unwrap();
        let events = path(&folder, "events.json");
        let arguments = ["demo", "--speed", "20", "--listen", "127.0.0.1:0", "--output", &events];
        let mut demo = Running::start(&arguments);
        let address = demo.address_in_guide();
        eventually(|| {
            let metrics = get(address, "/metrics")?;
            metrics.lines().find(|line| line.starts_with("hikwatch_cloud_flows_total{")).map(drop)
        });

        demo.signal(signal);

        assert_eq!(demo.exit_code(), Some(0));
        let events = read_events(Path::new(&events));
        assert!(events.iter().any(|event| event["flow"]["reason"] == "forced"), "{signal}");
        assert_eq!(events.last().unwrap()["event_type"], "stats");
    }
}

#[test]
fn a_wrong_configuration_never_replaces_a_running_one() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let good = format!("[http]\nlisten = \"{address}\"\n");
    let config = write(&folder, "hikwatch.toml", good.as_bytes());
    let mut daemon = Running::start(&["run", "--config", &config, "--source", "-"]);
    daemon.feed(&capture(100));
    eventually(|| get(address, "/-/ready"));
    assert_eq!(last_reload(address).as_deref(), Some("1"));

    fs::write(&config, format!("{good}bogus = 1\n")).unwrap();
    daemon.signal("-HUP");
    eventually(|| last_reload(address).filter(|value| value == "0"));

    fs::write(&config, good.replace("[http]", "log.level = \"info\"\n[http]")).unwrap();
    daemon.signal("-HUP");
    eventually(|| last_reload(address).filter(|value| value == "1"));

    fs::write(&config, "[http]\nlisten = \"127.0.0.1:1\"\n").unwrap();
    daemon.signal("-HUP");
    let log = eventually(|| Some(daemon.log()).filter(|log| log.contains("next start")));
    assert!(log.contains("http.bogus: no such key"), "{log}");
    assert!(log.contains("changes of [http] take effect at the next start"), "{log}");
    assert_eq!(last_reload(address).as_deref(), Some("1"));

    daemon.end_of_input();
    assert_eq!(daemon.exit_code(), Some(0));
}

#[test]
fn a_reload_keeps_what_the_command_line_said_and_opens_the_event_file_anew() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let config = write(&folder, "hikwatch.toml", b"[events]\nfile = \"/nonexistent/no.json\"\n");
    let events = path(&folder, "events.json");
    let listen = address.to_string();
    let arguments =
        ["run", "--config", &config, "--source", "-", "--listen", &listen, "--output", &events];
    let mut daemon = Running::start(&arguments);
    daemon.feed(&capture(100));
    eventually(|| get(address, "/-/ready"));

    fs::rename(&events, path(&folder, "events.json.1")).unwrap();
    daemon.signal("-HUP");
    eventually(|| daemon.log().contains("was read again").then_some(()));

    daemon.end_of_input();
    assert_eq!(daemon.exit_code(), Some(0));
    assert!(!read_events(Path::new(&events)).is_empty());
    assert!(!daemon.log().contains("next start"), "{}", daemon.log());
}

// ---- how the program is run

fn hikwatch(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Runs the program with `input` on its standard input.
fn fed(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses to start does not read.
    let _refused = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn succeeds(arguments: &[&str]) -> String {
    let output = hikwatch(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "", "{arguments:?}");
    text(&output.stdout)
}

fn fails(arguments: &[&str], code: i32, reason: &str) {
    assert_failure(&hikwatch(arguments), code, reason);
}

/// One line on standard error, nothing on standard output, and the code.
fn assert_failure(output: &Output, code: i32, reason: &str) {
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}");
    let line = one_line(&output.stderr);
    assert!(line.starts_with("hikwatch: ") && line.contains(reason), "{reason}: {line}");
    assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
}

fn one_line(stderr: &[u8]) -> String {
    let told = text(stderr);
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A command that runs `program` without any capability; nothing when that cannot be had.
fn as_nobody(program: &str) -> Option<Command> {
    let is_root = fs::read_to_string("/proc/self/status").unwrap().contains("Uid:\t0\t");
    if !is_root {
        return Some(Command::new(program));
    }
    Command::new("setpriv").arg("--version").output().ok()?;
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", program]);
    Some(command)
}

/// An interface that is up and does not lead back to this machine.
fn outward_interface() -> Option<String> {
    let table = succeeds(&["interfaces"]);
    let mut lines = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = lines.find(|row| row.get(1) == Some(&"up") && row.len() >= 4)?;
    row.first().map(|name| (*name).to_owned())
}

/// A program that goes on while the test looks at it; it ends with the test.
struct Running {
    child: Child,
    folder: TempDir,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(PROGRAM)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(bytes).and_then(|()| stdin.flush()).unwrap();
    }

    fn end_of_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// The address that the demo's guide names.
    fn address_in_guide(&mut self) -> SocketAddr {
        let guide = BufReader::new(self.child.stdout.take().unwrap());
        let line = guide.lines().map(Result::unwrap).find(|line| line.contains("/metrics"));
        let line = line.unwrap();
        let (_, rest) = line.split_once("http://").unwrap();
        rest.split_once('/').unwrap().0.parse().unwrap()
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    fn exit_code(&mut self) -> Option<i32> {
        let status = eventually(|| self.child.try_wait().unwrap());
        status.code()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Tries until there is an answer, or no patience left.
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

/// The body of an answer with status 200.
fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
}

fn last_reload(address: SocketAddr) -> Option<String> {
    let metrics = get(address, "/metrics")?;
    let prefix = "hikwatch_config_last_reload_successful ";
    metrics.lines().find_map(|line| line.strip_prefix(prefix)).map(str::to_owned)
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

// ---- what it is given

/// The first `frames` frames of a household that begins now, as a capture file.
fn capture(frames: usize) -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut bytes = pcap_header().to_vec();
    let household = Household::new(1, Timestamp::from_parts(now.as_secs(), 0));
    for frame in household.take(frames) {
        bytes.extend(pcap_record(&frame));
    }
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_string_lossy().into_owned()
}

fn write(folder: &TempDir, name: &str, content: &[u8]) -> String {
    let path = path(folder, name);
    fs::write(&path, content).unwrap();
    path
}

fn read_events(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
