//! What the engine concludes from a simulated household, against the truth about that household.
//!
//! The simulator shares no code with what it tests but the types of `net`, so where both agree to the
//! byte neither of them is likely to be wrong.
#![expect(
    clippy::unwrap_used,
    reason = "these functions are of tests, though not tests themselves"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use hikwatch::alert::{AlertPhase, AlertRule};
use hikwatch::analyst::{Config as AnalystConfig, Event, EventKind, FlowSighting, Tally};
use hikwatch::catalogue::Catalogue;
use hikwatch::daemon::Engine;
use hikwatch::device::DeviceProfile;
use hikwatch::dissect::Message;
use hikwatch::export::{
    Config as ExportConfig, EndOfRun, EveEncoder, EventTypes, Pseudonyms, Scope, Selection,
};
use hikwatch::meter::{Config as MeterConfig, MeterStats};
use hikwatch::net::{Frame, InterfaceId, LinkType, MacAddr, Timestamp};
use hikwatch::simulate::{ByteTruth, CloudTruth, DeviceTruth, Household, Truth};

const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

/// Seeds, and seconds of each household: the last lives through a second registration, idle
/// timeouts and several attacks.
const RUNS: [(u64, u64); 5] = [(1, 120), (2, 120), (3, 120), (42, 120), (7, 700)];

/// Devices that nothing tells the kind of: the doorbell shows no model, and no published rule reads
/// the model names of the brand that the other is sold under.
const KIND_UNSHOWN: &[&str] = &["doorbell", "rebranded"];

/// A household that was watched, and the truth about it.
struct Watched {
    seed: u64,
    truth: Truth,
    events: Vec<Event>,
    meter: MeterStats,
}

static WATCHED: LazyLock<Vec<Watched>> =
    LazyLock::new(|| RUNS.into_iter().map(|(seed, seconds)| watch(seed, seconds)).collect());

/// Bytes and flows, as both sides state them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum {
    sent: u64,
    received: u64,
    flows: u64,
}

#[test]
fn every_vendor_device_is_found_for_what_it_is() {
    for Watched { seed, truth, events, .. } in WATCHED.iter() {
        let profiles = profiles(events);
        for device in truth.devices.iter().filter(|device| device.vendor.is_some()) {
            let context = format!("{} of seed {seed}", device.name);
            let profile = profiles.get(&device.mac.0).unwrap_or_else(|| panic!("no {context}"));
            let identity = &profile.identity;
            let kind = if KIND_UNSHOWN.contains(&device.name) { "unknown" } else { device.kind };

            assert_eq!(identity.vendor.as_deref(), device.vendor, "{context}");
            assert_eq!(identity.oem_of.as_deref(), device.oem_of, "{context}");
            assert_eq!(identity.model.as_deref(), device.model, "{context}");
            assert_eq!(identity.serial.as_deref(), device.serial, "{context}");
            assert_eq!(identity.firmware.as_deref(), device.firmware, "{context}");
            assert_eq!(identity.kind.as_label(), kind, "{context}");
            assert!(identity.confidence >= 60, "{context}: {identity:?}");
            assert!(profile.addresses.contains(&device.ip), "{context}: {profile:?}");
        }
    }
}

#[test]
fn no_other_host_is_ever_called_a_vendor_device() {
    for Watched { seed, truth, events, .. } in WATCHED.iter() {
        let theirs: BTreeSet<_> = truth
            .devices
            .iter()
            .filter(|device| device.vendor.is_some())
            .map(|device| Some(device.mac))
            .collect();
        for profile in all_profiles(events).filter(|profile| profile.is_vendor_device()) {
            assert!(theirs.contains(&profile.mac), "seed {seed}: {profile:?}");
        }
    }
}

