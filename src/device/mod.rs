//! Who is on the network: evidence is gathered, an identity is concluded.
//!
//! Comes in: addresses and messages that a device sent. Goes out: [`DeviceProfile`]s with the evidence
//! behind them. It never asks the network.

mod evidence;
mod kind;
mod profile;

pub use evidence::{Evidence, EvidenceSource};
pub use kind::DeviceKind;
pub use profile::{DeviceId, DeviceProfile, Identity};
