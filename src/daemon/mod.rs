//! The running program: builds in the safe order, then waits.
//!
//! Comes in: a [`Config`](crate::config::Config) and sources. Goes out: what the sinks write and the API answers, until
//! the sources end or the program is told to stop. It holds no packet logic.

mod analysis;
mod backoff;
mod carrier;
mod catalogue_files;
mod clock;
mod conntrack;
mod conntrack_line;
mod discover;
mod dispatch;
mod engine;
mod fanout;
mod far_ends;
mod forgetting;
mod geo_files;
mod household_source;
mod inquiry;
mod keeping;
mod logging;
mod lookout;
mod notify;
mod outbox;
mod packet_clock;
mod points;
mod privilege;
mod replay;
mod run;
mod sight_log;
mod sinks;
mod source_clock;
mod store_feed;
mod store_thread;
mod supervise;
mod surroundings;
mod threads;
mod watchdog;
mod worker;

pub use catalogue_files::{load_catalogue, open_update, signature_path};
pub(crate) use clock::now;
pub use conntrack::KernelFlows;
pub use discover::{Discovery, Inquiry, LEAST_WAIT, MOST_WAIT};
pub use dispatch::RunView;
pub use engine::{Engine, FIXED_SEEDS};
pub use geo_files::load_geo;
pub use household_source::HouseholdSource;
pub use logging::{LogControl, LoggingError, start as start_logging};
pub use packet_clock::PacketClock;
pub use replay::{Replay, ReplayOutcome, ReplaySink};
pub use run::{Daemon, Ending, Opened, Reread, open};
pub use source_clock::SourceClock;
pub use threads::NamedSource;
