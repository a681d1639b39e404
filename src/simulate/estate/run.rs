//! An estate that runs: who does what, and when.
//!
//! Comes in: a seed, a start and a plan. Goes out: frames in the order of time until the plan's hours are over, and the
//! truth about them. It reads no clock and holds a few seconds of frames; the same seed, start and plan give the same bytes.
//!
//! The observation point is a mirror port at home: what is outside carries the router's hardware address.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::act::Act;
use super::address_pool::AddressPool;
use super::agenda::draw_hour;
use super::boot_script::{boot, find_router};
use super::bystander_script::bystand;
use super::cast;
use super::ledger::{HOUR, Ledger};
use super::owner_script::{owner_part, spring};
use super::plan::EstatePlan;
use super::resident::{EstateKind, Resident};
use super::sign_on_script::{meet_weather, ping, refresh, sign_on, vendor_time};
use super::stage::{GATEWAY, Stage};
use super::truth::{EstateFlow, EstateHost, HourTruth};
use super::view_script::{download, download_part, sleep, upload, upload_part, view, view_second};
use super::weather::Weather;
use crate::net::Timestamp;
use crate::simulate::frame::SimulatedFrame;
use crate::simulate::outbox::Outbox;
use crate::simulate::prng::Prng;

/// Time in which everything is switched on.
const SWITCHED_ON: Duration = Duration::from_secs(180);
/// Addresses for devices that come back with another one: 192.168.2.10 and up.
const MOST_MOVES: u16 = 480;

/// An act of a host, and the life in which it was planned.
type Planned = (usize, u32, Act);

/// A simulated estate: an iterator of frames.
#[derive(Debug)]
pub struct Estate {
    plan: EstatePlan,
    end: Timestamp,
    outbox: Outbox,
    pool: AddressPool,
    weather: Weather,
    hosts: Vec<Resident>,
    agenda: BTreeMap<(Timestamp, u64), Planned>,
    planned: u64,
    moves: u16,
    ledger: Ledger,
    /// What decides which frames the observer misses; apart from all else, so that every observer of a seed watches the
    /// same estate.
    misses: Prng,
}

