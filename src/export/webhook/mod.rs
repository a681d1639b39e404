//! Alerts to web services: our own JSON, or as ntfy, Gotify, Slack and Telegram want it.
//!
//! Comes in: alerts. Goes out: one request an alert when it is raised, and one when it is over. At least once: a request whose
//! answer is lost is made again, with the same `Idempotency-Key` where the service takes ours.

mod config;
mod generic;
mod notice;
mod shape;
mod webhook_sink;

pub use config::{WebhookConfig, WebhookKind};
pub use shape::{WebhookShape, WebhookShapeError};
pub use webhook_sink::WebhookSink;
