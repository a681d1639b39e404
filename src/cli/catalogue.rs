//! `hikwatch catalogue`: what is known of the vendors, with sources.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::arguments::{Catalogue as Arguments, CatalogueCommand, Format};
use super::failure::{Code, Failure};
use super::output::print;
use super::settings;
use super::table::Table;
use crate::catalogue::{Catalogue, CatalogueText, UpdateError, UpdateKey};
use crate::config::Config;
use crate::daemon;
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

fn lookup(queries: &[String], format: Format) -> Result<(), Failure> {
    let catalogue = load()?;
    let mut text = String::new();
    for (number, query) in queries.iter().enumerate() {
        let explanation = catalogue.explain(query);
        if format == Format::Json {
            text.push_str(&serde_json::to_string(&explanation).unwrap_or_default());
            text.push('\n');
            continue;
        }
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

fn list() -> Result<(), Failure> {
    let catalogue = load()?;
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
            None => return settings::catalogue_refused(&error),
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

fn load() -> Result<Catalogue, Failure> {
    daemon::load_catalogue(&Config::default().catalogue)
        .map_err(|error| settings::catalogue_refused(&error))
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