#[test]
fn each_cloud_contact_has_its_service_and_its_bytes() {
    for Watched { seed, truth, events, .. } in WATCHED.iter() {
        let mut expected: BTreeMap<_, Sum> = BTreeMap::new();
        for device in &truth.devices {
            for cloud in vendor_clouds(device) {
                let key = (device.name, cloud.vendor.unwrap(), cloud.role, cloud.region);
                let sum = expected.entry(key).or_default();
                sum.add(cloud.bytes, cloud.flows);
            }
        }

        // The truth knows no services: what several of them have in one role and region is summed.
        let mut last = BTreeMap::new();
        for sighting in sightings(events) {
            let (Some(device), Some(cloud)) = (&sighting.device, &sighting.destination) else {
                continue;
            };
            let name = truth.name_of(&device.profile);
            let key = (name, &*cloud.vendor, cloud.role.as_label(), cloud.region.as_label());
            let tally = sighting.tallies.unwrap().cloud;
            last.insert((key, &*cloud.service), tally);
        }
        let mut found: BTreeMap<_, Sum> = BTreeMap::new();
        for ((key, _), tally) in last {
            found.entry(key).or_default().add_tally(tally);
        }

        assert_eq!(found, expected, "seed {seed}");
    }
}

#[test]
fn each_flow_to_a_cloud_has_the_name_that_its_host_asked_for() {
    for Watched { seed, truth, events, .. } in WATCHED.iter() {
        let mut flows = 0;
        for sighting in ended(events) {
            let record = &sighting.report.record;
            let clouds = || truth.devices.iter().flat_map(vendor_clouds);
            let expected = clouds().find(|cloud| cloud.address == record.responder.ip);
            let found = sighting.destination.as_deref();

            assert_eq!(
                found.and_then(|found| found.domain.as_deref()),
                expected.and_then(|cloud| cloud.domain),
                "seed {seed}: {record:?}"
            );
            assert_eq!(
                found.map(|found| found.speaker.as_label()),
                expected.and_then(|cloud| cloud.speaker),
                "seed {seed}: {record:?}"
            );
            flows += u64::from(found.is_some());
        }
        let expected: u64 =
            truth.devices.iter().flat_map(vendor_clouds).map(|cloud| cloud.flows).sum();
        assert_eq!(flows, expected, "seed {seed}");
    }
}

#[test]
fn the_bytes_of_a_vendor_device_are_right_on_each_side_of_the_perimeter() {
    for Watched { seed, truth, events, .. } in WATCHED.iter() {
        let mut found: BTreeMap<_, ByteTruth> = BTreeMap::new();
        for sighting in sightings(events) {
            let device = sighting.device.as_ref().zip(sighting.tallies);
            let device = device.map(|(device, tallies)| (&device.profile, tallies.device));
            let peer = sighting.peer.as_ref().map(|peer| (&peer.profile, peer.tally));
            for (profile, Tally { sent, received, .. }) in [device, peer].into_iter().flatten() {
                let key = (truth.name_of(profile), sighting.perimeter.as_label());
                found.insert(key, ByteTruth { sent, received });
            }
        }
        for device in truth.devices.iter().filter(|device| device.vendor.is_some()) {
            let sides = [
                ("inbound", device.inbound),
                ("outbound", device.outbound),
                ("internal", device.internal),
            ];
            for (perimeter, expected) in sides {
                let found = found.get(&(device.name, perimeter)).copied().unwrap_or_default();
                assert_eq!(found, expected, "{} {perimeter}, seed {seed}", device.name);
            }
        }
    }
}

