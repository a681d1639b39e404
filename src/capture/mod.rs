//! Gets frames from an interface, a capture file, standard input or a sniffer's stream; knows nothing of their meaning.
//!
//! Comes in: the name of an interface or a file, or the address of a socket. Goes out: [`Frame`](crate::net::Frame)s borrowed
//! from the ring or the file, and drop counters. It never looks at what a frame means.

#[cfg(target_os = "linux")]
mod afpacket;
mod batch;
mod config;
mod cutoff_state;
mod error;
mod interface;
#[cfg(feature = "libpcap")]
mod libpcap;
mod link_sender;
mod open;
mod savefile;
mod source;
mod tzsp;

#[cfg(target_os = "linux")]
pub use afpacket::AfPacketSource;
pub use batch::{BATCH_FRAMES, FrameBatch};
pub use config::{Backend, Config, InterfaceConfig, InterfaceRole};
pub use cutoff_state::CutoffUnavailable;
pub use error::CaptureError;
pub use interface::{Interface, list as list_interfaces};
#[cfg(feature = "libpcap")]
pub use libpcap::LibpcapSource;
pub use link_sender::LinkSender;
pub use open::{open_interface, open_shared};
pub use savefile::SavefileSource;
pub use source::{FrameSource, Next, ObservationPoint, SourceCounters, Supply};
pub use tzsp::TzspSource;
