//! What a sink is given.
//!
//! Comes in: nothing. Goes out: [`Letter`], cheap to clone, so that several sinks share one event.

use std::sync::Arc;

use crate::analyst::Event;
use crate::device::DeviceId;
use crate::export::RunStats;

/// One thing to deliver.
#[derive(Debug, Clone)]
pub enum Letter {
    /// An event.
    Event(Arc<Event>),
    /// A device was forgotten on request: what is shown of it goes.
    Forgotten(DeviceId),
    /// The totals of the run, told now and then and at its end.
    Stats(Arc<RunStats>),
}
