//! What a flow leads to: devices seen, a verdict on its destination, totals, events.
//!
//! Comes in: reports of flows. Goes out: events, through the analyst. A flow of no concern costs a few look-ups
//! and no allocation, and leaves a trace only when it ends or is due for export.

use std::sync::Arc;

use super::ledger::Amount;
use super::machine::{Phase, is_single_host};
use super::verdict::asker;
use super::{Analyst, EventKind, FlowDevice, FlowPeer, FlowSighting, Tallies, Tally};
use crate::alert::{CONTACT_CONFIDENCE, Cue, FlowCue, FlowStage, Scene};
use crate::classify::{Basis, Destination};
use crate::device::DeviceRef;
use crate::flow::{ConnState, FlowRecord, Role};
use crate::geo::Place;
use crate::meter::FlowReport;
use crate::net::{IpProtocol, Perimeter, Timestamp};

/// The devices of ours at the two ends.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    initiator: Option<DeviceRef>,
    responder: Option<DeviceRef>,
}

impl Ends {
    const fn of(self, role: Role) -> Option<DeviceRef> {
        match role {
            Role::Initiator => self.initiator,
            Role::Responder => self.responder,
        }
    }
}

impl Analyst {
    pub(super) fn observe_flow(&mut self, report: FlowReport, phase: Phase, now: Timestamp) {
        let record = &report.record;
        let (initiator, responder) = record.addresses();
        let perimeter = self.config.local_nets.perimeter(initiator, responder);
        let ends = self.ends(record, perimeter);
        self.observe_coverage(record, [ends.initiator, ends.responder], phase);
        if let Some(responder) = ends.responder
            && perimeter == Perimeter::Internal
            && record.protocol == IpProtocol::TCP
            && is_established(record.conn_state)
        {
            self.registry.note_port(responder, record.responder.port, now);
        }
        for device in [ends.initiator, ends.responder].into_iter().flatten() {
            self.announce(device, now);
        }
        self.log_presence(record, ends);

        let vendor_end = [Role::Initiator, Role::Responder].into_iter().find_map(|role| {
            let device = ends.of(role)?;
            self.registry.is_vendor_device(device).then_some((device, role))
        });
        let unit = vendor_end.map(|(device, _)| device).filter(|_| leads_outside(perimeter));
        if let Some(unit) = unit {
            // Its log begins with its first flow at the latest, so that it can explain the next.
            self.units.of(unit, self.now);
        }
        let destination = self.destination(&report, perimeter, phase, unit);
        if vendor_end.is_none() && destination.is_none() {
            self.finish_unconcerned(report, perimeter, phase, now);
            return;
        }

        let speaker = asker(perimeter);
        let end = vendor_end.or_else(|| ends.of(speaker).map(|device| (device, speaker)));
        if let Some((device, _)) = end
            && destination.is_some()
            && vendor_end.is_none()
        {
            self.registry.note_client(device);
            self.announce(device, now);
        }
        let is_first_told = destination.is_some() && self.is_first_told(&report, phase);
        let tallies = end.and_then(|(device, role)| {
            self.credit(device, role, perimeter, record, destination.as_ref(), now)
        });
        let country = unit
            .and_then(|unit| self.log_flow(unit, &report, perimeter, phase, destination.as_ref()));
        let peer = end.and_then(|(_, role)| {
            let device = ends.of(role.other())?;
            let tally = self.credit_peer(device, role.other(), perimeter, record)?;
            Some(FlowPeer { profile: self.registry.profile(device)?, tally })
        });
        let device = end.and_then(|(device, role)| {
            Some(FlowDevice { profile: self.registry.profile(device)?, role })
        });
        if let Phase::Ended { .. } = phase {
            self.watched.end(report.record.id);
        }
        let sighting =
            FlowSighting { report, perimeter, device, destination, tallies, country, peer };
        self.show_flow(&sighting, phase, is_first_told, now);
        let cause = self.rules.has_alert().then(|| sighting.report.clone());
        self.push(now, event_kind(sighting, phase));
        self.tell_alerts(cause.as_ref());
    }

