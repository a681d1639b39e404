//! The fleet: its hosts play their scenes in the order of time.
//!
//! Comes in: a seed, a start and a plan. Goes out: frames in the order of time, to an end, and the truth about
//! them. It reads no clock and holds the frames of the scenes that are being played only; the same seed, start and
//! plan give the same bytes.
//!
//! The observation point is a mirror port of the segment: what goes outside carries the router's hardware address.

use std::net::IpAddr;
use std::time::Duration;

use super::agenda::{Act, Agenda, Change, Scene, Search, View, plan};
use super::cast::Cast;
use super::cloud_script as cloud;
use super::discovery_script as discovery;
use super::evidence::{EvidenceKind, EvidenceSet};
use super::host::{Host, lease_plan};
use super::maker::is_vendors;
use super::plan::FleetPlan;
use super::sadp_script as sadp;
use super::spoof_script as spoof;
use super::stage::Stage;
use super::truth::{AddressTruth, FleetRole, FleetTruth};
use super::view_script as view;
use crate::net::Timestamp;
use crate::simulate::dhcp_message::DhcpClient;
use crate::simulate::frame::SimulatedFrame;
use crate::simulate::home_script::{ask_for, lease, search_gateway_from};
use crate::simulate::outbox::Outbox;
use crate::simulate::station::Seat;
use crate::simulate::tls_message::TlsStyle;

/// Beacons that a unit sends one after another; a real one goes on every 5 s.
const BEACONS: u64 = 3;

/// A simulated fleet: an iterator of frames that ends.
#[derive(Debug)]
pub struct Fleet {
    outbox: Outbox,
    cast: Cast,
    agenda: Agenda,
    leased: bool,
}

