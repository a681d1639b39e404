//! A hundred thousand forged devices beside a real household: no camera is forgotten or taken for another, memory stays
//! within its bounds, and no forged name reaches a reader as it came.
//!
//! The flood is our own construction (see `hikwatch::simulate::forged_flood`); half of it uses address blocks of the vendor.
#![expect(
    clippy::unwrap_used,
    reason = "these functions are of tests, though not tests themselves"
)]

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use hikwatch::analyst::{Config as AnalystConfig, Event, EventKind};
use hikwatch::capture::ObservationPoint;
use hikwatch::catalogue::Catalogue;
use hikwatch::daemon::Engine;
use hikwatch::device::DeviceProfile;
use hikwatch::export::{Config as ExportConfig, EndOfRun, EveEncoder, EventTypes};
use hikwatch::inventory::Inventory;
use hikwatch::meter::Config as MeterConfig;
use hikwatch::metrics::{Build, Config as MetricsConfig, ExpositionFormat, Recorder};
use hikwatch::net::{Frame, InterfaceId, LinkType, MacAddr, Timestamp};
use hikwatch::simulate::{Household, SimulatedFrame, forged_flood};

const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

/// Seconds that the household has for itself before the flood: its cameras are confirmed by then.
const PEACE: u64 = 60;

const FORGED: u64 = 100_000;

/// Confidence from which on a device is confirmed.
const CONFIRMED: u8 = 60;

/// What the process may grow by. All tables are allowed 64 MiB together; this leaves room for the test's own.
const MAX_GROWTH_KIB: u64 = 96 << 10;

/// Everything behind the engine that shows a device to somebody.
struct Readers {
    inventory: Inventory,
    recorder: Recorder,
    encoder: EveEncoder,
    lines: Vec<u8>,
    line_count: u64,
    last: BTreeMap<MacAddr, Arc<DeviceProfile>>,
}

impl Readers {
    fn new() -> Self {
        let mut export = ExportConfig::default();
        export.selection.types = EventTypes::ALL;
        Self {
            inventory: Inventory::new(),
            recorder: Recorder::new(&MetricsConfig::default(), Build::CURRENT).unwrap(),
            encoder: EveEncoder::new(&export, EndOfRun::Shutdown),
            lines: Vec::new(),
            line_count: 0,
            last: BTreeMap::new(),
        }
    }

    fn take(&mut self, event: &Event) {
        self.inventory.apply(event);
        self.recorder.apply(event);
        let point = ObservationPoint { name: "br-lan".to_owned() };
        self.lines.clear();
        self.encoder.encode(event, std::slice::from_ref(&point), &mut self.lines);
        for line in self.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.line_count += 1;
            let text = str::from_utf8(line).unwrap();
            assert!(!text.contains(|c: char| c.is_control() && c != '\u{7f}'), "{text:?}");
            // One in so many is read back; all of them would be most of the test's time.
            if self.line_count % 50 == 1 {
                let value: serde_json::Value = serde_json::from_str(text).unwrap();
                assert!(value.get("event_type").is_some_and(serde_json::Value::is_string));
            }
        }
        if let EventKind::DeviceSeen(profile) = &event.kind
            && let Some(mac) = profile.mac
        {
            self.last.insert(mac, Arc::clone(profile));
        }
    }
}

#[test]
fn a_hundred_thousand_forged_devices_change_nothing_of_the_cameras_and_are_bounded_and_escaped() {
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let analyst = AnalystConfig { all_messages: false, ..AnalystConfig::default() };
    let max_devices = analyst.max_devices;
    let mut engine = Engine::new(&MeterConfig::default(), analyst, catalogue, 1).unwrap();
    let mut readers = Readers::new();
    let mut household = Household::new(1, START);
    let mut number = 0;
    let mut pass = |engine: &mut Engine, readers: &mut Readers, frame: &SimulatedFrame| {
        number += 1;
        engine.handle_frame(&taken(number, frame)).unwrap();
        while let Some(event) = engine.poll_event() {
            readers.take(&event);
        }
    };

    let flood_begins = START.plus(Duration::from_secs(PEACE));
    let mut at_home = household.next().unwrap();
    while at_home.timestamp < flood_begins {
        pass(&mut engine, &mut readers, &at_home);
        at_home = household.next().unwrap();
    }
    let confirmed: Vec<_> = readers
        .last
        .values()
        .filter(|profile| profile.identity.confidence >= CONFIRMED)
        .cloned()
        .collect();
    assert!(confirmed.len() >= 3, "{} confirmed before the flood", confirmed.len());
    let resident_before = resident_kib();

    for forged in forged_flood(7, flood_begins, FORGED) {
        while at_home.timestamp <= forged.timestamp {
            pass(&mut engine, &mut readers, &at_home);
            at_home = household.next().unwrap();
        }
        pass(&mut engine, &mut readers, &forged);
    }
    let growth = resident_kib().saturating_sub(resident_before);
    while engine.drain().unwrap() {}
    while let Some(event) = engine.poll_event() {
        readers.take(&event);
    }

    let stats = engine.analyst_stats();
    println!(
        "{FORGED} forged: {} devices kept, {} evicted, {} refused, grown by {growth} KiB",
        stats.devices, stats.devices_evicted, stats.devices_refused
    );
    assert!(stats.devices <= max_devices);
    assert!(growth <= MAX_GROWTH_KIB, "grown by {growth} KiB");
    for before in &confirmed {
        let mac = before.mac.unwrap();
        let entry = readers.inventory.device(&before.id.0).unwrap();
        let after = &entry.profile;
        let who = |profile: &DeviceProfile| {
            let identity = &profile.identity;
            (profile.mac, identity.vendor.clone(), identity.model.clone(), identity.serial.clone())
        };
        assert_eq!(who(before), who(after), "{mac}");
        assert!(after.identity.confidence >= CONFIRMED, "{mac}: {}", after.identity.confidence);
        assert_eq!(after.other_macs, [], "{mac}");
    }
    let exposition = readers.recorder.render(ExpositionFormat::Text);
    assert!(!exposition.contains(|c: char| c != '\n' && (c.is_control() || is_reordering(c))));
    let device_series = exposition.lines().filter(|line| line.starts_with("hikwatch_device_info"));
    assert!(device_series.count() <= MetricsConfig::default().max_devices);
}

/// Tells what turns or hides the text around it.
const fn is_reordering(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn taken(number: u64, frame: &SimulatedFrame) -> Frame<'_> {
    Frame {
        number,
        timestamp: frame.timestamp,
        interface: InterfaceId(0),
        link_type: LinkType::ETHERNET,
        wire_len: u32::try_from(frame.bytes.len()).unwrap(),
        stripped_tag: None,
        bytes: &frame.bytes,
    }
}

/// Memory of this process that is in use, proc(5).
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}
