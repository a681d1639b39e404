//! Who a MAC address was registered for, as a fact.
//!
//! Comes in: a MAC address. Goes out: at most one fact. A block of grade D gives none.

use std::sync::Arc;

use super::fact::{Fact, Sighting};
use super::{Claim, EvidenceSource, Signatures};
use crate::catalogue::{Catalogue, Grade};
use crate::net::{MacAddr, Timestamp};

/// The fact that a MAC address lies in a vendor's block.
pub(super) fn maker_fact(
    catalogue: &Catalogue,
    signatures: &Signatures,
    mac: MacAddr,
    now: Timestamp,
) -> Option<Fact> {
    let maker = catalogue.maker(mac)?;
    if maker.grade == Grade::D {
        return None;
    }
    let claim = Claim::Vendor(Arc::clone(&maker.vendor));
    let value = format!("{} {}", maker.prefix, maker.organisation);
    let weights = signatures.weights;
    let weight =
        if mac.is_locally_administered() { weights.oui_locally_administered } else { weights.oui };
    let sighting = Sighting { source: EvidenceSource::Oui, claim: &claim, value: &value, weight };
    Some(Fact::new(&sighting, now))
}
