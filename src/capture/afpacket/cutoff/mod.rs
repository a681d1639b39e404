//! Has the kernel count the packets of flows whose heads are read, and drop our copies of them.
//!
//! Comes in: keys of flows. Goes out: their counters, and nothing of their packets any more. The kernel's part is a
//! socket filter that is written here as plain values ([`program`]), which [`assembler`] turns into what is loaded and
//! [`listing`] into what is read; there is no other source, object file or compiler. The tests hold it against a model
//! in Rust, in the kernel, frame by frame.

mod assembler;
mod kernel;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod model;
mod open;
mod program;
mod slot;
mod table;

pub(super) use open::{CutoffProgram, open};
