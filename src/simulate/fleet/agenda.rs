//! Who does what, and when.
//!
//! Comes in: the cast. Goes out: every scene of the run with its time; all are known before the first frame.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cast::Cast;
use super::evidence::EvidenceKind as E;
use super::places::{APP_SIDE, HIK_TIME, LOOKALIKES, PAGES, POOL_TIME, PORTALS};
use super::truth::FleetRole;
use super::unit_kind::UnitKind;
use crate::net::Timestamp;
use crate::simulate::site::Site;

/// Something that happens to a host or that it does. A number is the index of another host.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scene {
    /// It changes.
    Change(Change),
    /// It looks for others.
    Search(Search),
    /// It lies.
    Spoof(Spoof),
    /// That host views it.
    Viewed(usize, View),
    /// It does something of its own accord.
    Act(Act),
}

/// Changes of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It leases its addresses.
    Boot,
    /// It leases another address.
    Move,
    /// It restarts with newer firmware.
    Update,
    /// Somebody sets its password.
    Activate,
}

/// How a host looks for devices.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Search {
    /// With SADP, in both forms.
    Sadp,
    /// With WS-Discovery.
    WsDiscovery,
}

/// What a spoofer does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spoof {
    /// It sends SADP replies that name others.
    Replies,
    /// It takes the hardware address of that unit.
    Mac(usize),
    /// It claims the IP address of that unit.
    Address(usize),
}

/// How a host is viewed by another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum View {
    /// Its web page.
    Web,
    /// Its video.
    Video,
    /// Its certificate.
    Secure,
    /// The vendor's software signs on.
    Sdk,
    /// Over SNMP.
    Snmp,
    /// Its ports.
    Knock,
    /// Its UPnP description.
    Describe,
    /// Its channels.
    Channels,
}

/// What a host does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// It asks for the router's hardware address.
    FindRouter,
    /// It says over the link that it is there.
    SadpOnline,
    /// It beacons.
    Beacon,
    /// It says hello to those who look for cameras.
    Hello,
    /// It makes itself known over SSDP.
    Notify,
    /// It announces its services over multicast DNS.
    Announce,
    /// It looks for a router that opens ports.
    SearchGateway,
    /// It registers.
    Register,
    /// It signs on at its control server.
    Control,
    /// It asks one of its maker's servers.
    AskCloud(usize),
    /// It asks for the time; its vendor's servers where there is none.
    AskTime(Option<&'static Site>),
    /// It asks a server over TLS.
    Ask(&'static Site),
    /// It speaks to an address without a name.
    Silent,
    /// It signs on to an ordinary MQTT server.
    Mqtt,
    /// It uses the `EtherType` of SADP for something else.
    OddFrame,
}

/// Scenes in the order of time.
pub(crate) type Agenda = BTreeMap<(Timestamp, u64), (usize, Scene)>;

/// Parts of the run, in thousandths.
type Part = (u64, u64);
const BEGINNING: Part = (0, 120);
const MIDDLE: Part = (200, 950);

/// Plans the run of a cast.
pub(crate) fn plan(cast: &mut Cast) -> Agenda {
    let mut planner = Planner { agenda: BTreeMap::new(), planned: 0, cast };
    planner.plan_tools();
    for host in 0..planner.cast.hosts.len() {
        let Some(role) = planner.cast.truth.hosts.get(host).map(|truth| truth.role) else {
            continue;
        };
        planner.plan_host(host, role);
    }
    planner.agenda
}

struct Planner<'a> {
    agenda: Agenda,
    planned: u64,
    cast: &'a mut Cast,
}

