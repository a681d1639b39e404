//! `hikwatch catalogue`: what is known of the vendors, with sources.

use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::arguments::{Catalogue as Arguments, CatalogueCommand, Format};
use super::failure::{Code, Failure};
use super::moment;
use super::output::print;
use super::settings;
use super::table::Table;
use crate::catalogue::{Catalogue, CatalogueText, Explanation, UpdateError, UpdateKey};
use crate::config::Config;
use crate::daemon;
use crate::geo::{CountryCode, Geo};
use crate::net::printable;

/// Most characters of one line of an explanation.
const MAX_LINE: usize = 400;

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        CatalogueCommand::Lookup { queries, format } => lookup(queries, *format),
        CatalogueCommand::List => list(),
        CatalogueCommand::Check { files } => check(files),
        CatalogueCommand::Verify { file, signature, key, config } => {
            let key = key.map_or_else(|| configured_key(config.as_deref()), Ok)?;
            verify(file, signature.as_deref(), key)
        }
    }
}

/// An explanation with where an address is registered.
#[derive(Debug, Serialize)]
struct Answer {
    #[serde(flatten)]
    explanation: Explanation,
    #[serde(skip_serializing_if = "Option::is_none")]
    registered: Option<Registered>,
}

/// Where an address is registered, and who says so.
#[derive(Debug, Serialize)]
struct Registered {
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<CountryCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asn: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_database: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asn_database: Option<String>,
}

fn lookup(queries: &[String], format: Format) -> Result<(), Failure> {
    let config = configured()?;
    let catalogue = load(&config)?;
    let geo = daemon::load_geo(&config.geo).map_err(|error| settings::knowledge_refused(&error))?;
    let mut text = String::new();
    for (number, query) in queries.iter().enumerate() {
        let registered = query.trim().parse().ok().and_then(|ip| registered(&geo, ip));
        let mut explanation = catalogue.explain(query);
        if format == Format::Json {
            let answer = Answer { explanation, registered };
            text.push_str(&serde_json::to_string(&answer).unwrap_or_default());
            text.push('\n');
            continue;
        }
        explanation.notes.extend(registered.into_iter().flat_map(|found| found.notes()));
        if number > 0 {
            text.push('\n');
        }
        for line in explanation.lines() {
            text.push_str(&printable(&line, MAX_LINE));
            text.push('\n');
        }
    }
    print(&text)
}

fn registered(geo: &Geo, address: IpAddr) -> Option<Registered> {
    let place = geo.place(address);
    (!place.is_empty()).then(|| Registered {
        country: place.country,
        asn: place.asn,
        as_name: place.as_name.map(|name| name.to_string()),
        country_database: geo.country_built().map(moment::day),
        asn_database: geo.asn_built().map(moment::day),
    })
}

impl Registered {
    /// In words. It is never said where the machine stands.
    fn notes(&self) -> Vec<String> {
        let day = |day: &Option<String>| day.clone().unwrap_or_default();
        let country = self.country.map(|country| {
            format!("registered in {country} (country database of {})", day(&self.country_database))
        });
        let network = self.asn.map(|asn| {
            let name = self.as_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            let of = self.asn_database.as_ref().or(self.country_database.as_ref());
            format!("announced by AS{asn}{name} (network database of {})", day(&of.cloned()))
        });
        country.into_iter().chain(network).collect()
    }
}

fn list() -> Result<(), Failure> {
    let catalogue = load(&configured()?)?;
    let mut clouds =
        Table::new(&["NAME", "VENDOR", "SERVICE", "ROLE", "REGION", "SPEAKER", "GRADE", "SOURCES"]);
    for entry in catalogue.clouds() {
        clouds.row([
            &*entry.pattern,
            &entry.vendor,
            &entry.service,
            entry.role.as_label(),
            entry.region.as_label(),
            entry.speaker.as_label(),
            &entry.grade.to_string(),
            &entry.sources.join(" "),
        ]);
    }
    let mut makers = Table::new(&["MAC BLOCK", "VENDOR", "ORGANISATION", "GRADE", "SOURCES"]);
    for maker in catalogue.makers() {
        makers.row([
            &*maker.prefix,
            &maker.vendor,
            &maker.organisation,
            &maker.grade.to_string(),
            &maker.sources.join(" "),
        ]);
    }
    print(&format!("{}\n{}\n{}", clouds.render(), wires(&catalogue).render(), makers.render()))
}

