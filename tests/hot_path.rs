//! What a packet of a known flow must not cost: memory from the allocator, and calls of the system.
//!
//! The flows are TCP conversations and UDP exchanges whose heads were read. A million of their packets go through a meter,
//! and through meter and analyst together, under an allocator that counts; and through the whole program under `strace`,
//! which counts calls.
#![expect(unsafe_code, reason = "an allocator that counts has to be one")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has to stop"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use etherparse::PacketBuilder;
use hikwatch::analyst::Config as AnalystConfig;
use hikwatch::catalogue::Catalogue;
use hikwatch::daemon::{Engine, FIXED_SEEDS};
use hikwatch::meter::{Config as MeterConfig, Meter};
use hikwatch::net::{Frame, InterfaceId, LinkType, Timestamp};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, with a count of what each thread asks of it.
struct Counting;

// SAFETY: each call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const FLOWS: u16 = 1_000;
const PACKETS: usize = 1_000_000;
/// Rounds after which nothing is looked for in any flow any more.
const WARM_ROUNDS: u32 = 200;
const START: Timestamp = Timestamp::from_parts(1_800_000_000, 0);
/// Time between two packets: a million of them stay below the ten seconds after which totals are told.
const STEP: Duration = Duration::from_micros(5);
const PAYLOAD: [u8; LENGTH as usize] = [0xc3; LENGTH as usize];
const LENGTH: u32 = 64;

/// Where the sequence number of a TCP segment stands in a frame.
const SEQUENCE: std::ops::Range<usize> = 38..42;

/// One direction of one flow: its frame, which is sent again and again.
struct Side {
    bytes: Vec<u8>,
    sequence: Option<u32>,
}

impl Side {
    fn next(&mut self) {
        if let Some(sequence) = &mut self.sequence {
            if let Some(place) = self.bytes.get_mut(SEQUENCE) {
                place.copy_from_slice(&sequence.to_be_bytes());
            }
            *sequence = sequence.wrapping_add(LENGTH);
        }
    }
}

/// Both sides of half TCP conversations, half UDP exchanges, in LAN and WAN; and the handshakes before them.
fn sides() -> (Vec<Side>, Vec<Vec<u8>>) {
    let (mut sides, mut handshakes) = (Vec::new(), Vec::new());
    for number in 0..FLOWS {
        let [a, b] = number.to_be_bytes();
        let ends = [[192, 168, a, b], [198, 51, 100, b]];
        let ports = [40_000 + number, 9_999];
        for (from, to) in [(0, 1), (1, 0)] {
            let macs = [[2, 0, 0, 0, a, b], [2, 0, 0, 0, 0xff, 1]];
            let packet =
                || PacketBuilder::ethernet2(macs[from], macs[to]).ipv4(ends[from], ends[to], 64);
            let mut bytes = Vec::new();
            if number % 2 == 0 {
                packet().udp(ports[from], ports[to]).write(&mut bytes, &PAYLOAD).unwrap();
                sides.push(Side { bytes, sequence: None });
                continue;
            }
            packet()
                .tcp(ports[from], ports[to], 1, 1024)
                .ack(1)
                .write(&mut bytes, &PAYLOAD)
                .unwrap();
            sides.push(Side { bytes, sequence: Some(1) });
            let mut handshake = Vec::new();
            let syn = packet().tcp(ports[from], ports[to], 0, 1024).syn();
            let segment = if from == 0 { syn } else { syn.ack(1) };
            segment.write(&mut handshake, &[]).unwrap();
            handshakes.push(handshake);
        }
    }
    (sides, handshakes)
}

