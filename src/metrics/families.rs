//! Every family, declared once: name, help, labels.
//!
//! Comes in: nothing. Goes out: families in a registry of their own, with every member of a closed set at 0; and what is
//! said of the families that are written from the rows of devices and countries at each scrape.
//! Base units, `_total` on counters, `_info` for identity (Prometheus, "Metric and label naming").

use prometheus::core::Collector;
use prometheus::{
    Counter, Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use super::config::Profile;
use super::error::MetricsError;
use super::exposition::Kind;
use super::totals::Consumer;
use crate::alert::{AlertRule, Suppression};

/// Reasons for `hikwatch_capture_drops_total`.
pub(crate) const DROP_REASONS: [&str; 3] = ["kernel", "interface", "ring"];

/// Outcomes of a delivery; their sum is all that a sink was given.
pub(crate) const OUTCOMES: [&str; 3] = ["delivered", "failed", "dropped"];

/// The sink of event lines.
pub(crate) const EVE_SINK: &str = "eve";

/// The sink of batches of changes.
pub(crate) const STORE_SINK: &str = "store";

/// A family that is written from rows: what its header says.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) kind: Kind,
}

/// Labels: `device`, `mac`, `vendor`, `oem_of`, `kind`, `model`, `firmware`, `name`.
pub(crate) const DEVICE_INFO: Described = Described {
    name: "hikwatch_device_info",
    help: "Who a vendor device is; always 1.",
    kind: Kind::Info,
};

/// Label: `device`.
pub(crate) const DEVICE_CONFIDENCE: Described = Described {
    name: "hikwatch_device_confidence_ratio",
    help: "How sure the identity of a vendor device is, 0 to 1.",
    kind: Kind::Gauge,
};

/// Label: `device`.
pub(crate) const DEVICE_LAST_SEEN: Described = Described {
    name: "hikwatch_device_last_seen_timestamp_seconds",
    help: "Latest packet from a vendor device.",
    kind: Kind::Gauge,
};

/// Labels: `device`, `perimeter`, `direction`.
pub(crate) const DEVICE_BYTES: Described = Described {
    name: "hikwatch_device_bytes_total",
    help: "IP bytes of a device, as the device sees their direction.",
    kind: Kind::Counter,
};

/// Labels: `device`, `vendor`, `service`, `role`, `region`, `direction`.
pub(crate) const CLOUD_BYTES: Described = Described {
    name: "hikwatch_cloud_bytes_total",
    help: "IP bytes between a device and a vendor cloud service.",
    kind: Kind::Counter,
};

/// Labels: `device`, `vendor`, `service`, `role`, `region`.
pub(crate) const CLOUD_FLOWS: Described = Described {
    name: "hikwatch_cloud_flows_total",
    help: "Flows between a device and a vendor cloud service.",
    kind: Kind::Counter,
};

/// Labels: `country`, `direction`.
pub(crate) const COUNTRY_BYTES: Described = Described {
    name: "hikwatch_country_bytes_total",
    help: "IP bytes between vendor devices and far ends outside, by the country that the far end's address is registered in.",
    kind: Kind::Counter,
};

/// Labels: `rule`, `device`.
pub(crate) const ALERT_LAST_FIRED: Described = Described {
    name: "hikwatch_alert_last_fired_timestamp_seconds",
    help: "When a rule fired last for a device.",
    kind: Kind::Gauge,
};

/// All families that are counted as it happens.
pub(crate) struct Families {
    pub(crate) registry: Registry,
    pub(crate) profile: Profile,
    pub(crate) build_info: IntGaugeVec,
    pub(crate) capture_packets: IntCounterVec,
    pub(crate) capture_bytes: IntCounterVec,
    pub(crate) capture_drops: IntCounterVec,
    pub(crate) bypassed_packets: IntCounterVec,
    pub(crate) bypassed_bytes: IntCounterVec,
    pub(crate) coverage_ratio: GaugeVec,
    pub(crate) visibility: IntGaugeVec,
    pub(crate) decode_errors: IntCounterVec,
    pub(crate) dissect_errors: IntCounterVec,
    pub(crate) messages: IntCounterVec,
    pub(crate) flows_started: IntCounter,
    pub(crate) flows_ended: IntCounterVec,
    pub(crate) flows_active: IntGauge,
    pub(crate) flow_table_capacity: IntGauge,
    pub(crate) heads_refused: IntCounter,
    pub(crate) segments_left_out: IntCounter,
    pub(crate) datagrams_reassembled: IntCounter,
    pub(crate) fragments_refused: IntCounter,
    pub(crate) devices: IntGaugeVec,
    pub(crate) alerts: IntCounterVec,
    pub(crate) alerts_suppressed: IntCounterVec,
    pub(crate) events_dropped: IntCounterVec,
    pub(crate) sink_deliveries: IntCounterVec,
    pub(crate) sink_faults: IntCounterVec,
    pub(crate) sink_queue: IntGaugeVec,
    pub(crate) store_up: IntGauge,
    pub(crate) store_last_commit: Gauge,
    pub(crate) reload_successful: IntGauge,
    pub(crate) reload_timestamp: Gauge,
    pub(crate) process_cpu: Counter,
    pub(crate) process_resident: IntGauge,
    pub(crate) process_virtual: IntGauge,
    pub(crate) process_open_fds: IntGauge,
    pub(crate) process_max_fds: IntGauge,
    pub(crate) process_start: Gauge,
}