/// What tells a service where no name does.
fn wires(catalogue: &Catalogue) -> Table {
    let header = ["FRAMING OR PORT", "VENDOR", "SERVICE", "ROLE", "SPEAKER", "GRADE", "SOURCES"];
    let mut table = Table::new(&header);
    for entry in catalogue.framings() {
        table.row([
            entry.framing.as_label(),
            &*entry.vendor,
            &entry.service,
            entry.role.as_label(),
            entry.speaker.as_label(),
            &entry.grade.to_string(),
            &entry.sources.join(" "),
        ]);
    }
    for entry in catalogue.ports() {
        table.row([
            &*entry.label(),
            &entry.vendor,
            &entry.service,
            entry.role.as_label(),
            entry.speaker.as_label(),
            &entry.grade.to_string(),
            &entry.sources.join(" "),
        ]);
    }
    table
}

fn check(files: &[PathBuf]) -> Result<(), Failure> {
    let mut texts = Vec::new();
    for path in files {
        texts.push((path.to_string_lossy().into_owned(), read(path)?));
    }
    let texts: Vec<CatalogueText<'_>> =
        texts.iter().map(|(name, text)| CatalogueText { name, text }).collect();
    let catalogue = Catalogue::builtin_with(&texts)
        .map_err(|problems| Failure::new(Code::Config, problems.to_string()))?;
    print(&format!(
        "well formed; with the built-in entries there are {} cloud names, {} framings, {} ports and {} MAC blocks\n",
        catalogue.clouds().len(),
        catalogue.framings().len(),
        catalogue.ports().len(),
        catalogue.makers().len()
    ))
}

fn verify(file: &Path, signature: Option<&Path>, key: UpdateKey) -> Result<(), Failure> {
    let beside = daemon::signature_path(file);
    let update = daemon::open_update(file, signature.unwrap_or(&beside), key).map_err(|error| {
        let code = match error.downcast_ref::<UpdateError>() {
            Some(UpdateError::Absent) => Code::NoInput,
            Some(
                UpdateError::Unsigned
                | UpdateError::SignatureMalformed
                | UpdateError::SignatureWrong
                | UpdateError::NotText
                | UpdateError::NoVersion
                | UpdateError::TooOld { .. },
            ) => Code::Input,
            Some(UpdateError::KeyMalformed) => Code::Config,
            None => return settings::knowledge_refused(&error),
        };
        Failure::new(code, format!("INVALID: {error:#}"))
    })?;
    let name = file.to_string_lossy();
    let text = CatalogueText { name: &name, text: &update.text };
    Catalogue::builtin_with(&[text]).map_err(|problems| {
        let message = format!("the signature is valid, but the entries are wrong:\n{problems}");
        Failure::new(Code::Config, message)
    })?;
    print(&format!("VALID: {name}: version {}, signed for {key}, well formed\n", update.version))
}

/// The key that a configuration has.
fn configured_key(config: Option<&Path>) -> Result<UpdateKey, Failure> {
    let (config, path) = settings::load(config)?;
    config.catalogue.update_key.ok_or_else(|| {
        let whose = path.map_or_else(|| "no configuration".to_owned(), |p| p.display().to_string());
        let hint = "give --key BASE64, or --config FILE with catalogue.update_key";
        Failure::new(Code::Config, format!("{whose}: there is no public key; {hint}"))
    })
}

/// The default configuration file where there is one that may be read, else the defaults.
fn configured() -> Result<Config, Failure> {
    match settings::load(None) {
        Ok((config, _)) => Ok(config),
        // What is known of a name is no secret; where own files lie may be one.
        Err(failure) if failure.code == Code::Permission => Ok(Config::default()),
        Err(failure) => Err(failure),
    }
}

fn load(config: &Config) -> Result<Catalogue, Failure> {
    daemon::load_catalogue(&config.catalogue).map_err(|error| settings::knowledge_refused(&error))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        let kinds = [
            (ErrorKind::NotFound, Code::NoInput, "give the path of a catalogue file"),
            (ErrorKind::PermissionDenied, Code::Permission, "make it readable for this user"),
            (ErrorKind::InvalidData, Code::Config, "a catalogue file is TOML in UTF-8"),
        ];
        let known = kinds.into_iter().find(|(kind, ..)| *kind == error.kind());
        let (_, code, hint) = known.unwrap_or((error.kind(), Code::Io, "it has to be a file"));
        Failure::new(code, format!("{}: cannot be read: {error}; {hint}", path.display()))
    })
}
