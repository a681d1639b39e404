//! What a scrape costs: all series of a site, in both formats.
//!
//! Comes in: a recorder with 256 devices that each spoke to eight services. Goes out: the time of one exposition. `-packed` is
//! the same with gzip, as Prometheus asks for it; sending it is no part of this.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has to stop")]

use std::io::Write as _;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::write::GzEncoder;
use hikwatch::metrics::{Config, ExpositionFormat, Profile};

#[path = "../tests/exposition/events.rs"]
#[expect(clippy::indexing_slicing, reason = "what is built by hand is there")]
mod events;

fn scrape(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scrape");
    let site = Config::default();
    let dated = Config { created: true, ..Config::default() };
    let fleet = Config { profile: Profile::Fleet, ..Config::default() };
    for (name, config, format) in [
        ("text", &site, ExpositionFormat::Text),
        ("openmetrics", &site, ExpositionFormat::OpenMetrics),
        ("openmetrics-created", &dated, ExpositionFormat::OpenMetrics),
        ("fleet", &fleet, ExpositionFormat::Text),
    ] {
        let recorder = events::crowd(256, 8, config);
        let series = recorder.render(format).lines().filter(|line| !line.starts_with('#')).count();
        group.throughput(Throughput::Elements(u64::try_from(series).unwrap()));
        group.bench_function(name, |bencher| bencher.iter(|| recorder.render(format)));
        group.bench_function(format!("{name}-packed"), |bencher| {
            bencher.iter(|| {
                let text = recorder.render(format);
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(text.as_bytes()).unwrap();
                encoder.finish().unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, scrape);
criterion_main!(benches);
