//! Who is on the network: evidence is gathered, an identity is concluded.
//!
//! Comes in: addresses and messages that a device sent. Goes out: [`DeviceProfile`]s with the evidence
//! behind them. It never asks the network.

mod addresses;
mod alternation;
mod certainty;
mod change;
mod claim;
mod cloud_notes;
mod contest;
mod departure;
mod discovery_notes;
mod dossier;
mod eviction;
mod evidence;
mod evidence_kind;
mod explain;
mod fact;
mod fact_set;
mod forwarding;
mod fusion;
mod hint;
mod kind;
mod label;
mod life;
mod linking;
mod maker;
mod notes;
mod noting;
mod pattern;
mod place;
mod presence;
mod profile;
mod registry;
mod registry_stats;
mod restoring;
mod sadp;
mod service_notes;
mod shelf;
mod signature;
mod signature_file;
mod support;

pub use certainty::Certainty;
pub use change::{ChangedPart, DeviceChange};
pub use claim::Claim;
pub(crate) use departure::{Departure, Fate};
pub use evidence::{Evidence, EvidenceSource};
pub use evidence_kind::EvidenceKind;
pub use explain::{ExplainedFact, Explanation, Part, Prospect, explain};
pub use hint::{Hint, HintError, HintRules, hints};
pub use kind::DeviceKind;
pub use label::{DeviceLabel, LabelSubject, Labels};
pub use profile::{Contradiction, DeviceId, DeviceProfile, DeviceState, Identity, Presence};
pub(crate) use registry::Registry;
pub(crate) use sadp::short_serial;
pub(crate) use shelf::DeviceRef;
pub use signature::Signatures;
pub use signature_file::SignatureError;
