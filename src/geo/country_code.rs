//! A country, by its two letters.

use std::fmt;

use serde::{Serialize, Serializer};

/// A country code of ISO 3166-1 alpha-2, as databases write it; that the country exists is not checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// What databases write where they know no country.
    const UNKNOWN: [u8; 2] = *b"ZZ";

    /// Reads two ASCII letters in any case; `ZZ` is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters = <[u8; 2]>::try_from(text.as_bytes()).ok()?;
        let letters = letters.map(|letter| letter.to_ascii_uppercase());
        let fits = letters.iter().all(u8::is_ascii_uppercase) && letters != Self::UNKNOWN;
        fits.then_some(Self(letters))
    }

    /// The two letters, upper-case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // They are ASCII, so they are text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CountryCode({self})")
    }
}

impl Serialize for CountryCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_two_letters_in_upper_case() {
        assert_eq!(CountryCode::parse("ie").unwrap().as_str(), "IE");
        assert_eq!(CountryCode::parse("CN").unwrap().to_string(), "CN");
        for text in ["", "I", "IRL", "1E", "I ", "ü", "zz", "--"] {
            assert_eq!(CountryCode::parse(text), None, "{text}");
        }
        let json = serde_json::to_value(CountryCode::parse("de")).unwrap();
        assert_eq!(json, "DE");
    }
}
