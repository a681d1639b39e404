//! Flows that the kernel counts in our place, on virtual interfaces: every frame that an interface counts is either
//! captured or counted in the kernel, whatever happens to the flows meanwhile. Needs root; says `SKIPPED` without.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the functions are of tests, though not tests themselves"
)]

#[expect(dead_code, reason = "other tests use the rest")]
mod veth;

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use hikwatch::capture::{AfPacketSource, Config, FrameSource, Next};
use hikwatch::net::{CutCounters, CutError, CutId, CutKey, Cutoff, Frame, IpProtocol, Timestamp};
use veth::Veth;

/// A flow of the test's own sender, by number: versions, protocols and tags in turns.
#[derive(Debug, Clone, Copy)]
struct Flow(u16);

impl Flow {
    const fn is_v6(self) -> bool {
        self.0 & 1 == 1
    }

    const fn is_tcp(self) -> bool {
        self.0 & 2 == 2
    }

    const fn vlan(self) -> Option<u16> {
        match self.0 >> 2 & 3 {
            0 => Some(7),
            1 => Some(0),
            _ => None,
        }
    }

    fn ends(self) -> [(IpAddr, u16); 2] {
        if self.is_v6() {
            let address = |end| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, end, 1));
            [(address(self.0), 40_000), (address(0xffff), 443)]
        } else {
            let [high, low] = self.0.to_be_bytes();
            [
                (IpAddr::V4(Ipv4Addr::new(198, 51, high, low)), 40_000),
                (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 443),
            ]
        }
    }

    fn key(self) -> CutKey {
        let [one, other] = self.ends();
        let protocol = if self.is_tcp() { IpProtocol::TCP } else { IpProtocol::UDP };
        CutKey::new(one, other, protocol, self.vlan()).unwrap()
    }

    /// A frame of one direction with `payload` bytes.
    fn frame(self, is_reverse: bool, flags: u8, payload: usize) -> Vec<u8> {
        let [mut from, mut to] = self.ends();
        if is_reverse {
            (from, to) = (to, from);
        }
        let ports = [from.1.to_be_bytes(), to.1.to_be_bytes()].concat();
        let payload = vec![0x5a; payload];
        let segment = if self.is_tcp() {
            let rest = [0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 1, 0, 0, 0, 0, 0];
            [&ports[..], &rest, &payload].concat()
        } else {
            let length = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
            [&ports[..], &length, &[0, 0], &payload].concat()
        };
        let protocol = if self.is_tcp() { 6 } else { 17 };
        let octets = |address: IpAddr| match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        let start = if self.is_v6() {
            let length = u16::try_from(segment.len()).unwrap().to_be_bytes();
            vec![0x60, 0, 0, 0, length[0], length[1], protocol, 64]
        } else {
            let length = u16::try_from(20 + segment.len()).unwrap().to_be_bytes();
            vec![0x45, 0, length[0], length[1], 0, 1, 0x40, 0, 64, protocol, 0, 0]
        };
        let ip = [start, octets(from.0), octets(to.0), segment].concat();
        let tag = self.vlan().map_or(vec![], |id| [[0x81, 0x00], id.to_be_bytes()].concat());
        let ether_type = if self.is_v6() { [0x86, 0xdd] } else { [8, 0] };
        let stations = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
        let mut frame = [&stations[..], &tag, &ether_type, &ip].concat();
        // As a network card pads it.
        frame.resize(frame.len().max(60), 0);
        frame
    }
}

/// Numbers that are the same on each run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % limit
    }
}

/// Frames and bytes on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum {
    frames: u64,
    bytes: u64,
}

impl Sum {
    const fn add(&mut self, frames: u64, bytes: u64) {
        self.frames += frames;
        self.bytes += bytes;
    }

    const fn add_cut(&mut self, counters: &CutCounters) {
        self.add(counters.frames(), counters.wire_bytes());
    }
}

/// What an interface itself has counted, in and out.
fn interface_counters(name: &str) -> Sum {
    let read = |counter: &str| -> u64 {
        let path = format!("/sys/class/net/{name}/statistics/{counter}");
        fs::read_to_string(path).unwrap().trim().parse().unwrap()
    };
    Sum {
        frames: read("rx_packets") + read("tx_packets"),
        bytes: read("rx_bytes") + read("tx_bytes"),
    }
}

