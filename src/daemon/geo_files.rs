//! The databases that say where an address is registered: that of the program, or the owner's files.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::geo::{Config, Database, DatabaseKind, Geo, GeoError};

/// Longest database that is read; guards the memory of a small router against a wrong file. The largest of those
/// that give countries and networks has less than half.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// Reads the databases that are configured. None of them is kept open.
///
/// # Errors
/// A file cannot be read ([`std::io::Error`]), is missing, damaged or of another kind ([`GeoError`]).
pub fn load_geo(config: &Config) -> Result<Geo> {
    if !config.enabled {
        return Ok(Geo::default());
    }
    let country = match &config.country {
        Some(path) => open(path, DatabaseKind::Country)?,
        None => Geo::builtin_countries()?,
    };
    let asn = config.asn.as_deref().map(|path| open(path, DatabaseKind::Asn)).transpose()?;
    Ok(Geo::compile(Some(country), asn))
}

fn open(path: &Path, kind: DatabaseKind) -> Result<Database> {
    let named = || path.display().to_string();
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(GeoError::Absent).with_context(named);
        }
        Err(error) => return Err(error).with_context(|| format!("{}: cannot be read", named())),
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        bail!(anyhow::Error::from(GeoError::TooLong { limit: MAX_FILE_BYTES }).context(named()));
    }
    Database::open(bytes, kind).with_context(named)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn without_files_the_database_of_the_program_is_used_and_switched_off_there_is_none() {
        let address = "202.12.27.33".parse().unwrap();
        let country = |config: &Config| load_geo(config).unwrap().place(address).country;

        assert_eq!(country(&Config::default()).unwrap().as_str(), "JP");
        assert_eq!(country(&Config { enabled: false, ..Config::default() }), None);
    }

    #[test]
    fn a_missing_and_a_damaged_file_are_told_with_their_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("country.mmdb");
        let config = Config { country: Some(path.clone()), ..Config::default() };
        let refused = |config: &Config| {
            let error = load_geo(config).unwrap_err();
            (format!("{error:#}"), error.downcast::<GeoError>().unwrap())
        };

        assert_eq!(refused(&config).1, GeoError::Absent);
        fs::write(&path, "no database").unwrap();
        let (told, error) = refused(&config);
        assert!(matches!(error, GeoError::Damaged { .. }));
        assert!(told.starts_with(&path.display().to_string()), "{told}");
        assert!(told.contains("is not a MaxMind DB"), "{told}");

        fs::write(&path, include_bytes!("../../config/geo/iptoasn-country.mmdb")).unwrap();
        assert_eq!(load_geo(&config).unwrap(), Geo::builtin().unwrap());
        let config = Config { asn: Some(path), ..Config::default() };
        assert!(matches!(refused(&config).1, GeoError::WrongKind { .. }));
    }
}
