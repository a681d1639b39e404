//! Which cloud a flow goes to, in which role, and why.
//!
//! Comes in: the two ends of a flow, the names its head carried, the names its host resolved, what its payload says, what
//! its device did before. Goes out: a [`Destination`] that lists its steps, or nothing. It never guesses silently.

pub mod activity;
mod basis;
mod by_name;
mod by_port;
mod by_sign;
mod by_storage;
mod by_trail;
mod classifier;
mod destination;
mod draft;
mod name_memory;
mod resolution;
mod shape;
mod sign;
mod trail;

pub use basis::Basis;
pub use classifier::{Unit, Witnesses, classify};
pub use destination::{Destination, Step};
pub use name_memory::{NameMemory, NameSource, ResolvedName};
pub use shape::{FlowShape, Volume};
pub use sign::{PayloadSign, SignWord, read_sign};
pub use trail::{StepKind, Trail, TrailStep};
