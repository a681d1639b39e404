//! The analyst: what it holds, and the door to it.
//!
//! Comes in: observations of all meters in order, and the time. Goes out: events, in the order of their causes.
//! It never performs I/O and reads no clock. Flows are dealt with in `flow_rules`, messages in `message_rules`.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ahash::RandomState;

use super::coverage::CoverageLedger;
use super::ledger::Ledger;
use super::relayed_names::RelayedNames;
use super::resolvers::Resolvers;
use super::unit_log::UnitLogs;
use super::watch_list::WatchList;
use super::{AlertSighting, AnalystStats, Config, Event, EventKind};
use crate::alert::{AlertPhase, Cue, Explanation, Ruleset, Scene};
use crate::catalogue::Catalogue;
use crate::classify::NameMemory;
use crate::device::{Departure, DeviceRef, Registry, Signatures};
use crate::flow::FlowEndReason;
use crate::meter::{BindingSource, FlowReport, Observation, ObservationKind};
use crate::net::{InterfaceId, MacAddr, Timestamp};

/// Time between two looks at who has gone silent.
const PRESENCE_INTERVAL: Duration = Duration::from_secs(10);

/// Turns [`Observation`]s and the passing of time into [`Event`]s.
///
/// Performs no I/O, reads no clock, and blocks on nothing. After each input, call
/// [`poll_event`](Self::poll_event) until it returns `None`. Little here waits for
/// a deadline: what is kept ages when it is looked up, and who went silent is told a few seconds late. Observations are given in their order, time never decreases. The
/// same observations give the same events.
#[derive(Debug)]
pub struct Analyst {
    pub(super) config: Config,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) names: NameMemory,
    pub(super) relayed: RelayedNames,
    pub(super) resolvers: Resolvers,
    pub(super) registry: Registry,
    pub(super) units: UnitLogs,
    pub(super) watched: WatchList,
    pub(super) ledger: Ledger,
    pub(super) coverage: CoverageLedger,
    pub(super) rules: Ruleset,
    /// When the listed devices were last seen, as it was told at the latest checkpoint.
    pub(super) checkpoints: HashMap<DeviceRef, Timestamp, RandomState>,
    pub(super) next_checkpoint: Timestamp,
    /// When habits are given next to who stores them.
    pub(super) next_habits: Timestamp,
    events: VecDeque<Event>,
    pub(super) now: Timestamp,
    /// When the first observation came.
    pub(super) listens_since: Timestamp,
    /// When it is looked next who has gone silent.
    next_presence: Timestamp,
    /// When it is looked next which hours are over.
    pub(super) next_hours: Timestamp,
}

/// What happened to a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Started,
    Updated { interim: bool },
    Ended { reason: FlowEndReason, was_told: bool },
}

