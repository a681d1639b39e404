//! `sip`: the head of a SIP message.
//!
//! Comes in: a message. Goes out: the section as Suricata has it. The URI has no user, so lines are not written as sent.

use serde::Serialize;

use crate::dissect::{SipMessage, SipStart};

/// EVE `sip`.
#[derive(Debug, Serialize)]
pub(crate) struct SipSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> SipSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a SipMessage) -> Self {
        let empty = Self { method: None, uri: None, version: "SIP/2.0", code: None, reason: None };
        match &message.start {
            SipStart::Request { method, uri } => {
                Self { method: Some(method), uri: Some(uri), ..empty }
            }
            SipStart::Response { code, reason } => {
                let reason = (!reason.is_empty()).then_some(reason.as_str());
                Self { code: Some(code.to_string()), reason, ..empty }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_text_as_in_suricata() {
        let start = SipStart::Response { code: 200, reason: "OK".into() };
        let message = SipMessage { start, user_agent: None, server: None };
        let shown = serde_json::to_value(SipSection::new(&message)).unwrap();

        let expected = serde_json::json!({"version": "SIP/2.0", "code": "200", "reason": "OK"});
        assert_eq!(shown, expected);
    }
}
