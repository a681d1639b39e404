//! One MaxMind DB: bytes -> look-ups. Hostile bytes are refused, or give nothing: no look-up walks further than the
//! address is long, and none decodes more than the reader's own limits allow.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use maxminddb::{MaxMindDbError, Reader};

use super::record::Record;
use super::{GeoError, Place};
use crate::net::{Timestamp, printable};

/// So many addresses, spread over each family, are looked up before a database is accepted.
const SAMPLES: u32 = 2048;

/// Longest remark of the reader, and longest type of a database, that is repeated.
const MAX_QUOTED: usize = 160;

/// The bytes of a database: part of the program, or read from a file. Cloning shares them.
#[derive(Clone)]
pub struct DatabaseBytes(Bytes);

#[derive(Clone)]
enum Bytes {
    Fixed(&'static [u8]),
    Read(Arc<[u8]>),
}

impl From<&'static [u8]> for DatabaseBytes {
    fn from(bytes: &'static [u8]) -> Self {
        Self(Bytes::Fixed(bytes))
    }
}

impl From<Vec<u8>> for DatabaseBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Bytes::Read(bytes.into()))
    }
}

impl AsRef<[u8]> for DatabaseBytes {
    fn as_ref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Fixed(bytes) => bytes,
            Bytes::Read(bytes) => bytes,
        }
    }
}

impl fmt::Debug for DatabaseBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseBytes({})", self.as_ref().len())
    }
}

/// What a database is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatabaseKind {
    /// Countries.
    Country,
    /// Autonomous systems.
    Asn,
}

impl DatabaseKind {
    /// What its records need, for a person.
    #[must_use]
    pub const fn wanted(self) -> &'static str {
        match self {
            Self::Country => "a country (country_code, registered_country or country)",
            Self::Asn => "the number of an autonomous system (autonomous_system_number or asn)",
        }
    }

    const fn is_answered_by(self, place: &Place) -> bool {
        match self {
            Self::Country => place.country.is_some(),
            Self::Asn => place.asn.is_some(),
        }
    }
}

/// A database that can be asked.
#[derive(Debug)]
pub struct Database {
    reader: Reader<DatabaseBytes>,
    bytes: DatabaseBytes,
}

impl Database {
    /// Opens a database of the program itself, which its tests have checked; touches its end only.
    pub(super) fn trusted(bytes: &'static [u8]) -> Result<Self, GeoError> {
        Self::readable(bytes.into())
    }

    /// Opens a database, and asks it for addresses all over the world before it is believed.
    ///
    /// # Errors
    /// It is no MaxMind DB, it is damaged, or its records have nothing of this kind.
    pub fn open(bytes: impl Into<DatabaseBytes>, kind: DatabaseKind) -> Result<Self, GeoError> {
        let database = Self::readable(bytes.into())?;
        let (mut records, mut answers) = (0_u32, 0_u32);
        for address in samples() {
            let place = database.try_place(address).map_err(|error| damaged(&error))?;
            records += u32::from(place.is_some());
            answers += u32::from(place.is_some_and(|place| kind.is_answered_by(&place)));
        }
        if records > 0 && answers == 0 {
            let database_type = printable(&database.reader.metadata().database_type, MAX_QUOTED);
            return Err(GeoError::WrongKind { kind, database_type });
        }
        Ok(database)
    }

    fn readable(bytes: DatabaseBytes) -> Result<Self, GeoError> {
        let reader = Reader::from_source(bytes.clone()).map_err(|error| damaged(&error))?;
        Ok(Self { reader, bytes })
    }

    /// What it says of an address; nothing where it has no record, or one that cannot be read.
    pub(super) fn place(&self, address: IpAddr) -> Place {
        self.try_place(address).ok().flatten().unwrap_or_default()
    }

    /// When it was built.
    pub(super) fn built(&self) -> Timestamp {
        Timestamp::from_parts(self.reader.metadata().build_epoch, 0)
    }

