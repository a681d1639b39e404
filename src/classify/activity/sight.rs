//! How much of what a device did was seen.

use std::sync::Arc;

/// The share of the traffic that was seen, and what limits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Share in thousandths; 1000 when nothing is known to be missing.
    pub per_mille: u16,
    /// What limits it, for a person.
    pub limits: Arc<[Arc<str>]>,
}

impl Sight {
    /// The share that is whole.
    pub const WHOLE: u16 = 1000;
}

impl Default for Sight {
    fn default() -> Self {
        Self { per_mille: Self::WHOLE, limits: Arc::default() }
    }
}
