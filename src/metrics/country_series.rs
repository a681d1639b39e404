//! What vendor devices moved, by country.
//!
//! Comes in: cumulative tallies of a country. Goes out: sums that only grow. Countries have series of their own in the order
//! in which they were told of, as far as there is room; further ones share one.

use std::collections::BTreeMap;

use crate::analyst::{CountryTally, Tally};
use crate::geo::CountryCode;

/// The country of far ends that no database knows one for.
const UNKNOWN: &str = "unknown";

/// The label that countries beyond the bound share.
const OTHER: &str = "other";

/// All countries that were told of: there are no more than codes.
#[derive(Debug)]
pub(crate) struct CountryBook {
    countries: BTreeMap<Option<CountryCode>, Country>,
    /// Most with a label of their own.
    max: usize,
}

#[derive(Debug)]
struct Country {
    tally: Tally,
    has_label: bool,
}

impl CountryBook {
    /// Makes an empty book in which `max` countries have a label.
    pub(crate) const fn new(max: usize) -> Self {
        Self { countries: BTreeMap::new(), max }
    }

    /// Takes a total. One that is lower comes late and changes nothing.
    pub(crate) fn count(&mut self, told: &CountryTally) {
        let has_label = self.countries.len() < self.max;
        let country = self
            .countries
            .entry(told.country)
            .or_insert(Country { tally: Tally::default(), has_label });
        let tally = &mut country.tally;
        tally.sent = tally.sent.max(told.tally.sent);
        tally.received = tally.received.max(told.tally.received);
    }

    /// What each label shows.
    pub(crate) fn rows(&self) -> Vec<(String, Tally)> {
        let mut rows = Vec::with_capacity(self.countries.len().min(self.max) + 1);
        let mut others = Tally::default();
        for (code, country) in &self.countries {
            if country.has_label {
                let label = code.as_ref().map_or(UNKNOWN, CountryCode::as_str);
                rows.push((label.to_owned(), country.tally));
            } else {
                others = others.plus(country.tally);
            }
        }
        if others != Tally::default() {
            rows.push((OTHER.to_owned(), others));
        }
        rows
    }
}
