//! The store against `kill -9`: a child writes batches as fast as it can and says so after each; it is killed at a
//! random moment, and whatever it said has to be there.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has to fail")]

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use hikwatch::analyst::{Event, EventKind, FlowDevice, FlowSighting, Tallies, Tally};
use hikwatch::catalogue::{CloudRole, Region, Speaker};
use hikwatch::classify::{Basis, Destination};
use hikwatch::decode::VlanIds;
use hikwatch::device::{Claim, DeviceId, DeviceProfile, Evidence, EvidenceSource, Identity};
use hikwatch::flow::{ConnState, Endpoint, FlowCounters, FlowId, FlowRecord, Role};
use hikwatch::meter::FlowReport;
use hikwatch::net::{InterfaceId, IpProtocol, MacAddr, Perimeter, Timestamp};
use hikwatch::store::{Config, Gatherer, Store};

/// How often the child is killed.
const ROUNDS: u32 = 200;

/// It is killed at the latest after this time.
const LONGEST_LIFE: u64 = 150;

const DEVICES: u32 = 5;

/// What each device sends in each batch.
const BYTES: u64 = 100;

/// Names the directory of the store to a child.
const CHILD: &str = "HIKWATCH_TEST_STORE";

#[test]
fn every_acknowledged_batch_outlives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut silent, mut unborn) = (0, 0);
    let mut before = 0;
    for round in 0..ROUNDS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let told = life_of_a_child(folder.path(), Duration::from_millis(random % LONGEST_LIFE));
        let told = told.unwrap_or(before);

        let mut store = Store::open(&config(folder.path())).unwrap();
        assert_eq!(store.set_aside(), None, "round {round}: damaged");
        let written = store.batches().unwrap();
        assert!(
            written == told || written == told + 1,
            "round {round}: {told} batches were acknowledged, {written} are there"
        );
        check(&mut store, written);
        silent += u32::from(written > told);
        unborn += u32::from(written == before);
        before = written;
    }
    println!(
        "{before} batches in {ROUNDS} lives; {silent} children died between the end of a commit and their word \
         of it, {unborn} before their first commit"
    );
    assert!(before > u64::from(ROUNDS), "the children hardly wrote: {before}");
}

#[test]
fn a_day_of_twenty_cameras_spares_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&config(folder.path())).unwrap();
    let mut gatherer = Gatherer::new();
    let before = written_by_this_thread();
    // Every five minutes each has been seen, and has spoken to four services.
    for moment in 1..=288 {
        for device in 0..20 {
            gatherer.apply(&seen(device, moment));
            for service in ["hik-lbs", "hik-das", "hik-vtm", "hik-alarm"] {
                gatherer.apply(&flow_to(service, device, moment * BYTES));
            }
        }
        store.commit(&gatherer.take().unwrap()).unwrap();
    }
    let after = written_by_this_thread();
    let length = std::fs::metadata(folder.path().join(Config::FILE_NAME)).unwrap().len();

    let (given, written) = (after.0 - before.0, after.1 - before.1);
    let mib = |bytes: u64| format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20);
    println!(
        "288 commits: {} given to the system, {} written to the disk (0 where it is memory), the file has {}",
        mib(given),
        mib(written),
        mib(length)
    );
    assert!(given < 40 << 20 && written < 40 << 20 && length < 4 << 20);
}

/// Bytes that this thread gave to the system, and that went to a disk (proc(5), `io`).
fn written_by_this_thread() -> (u64, u64) {
    let io = std::fs::read_to_string("/proc/thread-self/io").unwrap_or_default();
    let value = |key: &str| {
        let line = io.lines().find_map(|line| line.strip_prefix(key));
        line.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
    };
    (value("wchar:"), value("write_bytes:"))
}

/// Runs in the child only.
#[test]
#[ignore = "the child of another test, which kills it"]
fn child_that_writes_until_it_is_killed() {
    let Some(directory) = std::env::var_os(CHILD) else { return };
    let mut store = Store::open(&config(Path::new(&directory))).unwrap();
    let first = store.batches().unwrap();
    let mut gatherer = Gatherer::new();
    for number in 1.. {
        for device in 0..DEVICES {
            gatherer.apply(&seen(device, first + number));
            gatherer.apply(&flow(device, number * BYTES));
        }
        store.commit(&gatherer.take().unwrap()).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "written {}", first + number).and_then(|()| out.flush()).unwrap();
    }
}

