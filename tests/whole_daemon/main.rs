//! The whole daemon under strain, as a process of its own: far ends that are dead, slow or lie, reloads, restarts. What is
//! claimed of its parts is seen here of all of them together.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test that cannot set itself up has to fail, and a daemon runs by the real clock"
)]

mod counters;
mod dead_sinks;
mod far_ends;
mod lab;
mod restart;
#[expect(dead_code, reason = "tests of capture need more of it")]
#[path = "../veth/mod.rs"]
mod veth;
