//! Packets become biflows, biflows become records (RFC 7011, "Metering Process").
//!
//! Comes in: decoded packets and the time. Goes out: [`FlowRecord`]s. The table is bounded and has
//! one owner; it never knows applications.

mod byte_budget;
mod config;
mod cut;
mod due;
mod entry;
mod fragments;
mod id;
mod key;
mod record;
mod sides;
mod stream_head;
mod table;
mod tcp_progress;
mod tcp_side;
mod wheel;

pub use byte_budget::ByteBudget;
pub use config::Config;
pub use cut::CutState;
pub use entry::{FlowEntry, FlowPacket};
pub use fragments::{FragmentKey, FragmentPool, FragmentPush};
pub use id::FlowId;
pub use key::{Endpoint, FlowKey, Orientation, Role};
pub use record::{Bypassed, ConnState, FlowCounters, FlowEndReason, FlowRecord};
pub use sides::Sides;
pub use stream_head::{StreamHead, StreamPush};
pub use table::{EndedFlow, FlowTable, LookedUp, Observed};