/// The monotonic clock, which the kernel stamps by.
fn monotonic() -> Duration {
    let text = fs::read_to_string("/proc/uptime").unwrap();
    Duration::from_secs_f64(text.split(' ').next().unwrap().parse().unwrap())
}

/// Opens a source with its table, or says loudly why the test does not run.
fn open(name: &str, config: &Config) -> Option<(AfPacketSource, Box<dyn Cutoff>)> {
    let mut source = AfPacketSource::open(name, config).unwrap();
    match source.take_cutoff() {
        Ok(cutoff) => Some((source, cutoff)),
        Err(reason) => {
            println!("SKIPPED: {reason}");
            None
        }
    }
}

/// Whose flow of the sender's a frame is of.
fn flow_of(frame: &Frame<'_>) -> Option<Flow> {
    let bytes = frame.bytes;
    let is_ours = bytes.get(..6)? == [2, 0, 0, 0, 0, 2];
    let low = match bytes.get(12..14)? {
        // Whichever of the two addresses has the flow's number.
        [8, 0] if bytes[26..28] == [198, 51] => &bytes[28..30],
        [8, 0] => &bytes[32..34],
        [0x86, 0xdd] if bytes[34..36] != [0xff, 0xff] => &bytes[34..36],
        [0x86, 0xdd] => &bytes[50..52],
        _ => return None,
    };
    is_ours.then(|| Flow(u16::from_be_bytes([low[0], low[1]])))
}

#[test]
fn every_frame_is_either_captured_or_counted_while_flows_are_cut_and_retired_at_random() {
    // With little memory most flows find no place.
    for (cutoff_bytes, flows, seed) in [(2 << 20, 64_u16, 1), (768, 64, 2)] {
        let Some(pair) = Veth::new() else { return };
        let config = Config { cutoff_bytes, ring_bytes: 64 << 20, ..Config::default() };
        let before = interface_counters(&pair.far);
        let Some((mut source, mut cutoff)) = open(&pair.far, &config) else { return };
        let is_sending = Arc::new(AtomicBool::new(true));
        let sender = {
            let (mut sender, is_sending) = (pair.sender(), Arc::clone(&is_sending));
            thread::spawn(move || {
                let mut numbers = Numbers(seed);
                let mut sent: HashMap<u16, Sum> = HashMap::new();
                for turn in 0..100_000 {
                    let flow = Flow(u16::try_from(numbers.below(flows.into())).unwrap());
                    let flags = [0x10, 0x18, 0x10, 0x18, 0x10, 0x02, 0x11, 0x14]
                        [usize::try_from(numbers.below(8)).unwrap()];
                    let payload = usize::try_from(numbers.below(1_400)).unwrap();
                    let frame = flow.frame(numbers.below(2) == 0, flags, payload);
                    sender.send_to(&frame, None).unwrap().unwrap();
                    sent.entry(flow.0).or_default().add(1, frame.len() as u64);
                    if turn % 64 == 0 {
                        thread::sleep(Duration::from_micros(700));
                    }
                }
                is_sending.store(false, Ordering::SeqCst);
                sent
            })
        };

        let mut numbers = Numbers(seed + 100);
        let mut seen: HashMap<u16, Sum> = HashMap::new();
        let mut others = Sum::default();
        let mut cuts: HashMap<u16, CutId> = HashMap::new();
        let (mut captured, mut in_kernel, mut idle, mut full) = (0, 0, 0, 0);
        while idle < 3 {
            match source.next_frame().unwrap() {
                Next::Frame(frame) => match flow_of(&frame) {
                    Some(flow) => {
                        seen.entry(flow.0).or_default().add(1, frame.wire_len.into());
                        captured += 1;
                    }
                    None => others.add(1, frame.wire_len.into()),
                },
                Next::Idle if is_sending.load(Ordering::SeqCst) => {}
                Next::Idle => idle += 1,
                Next::End => panic!("an interface does not end"),
            }
            if numbers.below(40) == 0 {
                let flow = Flow(u16::try_from(numbers.below(flows.into())).unwrap());
                cutoff.set_clock(monotonic(), Timestamp::ZERO);
                match (cuts.get(&flow.0).copied(), cutoff.cut(&flow.key())) {
                    // Two times in three it stays.
                    (Some(_), Err(CutError::AlreadyCut)) if numbers.below(3) > 0 => {}
                    (Some(cut), Err(CutError::AlreadyCut)) => {
                        cutoff.retire(cut);
                        cuts.remove(&flow.0);
                    }
                    (None, Ok(cut)) => drop(cuts.insert(flow.0, cut)),
                    (None, Err(CutError::Full)) => full += 1,
                    // Not settled yet.
                    (None, Err(CutError::AlreadyCut)) => {}
                    odd => panic!("{flow:?}: {odd:?}"),
                }
            }
            if cutoff.stats().retired > 24 {
                cutoff.wait_out();
            }
            while let Some(settled) = cutoff.settle() {
                let flow = (0..flows).find(|flow| Flow(*flow).key() == settled.key).unwrap();
                seen.entry(flow).or_default().add_cut(&settled.counters);
                in_kernel += settled.counters.frames();
            }
        }
        for cut in cuts.into_values() {
            cutoff.retire(cut);
        }
        cutoff.wait_out();
        while let Some(settled) = cutoff.settle() {
            let flow = (0..flows).find(|flow| Flow(*flow).key() == settled.key).unwrap();
            seen.entry(flow).or_default().add_cut(&settled.counters);
            in_kernel += settled.counters.frames();
        }

        let sent = sender.join().unwrap();
        let counters = source.counters();
        println!("{captured} captured, {in_kernel} in the kernel, {full} refused, {counters:?}");
        assert_eq!(counters.kernel_drops, 0);
        assert_eq!(seen, sent, "flow by flow");
        let mut total = others;
        seen.values().for_each(|sum| total.add(sum.frames, sum.bytes));
        let after = interface_counters(&pair.far);
        let counted =
            Sum { frames: after.frames - before.frames, bytes: after.bytes - before.bytes };
        assert_eq!(total, counted, "the interface's own counters");
        assert_eq!(counters.received, captured + others.frames, "what is counted is not received");
        let stats = cutoff.stats();
        assert_eq!(
            (stats.frames, stats.late_frames, stats.live, stats.retired),
            (in_kernel, 0, 0, 0)
        );
        // Otherwise nothing would be shown.
        assert!(captured > 10_000 && in_kernel > 300, "{captured} {in_kernel}");
        assert_eq!(full > 20, cutoff_bytes < 1_000, "{full}");
    }
}

