//! The far end's port -> a draft, the weakest of all.
//!
//! Comes in: protocol and port of a flow of a vendor device whose far end has no name. Goes out: what the catalogue says of
//! the port. A port alone never decides: its confidence stays below 50.

use super::by_name::Joined;
use super::draft::{Draft, service_for};
use super::{Basis, Step, Witnesses};
use crate::catalogue::{Catalogue, CloudRole, Grade, Region};

/// A camera of the vendor speaks to a port that its cloud is known to use.
const KNOWN: u8 = 40;
/// The same where one source says so, or where it is inferred.
const GRADE_C: u8 = 30;
const GRADE_D: u8 = 15;

/// What the port says; nothing of a far end that has a name, which would have told more.
pub(super) fn by_port(catalogue: &Catalogue, witnesses: &Witnesses<'_>) -> Option<Draft> {
    let unit = witnesses.unit.filter(|unit| unit.initiated)?;
    if witnesses.is_named() {
        return None;
    }
    let entry = catalogue.port(witnesses.protocol, witnesses.far_end.port)?;
    // A port that everybody uses says nothing, beside other evidence neither.
    if entry.role == CloudRole::Unknown || !entry.evidence {
        return None;
    }
    let vendor = unit.trail.vendor().unwrap_or(&entry.vendor);
    let text = format!(
        "no name led to the address, and {} port {} is known for this (grade {}: {})",
        witnesses.protocol,
        entry.port,
        entry.grade,
        Joined(&entry.sources),
    );
    Some(Draft {
        vendor: vendor.clone(),
        service: service_for(vendor, &entry.service),
        role: entry.role,
        region: Region::Unknown,
        speaker: entry.speaker,
        domain: None,
        aliases: [].into(),
        confidence: match entry.grade {
            Grade::A | Grade::B => KNOWN,
            Grade::C => GRADE_C,
            Grade::D => GRADE_D,
        },
        steps: vec![Step { basis: Basis::Port, text: text.into() }],
    })
}
