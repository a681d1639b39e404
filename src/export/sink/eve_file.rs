//! The EVE file.
//!
//! Comes in: letters. Goes out: lines at the end of a file. It may be moved away: it is made again when the operator has it opened
//! anew (log rotation). A full disk loses no line as long as the outbox has room.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::deliver::{Deliver, DeliveryError};
use super::eve_batch::EveBatch;
use super::letter::Letter;
use crate::capture::ObservationPoint;
use crate::export::{Config, Pseudonyms};

/// Appends events to a file.
#[derive(Debug)]
pub struct EveFile {
    path: PathBuf,
    file: File,
    batch: EveBatch,
}

impl EveFile {
    /// Opens `path` for appending; it is made if it is not there.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(
        path: &Path,
        config: &Config,
        pseudonyms: Option<Arc<Pseudonyms>>,
    ) -> io::Result<Self> {
        let file = open_for_appending(path)?;
        Ok(Self { path: path.to_owned(), file, batch: EveBatch::new(config, pseudonyms) })
    }
}

impl Deliver for EveFile {
    fn begin(&mut self, points: &Arc<[ObservationPoint]>) {
        self.batch.set_points(points);
    }

    fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError> {
        self.batch.fill(letters);
        match self.batch.write_to(&mut self.file) {
            (0, Err(problem)) => Err(problem.into()),
            (done, _) => Ok(done),
        }
    }

    fn reopen(&mut self) {
        match open_for_appending(&self.path) {
            Ok(file) => {
                self.file = file;
                self.batch.begin_line_again();
            }
            Err(problem) => {
                tracing::error!(path = %self.path.display(), %problem,
                    "the event file cannot be opened anew; events go on into the old one");
            }
        }
    }
}

/// Opens a file at the end of its last line: one that was cut is ended, so that it takes no other with it.
fn open_for_appending(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    if is_cut(path).unwrap_or(false) {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

/// Tells whether a regular file ends inside a line. Nothing else can be asked: reading a device or a pipe takes from it.
fn is_cut(path: &Path) -> io::Result<bool> {
    if !path.metadata()?.is_file() {
        return Ok(false);
    }
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
