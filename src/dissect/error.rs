//! Why a payload could not be read.

use super::AppProtocol;

/// A payload that claims to be of a protocol and is not well formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", protocol.as_label(), reason.as_label())]
pub struct DissectError {
    /// The protocol that the payload was read as.
    pub protocol: AppProtocol,
    /// What is wrong.
    pub reason: DissectReason,
}

/// What is wrong with a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DissectReason {
    /// It ends before a field does.
    Truncated,
    /// A field has a value that the standard forbids.
    Malformed,
    /// It exceeds one of our limits.
    TooLarge,
}

impl DissectReason {
    /// Every reason, for counters that exist from the start.
    pub const ALL: [Self; 3] = [Self::Truncated, Self::Malformed, Self::TooLarge];

    /// The metric label.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
        }
    }
}
