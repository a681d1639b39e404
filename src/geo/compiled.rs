//! The databases, ready to be asked. Immutable; share it in an `Arc`.

use std::net::IpAddr;

use super::special::registrable;
use super::{Database, GeoError, Place, builtin};
use crate::net::Timestamp;

/// Where addresses are registered. Without databases every answer is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Geo {
    country: Option<Database>,
    asn: Option<Database>,
}

impl Geo {
    /// Takes the databases. What one for countries knows of autonomous systems counts as well.
    #[must_use]
    pub fn compile(country: Option<Database>, asn: Option<Database>) -> Self {
        Self { country, asn }
    }

    /// The country database that is part of the program, and no other.
    ///
    /// # Errors
    /// Never in a program that passed its tests.
    pub fn builtin() -> Result<Self, GeoError> {
        Ok(Self::compile(Some(Self::builtin_countries()?), None))
    }

    /// The country database that is part of the program.
    ///
    /// # Errors
    /// Never in a program that passed its tests.
    pub fn builtin_countries() -> Result<Database, GeoError> {
        Database::trusted(builtin::COUNTRIES)
    }

    /// Where `address` is registered. Private and other special addresses are registered nowhere.
    #[must_use]
    pub fn place(&self, address: IpAddr) -> Place {
        let Some(address) = registrable(address) else { return Place::default() };
        let of = |database: &Option<Database>| database.as_ref().map(|d| d.place(address));
        let mut place = of(&self.country).unwrap_or_default();
        if let Some(network) = of(&self.asn) {
            (place.asn, place.as_name) = (network.asn, network.as_name);
            place.country = place.country.or(network.country);
        }
        place
    }

    /// When the country database was built.
    #[must_use]
    pub fn country_built(&self) -> Option<Timestamp> {
        self.country.as_ref().map(Database::built)
    }

    /// When the database of autonomous systems was built.
    #[must_use]
    pub fn asn_built(&self) -> Option<Timestamp> {
        self.asn.as_ref().map(Database::built)
    }
}

#[cfg(test)]
mod tests {
    use super::super::mmdb_writer::{Mmdb, Value, map};
    use super::*;
    use crate::geo::{CountryCode, DatabaseKind};

    #[test]
    fn the_database_of_the_program_is_whole_and_knows_both_families() {
        // Trusted at run time because it is looked at here.
        let opened = Database::open(builtin::COUNTRIES, DatabaseKind::Country).unwrap();
        assert_eq!(opened, Geo::builtin_countries().unwrap());

        let geo = Geo::builtin().unwrap();
        let country = |text: &str| geo.place(text.parse().unwrap()).country.map(|c| c.to_string());
        // Addresses of the root servers I (Sweden) and M (Japan), whose operators hold them for good.
        assert_eq!(country("192.36.148.17").as_deref(), Some("SE"));
        assert_eq!(country("202.12.27.33").as_deref(), Some("JP"));
        assert_eq!(country("2001:dc3::35").as_deref(), Some("JP"));
        assert_eq!(geo.country_built().unwrap().as_secs() / 86_400, 20_621);
        assert_eq!(geo.asn_built(), None);
    }

    #[test]
    fn special_and_private_addresses_are_registered_nowhere_whatever_a_database_says() {
        let everywhere = Mmdb::new("Test")
            .with("0.0.0.0/1", map([("country_code", Value::text("IE"))]))
            .with("128.0.0.0/1", map([("country_code", Value::text("IE"))]))
            .bytes();
        let database = Database::open(everywhere, DatabaseKind::Country).unwrap();
        let geo = Geo::compile(Some(database), None);

        assert!(geo.place("192.168.1.1".parse().unwrap()).is_empty());
        assert!(geo.place("100.64.7.7".parse().unwrap()).is_empty());
        assert!(!geo.place("203.0.113.1".parse().unwrap()).is_empty());
        assert!(!geo.place("::ffff:203.0.113.1".parse().unwrap()).is_empty());
        for text in ["192.168.1.1", "192.0.2.1", "fe80::1", "2001:db8::1"] {
            assert!(Geo::builtin().unwrap().place(text.parse().unwrap()).is_empty(), "{text}");
        }
    }

    #[test]
    fn the_country_is_of_one_database_and_the_network_of_the_other() {
        let geo = Geo::compile(
            Some(open(
                map([("asn", Value::Number(1)), ("country_code", Value::text("IE"))]),
                DatabaseKind::Country,
            )),
            Some(open(
                map([("asn", Value::text("AS64496")), ("name", Value::text("Example"))]),
                DatabaseKind::Asn,
            )),
        );

        let place = geo.place("203.0.113.1".parse().unwrap());

        assert_eq!(place.country, CountryCode::parse("IE"));
        assert_eq!((place.asn, place.as_name.as_deref()), (Some(64_496), Some("Example")));
    }

    #[test]
    fn one_file_that_knows_both_is_enough_and_none_is_no_error() {
        let both = map([("asn", Value::text("AS64496")), ("country_code", Value::text("IE"))]);
        let geo = Geo::compile(Some(open(both, DatabaseKind::Country)), None);

        assert_eq!(geo.place("203.0.113.1".parse().unwrap()).asn, Some(64_496));
        assert!(Geo::default().place("203.0.113.1".parse().unwrap()).is_empty());
    }

    fn open(record: Value, kind: DatabaseKind) -> Database {
        Database::open(Mmdb::new("Test").with("203.0.113.0/24", record).bytes(), kind).unwrap()
    }
}
