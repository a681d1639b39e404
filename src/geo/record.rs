//! One record of a database -> country and autonomous system, in the layouts of those who publish such files.
//!
//! | who | country | AS |
//! |---|---|---|
//! | iptoasn (ip-location-db) | `country_code` | `autonomous_system_number`, `autonomous_system_organization` |
//! | GeoLite2, GeoIP2, DB-IP | `registered_country.iso_code`, else `country.iso_code` | the same |
//! | IPinfo | `country_code`, else `country` | `asn` ("AS123"), `as_name` or `name` |

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::{CountryCode, Place};
use crate::net::printable;

/// Longest name of an autonomous system that is kept, in characters.
const MAX_NAME: usize = 64;

/// The fields that are read of a record; all others are skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    registered_country: Field<'a>,
    #[serde(borrow)]
    country: Field<'a>,
    #[serde(borrow)]
    country_code: Field<'a>,
    #[serde(borrow)]
    autonomous_system_number: Field<'a>,
    #[serde(borrow)]
    asn: Field<'a>,
    #[serde(borrow)]
    autonomous_system_organization: Field<'a>,
    #[serde(borrow)]
    as_name: Field<'a>,
    #[serde(borrow)]
    name: Field<'a>,
}

impl Record<'_> {
    /// What the record says.
    pub(super) fn place(&self) -> Place {
        let countries = [&self.registered_country, &self.country_code, &self.country];
        let numbers = [&self.autonomous_system_number, &self.asn];
        let names = [&self.autonomous_system_organization, &self.as_name, &self.name];
        let asn = numbers.into_iter().find_map(|field| field.number());
        Place {
            country: countries.into_iter().find_map(|field| CountryCode::parse(field.text()?)),
            asn,
            // A name without a number may be that of anything.
            as_name: asn.and_then(|_| names.into_iter().find_map(|field| as_name(field.text()?))),
        }
    }
}

fn as_name(text: &str) -> Option<Arc<str>> {
    let name = printable(text.trim(), MAX_NAME);
    (!name.is_empty()).then(|| name.into())
}

/// A value of whatever kind; of a map its `iso_code`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Field<'a> {
    #[default]
    Nothing,
    Text(&'a str),
    Number(u64),
}

impl<'a> Field<'a> {
    fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Number(_) => None,
        }
    }

    /// A number from 1, written as such or as `AS123`.
    fn number(&self) -> Option<u32> {
        let number = match self {
            Self::Number(number) => u32::try_from(*number).ok(),
            Self::Text(text) => text.strip_prefix("AS").unwrap_or(text).parse().ok(),
            Self::Nothing => None,
        };
        number.filter(|number| *number > 0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number or a map")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(text))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Field::Number(number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Field::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut code = Field::Nothing;
        while let Some(key) = map.next_key::<&str>()? {
            if key == "iso_code" {
                code = Field::Text(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(code)
    }
}