impl Planner<'_> {
    fn at(&mut self, part: Part, host: usize, scene: Scene) {
        let (low, high) = part;
        let span = u64::try_from(self.cast.plan.span.as_nanos()).unwrap_or(u64::MAX);
        let step = span / 1_000;
        let offset = Duration::from_nanos(step * low + self.cast.prng.below(step * (high - low)));
        self.planned += 1;
        self.agenda.insert((self.cast.start.plus(offset), self.planned), (host, scene));
    }

    /// A host of that role; any of them.
    fn any(&mut self, role: FleetRole) -> usize {
        let hosts: Vec<usize> = self.all(role);
        let at = usize::try_from(self.cast.prng.below(hosts.len() as u64)).unwrap_or(0);
        hosts.get(at).copied().unwrap_or(0)
    }

    fn all(&self, role: FleetRole) -> Vec<usize> {
        let hosts = self.cast.truth.hosts.iter().enumerate();
        hosts.filter(|(_, truth)| truth.role == role).map(|(index, _)| index).collect()
    }

    /// The rounds of those who look for devices: fixed, so that everyone was asked before and after what changes.
    fn plan_tools(&mut self) {
        for tool in self.all(FleetRole::SadpTool) {
            for low in [300, 700, 920] {
                self.at((low, low + 5), tool, Scene::Search(Search::Sadp));
            }
        }
        for role in [FleetRole::HomeAssistant, FleetRole::OtherRecorder] {
            for viewer in self.all(role) {
                self.at((250, 300), viewer, Scene::Search(Search::WsDiscovery));
                self.at((650, 700), viewer, Scene::Search(Search::WsDiscovery));
            }
        }
    }

    fn plan_host(&mut self, host: usize, role: FleetRole) {
        if !matches!(role, FleetRole::Router | FleetRole::NameServer) {
            // A third was switched on before the run and asks for the router only.
            let on = self.cast.prng.below(3) == 0;
            self.at(
                BEGINNING,
                host,
                if on { Scene::Act(Act::FindRouter) } else { Scene::Change(Change::Boot) },
            );
            self.at(MIDDLE, host, Scene::Act(Act::FindRouter));
        }
        match role {
            FleetRole::VendorUnit => self.plan_unit(host),
            FleetRole::OtherCamera => self.plan_other_camera(host),
            FleetRole::AppPhone => {
                for _ in 0..3 {
                    self.ask_one_of(host, &APP_SIDE);
                }
                self.ask_one_of(host, &PAGES);
            }
            FleetRole::HomeAssistant => {
                for site in APP_SIDE.iter().take(3) {
                    self.at(MIDDLE, host, Scene::Act(Act::Ask(site)));
                }
            }
            FleetRole::ViewingDesktop => self.ask_one_of(host, &APP_SIDE),
            FleetRole::PortalVisitor => {
                for site in &PORTALS {
                    self.at(MIDDLE, host, Scene::Act(Act::Ask(site)));
                }
            }
            FleetRole::LampGateway => {
                self.at(BEGINNING, host, Scene::Act(Act::Notify));
                self.at(MIDDLE, host, Scene::Act(Act::Notify));
                let viewer = self.any(FleetRole::HomeAssistant);
                self.at(MIDDLE, host, Scene::Viewed(viewer, View::Describe));
                let scanner = self.any(FleetRole::Scanner);
                self.at(MIDDLE, host, Scene::Viewed(scanner, View::Web));
            }
            FleetRole::TimeBorrower => {
                let time = if host.is_multiple_of(2) { None } else { Some(&HIK_TIME) };
                self.at(MIDDLE, host, Scene::Act(Act::AskTime(time)));
                self.at(MIDDLE, host, Scene::Act(Act::AskTime(time)));
                self.ask_one_of(host, &PAGES);
            }
            FleetRole::NameLookalike => {
                if let Some(site) = LOOKALIKES.get(host % LOOKALIKES.len()) {
                    self.at(MIDDLE, host, Scene::Act(Act::Ask(site)));
                    self.at(MIDDLE, host, Scene::Act(Act::Ask(site)));
                }
            }
            FleetRole::MqttTest => self.at(MIDDLE, host, Scene::Act(Act::Mqtt)),
            FleetRole::OtherEtherType => {
                self.at(MIDDLE, host, Scene::Act(Act::OddFrame));
                self.at(MIDDLE, host, Scene::Act(Act::OddFrame));
            }
            FleetRole::Spoofer(kind) => self.plan_spoofer(host, kind),
            FleetRole::FalseMaker | FleetRole::RandomLookalike | FleetRole::Ordinary => {
                self.ask_one_of(host, &PAGES);
                self.at(MIDDLE, host, Scene::Act(Act::AskTime(Some(&POOL_TIME))));
                let scanner = self.any(FleetRole::Scanner);
                match host % 4 {
                    0 => self.at(MIDDLE, host, Scene::Viewed(scanner, View::Knock)),
                    1 => self.at(MIDDLE, host, Scene::Viewed(scanner, View::Snmp)),
                    2 => self.at(MIDDLE, host, Scene::Viewed(scanner, View::Web)),
                    _ => self.ask_one_of(host, &PAGES),
                }
            }
            FleetRole::OtherRecorder
            | FleetRole::SadpTool
            | FleetRole::Scanner
            | FleetRole::NameServer
            | FleetRole::Router => self.ask_one_of(host, &PAGES),
        }
    }

    fn ask_one_of(&mut self, host: usize, sites: &'static [Site]) {
        let at = usize::try_from(self.cast.prng.below(sites.len() as u64)).unwrap_or(0);
        if let Some(site) = sites.get(at) {
            self.at(MIDDLE, host, Scene::Act(Act::Ask(site)));
        }
    }

    fn plan_unit(&mut self, host: usize) {
        let Some(unit) = self.cast.hosts.get(host).and_then(|host| host.unit.as_ref()) else {
            return;
        };
        let (kind, voices, activated) = (unit.sheet.kind, unit.voices, unit.activated);
        let searches = matches!(kind, UnitKind::EzvizDoorbell | UnitKind::Camera);
        if voices.is_empty() {
            if self
                .cast
                .truth
                .hosts
                .get(host)
                .is_some_and(|truth| truth.unit.as_ref().is_some_and(|unit| unit.foreign_mac))
            {
                self.at(MIDDLE, host, Scene::Act(Act::Silent));
                self.at(MIDDLE, host, Scene::Act(Act::Silent));
            }
            return;
        }
        let (scanner, desktop) =
            (self.any(FleetRole::Scanner), self.any(FleetRole::ViewingDesktop));
        let (home, recorder) =
            (self.any(FleetRole::HomeAssistant), self.any(FleetRole::OtherRecorder));
        let phone = self.any(FleetRole::AppPhone);
        let viewer = match self.cast.prng.below(3) {
            0 => home,
            1 => recorder,
            _ => phone,
        };
        let own = [
            (E::SadpLink, BEGINNING, Scene::Act(Act::SadpOnline)),
            (E::WsDiscovery, BEGINNING, Scene::Act(Act::Hello)),
            (E::SsdpNotify, BEGINNING, Scene::Act(Act::Notify)),
            (E::Mdns, BEGINNING, Scene::Act(Act::Announce)),
            (E::Registration, BEGINNING, Scene::Act(Act::Register)),
            (E::Control, MIDDLE, Scene::Act(Act::Control)),
            (E::CloudName, BEGINNING, Scene::Act(Act::AskCloud(0))),
            (E::CloudName, MIDDLE, Scene::Act(Act::AskCloud(1))),
            (E::NtpName, MIDDLE, Scene::Act(Act::AskTime(None))),
            (E::SsdpNotify, MIDDLE, Scene::Act(Act::Notify)),
            (E::Registration, MIDDLE, Scene::Act(Act::Register)),
            (E::Beacon, BEGINNING, Scene::Act(Act::Beacon)),
            (E::Beacon, MIDDLE, Scene::Act(Act::Beacon)),
            (E::HttpServer, MIDDLE, Scene::Viewed(viewer, View::Web)),
            (E::HttpRealm, MIDDLE, Scene::Viewed(desktop, View::Web)),
            (E::RtspRealm, MIDDLE, Scene::Viewed(viewer, View::Video)),
            (E::TlsSubject, MIDDLE, Scene::Viewed(desktop, View::Secure)),
            (E::Snmp, MIDDLE, Scene::Viewed(scanner, View::Snmp)),
            (E::Sdk, MIDDLE, Scene::Viewed(desktop, View::Sdk)),
            (E::OpenPorts, MIDDLE, Scene::Viewed(scanner, View::Knock)),
            (E::SsdpDescription, MIDDLE, Scene::Viewed(home, View::Describe)),
            (E::ChannelList, MIDDLE, Scene::Viewed(desktop, View::Channels)),
        ];
        for (evidence, part, scene) in own {
            if voices.contains(evidence) {
                self.at(part, host, scene);
            }
        }
        if kind == UnitKind::EzvizBattery {
            self.at(MIDDLE, host, Scene::Viewed(scanner, View::Knock));
        }
        if searches {
            self.at(BEGINNING, host, Scene::Act(Act::SearchGateway));
        }
        let chance = self.cast.prng.below(100);
        match chance {
            // Everyone is asked again behind it, at 700 and at 920.
            0..14 => self.at((500, 600), host, Scene::Change(Change::Move)),
            14..28 if voices.contains(E::SadpReply) => {
                self.at((500, 600), host, Scene::Change(Change::Update));
            }
            _ => {}
        }
        if !activated && self.cast.prng.below(2) == 0 {
            self.at((400, 500), host, Scene::Change(Change::Activate));
            self.at((720, 900), host, Scene::Act(Act::Register));
        }
    }

    fn plan_other_camera(&mut self, host: usize) {
        let (home, recorder) =
            (self.any(FleetRole::HomeAssistant), self.any(FleetRole::OtherRecorder));
        let scanner = self.any(FleetRole::Scanner);
        self.at(BEGINNING, host, Scene::Act(Act::Hello));
        self.at(BEGINNING, host, Scene::Act(Act::Announce));
        self.at(MIDDLE, host, Scene::Viewed(recorder, View::Video));
        self.at(MIDDLE, host, Scene::Act(Act::AskCloud(0)));
        match host % 3 {
            0 => self.at(MIDDLE, host, Scene::Viewed(home, View::Web)),
            1 => self.at(MIDDLE, host, Scene::Viewed(scanner, View::Knock)),
            _ => self.at(MIDDLE, host, Scene::Viewed(home, View::Secure)),
        }
        self.at(MIDDLE, host, Scene::Act(Act::AskTime(Some(&POOL_TIME))));
    }

    fn plan_spoofer(&mut self, host: usize, kind: super::truth::SpoofKind) {
        use super::truth::SpoofKind;
        self.ask_one_of(host, &PAGES);
        let cameras: Vec<usize> = self
            .cast
            .truth
            .units()
            .filter(|(_, truth, unit)| {
                unit.kind == UnitKind::Camera && unit.activated && !truth.random_mac
            })
            .map(|(index, ..)| index)
            .collect();
        let at = usize::try_from(self.cast.prng.below(cameras.len() as u64)).unwrap_or(0);
        let victim = cameras.get(at).copied();
        match (kind, victim) {
            (SpoofKind::SadpReplies, _) => {
                self.at((350, 400), host, Scene::Spoof(Spoof::Replies));
                self.at((750, 800), host, Scene::Spoof(Spoof::Replies));
            }
            (SpoofKind::Mac, Some(victim)) => {
                self.at((620, 680), host, Scene::Spoof(Spoof::Mac(victim)));
            }
            (SpoofKind::Address, Some(victim)) => {
                self.at((620, 680), host, Scene::Spoof(Spoof::Address(victim)));
            }
            (SpoofKind::Mac | SpoofKind::Address, None) => {}
        }
    }
}
