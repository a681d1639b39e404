//! What the ways of a vendor device to the cloud lead to: steps on its trail, its hours, and verdicts on these.
//!
//! Comes in: flows and messages of vendor devices. Goes out: [`DeviceHour`](crate::classify::activity::DeviceHour)s,
//! through the analyst.

use std::sync::Arc;
use std::time::Duration;

use super::machine::Phase;
use super::unit_log::ClosedHour;
use super::verdict::asker;
use super::{Analyst, CountryTally, EventKind, HourSighting};
use crate::alert::{Cue, Scene};
use crate::catalogue::CloudRole;
use crate::classify::activity::{Attempt, EvasionKind, Sight, judge};
use crate::classify::{Destination, StepKind, TrailStep};
use crate::device::DeviceRef;
use crate::dissect::AppProtocol;
use crate::flow::{ConnState, Endpoint, FlowRecord, Role};
use crate::meter::FlowReport;
use crate::net::{IpProtocol, Perimeter, Timestamp};

/// Time between two looks at which hours are over.
const HOURS_INTERVAL: Duration = Duration::from_secs(10);
/// Unanswered attempts in an hour from which on a device goes on against a block: one may be a server that rests.
pub(super) const RETRIES: u32 = 3;

impl Analyst {
    /// Takes a flow of the vendor device `unit` to or from the outside into its log; gives the totals of the country that the
    /// far end's address is registered in.
    pub(super) fn log_flow(
        &mut self,
        unit: DeviceRef,
        report: &FlowReport,
        perimeter: Perimeter,
        phase: Phase,
        destination: Option<&Arc<Destination>>,
    ) -> Option<CountryTally> {
        let record = &*report.record;
        let near = asker(perimeter);
        let at = record.flow_end;
        let is_counted = !self.config.uncounted_interfaces.contains(&record.interface);
        let (moved, refused) = match self.watched.get_mut(record.id) {
            Some(watched) if is_counted => {
                let role = destination.map(|known| known.role);
                (watched.settle_hour(near, record, role), watched.is_refused())
            }
            Some(_) | None => return None,
        };
        if let Some(destination) = destination {
            self.note_step(unit, near, record, destination);
        }
        let far_end = record.endpoint(near.other());
        let is_named = || {
            let host = record.endpoint(near).ip;
            let head = report.head.as_deref();
            head.is_some_and(|head| head.sni.is_some() || head.http_host.is_some())
                || self.names.lookup(host, far_end.ip, record.flow_start).is_some()
        };
        let is_nameless = destination.is_none() && perimeter == Perimeter::Outbound && !is_named();
        let ended = matches!(phase, Phase::Ended(_));
        let tally = self.units.of(unit, self.now).hours.at(at);
        tally.hear();
        if destination.is_some_and(|known| known.role == CloudRole::Control) && !refused {
            tally.add_control_answer(moved.received_payload);
        }
        match destination {
            Some(known) => tally.add(known.role, moved, known.confidence, record.flow_start, at),
            None if is_nameless => tally.add_nameless(moved.sent.saturating_add(moved.received)),
            None => {}
        }
        let country = match destination {
            Some(known) => known.place.country,
            None => self.config.geo.place(far_end.ip).country,
        };
        let country = self.ledger.credit_country(country, moved.sent, moved.received);
        if ended {
            self.log_end(unit, report, destination, is_nameless);
        }
        Some(country)
    }

