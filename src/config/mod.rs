//! What the user wrote becomes what the program uses.
//!
//! Comes in: the text of `hikwatch.toml`. Goes out: a [`Config`] that is right as a whole, or every
//! problem at once as `key: problem`. It never opens an interface and never changes a running program.

mod alert_rules;
mod alerts;
mod compile;
mod error;
mod knowledge;
mod labels;
mod load;
mod section;
mod settings;
mod sinks;
mod sinks_far_ends;
mod time_zone;
mod units;

pub use compile::known_keys;
pub use error::{ConfigError, ConfigErrors, LoadError};
pub use load::load;
pub use settings::{CatalogueFiles, Config, JournaldConfig, LogConfig, LogFormat, LogLevel};