    /// Lets the rules look at a flow, once for each vendor device at its ends.
    fn show_flow(
        &mut self,
        sighting: &FlowSighting,
        phase: Phase,
        is_first_told: bool,
        now: Timestamp,
    ) {
        let Some(device) = &sighting.device else { return };
        let FlowSighting { report, perimeter, destination, .. } = sighting;
        let record = &report.record;
        let far_end = record.endpoint(device.role.other());
        let near_ip = record.endpoint(device.role).ip;
        let head = report.head.as_deref();
        let said = head.and_then(|head| head.sni.clone().or_else(|| head.http_host.clone()));
        let name = said.or_else(|| {
            let known = self.names.lookup(near_ip, far_end.ip, record.flow_start)?;
            Some(known.asked.as_ref().into())
        });
        let place = match destination {
            Some(known) => known.place.clone(),
            None if leads_outside(*perimeter) => self.config.geo.place(far_end.ip),
            None => Place::default(),
        };
        let peer = sighting.peer.as_ref().map(|peer| &peer.profile);
        let cue = FlowCue {
            report,
            perimeter: *perimeter,
            role: device.role,
            stage: stage(phase),
            destination: destination.as_ref(),
            is_first_told,
            name: name.as_deref(),
            place,
            is_resolver: self.catalogue.resolver(far_end.ip).is_some(),
            peer,
        };
        self.rules.observe(&Scene { now, device: &device.profile, cue: Cue::Flow(&cue) });
        if let Some(peer) = peer {
            let role = device.role.other();
            let cue = FlowCue { role, name: None, peer: Some(&device.profile), ..cue };
            self.rules.observe(&Scene { now, device: peer, cue: Cue::Flow(&cue) });
        }
    }

    /// Notes in the hours of vendor devices that they sent something, wherever it goes: who never speaks to the outside has
    /// idle hours.
    fn log_presence(&mut self, record: &FlowRecord, ends: Ends) {
        for role in [Role::Initiator, Role::Responder] {
            let Some(device) = ends.of(role).filter(|_| record.sent_by(role).packets > 0) else {
                continue;
            };
            if !self.registry.is_vendor_device(device) {
                continue;
            }
            let is_to_one = is_single_host(record.endpoint(role.other()).ip)
                && !record.mac(role.other()).is_multicast();
            let tally = self.units.of(device, self.now).hours.at(record.flow_end);
            if is_to_one { tally.hear() } else { tally.notice() }
        }
    }

    /// The devices at the ends. Only who sent something is made a device: a scan of an address block makes none.
    fn ends(&mut self, record: &FlowRecord, perimeter: Perimeter) -> Ends {
        let mut end = |role: Role, is_ours: bool| {
            let ip = record.endpoint(role).ip;
            if !is_ours || !is_single_host(ip) {
                return None;
            }
            let mac = record.mac(role);
            if record.sent_by(role).packets > 0 {
                self.registry.sender(Some(ip), mac, record.flow_end)
            } else {
                self.registry.find(ip, mac)
            }
        };
        let (initiator, responder) = match perimeter {
            Perimeter::Inbound => (false, true),
            Perimeter::Outbound => (true, false),
            Perimeter::Internal => (true, true),
            Perimeter::Transit => (false, false),
        };
        Ends {
            initiator: end(Role::Initiator, initiator),
            responder: end(Role::Responder, responder),
        }
    }

    /// A flow that concerns nobody: exported when it ends or lives on, else of no interest.
    fn finish_unconcerned(
        &mut self,
        report: FlowReport,
        perimeter: Perimeter,
        phase: Phase,
        now: Timestamp,
    ) {
        match phase {
            Phase::Started | Phase::Updated { interim: false } => return,
            Phase::Updated { interim: true } => {}
            Phase::Ended { .. } => self.watched.end(report.record.id),
        }
        let sighting = FlowSighting {
            report,
            perimeter,
            device: None,
            destination: None,
            tallies: None,
            country: None,
            peer: None,
        };
        self.push(now, event_kind(sighting, phase));
    }