impl Estate {
    /// An estate that begins with the hour in which `start` lies.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp, plan: EstatePlan) -> Self {
        let first_hour = start.as_secs() / HOUR;
        let start = Timestamp::from_parts(first_hour * HOUR, 0);
        let mut outbox = Outbox::new(seed);
        let mut pool = AddressPool::new(outbox.prng.next_u32());
        let weather = Weather::draw(&mut outbox.prng, start, &plan);
        let hosts = cast::draw(&mut outbox.prng, &mut pool, &plan);
        let ledger = Ledger::new(&hosts, first_hour, plan.hours, plan.keeps_flows);
        let end = start.plus(Duration::from_secs(HOUR) * u32::from(plan.hours));
        let mut this = Self {
            plan,
            end,
            outbox,
            pool,
            weather,
            hosts,
            agenda: BTreeMap::new(),
            planned: 0,
            moves: 0,
            ledger,
            misses: Prng::new(seed ^ 0x6d69_7373),
        };
        for host in 0..this.hosts.len() {
            let on = this.outbox.prng.between(Duration::from_secs(1), SWITCHED_ON);
            this.plan_act(start.plus(on), (host, 0, Act::Boot));
            this.plan_act(start, (host, 0, Act::Hour));
            let spells: Vec<_> = this.weather.begins(host).collect();
            for begin in spells {
                this.plan_act(begin, (host, 0, Act::Weather));
            }
        }
        this
    }

    /// Everyone at home, vendor devices first.
    #[must_use]
    pub fn hosts(&self) -> Vec<EstateHost> {
        let host = |host: &Resident| EstateHost {
            kind: host.kind,
            mac: host.seat.mac,
            ip: IpAddr::V4(host.seat.ip),
            serial: host.kind.is_unit().then(|| host.serial.clone()),
            vendor: host.kind.vendor(),
        };
        self.hosts.iter().map(host).collect()
    }

    /// The truth of every host and hour: host by host in the order of [`hosts`](Self::hosts), and hour by hour for each.
    /// An hour is whole once a frame of a later one was handed out, or the run is over.
    #[must_use]
    pub fn hours(&self) -> &[HourTruth] {
        self.ledger.rows()
    }

    /// The flows that left home and began since this was asked the last time; none unless the plan keeps them.
    pub fn drain_flows(&mut self) -> Vec<EstateFlow> {
        self.ledger.drain_flows()
    }

    fn plan_act(&mut self, at: Timestamp, planned: Planned) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), planned);
    }

    fn perform(&mut self, at: Timestamp, planned: Planned) {
        let (number, life, act) = planned;
        let moved = (act == Act::Boot).then(|| self.next_address(number)).flatten();
        let Some(host) = self.hosts.get_mut(number) else { return };
        if host.life != life && !act.survives_reboot() {
            return;
        }
        let (mut notes, mut follow) = (Vec::new(), Vec::new());
        let stage = &mut Stage {
            outbox: &mut self.outbox,
            pool: &mut self.pool,
            condition: self.weather.condition(number, at),
            notes: &mut notes,
            follow: &mut follow,
        };
        match act {
            Act::Hour => {
                let acts = draw_hour(stage.prng(), at, host, self.plan.activity);
                follow.extend(acts);
                follow.push((at.plus(Duration::from_secs(HOUR)), Act::Hour));
            }
            Act::Boot => {
                host.life += 1;
                boot(stage, at, host, moved);
                if host.kind == EstateKind::EzvizBattery {
                    follow.push((at.plus(Duration::from_secs(90)), Act::Sleep));
                }
            }
            Act::SignOn => sign_on(stage, at, host),
            Act::Refresh => refresh(stage, at, host),
            Act::Ping => ping(stage, at, host),
            Act::Weather => meet_weather(stage, at, host),
            Act::AskTime => vendor_time(stage, at, host),
            Act::FindRouter => find_router(stage, at, host),
            Act::View(how) => view(stage, at, host, how),
            Act::ViewSecond => view_second(stage, at, host),
            Act::Upload => upload(stage, at, host),
            Act::UploadPart => upload_part(stage, at, host),
            Act::Download => download(stage, at, host),
            Act::DownloadPart => download_part(stage, at, host),
            Act::Sleep => sleep(stage, at, host),
            Act::Trap(trap) => spring(stage, at, host, trap),
            Act::OwnerPart => owner_part(stage, at, host),
            Act::Bystand => bystand(stage, at, host),
        }
        let life = host.life;
        for note in notes {
            self.ledger.note(number, note);
        }
        for (next, act) in follow {
            self.plan_act(next, (number, life, act));
        }
    }

    /// The address with which a device comes back after a reboot; none for one that keeps its own.
    fn next_address(&mut self, number: usize) -> Option<Ipv4Addr> {
        let reboots = self.hosts.get(number).is_some_and(|host| host.life > 0);
        let roams = self.outbox.prng.below(100) < u64::from(self.plan.roaming_percent);
        if !reboots || !roams || self.moves >= MOST_MOVES {
            return None;
        }
        let [high, low] = (self.moves % 240 + 10 + 256 * (self.moves / 240)).to_be_bytes();
        self.moves += 1;
        Some(Ipv4Addr::new(192, 168, 2 + high, low))
    }
}

impl Iterator for Estate {
    type Item = SimulatedFrame;

