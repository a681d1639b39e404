//! What a replay tells at its end: for people, or as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::activity_lines::activity_lines;
use super::device_page::{headline, reasons};
use super::rule_lines::{RulesJson, rule_lines};
use super::table::{Table, bytes};
use super::terminal;
use crate::analyst::Visibility;
use crate::api::{self, SeeingView};
use crate::daemon::ReplayOutcome;
use crate::export::{CameraObject, CloudObject, EveTime};
use crate::inventory::{DestinationEntry, DeviceEntry, Inventory};
use crate::net::printable;

/// Most lines of one kind.
const MAX_ENTRIES: usize = 1000;

/// The results of a replay.
pub(super) struct ReplaySummary<'a> {
    outcome: &'a ReplayOutcome,
    devices: Vec<DeviceEntry>,
    /// The devices as the API explains them.
    explained: Vec<serde_json::Value>,
    destinations: Vec<DestinationEntry>,
    alerts: Vec<crate::alert::Alert>,
}

#[derive(Serialize)]
struct Json<'a> {
    frames: u64,
    bytes: u64,
    decoded: u64,
    invalid: u64,
    flows: u64,
    first: Option<EveTime>,
    last: Option<EveTime>,
    warnings: &'a [String],
    interfaces: Vec<InterfaceJson<'a>>,
    devices: Vec<CameraObject<'a>>,
    destinations: Vec<DestinationJson<'a>>,
    alerts: Vec<AlertJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<RulesJson<'a>>,
}

#[derive(Serialize)]
struct InterfaceJson<'a> {
    name: &'a str,
    #[serde(flatten)]
    seeing: SeeingView,
}

#[derive(Serialize)]
struct DestinationJson<'a> {
    device_id: &'a str,
    cloud: CloudObject<'a>,
    bytes_sent: u64,
    bytes_received: u64,
    flows: u64,
}

#[derive(Serialize)]
struct AlertJson<'a> {
    timestamp: EveTime,
    rule: &'a str,
    severity: u8,
    device_id: &'a str,
    message: &'a str,
}

impl<'a> ReplaySummary<'a> {
    pub(super) fn new(outcome: &'a ReplayOutcome, inventory: &Inventory) -> Self {
        let devices = inventory.devices(false, 0, MAX_ENTRIES).entries;
        let explained = devices.iter().filter_map(|entry| {
            let text = api::device_detail(inventory, entry).ok()?;
            serde_json::from_str(&text).ok()
        });
        Self {
            outcome,
            explained: explained.collect(),
            devices,
            destinations: inventory.destinations(None, 0, MAX_ENTRIES).entries,
            alerts: inventory.alerts(0, MAX_ENTRIES).entries,
        }
    }

    /// One JSON object on one line.
    pub(super) fn json(&self) -> String {
        let meter = &self.outcome.stats.meter;
        let json = Json {
            frames: meter.frames,
            bytes: meter.wire_bytes,
            decoded: meter.decoded,
            invalid: meter.invalid,
            flows: meter.flows_started,
            first: self.outcome.span.map(|(first, _)| EveTime(first)),
            last: self.outcome.span.map(|(_, last)| EveTime(last)),
            warnings: &self.outcome.warnings,
            interfaces: self.interfaces(),
            devices: self.devices.iter().map(|entry| CameraObject::new(&entry.profile)).collect(),
            destinations: self.destinations.iter().map(destination_json).collect(),
            alerts: self
                .alerts
                .iter()
                .map(|alert| AlertJson {
                    timestamp: EveTime(alert.timestamp),
                    rule: &alert.rule.name,
                    severity: alert.severity.number(),
                    device_id: &alert.device_id().0,
                    message: &alert.message,
                })
                .collect(),
            rules: self.outcome.explanation.as_ref().map(RulesJson::new),
        };
        let mut line = serde_json::to_string(&json).unwrap_or_default();
        line.push('\n');
        line
    }

