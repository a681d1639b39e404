//! HTTP: health, metrics, and the inventory as JSON.
//!
//! Comes in: requests from whoever can reach the address (loopback unless the user says otherwise). Goes out: what
//! the read models hold. It changes nothing, but for who brings the write token: GET and HEAD are answered, and DELETE of a device.

mod config;
mod device_text;
mod forget;
mod guarded_listener;
mod handlers;
mod listen;
mod masking;
mod negotiation;
mod packing;
mod paging;
mod readiness;
mod refusal;
mod router;
mod rule_view;
mod seeing_view;
mod server;
mod state;
mod verdict_view;
mod view;
mod write_token;

pub use config::Config;
pub(crate) use device_text::{device_detail, vendor_devices};
pub use forget::{Forgetting, WriteAccess};
pub use listen::{ListenError, listen};
pub use readiness::Readiness;
pub use router::{ROUTES, router};
pub(crate) use seeing_view::SeeingView;
pub use server::serve;
pub use state::{ApiState, Status};
pub use write_token::{WriteToken, WriteTokenError};
