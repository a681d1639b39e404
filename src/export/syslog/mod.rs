//! Alerts to a syslog server: RFC 5424 over UDP (RFC 5426), TCP (RFC 6587, octet counting), TLS (RFC 5425) and a local socket.
//!
//! Comes in: letters. Goes out: a message when an alert is raised, and one when it is over.

mod config;
mod message;
mod syslog_sink;
mod wire;

pub use config::{Facility, SyslogConfig, SyslogServer, SyslogServerError};
pub use syslog_sink::{SyslogError, SyslogSink};
