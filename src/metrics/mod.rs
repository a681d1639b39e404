//! Every Prometheus family, fed by events and counters.
//!
//! Comes in: [`Event`](crate::analyst::Event)s, [`MeterStats`](crate::meter::MeterStats), counters of sources and
//! sinks. Goes out: the text exposition format. Nothing below knows of it. Labels come from closed sets, save for
//! a capped number of our own device identifiers and the `_info` family.

mod config;
mod device_series;
mod error;
mod families;
mod forgetting;
mod process;
mod recorder;
mod totals;

pub use config::Config;
pub use error::MetricsError;
pub use recorder::Recorder;
pub use totals::{Build, Consumer, InterfaceTotals, SinkTotals};
