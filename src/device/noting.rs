//! What is seen of a device becomes a fact in its dossier.
//!
//! Comes in: a device, and what its frames said. Goes out: facts with the weights of the signatures. It never chooses
//! the device by what the message says.

use std::sync::Arc;

use super::dossier::Forwarding;
use super::fact::Fact;
use super::sadp::{Naming, facts_of};
use super::{Claim, DeviceRef, EvidenceSource, Registry};
use crate::catalogue::{CloudEntry, Grade, Speaker};
use crate::dissect::SadpMessage;
use crate::net::{MacAddr, Timestamp};

impl Registry {
    /// Notes a name that the device looked up or contacted; only names that devices alone speak to are evidence.
    pub(crate) fn note_cloud_name(
        &mut self,
        device: DeviceRef,
        name: &str,
        entry: &CloudEntry,
        now: Timestamp,
    ) {
        let weights = self.signatures.weights;
        let weight = match entry.grade {
            Grade::A | Grade::B => weights.cloud_name,
            Grade::C => weights.cloud_name_measured_once,
            Grade::D => return,
        };
        if !entry.evidence || entry.speaker != Speaker::Device {
            return;
        }
        let claim = Claim::Vendor(Arc::clone(&entry.vendor));
        let name = name.to_ascii_lowercase();
        self.learn(device, vec![Fact::new(EvidenceSource::CloudName, claim, &name, weight, now)]);
    }

    /// Notes a SADP message that the device sent.
    pub(crate) fn note_sadp(
        &mut self,
        device: DeviceRef,
        message: &SadpMessage,
        frame_sender: Option<MacAddr>,
        now: Timestamp,
    ) {
        let naming = match (message.mac, frame_sender.filter(|mac| mac.is_station())) {
            (Some(named), Some(sender)) if named != sender => Naming::Foreign,
            (Some(_) | None, Some(_) | None) => Naming::Sender,
        };
        let facts = facts_of(message, naming, &self.signatures, now);
        self.learn(device, facts);
    }

    /// Notes the name that the device gives itself.
    pub(crate) fn note_hostname(&mut self, device: DeviceRef, hostname: &str, now: Timestamp) {
        if !hostname.is_empty() {
            let fact = Fact::new(EvidenceSource::Dhcp, Claim::Hostname, hostname, 0, now);
            self.learn(device, vec![fact]);
        }
    }

    /// Notes that the device answers name queries.
    pub(crate) fn note_name_server(&mut self, device: DeviceRef) {
        if let Some(dossier) = self.shelf.get_mut(device) {
            dossier.forwards(Forwarding::Names, &self.signatures);
        }
    }

    /// Notes that the device spoke to a vendor's cloud.
    pub(crate) fn note_client(&mut self, device: DeviceRef) {
        if let Some(dossier) = self.shelf.get_mut(device) {
            dossier.mark_client();
        }
    }

    fn learn(&mut self, device: DeviceRef, facts: Vec<Fact>) {
        let serial = facts.iter().find(|fact| fact.claim == Claim::Serial);
        let said_at = serial.map(|fact| fact.last_seen);
        if let Some(dossier) = self.shelf.get_mut(device) {
            dossier.learn(facts, &self.signatures);
        }
        if let Some(now) = said_at {
            self.link_by_serial(device, now);
        }
    }
}
