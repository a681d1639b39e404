//! An incident, or its lookalike, in a household that lives as usual.
//!
//! Comes in: what is to happen, a seed and a start. Goes out: frames in the order of time until it is over, and what is to be
//! raised. The same arguments give the same bytes. The household lives alone first, so that whoever watches knows it; what it
//! has to know beside that is played a quarter of an hour after the start.

use std::collections::VecDeque;
use std::time::Duration;

use super::cast::{CURRENT, CURRENT_REBRANDED, NEWCOMER};
use super::expectation::{ExpectedAlert, Take};
use super::home::Home;
use super::life::Life;
use super::plot::Incident;
use super::stage::minutes;
use super::{cloud_scenes, gate_scenes, inventory_scenes, lan_scenes, media_scenes};
use crate::net::{MacAddr, Timestamp};
use crate::simulate::frame::SimulatedFrame;
use crate::simulate::prng::Prng;

/// So long the household lives alone; whole hours, so that one of them can be left out afterwards.
const QUIET: Duration = minutes(120);
/// When what has to be known is played.
const PRELUDE: Duration = minutes(15);
/// Frames in a hundred that are not seen when little is seen.
const UNSEEN_PERCENT: u64 = 33;

/// A scene of a household.
type Scene = fn(&mut Home, Timestamp);

/// A household in which something happens: an iterator of frames.
#[derive(Debug)]
pub struct IncidentRun {
    incident: Incident,
    take: Take,
    life: Life,
    scenes: VecDeque<(Timestamp, Scene)>,
    begin: Timestamp,
    end: Timestamp,
    /// What decides which frames are not seen.
    misses: Prng,
}

impl IncidentRun {
    /// The household that begins at `start`, a full hour, and lives alone for two.
    #[must_use]
    pub fn new(incident: Incident, take: Take, seed: u64, start: Timestamp) -> Self {
        Self::after(QUIET, incident, take, seed, start)
    }

    /// The same after so many full hours of usual life as one wants.
    #[must_use]
    pub fn after(
        quiet: Duration,
        incident: Incident,
        take: Take,
        seed: u64,
        start: Timestamp,
    ) -> Self {
        let begin = start.plus(quiet);
        let mut scenes = VecDeque::new();
        if let Some(scene) = prelude(incident, take) {
            scenes.push_back((start.plus(PRELUDE), scene));
        }
        if let Some(scene) = scene(incident, take) {
            scenes.push_back((begin, scene));
        }
        Self {
            incident,
            take,
            life: Life::new(seed, start, CURRENT, false),
            scenes,
            begin,
            end: begin.plus(lasts(incident, take)),
            misses: Prng::new(seed ^ 0x6d69_7373),
        }
    }

    /// When it happens.
    #[must_use]
    pub const fn begin(&self) -> Timestamp {
        self.begin
    }

    /// What is to be raised from then on.
    #[must_use]
    pub fn expected(&self) -> Vec<ExpectedAlert> {
        let rule = self.incident.rule();
        let at = |rule, mac| ExpectedAlert { rule, mac };
        let cast = CURRENT;
        let (camera, recorder, doorbell) = (cast.camera.mac, cast.recorder.mac, cast.doorbell.mac);
        match (self.incident, self.take) {
            // A password that is tried in clear can be read, whether it is right or not.
            (Incident::DefaultLogin, Take::Lookalike) => vec![at("cleartext-credentials", camera)],
            (_, Take::Lookalike) => Vec::new(),
            (Incident::DefaultLogin, Take::Incident) => {
                vec![at("cleartext-credentials", camera), at(rule, camera)]
            }
            // Who comes back was gone.
            (Incident::DeviceOnline, Take::Incident) => {
                vec![at("device-offline", camera), at(rule, camera)]
            }
            (Incident::PortMapping, Take::Incident) => {
                vec![at(rule, doorbell), at(rule, camera), at(rule, recorder)]
            }
            (Incident::VendorCloudContact, Take::Incident) => vec![at(rule, recorder)],
            (
                Incident::VideoLeaving
                | Incident::P2pView
                | Incident::NewCountry
                | Incident::CoverageLow,
                Take::Incident,
            ) => vec![at(rule, doorbell)],
            (Incident::RebrandDetected, Take::Incident) => vec![at(rule, CURRENT_REBRANDED.mac)],
            (
                Incident::NewDevice | Incident::NotActivated | Incident::VulnerableBuild,
                Take::Incident,
            ) => vec![at(rule, NEWCOMER.mac)],
            (
                Incident::IdentityConflict
                | Incident::DeviceChanged
                | Incident::DeviceOffline
                | Incident::CloudBlockedRetrying
                | Incident::DnsBypass
                | Incident::NewDestination
                | Incident::InboundFromInternet
                | Incident::ExploitAttempt
                | Incident::CleartextCredentials
                | Incident::LanScan
                | Incident::LateralContact
                | Incident::RegistrationRefused,
                Take::Incident,
            ) => vec![at(rule, camera)],
        }
    }

