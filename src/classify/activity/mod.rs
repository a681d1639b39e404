//! What a device did with the vendor's cloud, hour by hour.
//!
//! Comes in: what its flows moved by role, its attempts, the ways it took around the network's rules, and how much of it
//! all was seen. Goes out: a verdict for each hour, with its reasons. Pure; time is an argument.

mod attempts;
mod book;
mod evasion;
mod hour;
mod judge;
mod role_volume;
mod sight;
mod state;
mod tally;

pub use attempts::{Attempt, Attempts};
pub use book::HourBook;
pub use evasion::{Evasion, EvasionKind, EvasionLog};
pub use hour::DeviceHour;
pub use judge::judge;
pub use role_volume::{Moved, RoleVolume};
pub use sight::Sight;
pub use state::ActivityState;
pub use tally::HourTally;
