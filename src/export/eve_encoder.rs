//! Events become EVE lines.
//!
//! Comes in: [`Event`]s and [`RunStats`]. Goes out: lines of JSON, appended to a buffer; none for what the
//! [`Selection`] leaves out. It never performs I/O. Equal events give equal bytes.

use std::collections::HashSet;
use std::sync::Arc;

use super::activity_object::ActivityObject;
use super::camera_object::CameraObject;
use super::cloud_object::CloudObject;
use super::config::{Config, Scope, Selection};
use super::eve_alert::AlertSection;
use super::eve_device::{DeviceSection, representative_address};
use super::eve_flow::{FlowSection, TcpSection};
use super::eve_http::HttpSection;
use super::eve_line::{EtherSection, EveLine};
use super::eve_stats::StatsSection;
use super::eve_text::EveTime;
use super::eve_tls::TlsSection;
use super::eve_tunnel::TunnelSection;
use super::eve_web::WebSection;
use super::message_section::MessageSection;
use super::pseudonym::Pseudonyms;
use super::stats::RunStats;
use crate::alert::AlertPhase;
use crate::analyst::{
    AlertSighting, Event, EventKind, FlowSighting, HourSighting, MessageSighting,
};
use crate::capture::ObservationPoint;
use crate::device::DeviceProfile;
use crate::dissect::Message;
use crate::flow::{FlowEndReason, FlowId, FlowRecord, Role};
use crate::meter::{FlowHead, FlowReport};
use crate::net::{InterfaceId, MacAddr, Timestamp};

/// Most live flows that are remembered for `flow.alerted`; guards memory against floods of alerts.
const MAX_ALERTED_FLOWS: usize = 16_384;

/// What it means when flows are cut off by the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EndOfRun {
    /// The capture ended: `shutdown`.
    #[default]
    Shutdown,
    /// The daemon was told to stop: `forced`.
    Forced,
}

/// Turns events into lines of EVE JSON.
#[derive(Debug)]
pub struct EveEncoder {
    selection: Selection,
    sensor: Option<String>,
    end_of_run: EndOfRun,
    alerted: HashSet<FlowId>,
    pseudonyms: Option<Arc<Pseudonyms>>,
}

impl EveEncoder {
    /// Makes an encoder for a selection of events and a sensor's name.
    #[must_use]
    pub fn new(config: &Config, end_of_run: EndOfRun) -> Self {
        Self {
            selection: config.selection.clone(),
            sensor: config.sensor.clone(),
            end_of_run,
            alerted: HashSet::new(),
            pseudonyms: None,
        }
    }

    /// Shows serial numbers as pseudonyms from now on.
    pub fn set_pseudonyms(&mut self, pseudonyms: Option<Arc<Pseudonyms>>) {
        self.pseudonyms = pseudonyms;
    }

    /// Appends the lines of one event to `out`, and tells how many there are. `points` are the run's interfaces,
    /// by [`InterfaceId`].
    pub fn encode(
        &mut self,
        event: &Event,
        points: &[ObservationPoint],
        out: &mut Vec<u8>,
    ) -> usize {
        let begun = out.len();
        if let Some(pseudonyms) = &self.pseudonyms {
            pseudonyms.learn(event);
        }
        let lines = self.encode_plain(event, points, out);
        if let Some(pseudonyms) = self.pseudonyms.as_ref().filter(|_| lines > 0)
            && let Some(masked) = pseudonyms.mask(out.get(begun..).unwrap_or_default())
        {
            out.truncate(begun);
            out.extend_from_slice(&masked);
        }
        lines
    }

    fn encode_plain(
        &mut self,
        event: &Event,
        points: &[ObservationPoint],
        out: &mut Vec<u8>,
    ) -> usize {
        let time = event.timestamp;
        match &event.kind {
            EventKind::DeviceSeen(profile) => self.encode_device(time, profile, out),
            EventKind::DeviceTouched(_)
            | EventKind::FlowStarted(_)
            | EventKind::FlowUpdated { interim: false, .. } => 0,
            EventKind::FlowUpdated { sighting, interim: true } => {
                self.encode_flow(time, sighting, "interim", points, out)
            }
            EventKind::FlowEnded { sighting, reason } => {
                let lines = self.encode_flow(time, sighting, self.reason(*reason), points, out);
                self.alerted.remove(&sighting.report.record.id);
                lines
            }
            EventKind::MessageRead(sighting) => self.encode_message(time, sighting, points, out),
            EventKind::HourJudged(sighting) => self.encode_hour(time, sighting, out),
            EventKind::AlertTold(sighting) => match sighting.alert.phase {
                AlertPhase::Raised => self.encode_alert(time, sighting, points, out),
                AlertPhase::Repeated | AlertPhase::Resolved => 0,
            },
        }
    }

