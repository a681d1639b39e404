//! Opens the file of the store, and opens it again.
//!
//! Comes in: a directory. Goes out: an [`Opener`], which holds the file, so that the database can be opened anew after
//! an error although the program has no privileges by then.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Builder, Database, StorageBackend};

use super::config::Config;
use super::error::StoreError;
use super::schema::migrate;

/// Memory for pages of the database; all of it is a few hundred KiB for a household.
const CACHE_BYTES: usize = 1 << 20;

/// The length of the magic number at the beginning of a redb file.
const MAGIC_BYTES: usize = 9;

/// Gives a database, each time it is called.
pub(super) type Opener = Box<dyn Fn() -> Result<Database, StoreError> + Send>;

/// Opens the file, makes it if there is none; only its owner may read it.
pub(super) fn open_file(config: &Config) -> Result<(File, PathBuf), StoreError> {
    let directory = &config.directory;
    if !directory.is_dir() {
        return Err(StoreError::NoDirectory { path: directory.clone() });
    }
    let path = directory.join(Config::FILE_NAME);
    let unreachable = |source| StoreError::Unreachable { path: path.clone(), source };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(unreachable)?;
    // The name has to survive a power cut as well.
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(unreachable)?;
    Ok((file, path))
}

/// Opens databases in `file`.
pub(super) fn opener_of(file: File) -> Opener {
    Box::new(move || {
        let backend = FileBackend::new(file.try_clone().map_err(StoreError::Disk)?)?;
        open_database(backend)
    })
}

/// Opens the database that a medium holds, and brings it to our version. It is checked as a whole, so that what is
/// damaged is told and not believed.
pub(super) fn open_database(backend: impl StorageBackend) -> Result<Database, StoreError> {
    clear_unfinished(&backend).map_err(StoreError::from)?;
    let database = Builder::new()
        .set_cache_size(CACHE_BYTES)
        .set_check_integrity_on_open(true)
        .create_with_backend(backend)?;
    migrate(&database)?;
    Ok(database)
}

/// Empties a file that somebody began to make a database of, and was interrupted: the disk was full, or the program was
/// killed. redb writes the magic number at its beginning last, so nothing was ever stored in it.
fn clear_unfinished(backend: &impl StorageBackend) -> Result<(), redb::Error> {
    let mut head = [0; MAGIC_BYTES];
    if backend.len()? < MAGIC_BYTES as u64 {
        return Ok(());
    }
    backend.read(0, &mut head)?;
    if head.iter().any(|byte| *byte != 0) {
        return Ok(());
    }
    match backend.try_lock_range(Bound::Unbounded, Bound::Unbounded) {
        Ok(true) => {
            backend.set_len(0)?;
            Ok(backend.unlock_range(Bound::Unbounded, Bound::Unbounded)?)
        }
        // Another program is just making it.
        Ok(false) => Err(redb::Error::DatabaseAlreadyOpen),
        // A medium without locks has one user.
        Err(redb::BackendError::Unsupported) => Ok(backend.set_len(0)?),
        Err(other) => Err(other.into()),
    }
}

/// Moves a damaged file aside, where a person can look at it; one from before is replaced.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = path.with_extension("redb.damaged");
    fs::rename(path, &aside)?;
    Ok(aside)
}
