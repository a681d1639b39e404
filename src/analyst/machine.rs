//! The analyst: what it holds, and the door to it.
//!
//! Comes in: observations of all meters in order, and the time. Goes out: events, in the order of their causes.
//! It never performs I/O and reads no clock. Flows are dealt with in `flow_rules`, messages in `message_rules`.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use ahash::RandomState;

use super::ledger::Ledger;
use super::watch_list::WatchList;
use super::{AlertSighting, AnalystStats, Config, Event, EventKind};
use crate::alert::{Alert, Ruleset};
use crate::catalogue::Catalogue;
use crate::classify::NameMemory;
use crate::device::{DeviceRef, Registry, Signatures};
use crate::flow::FlowEndReason;
use crate::meter::{BindingSource, FlowReport, Observation, ObservationKind};
use crate::net::{MacAddr, Timestamp};

/// Turns [`Observation`]s and the passing of time into [`Event`]s.
///
/// Performs no I/O, reads no clock, and blocks on nothing. After each input, call
/// [`poll_event`](Self::poll_event) until it returns `None`, then wait no longer than
/// [`next_timeout`](Self::next_timeout). Observations are given in their order, time never decreases. The
/// same observations give the same events.
#[derive(Debug)]
pub struct Analyst {
    pub(super) config: Config,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) names: NameMemory,
    pub(super) registry: Registry,
    pub(super) watched: WatchList,
    pub(super) ledger: Ledger,
    pub(super) rules: Ruleset,
    events: VecDeque<Event>,
    now: Timestamp,
}

/// What happened to a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Started,
    Updated { interim: bool },
    Ended(FlowEndReason),
}

impl Analyst {
    /// An analyst that has seen nothing yet.
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>, config: Config) -> Self {
        let registry =
            Registry::new(Arc::clone(&catalogue), Signatures::builtin(), config.max_devices);
        Self {
            names: NameMemory::new(config.max_names, RandomState::new()),
            watched: WatchList::new(config.max_watched_flows),
            ledger: Ledger::new(),
            rules: Ruleset::new(),
            events: VecDeque::new(),
            now: Timestamp::ZERO,
            registry,
            catalogue,
            config,
        }
    }

    /// Takes the next observation in.
    pub fn observe(&mut self, observation: Observation) {
        self.now = self.now.max(observation.order.timestamp);
        // What a person reads is the time that the capture states; what ages here goes by our own.
        let now = observation.timestamp;
        match observation.kind {
            ObservationKind::FlowStarted(report) => self.observe_flow(report, Phase::Started, now),
            ObservationKind::FlowUpdated { report, interim } => {
                self.observe_flow(report, Phase::Updated { interim }, now);
            }
            ObservationKind::FlowEnded { report, reason } => {
                self.observe_flow(report, Phase::Ended(reason), now);
            }
            ObservationKind::MessageRead { context, message } => {
                self.observe_message(*context, message, now);
            }
            ObservationKind::BindingSeen { mac, ip, how } => {
                self.observe_binding(mac, ip, how, now);
            }
        }
        self.settle_forgotten();
    }

    /// Tells the analyst that time has passed without an observation.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do; today never, as what is kept ages when it
    /// is looked up.
    #[must_use]
    pub const fn next_timeout(&self) -> Option<Timestamp> {
        None
    }

    /// The next event, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Ends a run: tells the last state of every device of the inventory, by identifier.
    pub fn drain(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
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
        self.watched.set_max(config.max_watched_flows);
        self.config = config;
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

    pub(super) fn push_alert(&mut self, alert: Alert, flow: Option<FlowReport>) {
        let timestamp = alert.timestamp;
        self.push(timestamp, EventKind::AlertRaised(Box::new(AlertSighting { alert, flow })));
    }

    /// Tells of a device if there is something new to tell.
    pub(super) fn announce(&mut self, device: DeviceRef, now: Timestamp) {
        let Some(profile) = self.registry.take_news(device) else { return };
        self.push(now, EventKind::DeviceSeen(Arc::clone(&profile)));
        if let Some(alert) = self.rules.observe_profile(&profile, now) {
            self.push_alert(alert, None);
        }
    }

    /// Tells whether `ip` is the address of a single host of ours.
    pub(super) fn is_local_host(&self, ip: IpAddr) -> bool {
        is_single_host(ip) && self.config.local_nets.contains(ip)
    }

    fn observe_binding(&mut self, mac: MacAddr, ip: IpAddr, how: BindingSource, now: Timestamp) {
        let ip = match how {
            // ARP never leaves the segment, so any address in it is next to us: new Hikvision cameras
            // come up as 192.0.0.64, which is in no private block.
            BindingSource::Arp => Some(ip).filter(|&ip| is_single_host(ip)),
            BindingSource::Dhcp => Some(ip).filter(|&ip| self.is_local_host(ip)),
        };
        if let Some(device) = self.registry.claim(mac, ip, now) {
            self.announce(device, now);
        }
    }

    fn settle_forgotten(&mut self) {
        while let Some(device) = self.registry.pop_forgotten() {
            self.ledger.forget(device);
        }
    }
}

/// Tells whether an address can belong to one host on a network.
const fn is_single_host(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            !(v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast() || v4.is_loopback())
        }
        IpAddr::V6(v6) => !(v6.is_unspecified() || v6.is_multicast() || v6.is_loopback()),
    }
}
