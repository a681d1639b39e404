//! What a look-up costs: known and unknown names, in the built-in catalogue and in one of 50,000 entries;
//! makers; the name that a host asked for, in a full memory.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has to stop")]

use std::fmt::Write;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hikwatch::catalogue::{Catalogue, CatalogueText};
use hikwatch::classify::{NameMemory, Witnesses, classify};
use hikwatch::dissect::{AppProtocol, DnsMessage, DnsQuery, DnsRecord, DnsRecordData};
use hikwatch::net::{IpProtocol, Timestamp};

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
/// Names in the memory.
const NAMES: usize = 65_536;

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

fn classification(criterion: &mut Criterion) {
    let catalogue = Catalogue::builtin().unwrap();
    let now = Timestamp::from_parts(1_000_000, 0);
    let mut memory = NameMemory::new(NAMES, ahash::RandomState::with_seeds(1, 2, 3, 4));
    for number in 0..u32::try_from(NAMES).unwrap() {
        let (host, address) = host_and_address(number);
        memory.observe(host, &answer(&format!("n{number}.example"), address), now);
    }
    assert_eq!(memory.len(), NAMES);
    let numbers: Vec<_> = (0..1000).map(|n| n * 61).collect();

    let mut group = criterion.benchmark_group("classify");
    group.throughput(Throughput::Elements(u64::try_from(numbers.len()).unwrap()));
    group.bench_function("name_memory/lookup", |bencher| {
        bencher.iter(|| {
            for &number in &numbers {
                let (host, address) = host_and_address(number);
                black_box(memory.lookup(host, address.into(), now));
            }
        });
    });
    group.throughput(Throughput::Elements(1));
    let message = answer("litedev.ezvizlife.com", Ipv4Addr::new(198, 51, 100, 7));
    group.bench_function("name_memory/observe", |bencher| {
        bencher.iter(|| memory.observe(host_and_address(0).0, black_box(&message), now));
    });
    let witnesses = Witnesses {
        sni: Some("litedev.ezvizlife.com"),
        http_host: None,
        resolved: None,
        protocol: IpProtocol::TCP,
        responder_port: 8666,
    };
    group.bench_function("classify/hit", |bencher| {
        bencher.iter(|| classify(&catalogue, black_box(&witnesses)));
    });
    group.finish();
}

fn host_and_address(number: u32) -> (IpAddr, Ipv4Addr) {
    let host = Ipv4Addr::from_bits(0x0a00_0000 | (number % 64));
    (host.into(), Ipv4Addr::from_bits(0xc600_0000 | number))
}

fn answer(name: &str, address: Ipv4Addr) -> DnsMessage {
    let queries = vec![DnsQuery { name: name.to_owned(), rtype: 1 }];
    let record =
        DnsRecord { name: name.to_owned(), rtype: 1, ttl: 300, data: DnsRecordData::A(address) };
    let answers = vec![record];
    DnsMessage { queries, answers, ..DnsMessage::new(AppProtocol::Dns, 1, 0x8180) }
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

criterion_group!(benches, look_ups, classification);
criterion_main!(benches);
