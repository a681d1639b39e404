//! What a look-up of a name costs: known and unknown names, in the built-in catalogue and in one of 50,000 entries.

#![expect(missing_docs, reason = "criterion's macro declares a public function")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has to stop")]

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hikwatch::catalogue::{Catalogue, CatalogueText};

const HITS: [&str; 6] = [
    "litedev.ezvizlife.com",
    "dev.us.ezviz7.com",
    "AlarmEU.ezvizlife.com.",
    "apiieu2.hik-connect.com",
    "something.else.ys7.com",
    "alarm.eu.s3.amazonaws.com",
];
const MISSES: [&str; 6] = [
    "www.google.com",
    "time.apple.com",
    "chiddns.com",
    "a.very.long.name.with.many.labels.below.some.cdn.example.net",
    "s3.amazonaws.com",
    "evilezvizlife.com",
];
/// Entries of the large catalogue, half of them suffixes.
const LARGE: usize = 50_000;

fn look_ups(criterion: &mut Criterion) {
    let builtin = Catalogue::builtin().unwrap();
    let text = large_text();
    let large =
        Catalogue::builtin_with(&[CatalogueText { name: "large.toml", text: &text }]).unwrap();

    let mut group = criterion.benchmark_group("catalogue/cloud");
    for (size, catalogue) in [("builtin", &builtin), ("50k", &large)] {
        for (kind, names) in [("hit", HITS), ("miss", MISSES)] {
            assert!(names.iter().all(|name| catalogue.cloud(name).is_some() == (kind == "hit")));
            group.throughput(Throughput::Elements(u64::try_from(names.len()).unwrap()));
            group.bench_function(format!("{size}/{kind}"), |bencher| {
                bencher.iter(|| {
                    for name in names {
                        black_box(catalogue.cloud(black_box(name)));
                    }
                });
            });
        }
    }
    group.finish();

    let macs = ["44:a6:42:01:02:03", "b0:b3:53:6f:00:01", "02:00:00:00:00:01", "a4:5e:60:00:00:01"]
        .map(|text| text.parse().unwrap());
    let mut group = criterion.benchmark_group("catalogue/maker");
    group.throughput(Throughput::Elements(u64::try_from(macs.len()).unwrap()));
    group.bench_function("builtin", |bencher| {
        bencher.iter(|| {
            for mac in macs {
                black_box(builtin.maker(black_box(mac)));
            }
        });
    });
    group.finish();
}

fn large_text() -> String {
    let mut text = String::from("schema = 1\n");
    for index in 0..LARGE {
        let key = if index % 2 == 0 { "host" } else { "suffix" };
        write!(
            text,
            "[[cloud]]\n{key} = \"h{index}.vendor{}.example\"\nvendor = \"hikvision\"\n\
             service = \"generated\"\nrole = \"api\"\nregion = \"global\"\nspeaker = \"app\"\n\
             grade = \"D\"\nsources = [\"idx\"]\n",
            index % 997
        )
        .unwrap();
    }
    text
}

criterion_group!(benches, look_ups);
criterion_main!(benches);