    fn try_place(&self, address: IpAddr) -> Result<Option<Place>, MaxMindDbError> {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return Ok(None);
        }
        let record: Option<Record<'_>> = self.reader.lookup(address)?.decode()?;
        Ok(record.map(|record| record.place()))
    }
}

/// Addresses spread evenly over all of IPv4, and over the global unicast block of IPv6.
fn samples() -> impl Iterator<Item = IpAddr> {
    let step = u32::MAX / SAMPLES;
    let v4 = (0..SAMPLES).map(move |n| Ipv4Addr::from_bits(n * step).into());
    let v6 = (0..SAMPLES).map(move |n| {
        let bits = (0x2000_u128 << 112) | (u128::from(n) << (125 - SAMPLES.ilog2()));
        Ipv6Addr::from_bits(bits).into()
    });
    v4.chain(v6)
}

impl PartialEq for Database {
    /// Two databases are equal where their bytes are.
    fn eq(&self, other: &Self) -> bool {
        self.bytes.as_ref() == other.bytes.as_ref()
    }
}

impl Eq for Database {}

fn damaged(error: &MaxMindDbError) -> GeoError {
    GeoError::Damaged { reason: printable(&error.to_string(), MAX_QUOTED) }
}

#[cfg(test)]
mod tests {
    use super::super::mmdb_writer::{Mmdb, Value, map};
    use super::*;
    use crate::geo::CountryCode;

    fn country(code: &str) -> Option<CountryCode> {
        CountryCode::parse(code)
    }

    fn place(record: Value, kind: DatabaseKind) -> Place {
        let bytes = Mmdb::new("Test").with("203.0.113.0/24", record).bytes();
        Database::open(bytes, kind).unwrap().place("203.0.113.7".parse().unwrap())
    }

    #[test]
    fn the_country_of_each_layout_is_read() {
        let iso =
            |code: &str| map([("geoname_id", Value::Number(1)), ("iso_code", Value::text(code))]);
        for (who, record, expected) in [
            ("iptoasn", map([("country_code", Value::text("IE"))]), "IE"),
            (
                "GeoLite2, DB-IP",
                map([
                    ("continent", map([("code", Value::text("EU"))])),
                    (
                        "country",
                        map([
                            ("iso_code", Value::text("DE")),
                            ("names", map([("en", Value::text("Germany"))])),
                        ]),
                    ),
                ]),
                "DE",
            ),
            (
                "GeoLite2 that knows the registry",
                map([("country", iso("IE")), ("registered_country", iso("US"))]),
                "US",
            ),
            (
                "IPinfo Country",
                map([("country", Value::text("SG")), ("country_name", Value::text("Singapore"))]),
                "SG",
            ),
            (
                "IPinfo Lite",
                map([("country", Value::text("Brazil")), ("country_code", Value::text("BR"))]),
                "BR",
            ),
        ] {
            assert_eq!(place(record, DatabaseKind::Country).country, country(expected), "{who}");
        }
    }

    #[test]
    fn the_autonomous_system_of_each_layout_is_read() {
        for (who, record) in [
            (
                "iptoasn, GeoLite2 ASN, DB-IP ASN",
                map([
                    ("autonomous_system_number", Value::Number(64_496)),
                    ("autonomous_system_organization", Value::text("Example")),
                ]),
            ),
            (
                "IPinfo Lite",
                map([("as_name", Value::text("Example")), ("asn", Value::text("AS64496"))]),
            ),
            (
                "IPinfo ASN",
                map([("asn", Value::text("AS64496")), ("name", Value::text("Example"))]),
            ),
        ] {
            let place = place(record, DatabaseKind::Asn);
            assert_eq!(
                (place.asn, place.as_name.as_deref()),
                (Some(64_496), Some("Example")),
                "{who}"
            );
        }
    }

