//! The shapes of the API's JSON: the objects of EVE, in lists.
//!
//! Comes in: entries of the inventory. Goes out: JSON. It never shows more than the events do.

use std::net::IpAddr;

use serde::Serialize;

use super::paging::Paging;
use super::seeing_view::SeeingView;
use super::state::Status;
use super::verdict_view::{
    ContradictionView, ExplanationView, HintView, LabelView, StateView, other_macs,
};
use crate::alert::{Alert, AlertId, AlertPhase};
use crate::analyst::Tally;
use crate::device::Certainty;
use crate::export::{ActivityObject, CameraObject, CloudObject, EveTime, Text};
use crate::inventory::{DestinationEntry, DeviceEntry, FlowEntry, InventoryCounts, Page};
use crate::metrics::InterfaceTotals;
use crate::net::{IpProtocol, MacAddr};

/// One page of a list.
#[derive(Serialize)]
pub(crate) struct ListView<T> {
    total: usize,
    offset: usize,
    limit: usize,
    items: Vec<T>,
}

impl<T> ListView<T> {
    /// Shows the entries of a page with `view`.
    pub(crate) fn new<'a, E>(page: &'a Page<E>, paging: Paging, view: impl Fn(&'a E) -> T) -> Self {
        Self {
            total: page.total,
            offset: paging.offset,
            limit: paging.limit,
            items: page.entries.iter().map(view).collect(),
        }
    }
}

/// A device.
#[derive(Serialize)]
pub(crate) struct DeviceView<'a> {
    #[serde(flatten)]
    camera: CameraObject<'a>,
    other_macs: Vec<Text<MacAddr>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<LabelView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certainty: Option<&'static str>,
    contradictions: Vec<ContradictionView<'a>>,
    state: StateView<'a>,
    hints: Vec<HintView>,
    first_seen: EveTime,
    last_seen: EveTime,
    bytes_sent: u64,
    bytes_received: u64,
    flows: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    clouds: Option<&'a [&'a str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destinations: Option<Vec<DestinationView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<Vec<ActivityObject<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<ExplanationView>,
}

impl<'a> DeviceView<'a> {
    /// Shows a device in a list.
    pub(crate) fn new(entry: &'a DeviceEntry) -> Self {
        let Tally { sent, received, flows } = entry.tally;
        let profile = &*entry.profile;
        let identity = &profile.identity;
        Self {
            camera: CameraObject::new(profile),
            other_macs: other_macs(profile),
            hostname: profile.hostname.as_deref(),
            label: profile.label.as_deref().map(LabelView::new),
            certainty: identity.certainty().map(Certainty::as_label),
            contradictions: identity.contradictions.iter().map(ContradictionView::new).collect(),
            state: StateView::new(&profile.state),
            hints: HintView::all(profile),
            first_seen: EveTime(profile.first_seen),
            last_seen: EveTime(profile.last_seen),
            bytes_sent: sent,
            bytes_received: received,
            flows,
            clouds: None,
            destinations: None,
            activity: None,
            explanation: None,
        }
    }

    /// Adds the names of the services that it spoke to.
    pub(crate) fn with_clouds(self, clouds: &'a [&'a str]) -> Self {
        Self { clouds: Some(clouds), ..self }
    }

    /// Shows a device with the services it spoke to, and why it is taken for what it is.
    pub(crate) fn with_destinations(
        entry: &'a DeviceEntry,
        destinations: &'a [DestinationEntry],
    ) -> Self {
        let destinations = destinations.iter().map(DestinationView::new).collect();
        Self {
            destinations: Some(destinations),
            activity: Some(
                entry.hours.iter().rev().map(|hour| ActivityObject::new(hour)).collect(),
            ),
            explanation: Some(ExplanationView::new(&entry.profile)),
            ..Self::new(entry)
        }
    }
}

/// A cloud service that a device spoke to.
#[derive(Serialize)]
pub(crate) struct DestinationView<'a> {
    device_id: &'a str,
    cloud: CloudObject<'a>,
    bytes_sent: u64,
    bytes_received: u64,
    flows: u64,
    first_seen: EveTime,
    last_seen: EveTime,
}

impl<'a> DestinationView<'a> {
    /// Shows a service.
    pub(crate) fn new(entry: &'a DestinationEntry) -> Self {
        let Tally { sent, received, flows } = entry.tally;
        Self {
            device_id: &entry.device.0,
            cloud: CloudObject::new(&entry.destination),
            bytes_sent: sent,
            bytes_received: received,
            flows,
            first_seen: EveTime(entry.first_seen),
            last_seen: EveTime(entry.last_seen),
        }
    }
}

/// A live flow.
#[derive(Serialize)]
pub(crate) struct FlowView<'a> {
    flow_id: u64,
    src_ip: IpAddr,
    src_port: u16,
    dest_ip: IpAddr,
    dest_port: u16,
    proto: Text<IpProtocol>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_proto: Option<&'static str>,
    perimeter: &'static str,
    conn_state: &'static str,
    start: EveTime,
    end: EveTime,
    pkts_toserver: u64,
    pkts_toclient: u64,
    bytes_toserver: u64,
    bytes_toclient: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sni: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud: Option<CloudObject<'a>>,
}

