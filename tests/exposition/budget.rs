//! How many series there are: with twenty cameras, in a fleet, and while strangers pour in ever new names and addresses.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use hikwatch::metrics::{Config, ExpositionFormat, Profile};
use hikwatch::net::MacAddr;
use hikwatch::simulate::{Estate, EstatePlan, Link, Prng, SimulatedFrame, build_udp, forged_flood};

use crate::events::crowd;
use crate::lab::{Lab, START, series, sum};
use crate::openmetrics;
use crate::oracles::{assert_promtool_is_content, assert_python_reads};

const SITE_BUDGET: usize = 1000;

const FLEET_BUDGET: usize = 200;

/// Distinct strangers of the run that is always made; the long one has a million.
const STRANGERS: u64 = 30_000;

#[test]
fn a_site_of_twenty_cameras_has_at_most_1000_series_and_a_fleet_200_with_the_same_sums() {
    let site = Config::default();
    let fleet = Config { profile: Profile::Fleet, ..Config::default() };
    let dated = Config { created: true, ..Config::default() };
    let mut lab = Lab::new(&[site, fleet, dated]);
    let plan = EstatePlan { units: 20, keeps_flows: false, ..EstatePlan::small() };
    for frame in Estate::new(3, START, plan) {
        lab.take(&frame);
    }
    lab.drain();

    let [site, fleet, dated] = lab.recorders.as_slice() else { unreachable!() };
    let (by_device, sums) = (series(site), series(fleet));
    let cameras = by_device.keys().filter(|name| name.starts_with("hikwatch_device_info{")).count();
    println!("{cameras} devices: {} series by device, {} in sums", by_device.len(), sums.len());
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    for name in by_device.keys() {
        *families.entry(name.split('{').next().unwrap()).or_default() += 1;
    }
    println!("{families:?}");
    assert!(cameras >= 20, "{cameras} devices");
    assert!(by_device.len() <= SITE_BUDGET, "{} series", by_device.len());
    assert!(sums.len() <= FLEET_BUDGET, "{} series", sums.len());
    assert!(!sums.keys().any(|name| name.contains("device=\"") || name.contains("service=\"")));
    for (family, labels) in [
        ("hikwatch_device_bytes_total", "sent"),
        ("hikwatch_device_bytes_total", "received"),
        ("hikwatch_cloud_bytes_total", "sent"),
        ("hikwatch_cloud_bytes_total", "received"),
        ("hikwatch_cloud_flows_total", ""),
        ("hikwatch_country_bytes_total", "sent"),
        ("hikwatch_alerts_total", ""),
        ("hikwatch_messages_total", ""),
        ("hikwatch_dissect_errors_total", ""),
    ] {
        let (one, other) = (sum(&by_device, family, &[labels]), sum(&sums, family, &[labels]));
        assert_eq!(one, other, "{family} {labels}");
        assert!(one > 0.0 || family.contains("errors"), "{family} {labels}");
    }
    // What is behind it changes with the process, so that only the sets of series compare.
    assert_eq!(series(dated).len(), by_device.len());
    for recorder in [site, fleet, dated] {
        assert_promtool_is_content(&recorder.render(ExpositionFormat::Text));
        let text = recorder.render(ExpositionFormat::OpenMetrics);
        assert_python_reads(&text);
        let families = openmetrics::read(&text).unwrap();
        let samples: usize = families.values().map(|family| family.samples.len()).sum();
        let dates = text.lines().filter(|line| line.contains("_created{")).count();
        println!("{samples} samples in OpenMetrics, {dates} of them say when a counter began");
        assert_eq!(samples - dates, series(recorder).len());
    }
}

#[test]
fn the_number_of_series_does_not_follow_names_and_addresses() {
    pour(STRANGERS);
}

#[test]
#[ignore = "takes minutes: a million names, hardware addresses and addresses"]
fn the_number_of_series_does_not_follow_a_million_names_and_addresses() {
    pour(1_000_000);
}