#[test]
fn each_device_and_each_contact_is_reported_once() {
    for Watched { seed, truth, events, .. } in WATCHED.iter() {
        let mut new_devices = Vec::new();
        let mut contacts = Vec::new();
        let mut reported = BTreeSet::new();
        for event in events {
            let EventKind::AlertTold(sighting) = &event.kind else { continue };
            let alert = &sighting.alert;
            if alert.phase != AlertPhase::Raised {
                continue;
            }
            let name = truth.name_of(&alert.device);
            // What the other rules say of a household is looked at in `tests/alerts.rs`.
            let rule = alert.rule.builtin.unwrap();
            assert_ne!(rule, AlertRule::IdentityConflict, "nobody at home is forged: {name}");
            if rule == AlertRule::NewDevice {
                new_devices.push(name);
            }
            if rule == AlertRule::VendorCloudContact {
                let cloud = alert.destination.as_ref().unwrap();
                contacts.push((name, &*cloud.service));
                reported.insert((
                    name,
                    &*cloud.vendor,
                    cloud.role.as_label(),
                    cloud.region.as_label(),
                ));
            }
        }
        let mut used: Vec<_> = sightings(events)
            .filter_map(|sighting| {
                let device = sighting.device.as_ref()?;
                Some((truth.name_of(&device.profile), &*sighting.destination.as_ref()?.service))
            })
            .collect();
        let mut vendors: Vec<_> = truth
            .devices
            .iter()
            .filter(|device| device.vendor.is_some())
            .map(|device| device.name)
            .collect();
        let contacted = truth.devices.iter().flat_map(|device| {
            vendor_clouds(device)
                .map(|cloud| (device.name, cloud.vendor.unwrap(), cloud.role, cloud.region))
        });
        for list in [&mut new_devices, &mut vendors] {
            list.sort_unstable();
        }
        contacts.sort_unstable();
        used.sort_unstable();
        used.dedup();

        assert_eq!(new_devices, vendors, "seed {seed}");
        assert_eq!(contacts, used, "seed {seed}");
        assert_eq!(reported, contacted.collect(), "seed {seed}");
    }
}

#[test]
fn no_serial_number_leaves_when_pseudonyms_are_wanted() {
    for watched in WATCHED.iter() {
        no_serial_number_leaves(watched);
    }
}

