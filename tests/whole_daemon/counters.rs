//! No counter of a running daemon falls: while it reloads other sinks, devices and alerts, while devices come, make room, are
//! forgotten and come back, and while more of them are there than may have series of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use hikwatch::simulate::{Estate, EstatePlan, SimulatedFrame};

use crate::far_ends::{FarEnd, Mood};
use crate::lab::{Daemon, Series, Site, capture, eventually, free_port, now, sum};

/// Devices that may have series of their own: fewer than there are, so that `other` is used.
const LABELLED: usize = 4;

/// Frames between two looks.
const STRIDE: usize = 600;

/// Frames of the run: some hours of an estate.
const FRAMES: usize = 60_000;

#[test]
fn no_counter_of_a_daemon_falls_over_reloads_churn_and_overflow() {
    for profile in ["site", "fleet"] {
        watch(profile);
    }
}

fn watch(profile: &str) {
    let site = Site::new();
    fs::create_dir(site.path("store")).unwrap();
    let port = free_port();
    let _web = FarEnd::web(port, Mood::Well);
    let settings = |round| configuration(&site, profile, port, round);
    site.configure(&settings(0));
    let mut daemon = site.start(&["--source", "-"]);
    let mut watched = Watched::default();
    watched.look(&daemon);

    let plan = EstatePlan { units: 20, keeps_flows: false, ..EstatePlan::small() };
    let frames: Vec<SimulatedFrame> = Estate::new(3, now(), plan).take(FRAMES).collect();
    for (round, part) in frames.chunks(STRIDE).enumerate() {
        daemon.feed(&capture(part, round == 0));
        watched.look(&daemon);
        match round % 10 {
            3 => {
                // Every other file is wrong, and stays without effect.
                let wrong = if round % 20 == 3 { "" } else { "[nonsense]\nx = 1\n" };
                site.configure(&(settings(round / 10) + wrong));
                daemon.signal("HUP");
                watched.reloads += 1;
            }
            6 => watched.forget_one(&daemon),
            _ => {}
        }
        watched.look(&daemon);
    }
    let frames = frames.len() as f64;
    let last = eventually("the last frame", || {
        let series = watched.look(&daemon);
        (sum(&series, "hikwatch_capture_packets_total", &[]) == frames).then_some(series)
    });

    println!(
        "{profile}: {} series of counters, {} readings, {} reloads, {} devices forgotten, {} devices seen",
        watched.last.len(),
        watched.readings,
        watched.reloads,
        watched.forgotten,
        watched.devices.len()
    );
    assert!(watched.reloads >= 9 && watched.forgotten >= 5 && watched.devices.len() > LABELLED);
    assert_eq!(sum(&last, "hikwatch_events_dropped_total", &[]), 0.0);
    if profile == "site" {
        let labelled = |name: &&String| {
            name.starts_with("hikwatch_device_confidence_ratio{") && !name.contains("\"other\"")
        };
        assert!(last.keys().filter(labelled).count() <= LABELLED);
        let other = sum(&last, "hikwatch_device_bytes_total", &["device=\"other\""]);
        assert!(other > 0.0, "there were too few devices for `other`");
    }
    let log = daemon.log();
    assert!(log.contains("the configuration was read again"), "{log}");
    assert!(log.contains("the configuration stays as it was"), "{log}");
    daemon.stop();
}

/// A configuration that differs from round to round in what a reload changes.
fn configuration(site: &Site, profile: &str, port: u16, round: usize) -> String {
    let root = site.folder.path().display();
    let mut text = String::new();
    if round % 2 == 1 {
        text += "types = [\"all\"]\n";
    }
    // That takes effect at the next start; until then nothing may come of it.
    let said = if round % 4 == 3 { "fleet" } else { profile };
    text += &format!(
        "[store]\ndirectory = \"{root}/store\"\ninterval = \"1s\"\n\
         [metrics]\nprofile = \"{said}\"\nmax_devices = {LABELLED}\n\
         [limits]\nmax_devices = {}\n\
         [alerts]\nlearning = \"{}\"\nmax_per_hour = {}\n",
        [64, 9, 14][round % 3],
        ["0ms", "24h"][round % 2],
        [60, 1][round % 2]
    );
    if round % 3 == 1 {
        text += "[[alerts.override]]\nrule = \"vendor-cloud-contact\"\nseverity = \"high\"\n";
        text += "[[device]]\nmac = \"44:a6:42:01:02:03\"\nname = \"Front door\"\n";
    }
    if round % 3 != 2 {
        text += &format!("[[webhook]]\nname = \"w\"\nurl = \"http://127.0.0.1:{port}/{round}\"\n");
    }
    if round % 4 == 2 {
        text += "[syslog]\nserver = \"udp://127.0.0.1:9\"\n";
    }
    text
}

/// What was scraped.
#[derive(Default)]
struct Watched {
    last: Series,
    sums: BTreeMap<String, f64>,
    readings: usize,
    reloads: usize,
    forgotten: usize,
    devices: BTreeSet<String>,
}

impl Watched {
    fn look(&mut self, daemon: &Daemon) -> Series {
        let all = daemon.scrape();
        let mut sums: BTreeMap<String, f64> = BTreeMap::new();
        for (name, value) in all.iter().filter(|(name, _)| is_counter(name)) {
            self.readings += 1;
            // Prometheus takes one that comes back for the same one.
            if let Some(before) = self.last.insert(name.clone(), *value) {
                assert!(*value >= before, "{name} fell from {before} to {value}");
            }
            *sums.entry(family(name).to_owned()).or_default() += value;
        }
        for (family, before) in &self.sums {
            let sum = sums.get(family).copied().unwrap_or(f64::NAN);
            assert!(sum >= *before, "the sum of {family} fell from {before} to {sum}");
        }
        self.sums.extend(sums);
        all
    }

    /// Has the device that comes next in order forgotten; it comes back with its next frame.
    fn forget_one(&mut self, daemon: &Daemon) {
        let devices = daemon.items("/api/v1/devices");
        let ids = devices.iter().filter_map(|device| device["device_id"].as_str());
        let ids: Vec<String> = ids.map(str::to_owned).collect();
        self.devices.extend(ids.iter().cloned());
        if let Some(id) = ids.get(self.forgotten % ids.len().max(1)) {
            let answer = daemon.ask("DELETE", &format!("/api/v1/devices/{id}")).unwrap();
            assert!(matches!(answer.0, 204 | 404), "{answer:?}");
            self.forgotten += usize::from(answer.0 == 204);
        }
    }
}

fn family(series: &str) -> &str {
    series.split('{').next().unwrap_or(series)
}

/// Series of counters, and of what is counted of histograms.
fn is_counter(series: &str) -> bool {
    ["_total", "_bucket", "_count", "_sum"].iter().any(|end| family(series).ends_with(end))
}
