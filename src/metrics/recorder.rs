//! Events and counters become series.
//!
//! Comes in: events, in order, from one place; totals of meters, sources and sinks. Goes out: the exposition as
//! text. Totals only rise: a lower one is taken for a late one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus::TextEncoder;

use super::config::Config;
use super::device_series::{DeviceBook, DeviceSeries};
use super::error::MetricsError;
use super::families::{
    DROP_REASONS, EVE_SINK, Families, OUTCOMES, STORE_SINK, add, raise, raise_counter, set, set_int,
};
use super::process::ProcessUsage;
use super::totals::{Build, Consumer, InterfaceTotals, SinkTotals};
use crate::alert::AlertPhase;
use crate::analyst::{
    AlertSighting, CountryTally, Event, EventKind, FlowSighting, Tallies, Tally, Visibility,
};
use crate::classify::Destination;
use crate::decode::{DecodeReason, Layer};
use crate::device::DeviceProfile;
use crate::dissect::{AppProtocol, DissectFailure};
use crate::flow::FlowEndReason;
use crate::geo::CountryCode;
use crate::meter::MeterStats;
use crate::net::{Perimeter, Timestamp, printable};

/// The country of far ends that no database knows one for.
const UNKNOWN_COUNTRY: &str = "unknown";

/// Most characters of a text from the network in an `_info` label.
const MAX_LABEL_CHARS: usize = 64;

/// Keeps every series.
pub struct Recorder {
    pub(super) families: Families,
    book: Mutex<DeviceBook>,
}

impl Recorder {
    /// Declares all families.
    ///
    /// # Errors
    /// Two families contradict each other.
    pub fn new(config: &Config, build: Build) -> Result<Self, MetricsError> {
        let families = Families::new()?;
        set_int(&families.build_info, &[build.version, build.revision], 1);
        Ok(Self { families, book: Mutex::new(DeviceBook::new(config.max_devices)) })
    }

    /// Takes one event. Events of one device must come in order.
    pub fn apply(&self, event: &Event) {
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

    /// Takes the totals of all meters, summed.
    pub fn observe_meters(&self, stats: &MeterStats) {
        let families = &self.families;
        for (layer, counts) in Layer::ALL.iter().zip(&stats.decode_errors) {
            for (reason, total) in DecodeReason::ALL.iter().zip(counts) {
                raise(&families.decode_errors, &[layer.as_label(), reason.as_label()], *total);
            }
        }
        for (protocol, counts) in AppProtocol::ALL.iter().zip(&stats.dissect_errors) {
            for (reason, total) in DissectFailure::ALL.iter().zip(counts) {
                raise(&families.dissect_errors, &[protocol.as_label(), reason.as_label()], *total);
            }
        }
        for (protocol, total) in AppProtocol::ALL.iter().zip(&stats.messages) {
            raise(&families.messages, &[protocol.as_label()], *total);
        }
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
            set(&families.coverage_ratio, &[name], interface.coverage.ratio());
            // An interface that is not judged yet has shown nothing.
            let visibility = interface.visibility.unwrap_or_default();
            for state in Visibility::ALL {
                let is_now = i64::from(state == visibility);
                set_int(&families.visibility, &[name, state.as_label()], is_now);
            }
        }
    }

    /// Takes the number of events that a consumer has lost so far.
    pub fn observe_dropped(&self, consumer: Consumer, total: u64) {
        raise(&self.families.events_dropped, &[consumer.as_label()], total);
    }

