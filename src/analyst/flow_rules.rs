//! What a flow leads to: devices seen, a verdict on its destination, totals, events.
//!
//! Comes in: reports of flows. Goes out: events, through the analyst. A flow of no concern costs a few look-ups
//! and no allocation, and leaves a trace only when it ends or is due for export.

use std::sync::Arc;

use super::ledger::Amount;
use super::machine::{Phase, is_single_host};
use super::verdict::asker;
use super::{Analyst, EventKind, FlowDevice, FlowPeer, FlowSighting, Tallies, Tally};
use crate::classify::{Basis, Destination};
use crate::device::DeviceRef;
use crate::flow::{ConnState, FlowRecord, Role};
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

        let destination = self.destination(&report, perimeter, phase);
        let vendor_end = [Role::Initiator, Role::Responder].into_iter().find_map(|role| {
            let device = ends.of(role)?;
            self.registry.is_vendor_device(device).then_some((device, role))
        });
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
        let contact = destination.clone().filter(|_| self.is_first_told(&report, phase));
        let tallies = end.and_then(|(device, role)| {
            self.credit(device, role, perimeter, record, destination.as_ref(), now)
        });
        let peer = end.and_then(|(_, role)| {
            let device = ends.of(role.other())?;
            let tally = self.credit_peer(device, role.other(), perimeter, record)?;
            Some(FlowPeer { profile: self.registry.profile(device)?, tally })
        });
        let device = end.and_then(|(device, role)| {
            Some(FlowDevice { profile: self.registry.profile(device)?, role })
        });
        let alert = match (&device, &contact) {
            (Some(device), Some(destination)) => {
                self.rules.observe_contact(&device.profile, destination, now)
            }
            (Some(_) | None, Some(_) | None) => None,
        };
        let alert = alert.map(|alert| (alert, report.clone()));
        if let Phase::Ended(_) = phase {
            self.watched.end(report.record.id);
        }
        let sighting = FlowSighting { report, perimeter, device, destination, tallies, peer };
        self.push(now, event_kind(sighting, phase));
        if let Some((alert, flow)) = alert {
            self.push_alert(alert, Some(flow));
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
            Phase::Ended(_) => self.watched.end(report.record.id),
        }
        let sighting = FlowSighting {
            report,
            perimeter,
            device: None,
            destination: None,
            tallies: None,
            peer: None,
        };
        self.push(now, event_kind(sighting, phase));
    }

    /// The service at the far end. A verdict on a live flow stays, unless its head names a better one.
    fn destination(
        &self,
        report: &FlowReport,
        perimeter: Perimeter,
        phase: Phase,
    ) -> Option<Arc<Destination>> {
        let known = match phase {
            Phase::Started => None,
            Phase::Updated { .. } | Phase::Ended(_) => {
                self.watched.get(report.record.id).and_then(|watched| watched.destination.as_ref())
            }
        };
        match known {
            Some(known) if known.basis <= Basis::HttpHost || report.head.is_none() => {
                Some(Arc::clone(known))
            }
            Some(known) => {
                let better = self.verdict(report, perimeter);
                Some(match better {
                    Some(better) if better.basis < known.basis => Arc::new(better),
                    Some(_) | None => Arc::clone(known),
                })
            }
            None => self.verdict(report, perimeter).map(Arc::new),
        }
    }

    /// Tells whether the flow's present verdict was not told before.
    fn is_first_told(&self, report: &FlowReport, phase: Phase) -> bool {
        match phase {
            Phase::Started => true,
            Phase::Updated { .. } | Phase::Ended(_) => self
                .watched
                .get(report.record.id)
                .is_none_or(|watched| watched.destination.is_none()),
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
        let watched = self.watched.watch(record.id, now)?;
        watched.destination = destination.map(Arc::clone);
        if self.config.uncounted_interfaces.contains(&record.interface) {
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
        if !self.registry.is_vendor_device(device)
            || self.config.uncounted_interfaces.contains(&record.interface)
        {
            return None;
        }
        let amount = self.watched.get_mut(record.id)?.settle_end(role, record);
        Some(self.ledger.credit(device, perimeter, amount, None).device)
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

fn event_kind(sighting: FlowSighting, phase: Phase) -> EventKind {
    match phase {
        Phase::Started => EventKind::FlowStarted(sighting),
        Phase::Updated { interim } => EventKind::FlowUpdated { sighting, interim },
        Phase::Ended(reason) => EventKind::FlowEnded { sighting, reason },
    }
}
