//! The vocabulary that every room speaks: times, frames, addresses, prefixes, names.
//!
//! Comes in: nothing. Goes out: plain values. It never performs I/O and imports nothing of ours.

mod cutoff;
mod frame;
mod likeness;
mod mac;
mod prefix;
mod protocol;
mod text;
mod timestamp;

pub use cutoff::{CutCounters, CutError, CutId, CutKey, CutSide, Cutoff, CutoffStats, SettledCut};
pub use frame::{Frame, InterfaceId, LinkType, VlanTag};
pub use likeness::nearest;
pub use mac::{MacAddr, ParseMacError};
pub use prefix::{IpPrefix, LocalNets, ParsePrefixError, Perimeter};
pub use protocol::IpProtocol;
pub use text::{bounded, is_hidden, printable};
pub use timestamp::Timestamp;