impl Families {
    /// Declares all families.
    ///
    /// # Errors
    /// A name is used twice or is no name; a test makes sure that this does not happen.
    #[rustfmt::skip]
    pub(crate) fn new(profile: Profile) -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let on = &registry;
        // A fleet is told sums over protocols.
        let (protocol, protocol_and_reason): (&[&str], &[&str]) = match profile {
            Profile::Site => (&["protocol"], &["protocol", "reason"]),
            Profile::Fleet => (&[], &["reason"]),
        };
        let families = Self {
            build_info: int_gauges(on, "hikwatch_build_info", "The build that runs; always 1.", &["version", "revision"])?,
            capture_packets: counters(on, "hikwatch_capture_packets_total", "Frames taken from an interface.", &["interface"])?,
            capture_bytes: counters(on, "hikwatch_capture_bytes_total", "Bytes of those frames on the wire.", &["interface"])?,
            capture_drops: counters(on, "hikwatch_capture_drops_total", "Frames lost before they were read, by where they were lost.", &["interface", "reason"])?,
            bypassed_packets: counters(on, "hikwatch_capture_bypassed_packets_total", "Frames that the kernel counted and did not hand over, since all that their flow has to say was read.", &["interface"])?,
            bypassed_bytes: counters(on, "hikwatch_capture_bypassed_bytes_total", "Bytes of those frames on the wire.", &["interface"])?,
            coverage_ratio: gauges(on, "hikwatch_coverage_ratio", "The share of the traffic that was seen in the last hour, by the least of several kinds of evidence.", &["interface"])?,
            visibility: int_gauges(on, "hikwatch_visibility", "What an interface sees of the traffic of others: 1 for its state, 0 for the others.", &["interface", "state"])?,
            decode_errors: counters(on, "hikwatch_decode_errors_total", "Frames that could not be read beyond a layer.", &["layer", "reason"])?,
            dissect_errors: counters(on, "hikwatch_dissect_errors_total", "Messages that could not be read.", protocol_and_reason)?,
            messages: counters(on, "hikwatch_messages_total", "Application messages read.", protocol)?,
            flows_started: counter(on, "hikwatch_flows_started_total", "Flows that were begun.")?,
            flows_ended: counters(on, "hikwatch_flows_ended_total", "Flows that left the table, by IPFIX flowEndReason.", &["reason"])?,
            flows_active: int_gauge(on, "hikwatch_flows_active", "Flows in the table.")?,
            flow_table_capacity: int_gauge(on, "hikwatch_flow_table_capacity", "Most flows that the table can hold.")?,
            heads_refused: counter(on, "hikwatch_stream_heads_refused_total", "Stream heads given up because the memory set aside for them was spent.")?,
            segments_left_out: counter(on, "hikwatch_segments_left_out_total", "TCP segments that were not read because their time to live ends here.")?,
            datagrams_reassembled: counter(on, "hikwatch_datagrams_reassembled_total", "Datagrams that were put together from IP fragments.")?,
            fragments_refused: counter(on, "hikwatch_fragments_refused_total", "IP fragments that had no room, or contradicted others of their datagram.")?,
            devices: int_gauges(on, "hikwatch_devices", "Vendor devices known.", &["vendor", "kind"])?,
            alerts: counters(on, "hikwatch_alerts_total", "Alerts raised.", &["rule", "severity"])?,
            alerts_suppressed: counters(on, "hikwatch_alerts_suppressed_total", "Alerts that were not told, by why.", &["reason"])?,
            events_dropped: counters(on, "hikwatch_events_dropped_total", "Events lost because a consumer did not take them in time.", &["consumer"])?,
            sink_deliveries: counters(on, "hikwatch_sink_deliveries_total", "What became of what a sink was given: events, alerts, or batches of the store, which are tried again; dropped is what had no room to wait.", &["sink", "outcome"])?,
            sink_faults: counters(on, "hikwatch_sink_faults_total", "Faults of the program in a sink, after which it was begun anew.", &["sink"])?,
            sink_queue: int_gauges(on, "hikwatch_sink_queue_length", "What waits for a sink.", &["sink"])?,
            store_up: int_gauge(on, "hikwatch_store_up", "Whether devices and totals are kept over restarts; 0 when the store is off, full or failing.")?,
            store_last_commit: gauge(on, "hikwatch_store_last_commit_timestamp_seconds", "When changes were last written to the store.")?,
            reload_successful: int_gauge(on, "hikwatch_config_last_reload_successful", "Whether the last attempt to read the configuration succeeded.")?,
            reload_timestamp: gauge(on, "hikwatch_config_last_reload_success_timestamp_seconds", "When the configuration was last read with success.")?,
            process_cpu: register(on, Counter::new("process_cpu_seconds_total", "User and system CPU time of the process."))?,
            process_resident: int_gauge(on, "process_resident_memory_bytes", "Resident memory of the process.")?,
            process_virtual: int_gauge(on, "process_virtual_memory_bytes", "Virtual memory of the process.")?,
            process_open_fds: int_gauge(on, "process_open_fds", "Open file descriptors.")?,
            process_max_fds: int_gauge(on, "process_max_fds", "Most file descriptors that may be open.")?,
            process_start: gauge(on, "process_start_time_seconds", "When the process started.")?,
            profile,
            registry,
        };
        families.create_closed_sets();
        Ok(families)
    }

    /// Shows every member of a closed set from the start, so that a rate over its first increase is not lost. What meters
    /// count is shown with their first totals, which are zeros.
    fn create_closed_sets(&self) {
        for rule in AlertRule::ALL {
            add(&self.alerts, &[rule.as_label(), rule.severity().as_label()], 0);
        }
        for reason in Suppression::ALL {
            add(&self.alerts_suppressed, &[reason.as_label()], 0);
        }
        for consumer in Consumer::ALL {
            add(&self.events_dropped, &[consumer.as_label()], 0);
        }
        for sink in [EVE_SINK, STORE_SINK] {
            for outcome in OUTCOMES {
                add(&self.sink_deliveries, &[sink, outcome], 0);
            }
        }
    }
}

