//! What a person should look at.
//!
//! Comes in: profiles and destinations. Goes out: [`Alert`]s, each once. It never sends anything.

mod record;

pub use record::{Alert, AlertRule, Severity};
