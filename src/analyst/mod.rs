//! Names, devices, destinations, alerts: observations become events. One a daemon.
//!
//! Comes in: [`Observation`](crate::meter::Observation)s of all meters in order, and the time. Goes out: [`Event`]s.
//! It never performs I/O, reads no clock and holds no lock.

mod config;
mod coverage;
mod event;
mod flow_rules;
mod ledger;
mod machine;
mod message_rules;
mod relayed_names;
mod resolvers;
mod restoring;
mod seeing;
mod stats;
mod unit_log;
mod unit_rules;
mod unit_words;
mod verdict;
mod watch_list;

pub use config::Config;
pub use coverage::{
    Coverage, CoverageLimit, InterfaceCoverage, KernelFlow, KernelView, OffloadKind, Visibility,
};
pub use event::{
    AlertSighting, CountryTally, Event, EventKind, FlowDevice, FlowPeer, FlowSighting,
    HourSighting, MessageSighting, Tallies, Tally,
};
pub use machine::Analyst;
pub use restoring::Keepsakes;
pub use stats::AnalystStats;
