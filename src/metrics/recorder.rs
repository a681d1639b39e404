//! Events and counters become series.
//!
//! Comes in: events, in order, from one place; totals of meters, sources and sinks. Goes out: the exposition as
//! text. Totals only rise: a lower one is taken for a late one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::config::{Config, Profile};
use super::country_series::CountryBook;
use super::device_book::{CountedAs, DeviceBook};
use super::device_families::{DeviceShape, write_devices};
use super::device_series::IdentityLabels;
use super::error::MetricsError;
use super::exposition::{Exposition, ExpositionFormat, Value};
use super::families::{
    COUNTRY_BYTES, DROP_REASONS, Described, EVE_SINK, Families, OUTCOMES, STORE_SINK, add, raise,
    raise_counter, set, set_int,
};
use super::gathered::write_gathered;
use super::process::ProcessUsage;
use super::slug::slug;
use super::totals::{Build, Consumer, InterfaceTotals, SinkTotals};
use crate::alert::{self, AlertPhase, AlertRule, SuppressedAlerts, Suppression};
use crate::analyst::{AlertSighting, Event, EventKind, FlowSighting, Tallies, Tally, Visibility};
use crate::classify::Destination;
use crate::decode::{DecodeReason, Layer};
use crate::device::{DeviceId, DeviceProfile};
use crate::dissect::{AppProtocol, DissectFailure};
use crate::flow::FlowEndReason;
use crate::meter::MeterStats;
use crate::net::{Perimeter, Timestamp, printable};

/// Most characters of a text from the network in an `_info` label.
const MAX_LABEL_CHARS: usize = 64;

/// Most countries with series of their own: in a site, and in a fleet, whose profile keeps within 200 series.
const MAX_COUNTRIES: (usize, usize) = (64, 6);

/// Bytes of a text with the families that are always there, and what a device adds; only a guess, to grow seldom.
const EXPECTED_BYTES: (usize, usize) = (32 << 10, 4 << 10);

/// Keeps every series.
pub struct Recorder {
    families: Families,
    books: Mutex<Books>,
    shape: DeviceShape,
}

/// What is written from rows.
struct Books {
    devices: DeviceBook,
    countries: CountryBook,
}

impl Recorder {
    /// Declares all families.
    ///
    /// # Errors
    /// Two families contradict each other.
    pub fn new(config: &Config, build: Build) -> Result<Self, MetricsError> {
        let families = Families::new(config.profile)?;
        set_int(&families.build_info, &[build.version, build.revision], 1);
        let (names_devices, max_countries) = match config.profile {
            Profile::Site => (true, MAX_COUNTRIES.0),
            Profile::Fleet => (false, MAX_COUNTRIES.1),
        };
        let books =
            Books { devices: DeviceBook::new(config), countries: CountryBook::new(max_countries) };
        let shape = DeviceShape { names_devices, tells_created: config.created };
        let recorder = Self { families, books: Mutex::new(books), shape };
        recorder.observe_meters(&MeterStats::default());
        Ok(recorder)
    }

    /// Takes one event. Events of one device must come in order.
    pub fn apply(&self, event: &Event) {
        self.books().devices.advance(event.timestamp);
        match &event.kind {
            EventKind::DeviceSeen(profile) | EventKind::DeviceTouched(profile) => {
                self.apply_device(profile);
            }
            EventKind::FlowStarted(sighting)
            | EventKind::FlowUpdated { sighting, .. }
            | EventKind::FlowEnded { sighting, .. } => self.apply_flow(sighting),
            EventKind::MessageRead(_) | EventKind::HourJudged(_) => {}
            EventKind::AlertTold(sighting) => self.apply_alert(sighting),
        }
    }

    /// Shows at 0 the alerts that the site's settings make possible beside those of built-in rules at their own severity.
    pub fn expect_alerts(&self, config: &alert::Config) {
        let of_site = config.rules.iter().map(|rule| rule.name());
        let names: Vec<_> =
            AlertRule::ALL.map(AlertRule::as_label).into_iter().chain(of_site).collect();
        for rule in &config.rules {
            add(&self.families.alerts, &[rule.name(), rule.severity().as_label()], 0);
        }
        for (known, severity) in
            config.overrides.iter().filter_map(|known| Some((known, known.severity?)))
        {
            for name in &names {
                if known.rule.as_deref().is_none_or(|meant| meant == *name) {
                    add(&self.families.alerts, &[name, severity.as_label()], 0);
                }
            }
        }
    }

    /// Takes the totals of all meters, summed.
    pub fn observe_meters(&self, stats: &MeterStats) {
        let families = &self.families;
        for (layer, counts) in Layer::ALL.iter().zip(&stats.decode_errors) {
            for (reason, total) in DecodeReason::ALL.iter().zip(counts) {
                raise(&families.decode_errors, &[layer.as_label(), reason.as_label()], *total);
            }
        }
        self.observe_messages(stats);
        for (reason, total) in FlowEndReason::ALL.iter().zip(&stats.flows_ended) {
            raise(&families.flows_ended, &[reason.as_label()], *total);
        }
        raise_counter(&families.flows_started, stats.flows_started);
        raise_counter(&families.heads_refused, stats.heads_refused);
        raise_counter(&families.segments_left_out, stats.segments_left_out);
        raise_counter(&families.datagrams_reassembled, stats.datagrams_reassembled);
        raise_counter(&families.fragments_refused, stats.fragments_refused);
        families.flows_active.set(whole(stats.flows_active));
        families.flow_table_capacity.set(whole(stats.flows_capacity));
    }

