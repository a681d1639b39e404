//! Incidents, each with a twin that resembles it and is none, in a household that otherwise lives as usual; and that usual
//! life alone, for as long as one wants.
//!
//! Comes in: an incident, a seed and a start. Goes out: frames in the order of time, and which rule is to raise an alert on
//! which device. Rules are named by their published names only; nothing here knows how one decides.

mod cast;
mod cloud_scenes;
mod daily_scenes;
mod expectation;
mod gate_scenes;
mod home;
mod inventory_scenes;
mod lan_scenes;
mod life;
mod media_scenes;
mod plot;
mod run;
mod stage;

pub use expectation::{ExpectedAlert, Take};
pub use life::OrdinaryHome;
pub use plot::Incident;
pub use run::IncidentRun;