    /// Takes the end of such a flow: what came of an attempt, and which way around the network's rules it was.
    fn log_end(
        &mut self,
        unit: DeviceRef,
        report: &FlowReport,
        destination: Option<&Arc<Destination>>,
        is_nameless: bool,
    ) {
        let record = &*report.record;
        let perimeter = self.config.local_nets.perimeter(record.initiator.ip, record.responder.ip);
        let near = asker(perimeter);
        let far_end = record.endpoint(near.other());
        let at = record.flow_end;
        let answered = record.sent_by(near.other()).packets > 0;
        let resolver = self.catalogue.resolver(far_end.ip);
        // Some of them answer to ordinary DNS as well.
        let ways = [record.protocol, IpProtocol::TCP];
        let resolver = resolver.is_some_and(|known| ways == [known.transport; 2]);
        let protocol = report.head.as_deref().map(|head| head.protocol);
        let tally = self.units.of(unit, self.now).hours.at(at);
        if let Some(attempt) = failed_attempt(record, near, destination.map(Arc::as_ref)) {
            tally.attempt(attempt);
            if tally.failed_attempts() >= RETRIES {
                self.note_evasion(unit, EvasionKind::BlockedRetrying, &far_end.ip.to_string(), at);
            }
        }
        let subject = || format!("{}:{}", far_end.ip, far_end.port);
        let kind = match protocol {
            Some(AppProtocol::Dot | AppProtocol::Doh | AppProtocol::Doq) => {
                EvasionKind::EncryptedDns
            }
            _ if resolver && answered => EvasionKind::HttpDns,
            _ if is_nameless && answered && protocol != Some(AppProtocol::Dns) => {
                EvasionKind::NamelessContact
            }
            _ => return,
        };
        self.note_evasion(unit, kind, &subject(), at);
    }

    /// Takes a way around the network's rules into the log, and lets the rules look at it.
    pub(super) fn note_evasion(
        &mut self,
        unit: DeviceRef,
        kind: EvasionKind,
        subject: &str,
        at: Timestamp,
    ) {
        self.units.of(unit, self.now).hours.at(at).evade(kind, subject, at);
        if let Some(device) = self.registry.profile(unit) {
            let cue = Cue::Evasion { kind, subject };
            self.show(&Scene { now: at, device: &device, cue });
        }
    }

    fn note_step(
        &mut self,
        unit: DeviceRef,
        near: Role,
        record: &FlowRecord,
        destination: &Arc<Destination>,
    ) {
        let server = record.endpoint(near.other());
        let kind = match destination.role {
            CloudRole::Registration => StepKind::Registration,
            CloudRole::Control => StepKind::Control,
            CloudRole::Broker => StepKind::Broker,
            CloudRole::Stun => StepKind::Stun,
            CloudRole::P2p if destination.domain.is_some() || self.is_p2p_server(server) => {
                StepKind::P2p
            }
            CloudRole::P2p
            | CloudRole::Relay
            | CloudRole::Push
            | CloudRole::Storage
            | CloudRole::Api
            | CloudRole::Auth
            | CloudRole::Web
            | CloudRole::Ddns
            | CloudRole::Ntp
            | CloudRole::Firmware
            | CloudRole::Telemetry
            | CloudRole::Test
            | CloudRole::Unknown => return,
        };
        if record.sent_by(near.other()).payload_bytes == 0 {
            return;
        }
        let step = TrailStep {
            kind,
            server,
            own_port: record.endpoint(near).port,
            is_vendors: true,
            vendor: Arc::clone(&destination.vendor),
            name: destination.domain.clone(),
            first: record.flow_start,
            latest: record.flow_end,
        };
        self.push_step(unit, step);
    }

    /// Puts a step on the trail. A framing is shared by the brands: where a name led, or where the device registered, says whose
    /// cloud it is, else its maker.
    pub(super) fn push_step(&mut self, unit: DeviceRef, mut step: TrailStep) {
        if step.name.is_none() {
            let known = self.units.get(unit).and_then(|log| log.trail.vendor().cloned());
            let vendor = known.or_else(|| {
                self.registry.profile(unit).and_then(|profile| profile.identity.vendor.clone())
            });
            let Some(vendor) = vendor.or_else(|| Some(step.vendor).filter(|v| !v.is_empty()))
            else {
                return;
            };
            step.vendor = vendor;
        }
        self.units.of(unit, self.now).trail.note(step);
    }

    pub(super) fn is_p2p_server(&self, server: Endpoint) -> bool {
        self.catalogue
            .port(IpProtocol::UDP, server.port)
            .is_some_and(|entry| entry.role == CloudRole::P2p)
    }

