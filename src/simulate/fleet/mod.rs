//! A fleet of hundreds of hosts, for judging how well devices are told from each other.
//!
//! Comes in: a seed, a start and a [`FleetPlan`]. Goes out: [`SimulatedFrame`](super::SimulatedFrame)s to an end,
//! and the [`FleetTruth`] about every host. Who shows which evidence follows from published facts alone and was
//! put down before any weight; nothing in it was tuned to what reads it. Every message is our own construction from
//! the fields that the named sources quote; none was captured. Figures drawn from it are simulated.

mod agenda;
mod cast;
mod certificate;
mod cloud_script;
mod dialect;
mod discovery_script;
mod evidence;
mod flood;
mod host;
mod maker;
mod other_maker;
mod places;
mod plan;
mod run;
mod sadp_script;
mod sheet;
mod spoof_script;
mod stage;
mod truth;
mod unit_cast;
mod unit_kind;
mod view_script;

pub use evidence::{EvidenceKind, EvidenceSet};
pub use flood::{ForgedFlood, forged_flood};
pub use plan::{FleetPlan, MOST_HOSTS, Mutation};
pub use run::Fleet;
pub use truth::{
    AddressTruth, FleetRole, FleetTruth, ForgedClaim, HostTruth, SpoofKind, UnitTruth,
};
pub use unit_kind::UnitKind;
