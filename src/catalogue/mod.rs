//! Compiled vendor knowledge: address block -> maker, domain -> service, role and region.
//!
//! Comes in: the text of catalogue files. Goes out: look-ups, each answer with its source and grade.
//! It never reads a file itself and never guesses.

mod vocabulary;

pub use vocabulary::{CloudRole, Grade, Region, Speaker};