    /// Takes the totals of every interface.
    pub fn observe_interfaces(&self, interfaces: &[InterfaceTotals]) {
        let families = &self.families;
        for interface in interfaces {
            let name = interface.name.as_str();
            raise(&families.capture_packets, &[name], interface.packets);
            raise(&families.capture_bytes, &[name], interface.bytes);
            let counters = &interface.counters;
            // What a TPACKET_V3 ring loses, the kernel counts; a ring of ours behind it does not exist yet.
            let totals = [counters.kernel_drops, counters.interface_drops, 0];
            for (reason, total) in DROP_REASONS.iter().zip(totals) {
                raise(&families.capture_drops, &[name, reason], total);
            }
            raise(&families.bypassed_packets, &[name], interface.bypassed_packets);
            raise(&families.bypassed_bytes, &[name], interface.bypassed_bytes);
            set(&families.coverage_ratio, &[name], interface.coverage.ratio());
            // An interface that is not judged yet has shown nothing.
            let visibility = interface.visibility.unwrap_or_default();
            for state in Visibility::ALL {
                let is_now = i64::from(state == visibility);
                set_int(&families.visibility, &[name, state.as_label()], is_now);
            }
        }
    }

    /// Takes the number of alerts that were not told so far.
    pub fn observe_suppressed(&self, totals: SuppressedAlerts) {
        for reason in Suppression::ALL {
            raise(&self.families.alerts_suppressed, &[reason.as_label()], totals.of(reason));
        }
    }

    /// Takes the number of events that a consumer has lost so far.
    pub fn observe_dropped(&self, consumer: Consumer, total: u64) {
        raise(&self.families.events_dropped, &[consumer.as_label()], total);
    }

    /// Takes what became so far of what a sink was given. `sink` is our word for it or the operator's, never one from
    /// the network; all outcomes are there from the first call on.
    pub fn observe_sink(&self, sink: &str, totals: &SinkTotals) {
        let SinkTotals { delivered, failed, dropped, faults } = *totals;
        raise(&self.families.sink_faults, &[sink], faults);
        for (outcome, total) in OUTCOMES.iter().zip([delivered, failed, dropped]) {
            raise(&self.families.sink_deliveries, &[sink, outcome], total);
        }
        if sink == EVE_SINK {
            self.observe_dropped(Consumer::Eve, failed + dropped);
        }
    }

    /// Takes how much waits for a sink.
    pub fn observe_sink_queue(&self, sink: &str, waiting: u64) {
        set_int(&self.families.sink_queue, &[sink], whole(waiting));
    }

    /// Takes the outcome of writing a batch to the store.
    pub fn observe_store_commit(&self, written: bool, at: Timestamp) {
        let [delivered, failed, _] = OUTCOMES;
        let outcome = if written { delivered } else { failed };
        add(&self.families.sink_deliveries, &[STORE_SINK, outcome], 1);
        self.families.store_up.set(i64::from(written));
        if written {
            self.families.store_last_commit.set(at.as_secs_f64());
        }
    }

    /// Takes whether the store was opened.
    pub fn observe_store_open(&self, is_open: bool) {
        self.families.store_up.set(i64::from(is_open));
    }

    /// Takes the outcome of reading the configuration; the start counts as the first time.
    pub fn observe_reload(&self, successful: bool, at: Timestamp) {
        self.families.reload_successful.set(i64::from(successful));
        if successful {
            self.families.reload_timestamp.set(at.as_secs_f64());
        }
    }

    /// Ends the series of a device; its label is free for another.
    pub fn forget(&self, id: &DeviceId) {
        let counted_as = self.books().devices.forget(id);
        self.recount(&counted_as, &None);
    }

    /// Writes all series. The rows of devices are taken at one moment and written while events go on.
    #[must_use]
    pub fn render(&self, format: ExpositionFormat) -> String {
        if let Some(usage) = ProcessUsage::read() {
            self.observe_process(&usage);
        }
        let gathered = self.families.registry.gather();
        let (devices, countries) = {
            let books = self.books();
            (books.devices.rows(), books.countries.rows())
        };
        let (fixed, each) = EXPECTED_BYTES;
        let mut exposition = Exposition::new(format, fixed + each * devices.own.len());
        write_gathered(&mut exposition, &gathered);
        write_devices(&mut exposition, &devices, self.shape);
        let Described { name, help, kind } = COUNTRY_BYTES;
        let mut bytes = exposition.family(name, help, kind);
        for (country, tally) in &countries {
            for (direction, total) in [("received", tally.received), ("sent", tally.sent)] {
                let labels = [("country", country.as_str()), ("direction", direction)];
                bytes.sample(&labels, Value::Whole(total));
            }
        }
        exposition.finish()
    }

