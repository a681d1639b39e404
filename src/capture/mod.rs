//! Gets frames from an interface, a capture file or standard input; knows nothing of their meaning.
//!
//! Comes in: the name of an interface or a file. Goes out: [`Frame`](crate::net::Frame)s borrowed
//! from the ring or the file, and drop counters. It never looks at what a frame means.

mod config;
mod error;
mod savefile;
mod source;

pub use config::{Backend, Config, InterfaceConfig, InterfaceRole};
pub use error::CaptureError;
pub use savefile::SavefileSource;
pub use source::{FrameSource, Next, ObservationPoint, SourceCounters};
