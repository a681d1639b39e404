//! Alerts to Prometheus' Alertmanager, by its API v2.
//!
//! Comes in: alerts. Goes out: `POST /api/v2/alerts` to every Alertmanager of the list, as Prometheus itself does: an alert
//! that stands is sent again and again, each time with an end that is not far off; one that is over is sent for a while, with
//! the end that it had. So each Alertmanager learns of everything although it was away, and forgets what we tell no more.

mod alertmanager_sink;
mod config;
mod postable;
mod standing;

pub use alertmanager_sink::AlertmanagerSink;
pub use config::AlertmanagerConfig;