    /// Tells the verdicts on hours that are over, now and then.
    pub(super) fn settle_hours(&mut self) {
        if self.now < self.next_hours {
            return;
        }
        self.next_hours = self.now.plus(HOURS_INTERVAL);
        for hour in self.units.close(self.now) {
            self.tell_hour(&hour);
        }
    }

    /// Tells the verdicts on hours that are open when the run ends.
    pub(super) fn drain_hours(&mut self) {
        for hour in self.units.drain(self.now) {
            self.tell_hour(&hour);
        }
    }

    fn tell_hour(&mut self, hour: &ClosedHour) {
        let ClosedHour { device, start, ref tally, complete } = *hour;
        let Some(profile) = self.registry.profile(device) else { return };
        let coverage = self.coverage.device_that(tally.shows_traffic(), device);
        let sight = Sight {
            per_mille: coverage.permille(),
            limits: coverage.limits().map(|limit| limit.sentence().into()).collect(),
        };
        let hour = Arc::new(judge(tally, start, sight, complete));
        self.show(&Scene { now: self.now, device: &profile, cue: Cue::Hour(&hour) });
        let sighting = HourSighting { profile, hour };
        self.push(self.now, EventKind::HourJudged(Box::new(sighting)));
    }
}

/// What came of an attempt to reach a standing service, where nothing did.
fn failed_attempt(
    record: &FlowRecord,
    near: Role,
    destination: Option<&Destination>,
) -> Option<Attempt> {
    let is_standing = destination.is_some_and(|known| {
        matches!(known.role, CloudRole::Registration | CloudRole::Control | CloudRole::Broker)
    });
    if record.protocol != IpProtocol::TCP || near != Role::Initiator || !is_standing {
        return None;
    }
    match record.conn_state {
        ConnState::S0 => Some(Attempt::Unanswered),
        ConnState::Rej => Some(Attempt::Rejected),
        ConnState::S1
        | ConnState::SF
        | ConnState::S2
        | ConnState::S3
        | ConnState::Rsto
        | ConnState::Rstr
        | ConnState::Rstos0
        | ConnState::Rstrh
        | ConnState::Sh
        | ConnState::Shr
        | ConnState::Oth => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyst::Config;
    use crate::catalogue::Catalogue;
    use crate::decode::VlanIds;
    use crate::dissect::{Message, StunClass};
    use crate::dissect::{P2pMessage, StunMessage};
    use crate::flow::{FlowCounters, FlowId};
    use crate::meter::MessageFlow;
    use crate::meter::{BindingSource, MessageContext, Observation, ObservationKind};
    use crate::net::{InterfaceId, MacAddr};

    const CAMERA: MacAddr = MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]);

    fn analyst() -> Analyst {
        let mut analyst = Analyst::new(Arc::new(Catalogue::builtin().unwrap()), Config::default());
        let ip = [192, 168, 1, 64].into();
        let how = BindingSource::Arp;
        observe(&mut analyst, ObservationKind::BindingSeen { mac: CAMERA, ip, how });
        analyst
    }

    fn observe(analyst: &mut Analyst, kind: ObservationKind) {
        let timestamp = Timestamp::from_parts(1_000, 0);
        analyst.observe(Observation { order: Default::default(), timestamp, kind });
    }

    /// The two ends of a flow between the camera and somebody outside.
    fn ends(inbound: bool, far_port: u16) -> (Endpoint, Endpoint) {
        let camera = Endpoint { ip: [192, 168, 1, 64].into(), port: 51_000 };
        let far_end = Endpoint { ip: [203, 0, 113, 9].into(), port: far_port };
        if inbound { (far_end, camera) } else { (camera, far_end) }
    }

    fn says(analyst: &mut Analyst, inbound: bool, sender: Role, message: Message) {
        let (initiator, responder) = ends(inbound, 52_000);
        let protocol = IpProtocol::UDP;
        let flow = MessageFlow { id: FlowId(1), initiator, responder, protocol, sender };
        let context = MessageContext {
            interface: InterfaceId(0),
            vlans: VlanIds::default(),
            ether: None,
            tunnel: None,
            flow: Some(flow),
        };
        let context = Box::new(context);
        observe(analyst, ObservationKind::MessageRead { context, message });
    }

    fn ended(analyst: &mut Analyst, inbound: bool, protocol: IpProtocol, port: u16) -> FlowReport {
        let (initiator, responder) = ends(inbound, port);
        let counters = FlowCounters { packets: 2, ip_bytes: 90, ..FlowCounters::default() };
        let macs = if inbound { [MacAddr::ZERO, CAMERA] } else { [CAMERA, MacAddr::ZERO] };
        let report = FlowReport {
            record: Box::new(FlowRecord {
                id: FlowId(1),
                initiator,
                responder,
                protocol,
                interface: InterfaceId(0),
                vlans: VlanIds::default(),
                tunnel: None,
                initiator_mac: macs[0],
                responder_mac: macs[1],
                flow_start: Timestamp::from_parts(1_000, 0),
                flow_end: Timestamp::from_parts(1_001, 0),
                forward: counters,
                reverse: counters,
                conn_state: ConnState::SF,
            }),
            head: None,
        };
        let reason = crate::flow::FlowEndReason::EndOfFlow;
        let told = ObservationKind::FlowEnded { report: report.clone(), reason };
        observe(analyst, told);
        report
    }

    fn destination(analyst: &mut Analyst) -> Option<CloudRole> {
        std::iter::from_fn(|| analyst.poll_event()).find_map(|event| {
            let EventKind::FlowEnded { sighting, .. } = event.kind else { return None };
            sighting.destination.map(|known| known.role)
        })
    }

    #[test]
    fn bytes_from_outside_make_no_peer_until_the_device_answers_in_kind() {
        let p2p = || Message::P2p(P2pMessage::default());
        for (sender, role) in [(Role::Initiator, None), (Role::Responder, Some(CloudRole::P2p))] {
            let mut analyst = analyst();
            says(&mut analyst, true, sender, p2p());
            ended(&mut analyst, true, IpProtocol::UDP, 52_000);
            assert_eq!(destination(&mut analyst), role);
        }
    }

    #[test]
    fn who_answers_a_stun_request_from_outside_has_learned_nothing_of_itself() {
        let success = StunMessage {
            classic: false,
            class: StunClass::Success,
            method: 1,
            mapped: None,
            relayed: None,
            peer: None,
            other: None,
            software: None,
            realm: None,
            error_code: None,
            has_username: false,
        };
        for (inbound, steps) in [(true, 0), (false, 1)] {
            let mut analyst = analyst();
            let stun = Message::Stun(Box::new(success.clone()));
            says(&mut analyst, inbound, Role::Responder, stun);
            let unit = analyst.registry.find([192, 168, 1, 64].into(), CAMERA).unwrap();
            let log = analyst.units.get(unit);
            let found = log.is_some_and(|log| {
                let window = Duration::from_secs(1);
                let at = Timestamp::from_parts(1_000, 0);
                log.trail.before(StepKind::Stun, at, window).is_some()
            });
            assert_eq!(usize::from(found), steps);
        }
    }

    #[test]
    fn a_resolver_over_http_that_is_asked_by_ordinary_dns_is_no_way_around() {
        for (protocol, is_around) in [(IpProtocol::TCP, true), (IpProtocol::UDP, false)] {
            let mut analyst = analyst();
            let unit = analyst.registry.find([192, 168, 1, 64].into(), CAMERA).unwrap();
            let mut report = ended(&mut analyst, false, protocol, 80);
            report.record.responder.ip = [119, 29, 29, 29].into();
            analyst.log_end(unit, &report, None, false);
            let now = Timestamp::from_parts(1_000, 0);
            let tally = analyst.units.of(unit, now).hours.at(now);
            let hour = judge(tally, now, Sight::default(), true);
            let found = hour.evasions.iter().any(|known| known.kind == EvasionKind::HttpDns);
            assert_eq!(found, is_around);
        }
    }
}