#[test]
fn a_scrape_with_256_devices_is_quick() {
    let recorder = crowd(256, 8, &Config::default());
    for format in [ExpositionFormat::Text, ExpositionFormat::OpenMetrics] {
        let mut fastest = Duration::MAX;
        let mut lines = 0;
        for _ in 0..5 {
            #[expect(clippy::disallowed_methods, reason = "how long it takes is the question")]
            let begun = std::time::Instant::now();
            lines = recorder.render(format).lines().count();
            fastest = fastest.min(begun.elapsed());
        }
        println!("{lines} lines of {format:?} in {fastest:?}");
        assert!(lines > 7_000, "{lines} lines");
        // The bound for a release is 10 ms, and the bench shows it; this one only catches what went wrong by far.
        assert!(fastest < Duration::from_millis(100), "{fastest:?}");
    }
}

/// Half of the strangers are forged devices, half ask for names; every one has addresses and names of its own.
fn pour(strangers: u64) {
    let config = Config { max_devices: 64, ..Config::default() };
    let fleet = Config { profile: Profile::Fleet, ..Config::default() };
    let mut lab = Lab::new(&[config, fleet]);
    let mut forged = forged_flood(11, START, strangers / 2).peekable();
    let mut prng = Prng::new(5);
    let mut counts = Vec::new();
    let quarter = strangers / 8;
    for number in 0..strangers / 2 {
        let asker = question(&mut prng, number);
        while let Some(frame) = forged.next_if(|frame| frame.timestamp <= asker.timestamp) {
            lab.take(&frame);
        }
        lab.take(&asker);
        if number % quarter == quarter - 1 {
            lab.tell_totals();
            counts.push([0, 1].map(|which: usize| series(&lab.recorders[which]).len()));
        }
    }
    println!("{} frames, series in each quarter: {counts:?}", lab.frames);
    // Whatever the strangers call themselves, what comes out is well formed.
    for recorder in &lab.recorders {
        let text = recorder.render(ExpositionFormat::OpenMetrics);
        assert!(!text.contains(|c: char| c != '\n' && c.is_control()));
        openmetrics::read(&text).unwrap();
        assert_python_reads(&text);
        assert_promtool_is_content(&recorder.render(ExpositionFormat::Text));
    }

    let (first, last) = (counts[0], *counts.last().unwrap());
    // A forged device may take a label and say more of itself later, as far as there are labels; nothing else grows.
    assert!(last[0] <= first[0] + 64, "{counts:?}");
    assert!(last[1] <= first[1] + 8, "{counts:?}");
    assert!(last[0] <= 600 + 64 * 8, "{counts:?}");
    assert!(last[1] <= FLEET_BUDGET, "{counts:?}");
}

/// A question for a name that nobody asked for before, from a host that nobody saw before.
fn question(prng: &mut Prng, number: u64) -> SimulatedFrame {
    let random = prng.next_u64().to_be_bytes();
    let [a, b, c, d, e, f, ..] = random;
    let client = Ipv4Addr::new(10, d, e, f.clamp(2, 250));
    let mut message = vec![a, b, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let label = format!("n{number:x}");
    message.push(u8::try_from(label.len()).unwrap());
    message.extend_from_slice(label.as_bytes());
    message.extend_from_slice(b"\x07example\x03com\x00\x00\x01\x00\x01");
    let link = Link {
        source: MacAddr([0x02, a, b, c, d, e]),
        destination: MacAddr([0x02, 0, 0, 0, 0, 1]),
        vlan: None,
    };
    let mut bytes = Vec::new();
    let port = 1024 + u16::from_be_bytes([e, f]) % 60_000;
    let (from, to) =
        (SocketAddrV4::new(client, port), SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 53));
    build_udp(&mut bytes, &link, from.into(), to.into(), 1, &message);
    SimulatedFrame { timestamp: START.plus(Duration::from_micros(900 * number)), bytes }
}