impl Analyst {
    /// An analyst that has seen nothing yet.
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>, config: Config) -> Self {
        let mut registry =
            Registry::new(Arc::clone(&catalogue), Signatures::builtin(), config.max_devices);
        registry.set_labels(Arc::clone(&config.labels));
        let mut rules = Ruleset::new(config.alerts.clone());
        if config.explain_alerts {
            rules.explain();
        }
        Self {
            names: NameMemory::new(config.max_names, RandomState::new()),
            relayed: RelayedNames::default(),
            resolvers: Resolvers::default(),
            units: UnitLogs::default(),
            watched: WatchList::new(config.max_watched_flows),
            ledger: Ledger::new(),
            coverage: CoverageLedger::new(),
            rules,
            checkpoints: HashMap::with_hasher(RandomState::new()),
            next_checkpoint: Timestamp::ZERO,
            next_habits: Timestamp::ZERO,
            events: VecDeque::new(),
            now: Timestamp::ZERO,
            listens_since: Timestamp::ZERO,
            next_presence: Timestamp::ZERO,
            next_hours: Timestamp::ZERO,
            registry,
            catalogue,
            config,
        }
    }

    /// Takes the next observation in.
    pub fn observe(&mut self, observation: Observation) {
        self.now = self.now.max(observation.order.timestamp);
        if self.listens_since == Timestamp::ZERO {
            self.listens_since = self.now;
        }
        self.settle_presence();
        self.settle_hours();
        // What a person reads is the time that the capture states; what ages here goes by our own.
        let now = observation.timestamp;
        match observation.kind {
            ObservationKind::FlowStarted(report) => self.observe_flow(report, Phase::Started, now),
            ObservationKind::FlowUpdated { report, interim } => {
                self.observe_flow(report, Phase::Updated { interim }, now);
            }
            ObservationKind::FlowEnded { report, reason, was_told } => {
                self.observe_flow(report, Phase::Ended { reason, was_told }, now);
            }
            ObservationKind::MessageRead { context, message } => {
                self.observe_message(*context, message, now);
            }
            ObservationKind::BindingSeen { mac, ip, how } => {
                self.observe_binding(mac, ip, how, now);
            }
        }
        self.settle_forgotten();
        self.tell_touched();
    }

    /// Tells the analyst that time has passed without an observation.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.coverage.settle(self.now);
        self.settle_presence();
        self.settle_hours();
        self.tell_touched();
    }

    /// The next event, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Ends a run: tells the verdicts on the hours that are open, and the last state of every device of the inventory, by
    /// identifier.
    pub fn drain(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        (self.next_hours, self.next_habits) = (Timestamp::ZERO, Timestamp::ZERO);
        self.settle_hours();
        self.drain_hours();
        for profile in self.registry.listed() {
            self.push(now, EventKind::DeviceSeen(profile));
        }
    }

    /// Uses another catalogue from now on. Verdicts on live flows stay.
    pub fn replace_catalogue(&mut self, catalogue: Arc<Catalogue>) {
        self.registry.replace_catalogue(Arc::clone(&catalogue), self.now);
        self.catalogue = catalogue;
    }

    /// Uses other bounds and networks from now on; what exceeds a smaller bound leaves as newcomers arrive.
    /// The bound on names is that of the start.
    pub fn set_config(&mut self, config: Config) {
        self.registry.set_max_devices(config.max_devices);
        self.registry.set_labels(Arc::clone(&config.labels));
        self.watched.set_max(config.max_watched_flows);
        self.rules.set_config(config.alerts.clone(), self.now);
        self.config = config;
        self.tell_alerts(None);
    }

    /// Why alert rules fired, and which nearly did, where the configuration asks for it.
    #[must_use]
    pub fn alert_explanation(&self) -> Option<Explanation> {
        self.rules.explanation()
    }

    /// What was counted so far.
    #[must_use]
    pub fn stats(&self) -> AnalystStats {
        let devices = self.registry.stats();
        AnalystStats {
            devices: devices.devices,
            devices_evicted: devices.evicted,
            devices_refused: devices.refused,
            names: self.names.len(),
            names_evicted: self.names.evicted(),
            watched_flows: self.watched.len(),
            watched_flows_refused: self.watched.refused(),
            vendor_devices: devices.vendor_devices,
        }
    }

    pub(super) fn push(&mut self, timestamp: Timestamp, kind: EventKind) {
        self.events.push_back(Event { timestamp, kind });
    }

    /// Lets the rules look at what happened, and tells what they found.
    pub(super) fn show(&mut self, scene: &Scene<'_>) {
        self.rules.observe(scene);
        self.tell_alerts(None);
    }

    /// Tells what the rules found. `flow`: the one that they looked at.
    pub(super) fn tell_alerts(&mut self, flow: Option<&FlowReport>) {
        while let Some(alert) = self.rules.poll_alert() {
            let flow = flow.filter(|_| alert.phase == AlertPhase::Raised).cloned();
            let timestamp = alert.timestamp;
            self.push(timestamp, EventKind::AlertTold(Box::new(AlertSighting { alert, flow })));
        }
    }

    /// Tells of a device if there is something new to tell.
    pub(super) fn announce(&mut self, device: DeviceRef, now: Timestamp) {
        let Some(profile) = self.registry.take_news(device) else { return };
        self.push(now, EventKind::DeviceSeen(Arc::clone(&profile)));
        self.show(&Scene { now, device: &profile, cue: Cue::Profile });
    }

    /// Tells whether `ip` is the address of a single host of ours.
    pub(super) fn is_local_host(&self, ip: IpAddr) -> bool {
        is_single_host(ip) && self.config.local_nets.contains(ip)
    }

    /// Tells whether what passes by on an interface is added to totals.
    pub(super) fn is_counted(&self, interface: InterfaceId) -> bool {
        !self.config.uncounted_interfaces.contains(&interface)
    }

    fn observe_binding(&mut self, mac: MacAddr, ip: IpAddr, how: BindingSource, now: Timestamp) {
        let ip = match how {
            // ARP never leaves the segment, so any address in it is next to us: new Hikvision cameras
            // come up as 192.0.0.64, which is in no private block.
            BindingSource::Arp => Some(ip).filter(|&ip| is_single_host(ip)),
            // Neither does Neighbor Discovery.
            BindingSource::Ndp => Some(ip).filter(|&ip| is_single_host(ip)),
            BindingSource::Dhcp => Some(ip).filter(|&ip| self.is_local_host(ip)),
        };
        if let Some(device) = self.registry.claim(mac, ip, now) {
            self.announce(device, now);
            self.log_sighting(device, now);
        }
    }

    /// Tells who has gone silent, and who came back, now and then.
    fn settle_presence(&mut self) {
        if self.now < self.next_presence {
            return;
        }
        self.next_presence = self.now.plus(PRESENCE_INTERVAL);
        for device in self.registry.settle_presence(self.config.offline_after, self.now) {
            self.announce(device, self.now);
        }
        self.rules.handle_timeout(self.now);
        self.tell_alerts(None);
    }

    pub(super) fn settle_forgotten(&mut self) {
        while let Some(Departure { device, fate }) = self.registry.pop_forgotten() {
            self.checkpoints.remove(&device);
            self.ledger.forget(device);
            self.close_log(device, fate);
            self.coverage.forget(device);
        }
    }
}

