//! Which service a flow or a name leads to: gathers the witnesses and asks the classifier.
//!
//! Comes in: reports and names. Goes out: destinations. It changes nothing.

use std::sync::Arc;

use super::Analyst;
use crate::catalogue::CloudRole;
use crate::classify::{
    Basis, Destination, FlowShape, NameSource, PayloadSign, ResolvedName, Unit, Volume, Witnesses,
    classify,
};
use crate::device::DeviceRef;
use crate::dissect::AppProtocol;
use crate::flow::{Endpoint, FlowCounters, FlowRecord, Role};
use crate::meter::{FlowReport, MessageFlow};
use crate::net::{IpProtocol, Perimeter};

impl Analyst {
    /// What is known of the far end of a flow: by its head, by the names that its host resolved, by its payload, and,
    /// when `unit`, a vendor device, is at the near end, by what that did before.
    pub(super) fn verdict(
        &self,
        report: &FlowReport,
        perimeter: Perimeter,
        sign: Option<PayloadSign>,
        unit: Option<DeviceRef>,
    ) -> Option<Destination> {
        let record = &report.record;
        let near = asker(perimeter);
        let host = record.endpoint(near);
        let far_end = record.endpoint(near.other());
        // Towards ourselves the names in the head are ours, and a resolved name says only who answers for it.
        let head = match perimeter {
            Perimeter::Inbound => None,
            Perimeter::Outbound | Perimeter::Internal | Perimeter::Transit => {
                report.head.as_deref()
            }
        };
        let resolved = match perimeter {
            Perimeter::Internal => None,
            Perimeter::Inbound | Perimeter::Outbound | Perimeter::Transit => {
                self.names.lookup(host.ip, far_end.ip, record.flow_start)
            }
        };
        // What both ends of ours say to each other leads to no cloud.
        let (sign, unit) = match perimeter {
            Perimeter::Internal => (None, None),
            Perimeter::Inbound | Perimeter::Outbound => {
                (sign, unit.and_then(|unit| self.unit(unit, near, record)))
            }
            Perimeter::Transit => (sign, None),
        };
        if head.is_none() && resolved.is_none() && sign.is_none() && unit.is_none() {
            return None;
        }
        let server_name = head.and_then(|head| head.sni.as_deref());
        let over_quic = head.is_some_and(|head| head.protocol == AppProtocol::Quic);
        let witnesses = Witnesses {
            sni: server_name.filter(|_| !over_quic),
            quic_sni: server_name.filter(|_| over_quic),
            http_host: head.and_then(|head| head.http_host.as_deref()),
            resolved,
            sign,
            unit,
            ..Witnesses::of(record.protocol, far_end)
        };
        classify(&self.catalogue, &self.config.geo, &witnesses)
    }

    /// Tells whether a name leads to the far end of a flow, be it in the catalogue or not.
    pub(super) fn is_named(&self, report: &FlowReport, perimeter: Perimeter) -> bool {
        let (record, near) = (&report.record, asker(perimeter));
        let (host, far_end) = (record.endpoint(near), record.endpoint(near.other()));
        let head = report.head.as_deref();
        head.is_some_and(|head| head.sni.is_some() || head.http_host.is_some())
            || self.names.lookup(host.ip, far_end.ip, record.flow_start).is_some()
    }

    /// Tells whether a verdict that rests on what went before is refuted: a name turned up for the far end, or what was taken for a
    /// peer or a relay is a server that the device took another step with. Servers of its own steps are among these, so
    /// that this says nothing of other roles.
    pub(super) fn is_refuted(
        &self,
        known: &Destination,
        report: &FlowReport,
        perimeter: Perimeter,
        unit: Option<DeviceRef>,
    ) -> bool {
        if known.basis != Basis::Correlation {
            return false;
        }
        let far_end = report.record.endpoint(asker(perimeter).other());
        let is_end = matches!(known.role, CloudRole::P2p | CloudRole::Relay);
        let log = unit.and_then(|unit| self.units.get(unit));
        self.is_named(report, perimeter)
            || is_end && log.is_some_and(|log| log.trail.leads_to(far_end))
    }

    fn unit(&self, unit: DeviceRef, near: Role, record: &FlowRecord) -> Option<Unit<'_>> {
        Some(Unit {
            trail: &self.units.get(unit)?.trail,
            initiated: near == Role::Initiator,
            own_port: record.endpoint(near).port,
            started: record.flow_start,
            shape: shape(near, record),
        })
    }

    /// What a name says that stood in the head of a message.
    pub(super) fn destination_of_head(
        &self,
        flow: Option<MessageFlow>,
        sni: Option<&str>,
        http_host: Option<&str>,
    ) -> Option<Destination> {
        let flow = flow?;
        let witnesses =
            Witnesses { sni, http_host, ..Witnesses::of(flow.protocol, flow.responder) };
        classify(&self.catalogue, &self.config.geo, &witnesses)
    }

    /// What a name says that a host asks a name server for. No flow goes there yet, so no port can agree.
    pub(super) fn destination_of_query(&self, name: &str) -> Option<Destination> {
        self.catalogue.cloud(name)?;
        let asked: Arc<str> = name.trim_end_matches('.').to_ascii_lowercase().into();
        let nowhere = Endpoint { ip: std::net::Ipv4Addr::UNSPECIFIED.into(), port: 0 };
        let witnesses = Witnesses {
            resolved: Some(ResolvedName {
                asked: &asked,
                aliases: &[],
                ambiguous: false,
                source: NameSource::Dns,
            }),
            ..Witnesses::of(IpProtocol(0), nowhere)
        };
        classify(&self.catalogue, &self.config.geo, &witnesses)
    }
}

/// What a flow moved, as the end with `role` sees it.
pub(super) fn shape(role: Role, record: &FlowRecord) -> FlowShape {
    let volume =
        |counters: FlowCounters| Volume { packets: counters.packets, bytes: counters.ip_bytes };
    FlowShape {
        sent: volume(record.sent_by(role)),
        received: volume(record.sent_by(role.other())),
        lasted: record.flow_end.since(record.flow_start),
    }
}

/// The end that asked for the other's name: ours, or the initiator where both or neither are.
pub(super) const fn asker(perimeter: Perimeter) -> Role {
    match perimeter {
        Perimeter::Inbound => Role::Responder,
        Perimeter::Outbound | Perimeter::Internal | Perimeter::Transit => Role::Initiator,
    }
}
