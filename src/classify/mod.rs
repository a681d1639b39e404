//! Which cloud a flow goes to, in which role, and why.
//!
//! Comes in: the two ends of a flow, the names its head carried, the names its host resolved. Goes out:
//! a [`Destination`] with its basis, or nothing. It never guesses silently.

mod classifier;
mod destination;
mod name_memory;
mod resolution;

pub use classifier::{Witnesses, classify};
pub use destination::{Basis, Destination};
pub use name_memory::{NameMemory, NameSource, ResolvedName};
