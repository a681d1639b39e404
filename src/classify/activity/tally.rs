//! What a device did in one hour, so far.

use super::evasion::EvasionLog;
use super::{Attempt, Attempts, EvasionKind, Moved, RoleVolume};
use crate::catalogue::CloudRole;
use crate::net::Timestamp;

/// The counts of an hour.
#[derive(Debug, Clone, Default)]
pub struct HourTally {
    /// Cloud traffic, by role.
    pub(super) roles: Vec<RoleVolume>,
    /// Attempts to register and to keep control.
    pub(super) attempts: Attempts,
    /// Ways around the network's rules.
    pub(super) evasions: EvasionLog,
    /// Payload bytes that came over control channels which no server refused.
    pub(super) control_answers: u64,
    /// IP bytes exchanged with far ends outside that nothing names and no step explains.
    pub(super) nameless_bytes: u64,
    /// Packets of the device to single hosts were seen.
    pub(super) heard: bool,
    /// It was seen on the network, if only by what goes to everybody.
    pub(super) noticed: bool,
    /// Packets of it to the outside were seen.
    pub(super) outside: bool,
    /// Flows of it to the outside were seen of which nobody knows what they moved.
    pub(super) is_cut: bool,
}

impl HourTally {
    /// Adds what a flow moved.
    pub fn add(
        &mut self,
        role: CloudRole,
        moved: Moved,
        confidence: u8,
        started: Timestamp,
        at: Timestamp,
    ) {
        self.heard = true;
        let known = self.roles.iter().position(|volume| volume.role == role);
        let at_index = known.unwrap_or_else(|| {
            self.roles.push(RoleVolume::new(role));
            self.roles.len() - 1
        });
        if let Some(volume) = self.roles.get_mut(at_index) {
            volume.add(moved, confidence, started, at);
        }
    }

    /// Counts an attempt.
    pub const fn attempt(&mut self, attempt: Attempt) {
        self.attempts.count(attempt);
    }

    /// Tells whether nothing was told.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        !self.heard && !self.noticed && !self.shows_traffic() && self.evasions.seen().is_empty()
    }

    /// Tells whether any packet of the device to a single host outside was seen, answered or not.
    #[must_use]
    pub fn shows_traffic(&self) -> bool {
        self.outside || !self.roles.is_empty() || self.attempts.any() || self.nameless_bytes > 0
    }

    /// How many attempts failed so far.
    #[must_use]
    pub const fn failed_attempts(&self) -> u32 {
        self.attempts.failed()
    }

    /// Notes a way around.
    pub fn evade(&mut self, kind: EvasionKind, subject: &str, now: Timestamp) {
        self.evasions.note(kind, subject, now);
    }

    /// Adds payload that came over a control channel which the server did not refuse.
    pub const fn add_control_answer(&mut self, bytes: u64) {
        self.control_answers = self.control_answers.saturating_add(bytes);
    }

    /// Adds what went to and from far ends that nothing names.
    pub const fn add_nameless(&mut self, bytes: u64) {
        self.nameless_bytes = self.nameless_bytes.saturating_add(bytes);
    }

    /// Notes that the device is there: it said something to everybody.
    pub const fn notice(&mut self) {
        self.noticed = true;
    }

    /// Notes that the device was heard: it sent something to a single host.
    pub const fn hear(&mut self) {
        self.heard = true;
    }

    /// Notes that it sent something to the outside.
    pub const fn go_outside(&mut self) {
        self.heard = true;
        self.outside = true;
    }

    /// Notes a flow to or from the outside that could not be followed.
    pub const fn cut(&mut self) {
        self.heard = true;
        self.is_cut = true;
    }

    /// Adds what another tally has of the same hour and device.
    pub(super) fn join(&mut self, other: &Self) {
        for volume in &other.roles {
            match self.roles.iter_mut().find(|known| known.role == volume.role) {
                Some(known) => known.join(volume),
                None => self.roles.push(*volume),
            }
        }
        self.attempts.join(&other.attempts);
        other.evasions.seen().iter().for_each(|evasion| self.evasions.join(evasion));
        self.control_answers = self.control_answers.saturating_add(other.control_answers);
        self.nameless_bytes = self.nameless_bytes.saturating_add(other.nameless_bytes);
        self.outside |= other.outside;
        self.heard |= other.heard;
        self.noticed |= other.noticed;
        self.is_cut |= other.is_cut;
    }

    pub(super) fn role(&self, role: CloudRole) -> Option<&RoleVolume> {
        self.roles.iter().find(|volume| volume.role == role)
    }
}