    /// Messages by protocol, or all together where protocols are not told.
    fn observe_messages(&self, stats: &MeterStats) {
        let families = &self.families;
        let mut all = 0;
        let mut all_errors = [0; DissectFailure::ALL.len()];
        let counts = stats.messages.iter().zip(&stats.dissect_errors);
        for (protocol, (messages, errors)) in AppProtocol::ALL.iter().zip(counts) {
            all += messages;
            if families.profile == Profile::Site {
                raise(&families.messages, &[protocol.as_label()], *messages);
            }
            for ((reason, total), sum) in
                DissectFailure::ALL.iter().zip(errors).zip(&mut all_errors)
            {
                *sum += total;
                if families.profile == Profile::Site {
                    let labels = [protocol.as_label(), reason.as_label()];
                    raise(&families.dissect_errors, &labels, *total);
                }
            }
        }
        if families.profile == Profile::Fleet {
            raise(&families.messages, &[], all);
            for (reason, total) in DissectFailure::ALL.iter().zip(all_errors) {
                raise(&families.dissect_errors, &[reason.as_label()], total);
            }
        }
    }

    fn apply_device(&self, profile: &DeviceProfile) {
        // A device without a vendor takes a label only when it speaks to a vendor's cloud.
        let is_told = profile.is_vendor_device() || self.books().devices.knows(&profile.id);
        if is_told {
            self.show_device(profile);
        }
    }

    fn show_device(&self, profile: &DeviceProfile) {
        let identity = &profile.identity;
        let counted_as = identity.vendor.clone().map(|vendor| (vendor, identity.kind));
        let mut books = self.books();
        let Some(before) = books.devices.count_as(&profile.id, counted_as.clone()) else { return };
        let ratio = f64::from(identity.confidence) / 100.0;
        let sureness = profile.is_vendor_device().then_some((ratio, profile.last_seen));
        books.devices.describe(&profile.id, || identity_labels(profile), sureness);
        drop(books);
        self.recount(&before, &counted_as);
    }

    /// Counts a device under another vendor or kind.
    fn recount(&self, before: &CountedAs, after: &CountedAs) {
        if before == after {
            return;
        }
        let devices = &self.families.devices;
        for (side, change) in [(before, -1), (after, 1)] {
            if let Some((vendor, kind)) = side
                && let Ok(gauge) =
                    devices.get_metric_with_label_values(&[slug(vendor), kind.as_label()])
            {
                gauge.add(change);
            }
        }
    }

    fn apply_flow(&self, sighting: &FlowSighting) {
        if let Some(peer) = &sighting.peer {
            let tallies = Tallies { device: peer.tally, cloud: Tally::default() };
            self.apply_tallies(&peer.profile, sighting.perimeter, &tallies, None);
        }
        if let (Some(device), Some(tallies)) = (&sighting.device, &sighting.tallies) {
            let destination = sighting.destination.as_deref();
            self.apply_tallies(&device.profile, sighting.perimeter, tallies, destination);
        }
        if let Some(told) = &sighting.country {
            self.books().countries.count(told);
        }
    }

    fn apply_tallies(
        &self,
        profile: &DeviceProfile,
        perimeter: Perimeter,
        tallies: &Tallies,
        destination: Option<&Destination>,
    ) {
        self.show_device(profile);
        self.books().devices.count(&profile.id, perimeter, destination, tallies);
    }

    fn apply_alert(&self, sighting: &AlertSighting) {
        let alert = &sighting.alert;
        if alert.phase != AlertPhase::Raised {
            return;
        }
        let rule = &*alert.rule.name;
        add(&self.families.alerts, &[rule, alert.severity.as_label()], 1);
        self.books().devices.fire(alert.device_id(), rule, alert.timestamp);
    }

    fn observe_process(&self, usage: &ProcessUsage) {
        let families = &self.families;
        let more = usage.cpu_seconds - families.process_cpu.get();
        if more > 0.0 {
            families.process_cpu.inc_by(more);
        }
        families.process_resident.set(whole(usage.resident_bytes));
        families.process_virtual.set(whole(usage.virtual_bytes));
        families.process_open_fds.set(whole(usage.open_fds));
        families.process_max_fds.set(whole(usage.max_fds));
        if let Some(start) = usage.start_seconds {
            families.process_start.set(start);
        }
    }

    /// No code panics while it holds the books, and their numbers are whole at any point.
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The labels behind `device`; absent for a device without a vendor.
fn identity_labels(profile: &DeviceProfile) -> Option<IdentityLabels> {
    let identity = &profile.identity;
    let vendor = identity.vendor.as_deref()?;
    let text = |text: Option<&str>| printable(text.unwrap_or_default(), MAX_LABEL_CHARS);
    Some([
        text(identity.firmware.as_deref()),
        identity.kind.as_label().to_owned(),
        profile.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        text(identity.model.as_deref()),
        text(profile.name()),
        identity.oem_of.as_deref().map(slug).unwrap_or_default().to_owned(),
        slug(vendor).to_owned(),
    ])
}

/// Gauges are signed; no number here comes near the difference.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
