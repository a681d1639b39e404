//! Counts what each host sends and gets, hour by hour.
//!
//! Comes in: every frame that was sent, and notes. Goes out: rows of the truth. A frame between two hosts of the estate
//! counts for both; one without IP, or sent before there was an address, counts for nobody.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::act::Note;
use super::resident::Resident;
use super::truth::{EstateFlow, HourTruth};
use crate::net::{MacAddr, Timestamp};
use crate::simulate::outbox::Parties;

/// Seconds of an hour.
pub(crate) const HOUR: u64 = 3_600;

/// The truth so far.
#[derive(Debug)]
pub(crate) struct Ledger {
    rows: Vec<HourTruth>,
    hosts: BTreeMap<MacAddr, usize>,
    first_hour: u64,
    hours: usize,
    flows: Option<Vec<EstateFlow>>,
}

impl Ledger {
    pub(crate) fn new(hosts: &[Resident], first_hour: u64, hours: u16, keeps_flows: bool) -> Self {
        let mut rows = Vec::new();
        let mut macs = BTreeMap::new();
        for (number, host) in hosts.iter().enumerate() {
            macs.insert(host.seat.mac, number);
            let is_unit = host.kind.is_unit();
            rows.extend(
                (first_hour..)
                    .take(usize::from(hours))
                    .map(|hour| HourTruth::new(host.seat.mac, is_unit, hour)),
            );
        }
        let flows = keeps_flows.then(Vec::new);
        Self { rows, hosts: macs, first_hour, hours: usize::from(hours), flows }
    }

    /// All rows: host by host, and hour by hour for each.
    pub(crate) fn rows(&self) -> &[HourTruth] {
        &self.rows
    }

    /// The flows that began since this was asked the last time.
    pub(crate) fn drain_flows(&mut self) -> Vec<EstateFlow> {
        self.flows.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Counts a frame.
    pub(crate) fn count(&mut self, at: Timestamp, parties: &Parties) {
        if parties.source.is_unspecified() {
            return;
        }
        let role = parties.tag.role;
        for (mac, sends) in [(parties.source_mac, true), (parties.destination_mac, false)] {
            let Some(host) = self.hosts.get(&mac).copied() else { continue };
            if let Some(row) = self.row(host, at)
                && let Some(truth) = row.role_mut(role)
            {
                truth.count(at, sends, parties.ip_bytes);
            }
        }
        if parties.begins_flow && role.leaves_home() {
            self.open(at, parties);
        }
    }

    fn open(&mut self, at: Timestamp, parties: &Parties) {
        let Some(flows) = &mut self.flows else { return };
        let (source_port, destination_port) = parties.ports;
        flows.push(EstateFlow {
            at,
            mac: parties.source_mac,
            protocol: parties.protocol,
            initiator: SocketAddr::new(parties.source, source_port),
            responder: SocketAddr::new(parties.destination, destination_port),
            role: parties.tag.role,
            vendor: parties.tag.vendor,
            name: parties.tag.name,
        });
    }

    /// Writes down what happened.
    pub(crate) fn note(&mut self, host: usize, note: Note) {
        if let Some(row) = self.row(host, note.at) {
            row.happened.insert(note.what);
        }
    }

    fn row(&mut self, host: usize, at: Timestamp) -> Option<&mut HourTruth> {
        let hour = usize::try_from((at.as_secs() / HOUR).checked_sub(self.first_hour)?).ok()?;
        if hour >= self.hours {
            return None;
        }
        self.rows.get_mut(host * self.hours + hour)
    }
}
