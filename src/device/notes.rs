//! Where the readers of messages write what a device said.
//!
//! Comes in: facts, one by one, borrowed from the message. Goes out: into the dossier, and one conclusion at the end if any of
//! them was new. What is known already costs comparisons and no allocation.

use super::dossier::Dossier;
use super::fact::Sighting;
use super::fact_set::Joined;
use super::place::{Place, ProtocolSign};
use super::sadp::short_serial;
use super::{Claim, EvidenceSource, Signatures};
use crate::net::Timestamp;

/// What is being noted of one device.
#[derive(Debug)]
pub(super) struct Notes<'a> {
    dossier: &'a mut Dossier,
    pub(super) signatures: &'a Signatures,
    now: Timestamp,
    changed: bool,
    names_serial: bool,
}

impl<'a> Notes<'a> {
    pub(super) const fn new(
        dossier: &'a mut Dossier,
        signatures: &'a Signatures,
        now: Timestamp,
    ) -> Self {
        Self { dossier, signatures, now, changed: false, names_serial: false }
    }

    /// Notes one fact; an empty value says nothing.
    pub(super) fn fact(&mut self, source: EvidenceSource, claim: &Claim, value: &str, weight: u8) {
        if value.is_empty() {
            return;
        }
        let joined = self.dossier.observe(&Sighting { source, claim, value, weight }, self.now);
        self.changed |= joined == Joined::Changed;
    }

    /// Notes a text that describes the device, if there is one.
    pub(super) fn describe(
        &mut self,
        source: EvidenceSource,
        claim: &Claim,
        value: Option<&str>,
        weight: u8,
    ) {
        if let Some(value) = value {
            self.fact(source, claim, value.trim(), weight);
        }
    }

    /// Notes a serial number in the short form by which the cloud knows a device, where it has one.
    pub(super) fn serial(&mut self, source: EvidenceSource, serial: Option<&str>, weight: u8) {
        if let Some(serial) = serial {
            self.names_serial = true;
            self.fact(source, &Claim::Serial, short_serial(serial).unwrap_or(serial), weight);
        }
    }

    /// Notes what a signature claims, if one agrees with `text`; gives its weight.
    pub(super) fn signature(&mut self, place: Place, text: Option<&str>) -> Option<u8> {
        let (text, signatures) = (text?, self.signatures);
        let found = signatures.find(place, text.trim())?;
        self.fact(found.source, &found.claim, text.trim(), found.weight);
        Some(found.weight)
    }

    /// Notes that the device's side of a protocol was seen; gives the weight of that.
    pub(super) fn protocol(&mut self, sign: ProtocolSign, value: &str) -> Option<u8> {
        let signatures = self.signatures;
        let found = signatures.protocol(sign)?;
        self.fact(found.source, &found.claim, value, found.weight);
        Some(found.weight)
    }

    /// Notes a text in which a device names its maker: a signature, else a brand that it goes by, else another maker.
    /// Tells whether a signature or a brand was found.
    pub(super) fn maker_name(
        &mut self,
        source: EvidenceSource,
        place: Place,
        text: Option<&str>,
    ) -> bool {
        let (Some(text), signatures) = (text, self.signatures) else { return false };
        if self.signature(place, Some(text)).is_some() {
            return true;
        }
        if let Some(brand) = signatures.brand_leading(text.trim()) {
            // The name alone does not say who made it: it weighs nothing.
            self.fact(source, &Claim::Vendor(brand.vendor.clone()), text, 0);
            return true;
        }
        if let Some(other) = signatures.other_maker_named(text) {
            self.fact(source, &other.claim, text, signatures.weights.other_maker);
        }
        false
    }

    /// Notes that it answers on a port, and each set of ports that is thereby complete.
    pub(super) fn port(&mut self, port: u16) {
        let signatures = self.signatures;
        let Some(bit) = signatures.port_bit(port) else { return };
        if self.dossier.ports & bit != 0 {
            return;
        }
        self.dossier.ports |= bit;
        for set in signatures.port_sets(self.dossier.ports) {
            self.fact(EvidenceSource::Ports, &set.claim, &set.label, signatures.weights.ports);
        }
    }

    /// Concludes anew, if anything changed; tells whether the device named its serial number.
    pub(super) fn finish(self) -> bool {
        if self.changed {
            self.dossier.conclude(self.signatures);
        }
        self.names_serial
    }
}
