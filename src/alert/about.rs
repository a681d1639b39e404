//! What a built-in rule says of itself.
//!
//! Comes in: nothing. Goes out: [`About`], which stands at the head of each rule's file.

use std::time::Duration;

use super::severity::Severity;

/// What a built-in rule says of itself; it stands at the head of the rule's file.
#[derive(Debug)]
pub struct About {
    /// The rule's name.
    pub name: &'static str,
    /// EVE `signature_id`; never given to another rule.
    pub signature_id: u32,
    /// EVE `signature`; never changes, so that readers can group by it.
    pub signature: &'static str,
    /// EVE `category`.
    pub category: &'static str,
    /// How urgent it is where the site says nothing else.
    pub severity: Severity,
    /// When it fires, in words.
    pub trigger: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// It tells of what is new of a device, and is silent while the device is being learned.
    pub learns: bool,
    /// When an alert is over.
    pub holds: Holding,
}

/// How long an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// Until the rule sees the end of what raised it.
    UntilCleared,
    /// Until it was not seen for so long; the rule may see the end earlier.
    For(Duration),
}

impl Holding {
    /// For something that happened and is over: so long that a receiver which polls sees it stand.
    pub const MOMENT: Self = Self::For(Duration::from_secs(15 * 60));
    /// For something that comes in bursts.
    pub const SPELL: Self = Self::For(Duration::from_secs(2 * 3600));
}
