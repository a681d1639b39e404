//! How large a fleet is, how long it runs and how oddly its members speak.
//!
//! Comes in: numbers of the caller. Goes out: the plan of a [`Fleet`](super::Fleet).

use std::time::Duration;

/// Hosts that a plan may have at most: those of the segment's /22, less what the routers of a site take.
pub const MOST_HOSTS: usize = 1_000;
/// Vendor units in the default plan.
const VENDOR_UNITS: usize = 60;
/// Hosts in the default plan.
const HOSTS: usize = 500;

/// What a fleet consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FleetPlan {
    /// Units of the vendor and of those who sell its hardware under other names.
    pub vendor_units: usize,
    /// Hosts in all, vendor units included; at least what the fixed parts need, at most [`MOST_HOSTS`].
    pub hosts: usize,
    /// Time from the first frame to the last; everything is spread over it.
    pub span: Duration,
    /// How much of what members say differs from the published form.
    pub mutation: Mutation,
}

impl Default for FleetPlan {
    fn default() -> Self {
        Self {
            vendor_units: VENDOR_UNITS,
            hosts: HOSTS,
            span: Duration::from_secs(7_200),
            mutation: Mutation::NONE,
        }
    }
}

impl FleetPlan {
    /// The default plan with that mutation.
    #[must_use]
    pub fn mutated(mutation: Mutation) -> Self {
        Self { mutation, ..Self::default() }
    }
}

/// Strength of mutation, from 0 to 100. Each host draws its own dialect from the seed and keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mutation(u8);

impl Mutation {
    /// Every message has the published form, and none gets lost.
    pub const NONE: Self = Self(0);
    /// As other firmware may have it: a field in twenty is missing or has another name, some messages are in another
    /// order or case, a unit lacks an eighth of its evidence.
    pub const MILD: Self = Self(25);
    /// A field in eight is missing or has another name, half of the hosts speak in another order or case, a
    /// datagram in twelve does not arrive, a unit lacks a third of its evidence.
    pub const STRONG: Self = Self(60);

    /// Takes a strength; more than 100 is 100.
    #[must_use]
    pub const fn new(strength: u8) -> Self {
        Self(if strength > 100 { 100 } else { strength })
    }

    /// The strength.
    #[must_use]
    pub const fn strength(self) -> u8 {
        self.0
    }
}
