//! `syslog`: an event type of ours for who sends log lines; the lines themselves are not kept.
//!
//! Comes in: the head of a syslog message. Goes out: its fields.

use serde::Serialize;

use crate::dissect::SyslogHead;

/// The `syslog` object.
#[derive(Debug, Serialize)]
pub(crate) struct SyslogSection<'a> {
    facility: u8,
    severity: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_name: Option<&'a str>,
}

impl<'a> SyslogSection<'a> {
    /// Shows a head. The priority is facility times eight plus severity (RFC 5424, 6.2.1).
    pub(crate) fn new(head: &'a SyslogHead) -> Self {
        Self {
            facility: head.priority / 8,
            severity: head.priority % 8,
            hostname: head.hostname.as_deref(),
            app_name: head.app_name.as_deref(),
        }
    }
}
