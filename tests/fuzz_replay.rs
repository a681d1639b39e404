//! The fuzz targets with the committed corpus, and with deterministic mutations of it: a hundred thousand in all.
//!
//! `tests/fuzz` runs the same targets under cargo-fuzz, which finds more and needs a nightly compiler. Its README says
//! how. `HIKWATCH_WRITE_CORPUS=DIR` writes the seeds of the corpus; `HIKWATCH_SEED_FROM_CAPTURES=DIR` writes seeds
//! from the collection of captures, which are foreign and never committed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these functions are of tests, though not tests themselves"
)]

#[path = "fuzz/capture_seeds.rs"]
mod capture_seeds;
#[expect(dead_code, reason = "this test replays no capture")]
mod collection;
#[path = "fuzz/seeds.rs"]
mod seeds;
#[path = "fuzz/targets.rs"]
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use hikwatch::decode::decode;
use hikwatch::dissect::{
    AppProtocol, DatagramVerdict, Dissector, QuicInitials, QuicRead, StreamPlace, StreamVerdict,
};
use hikwatch::net::Timestamp;
use hikwatch::simulate::Prng;

/// Mutations of each target's corpus. Whole engines cost most.
const MUTATIONS: [(&str, usize); 10] = [
    ("decode", 20_000),
    ("stream", 24_000),
    ("datagram", 30_000),
    ("link", 3_000),
    ("icmpv6", 4_000),
    ("quic", 4_000),
    ("stream_head", 5_000),
    ("fragments", 4_000),
    ("savefile", 4_500),
    ("engine", 1_500),
];

#[test]
fn no_target_fails_on_the_corpus_or_a_hundred_thousand_mutations_of_it() {
    let mut failures = Vec::new();
    let mut runs = 0;
    for (name, target) in targets::ALL {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "no corpus for {name}");
        for seed in &corpus {
            runs += 1;
            failures.extend(fails(name, target, seed));
        }
        let mutations = MUTATIONS.iter().find(|(known, _)| *known == name).unwrap().1;
        let mut prng = Prng::new(0x6675_7a7a);
        for round in 0..mutations {
            let other = &corpus[index(&mut prng, corpus.len())];
            let mutant = mutate(&corpus[round % corpus.len()], other, &mut prng);
            runs += 1;
            failures.extend(fails(name, target, &mutant));
        }
    }
    println!("{runs} runs of {} targets", targets::ALL.len());
    assert!(runs > 100_000);
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_committed_seeds_are_those_that_are_built() {
    let write = std::env::var_os("HIKWATCH_WRITE_CORPUS").map(std::path::PathBuf::from);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let (mut number, mut total) = (0, 0);
    for (target, name, bytes) in seeds::all() {
        number += 1;
        total += bytes.len();
        if let Some(write) = &write {
            fs::create_dir_all(write.join(target)).unwrap();
            fs::write(write.join(target).join(&name), &bytes).unwrap();
        } else {
            let path = folder.join(target).join(&name);
            assert!(
                fs::read(&path).is_ok_and(|kept| kept == bytes),
                "{} is another",
                path.display()
            );
        }
    }
    println!("{number} seeds of {total} bytes");
    assert!(number <= 250 && total <= 400 << 10, "{number} seeds of {total} bytes");
}

/// Seeds that are there because nothing may be read of them, or not the whole.
const UNREADABLE: [&str; 11] = [
    "mqtt-connack-answer",
    "tls-client-hello-cut",
    "tls-alert-answer",
    "dns-chain-of-pointers",
    "turn-channel",
    "rtp",
    "one-byte-a-datagram",
    "damaged",
    "echo",
    "redirect",
    // The relay's URL stands in its frames only.
    "vtm-url-in-clear",
];