#[test]
fn what_is_odd_is_captured_although_its_flow_is_cut() {
    let Some(pair) = Veth::new() else { return };
    let Some((mut source, mut cutoff)) = open(&pair.far, &Config::default()) else { return };
    let mut sender = pair.sender();
    let (tcp, udp) = (Flow(10), Flow(8));
    let cuts = [tcp, udp].map(|flow| cutoff.cut(&flow.key()).unwrap());
    let changed = |flow: Flow, place: usize, value: u8| {
        let mut frame = flow.frame(false, 0x10, 100);
        frame[place] = value;
        frame
    };
    let passing = [
        tcp.frame(false, 0x02, 0),
        tcp.frame(true, 0x11, 0),
        tcp.frame(false, 0x14, 0),
        changed(udp, 20, 0x20),
        changed(udp, 21, 0x01),
        changed(udp, 14, 0x46),
        changed(udp, 39, 0x01),
        changed(tcp, 46, 0x40),
    ];
    for frame in &passing {
        sender.send_to(frame, None).unwrap().unwrap();
    }
    for frame in [tcp.frame(false, 0x18, 100), udp.frame(true, 0, 3), udp.frame(false, 0, 0)] {
        sender.send_to(&frame, None).unwrap().unwrap();
    }

    let mut captured = 0;
    for _ in 0..passing.len() + 5 {
        if matches!(source.next_frame().unwrap(), Next::Frame(frame) if flow_of(&frame).is_some()) {
            captured += 1;
        }
    }
    assert_eq!(captured, passing.len());
    let [tcp, udp] = cuts.map(|cut| cutoff.read(cut));
    assert_eq!((tcp.frames(), udp.frames()), (1, 2));
    let flags = tcp.ascending.tcp_flags | tcp.descending.tcp_flags;
    assert_eq!(flags, 0x18);
    let sides = [udp.ascending, udp.descending];
    assert!(sides.iter().all(|side| side.frames == 1 && side.wire_bytes == 60), "{sides:?}");
    assert_eq!(sides.map(|side| side.ip_bytes).iter().sum::<u64>(), 2 * 28 + 3);
    assert_eq!(sides.map(|side| side.payload_bytes).iter().sum::<u64>(), 3);
}