    fn interfaces(&self) -> Vec<InterfaceJson<'_>> {
        let shown = self.outcome.coverage.iter().map(|(name, known)| InterfaceJson {
            name,
            seeing: SeeingView::new(Some(known.visibility), known.coverage),
        });
        shown.collect()
    }

    /// A line for each interface of which not all was seen, and one for each reason.
    fn unseen(&self) -> String {
        let mut text = String::new();
        for (name, known) in self.outcome.coverage.iter().take(MAX_ENTRIES) {
            let coverage = known.coverage;
            if known.visibility == Visibility::Full && coverage.limits().next().is_none() {
                continue;
            }
            let name = printable(name, 64);
            let state = known.visibility.as_label();
            let _infallible =
                writeln!(text, "{name}: visibility {state}, coverage {:.2}", coverage.ratio());
            for limit in coverage.limits() {
                let (sentence, advice) = (limit.sentence(), limit.advice());
                let _infallible = writeln!(text, "  {sentence}; {advice}");
            }
        }
        text
    }

    /// Tables for people; with the evidence and the steps of each verdict when `explain`.
    pub(super) fn text(&self, explain: bool) -> String {
        let mut text = self.head();
        text.push_str(&self.unseen());
        if self.devices.is_empty() {
            text.push_str("\nNo Hikvision, EZVIZ or rebranded device was found.\n");
        } else {
            text.push_str("\nDevices\n");
            text.push_str(&self.device_table());
        }
        if explain {
            for explained in &self.explained {
                let headline = headline(explained);
                let _infallible = writeln!(text, "\n{}, because", headline.trim_end());
                text.push_str(&reasons(explained, terminal::width()));
                let hours = activity_lines(explained);
                if !hours.is_empty() {
                    let _infallible =
                        write!(text, "What it did with the cloud, by the hour (UTC)\n{hours}");
                }
            }
        }
        if !self.destinations.is_empty() {
            text.push_str("\nVendor clouds\n");
            text.push_str(&self.destination_table());
        }
        if explain {
            for entry in &self.destinations {
                let reason = printable(&entry.destination.reason(), 1_000);
                let _infallible = writeln!(text, "  {}: {reason}", entry.device.0);
            }
        }
        if !self.alerts.is_empty() {
            text.push_str("\nAlerts\n");
        }
        for alert in &self.alerts {
            let message = printable(&alert.message, 300);
            let rule = &alert.rule.name;
            let _infallible = writeln!(text, "  {rule}: {message}");
        }
        if let Some(explanation) = &self.outcome.explanation {
            text.push_str(&rule_lines(explanation));
        }
        text
    }

    fn head(&self) -> String {
        let meter = &self.outcome.stats.meter;
        let mut text = format!(
            "{} frames, {}, {} flows, {} seconds; {} frames could not be read beyond the link layer\n",
            meter.frames,
            bytes(meter.wire_bytes),
            meter.flows_started,
            self.outcome.stats.uptime,
            meter.invalid,
        );
        let evicted = meter.flows_ended.last().copied().unwrap_or(0);
        if evicted > 0 {
            let _infallible = writeln!(
                text,
                "the flow table was full: {evicted} flows were ended early (flow.max_flows)"
            );
        }
        text
    }

    fn device_table(&self) -> String {
        let mut table = Table::new(&[
            "ID",
            "VENDOR",
            "MADE BY",
            "KIND",
            "MODEL",
            "FIRMWARE",
            "ADDRESS",
            "MAC",
            "CONFIDENCE",
        ]);
        for entry in &self.devices {
            let profile = &entry.profile;
            let identity = &profile.identity;
            let address = profile.addresses.first().map(ToString::to_string).unwrap_or_default();
            let mac = profile.mac.map(|mac| mac.to_string()).unwrap_or_default();
            table.row([
                &profile.id.0,
                identity.vendor.as_deref().unwrap_or(""),
                identity.oem_of.as_deref().unwrap_or(""),
                identity.kind.as_label(),
                identity.model.as_deref().unwrap_or(""),
                identity.firmware.as_deref().unwrap_or(""),
                &address,
                &mac,
                &identity.confidence.to_string(),
            ]);
        }
        table.render()
    }

    fn destination_table(&self) -> String {
        let mut table = Table::new(&[
            "DEVICE", "CLOUD", "SERVICE", "ROLE", "REGION", "NAME", "SENT", "RECEIVED", "BASIS",
        ]);
        for entry in &self.destinations {
            let destination = &entry.destination;
            table.row([
                &*entry.device.0,
                &destination.vendor,
                &destination.service,
                destination.role.as_label(),
                destination.region.as_label(),
                destination.domain.as_deref().unwrap_or(""),
                &bytes(entry.tally.sent),
                &bytes(entry.tally.received),
                destination.basis.as_label(),
            ]);
        }
        table.render()
    }
}

fn destination_json(entry: &DestinationEntry) -> DestinationJson<'_> {
    DestinationJson {
        device_id: &entry.device.0,
        cloud: CloudObject::new(&entry.destination),
        bytes_sent: entry.tally.sent,
        bytes_received: entry.tally.received,
        flows: entry.tally.flows,
    }
}
