//! Who is on the network: evidence is gathered, an identity is concluded.
//!
//! Comes in: addresses and messages that a device sent. Goes out: [`DeviceProfile`]s with the evidence
//! behind them. It never asks the network.

mod addresses;
mod dossier;
mod evidence;
mod fact;
mod fusion;
mod kind;
mod profile;
mod registry;
mod sadp;
mod signature;

pub use evidence::{Evidence, EvidenceSource};
pub use kind::DeviceKind;
pub use profile::{DeviceId, DeviceProfile, Identity};
pub(crate) use registry::{DeviceRef, Registry};
pub use signature::{SignatureError, Signatures};