    /// A device that is put up in it: that it is new and whom it speaks to first is told as well.
    #[must_use]
    pub const fn newcomer(&self) -> Option<MacAddr> {
        match (self.incident, self.take) {
            (Incident::RebrandDetected, Take::Incident) => Some(CURRENT_REBRANDED.mac),
            (Incident::NewDevice, Take::Incident)
            | (Incident::RebrandDetected, Take::Lookalike)
            | (Incident::NotActivated | Incident::VulnerableBuild, _) => Some(NEWCOMER.mac),
            _ => None,
        }
    }

    /// Tells whether the vendor's service that it goes to is one that the device had no need of before.
    #[must_use]
    pub const fn meets_new_service(&self) -> bool {
        matches!(self.incident, Incident::VideoLeaving | Incident::P2pView)
            || matches!(
                (self.incident, self.take),
                (Incident::InboundFromInternet, Take::Lookalike)
            )
    }

    fn is_seen(&mut self, frame: &SimulatedFrame) -> bool {
        let is_dim = matches!((self.incident, self.take), (Incident::CoverageLow, Take::Incident));
        if !is_dim || frame.timestamp < self.begin {
            return true;
        }
        let mac = CURRENT.doorbell.mac.0;
        let is_its = frame.bytes.get(..12).is_some_and(|ends| ends.chunks(6).any(|end| end == mac));
        !is_its || self.misses.below(100) >= UNSEEN_PERCENT
    }
}

impl Iterator for IncidentRun {
    type Item = SimulatedFrame;

    fn next(&mut self) -> Option<SimulatedFrame> {
        loop {
            let limit = self.scenes.front().map_or(self.end, |(at, _)| *at);
            if let Some(frame) = self.life.next_before(limit) {
                if self.is_seen(&frame) {
                    return Some(frame);
                }
                continue;
            }
            let (at, scene) = self.scenes.pop_front()?;
            scene(&mut self.life.home, at);
        }
    }
}

/// How long it is watched.
const fn lasts(incident: Incident, take: Take) -> Duration {
    match (incident, take) {
        (Incident::CoverageLow, _) => minutes(125),
        // So long that it is taken for gone, and not so long that it comes back.
        (Incident::DeviceOffline, Take::Incident) => minutes(24),
        _ => minutes(40),
    }
}

/// What has to be known before.
fn prelude(incident: Incident, take: Take) -> Option<Scene> {
    match (incident, take) {
        (Incident::LanScan, Take::Lookalike) => Some(lan_scenes::poll),
        (Incident::LateralContact, Take::Lookalike) => Some(lan_scenes::store_on_disk),
        (Incident::DnsBypass, Take::Lookalike) => Some(cloud_scenes::laptop_uses_resolver),
        _ => None,
    }
}