#[test]
fn each_seed_is_read_unless_it_is_there_to_be_refused() {
    let mut unread = Vec::new();
    for (target, name, bytes) in seeds::all() {
        let mut dissector = Dissector::default();
        let is_read = match target {
            "stream" => {
                let port = targets::PORTS[usize::from(bytes[1])];
                let from_initiator = bytes[2] == 0;
                let (source_port, destination_port) =
                    if from_initiator { (40_001, port) } else { (port, 40_001) };
                let place = StreamPlace {
                    from_initiator,
                    source_port,
                    destination_port,
                    without_body: false,
                };
                let known = AppProtocol::ALL.get(usize::from(bytes[0])).copied();
                matches!(dissector.stream(&bytes[3..], place, known), StreamVerdict::Read(..))
            }
            "datagram" => {
                let port = targets::PORTS[usize::from(bytes[1])];
                matches!(
                    dissector.datagram(&bytes[2..], 40_001, port, None),
                    DatagramVerdict::Read(..)
                        | DatagramVerdict::Recognised(_)
                        | DatagramVerdict::Quic
                )
            }
            "link" => {
                let ether_type = if bytes[0] == 0 { 0x8033 } else { 0x8d8d };
                matches!(dissector.link(ether_type, &bytes[1..]), Ok(Some(_)))
            }
            "icmpv6" => matches!(dissector.icmpv6(&bytes), Ok(Some(_))),
            "quic" => {
                let mut initials = QuicInitials::default();
                targets::parts(&bytes).enumerate().any(|(index, datagram)| {
                    let read = dissector.quic(&mut initials, datagram, index % 4 != 3);
                    matches!(read, QuicRead::Read(_))
                })
            }
            "decode" => {
                let link_type = targets::LINK_TYPES[usize::from(bytes[0])];
                let frame = targets::frame(link_type, 1, Timestamp::ZERO, &bytes[1..]);
                decode(&frame).is_ok_and(|packet| packet.stopped.is_none())
            }
            _ => true,
        };
        if is_read == UNREADABLE.contains(&name.as_str()) {
            unread.push(format!("{target}/{name}"));
        }
    }
    assert_eq!(unread, Vec::<String>::new());
}

#[test]
fn seeds_from_captures_go_where_they_are_asked_for() {
    let Some(folder) = std::env::var_os("HIKWATCH_SEED_FROM_CAPTURES") else { return };
    let Some(collection) = collection::Collection::open() else { return };
    for capture in &collection.captures {
        for (target, name, bytes) in capture_seeds::of_capture(&collection.folder.join(capture)) {
            let folder = Path::new(&folder).join(target);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
}

/// What is wrong with an input, if a target panics on it; the bytes are shown so that they can join the corpus.
fn fails(name: &str, target: fn(&[u8]), bytes: &[u8]) -> Option<String> {
    catch_unwind(AssertUnwindSafe(|| target(bytes))).is_err().then(|| {
        format!("{name}: {}", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>())
    })
}

/// The committed inputs of a target, by file name.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn mutate(seed: &[u8], other: &[u8], prng: &mut Prng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=prng.below(6) {
        let at = index(prng, bytes.len());
        match prng.below(8) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, byte(prng)),
            2 if !bytes.is_empty() => drop(bytes.remove(at)),
            3 => {
                let end = (at + index(prng, 64)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xc0, 0xff][index(prng, 6)],
            5 if bytes.len() > at + 1 => {
                let value = [0, 1, 0xff, 0x100, 0x7fff, 0xffff][index(prng, 6)];
                bytes[at..at + 2].copy_from_slice(&u16::to_be_bytes(value));
            }
            6 => {
                bytes.truncate(at);
                bytes.extend(&other[index(prng, other.len())..]);
            }
            _ if !bytes.is_empty() => bytes[at] = byte(prng),
            _ => {}
        }
        bytes.truncate(4 * seed.len() + 64);
    }
    bytes
}

/// A place below `length`; 0 when there is none.
fn index(prng: &mut Prng, length: usize) -> usize {
    usize::try_from(prng.below(length.max(1) as u64)).unwrap()
}

fn byte(prng: &mut Prng) -> u8 {
    u8::try_from(prng.below(256)).unwrap()
}
