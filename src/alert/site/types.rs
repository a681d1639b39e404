//! Types of expressions.
//!
//! Comes in: kinds of fields. Goes out: [`Type`], what fits what, and the words for it.

use super::value::FieldKind;

/// The type of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Flag,
    Whole,
    Number,
    Text,
    List(Box<Self>),
    /// Something is wrong with it and was told, or it is an entry of an empty list: fits everywhere.
    Any,
}

impl Type {
    pub(super) fn of(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Flag => Self::Flag,
            FieldKind::Whole => Self::Whole,
            FieldKind::Text => Self::Text,
            FieldKind::Texts => Self::List(Box::new(Self::Text)),
        }
    }

    pub(super) fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::List(one), Self::List(other)) => one.fits(other),
            (one, other) => one == other || one.is_number() && other.is_number(),
        }
    }

    pub(super) const fn is_number(&self) -> bool {
        matches!(self, Self::Whole | Self::Number | Self::Any)
    }

    pub(super) fn told(&self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Whole => "a whole number".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Text => "text".to_owned(),
            Self::List(entry) if **entry == Self::Any => "a list".to_owned(),
            Self::List(entry) => format!("a list of {}", entry.told()),
            Self::Any => "anything".to_owned(),
        }
    }
}
