//! Every Prometheus family, fed by events and counters.

mod config;

pub use config::Config;
