//! Entries that left the registry, and what became of them.
//!
//! Comes in: nothing of its own. Goes out: for who keeps something by device, whether to tell, to move or to drop it.

use std::sync::Arc;

use super::{DeviceProfile, DeviceRef};

/// An entry that left.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Departure {
    /// Which.
    pub(crate) device: DeviceRef,
    /// Why.
    pub(crate) fate: Fate,
}

/// What became of an entry that left.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fate {
    /// It made room. A vendor's device leaves its last profile.
    Evicted(Option<Arc<DeviceProfile>>),
    /// It turned out to be the same device as another entry.
    JoinedTo(DeviceRef),
    /// The user wants it forgotten.
    Dismissed,
}
