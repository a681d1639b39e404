//! Where an address is registered: country and autonomous system (AS), from MaxMind DB files.
//!
//! Comes in: the bytes of such files, and an address. Goes out: a [`Place`], empty where nothing is known. It reads no
//! file itself, asks nobody, and says nothing about where a machine stands: only where its address is registered.

mod builtin;
mod compiled;
mod country_code;
mod database;
mod error;
#[cfg(test)]
mod mmdb_writer;
mod place;
mod record;
mod settings;
mod special;

pub use compiled::Geo;
pub use country_code::CountryCode;
pub use database::{Database, DatabaseBytes, DatabaseKind};
pub use error::GeoError;
pub use place::Place;
pub use settings::Config;
