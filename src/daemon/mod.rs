//! The running program: builds in the safe order, then waits.

#![expect(dead_code, reason = "the program that uses these is under construction")]

mod clock;
mod logging;
mod notify;
mod privilege;