/// Tells whether an address can belong to one host on a network.
pub(super) const fn is_single_host(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            !(v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast() || v4.is_loopback())
        }
        IpAddr::V6(v6) => !(v6.is_unspecified() || v6.is_multicast() || v6.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::alert::AlertRule;
    use crate::analyst::{CoverageLimit, FlowSighting, Tally};
    use crate::classify::Basis;
    use crate::classify::activity::DeviceHour;
    use crate::decode::{EtherAddresses, VlanIds};
    use crate::device::{DeviceKind, DeviceProfile};
    use crate::dissect::{
        AddressList, AppProtocol, DhcpMessage, DnsMessage, DnsQuery, DnsRecord, DnsRecordData,
        HttpExchange, HttpRequest, HttpResponse, Message, SadpKind, SadpMessage,
    };
    use crate::flow::{ConnState, Endpoint, FlowCounters, FlowId, FlowRecord, Role};
    use crate::meter::{FlowHead, MessageContext, MessageFlow, ObservationOrder};
    use crate::net::IpProtocol;

    const CAMERA_MAC: MacAddr = MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]);
    const PHONE_MAC: MacAddr = MacAddr([0x02, 0, 0, 0, 0, 7]);
    const ROUTER_MAC: MacAddr = MacAddr([0x02, 0, 0, 0, 0, 1]);
    const CAMERA: &str = "192.168.1.64";
    const PHONE: &str = "192.168.1.7";
    const RESOLVER: &str = "9.9.9.9";
    const CLOUD: &str = "203.0.113.5";
    const LBS_NAME: &str = "litedev.ezvizlife.com";

    fn addr(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn end(ip: &str, port: u16) -> Endpoint {
        Endpoint { ip: addr(ip), port }
    }

    /// An analyst with a clock that ticks once an observation.
    struct Bench {
        analyst: Analyst,
        second: u64,
    }

    impl Bench {
        fn new() -> Self {
            Self::with(Config::default())
        }

        fn with(config: Config) -> Self {
            let catalogue = Arc::new(Catalogue::builtin().unwrap());
            Self { analyst: Analyst::new(catalogue, config), second: 1_000 }
        }

        fn observe(&mut self, kind: ObservationKind) -> Vec<EventKind> {
            self.second += 1;
            let timestamp = Timestamp::from_parts(self.second, 0);
            let order = ObservationOrder { timestamp, frame: self.second, flow: 0, part: 0 };
            self.analyst.observe(Observation { order, timestamp: order.timestamp, kind });
            self.events()
        }

        fn events(&mut self) -> Vec<EventKind> {
            std::iter::from_fn(|| self.analyst.poll_event()).map(|event| event.kind).collect()
        }

        fn arp(&mut self, mac: MacAddr, ip: &str) -> Vec<EventKind> {
            self.observe(ObservationKind::BindingSeen {
                mac,
                ip: addr(ip),
                how: BindingSource::Arp,
            })
        }

        fn message(
            &mut self,
            source: MacAddr,
            from: Endpoint,
            to: Endpoint,
            message: Message,
        ) -> Vec<EventKind> {
            let is_answer = from.port == 53;
            let (initiator, responder) = if is_answer { (to, from) } else { (from, to) };
            let context = MessageContext {
                interface: InterfaceId(0),
                vlans: VlanIds::default(),
                ether: Some(EtherAddresses { source, destination: ROUTER_MAC }),
                tunnel: None,
                flow: Some(MessageFlow {
                    id: FlowId(99),
                    initiator,
                    responder,
                    protocol: IpProtocol::UDP,
                    sender: if is_answer { Role::Responder } else { Role::Initiator },
                }),
            };
            self.observe(ObservationKind::MessageRead { context: Box::new(context), message })
        }

        fn asks(&mut self, mac: MacAddr, ip: &str, name: &str) -> Vec<EventKind> {
            self.message(mac, end(ip, 40_000), end(RESOLVER, 53), dns(name, None))
        }

        fn is_answered(&mut self, ip: &str, name: &str, address: &str) -> Vec<EventKind> {
            let answer = dns(name, Some(address.parse().unwrap()));
            self.message(ROUTER_MAC, end(RESOLVER, 53), end(ip, 40_000), answer)
        }

        fn sadp(&mut self, mac: MacAddr, message: SadpMessage) -> Vec<EventKind> {
            self.message(
                mac,
                end(CAMERA, 37_020),
                end("239.255.255.250", 37_020),
                Message::Sadp(Box::new(message)),
            )
        }
    }

    fn dns(name: &str, answer: Option<Ipv4Addr>) -> Message {
        let flags = if answer.is_some() { 0x8180 } else { 0x0100 };
        Message::Dns(Box::new(DnsMessage {
            queries: vec![DnsQuery { name: name.into(), rtype: 1 }],
            answers: answer
                .map(|address| DnsRecord {
                    name: name.into(),
                    rtype: 1,
                    ttl: 300,
                    data: DnsRecordData::A(address),
                })
                .into_iter()
                .collect(),
            ..DnsMessage::new(AppProtocol::Dns, 1, flags)
        }))
    }

    fn reply(model: &str) -> SadpMessage {
        SadpMessage {
            kind: SadpKind::Reply,
            device_description: Some(model.into()),
            serial: Some(format!("{model}20200414AAWRE33842150")),
            mac: Some(CAMERA_MAC),
            software_version: Some("V5.6.2build 190701".into()),
            ..SadpMessage::default()
        }
    }

    struct Flow {
        id: u64,
        mac: MacAddr,
        from: &'static str,
        to: &'static str,
        port: u16,
        sni: Option<&'static str>,
    }

    const LBS_FLOW: Flow =
        Flow { id: 1, mac: CAMERA_MAC, from: CAMERA, to: CLOUD, port: 8666, sni: None };

    impl Flow {
        fn report(&self, sent: u64, received: u64) -> FlowReport {
            let counters = |bytes: u64| FlowCounters {
                packets: u64::from(bytes > 0),
                ip_bytes: bytes,
                payload_bytes: bytes / 2,
                ..FlowCounters::default()
            };
            FlowReport {
                record: Box::new(FlowRecord {
                    id: FlowId(self.id),
                    initiator: end(self.from, 40_001),
                    responder: end(self.to, self.port),
                    protocol: IpProtocol::TCP,
                    interface: InterfaceId(0),
                    vlans: VlanIds::default(),
                    tunnel: None,
                    initiator_mac: self.mac,
                    responder_mac: ROUTER_MAC,
                    flow_start: Timestamp::from_parts(1_100, 0),
                    flow_end: Timestamp::from_parts(1_101, 0),
                    forward: counters(sent),
                    reverse: counters(received),
                    conn_state: ConnState::S1,
                }),
                head: self.sni.map(|sni| {
                    Arc::new(FlowHead {
                        protocol: AppProtocol::Tls,
                        sni: Some(sni.into()),
                        http_host: None,
                    })
                }),
            }
        }

        fn starts(&self, bench: &mut Bench) -> Vec<EventKind> {
            bench.observe(ObservationKind::FlowStarted(self.report(60, 0)))
        }

        fn goes_on(&self, bench: &mut Bench, sent: u64, received: u64) -> Vec<EventKind> {
            let report = self.report(sent, received);
            bench.observe(ObservationKind::FlowUpdated { report, interim: false })
        }

        fn ends(&self, bench: &mut Bench, sent: u64, received: u64) -> Vec<EventKind> {
            let reason = FlowEndReason::EndOfFlow;
            let report = self.report(sent, received);
            bench.observe(ObservationKind::FlowEnded { report, reason, was_told: true })
        }
    }

    fn labels(events: &[EventKind]) -> Vec<&'static str> {
        events
            .iter()
            .map(|kind| match kind {
                EventKind::DeviceSeen(_) => "device",
                EventKind::DeviceTouched(_) => "touched",
                EventKind::FlowStarted(_) => "started",
                EventKind::FlowUpdated { .. } => "updated",
                EventKind::FlowEnded { .. } => "ended",
                EventKind::MessageRead(_) => "message",
                EventKind::HourJudged(sighting) => sighting.hour.state.as_label(),
                EventKind::AlertTold(sighting) => sighting.alert.rule.builtin.unwrap().as_label(),
            })
            .collect()
    }

    fn sighting(events: &[EventKind]) -> &FlowSighting {
        events
            .iter()
            .find_map(|kind| match kind {
                EventKind::FlowStarted(sighting)
                | EventKind::FlowUpdated { sighting, .. }
                | EventKind::FlowEnded { sighting, .. } => Some(sighting),
                EventKind::DeviceSeen(_)
                | EventKind::DeviceTouched(_)
                | EventKind::MessageRead(_)
                | EventKind::HourJudged(_)
                | EventKind::AlertTold(_) => None,
            })
            .expect("a flow event")
    }

    fn hours(events: &[EventKind]) -> Vec<Arc<DeviceHour>> {
        events
            .iter()
            .filter_map(|kind| match kind {
                EventKind::HourJudged(sighting) => Some(Arc::clone(&sighting.hour)),
                EventKind::DeviceSeen(_)
                | EventKind::DeviceTouched(_)
                | EventKind::FlowStarted(_)
                | EventKind::FlowUpdated { .. }
                | EventKind::FlowEnded { .. }
                | EventKind::MessageRead(_)
                | EventKind::AlertTold(_) => None,
            })
            .collect()
    }

    fn profile(events: &[EventKind]) -> &DeviceProfile {
        events
            .iter()
            .find_map(|kind| match kind {
                EventKind::DeviceSeen(profile) => Some(&**profile),
                EventKind::DeviceTouched(_)
                | EventKind::FlowStarted(_)
                | EventKind::FlowUpdated { .. }
                | EventKind::FlowEnded { .. }
                | EventKind::MessageRead(_)
                | EventKind::HourJudged(_)
                | EventKind::AlertTold(_) => None,
            })
            .expect("a device event")
    }

    #[test]
    fn a_camera_is_found_and_its_cloud_named_with_all_bytes_counted_once() {
        let mut bench = Bench::new();

        let arp = bench.arp(CAMERA_MAC, CAMERA);
        assert_eq!(labels(&arp), ["device", "new-device"]);
        assert_eq!(profile(&arp).identity.confidence, 58);

        let sadp = bench.sadp(CAMERA_MAC, reply("DS-2CD2385G1-I"));
        assert_eq!(labels(&sadp), ["device", "vulnerable-build", "message"]);
        let identity = &profile(&sadp).identity;
        assert_eq!(identity.vendor.as_deref(), Some("hikvision"));
        assert_eq!(identity.oem_of, None);
        assert_eq!(identity.kind, DeviceKind::Camera);
        assert_eq!(identity.serial.as_deref(), Some("E33842150"));
        assert_eq!(identity.confidence, 81);

        bench.asks(CAMERA_MAC, CAMERA, LBS_NAME);
        bench.is_answered(CAMERA, LBS_NAME, CLOUD);
        let started = LBS_FLOW.starts(&mut bench);
        assert_eq!(labels(&started), ["started", "vendor-cloud-contact"]);
        let destination = sighting(&started).destination.as_ref().unwrap();
        assert_eq!((&*destination.service, destination.basis), ("ezviz-lbs", Basis::Dns));
        assert_eq!(sighting(&started).device.as_ref().unwrap().role, Role::Initiator);

        LBS_FLOW.goes_on(&mut bench, 500, 300);
        let ended = LBS_FLOW.ends(&mut bench, 700, 900);
        let total = Tally { sent: 700, received: 900, flows: 1 };
        let tallies = sighting(&ended).tallies.unwrap();
        assert_eq!((tallies.device, tallies.cloud), (total, total));

        let second = Flow { id: 2, ..LBS_FLOW };
        assert_eq!(labels(&second.starts(&mut bench)), ["started"]);
        let ended = second.ends(&mut bench, 100, 100);
        let tallies = sighting(&ended).tallies.unwrap();
        assert_eq!(tallies.cloud, Tally { sent: 800, received: 1_000, flows: 2 });
        assert_eq!(bench.analyst.stats().watched_flows, 0);

        bench.analyst.drain(Timestamp::from_parts(9_999, 0));
        let last = bench.events();
        assert_eq!(labels(&last), ["control-only", "idle", "device"]);
        assert_eq!(profile(&last).identity.confidence, 89);
        assert_eq!(profile(&last).addresses, [addr(CAMERA)]);
    }

    #[test]
    fn a_phone_that_speaks_app_names_is_a_client_and_no_camera() {
        let mut bench = Bench::new();
        let app = Flow {
            id: 3,
            mac: PHONE_MAC,
            from: PHONE,
            to: "203.0.113.80",
            port: 443,
            sni: Some("apiieu.ezvizlife.com"),
        };
        assert_eq!(labels(&bench.asks(PHONE_MAC, PHONE, "apiieu.ezvizlife.com")), ["message"]);

        assert_eq!(app.starts(&mut bench).len(), 3);
        let events = app.goes_on(&mut bench, 500, 900);

        let device = sighting(&events).device.as_ref().unwrap();
        assert!(!device.profile.is_vendor_device());
        assert_eq!(sighting(&events).destination.as_ref().unwrap().basis, Basis::Sni);
        assert_eq!(sighting(&events).tallies.unwrap().cloud.sent, 500);
    }

    #[test]
    fn who_asks_by_sadp_is_no_camera() {
        let mut bench = Bench::new();
        let inquiry = SadpMessage { mac: Some(CAMERA_MAC), ..SadpMessage::default() };

        let events = bench.sadp(PHONE_MAC, inquiry);

        assert_eq!(labels(&events), ["message"]);
    }

    #[test]
    fn a_forged_reply_changes_nobody_but_its_sender() {
        let mut bench = Bench::new();
        bench.arp(CAMERA_MAC, CAMERA);

        for n in 0..200 {
            let model = format!("ANNKE {n} {}", "x".repeat(2_000));
            bench.sadp(PHONE_MAC, reply(&model));
        }
        bench.analyst.drain(Timestamp::from_parts(9_999, 0));

        let profiles: Vec<_> = bench
            .events()
            .into_iter()
            .filter_map(|kind| match kind {
                EventKind::DeviceSeen(profile) => Some(profile),
                EventKind::DeviceTouched(_)
                | EventKind::FlowStarted(_)
                | EventKind::FlowUpdated { .. }
                | EventKind::FlowEnded { .. }
                | EventKind::MessageRead(_)
                | EventKind::HourJudged(_)
                | EventKind::AlertTold(_) => None,
            })
            .collect();
        let camera = profiles.iter().find(|profile| profile.mac == Some(CAMERA_MAC)).unwrap();
        assert_eq!(camera.identity.vendor.as_deref(), Some("hikvision"));
        assert_eq!(camera.identity.model, None);
        assert!(profiles.iter().all(|profile| profile.mac != Some(PHONE_MAC)));
    }

    #[test]
    fn a_rebranded_camera_has_its_brand_and_its_maker() {
        let mut bench = Bench::new();

        let events = bench.sadp(CAMERA_MAC, reply("ANNKE C500"));

        let identity = &profile(&events).identity;
        assert_eq!(identity.vendor.as_deref(), Some("annke"));
        assert_eq!(identity.oem_of.as_deref(), Some("hikvision"));
        assert_eq!(identity.model.as_deref(), Some("ANNKE C500"));
    }

    #[test]
    fn made_up_addresses_do_not_displace_a_camera() {
        let mut bench = Bench::with(Config { max_devices: 64, ..Config::default() });
        bench.arp(CAMERA_MAC, CAMERA);

        for n in 0..10_000u32 {
            let [_, b, c, d] = n.to_be_bytes();
            bench.arp(MacAddr([0x02, 1, 1, b, c, d]), &format!("10.{b}.{c}.{d}"));
        }

        assert!(bench.analyst.stats().devices <= 64);
        assert!(bench.analyst.stats().devices_evicted > 9_000);
        bench.analyst.drain(Timestamp::from_parts(99_999, 0));
        assert_eq!(profile(&bench.events()).mac, Some(CAMERA_MAC));
    }

    #[test]
    fn a_flow_of_no_concern_is_told_when_it_ends_and_names_no_device() {
        let mut bench = Bench::new();
        let flow = Flow { id: 4, mac: PHONE_MAC, from: PHONE, to: "198.51.100.9", ..LBS_FLOW };

        assert_eq!(labels(&flow.starts(&mut bench)), [""; 0]);
        assert_eq!(labels(&flow.goes_on(&mut bench, 100, 100)), [""; 0]);
        let ended = flow.ends(&mut bench, 200, 200);

        assert_eq!(labels(&ended), ["ended"]);
        assert!(!sighting(&ended).is_of_concern() && sighting(&ended).tallies.is_none());
    }

    #[test]
    fn a_device_or_a_destination_that_is_known_late_is_credited_with_the_whole_flow() {
        let mut bench = Bench::new();
        let mac = MacAddr([0x02, 0, 0, 0, 0, 9]);
        let flow = Flow { id: 5, mac, port: 4_443, ..LBS_FLOW };
        assert!(flow.starts(&mut bench).is_empty());
        assert!(flow.goes_on(&mut bench, 400, 100).is_empty());

        bench.sadp(mac, SadpMessage { mac: None, ..reply("DS-2CD2385G1-I") });
        let known = flow.goes_on(&mut bench, 500, 200);
        let device = sighting(&known).tallies.unwrap();
        assert_eq!(device.device, Tally { sent: 500, received: 200, flows: 1 });
        assert_eq!(device.cloud, Tally::default());

        bench.is_answered(CAMERA, LBS_NAME, CLOUD);
        let named = flow.goes_on(&mut bench, 600, 200);
        assert_eq!(labels(&named), ["updated", "vendor-cloud-contact"]);
        let tallies = sighting(&named).tallies.unwrap();
        assert_eq!(tallies.cloud, Tally { sent: 600, received: 200, flows: 1 });
        assert_eq!(tallies.device, tallies.cloud);
    }

    #[test]
    fn a_name_server_is_not_taken_for_the_cameras_that_it_asks_for() {
        let mut bench = Bench::new();
        let server = MacAddr([0x02, 0, 0, 0, 0, 53]);
        let answer = dns("example.org", Some(Ipv4Addr::new(192, 0, 2, 1)));
        bench.message(server, end("192.168.1.53", 53), end(PHONE, 40_000), answer);

        let events = bench.asks(server, "192.168.1.53", LBS_NAME);

        assert_eq!(labels(&events), ["message"]);
    }

    #[test]
    fn the_query_that_a_name_server_passes_on_first_is_not_its_own() {
        let mut bench = Bench::new();
        let server = MacAddr([0x02, 0, 0, 0, 0, 53]);
        let (client, service) = (end(CAMERA, 40_000), end("192.168.1.53", 53));
        bench.message(CAMERA_MAC, client, service, dns(LBS_NAME, None));

        let passed_on = bench.asks(server, "192.168.1.53", LBS_NAME);
        let own = bench.asks(server, "192.168.1.53", "litedev.ys7.com");

        assert_eq!(labels(&passed_on), ["message"]);
        assert_eq!(labels(&own), ["device", "new-device", "message"]);
    }

    #[test]
    fn behind_a_router_devices_are_told_apart_by_their_ip_address() {
        let mut bench = Bench::new();
        for last in 1..=12 {
            bench.asks(ROUTER_MAC, &format!("10.0.5.{last}"), "example.org");
        }

        let events = bench.asks(ROUTER_MAC, "10.0.5.12", LBS_NAME);

        let device = profile(&events);
        assert_eq!((device.mac, device.addresses.as_slice()), (None, &[addr("10.0.5.12")][..]));
        assert_eq!(device.identity.vendor.as_deref(), Some("ezviz"));
    }

    #[test]
    fn a_host_name_is_taken_from_the_client_itself_only() {
        let mut bench = Bench::new();
        bench.arp(CAMERA_MAC, CAMERA);
        let request = |client_mac| {
            Message::Dhcp(Box::new(DhcpMessage {
                from_client: true,
                message_type: Some(3),
                client_mac,
                hostname: Some("front-door".into()),
                ..DhcpMessage::default()
            }))
        };
        let (client, server) = (end("0.0.0.0", 68), end("255.255.255.255", 67));

        let forged = bench.message(PHONE_MAC, client, server, request(CAMERA_MAC));
        let own = bench.message(CAMERA_MAC, client, server, request(CAMERA_MAC));

        assert_eq!(labels(&forged), ["message"]);
        assert_eq!(profile(&own).hostname.as_deref(), Some("front-door"));
    }

    #[test]
    fn a_flow_takes_the_name_that_its_host_asked_a_resolver_over_http() {
        let mut bench = Bench::new();
        bench.arp(CAMERA_MAC, CAMERA);
        let request = HttpRequest {
            method: "GET".into(),
            target: format!("/d?dn={LBS_NAME}&ip="),
            host: Some(RESOLVER.into()),
            ..HttpRequest::default()
        };
        let addresses = Some(Box::new(AddressList { addresses: vec![addr(CLOUD)], ttl: None }));
        let response = HttpResponse { status: 200, addresses, ..HttpResponse::default() };
        let exchange =
            HttpExchange { request: Some(Arc::new(request)), response: Some(Box::new(response)) };
        let answer = Message::Http(Box::new(exchange));
        bench.message(ROUTER_MAC, end(RESOLVER, 53), end(CAMERA, 40_000), answer);

        let started = LBS_FLOW.starts(&mut bench);

        let destination = sighting(&started).destination.as_ref().unwrap();
        assert_eq!(destination.domain.as_deref(), Some(LBS_NAME));
        assert_eq!(&*destination.service, "ezviz-lbs");
        let of_another = Flow { id: 2, mac: PHONE_MAC, from: PHONE, ..LBS_FLOW }.starts(&mut bench);
        assert!(of_another.is_empty());
    }

    #[test]
    fn flows_on_an_uncounted_interface_move_no_total() {
        let uncounted_interfaces = vec![InterfaceId(0)];
        let mut bench = Bench::with(Config { uncounted_interfaces, ..Config::default() });
        bench.arp(CAMERA_MAC, CAMERA);

        let started = LBS_FLOW.starts(&mut bench);

        assert!(sighting(&started).is_of_concern() && sighting(&started).tallies.is_none());
    }

    #[test]
    fn names_that_pass_by_on_an_uncounted_interface_are_not_counted_as_asked() {
        for is_counted in [true, false] {
            let uncounted = if is_counted { vec![] } else { vec![InterfaceId(0)] };
            let config = Config { uncounted_interfaces: uncounted, ..Config::default() };
            let mut bench = Bench::with(config);
            bench.arp(CAMERA_MAC, CAMERA);
            bench.asks(CAMERA_MAC, CAMERA, LBS_NAME);
            let nowhere = dns(LBS_NAME, Some(Ipv4Addr::UNSPECIFIED));
            bench.message(ROUTER_MAC, end(RESOLVER, 53), end(CAMERA, 40_000), nowhere);
            bench.analyst.drain(Timestamp::from_parts(1_200, 0));

            let attempts = hours(&bench.events())[0].attempts;
            let count = u32::from(is_counted);
            assert_eq!((attempts.names_asked, attempts.names_refused), (count, count));
        }
    }

    #[test]
    fn flows_of_concern_beyond_the_bound_are_told_without_totals_and_counted() {
        let mut bench = Bench::with(Config { max_watched_flows: 1, ..Config::default() });
        bench.arp(CAMERA_MAC, CAMERA);
        LBS_FLOW.starts(&mut bench);

        let events = Flow { id: 2, ..LBS_FLOW }.starts(&mut bench);

        assert!(sighting(&events).tallies.is_none());
        assert_eq!(bench.analyst.stats().watched_flows_refused, 1);
    }

    #[test]
    fn an_hour_with_a_flow_beyond_the_bound_is_unknown_and_says_why() {
        let mut bench = Bench::with(Config { max_watched_flows: 1, ..Config::default() });
        bench.arp(CAMERA_MAC, CAMERA);
        let blocker = Flow { id: 9, mac: PHONE_MAC, from: PHONE, ..LBS_FLOW };
        bench.is_answered(PHONE, LBS_NAME, CLOUD);
        blocker.starts(&mut bench);
        LBS_FLOW.goes_on(&mut bench, 500, 900_000);
        LBS_FLOW.ends(&mut bench, 9_000_000, 900_000);

        let interfaces = bench.analyst.coverage();
        assert!(interfaces[0].coverage.has(CoverageLimit::Unfollowed), "{interfaces:?}");
        bench.analyst.drain(Timestamp::from_parts(1_200, 0));
        let hours = hours(&bench.events());
        assert_eq!(hours.len(), 1);
        assert_eq!((hours[0].state.as_label(), hours[0].confidence), ("unknown", 0));
        let sentence = CoverageLimit::Unfollowed.sentence();
        assert!(hours[0].reasons.iter().any(|reason| &**reason == sentence), "{hours:?}");
    }

    #[test]
    fn a_camera_that_never_goes_outside_has_idle_hours() {
        let mut bench = Bench::new();
        bench.arp(CAMERA_MAC, CAMERA);
        // Somebody else's conversation shows that conversations come by.
        let pull = Flow { id: 7, from: CAMERA, to: PHONE, port: 554, ..LBS_FLOW };
        for second in (1_000..3_600).step_by(10) {
            bench.second = second;
            pull.goes_on(&mut bench, second, second);
        }
        bench.second = 7_600;
        let events = bench.arp(CAMERA_MAC, CAMERA);

        let hours = hours(&events);
        assert_eq!(hours.len(), 1, "{hours:?}");
        assert_eq!((hours[0].state.as_label(), hours[0].confidence), ("idle", 90));
    }

    #[test]
    fn a_camera_that_says_who_it_is_where_no_conversation_comes_by_is_not_judged() {
        let mut bench = Bench::new();
        bench.arp(CAMERA_MAC, CAMERA);
        bench.sadp(CAMERA_MAC, reply("DS-2CD2385G1-I"));
        bench.analyst.drain(Timestamp::from_parts(3_000, 0));

        let hours = hours(&bench.events());
        assert_eq!(hours.len(), 1, "{hours:?}");
        assert_eq!(hours[0].state.as_label(), "unknown");
        let sentence = CoverageLimit::BroadcastOnly.sentence();
        assert!(hours[0].reasons.iter().any(|reason| &**reason == sentence), "{hours:?}");
    }

    #[test]
    fn a_device_that_makes_room_has_its_open_hours_told_and_one_that_is_dismissed_has_not() {
        for is_dismissed in [false, true] {
            let mut bench = Bench::with(Config { max_devices: 1, ..Config::default() });
            let first = bench.arp(CAMERA_MAC, CAMERA);
            let id = profile(&first).id.clone();
            let events = if is_dismissed {
                assert!(bench.analyst.forget(&id));
                bench.events()
            } else {
                bench.arp(MacAddr([0x44, 0xa6, 0x42, 9, 9, 9]), "192.168.1.65")
            };
            bench.analyst.drain(Timestamp::from_parts(2_000_000, 0));
            let told: Vec<_> = events.into_iter().chain(bench.events()).collect();

            let of_first = told.iter().filter(
                |kind| matches!(kind, EventKind::HourJudged(sighting) if sighting.profile.id == id),
            );
            assert_eq!(of_first.count() > 0, !is_dismissed);
        }
    }

    #[test]
    fn alerts_carry_the_flow_that_led_to_them() {
        let mut bench = Bench::new();
        bench.is_answered(CAMERA, LBS_NAME, CLOUD);

        let events = LBS_FLOW.starts(&mut bench);

        assert_eq!(labels(&events), ["device", "new-device", "started", "vendor-cloud-contact"]);
        let Some(EventKind::AlertTold(raised)) = events.last() else { panic!("an alert") };
        assert_eq!(raised.alert.rule.builtin, Some(AlertRule::VendorCloudContact));
        assert_eq!(raised.flow.as_ref().map(|flow| flow.record.id), Some(FlowId(1)));
    }

    #[test]
    fn a_camera_that_was_never_set_up_is_found_at_its_factory_address() {
        let mut bench = Bench::new();

        let events = bench.arp(CAMERA_MAC, "192.0.0.64");

        assert_eq!(profile(&events).addresses, [addr("192.0.0.64")]);
    }

    #[test]
    fn the_same_observations_give_the_same_events() {
        let run = || {
            let mut bench = Bench::with(Config { max_devices: 32, ..Config::default() });
            let mut told = String::new();
            for n in 0..200u8 {
                let ip = format!("192.168.1.{}", n % 250);
                let mac = MacAddr([0x44, 0xa6, 0x42, 0, 0, n]);
                let events = [
                    bench.arp(mac, &ip),
                    bench.arp(MacAddr([0x02, 0, 0, 0, 1, n]), &format!("10.0.0.{n}")),
                    bench.asks(mac, &ip, LBS_NAME),
                    LBS_FLOW.goes_on(&mut bench, u64::from(n), 1),
                ];
                told.push_str(&format!("{events:?}"));
            }
            bench.analyst.drain(Timestamp::from_parts(9_999, 0));
            told.push_str(&format!("{:?}", bench.events()));
            told
        };

        assert_eq!(run(), run());
    }
}
