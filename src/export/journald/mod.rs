//! Alerts to the systemd journal, with fields of their own.
//!
//! Comes in: letters. Goes out: an entry when an alert is raised, and one when it is over.

mod entry;
mod journald_sink;

pub use journald_sink::{JOURNAL_SOCKET, JournaldSink};
