//! What a look-up costs: names that meet a host, a pattern, a suffix or nothing, in the built-in catalogue and in ones of
//! 50 and of 50,000 entries; ports; makers; the country of an address; the name that a host asked for, in a full memory.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has to stop")]

use std::fmt::Write;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use hikwatch::catalogue::{Catalogue, CatalogueText};
use hikwatch::classify::{NameMemory, Witnesses, classify};
use hikwatch::dissect::{AppProtocol, DnsMessage, DnsQuery, DnsRecord, DnsRecordData};
use hikwatch::flow::Endpoint;
use hikwatch::geo::Geo;
use hikwatch::net::{IpProtocol, Timestamp};

/// Names of the built-in catalogue, by how they are met.
const BUILTIN: [(&str, &[&str]); 4] = [
    ("host", &["litedev.ezvizlife.com", "AlarmEU.ezvizlife.com.", "alarm.eu.s3.amazonaws.com"]),
    ("pattern", &["apiieu2.hik-connect.com", "litedev2.eu.ezvizlife.com", "uscas.ezvizlife.com"]),
    ("suffix", &["something.else.ys7.com", "camera.hicloudcam.com", "pic.hik-cloud.com"]),
    (
        "miss",
        &[
            "www.google.com",
            "time.apple.com",
            "chiddns.com",
            "a.very.long.name.with.many.labels.below.some.cdn.example.net",
            "s3.amazonaws.com",
            "evilezvizlife.com",
        ],
    ),
];
/// The same, of a catalogue that `generated` makes.
const GENERATED: [(&str, &[&str]); 4] = [
    ("host", &["h0.vendor0.example", "h22.vendor22.example", "H48.vendor48.example."]),
    ("pattern", &["api7.eu.s1.vendor1.example", "apix.s25.vendor25.example"]),
    ("suffix", &["x.s1.vendor1.example", "a.b.c.s25.vendor25.example", "s49.vendor49.example"]),
    (
        "miss",
        &[
            "www.google.com",
            "a.very.long.name.with.many.labels.below.some.cdn.example.net",
            "h1.vendor0.example",
            "s3.vendor4.example",
            "x.y.z.vendor1.example",
        ],
    ),
];
/// Entries of the generated catalogues, half of them suffixes with a pattern.
const SIZES: [usize; 2] = [50, 50_000];
/// Names in the memory.
const NAMES: usize = 65_536;

fn look_ups(criterion: &mut Criterion) {
    let builtin = Catalogue::builtin().unwrap();
    let mut group = criterion.benchmark_group("catalogue/cloud");
    measure(&mut group, "builtin", &builtin, &BUILTIN);
    for size in SIZES {
        let text = generated(size);
        let own = Catalogue::compile(&[CatalogueText { name: "own.toml", text: &text }]).unwrap();
        assert_eq!(own.clouds().len(), size);
        measure(&mut group, &size.to_string(), &own, &GENERATED);
    }
    group.finish();

    let mut group = criterion.benchmark_group("catalogue/wire");
    group.throughput(Throughput::Elements(2));
    group.bench_function("port", |bencher| {
        bencher.iter(|| {
            for port in [8666, 444] {
                black_box(builtin.port(IpProtocol::TCP, black_box(port)));
            }
        });
    });
    group.finish();

    let geo = Geo::builtin().unwrap();
    let places = ["202.12.27.33", "192.36.148.17", "2001:dc3::35", "192.168.1.1"]
        .map(|text| text.parse::<IpAddr>().unwrap());
    let mut group = criterion.benchmark_group("geo");
    group.throughput(Throughput::Elements(places.len() as u64));
    group.bench_function("place", |bencher| {
        bencher.iter(|| {
            for address in places {
                black_box(geo.place(black_box(address)));
            }
        });
    });
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

/// Measures each kind of name by itself, and proves first that it is of that kind.
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    label: &str,
    catalogue: &Catalogue,
    kinds: &[(&str, &[&str])],
) {
    for (kind, names) in kinds {
        for name in *names {
            let found = catalogue.cloud(name).map_or("miss", |found| found.exactness.as_label());
            assert_eq!(found, *kind, "{name}");
        }
        group.throughput(Throughput::Elements(u64::try_from(names.len()).unwrap()));
        group.bench_function(format!("{label}/{kind}"), |bencher| {
            bencher.iter(|| {
                for name in *names {
                    black_box(catalogue.cloud(black_box(name)));
                }
            });
        });
    }
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
    let far_end = Endpoint { ip: Ipv4Addr::new(198, 51, 100, 7).into(), port: 8666 };
    let witnesses =
        Witnesses { sni: Some("litedev.ezvizlife.com"), ..Witnesses::of(IpProtocol::TCP, far_end) };
    let geo = Geo::default();
    group.bench_function("classify/hit", |bencher| {
        bencher.iter(|| classify(&catalogue, &geo, black_box(&witnesses)));
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

/// A catalogue of its own with `size` entries: hosts at even places, suffixes at odd ones.
fn generated(size: usize) -> String {
    let mut text = String::from(
        "schema = 1\n[[source]]\nid = \"own\"\ntitle = \"made for a bench\"\n\
         [[vendor]]\nslug = \"own\"\ntitle = \"Own\"\ngrade = \"D\"\nsources = [\"own\"]\n\
         [[region_code]]\ncode = \"eu\"\nregion = \"eu\"\nsources = [\"own\"]\n",
    );
    let mut suffixes = Vec::new();
    for index in 0..size {
        let vendor = index % 997;
        let (key, name) = if index % 2 == 0 {
            ("host", format!("h{index}.vendor{vendor}.example"))
        } else {
            let name = format!("s{index}.vendor{vendor}.example");
            suffixes.push(format!("{name:?}"));
            ("suffix", name)
        };
        write!(
            text,
            "[[cloud]]\n{key} = \"{name}\"\nvendor = \"own\"\nservice = \"generated\"\n\
             role = \"api\"\nregion = \"global\"\nspeaker = \"app\"\ngrade = \"D\"\n\
             sources = [\"own\"]\n",
        )
        .unwrap();
    }
    write!(
        text,
        "[[pattern]]\nlabel = \"api*\"\nfunction = \"api\"\nrole = \"api\"\nspeaker = \"app\"\n\
         grade = \"D\"\nsources = [\"own\"]\nsuffixes = [{}]\n",
        suffixes.join(", ")
    )
    .unwrap();
    text
}

criterion_group!(benches, look_ups, classification);
criterion_main!(benches);
