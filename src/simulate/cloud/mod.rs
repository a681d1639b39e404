//! The protocols between a vendor's devices, their clouds and apps: both sides of each, with answers.
//!
//! Comes in: a device, a server and a time. Goes out: conversations into the outbox. One file a protocol; each says where
//! its layout is from, and what in it is inferred. None of these bytes was captured.

mod access_gateway;
mod app;
mod cas;
mod das;
mod firmware;
mod httpdns;
mod isup;
mod lbs;
mod line;
mod p2p;
mod recorder;
mod relay;
mod safe;
mod snapshot;
mod stun;
mod time;
mod tour;
mod vtm;
mod web_stun;

pub(crate) use access_gateway::{Gateway, old_service};
pub(crate) use app::ask_api;
pub(crate) use cas::ask_broker;
pub(crate) use das::{DasAnswer, DasChannel, DasPlan, deliver_notice};
pub(crate) use firmware::Download;
pub(crate) use httpdns::{RESOLVER as HTTPDNS, ask_httpdns};
pub(crate) use isup::{IsupPlan, register_isup};
pub(crate) use lbs::{LbsOutcome, LbsPlan, register};
pub(crate) use line::{Endpoint, Line, Talk, UdpTalk};
pub(crate) use p2p::{PeerView, ServerStep, ask_server, punch_in_vain};
pub(crate) use recorder::{RECORDER_ACCESS, update_name};
pub(crate) use relay::{RelayStyle, RelayView, talk_over_relay};
pub(crate) use snapshot::{Upload, post_snapshot};
pub(crate) use stun::{bind, spray};
pub(crate) use time::ask_time;
pub use tour::{TourStop, cloud_tour};
pub(crate) use vtm::view_over_vtm;
pub(crate) use web_stun::{bind_plainly, media_with_peer};
