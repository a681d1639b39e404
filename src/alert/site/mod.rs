//! The rules that the site writes itself.
//!
//! Comes in: drafts from the configuration, later scenes. Goes out: findings, as those of built-in rules. A condition is an
//! expression of CEL over the fields in `fields`; it is checked when the configuration is read and evaluated where a device is
//! shown to the rules, never on the way of a packet.

mod expression;
mod facts;
mod fields;
mod functions;
mod naming;
mod operator_check;
mod outline;
mod rule;
mod site_time;
mod template;
mod type_check;
mod types;
mod value;
mod watch;
mod words;

pub use fields::{FIELDS, Field};
pub use rule::{LAST_SITE_SIGNATURE, RuleDraft, RuleProblem, SiteRule};
pub use value::FieldKind;

pub(super) use site_time::SiteTime;
pub(super) use watch::SiteWatch;