    /// Takes what became so far of what a sink was given. `sink` is our word for it or the operator's, never one from
    /// the network.
    pub fn observe_sink(&self, sink: &str, totals: &SinkTotals) {
        let SinkTotals { delivered, failed, dropped } = *totals;
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

    /// Writes all series in the Prometheus text format, version 0.0.4.
    ///
    /// # Errors
    /// A family cannot be written.
    pub fn render(&self) -> Result<String, MetricsError> {
        if let Some(usage) = ProcessUsage::read() {
            self.observe_process(&usage);
        }
        TextEncoder::new()
            .encode_to_string(&self.families.registry.gather())
            .map_err(MetricsError::Encoding)
    }

    fn apply_device(&self, profile: &DeviceProfile) {
        let mut book = self.book();
        // A device without a vendor takes a label only when it speaks to a vendor's cloud.
        if !profile.is_vendor_device() && book.label(&profile.id) == super::device_series::OTHER {
            return;
        }
        if let Some(series) = book.series(&profile.id) {
            self.show_device(series, profile);
        }
    }

    fn show_device(&self, series: &mut DeviceSeries, profile: &DeviceProfile) {
        let families = &self.families;
        let identity = &profile.identity;
        let counted_as = identity.vendor.clone().map(|vendor| (vendor, identity.kind));
        if series.counted_as != counted_as {
            for (side, change) in [(&series.counted_as, -1), (&counted_as, 1)] {
                if let Some((vendor, kind)) = side
                    && let Ok(gauge) = families
                        .devices
                        .get_metric_with_label_values(&[slug(vendor), kind.as_label()])
                {
                    gauge.add(change);
                }
            }
            series.counted_as = counted_as;
        }
        if !series.is_labelled {
            return;
        }
        let device = series.label(&profile.id);
        let labels = identity_labels(profile);
        if series.identity != labels {
            if let Some(old) = &series.identity {
                // It is there, since it was set; a missing one is as good as removed.
                drop(families.device_info.remove_label_values(&info_values(device, old)));
            }
            if let Some(new) = &labels {
                set_int(&families.device_info, &info_values(device, new), 1);
            }
            series.identity = labels;
        }
        if profile.is_vendor_device() {
            let ratio = f64::from(identity.confidence) / 100.0;
            set(&families.device_confidence, &[device], ratio);
            set(&families.device_last_seen, &[device], profile.last_seen.as_secs_f64());
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
        if let Some(CountryTally { country, tally }) = &sighting.country {
            let country = country.as_ref().map_or(UNKNOWN_COUNTRY, CountryCode::as_str);
            let bytes = &self.families.country_bytes;
            raise(bytes, &[country, "sent"], tally.sent);
            raise(bytes, &[country, "received"], tally.received);
        }
    }

    fn apply_tallies(
        &self,
        profile: &DeviceProfile,
        perimeter: Perimeter,
        tallies: &Tallies,
        destination: Option<&Destination>,
    ) {
        let mut book = self.book();
        let Some(series) = book.series(&profile.id) else {
            return;
        };
        self.show_device(series, profile);
        let grown = series.grow(perimeter, destination, tallies);
        let families = &self.families;
        let label = series.label(&profile.id);
        let perimeter = perimeter.as_label();
        add(&families.device_bytes, &[label, perimeter, "sent"], grown.device.sent);
        add(&families.device_bytes, &[label, perimeter, "received"], grown.device.received);
        if let Some(cloud) = destination {
            let (vendor, service) = (slug(&cloud.vendor), slug(&cloud.service));
            let (role, region) = (cloud.role.as_label(), cloud.region.as_label());
            let bytes = &families.cloud_bytes;
            add(bytes, &[label, vendor, service, role, region, "sent"], grown.cloud.sent);
            add(bytes, &[label, vendor, service, role, region, "received"], grown.cloud.received);
            let flows = &families.cloud_flows;
            add(flows, &[label, vendor, service, role, region], grown.cloud.flows);
        }
    }

    fn apply_alert(&self, sighting: &AlertSighting) {
        let alert = &sighting.alert;
        if alert.phase != AlertPhase::Raised {
            return;
        }
        let rule = &*alert.rule.name;
        add(&self.families.alerts, &[rule, alert.severity.as_label()], 1);
        let book = self.book();
        let device = book.label(alert.device_id());
        set(&self.families.alert_last_fired, &[rule, device], alert.timestamp.as_secs_f64());
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

    /// No code panics while it holds the book, and its numbers are whole at any point.
    pub(super) fn book(&self) -> MutexGuard<'_, DeviceBook> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The labels behind `device`: MAC, vendor, OEM, kind, model, firmware, name. Absent for a device without a vendor.
fn identity_labels(profile: &DeviceProfile) -> Option<[String; 7]> {
    let identity = &profile.identity;
    let vendor = identity.vendor.as_deref()?;
    let text = |text: Option<&str>| printable(text.unwrap_or_default(), MAX_LABEL_CHARS);
    Some([
        profile.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        slug(vendor).to_owned(),
        identity.oem_of.as_deref().map(slug).unwrap_or_default().to_owned(),
        identity.kind.as_label().to_owned(),
        text(identity.model.as_deref()),
        text(identity.firmware.as_deref()),
        text(profile.name()),
    ])
}

pub(super) fn info_values<'a>(device: &'a str, labels: &'a [String; 7]) -> [&'a str; 8] {
    let [mac, vendor, oem_of, kind, model, firmware, name] = labels;
    [device, mac, vendor, oem_of, kind, model, firmware, name]
}

/// Names of the catalogue are short, plain words; anything else did not come from there.
pub(super) fn slug(name: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=32).contains(&name.len()) && name.bytes().all(is_plain) { name } else { "other" }
}

/// Gauges are signed; no number here comes near the difference.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
