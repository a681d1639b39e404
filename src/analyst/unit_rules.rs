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
use crate::catalogue::{CloudRole, Framing};
use crate::classify::activity::{Attempt, EvasionKind, Sight, judge};
use crate::classify::{Destination, StepKind, TrailStep};
use crate::device::{DeviceProfile, DeviceRef, Fate};
use crate::dissect::AppProtocol;
use crate::flow::{ConnState, Endpoint, FlowRecord, Role};
use crate::meter::FlowReport;
use crate::net::{IpProtocol, Perimeter, Timestamp};

/// Time between two looks at which hours are over.
const HOURS_INTERVAL: Duration = Duration::from_secs(10);
/// How long devices go on with an address whose name they asked for: most answers hold for minutes, few longer than an hour
/// (our judgement). Before that an address without a name may have been named before we listened.
const NAMES_KEPT: Duration = Duration::from_secs(3600);
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
        let is_counted = self.is_counted(record.interface);
        let (moved, refused) = match self.watched.get_mut(record.id) {
            Some(watched) if is_counted => {
                let role = destination.map(|known| known.role);
                (watched.settle_hour(near, record, role), watched.is_refused())
            }
            None if is_counted => {
                self.coverage.note_unfollowed(record.interface, unit);
                self.units.of(unit, self.now).hours.at(at).cut();
                return None;
            }
            Some(_) | None => return None,
        };
        if let Some(destination) = destination {
            self.note_step(unit, near, record, destination);
        }
        let far_end = record.endpoint(near.other());
        let is_nameless = destination.is_none()
            && perimeter == Perimeter::Outbound
            && !self.is_named(report, perimeter)
            && self.would_know_the_name(unit, record);
        let ended = matches!(phase, Phase::Ended { .. });
        let tally = self.units.of(unit, self.now).hours.at(at);
        if record.sent_by(near).packets > 0 {
            tally.go_outside();
        }
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
        // Lookups that could be read were counted one by one.
        let sign = self.watched.get(record.id).and_then(|watched| watched.sign);
        let resolver = resolver.is_some_and(|known| ways == [known.transport; 2])
            && sign.is_none_or(|sign| sign.framing != Framing::HttpDns);
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

    /// Tells whether a name that led the device to a flow would have been heard: it began to listen long before, or the device
    /// began anew since, and the beginning of the flow was seen.
    fn would_know_the_name(&self, unit: DeviceRef, record: &FlowRecord) -> bool {
        if record.protocol == IpProtocol::TCP && record.conn_state == ConnState::Oth {
            return false;
        }
        let booted = self.units.get(unit).and_then(|log| log.booted);
        booted.is_some_and(|booted| booted <= record.flow_start)
            || record.flow_start.since(self.listens_since) >= NAMES_KEPT
    }

    /// Notes that a vendor device asked for an address as who has none: what it knows of names, it learns from now on.
    pub(super) fn log_boot(&mut self, device: DeviceRef, now: Timestamp) {
        if self.registry.is_vendor_device(device) {
            self.units.of(device, self.now).booted = Some(now);
        }
    }

    /// Notes in the hours of a vendor device that it was seen on the network, by a message or by its addresses.
    pub(super) fn log_sighting(&mut self, device: DeviceRef, now: Timestamp) {
        if self.registry.is_vendor_device(device) {
            self.units.of(device, self.now).hours.at(now).notice();
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

    /// Ends the log of a device that left the registry. One that made room has its open hours told; one that is the same
    /// device as another hands them on; one that the user wants forgotten leaves nothing.
    pub(super) fn close_log(&mut self, device: DeviceRef, fate: Fate) {
        match fate {
            Fate::Evicted(Some(profile)) => {
                for hour in self.units.end(device, self.now) {
                    self.tell_hour_of(Arc::clone(&profile), &hour);
                }
                self.rules.depart(&profile.id, self.now);
                self.tell_alerts(None);
            }
            Fate::JoinedTo(heir) => self.units.join(device, heir),
            Fate::Evicted(None) | Fate::Dismissed => self.units.forget(device),
        }
    }

    fn tell_hour(&mut self, hour: &ClosedHour) {
        if let Some(profile) = self.registry.profile(hour.device) {
            self.tell_hour_of(profile, hour);
        }
    }

    fn tell_hour_of(&mut self, profile: Arc<DeviceProfile>, hour: &ClosedHour) {
        let ClosedHour { device, start, ref tally, complete } = *hour;
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
    use crate::dissect::{
        DnsMessage, DnsQuery, DnsRecord, DnsRecordData, HttpExchange, HttpRequest, Message,
        StunClass,
    };
    use crate::dissect::{P2pMessage, StunMessage};
    use crate::flow::{FlowCounters, FlowId};
    use crate::meter::{
        BindingSource, MessageContext, Observation, ObservationKind, ObservationOrder,
    };
    use crate::meter::{FlowHead, MessageFlow};
    use crate::net::{InterfaceId, MacAddr};

    use std::net::IpAddr;

    const CAMERA: MacAddr = MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]);

    type Prepare = fn(&mut Analyst, Timestamp);
    type TurnUp = fn(&mut Analyst);

    fn analyst() -> Analyst {
        let mut analyst = Analyst::new(Arc::new(Catalogue::builtin().unwrap()), Config::default());
        let ip = [192, 168, 1, 64].into();
        let how = BindingSource::Arp;
        observe(&mut analyst, ObservationKind::BindingSeen { mac: CAMERA, ip, how });
        analyst
    }

    fn observe(analyst: &mut Analyst, kind: ObservationKind) {
        let timestamp = Timestamp::from_parts(10_000, 0);
        let order = ObservationOrder { timestamp, ..Default::default() };
        analyst.observe(Observation { order, timestamp, kind });
    }

    /// The two ends of a flow between the camera and somebody outside.
    fn ends(inbound: bool, far_port: u16) -> (Endpoint, Endpoint) {
        let camera = Endpoint { ip: [192, 168, 1, 64].into(), port: 51_000 };
        let far_end = Endpoint { ip: [203, 0, 113, 9].into(), port: far_port };
        if inbound { (far_end, camera) } else { (camera, far_end) }
    }

    fn says(analyst: &mut Analyst, inbound: bool, sender: Role, message: Message) {
        tells(analyst, ends(inbound, 52_000), sender, message);
    }

    fn tells(
        analyst: &mut Analyst,
        (initiator, responder): (Endpoint, Endpoint),
        sender: Role,
        message: Message,
    ) {
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

    /// The ways around that the camera's hour of the tests shows.
    fn ways(analyst: &mut Analyst) -> Vec<(EvasionKind, u32)> {
        let unit = analyst.registry.find([192, 168, 1, 64].into(), CAMERA).unwrap();
        let now = Timestamp::from_parts(10_000, 0);
        let hour = judge(analyst.units.of(unit, now).hours.at(now), now, Sight::default(), true);
        hour.evasions.iter().map(|known| (known.kind, known.count)).collect()
    }

    fn ended(analyst: &mut Analyst, inbound: bool, protocol: IpProtocol, port: u16) -> FlowReport {
        ended_at(analyst, ends(inbound, port), protocol, None)
    }

    /// A flow that both ends spoke in ends.
    fn ended_at(
        analyst: &mut Analyst,
        both: (Endpoint, Endpoint),
        protocol: IpProtocol,
        head: Option<AppProtocol>,
    ) -> FlowReport {
        let report = report(both, protocol, head);
        let reason = crate::flow::FlowEndReason::EndOfFlow;
        let told = ObservationKind::FlowEnded { report: report.clone(), reason, was_told: false };
        observe(analyst, told);
        report
    }

    fn report(
        (initiator, responder): (Endpoint, Endpoint),
        protocol: IpProtocol,
        head: Option<AppProtocol>,
    ) -> FlowReport {
        let inbound = responder.ip == IpAddr::from([192, 168, 1, 64]);
        let counters = FlowCounters { packets: 2, ip_bytes: 90, ..FlowCounters::default() };
        let macs = if inbound { [MacAddr::ZERO, CAMERA] } else { [CAMERA, MacAddr::ZERO] };
        FlowReport {
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
                flow_start: Timestamp::from_parts(10_000, 0),
                flow_end: Timestamp::from_parts(10_001, 0),
                forward: counters,
                reverse: counters,
                conn_state: ConnState::SF,
            }),
            head: head.map(|protocol| Arc::new(FlowHead { protocol, sni: None, http_host: None })),
        }
    }

    /// A name turns up for the far end.
    fn names(analyst: &mut Analyst) {
        let address = [203, 0, 113, 9];
        let query = DnsQuery { name: "time.example".into(), rtype: 1 };
        let data = DnsRecordData::A(address.into());
        let answer = DnsRecord { name: "time.example".into(), rtype: 1, ttl: 300, data };
        let dns = DnsMessage {
            queries: vec![query],
            answers: vec![answer],
            ..DnsMessage::new(AppProtocol::Dns, 1, 0x8180)
        };
        let resolver = Endpoint { ip: [192, 168, 1, 1].into(), port: 53 };
        let both = (ends(false, 0).0, resolver);
        tells(analyst, both, Role::Responder, Message::Dns(Box::new(dns)));
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
                let at = Timestamp::from_parts(10_000, 0);
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
            let now = Timestamp::from_parts(10_000, 0);
            let tally = analyst.units.of(unit, now).hours.at(now);
            let hour = judge(tally, now, Sight::default(), true);
            let found = hour.evasions.iter().any(|known| known.kind == EvasionKind::HttpDns);
            assert_eq!(found, is_around);
        }
    }

    #[test]
    fn a_lookup_over_http_counts_once_and_not_where_the_flow_passes_by_again() {
        for is_counted in [true, false] {
            let mut analyst = analyst();
            if !is_counted {
                analyst.config.uncounted_interfaces = vec![InterfaceId(0)];
            }
            let (camera, _) = ends(false, 80);
            let resolver = Endpoint { ip: [119, 29, 29, 29].into(), port: 80 };
            let target = "/d?dn=litedev.ezvizlife.com".to_owned();
            let request = HttpRequest { method: "GET".to_owned(), target, ..Default::default() };
            let request = Arc::new(request);
            let exchange = HttpExchange { request: Some(Arc::clone(&request)), response: None };
            let both = (camera, resolver);
            tells(&mut analyst, both, Role::Initiator, Message::HttpRequest(request));
            tells(&mut analyst, both, Role::Responder, Message::Http(Box::new(exchange)));
            ended_at(&mut analyst, both, IpProtocol::TCP, None);

            let expected = [(EvasionKind::HttpDns, 1)];
            assert_eq!(ways(&mut analyst), if is_counted { &expected[..] } else { &[] });
        }
    }

    fn boot(analyst: &mut Analyst) {
        let unit = analyst.registry.find([192, 168, 1, 64].into(), CAMERA).unwrap();
        analyst.log_boot(unit, Timestamp::from_parts(9_990, 0));
    }

    fn outside(host: u8, port: u16) -> (Endpoint, Endpoint) {
        (ends(false, 0).0, Endpoint { ip: [203, 0, 113, host].into(), port })
    }

    #[test]
    fn names_asked_in_encrypted_form_are_a_way_around_and_ordinary_ones_are_not() {
        let protocols = [
            (AppProtocol::Doh, IpProtocol::TCP, 443),
            (AppProtocol::Dot, IpProtocol::TCP, 853),
            (AppProtocol::Doq, IpProtocol::UDP, 853),
        ];
        for (head, protocol, port) in protocols {
            let mut analyst = analyst();
            ended_at(&mut analyst, outside(53, port), protocol, Some(head));
            assert_eq!(ways(&mut analyst), [(EvasionKind::EncryptedDns, 1)], "{head:?}");
        }
        for head in [AppProtocol::Dns, AppProtocol::Tls] {
            let mut analyst = analyst();
            ended_at(&mut analyst, outside(53, 443), IpProtocol::TCP, Some(head));
            assert_eq!(ways(&mut analyst), [], "{head:?}");
        }
    }

    #[test]
    fn an_address_without_a_name_counts_only_where_its_name_would_have_been_heard() {
        let long_ago = Timestamp::from_parts(10_000, 0).minus(NAMES_KEPT * 2);
        let cases: [(&str, Prepare, bool); 3] = [
            ("right after the start", |_, _| {}, false),
            ("long after it", |analyst, long_ago| analyst.listens_since = long_ago, true),
            ("since it booted", |analyst, _| boot(analyst), true),
        ];
        for (case, prepare, counts) in cases {
            let mut analyst = analyst();
            prepare(&mut analyst, long_ago);
            let expected: &[_] = if counts { &[(EvasionKind::NamelessContact, 1)] } else { &[] };
            ended_at(&mut analyst, outside(9, 9_000), IpProtocol::TCP, None);
            assert_eq!(ways(&mut analyst), expected, "{case}");
        }
        let mut named = analyst();
        boot(&mut named);
        names(&mut named);
        ended_at(&mut named, outside(9, 9_000), IpProtocol::TCP, None);
        assert_eq!(ways(&mut named), []);
    }

    #[test]
    fn a_peer_is_none_any_more_when_a_name_or_another_step_turns_up_for_its_address() {
        let at = Timestamp::from_parts(9_995, 0);
        let step = |kind, host, port| TrailStep {
            kind,
            server: Endpoint { ip: [198, 51, 100, host].into(), port },
            own_port: 51_000,
            is_vendors: true,
            vendor: "ezviz".into(),
            name: None,
            first: at,
            latest: at,
        };
        let far_end = outside(9, 62_001);
        let refutes: [(TurnUp, bool); 3] = [
            (|_| {}, true),
            (names, false),
            (
                |analyst| {
                    let unit = analyst.registry.find([192, 168, 1, 64].into(), CAMERA).unwrap();
                    let at = Timestamp::from_parts(10_000, 0);
                    let step = TrailStep {
                        kind: StepKind::Broker,
                        server: outside(9, 62_001).1,
                        own_port: 51_002,
                        is_vendors: true,
                        vendor: "ezviz".into(),
                        name: None,
                        first: at,
                        latest: at,
                    };
                    analyst.push_step(unit, step);
                },
                false,
            ),
        ];
        for (turns_up, stays) in refutes {
            let mut analyst = analyst();
            let unit = analyst.registry.find([192, 168, 1, 64].into(), CAMERA).unwrap();
            analyst.push_step(unit, step(StepKind::Stun, 3, 6002));
            analyst.push_step(unit, step(StepKind::P2p, 4, 6000));
            let report = report(far_end, IpProtocol::UDP, None);
            let interim = false;
            observe(&mut analyst, ObservationKind::FlowUpdated { report, interim });
            let role_of = |analyst: &Analyst| {
                let known = analyst.watched.get(FlowId(1))?.destination.as_ref()?;
                Some(known.role)
            };
            assert_eq!(role_of(&analyst), Some(CloudRole::P2p));

            turns_up(&mut analyst);
            ended_at(&mut analyst, far_end, IpProtocol::UDP, None);
            let found = destination(&mut analyst);
            assert_eq!(found, stays.then_some(CloudRole::P2p));
        }
    }
}