fn no_serial_number_leaves(watched: &Watched) {
    let Watched { truth, events, .. } = watched;
    let selection = Selection { scope: Scope::All, types: EventTypes::ALL };
    let config = ExportConfig { selection, ..ExportConfig::default() };
    let lines = |pseudonyms: Option<Arc<Pseudonyms>>| {
        let mut encoder = EveEncoder::new(&config, EndOfRun::Shutdown);
        encoder.set_pseudonyms(pseudonyms);
        let mut out = Vec::new();
        for event in events {
            encoder.encode(event, &[], &mut out);
        }
        String::from_utf8(out).unwrap()
    };
    let pseudonyms = Arc::new(Pseudonyms::new(&[7; 32]).unwrap());
    let (plain, masked) = (lines(None), lines(Some(pseudonyms)));
    let serials: Vec<_> = truth.devices.iter().filter_map(|device| device.serial).collect();

    for serial in serials {
        assert!(plain.contains(serial), "{serial} is in no plain line");
        assert!(!masked.contains(serial), "{serial} left");
    }
    assert_eq!(plain.lines().count(), masked.lines().count());
    for line in masked.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn no_frame_flow_or_byte_is_lost_or_counted_twice() {
    for Watched { seed, truth, events, meter } in WATCHED.iter() {
        let (mut flows, mut ip_bytes) = (0, 0);
        for sighting in ended(events) {
            flows += 1;
            ip_bytes += sighting.report.record.forward.ip_bytes;
            ip_bytes += sighting.report.record.reverse.ip_bytes;
        }

        assert_eq!(meter.frames, truth.frames, "seed {seed}");
        assert_eq!(meter.decoded, truth.frames, "seed {seed}");
        assert_eq!(meter.flows_started, truth.flows, "seed {seed}");
        assert_eq!(flows, truth.flows, "seed {seed}");
        assert_eq!(ip_bytes, truth.ip_bytes, "seed {seed}");
        assert_eq!(meter.dissect_errors.as_flattened().iter().sum::<u64>(), 0, "seed {seed}");
    }
}

#[test]
fn the_requests_of_an_attack_are_read() {
    for Watched { seed, truth, events, .. } in WATCHED.iter() {
        let camera = truth.device("camera").unwrap();
        let attempts = events.iter().filter(|event| {
            let EventKind::MessageRead(sighting) = &event.kind else { return false };
            let Message::Http(exchange) = &sighting.message else { return false };
            let Some(request) = &exchange.request else { return false };
            request.target.contains("?auth=")
                && sighting.device.as_ref().is_some_and(|device| device.mac == Some(camera.mac))
        });

        assert!(truth.exploit_attempts > 0, "seed {seed}");
        assert_eq!(attempts.count() as u64, truth.exploit_attempts, "seed {seed}");
    }
}

fn watch(seed: u64, seconds: u64) -> Watched {
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let (meter, analyst) = (MeterConfig::default(), AnalystConfig::default());
    let mut engine = Engine::new(&meter, analyst, catalogue, 1).unwrap();
    let mut household = Household::new(seed, START);
    let end = START.plus(Duration::from_secs(seconds));
    let mut events = Vec::new();
    for number in 1.. {
        let frame = household.next().unwrap();
        let taken = Frame {
            number,
            timestamp: frame.timestamp,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            wire_len: u32::try_from(frame.bytes.len()).unwrap(),
            stripped_tag: None,
            bytes: &frame.bytes,
        };
        engine.handle_frame(&taken).unwrap();
        events.extend(std::iter::from_fn(|| engine.poll_event()));
        if frame.timestamp >= end {
            break;
        }
    }
    while engine.drain().unwrap() {}
    events.extend(std::iter::from_fn(|| engine.poll_event()));
    Watched { seed, truth: household.truth().clone(), events, meter: engine.meter_stats() }
}

fn all_profiles(events: &[Event]) -> impl Iterator<Item = &Arc<DeviceProfile>> {
    events.iter().filter_map(|event| match &event.kind {
        EventKind::DeviceSeen(profile) | EventKind::DeviceTouched(profile) => Some(profile),
        EventKind::FlowStarted(sighting)
        | EventKind::FlowUpdated { sighting, .. }
        | EventKind::FlowEnded { sighting, .. } => {
            sighting.device.as_ref().map(|device| &device.profile)
        }
        EventKind::MessageRead(sighting) => sighting.device.as_ref(),
        EventKind::HourJudged(sighting) => Some(&sighting.profile),
        EventKind::AlertTold(sighting) => Some(&sighting.alert.device),
    })
}

/// The last profile of each device that was told of, by its hardware address.
fn profiles(events: &[Event]) -> BTreeMap<[u8; 6], Arc<DeviceProfile>> {
    let mut profiles = BTreeMap::new();
    for profile in all_profiles(events) {
        profiles.insert(profile.mac.unwrap_or(MacAddr::ZERO).0, Arc::clone(profile));
    }
    profiles
}

fn sightings(events: &[Event]) -> impl Iterator<Item = &FlowSighting> {
    events.iter().filter_map(|event| match &event.kind {
        EventKind::FlowStarted(sighting)
        | EventKind::FlowUpdated { sighting, .. }
        | EventKind::FlowEnded { sighting, .. } => Some(sighting),
        EventKind::DeviceSeen(_)
        | EventKind::DeviceTouched(_)
        | EventKind::MessageRead(_)
        | EventKind::HourJudged(_)
        | EventKind::AlertTold(_) => None,
    })
}

fn ended(events: &[Event]) -> impl Iterator<Item = &FlowSighting> {
    events.iter().filter_map(|event| match &event.kind {
        EventKind::FlowEnded { sighting, .. } => Some(sighting),
        EventKind::FlowStarted(_)
        | EventKind::FlowUpdated { .. }
        | EventKind::DeviceSeen(_)
        | EventKind::DeviceTouched(_)
        | EventKind::MessageRead(_)
        | EventKind::HourJudged(_)
        | EventKind::AlertTold(_) => None,
    })
}

/// The vendors' servers, with a name or without.
fn vendor_clouds(device: &DeviceTruth) -> impl Iterator<Item = &CloudTruth> {
    device.clouds.iter().filter(|cloud| cloud.vendor.is_some())
}

/// Finds the host behind a profile.
trait NameOf {
    fn name_of(&self, profile: &DeviceProfile) -> &'static str;
}

impl NameOf for Truth {
    fn name_of(&self, profile: &DeviceProfile) -> &'static str {
        let device = self.devices.iter().find(|device| profile.mac == Some(device.mac));
        device.map_or("nobody", |device| device.name)
    }
}

impl Sum {
    fn add(&mut self, bytes: ByteTruth, flows: u64) {
        self.sent += bytes.sent;
        self.received += bytes.received;
        self.flows += flows;
    }

    fn add_tally(&mut self, tally: Tally) {
        self.add(ByteTruth { sent: tally.sent, received: tally.received }, tally.flows);
    }
}
