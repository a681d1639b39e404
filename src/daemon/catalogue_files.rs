//! The built-in catalogue with a signed update and the site's own files.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use crate::catalogue::{
    Catalogue, CatalogueProblem, CatalogueProblems, CatalogueText, SIGNATURE_SUFFIX, SignedUpdate,
    UpdateError, UpdateKey,
};
use crate::config::CatalogueFiles;

/// Longest catalogue file that is read; guards against a device or a log given by mistake.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Longest signature file that is read; a signature has 88 characters.
const MAX_SIGNATURE_BYTES: u64 = 1 << 10;

/// Reads the built-in catalogue, the signed update if there is one, and every `*.toml` of the folder in the order of
/// their names; later entries take the place of earlier ones. A folder that is not there is empty.
///
/// # Errors
/// A file cannot be read, the update is not signed for the key or is too old, or entries are wrong; all problems of
/// entries are told at once.
pub fn load_catalogue(settings: &CatalogueFiles) -> Result<Catalogue> {
    let mut texts = Vec::new();
    let mut version = None;
    if let Some(path) = &settings.update {
        let Some(key) = settings.update_key else { bail!(UpdateError::KeyMalformed) };
        let update = open_update(path, &signature_path(path), key)?;
        let update = update
            .at_least(settings.update_min_version)
            .with_context(|| path.display().to_string())?;
        version = Some(update.version);
        texts.push((path.to_string_lossy().into_owned(), update.text));
    }
    for path in files(&settings.directory)? {
        let bytes = read(&path, MAX_FILE_BYTES)?;
        let text =
            String::from_utf8(bytes).map_err(|_| CatalogueProblems(vec![not_text(&path)]))?;
        texts.push((path.to_string_lossy().into_owned(), text));
    }
    let files: Vec<CatalogueText<'_>> =
        texts.iter().map(|(name, text)| CatalogueText { name, text }).collect();
    let catalogue = Catalogue::builtin_with(&files)?;
    Ok(match version {
        Some(version) => catalogue.with_update_version(version),
        None => catalogue,
    })
}

/// Refuses to go back behind the update in use.
///
/// # Errors
/// The new catalogue has an older update.
pub(super) fn is_no_step_back(new: &Catalogue, in_use: Option<u64>) -> Result<(), UpdateError> {
    match (new.update_version(), in_use) {
        (Some(version), Some(least)) if version < least => {
            Err(UpdateError::TooOld { version, least })
        }
        (Some(_), Some(_) | None) | (None, Some(_) | None) => Ok(()),
    }
}

/// Where the signature of a catalogue file lies unless the user says otherwise.
#[must_use]
pub fn signature_path(file: &Path) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(SIGNATURE_SUFFIX);
    path.into()
}

/// Reads a catalogue file and its signature, and checks the one by the other.
///
/// # Errors
/// A file cannot be read ([`std::io::Error`]), one is missing or the signature does not fit ([`UpdateError`]).
pub fn open_update(file: &Path, signature: &Path, key: UpdateKey) -> Result<SignedUpdate> {
    let missing = |error: anyhow::Error, path: &Path, instead: UpdateError| match error
        .downcast_ref::<std::io::Error>()
        .map(std::io::Error::kind)
    {
        Some(ErrorKind::NotFound) => anyhow!(instead).context(path.display().to_string()),
        Some(_) | None => error,
    };
    let bytes = read(file, MAX_FILE_BYTES).map_err(|e| missing(e, file, UpdateError::Absent))?;
    let unsigned = format!("{}: no file {}", file.display(), signature.display());
    let signature = read(signature, MAX_SIGNATURE_BYTES)
        .map_err(|e| missing(e, Path::new(&unsigned), UpdateError::Unsigned))?;
    SignedUpdate::open(key, &bytes, &signature).with_context(|| file.display().to_string())
}

/// Reads a file of at most `limit` bytes, whatever the file system says of its length.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .with_context(|| format!("{}: cannot be read", path.display()))?;
    if bytes.len() as u64 > limit {
        bail!("{}: is longer than {limit} bytes", path.display());
    }
    Ok(bytes)
}

fn not_text(path: &Path) -> CatalogueProblem {
    CatalogueProblem {
        file: path.display().to_string(),
        entry: "file".to_owned(),
        problem: "is not UTF-8 text".to_owned(),
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("{}: cannot be read", folder.display()));
        }
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("{}: cannot be read", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
