//! HTTP: health, metrics, and the inventory as JSON.
//!
//! Comes in: requests from whoever can reach the address (loopback unless the user says otherwise). Goes out: what
//! the read models hold. It never changes anything: only GET and HEAD are answered.

mod config;
mod device_text;
mod guarded_listener;
mod handlers;
mod listen;
mod paging;
mod readiness;
mod refusal;
mod router;
mod server;
mod state;
mod verdict_view;
mod view;

pub use config::Config;
pub(crate) use device_text::{device_detail, vendor_devices};
pub use listen::{ListenError, listen};
pub use readiness::Readiness;
pub use router::{ROUTES, router};
pub use server::serve;
pub use state::{ApiState, Status};
