//! Events on their way out: EVE JSON.

mod config;

pub use config::{Config, EventTypes, Scope, Selection, UnknownEventType};
