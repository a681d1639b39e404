//! How sure a verdict is, in a word.
//!
//! Comes in: a confidence. Goes out: the word that stands beside the number wherever a person reads it.

use super::Identity;

/// From here on at least two independent kinds of evidence agree.
const CONFIRMED: u8 = 60;

/// From here on one strong kind speaks for it alone: an address block (50), or a reply to the vendor's search.
const LIKELY: u8 = 45;

/// How sure a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Something speaks for it, or much for it and something against it.
    Possible,
    /// One strong kind of evidence speaks for it.
    Likely,
    /// Two independent kinds of evidence or more speak for it.
    Confirmed,
}

impl Certainty {
    /// The word.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Confirmed => "confirmed",
        }
    }
}

impl Identity {
    /// How sure the verdict is; nothing where there is none.
    #[must_use]
    pub fn certainty(&self) -> Option<Certainty> {
        self.vendor.as_ref()?;
        Some(match self.confidence {
            CONFIRMED.. => Certainty::Confirmed,
            LIKELY.. => Certainty::Likely,
            _ => Certainty::Possible,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_confirmed_from_60_on_and_no_verdict_has_no_word() {
        let certainty = |vendor: Option<&str>, confidence| {
            let vendor = vendor.map(Into::into);
            Identity { vendor, confidence, ..Identity::default() }.certainty()
        };

        assert_eq!(certainty(Some("ezviz"), 60), Some(Certainty::Confirmed));
        assert_eq!(certainty(Some("ezviz"), 59), Some(Certainty::Likely));
        assert_eq!(certainty(Some("ezviz"), 44), Some(Certainty::Possible));
        assert_eq!(certainty(None, 90), None);
        assert_eq!(Certainty::Confirmed.as_label(), "confirmed");
    }
}