/// Lets a child live for a while; gives the last batch that it said was written.
fn life_of_a_child(directory: &Path, life: Duration) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env(CHILD, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(life);
    // SIGKILL, on Unix.
    child.kill().unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    let whole = said.rfind('\n').map_or("", |end| &said[..end]);
    whole.lines().filter_map(|line| line.strip_prefix("written ")?.parse().ok()).next_back()
}

/// Each device and each total is as of batch `written`.
fn check(store: &mut Store, written: u64) {
    let contents = store.contents().unwrap();
    assert_eq!(contents.unreadable, 0);
    let expected = if written == 0 { 0 } else { DEVICES as usize };
    assert_eq!(contents.devices.len(), expected);
    for device in &contents.devices {
        assert_eq!(u64::from(device.evidence.first().unwrap().count), written);
    }
    let sent: Vec<u64> = store.device_totals().unwrap().iter().map(|t| t.tally.sent).collect();
    assert_eq!(sent, vec![written * BYTES; expected]);
    let sent: Vec<u64> = store.cloud_totals().unwrap().iter().map(|t| t.tally.sent).collect();
    assert_eq!(sent, vec![written * BYTES; expected]);
}

fn config(directory: &Path) -> Config {
    Config { directory: directory.to_owned(), ..Config::default() }
}

fn profile(number: u32, count: u64) -> Arc<DeviceProfile> {
    let evidence = Evidence {
        source: EvidenceSource::Sadp,
        claim: Claim::Vendor("hikvision".into()),
        value: "x".repeat(50),
        weight: 55,
        first_seen: Timestamp::from_parts(1_000, 0),
        last_seen: Timestamp::from_parts(2_000, 0),
        count: u32::try_from(count).unwrap(),
    };
    Arc::new(DeviceProfile {
        identity: Identity { vendor: Some("hikvision".into()), ..Identity::default() },
        evidence: vec![evidence; 10],
        ..DeviceProfile::new(
            DeviceId(format!("d-{number:012}").into()),
            Timestamp::from_parts(1_000, 0),
        )
    })
}

fn seen(number: u32, count: u64) -> Event {
    let kind = EventKind::DeviceTouched(profile(number, count));
    Event { timestamp: Timestamp::from_parts(2_000, 0), kind }
}

fn flow(number: u32, bytes: u64) -> Event {
    flow_to("hik-das", number, bytes)
}

fn flow_to(service: &str, number: u32, bytes: u64) -> Event {
    let tally = Tally { sent: bytes, received: bytes, flows: 1 };
    let end = |ip: &str| Endpoint { ip: ip.parse().unwrap(), port: 443 };
    let sighting = FlowSighting {
        report: FlowReport {
            record: Box::new(FlowRecord {
                id: FlowId(1),
                initiator: end("192.0.2.10"),
                responder: end("198.51.100.7"),
                protocol: IpProtocol::TCP,
                interface: InterfaceId(0),
                vlans: VlanIds::default(),
                tunnel: None,
                initiator_mac: MacAddr::ZERO,
                responder_mac: MacAddr::ZERO,
                flow_start: Timestamp::ZERO,
                flow_end: Timestamp::ZERO,
                forward: FlowCounters::default(),
                reverse: FlowCounters::default(),
                conn_state: ConnState::S1,
            }),
            head: None,
        },
        perimeter: Perimeter::Outbound,
        device: Some(FlowDevice { profile: profile(number, 1), role: Role::Initiator }),
        destination: Some(Arc::new(Destination {
            vendor: "hikvision".into(),
            service: service.into(),
            role: CloudRole::Control,
            region: Region::Eu,
            speaker: Speaker::Device,
            domain: None,
            confidence: 90,
            basis: Basis::Sni,
            aliases: Arc::default(),
            place: Default::default(),
            steps: Arc::default(),
        })),
        tallies: Some(Tallies { device: tally, cloud: tally }),
        country: None,
        peer: None,
    };
    let kind = EventKind::FlowUpdated { sighting, interim: false };
    Event { timestamp: Timestamp::from_parts(2_000, 0), kind }
}
