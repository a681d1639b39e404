//! What a field of a site rule may hold.
//!
//! Comes in: nothing. Goes out: [`FieldKind`] and [`FieldValue`], plain and owned. Text from the network is kept as it came, so
//! that conditions see what was said, and is cleaned where it is shown.

use crate::net::printable;

/// Most characters of a text in a message.
const MAX_SHOWN_CHARS: usize = 64;

/// Kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Whole,
    /// Text.
    Text,
    /// Several texts.
    Texts,
}

impl FieldKind {
    /// The word for it, as in the documentation.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Flag => "true or false",
            Self::Whole => "whole number",
            Self::Text => "text",
            Self::Texts => "list of texts",
        }
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::alert) enum FieldValue {
    Flag(bool),
    Whole(i64),
    Text(Box<str>),
    Texts(Box<[Box<str>]>),
}

impl FieldValue {
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().into())
    }

    /// Counts beyond what CEL counts with are as good as its largest.
    pub(super) fn whole(number: u64) -> Self {
        Self::Whole(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// For a person; cleaned and cut.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Text(text) => printable(text, MAX_SHOWN_CHARS),
            Self::Texts(texts) => printable(&texts.join(", "), MAX_SHOWN_CHARS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_cleaned_and_cut_and_what_is_compared_is_not() {
        let text = FieldValue::text(format!("a\u{1b}[31m{}", "x".repeat(100)));

        assert!(text.shown().starts_with("a?[31m") && text.shown().chars().count() == 64);
        assert!(matches!(text, FieldValue::Text(text) if text.len() > 100));
        assert_eq!(FieldValue::whole(u64::MAX), FieldValue::Whole(i64::MAX));
        assert_eq!(FieldValue::Texts(["a".into(), "b".into()].into()).shown(), "a, b");
    }
}
