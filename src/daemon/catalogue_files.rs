//! The built-in catalogue with the site's own files.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::catalogue::{Catalogue, CatalogueText};

/// Longest catalogue file that is read; guards against a device or a log given by mistake.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Reads the built-in catalogue and every `*.toml` of `folder`, in the order of their names; later
/// entries take the place of earlier ones. A folder that is not there is empty.
///
/// # Errors
/// A file cannot be read or its entries are wrong; all problems are told at once.
pub fn load_catalogue(folder: &Path) -> Result<Catalogue> {
    let mut texts = Vec::new();
    for path in files(folder)? {
        let size = fs::metadata(&path).map(|m| m.len()).unwrap_or(0);
        if size > MAX_FILE_BYTES {
            bail!("{}: is longer than {MAX_FILE_BYTES} bytes", path.display());
        }
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{}: cannot be read", path.display()))?;
        texts.push((path.to_string_lossy().into_owned(), text));
    }
    let files: Vec<CatalogueText<'_>> =
        texts.iter().map(|(name, text)| CatalogueText { name, text }).collect();
    Ok(Catalogue::builtin_with(&files)?)
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