#[test]
fn the_last_packet_is_told_in_the_time_of_packets() {
    let Some(pair) = Veth::new() else { return };
    let Some((_source, mut cutoff)) = open(&pair.far, &Config::default()) else { return };
    let flow = Flow(8);
    let cut = cutoff.cut(&flow.key()).unwrap();
    pair.sender().send_to(&flow.frame(false, 0, 9), None).unwrap().unwrap();
    thread::sleep(Duration::from_millis(500));

    let now = Timestamp::from_parts(1_800_000_000, 0);
    cutoff.set_clock(monotonic(), now);
    let silence = now.since(cutoff.read(cut).last_seen().unwrap());
    assert!(
        silence > Duration::from_millis(400) && silence < Duration::from_secs(5),
        "{silence:?}"
    );
}

/// A namespace at the other end of a cable, with a web server of busybox in it.
struct Neighbour {
    namespace: String,
    near: String,
    folder: tempfile::TempDir,
    server: Option<Child>,
}

/// Bytes of the file that the neighbour serves.
const FILE: usize = 30_000_000;

impl Neighbour {
    const NEAR: &str = "203.0.113.1/30";
    const FAR: &str = "203.0.113.2/30";

    fn new() -> Option<Self> {
        let namespace = format!("hwcut{}", std::process::id());
        let near = format!("hwc{}", std::process::id() % 1_000_000_000);
        let there = |program: &str| Command::new(program).arg("--help").output().is_ok();
        if !there("busybox") || !there("curl") || !run(&format!("ip netns add {namespace}")) {
            println!("SKIPPED: needs root, `ip`, busybox and curl");
            return None;
        }
        let mut neighbour =
            Self { namespace, near, folder: tempfile::tempdir().unwrap(), server: None };
        let Self { namespace, near, folder, .. } = &neighbour;
        fs::write(folder.path().join("file"), vec![b'x'; FILE]).unwrap();
        let quiet = "sysctl -qw net.ipv6.conf";
        for command in [
            format!("ip netns exec {namespace} {quiet}.all.disable_ipv6=1"),
            format!("ip netns exec {namespace} {quiet}.default.disable_ipv6=1"),
            format!("ip link add {near} type veth peer name eth0 netns {namespace}"),
            // Otherwise the system's own neighbour discovery would come at any time.
            format!("{quiet}.{near}.disable_ipv6=1"),
            format!("ip address add {} dev {near}", Self::NEAR),
            format!("ip link set {near} up"),
            format!("ip -n {namespace} address add {} dev eth0", Self::FAR),
            format!("ip -n {namespace} link set eth0 up"),
            format!("ip -n {namespace} link set lo up"),
        ] {
            assert!(run(&command), "{command}");
        }
        let arguments = ["netns", "exec", namespace, "busybox", "httpd", "-f", "-p", "80"];
        let server = Command::new("ip").args(arguments).current_dir(folder.path()).spawn();
        neighbour.server = Some(server.unwrap());
        thread::sleep(Duration::from_millis(500));
        Some(neighbour)
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ended = server.kill();
            let _status = server.wait();
        }
        run(&format!("ip link del {}", self.near));
        run(&format!("ip netns del {}", self.namespace));
    }
}

fn run(command: &str) -> bool {
    let mut words = command.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words).output().is_ok_and(|output| output.status.success())
}

