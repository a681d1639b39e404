//! The metering process: frames in, observations out. One a worker thread.
//!
//! Comes in: [`Frame`](crate::net::Frame)s and the time. Goes out: [`Observation`]s and [`MeterStats`].
//! It never knows devices, clouds or alerts, and shares nothing.

mod ahead;
mod config;
mod cut_flows;
mod datagram_reader;
mod flow_slot;
mod fragmented;
mod head_reader;
mod link_layer;
mod machine;
mod observation;
mod output;
mod stats;
mod stream_reader;
mod talk;

pub use config::Config;
pub use machine::Meter;
pub use observation::{
    BindingSource, FlowHead, FlowReport, MessageContext, MessageFlow, Observation, ObservationKind,
    ObservationOrder,
};
pub use stats::MeterStats;
