//! HTTP: health, metrics, and the inventory as JSON.

mod config;

pub use config::Config;