#[test]
fn merged_segments_of_a_real_transfer_are_counted_by_their_number_and_their_bytes_exactly() {
    let Some(neighbour) = Neighbour::new() else { return };
    let config = Config { ring_bytes: 64 << 20, ..Config::default() };
    let before = interface_counters(&neighbour.near);
    let Some((mut source, mut cutoff)) = open(&neighbour.near, &config) else { return };
    let fetch = ["-sf", "--max-time", "60", "-o", "/dev/null", "http://203.0.113.2/file"];
    let mut client = Command::new("curl").args(fetch).stdin(Stdio::null()).spawn().unwrap();

    let (mut total, mut downloaded, mut idle) = (Sum::default(), 0, 0);
    let mut cut = None;
    let mut captured = 0;
    while idle < 5 {
        match source.next_frame().unwrap() {
            Next::Frame(frame) => {
                idle = 0;
                total.add(1, frame.wire_len.into());
                captured += 1;
                let bytes = frame.bytes;
                if bytes[12..14] != [8, 0] || bytes[23] != 6 {
                    continue;
                }
                let half = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
                if half(34) != 80 {
                    continue;
                }
                let payload = usize::from(half(16)) - 20 - usize::from(bytes[46] >> 4) * 4;
                downloaded += payload;
                // Cut, taken back, and cut again in the midst of the transfer.
                if cut.is_none() && payload > 0 && captured < 200 {
                    let address = |at: usize| {
                        IpAddr::from([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
                    };
                    let (one, other) = ((address(26), half(34)), (address(30), half(36)));
                    let key = CutKey::new(one, other, IpProtocol::TCP, None).unwrap();
                    cut = cutoff.cut(&key).ok();
                }
            }
            Next::Idle => idle += usize::from(client.try_wait().unwrap().is_some()),
            Next::End => panic!("an interface does not end"),
        }
    }
    assert!(client.wait().unwrap().success());
    cutoff.retire(cut.unwrap());
    cutoff.wait_out();
    let counters = cutoff.settle().unwrap().counters;
    total.add_cut(&counters);
    let after = interface_counters(&neighbour.near);

    // The server has the higher address.
    let (up, down) = (counters.ascending, counters.descending);
    println!("{captured} captured; up {up:?}; down {down:?}; {:?}", source.counters());
    assert_eq!(source.counters().kernel_drops, 0);
    assert_eq!(
        total,
        Sum { frames: after.frames - before.frames, bytes: after.bytes - before.bytes }
    );
    // A busy machine loses a segment now and then, which comes again.
    assert!(downloaded + usize::try_from(down.payload_bytes).unwrap() > FILE);
    assert!(down.segments > 2 * down.frames, "nothing was merged: {down:?}");
    // 1448 bytes fit into a segment of an Ethernet that carries time stamps; some segments are not full.
    let full = down.segments * 1_448;
    assert!(full >= down.payload_bytes && full < down.payload_bytes / 10 * 12, "{down:?}");
}

/// Nanoseconds that the calling thread has run.
fn thread_time() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

#[test]
#[ignore = "a measurement: run it by name, with --nocapture"]
fn nanoseconds_of_the_reader_at_a_hundred_thousand_frames_a_second() {
    for turn in 0..6 {
        let is_cut = turn % 2 == 1;
        let Some(pair) = Veth::new() else { return };
        let Some((mut source, mut cutoff)) = open(&pair.far, &Config::default()) else { return };
        // Like video of several cameras: large datagrams of few flows.
        let flows: Vec<Flow> = (0..8).map(|number| Flow(number * 16 + 8)).collect();
        if is_cut {
            flows.iter().for_each(|flow| assert!(cutoff.cut(&flow.key()).is_ok()));
        }
        let mut sender = pair.sender();
        let is_sending = Arc::new(AtomicBool::new(true));
        let finished = Arc::clone(&is_sending);
        let sending = thread::spawn(move || {
            let frames: Vec<_> = flows.iter().map(|flow| flow.frame(false, 0, 1_300)).collect();
            let begin = monotonic();
            let before = thread_time();
            for burst in 0..10_000_u32 {
                for number in 0..32 {
                    sender.send_to(&frames[number % frames.len()], None).unwrap().unwrap();
                }
                // 320 microseconds for 32 frames.
                let due = begin + Duration::from_micros(320) * burst;
                thread::sleep(due.saturating_sub(monotonic()).min(Duration::from_micros(400)));
            }
            finished.store(false, Ordering::SeqCst);
            (thread_time() - before, monotonic().saturating_sub(begin))
        });
        let before = thread_time();
        let (mut captured, mut bytes, mut idle) = (0_u64, 0_u64, 0);
        while idle < 2 {
            match source.next_frame().unwrap() {
                Next::Frame(frame) => {
                    captured += 1;
                    bytes += u64::from(frame.wire_len) + u64::from(frame.bytes[14]);
                }
                Next::Idle if is_sending.load(Ordering::SeqCst) => {}
                Next::Idle => idle += 1,
                Next::End => panic!("an interface does not end"),
            }
        }
        let reader = thread_time() - before;
        let (sender, time) = sending.join().unwrap();
        println!(
            "cut {is_cut}: reader {} ns, sender with the kernel's receive path {} ns a frame; {captured} captured \
             ({bytes}), {} in the kernel, {:.0} kpps; {:?}",
            reader / 320_000,
            sender / 320_000,
            cutoff.stats().frames,
            320.0 / time.as_secs_f64(),
            source.counters()
        );
    }
}