    /// Appends a `stats` line to `out` if those are selected, and tells how many lines there are.
    pub fn encode_stats(&self, run: &RunStats, out: &mut Vec<u8>) -> usize {
        if !self.selection.types.contains("stats") {
            return 0;
        }
        append(
            &EveLine { stats: Some(StatsSection::new(run)), ..self.line("stats", run.timestamp) },
            out,
        )
    }

    fn encode_flow(
        &self,
        time: Timestamp,
        sighting: &FlowSighting,
        reason: &'static str,
        points: &[ObservationPoint],
        out: &mut Vec<u8>,
    ) -> usize {
        if !self.is_selected("flow", sighting.is_of_concern()) {
            return 0;
        }
        let record = &*sighting.report.record;
        let head = sighting.report.head.as_deref();
        let mut line = self.line("flow", time);
        set_report(&mut line, &sighting.report, points);
        line.flow = Some(FlowSection::of_record(record, reason, self.alerted.contains(&record.id)));
        line.tcp = TcpSection::of_record(record);
        line.tls = head.and_then(|head| head.sni.as_deref()).map(TlsSection::of_flow);
        line.http = head.and_then(|head| head.http_host.as_deref()).map(HttpSection::of_flow);
        line.camera = sighting
            .device
            .as_ref()
            .and_then(|device| CameraObject::of_vendor_device(&device.profile));
        line.cloud = sighting.destination.as_deref().map(CloudObject::new);
        append(&line, out)
    }

    fn encode_device(&self, time: Timestamp, profile: &DeviceProfile, out: &mut Vec<u8>) -> usize {
        if !self.is_selected("device", profile.is_vendor_device()) {
            return 0;
        }
        let line = EveLine {
            src_ip: representative_address(profile),
            ether: profile.mac.and_then(|mac| EtherSection::new(mac, MacAddr::ZERO)),
            device: Some(DeviceSection::new(profile)),
            camera: CameraObject::of_vendor_device(profile),
            ..self.line("device", time)
        };
        append(&line, out)
    }

    fn encode_hour(&self, time: Timestamp, sighting: &HourSighting, out: &mut Vec<u8>) -> usize {
        let profile = &*sighting.profile;
        if !self.is_selected("activity", profile.is_vendor_device()) {
            return 0;
        }
        let line = EveLine {
            src_ip: representative_address(profile),
            ether: profile.mac.and_then(|mac| EtherSection::new(mac, MacAddr::ZERO)),
            activity: Some(ActivityObject::new(&sighting.hour)),
            camera: CameraObject::of_vendor_device(profile),
            ..self.line("activity", time)
        };
        append(&line, out)
    }

    fn encode_alert(
        &mut self,
        time: Timestamp,
        sighting: &AlertSighting,
        points: &[ObservationPoint],
        out: &mut Vec<u8>,
    ) -> usize {
        let alert = &sighting.alert;
        if let Some(report) = &sighting.flow
            && self.alerted.len() < MAX_ALERTED_FLOWS
        {
            self.alerted.insert(report.record.id);
        }
        if !self.is_selected("alert", true) {
            return 0;
        }
        let mut line = self.line("alert", time);
        match &sighting.flow {
            Some(report) => {
                set_report(&mut line, report, points);
                line.flow = Some(FlowSection::so_far(&report.record));
            }
            None => {
                line.src_ip = representative_address(&alert.device);
                line.ether = alert.device.mac.and_then(|mac| EtherSection::new(mac, MacAddr::ZERO));
            }
        }
        line.alert = Some(AlertSection::new(alert));
        line.camera = CameraObject::of_vendor_device(&alert.device);
        line.cloud = alert.destination.as_deref().map(CloudObject::new);
        append(&line, out)
    }