/// Gives the packets of all rounds to `take`, sixteen at a time: first as many as warm up, then a million. Tells how
/// often it asked for memory in the latter.
fn allocations(mut take: impl FnMut(&[Frame<'_>])) -> u64 {
    let (mut sides, handshakes) = sides();
    let mut tape = Tape { sent: 0, now: START };
    for handshake in &handshakes {
        take(&[tape.frame(handshake)]);
    }
    let warm = usize::try_from(WARM_ROUNDS).unwrap() * sides.len();
    let mut counted = 0;
    let (mut given, mut measured) = (0, 0);
    while measured < PACKETS {
        for group in sides.chunks_mut(16) {
            group.iter_mut().for_each(Side::next);
            let frames: Vec<_> = group.iter().map(|side| tape.frame(&side.bytes)).collect();
            let before = ALLOCATIONS.get();
            take(&frames);
            if given >= warm {
                counted += ALLOCATIONS.get() - before;
                measured += frames.len();
            }
            given += frames.len();
        }
    }
    assert!(tape.now < START.plus(Duration::from_secs(10)), "totals were due: {:?}", tape.now);
    assert!(ALLOCATIONS.get() > 0, "the allocator does not count");
    counted
}

/// Numbers frames, and gives each its time.
struct Tape {
    sent: u64,
    now: Timestamp,
}

impl Tape {
    fn frame<'a>(&mut self, bytes: &'a [u8]) -> Frame<'a> {
        self.sent += 1;
        self.now = self.now.plus(STEP);
        Frame {
            number: self.sent,
            timestamp: self.now,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            wire_len: u32::try_from(bytes.len()).unwrap(),
            stripped_tag: None,
            bytes,
        }
    }
}

#[test]
fn a_packet_of_a_known_flow_asks_for_no_memory_in_the_meter() {
    let mut meter = Meter::new(MeterConfig::default(), FIXED_SEEDS);
    let counted = allocations(|frames| {
        meter.handle_frames(frames, |frame| frame.timestamp);
        drop(meter.drain_observations());
    });
    assert_eq!(meter.stats().flows_active, u64::from(FLOWS));
    assert_eq!(counted, 0);
}

#[test]
fn a_packet_of_a_known_flow_asks_for_no_memory_in_the_engine() {
    let (meter, analyst) = (MeterConfig::default(), AnalystConfig::default());
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let mut engine = Engine::new(&meter, analyst, catalogue, 1).unwrap();
    let counted = allocations(|frames| {
        engine.handle_frames(frames).unwrap();
        while engine.poll_event().is_some() {}
    });
    assert_eq!(engine.meter_stats().flows_active, u64::from(FLOWS));
    assert_eq!(counted, 0);
}

#[test]
fn a_packet_of_a_known_flow_calls_the_system_for_nothing_but_its_bytes() {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("NOT TESTED: strace is not here (`make setup` installs it)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [few, many] = [50, 300].map(|rounds| {
        let path = folder.path().join(format!("{rounds}.pcap"));
        let (packets, bytes) = write_capture(&path, rounds);
        (packets, bytes, calls(&path, folder.path()))
    });
    let (packets, bytes) = (many.0 - few.0, many.1 - few.1);
    let calls = many.2.saturating_sub(few.2);
    println!("{packets} more packets, {bytes} more bytes: {calls} more calls of the system");
    // The file is read in pieces of 256 KiB; beyond that, memory may grow a few times.
    assert!(calls <= bytes / (256 << 10) + 64, "{calls}");
}

/// Writes the packets of so many rounds; gives their number and the file's length.
fn write_capture(path: &Path, rounds: u32) -> (u64, u64) {
    let (mut sides, handshakes) = sides();
    let mut file: Vec<u8> =
        [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).concat();
    let mut packets = 0u32;
    let mut write = |bytes: &[u8]| {
        packets += 1;
        let length = u32::try_from(bytes.len()).unwrap();
        let micros = packets * 5;
        file.extend([1_800_000_000, micros * 1_000, length, length].map(u32::to_le_bytes).concat());
        file.extend_from_slice(bytes);
    };
    handshakes.iter().for_each(|handshake| write(handshake));
    for _ in 0..rounds {
        for side in &mut sides {
            side.next();
            write(&side.bytes);
        }
    }
    std::fs::write(path, &file).unwrap();
    (packets.into(), file.len() as u64)
}

/// Calls of the system that a replay of `capture` makes in all.
fn calls(capture: &Path, folder: &Path) -> u64 {
    let counts = folder.join("counts");
    let status = Command::new("strace")
        .args(["-f", "-c", "-o"])
        .arg(&counts)
        .arg(env!("CARGO_BIN_EXE_hikwatch"))
        .arg("replay")
        .arg(capture)
        .args(["--summary", "none"])
        .status()
        .unwrap();
    assert!(status.success());
    let table = std::fs::read_to_string(&counts).unwrap();
    let total = table.lines().rfind(|line| line.ends_with("total")).unwrap();
    total.split_whitespace().nth(3).unwrap().parse().unwrap()
}
