//! Where a flow goes, and why we think so.
//!
//! Comes in: nothing. Goes out: plain values, immutable and shared.

use std::fmt::Write as _;
use std::sync::Arc;

use super::Basis;
use crate::catalogue::{CloudRole, Region, Speaker};
use crate::geo::Place;

/// A vendor cloud service, or a peer that it led to, at the far end of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Whose cloud it is, or whose protocol leads there: `hikvision`, `ezviz` ...
    pub vendor: Arc<str>,
    /// The service, in the vendor's words where it has any: `ezviz-lbs`, `hik-connect` ...
    pub service: Arc<str>,
    /// What it is for.
    pub role: CloudRole,
    /// Where it says it stands.
    pub region: Region,
    /// Who normally speaks to it.
    pub speaker: Speaker,
    /// The name that decided, as the host asked for it; absent when no name was seen.
    pub domain: Option<Arc<str>>,
    /// The names that `domain` is an alias of (CNAME), in their order.
    pub aliases: Arc<[Arc<str>]>,
    /// Where the far end's address is registered.
    pub place: Place,
    /// 0 to 100.
    pub confidence: u8,
    /// What kind of observation decided.
    pub basis: Basis,
    /// The steps of the verdict, in the order in which they count; the first decided.
    pub steps: Arc<[Step]>,
}

/// One step of a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What kind of observation it is.
    pub basis: Basis,
    /// For a person: what was observed, and which catalogue entry it met.
    pub text: Arc<str>,
}

impl Destination {
    /// Tells whether this verdict takes the place of an earlier one on the same flow: it rests on something stronger, or it
    /// is surer on the same.
    #[must_use]
    pub fn replaces(&self, earlier: &Self) -> bool {
        self.basis < earlier.basis
            || self.basis == earlier.basis
                && (self.confidence > earlier.confidence || self.steps.len() > earlier.steps.len())
    }

    /// The steps in one line.
    #[must_use]
    pub fn reason(&self) -> String {
        let mut reason = String::new();
        for (index, step) in self.steps.iter().enumerate() {
            let between = if index == 0 { "" } else { "; " };
            let _infallible = write!(reason, "{between}{}", step.text);
        }
        reason
    }
}