/// Adds to one series. The number of labels is right by declaration; a wrong one is not worth a crash.
pub(crate) fn add(family: &IntCounterVec, labels: &[&str], more: u64) {
    if let Ok(series) = family.get_metric_with_label_values(labels) {
        series.inc_by(more);
    }
}

/// Raises one series to a total that was counted elsewhere; a lower total leaves it as it is.
pub(crate) fn raise(family: &IntCounterVec, labels: &[&str], total: u64) {
    if let Ok(series) = family.get_metric_with_label_values(labels) {
        raise_counter(&series, total);
    }
}

/// Raises a counter to a total that was counted elsewhere; a lower total leaves it as it is.
pub(crate) fn raise_counter(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

/// Sets one series.
pub(crate) fn set(family: &GaugeVec, labels: &[&str], value: f64) {
    if let Ok(series) = family.get_metric_with_label_values(labels) {
        series.set(value);
    }
}

/// Sets one series of whole numbers.
pub(crate) fn set_int(family: &IntGaugeVec, labels: &[&str], value: i64) {
    if let Ok(series) = family.get_metric_with_label_values(labels) {
        series.set(value);
    }
}

fn register<C: Collector + Clone + 'static>(
    registry: &Registry,
    family: prometheus::Result<C>,
) -> Result<C, MetricsError> {
    let family = family.map_err(MetricsError::Declaration)?;
    registry.register(Box::new(family.clone())).map_err(MetricsError::Declaration)?;
    Ok(family)
}

fn counter(on: &Registry, name: &str, help: &str) -> Result<IntCounter, MetricsError> {
    register(on, IntCounter::new(name, help))
}

fn counters(
    on: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntCounterVec, MetricsError> {
    register(on, IntCounterVec::new(Opts::new(name, help), labels))
}

fn gauge(on: &Registry, name: &str, help: &str) -> Result<Gauge, MetricsError> {
    register(on, Gauge::new(name, help))
}

fn gauges(
    on: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<GaugeVec, MetricsError> {
    register(on, GaugeVec::new(Opts::new(name, help), labels))
}

fn int_gauge(on: &Registry, name: &str, help: &str) -> Result<IntGauge, MetricsError> {
    register(on, IntGauge::new(name, help))
}

fn int_gauges(
    on: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntGaugeVec, MetricsError> {
    register(on, IntGaugeVec::new(Opts::new(name, help), labels))
}