    fn next(&mut self) -> Option<SimulatedFrame> {
        loop {
            let due = self.outbox.next_due();
            let planned = self.agenda.first_key_value().map(|((at, _), _)| *at);
            // An act never sends before its own time, so frames due by then are complete.
            if due.is_some_and(|due| planned.is_none_or(|planned| due < planned)) {
                let (frame, parties) = self.outbox.pop()?;
                if frame.timestamp >= self.end {
                    return None;
                }
                if let Some(parties) = &parties {
                    self.ledger.count(frame.timestamp, parties);
                }
                if self.plan.impairment.shows(&mut self.misses, GATEWAY.mac, &frame.bytes) {
                    return Some(frame);
                }
                continue;
            }
            let ((at, _), act) = self.agenda.pop_first()?;
            if at >= self.end {
                self.agenda.clear();
                continue;
            }
            self.perform(at, act);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::net::MacAddr;
    use crate::simulate::estate::{Happening, HourState, Impairment, SeenSide};
    use crate::simulate::tag::FlowRole;

    const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

    fn run(seed: u64, plan: EstatePlan) -> (Vec<SimulatedFrame>, Estate) {
        let mut estate = Estate::new(seed, START, plan);
        let frames = estate.by_ref().collect();
        (frames, estate)
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let frames =
            |seed| Estate::new(seed, START, EstatePlan::small()).take(20_000).collect::<Vec<_>>();

        assert!(frames(1) == frames(1));
        assert!(frames(1) != frames(2));
    }

    #[test]
    fn frames_come_in_the_order_of_time_within_the_hours_and_few_wait() {
        let plan = EstatePlan::small();
        let mut estate = Estate::new(3, START, plan);
        let end = START.plus(Duration::from_secs(HOUR) * u32::from(plan.hours));

        let mut last = START;
        let mut most_waiting = 0;
        while let Some(frame) = estate.next() {
            assert!(frame.timestamp >= last && frame.timestamp < end);
            last = frame.timestamp;
            most_waiting = most_waiting.max(estate.outbox.waiting());
        }

        assert!(end.since(last) < Duration::from_secs(120), "{last}");
        assert!(most_waiting < 6_000, "{most_waiting} frames wait");
        assert!(estate.agenda.is_empty());
    }

    #[test]
    fn the_truth_is_what_a_recount_of_the_frames_gives() {
        let (frames, estate) = run(4, EstatePlan::small());

        let mut recount: BTreeMap<(MacAddr, u64), (u64, u64)> = BTreeMap::new();
        for frame in &frames {
            let bytes = &frame.bytes;
            if bytes[12..14] != [8, 0] || bytes[26..30] == [0; 4] {
                continue;
            }
            let length = u64::from(u16::from_be_bytes([bytes[16], bytes[17]]));
            let mac = |at: usize| MacAddr(bytes[at..at + 6].try_into().unwrap());
            let hour = frame.timestamp.as_secs() / HOUR;
            recount.entry((mac(6), hour)).or_default().0 += length;
            recount.entry((mac(0), hour)).or_default().1 += length;
        }

        for row in estate.hours() {
            let sent: u64 = row.roles().map(|(_, role)| role.sent).sum();
            let received: u64 = row.roles().map(|(_, role)| role.received).sum();
            let counted = recount.get(&(row.mac, row.hour)).copied().unwrap_or_default();
            assert_eq!((sent, received), counted, "{} in hour {}", row.mac, row.hour);
        }
        assert_eq!(estate.hours().len(), 18 * 6);
    }

    #[test]
    fn over_some_seeds_every_state_comes_and_every_happening() {
        let mut states: BTreeMap<HourState, u32> = BTreeMap::new();
        let mut happened = [0_u32; 18];
        for seed in 0..4 {
            let plan = EstatePlan { hours: 10, ..EstatePlan::small() };
            let mut estate = Estate::new(seed, START, plan);
            let frames = estate.by_ref().count();
            assert!((60_000..400_000).contains(&frames), "{frames} frames");
            for row in estate.hours().iter().filter(|row| row.is_unit) {
                *states.entry(row.state()).or_default() += 1;
                for (what, count) in Happening::ALL.into_iter().zip(&mut happened) {
                    *count += u32::from(row.happened.contains(what));
                }
            }
        }

        assert_eq!(states.len(), HourState::ALL.len(), "{states:?}");
        assert!(happened.iter().all(|count| *count > 0), "{happened:?}");
    }

    #[test]
    fn a_bystander_is_always_idle_and_only_units_use_registration() {
        let (_, estate) = run(5, EstatePlan::small());

        for row in estate.hours().iter().filter(|row| !row.is_unit) {
            assert_eq!(row.state(), HourState::Idle);
            assert_eq!(row.role(FlowRole::Registration).bytes(), 0);
            assert_eq!(row.role(FlowRole::P2pView).bytes(), 0);
        }
        let kinds: Vec<_> = estate.hosts().iter().map(|host| host.kind).collect();
        assert!(kinds.contains(&EstateKind::Phone) && kinds.contains(&EstateKind::Console));
    }

    #[test]
    fn an_impairment_hides_frames_and_leaves_the_truth_alone() {
        let plan = EstatePlan { hours: 2, ..EstatePlan::small() };
        let (all, whole) = run(6, plan);
        let seen = |impairment| run(6, plan.impaired(impairment));

        let (lossy, same) = seen(Impairment::Loss(20));
        let (sent, _) = seen(Impairment::OneSided(SeenSide::Sent));
        let (received, _) = seen(Impairment::OneSided(SeenSide::Received));

        assert!(whole.hours() == same.hours());
        let share = lossy.len() * 100 / all.len();
        assert!((78..=82).contains(&share), "{share} %");
        let groups = all.iter().filter(|f| f.bytes[0] & 1 == 1 && f.bytes[6..12] != GATEWAY.mac.0);
        assert_eq!(sent.len() + received.len(), all.len() + groups.count());
    }

    #[test]
    fn a_flow_of_a_view_begins_at_a_port_that_asked_a_server_before() {
        let (_, mut estate) = run(7, EstatePlan { hours: 12, ..EstatePlan::small() });

        let flows = estate.drain_flows();
        let views: Vec<_> = flows.iter().filter(|f| f.role == FlowRole::P2pView).collect();
        assert!(!views.is_empty());
        for view in views {
            assert!(view.name.is_none() && view.vendor.is_some());
            let asked = flows.iter().any(|flow| {
                flow.initiator == view.initiator
                    && matches!(flow.role, FlowRole::Stun | FlowRole::P2pServer)
                    && view.at.since(flow.at) < Duration::from_secs(5)
            });
            assert!(asked, "{view:?}");
        }
        assert!(estate.drain_flows().is_empty());
    }
}
