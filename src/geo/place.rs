//! The answer for an address.

use std::sync::Arc;

use super::CountryCode;

/// Where an address is registered. It does not say where the machine stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Place {
    /// The country in whose registry it is entered.
    pub country: Option<CountryCode>,
    /// The number of the autonomous system that announces it.
    pub asn: Option<u32>,
    /// The name of that system; untrusted text, cleaned and cut.
    pub as_name: Option<Arc<str>>,
}

impl Place {
    /// Tells whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.country.is_none() && self.asn.is_none() && self.as_name.is_none()
    }
}