    /// The service at the far end. A verdict on a live flow stays, unless what is learned of the flow names a better one, or
    /// refutes what led to it; what was credited by then stays credited.
    fn destination(
        &mut self,
        report: &FlowReport,
        perimeter: Perimeter,
        phase: Phase,
        unit: Option<DeviceRef>,
    ) -> Option<Arc<Destination>> {
        let flow = report.record.id;
        let (known, sign) = match phase {
            // A message may have been read of the flow's first packet already.
            Phase::Started => (None, None),
            Phase::Updated { .. } | Phase::Ended { .. } => match self.watched.get_mut(flow) {
                Some(watched) => {
                    let head_is_news = report.head.is_some() && !watched.head_is_known;
                    watched.head_is_known |= head_is_news;
                    let sign_is_news = std::mem::take(&mut watched.sign_is_new);
                    let is_open = unit.is_some() && is_open(watched.destination.as_deref());
                    if !head_is_news && !sign_is_news && !is_open {
                        return watched.destination.clone();
                    }
                    (watched.destination.clone(), watched.sign)
                }
                None => (None, None),
            },
        };
        let found = self.verdict(report, perimeter, sign, unit);
        match (known, found) {
            (Some(known), Some(found)) if found.replaces(&known) => Some(Arc::new(found)),
            (Some(known), None) if self.is_refuted(&known, report, perimeter, unit) => None,
            (Some(known), _) => Some(known),
            (None, found) => found.map(Arc::new),
        }
    }

    /// Tells whether the flow's verdict was not told as a contact before.
    fn is_first_told(&self, report: &FlowReport, phase: Phase) -> bool {
        match phase {
            Phase::Started => true,
            Phase::Updated { .. } | Phase::Ended { .. } => {
                let watched = self.watched.get(report.record.id);
                let told = watched.and_then(|watched| watched.destination.as_ref());
                told.is_none_or(|told| told.confidence < CONTACT_CONFIDENCE)
            }
        }
    }

    fn credit(
        &mut self,
        device: DeviceRef,
        role: Role,
        perimeter: Perimeter,
        record: &FlowRecord,
        destination: Option<&Arc<Destination>>,
        now: Timestamp,
    ) -> Option<Tallies> {
        let is_counted = self.is_counted(record.interface);
        let watched = self.watched.watch(record.id, now)?;
        watched.destination = destination.map(Arc::clone);
        if !is_counted {
            return None;
        }
        let of_device = watched.settle_end(role, record);
        let of_cloud = watched.settle_cloud(role, record);
        let cloud: Option<(&Destination, Amount)> = destination.map(Arc::as_ref).zip(of_cloud);
        Some(self.ledger.credit(device, perimeter, of_device, cloud))
    }

    /// The other end's share, when a vendor device is there as well.
    fn credit_peer(
        &mut self,
        device: DeviceRef,
        role: Role,
        perimeter: Perimeter,
        record: &FlowRecord,
    ) -> Option<Tally> {
        if !self.registry.is_vendor_device(device) || !self.is_counted(record.interface) {
            return None;
        }
        let amount = self.watched.get_mut(record.id)?.settle_end(role, record);
        Some(self.ledger.credit(device, perimeter, amount, None).device)
    }
}

/// Tells whether a verdict may still grow with what the flow moves, or with what its device does beside it.
fn is_open(destination: Option<&Destination>) -> bool {
    destination.is_none_or(|known| matches!(known.basis, Basis::Correlation | Basis::Port))
}

/// Tells whether one end of a flow is outside.
pub(super) const fn leads_outside(perimeter: Perimeter) -> bool {
    match perimeter {
        Perimeter::Inbound | Perimeter::Outbound => true,
        Perimeter::Internal | Perimeter::Transit => false,
    }
}

/// Tells whether both ends agreed to speak, so that the responder's port is open.
const fn is_established(state: ConnState) -> bool {
    matches!(
        state,
        ConnState::S1
            | ConnState::SF
            | ConnState::S2
            | ConnState::S3
            | ConnState::Rsto
            | ConnState::Rstr
    )
}

const fn stage(phase: Phase) -> FlowStage {
    match phase {
        Phase::Started => FlowStage::Started,
        Phase::Updated { .. } => FlowStage::Updated,
        Phase::Ended { .. } => FlowStage::Ended,
    }
}

fn event_kind(sighting: FlowSighting, phase: Phase) -> EventKind {
    match phase {
        Phase::Started => EventKind::FlowStarted(sighting),
        Phase::Updated { interim } => EventKind::FlowUpdated { sighting, interim },
        Phase::Ended { reason, .. } => EventKind::FlowEnded { sighting, reason },
    }
}