impl<'a> FlowView<'a> {
    /// Shows a flow.
    pub(crate) fn new(entry: &'a FlowEntry) -> Self {
        let sighting = &entry.sighting;
        let (record, head) = (&*sighting.report.record, sighting.report.head.as_deref());
        Self {
            flow_id: record.id.0,
            src_ip: record.initiator.ip,
            src_port: record.initiator.port,
            dest_ip: record.responder.ip,
            dest_port: record.responder.port,
            proto: Text(record.protocol),
            app_proto: head.map(|head| head.protocol.as_label()),
            perimeter: sighting.perimeter.as_label(),
            conn_state: record.conn_state.as_label(),
            start: EveTime(record.flow_start),
            end: EveTime(record.flow_end),
            pkts_toserver: record.forward.packets,
            pkts_toclient: record.reverse.packets,
            bytes_toserver: record.forward.wire_bytes,
            bytes_toclient: record.reverse.wire_bytes,
            sni: head.and_then(|head| head.sni.as_deref()),
            hostname: head.and_then(|head| head.http_host.as_deref()),
            device_id: sighting.device.as_ref().map(|device| &*device.profile.id.0),
            cloud: sighting.destination.as_deref().map(CloudObject::new),
        }
    }
}

/// An alert.
#[derive(Serialize)]
pub(crate) struct AlertView<'a> {
    id: Text<AlertId>,
    timestamp: EveTime,
    state: &'static str,
    since: EveTime,
    count: u32,
    acknowledged: bool,
    rule: &'a str,
    signature_id: u32,
    category: &'a str,
    severity: u8,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    advice: &'a str,
    device_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<Text<MacAddr>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud: Option<CloudObject<'a>>,
}

impl<'a> AlertView<'a> {
    /// Shows an alert.
    pub(crate) fn new(alert: &'a Alert) -> Self {
        Self {
            id: Text(alert.id),
            timestamp: EveTime(alert.timestamp),
            state: match alert.phase {
                AlertPhase::Raised | AlertPhase::Repeated => "firing",
                AlertPhase::Resolved => "resolved",
            },
            since: EveTime(alert.since),
            count: alert.count,
            acknowledged: alert.acknowledged,
            rule: &alert.rule.name,
            signature_id: alert.rule.signature_id,
            category: &alert.rule.category,
            severity: alert.severity.number(),
            subject: &alert.subject,
            message: &alert.message,
            advice: &alert.rule.advice,
            device_id: &alert.device_id().0,
            mac: alert.device.mac.map(Text),
            cloud: alert.destination.as_deref().map(CloudObject::new),
        }
    }
}

/// The state of the daemon.
#[derive(Serialize)]
pub(crate) struct StatusView<'a> {
    version: &'a str,
    revision: &'a str,
    uptime_seconds: u64,
    ready: bool,
    not_ready_because: Vec<&'static str>,
    interfaces: Vec<InterfaceView<'a>>,
    kernel_flows: KernelFlowsView,
    devices: usize,
    vendor_devices: usize,
    alerts: usize,
    flows_active: u64,
    flows_of_concern: usize,
    config: ConfigView,
}

#[derive(Serialize)]
struct InterfaceView<'a> {
    name: &'a str,
    packets: u64,
    bytes: u64,
    cutoff: &'a str,
    bypassed_packets: u64,
    bypassed_bytes: u64,
    kernel_drops: u64,
    interface_drops: u64,
    ring_freezes: u64,
    #[serde(flatten)]
    seeing: SeeingView,
}

#[derive(Serialize)]
struct KernelFlowsView {
    state: &'static str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct ConfigView {
    last_reload_successful: bool,
    last_reload_success: Option<EveTime>,
}

impl<'a> StatusView<'a> {
    /// Shows the daemon's state.
    pub(crate) fn new(
        status: &'a Status,
        counts: InventoryCounts,
        missing: Vec<&'static str>,
    ) -> Self {
        let interface = |totals: &'a InterfaceTotals| InterfaceView {
            name: &totals.name,
            packets: totals.packets,
            bytes: totals.bytes,
            cutoff: totals.cutoff,
            bypassed_packets: totals.bypassed_packets,
            bypassed_bytes: totals.bypassed_bytes,
            kernel_drops: totals.counters.kernel_drops,
            interface_drops: totals.counters.interface_drops,
            ring_freezes: totals.counters.ring_freezes,
            seeing: SeeingView::new(totals.visibility, totals.coverage),
        };
        Self {
            version: &status.version,
            revision: &status.revision,
            uptime_seconds: status.uptime.as_secs(),
            ready: missing.is_empty(),
            not_ready_because: missing,
            interfaces: status.interfaces.iter().map(interface).collect(),
            kernel_flows: KernelFlowsView {
                state: status.kernel_flows.0,
                meaning: status.kernel_flows.1,
            },
            devices: counts.devices,
            vendor_devices: counts.vendor_devices,
            alerts: counts.alerts,
            flows_active: status.flows_active,
            flows_of_concern: counts.flows,
            config: ConfigView {
                last_reload_successful: status.config_reload_successful,
                last_reload_success: status.config_reloaded_at.map(EveTime),
            },
        }
    }
}
