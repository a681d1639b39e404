//! `ssdp`: an event type of ours for the discovery protocol of UPnP.
//!
//! Comes in: a SSDP message. Goes out: its fields, named after those of the message.

use serde::Serialize;

use crate::dissect::{SsdpKind, SsdpMessage};

/// The `ssdp` object.
#[derive(Debug, Serialize)]
pub(crate) struct SsdpSection<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    st: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    man: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nts: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
}

impl<'a> SsdpSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a SsdpMessage) -> Self {
        Self {
            kind: match message.kind {
                SsdpKind::Search => "search",
                SsdpKind::Notify => "notify",
                SsdpKind::Response => "response",
            },
            host: message.host.as_deref(),
            st: message.st.as_deref(),
            man: message.man.as_deref(),
            nt: message.nt.as_deref(),
            nts: message.nts.as_deref(),
            usn: message.usn.as_deref(),
            location: message.location.as_deref(),
            server: message.server.as_deref(),
            user_agent: message.user_agent.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_lacks_is_left_out() {
        let message = SsdpMessage { st: Some("ssdp:all".into()), ..SsdpMessage::default() };
        let shown = serde_json::to_value(SsdpSection::new(&message)).unwrap();

        assert_eq!(shown, serde_json::json!({"type": "search", "st": "ssdp:all"}));
    }
}
