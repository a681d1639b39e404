//! An estate: many devices over days, with all that their clouds do to them, and the truth hour by hour.
//!
//! Comes in: a seed, a start and a plan. Goes out: frames in the order of time, and the truth about them. Everything in it
//! is constructed; [`super::cloud`] says from which sources. Its truth is written from what is sent, before a frame is
//! lost on the way to the observer, and never reads what the program concludes.

mod act;
mod address_pool;
mod agenda;
mod boot_script;
mod bystander_script;
mod cast;
mod impairment;
mod ledger;
mod owner_script;
mod plan;
mod resident;
mod run;
mod servers;
mod sign_on_script;
mod stage;
mod truth;
mod view_script;
mod weather;

pub use plan::{EstatePlan, Impairment, SeenSide};
pub use resident::EstateKind;
pub use run::Estate;
pub use truth::{EstateFlow, EstateHost, Happened, Happening, HourState, HourTruth, RoleTruth};