/// What happens.
fn scene(incident: Incident, take: Take) -> Option<Scene> {
    let (happens, resembles): (Scene, Scene) = match incident {
        Incident::NewDevice => (inventory_scenes::newcomer, inventory_scenes::strangers_camera),
        Incident::VendorCloudContact => (cloud_scenes::first_contact, cloud_scenes::known_contact),
        Incident::IdentityConflict => (inventory_scenes::pose, inventory_scenes::visitor_asks),
        Incident::DeviceChanged => (inventory_scenes::update, inventory_scenes::restart),
        Incident::DeviceOffline => (inventory_scenes::fall_silent, inventory_scenes::rest),
        Incident::DeviceOnline => {
            (inventory_scenes::fall_silent, inventory_scenes::rest_and_restart)
        }
        Incident::CloudBlockedRetrying => (cloud_scenes::blocked, cloud_scenes::hiccup),
        Incident::DnsBypass => (cloud_scenes::around_the_resolver, cloud_scenes::foreign_resolver),
        Incident::NewCountry => (cloud_scenes::another_country, cloud_scenes::same_country),
        Incident::NewDestination => (cloud_scenes::unknown_name, cloud_scenes::sibling_name),
        Incident::VideoLeaving => (media_scenes::relay_view, media_scenes::pictures_and_recording),
        Incident::P2pView => (media_scenes::peer_view, media_scenes::peer_in_vain),
        Incident::RebrandDetected => {
            (inventory_scenes::rebranded_newcomer, inventory_scenes::newcomer)
        }
        Incident::PortMapping => (gate_scenes::map_ports, gate_scenes::look_for_gateway),
        Incident::InboundFromInternet => {
            (gate_scenes::reached_from_outside, gate_scenes::knocked_from_outside)
        }
        Incident::ExploitAttempt => (gate_scenes::exploits, gate_scenes::ordinary_requests),
        Incident::CleartextCredentials => (gate_scenes::basic_login, gate_scenes::digest_login),
        Incident::DefaultLogin => (gate_scenes::default_login, gate_scenes::default_login_refused),
        Incident::NotActivated => (inventory_scenes::fresh_newcomer, inventory_scenes::newcomer),
        Incident::VulnerableBuild => (inventory_scenes::old_newcomer, inventory_scenes::newcomer),
        Incident::LanScan => (lan_scenes::scan, lan_scenes::look_around),
        Incident::LateralContact => (lan_scenes::call_the_laptop, lan_scenes::known_neighbours),
        Incident::RegistrationRefused => (cloud_scenes::refused, cloud_scenes::redirected),
        // What is not seen is left out of what is handed out.
        Incident::CoverageLow => return None,
    };
    Some(match take {
        Take::Incident => happens,
        Take::Lookalike => resembles,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

    #[test]
    fn frames_come_in_the_order_of_time_and_the_same_seed_gives_the_same_bytes() {
        for incident in Incident::ALL {
            for take in Take::ALL {
                let run = |seed| IncidentRun::new(incident, take, seed, START);
                let frames: Vec<_> = run(1).collect();
                let context = format!("{} {}", incident.rule(), take.as_label());

                assert!(frames.is_sorted_by_key(|frame| frame.timestamp), "{context}");
                assert!((1_500..30_000).contains(&frames.len()), "{context}: {}", frames.len());
                assert!(run(1).take(2_000).eq(frames.iter().take(2_000).cloned()), "{context}");
            }
        }
    }

    #[test]
    fn the_household_is_the_same_until_it_happens() {
        let quiet = |take| {
            let run = IncidentRun::new(Incident::ExploitAttempt, take, 3, START);
            let begin = run.begin();
            run.take_while(move |frame| frame.timestamp < begin).collect::<Vec<_>>()
        };
        assert!(quiet(Take::Incident) == quiet(Take::Lookalike));
    }

    #[test]
    fn a_lookalike_never_expects_the_rule_that_it_is_for() {
        for incident in Incident::ALL {
            let expects = |take| {
                let run = IncidentRun::new(incident, take, 1, START);
                run.expected().iter().any(|alert| alert.rule == incident.rule())
            };
            assert!(expects(Take::Incident) && !expects(Take::Lookalike), "{incident:?}");
        }
    }
}