    #[test]
    fn odd_values_give_nothing_and_names_are_cleaned_and_cut() {
        let record = map([
            ("country_code", Value::Number(49)),
            ("asn", Value::text("AS-EXAMPLE")),
            ("name", Value::text("nobody")),
        ]);
        assert_eq!(place(record, DatabaseKind::Country), Place::default());

        let record = map([
            ("asn", Value::Number(1)),
            ("as_name", Value::text(&format!("\u{1b}[2J{}", "x".repeat(99)))),
        ]);
        let name = place(record, DatabaseKind::Asn).as_name.unwrap();
        assert!(name.starts_with("?[2Jx") && name.len() == 64, "{name}");
    }

    #[test]
    fn a_database_of_another_kind_is_refused() {
        let record = || map([("country_code", Value::text("IE"))]);
        let bytes = Mmdb::new("Countries").with("0.0.0.0/1", record()).bytes();

        assert!(Database::open(bytes.clone(), DatabaseKind::Country).is_ok());
        let refused = Database::open(bytes, DatabaseKind::Asn).unwrap_err().to_string();
        assert!(refused.contains("without the number of an autonomous system"), "{refused}");
        assert!(refused.contains("`Countries`"), "{refused}");
    }

    #[test]
    fn both_families_are_found_in_a_database_of_both() {
        let record = |code: &str| map([("country_code", Value::text(code))]);
        let bytes = Mmdb::new("Test")
            .with("203.0.113.0/24", record("IE"))
            .with("2001:db8::/32", record("CN"))
            .bytes();
        let database = Database::open(bytes, DatabaseKind::Country).unwrap();

        for (address, expected) in [
            ("203.0.113.255", "IE"),
            ("203.0.114.0", ""),
            ("2001:db8:ffff::1", "CN"),
            ("2001:db9::1", ""),
        ] {
            let found = database.place(address.parse().unwrap()).country;
            assert_eq!(found, country(expected), "{address}");
        }
    }

    #[test]
    fn what_is_no_database_or_was_cut_is_refused() {
        let whole = Mmdb::new("Test")
            .with("203.0.113.0/24", map([("country_code", Value::text("IE"))]))
            .bytes();

        for bytes in [
            Vec::new(),
            b"hello".to_vec(),
            vec![0; 100_000],
            whole[..whole.len() / 2].to_vec(),
            whole[200..].to_vec(),
        ] {
            let refused = Database::open(bytes, DatabaseKind::Country).unwrap_err();
            assert!(matches!(refused, GeoError::Damaged { .. }), "{refused}");
        }
    }

    #[test]
    fn no_damage_makes_a_look_up_panic_or_run_on() {
        let record = |code: &str| {
            map([("country", map([("iso_code", Value::text(code))])), ("asn", Value::Number(7))])
        };
        let whole = Mmdb::new("Test")
            .with("203.0.113.0/24", record("IE"))
            .with("128.0.0.0/1", record("DE"))
            .with("2000::/3", record("CN"))
            .bytes();
        // Numbers that look random and are the same on each run (xorshift).
        let mut state = 0x9e37_79b9_u32;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            usize::try_from(state).unwrap()
        };
        let (mut accepted, mut refused) = (0, 0);
        for _ in 0..3000 {
            let mut bytes = whole.clone();
            for _ in 0..=next() % 4 {
                let place = next() % bytes.len();
                bytes[place] = u8::try_from(next() & 0xff).unwrap();
            }
            bytes.truncate(bytes.len() - next() % 8 / 7 * (next() % bytes.len()));
            match Database::open(bytes, DatabaseKind::Country) {
                Ok(database) => {
                    accepted += 1;
                    for address in ["203.0.113.7", "255.0.0.1", "3000::1", "::1"] {
                        let _any = database.place(address.parse().unwrap());
                    }
                }
                Err(_) => refused += 1,
            }
        }
        assert!(accepted > 100 && refused > 100, "{accepted} accepted, {refused} refused");
    }
}
