//! Every Prometheus family, fed by events and counters.
//!
//! Comes in: [`Event`](crate::analyst::Event)s, [`MeterStats`](crate::meter::MeterStats), counters of sources and
//! sinks. Goes out: the exposition in both text formats. Nothing below knows of it. Labels come from closed sets, save for
//! a capped number of our own device identifiers and the `_info` family.

mod config;
mod country_series;
mod device_book;
mod device_families;
mod device_series;
mod error;
mod exposition;
mod families;
mod gathered;
mod process;
mod recorder;
mod slug;
mod totals;

pub use config::{Config, Profile};
pub use error::MetricsError;
pub use exposition::ExpositionFormat;
pub use recorder::Recorder;
pub use totals::{Build, Consumer, InterfaceTotals, SinkTotals};
