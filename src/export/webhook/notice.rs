//! An alert in words, for whoever reads it on a telephone.
//!
//! Comes in: an alert. Goes out: title and text, bounded and without control characters; each service escapes them as it has to.

use crate::alert::{Alert, AlertPhase, Severity};
use crate::net::printable;

/// Most characters of a name.
const MAX_NAME: usize = 64;
/// Most characters of what happened, and of what to do about it: ntfy cuts at 4096 bytes, Telegram at as many characters.
const MAX_TEXT: usize = 450;

/// An alert in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Which device, and what of it.
    pub(crate) title: String,
    /// What happened.
    pub(crate) text: String,
    /// What to do about it; empty when it is over, or where nothing is known.
    pub(crate) advice: String,
    /// How urgent it is.
    pub(crate) severity: Severity,
    /// It is over.
    pub(crate) is_over: bool,
}

impl Notice {
    /// Puts an alert into words.
    pub(crate) fn of(alert: &Alert) -> Self {
        let device = &alert.device;
        let is_over = alert.phase == AlertPhase::Resolved;
        let name = device.name().or(device.identity.model.as_deref()).unwrap_or(&device.id.0);
        let word = if is_over { "Over: " } else { "" };
        let advice = if is_over { "" } else { &alert.rule.advice };
        Self {
            title: format!(
                "{word}{}: {}",
                printable(&alert.rule.signature, MAX_NAME * 2),
                printable(name, MAX_NAME)
            ),
            text: printable(&alert.message, MAX_TEXT),
            advice: printable(advice, MAX_TEXT),
            severity: alert.severity,
            is_over,
        }
    }

    /// Text and advice below each other.
    pub(crate) fn body(&self) -> String {
        if self.advice.is_empty() {
            self.text.clone()
        } else {
            format!("{}\n{}", self.text, self.advice)
        }
    }
}
