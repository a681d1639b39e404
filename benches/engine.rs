//! What a packet costs all in all: the meter alone, and meter and analyst together as in a replay
//! with one worker.
//!
//! Comes in: whole traffic. Goes out: packets a second, from the first frame into an empty program until
//! all flows have left. Nothing is written: encoding events is no part of this.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has to stop")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hikwatch::analyst;
use hikwatch::catalogue::Catalogue;
use hikwatch::daemon::{Engine, FIXED_SEEDS};
use hikwatch::meter::{self, Meter, Observation};
use hikwatch::net::{Frame, Timestamp};

mod frames;

use frames::Traffic;

fn engine(criterion: &mut Criterion) {
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let empty_meter = || Meter::new(meter::Config::default(), FIXED_SEEDS);
    let empty_engine = || {
        let meter = meter::Config::default();
        Engine::new(&meter, analyst::Config::default(), Arc::clone(&catalogue), 1).unwrap()
    };
    let all = Traffic::all();

    let mut group = criterion.benchmark_group("meter");
    for traffic in &all {
        let frames = traffic.frames();
        group.throughput(Throughput::Elements(u64::try_from(frames.len()).unwrap()));
        group.bench_function(traffic.name, |bencher| {
            bencher.iter_batched_ref(
                empty_meter,
                |meter| measure_meter(meter, &frames),
                // An empty meter already holds its index: one at a time.
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("engine");
    for traffic in &all {
        let frames = traffic.frames();
        group.throughput(Throughput::Elements(u64::try_from(frames.len()).unwrap()));
        group.bench_function(traffic.name, |bencher| {
            bencher.iter_batched_ref(
                empty_engine,
                |engine| measure_engine(engine, &frames),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

// Both stay functions of their own, so that a profiler can be told to count nothing else.

#[inline(never)]
fn measure_meter(meter: &mut Meter, frames: &[Frame<'_>]) {
    let mut batch: Vec<Observation> = Vec::new();
    let mut observations = 0;
    let mut take = |meter: &mut Meter| {
        if meter.pending() > 0 {
            meter.take_observations(&mut batch);
            observations += batch.len();
            black_box(&mut batch).clear();
        }
    };
    let mut now = Timestamp::ZERO;
    for frame in frames {
        now = frame.timestamp;
        meter.handle_frame(black_box(frame), now);
        take(meter);
    }
    while meter.drain(now) {
        take(meter);
    }
    take(meter);
    assert!(observations > 0, "there was something to observe");
    assert_eq!(meter.stats().invalid, 0, "all frames are well-formed");
}

#[inline(never)]
fn measure_engine(engine: &mut Engine, frames: &[Frame<'_>]) {
    let mut events = 0_u64;
    for frame in frames {
        engine.handle_frame(black_box(frame)).unwrap();
        events += take_events(engine);
    }
    while engine.drain().unwrap() {
        events += take_events(engine);
    }
    events += take_events(engine);
    assert!(events > 0, "there was something to tell");
}

fn take_events(engine: &mut Engine) -> u64 {
    let mut count = 0;
    while let Some(event) = engine.poll_event() {
        black_box(&event);
        count += 1;
    }
    count
}

criterion_group!(benches, engine);
criterion_main!(benches);
