//! Who is on the network: evidence is gathered, an identity is concluded.
//!
//! Comes in: addresses and messages that a device sent. Goes out: [`DeviceProfile`]s with the evidence
//! behind them. It never asks the network.

mod addresses;
mod claim;
mod dossier;
mod evidence;
mod fact;
mod fusion;
mod kind;
mod maker;
mod noting;
mod profile;
mod registry;
mod restoring;
mod sadp;
mod shelf;
mod signature;

pub use claim::Claim;
pub use evidence::{Evidence, EvidenceSource};
pub use kind::DeviceKind;
pub use profile::{Contradiction, DeviceId, DeviceProfile, DeviceState, Identity, Presence};
pub(crate) use registry::Registry;
pub(crate) use shelf::DeviceRef;
pub use signature::{SignatureError, Signatures};
