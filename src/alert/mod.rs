//! What a person should look at.
//!
//! Comes in: profiles and destinations. Goes out: [`Alert`]s, each once. It never sends anything.

mod record;
mod remembered;
mod ruleset;

pub use record::{Alert, AlertRule, Severity};
pub use ruleset::{CONTACT_CONFIDENCE, NEW_DEVICE_CONFIDENCE, Ruleset};