    fn encode_message(
        &self,
        time: Timestamp,
        sighting: &MessageSighting,
        points: &[ObservationPoint],
        out: &mut Vec<u8>,
    ) -> usize {
        let Some(section) = MessageSection::new(&sighting.message) else { return 0 };
        let protocol = sighting.message.protocol();
        let of_concern = sighting.destination.is_some()
            || sighting.device.as_ref().is_some_and(|device| device.is_vendor_device())
            // Whoever speaks a vendor's own protocol, also a tool that asks who is there.
            || protocol.is_proprietary();
        let web = if let Message::Http(exchange) = &sighting.message {
            WebSection::new(exchange)
        } else {
            None
        };
        let written = self.is_selected(section.event_type(), of_concern);
        let told_more = web.is_some() && self.is_selected("web", of_concern);
        if !written && !told_more {
            return 0;
        }
        let context = &sighting.context;
        let event_type = section.event_type();
        let mut line = self.line(event_type, time);
        line.in_iface = interface_name(context.interface, points);
        line.vlan = tags(context.vlans.as_slice());
        line.app_proto = Some(protocol.as_label());
        let ether = context.ether.unwrap_or_default();
        let (mut source, mut destination) = (ether.source, ether.destination);
        if let Some(flow) = &context.flow {
            line.set_flow(flow.id, flow.initiator, flow.responder, flow.protocol);
            if flow.sender == Role::Responder {
                (source, destination) = (destination, source);
            }
        }
        line.ether = EtherSection::new(source, destination);
        line.tunnel = context.tunnel.as_ref().map(TunnelSection::new);
        line.camera = sighting.device.as_deref().and_then(CameraObject::of_vendor_device);
        line.cloud = sighting.destination.as_deref().map(CloudObject::new);
        let mut lines = 0;
        if written {
            line.message = Some(section);
            lines += append(&line, out);
        }
        if told_more {
            line.event_type = "web";
            line.message = web.map(MessageSection::Web);
            lines += append(&line, out);
        }
        lines
    }

    fn is_selected(&self, event_type: &str, of_concern: bool) -> bool {
        let in_scope = match self.selection.scope {
            Scope::Cameras => of_concern,
            Scope::All => true,
        };
        in_scope && self.selection.types.contains(event_type)
    }

    fn line(&self, event_type: &'static str, timestamp: Timestamp) -> EveLine<'_> {
        EveLine {
            timestamp: EveTime(timestamp),
            event_type,
            host: self.sensor.as_deref(),
            ..EveLine::default()
        }
    }

    const fn reason(&self, reason: FlowEndReason) -> &'static str {
        match reason {
            FlowEndReason::IdleTimeout | FlowEndReason::EndOfFlow => "timeout",
            FlowEndReason::ActiveTimeout => "interim",
            FlowEndReason::LackOfResources => "forced",
            FlowEndReason::ForcedEnd => match self.end_of_run {
                EndOfRun::Shutdown => "shutdown",
                EndOfRun::Forced => "forced",
            },
        }
    }
}

fn set_report<'a>(line: &mut EveLine<'a>, report: &'a FlowReport, points: &'a [ObservationPoint]) {
    let record: &FlowRecord = &report.record;
    line.set_flow(record.id, record.initiator, record.responder, record.protocol);
    line.in_iface = interface_name(record.interface, points);
    line.vlan = tags(record.vlans.as_slice());
    line.ether = EtherSection::new(record.initiator_mac, record.responder_mac);
    line.tunnel = record.tunnel.as_deref().map(TunnelSection::new);
    line.app_proto = report.head.as_deref().map(|head: &FlowHead| head.protocol.as_label());
}

fn interface_name(id: InterfaceId, points: &[ObservationPoint]) -> Option<&str> {
    let name = points.get(usize::from(id.0))?.name.as_str();
    (!name.is_empty()).then_some(name)
}

fn tags(vlans: &[u16]) -> Option<&[u16]> {
    (!vlans.is_empty()).then_some(vlans)
}

/// Appends a line. All keys are strings and the buffer takes everything, so that nothing is left to fail;
/// if it did, the buffer would be as before.
fn append(line: &EveLine<'_>, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    if serde_json::to_writer(&mut *out, line).is_err() {
        out.truncate(start);
        return 0;
    }
    out.push(b'\n');
    1
}
