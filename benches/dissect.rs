//! Measures each dissector on well-formed messages, and the cases that most packets take.
//!
//! Comes in: the seeds of the fuzz targets, which are of our own construction: each protocol has a question and an
//! answer there. Goes out: messages a second, one line a seed. It captures nothing.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on has to stop"
)]

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hikwatch::dissect::{AppProtocol, Dissector, QuicInitials, StreamPlace};

#[path = "../tests/fuzz/targets.rs"]
#[expect(dead_code, reason = "only the layout of the seeds is used here")]
mod targets;

/// A payload that nobody expects on its port, and that is nothing: what most datagrams are.
const NOISE: &[u8] = &[0x5f; 900];

/// The seeds of a target, by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut seeds: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap())
        })
        .collect();
    seeds.sort();
    seeds
}

fn streams(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stream");
    group.throughput(Throughput::Elements(1));
    let mut dissector = Dissector::default();
    let mut bench = |name: &str, head: &[u8], place: StreamPlace, known: Option<AppProtocol>| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| dissector.stream(black_box(head), black_box(place), known));
        });
    };
    for (name, seed) in seeds("stream") {
        let Some((known, place, head)) = targets::stream_input(&seed) else { continue };
        bench(&name, head, place, known);
    }
    let place = StreamPlace {
        from_initiator: true,
        source_port: 40_000,
        destination_port: 22,
        without_body: false,
    };
    bench("of-others", b"SSH-2.0-OpenSSH_9.6\r\n", place, None);
    group.finish();
}

fn datagrams(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("datagram");
    group.throughput(Throughput::Elements(1));
    let mut dissector = Dissector::default();
    let mut bench = |name: &str, payload: &[u8], port: u16, known: Option<AppProtocol>| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| dissector.datagram(black_box(payload), 40_000, black_box(port), known));
        });
    };
    for (name, seed) in seeds("datagram") {
        let Some((known, port, payload)) = targets::datagram_input(&seed) else { continue };
        bench(&name, payload, port, known);
    }
    bench("of-others", NOISE, 40_001, None);
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dissect");
    group.throughput(Throughput::Elements(1));
    let mut dissector = Dissector::default();
    for (name, seed) in seeds("icmpv6") {
        group.bench_function(format!("icmpv6/{name}"), |bencher| {
            bencher.iter(|| dissector.icmpv6(black_box(&seed)));
        });
    }
    for (name, seed) in seeds("link") {
        let Some((ether_type, payload)) = targets::link_input(&seed) else { continue };
        group.bench_function(format!("link/{name}"), |bencher| {
            bencher.iter(|| dissector.link(black_box(ether_type), black_box(payload)));
        });
    }
    for (name, seed) in seeds("quic") {
        let datagrams: Vec<_> = targets::parts(&seed).collect();
        group.bench_function(format!("quic/{name}"), |bencher| {
            bencher.iter(|| {
                let mut initials = QuicInitials::default();
                for datagram in &datagrams {
                    black_box(dissector.quic(&mut initials, black_box(datagram), true));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, streams, datagrams, others);
criterion_main!(benches);
