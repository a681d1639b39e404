//! Why a payload could not be read.

use super::AppProtocol;

/// A payload that claims to be of a protocol and could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", protocol.as_label(), failure.as_label())]
pub struct DissectError {
    /// The protocol that the payload was read as.
    pub protocol: AppProtocol,
    /// What went wrong.
    pub failure: DissectFailure,
}

impl DissectError {
    /// A payload of `protocol` that is not well formed.
    #[must_use]
    pub const fn unreadable(protocol: AppProtocol, reason: DissectReason) -> Self {
        let failure = match reason {
            DissectReason::Truncated => DissectFailure::Truncated,
            DissectReason::Malformed => DissectFailure::Malformed,
            DissectReason::TooLarge => DissectFailure::TooLarge,
        };
        Self { protocol, failure }
    }

    /// A payload on which the dissector of `protocol` panicked.
    #[must_use]
    pub const fn panicked(protocol: AppProtocol) -> Self {
        Self { protocol, failure: DissectFailure::Panicked }
    }
}

/// What a dissector finds wrong with a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DissectReason {
    /// It ends before a field does.
    Truncated,
    /// A field has a value that the standard forbids.
    Malformed,
    /// It exceeds one of our limits.
    TooLarge,
}

/// Why there is no message: the payload's fault, or ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DissectFailure {
    /// The payload ends before a field does.
    Truncated,
    /// A field has a value that the standard forbids.
    Malformed,
    /// The payload exceeds one of our limits.
    TooLarge,
    /// The dissector panicked: a fault of ours.
    Panicked,
}

impl DissectFailure {
    /// Every failure, for counters that exist from the start.
    pub const ALL: [Self; 4] = [Self::Truncated, Self::Malformed, Self::TooLarge, Self::Panicked];

    /// The metric label.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::Panicked => "panicked",
        }
    }
}
