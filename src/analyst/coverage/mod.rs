//! How much of the traffic was seen: by interface, by device, and what stood in the way.
//!
//! Comes in: records of all flows with their running totals, counters of the capture and of the kernel, the time. Goes
//! out: a [`Coverage`] of the last hour and a [`Visibility`]. It looks at no packet and reads no clock.

mod evidence;
mod kernel;
mod ledger;
mod limit;
mod progress;
mod told_flows;
mod visibility;

pub use kernel::{KernelFlow, KernelView};
pub use ledger::InterfaceCoverage;
pub(crate) use ledger::{Audience, CoverageLedger};
pub use limit::{Coverage, CoverageLimit, OffloadKind};
pub(crate) use told_flows::RecordPart;
pub use visibility::Visibility;
