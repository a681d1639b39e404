//! What a person should look at.
//!
//! Comes in: [`Scene`]s: what happened to a device. Goes out: [`Alert`]s: each once, counted while it stands, resolved when it is
//! over. `rules/` holds the rules, one a file; `site/` those that the site writes itself; what the site says about all of them is in
//! `policy`. It never sends anything.

mod about;
mod card;
mod desk;
mod explain;
mod finding;
mod intake;
mod kept;
mod lore;
mod memory;
mod policy;
mod record;
mod rule;
mod rules;
mod ruleset;
mod scan_window;
mod scene;
mod severity;
mod site;
mod site_clock;
mod suppression;
mod video_habit;
mod video_window;

pub use about::{About, Holding};
pub use card::RuleCard;
pub use desk::MAX_STANDING;
pub use explain::{Explanation, FiredRule, NearMiss, NearWhy, UnheardRule};
pub use kept::{AlertKey, KeptAlert, Silence};
pub use memory::{Habits, Topic};
pub use policy::{Config, DeviceSelector, Expectation, Override, QuietHours};
pub use record::{Alert, AlertId, AlertPhase};
pub use rule::{AlertRule, FIRST_SITE_SIGNATURE};
pub use rules::{CONTACT_CONFIDENCE, NEW_DEVICE_CONFIDENCE};
pub use ruleset::Ruleset;
pub use scene::{Cue, FlowCue, FlowStage, MessageCue, Scene};
pub use severity::Severity;
pub use site::{FIELDS, Field, FieldKind, LAST_SITE_SIGNATURE, RuleDraft, RuleProblem, SiteRule};
pub use site_clock::SiteClock;
pub use suppression::{SuppressedAlerts, SuppressedByRule, Suppression};
pub use video_habit::{VideoHabit, VideoHabits};