impl Fleet {
    /// Draws the hosts and plans what they do.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp, plan_of_fleet: FleetPlan) -> Self {
        let mut cast = Cast::draw(seed, start, plan_of_fleet);
        let agenda = plan(&mut cast);
        Self { outbox: Outbox::new(seed ^ 0x00f1_ee71), cast, agenda, leased: false }
    }

    /// The truth, up to the last frame handed out; see [`FleetTruth`] for what changes.
    #[must_use]
    pub const fn truth(&self) -> &FleetTruth {
        &self.cast.truth
    }

    fn seat(&self, index: usize) -> Seat {
        self.cast
            .hosts
            .get(index)
            .map_or(Seat { mac: crate::net::MacAddr::ZERO, ip: [0, 0, 0, 0].into() }, Host::seat)
    }

    fn perform(&mut self, at: Timestamp, index: usize, scene: Scene) {
        match scene {
            Scene::Change(change) => self.change(at, index, change),
            Scene::Search(Search::Sadp) => self.sadp_round(at, index),
            Scene::Search(Search::WsDiscovery) => self.probe(at, index),
            Scene::Spoof(lie) => {
                let (router, resolver) = (self.seat(0), self.seat(1));
                let outbox = &mut self.outbox;
                let mut stage = Stage { outbox, router, resolver, relayed: false };
                spoof::perform(&mut stage, &mut self.cast, at, index, lie);
            }
            Scene::Viewed(viewer, how) => {
                let said = self.view(at, index, viewer, how);
                self.note(index, said);
            }
            Scene::Act(act) => {
                let said = self.act(at, index, act);
                self.note(index, said);
            }
        }
        if let Scene::Change(Change::Boot | Change::Move | Change::Update)
        | Scene::Act(Act::FindRouter) = scene
        {
            self.note_maker(index);
        }
    }

    /// Another host views this one.
    fn view(&mut self, at: Timestamp, index: usize, viewer: usize, how: View) -> EvidenceSet {
        let (router, resolver, viewer) = (self.seat(0), self.seat(1), self.seat(viewer));
        let Some(host) = self.cast.hosts.get(index) else { return EvidenceSet::NONE };
        let stage = &mut Stage { outbox: &mut self.outbox, router, resolver, relayed: false };
        match how {
            View::Web => view::web(stage, at, host, viewer),
            View::Video => view::video(stage, at, host, viewer),
            View::Secure => view::secure(stage, at, host, viewer),
            View::Sdk => view::sdk(stage, at, host, viewer),
            View::Snmp => view::snmp(stage, at, host, viewer),
            View::Knock => view::knock(stage, at, host, viewer),
            View::Describe => view::describe(stage, at, host, viewer),
            View::Channels => view::channels(stage, at, host, viewer),
        }
    }

    /// A host does something of its own accord.
    fn act(&mut self, at: Timestamp, index: usize, act: Act) -> EvidenceSet {
        let (router, resolver) = (self.seat(0), self.seat(1));
        let Some(host) = self.cast.hosts.get(index) else { return EvidenceSet::NONE };
        let seat = host.seat();
        let stage = &mut Stage { outbox: &mut self.outbox, router, resolver, relayed: false };
        let mut said = EvidenceSet::NONE;
        match act {
            Act::FindRouter => {
                for seat in &host.seats {
                    ask_for(stage.outbox, at, seat, &router);
                }
            }
            Act::SadpOnline => said = sadp::sadp_online(stage, at, host),
            Act::Beacon => {
                for number in 0..BEACONS {
                    let at = at.plus(Duration::from_secs(5 * number));
                    said = said.union(sadp::beacon(stage, at, host));
                }
            }
            Act::Hello => {
                said = discovery::wsd_answer(stage, at, host, discovery::WsdMessage::Hello, None);
            }
            Act::Notify => said = discovery::ssdp_notify(stage, at, host),
            Act::Announce => said = discovery::mdns(stage, at, host),
            Act::SearchGateway => search_gateway_from(stage.outbox, at, &seat),
            Act::Register => said = cloud::register(stage, at, host),
            Act::Control => said = cloud::control(stage, at, host),
            Act::AskCloud(number) if host.unit.is_some() => {
                said = cloud::ask_cloud(stage, at, host, number);
            }
            Act::AskCloud(_) => cloud::ask_other_cloud(stage, at, host),
            Act::AskTime(site) => said = cloud::ask_time(stage, at, host.cloud_seat(), site),
            Act::Ask(site) => cloud::ask(stage, at, seat, site, TlsStyle::App),
            Act::Silent => cloud::silent_tls(stage, at, host),
            Act::Mqtt => cloud::ordinary_mqtt(stage, at, host),
            Act::OddFrame => {
                let payload = stage.prng().noise(64);
                stage.ether(at, seat.mac, sadp::SADP_LINK, &payload);
            }
        }
        if stage.relayed {
            // The name server has asked for the same name.
            let also = [EvidenceKind::CloudName, EvidenceKind::NtpName];
            for kind in also.into_iter().filter(|kind| said.contains(*kind)) {
                self.note(1, EvidenceSet::of(&[kind]));
            }
        }
        said
    }

    /// A host starts, moves to another address, restarts with newer firmware or gets its password.
    fn change(&mut self, at: Timestamp, index: usize, change: Change) {
        let address = (change == Change::Move).then(|| self.cast.address());
        let firmware = (change == Change::Update).then(|| self.cast.firmware(false));
        let plan = lease_plan(self.seat(0));
        let Some(host) = self.cast.hosts.get_mut(index) else { return };
        let Some(truth) = self.cast.truth.hosts.get_mut(index) else { return };
        if let (Some(ip), Some(seat)) = (address, host.seats.first_mut()) {
            let mut held = truth.addresses.iter_mut().filter(|held| held.mac == seat.mac);
            if let Some(held) = held.find(|held| held.until.is_none()) {
                held.until = Some(at);
            }
            seat.ip = ip;
            let ip = IpAddr::V4(ip);
            truth.addresses.push(AddressTruth { mac: seat.mac, ip, since: at, until: None });
        }
        if let (Some(unit), Some(said)) = (&mut host.unit, &mut truth.unit) {
            if let Some(firmware) = firmware {
                said.firmware_before =
                    Some(std::mem::replace(&mut unit.firmware, firmware.clone()));
                said.firmware = firmware;
            }
            if change == Change::Activate {
                unit.activated = true;
                (said.activated, said.activated_in_run) = (true, true);
                return;
            }
        }
        let named = host.speaks(EvidenceKind::DhcpName);
        for seat in &host.seats {
            let transaction = self.outbox.prng.next_u32();
            let client = DhcpClient {
                mac: seat.mac,
                hostname: &host.hostname,
                vendor_class: host.vendor_class,
                transaction,
            };
            lease(&mut self.outbox, at, &client, seat.ip, &plan, !self.leased);
            self.leased = true;
        }
        if named {
            self.note(index, EvidenceSet::of(&[EvidenceKind::DhcpName]));
        }
    }

    fn sadp_round(&mut self, at: Timestamp, index: usize) {
        let tool = self.seat(index);
        let (router, resolver) = (self.seat(0), self.seat(1));
        let mut stage = Stage { outbox: &mut self.outbox, router, resolver, relayed: false };
        let uuid = sadp::sadp_inquiry_round(&mut stage, at, tool);
        let said: Vec<_> = self
            .cast
            .hosts
            .iter()
            .map(|host| sadp::sadp_answer(&mut stage, at, host, tool, &uuid))
            .collect();
        for (index, said) in said.into_iter().enumerate() {
            self.note(index, said);
        }
    }

    fn probe(&mut self, at: Timestamp, index: usize) {
        let viewer = self.seat(index);
        let port = self.outbox.port();
        let (router, resolver) = (self.seat(0), self.seat(1));
        let mut stage = Stage { outbox: &mut self.outbox, router, resolver, relayed: false };
        discovery::wsd_probe(&mut stage, at, viewer, port);
        let mut said = Vec::with_capacity(self.cast.hosts.len());
        for (number, host) in self.cast.hosts.iter().enumerate() {
            let is_device = host.unit.is_some() || host.other.is_some();
            if !is_device || number == index {
                said.push(EvidenceSet::NONE);
                continue;
            }
            let delay = stage.prng().between(Duration::from_millis(5), Duration::from_millis(500));
            let message = if stage.prng().below(8) == 0 {
                discovery::WsdMessage::ResolveMatches
            } else {
                discovery::WsdMessage::ProbeMatches
            };
            let asker = Some((viewer, port));
            said.push(discovery::wsd_answer(&mut stage, at.plus(delay), host, message, asker));
        }
        for (index, said) in said.into_iter().enumerate() {
            self.note(index, said);
        }
    }

    fn note(&mut self, index: usize, said: EvidenceSet) {
        if let Some(truth) = self.cast.truth.hosts.get_mut(index) {
            truth.evidence = truth.evidence.union(said);
        }
        if !said.is_empty() {
            self.note_maker(index);
        }
    }

    /// What the host has sent shows its hardware address.
    fn note_maker(&mut self, index: usize) {
        if let Some(truth) = self.cast.truth.hosts.get_mut(index) {
            let own = truth.role == FleetRole::VendorUnit;
            if own && truth.macs.iter().any(|mac| is_vendors(*mac)) {
                truth.evidence = truth.evidence.with(EvidenceKind::Oui);
            }
        }
    }
}

impl Iterator for Fleet {
    type Item = SimulatedFrame;

    fn next(&mut self) -> Option<SimulatedFrame> {
        loop {
            let due = self.outbox.next_due();
            let planned = self.agenda.first_key_value().map(|((at, _), _)| *at);
            // A scene never sends before its own time, so frames due by then are complete.
            if due.is_some_and(|due| planned.is_none_or(|planned| due < planned)) {
                let (frame, _) = self.outbox.pop()?;
                self.cast.truth.frames += 1;
                return Some(frame);
            }
            let ((at, _), (index, scene)) = self.agenda.pop_first()?;
            self.perform(at, index, scene);
        }
    }
}
