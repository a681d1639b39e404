//! The EVE file.
//!
//! Comes in: letters. Goes out: lines at the end of a file. The file is moved aside when it is large or old enough, and the oldest of
//! those is deleted before all together take more than they may, or the disk is nearly full. Somebody else may move it away too: it is
//! made again when the operator has it opened anew (SIGHUP, as logrotate does). It never fills the disk: when nothing is left to
//! delete, lines wait.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tracing::{error, warn};

use super::deliver::{Deliver, DeliveryError};
use super::eve_batch::EveBatch;
use super::letter::Letter;
use super::rotated::Rotated;
use crate::capture::ObservationPoint;
use crate::export::{Config, Pseudonyms, Rotation};
use crate::net::Timestamp;

/// How often it is looked whether the file is old enough.
const LOOK: Duration = Duration::from_secs(2);

/// Appends events to a file.
#[derive(Debug)]
pub struct EveFile {
    path: PathBuf,
    rotation: Rotation,
    file: File,
    /// What is known of a regular file; absent for a pipe or a device, which is only written to.
    ledger: Option<Ledger>,
    batch: EveBatch,
    /// The log has told that the file cannot be moved aside.
    has_complained: bool,
}

#[derive(Debug)]
struct Ledger {
    bytes: u64,
    /// The period of time that the file's lines belong to: hours or days since 1970, say.
    period: Option<u64>,
    rotated: Rotated,
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
        let rotation = config.rotation;
        let (file, ledger) = open_for_appending(path, rotation)?;
        let batch = EveBatch::new(config, pseudonyms);
        Ok(Self { path: path.to_owned(), rotation, file, ledger, batch, has_complained: false })
    }

    fn write(&mut self) -> io::Result<()> {
        while let Some(first) = self.batch.lines.first().map(<[u8]>::len) {
            let mut count = self.batch.lines.fitting(self.room());
            if count == 0 {
                if self.rotate() {
                    continue;
                }
                count = first;
            }
            self.make_room(count as u64)?;
            let before = self.batch.lines.written();
            let result = self.batch.lines.write_to(&mut self.file, count);
            if let Some(ledger) = &mut self.ledger {
                ledger.bytes += (self.batch.lines.written() - before) as u64;
            }
            result?;
        }
        Ok(())
    }

    /// Bytes until the file is to be moved aside.
    fn room(&self) -> usize {
        let Rotation { size, max_total, .. } = self.rotation;
        // With half of what all may take, there is always something to delete.
        let most = [size, max_total.map(|total| total / 2)].into_iter().flatten().min();
        match (&self.ledger, most) {
            (Some(ledger), Some(most)) => {
                usize::try_from((most as u64).saturating_sub(ledger.bytes)).unwrap_or(usize::MAX)
            }
            (None, _) | (_, None) => usize::MAX,
        }
    }

    /// Moves the file aside and begins another; false if there is nothing to move, or it cannot be moved. A line that is cut stays
    /// whole.
    fn rotate(&mut self) -> bool {
        let Some(ledger) = &mut self.ledger else { return false };
        if ledger.bytes == 0 || self.batch.lines.is_cut() {
            return false;
        }
        let (number, aside) = ledger.rotated.next(&self.path);
        let moved = fs::rename(&self.path, &aside).and_then(|()| {
            OpenOptions::new().create(true).append(true).open(&self.path).inspect_err(|_| {
                // The old file is still open; under its old name it is found again.
                let _unmoved = fs::rename(&aside, &self.path);
            })
        });
        match moved {
            Ok(file) => {
                self.file = file;
                ledger.rotated.add(number, ledger.bytes);
                ledger.bytes = 0;
                self.has_complained = false;
                true
            }
            Err(problem) => {
                if !std::mem::replace(&mut self.has_complained, true) {
                    warn!(path = %self.path.display(), %problem,
                        "the event file cannot be moved aside and grows on");
                }
                false
            }
        }
    }

    /// Deletes the oldest files until there is room for `more` bytes.
    fn make_room(&mut self, more: u64) -> io::Result<()> {
        let Some(ledger) = &mut self.ledger else { return Ok(()) };
        if let Some(most) = self.rotation.max_total {
            while ledger.rotated.bytes() + ledger.bytes + more > most as u64 {
                if !ledger.rotated.delete_oldest(&self.path)? {
                    return Err(full("the event file takes all that events.max_total allows"));
                }
            }
        }
        while free_bytes(&self.file)? < self.rotation.min_free as u64 + more {
            if !ledger.rotated.delete_oldest(&self.path)? {
                return Err(full("the disk has less room than events.min_free asks for"));
            }
        }
        Ok(())
    }
}

impl Deliver for EveFile {
    fn begin(&mut self, points: &Arc<[ObservationPoint]>) {
        self.batch.set_points(points);
    }

    fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError> {
        self.batch.fill(letters);
        let result = self.write();
        match (self.batch.lines.take_done(), result) {
            (0, Err(problem)) => Err(problem.into()),
            (done, _) => Ok(done),
        }
    }

    fn tick_interval(&self) -> Option<Duration> {
        self.rotation.every.map(|_| LOOK)
    }

    fn tick(&mut self, now: Timestamp) -> Result<(), DeliveryError> {
        let (Some(every), Some(ledger)) = (self.rotation.every, &mut self.ledger) else {
            return Ok(());
        };
        let period = now.as_secs() / every.as_secs().max(1);
        if ledger.period.is_some_and(|begun| begun != period) && ledger.bytes > 0 && !self.rotate()
        {
            // Told already; the next look comes soon enough.
            return Ok(());
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.period = Some(period);
        }
        Ok(())
    }

    fn reopen(&mut self) {
        match open_for_appending(&self.path, self.rotation) {
            Ok((file, ledger)) => {
                (self.file, self.ledger) = (file, ledger);
                self.batch.lines.begin_again();
            }
            Err(problem) => error!(path = %self.path.display(), %problem,
                "the event file cannot be opened anew; events go on into the old one"),
        }
    }
}

fn full(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, message)
}

/// What users without privileges may still write to the disk.
fn free_bytes(file: &File) -> io::Result<u64> {
    let disk = rustix::fs::fstatvfs(file)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Opens a file behind its last line: one that was cut is ended, so that it takes no other with it.
fn open_for_appending(path: &Path, rotation: Rotation) -> io::Result<(File, Option<Ledger>)> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok((file, None));
    }
    if is_cut(path).unwrap_or(false) {
        file.write_all(b"\n")?;
    }
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let period = match (rotation.every, modified) {
        (Some(every), Some(modified)) if metadata.len() > 0 => {
            Some(modified.as_secs() / every.as_secs().max(1))
        }
        (_, _) => None,
    };
    let ledger = Ledger { bytes: file.metadata()?.len(), period, rotated: Rotated::find(path) };
    Ok((file, Some(ledger)))
}

/// Tells whether a file ends inside a line.
fn is_cut(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::RunStats;

    const LINE: usize = 2_000;

    fn config(rotation: Rotation) -> Config {
        Config { rotation, ..Config::default() }
    }

    fn stats(count: u64) -> Vec<Letter> {
        (0..count)
            .map(|uptime| Letter::Stats(Arc::new(RunStats { uptime, ..RunStats::default() })))
            .collect()
    }

    fn files(folder: &Path) -> Vec<(String, u64)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|e| (e.file_name().into_string().unwrap(), e.metadata().unwrap().len()))
            .collect();
        files.sort();
        files
    }

    fn uptimes(path: &Path) -> Vec<u64> {
        let text = fs::read_to_string(path).unwrap();
        let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        text.lines().map(|text| line(text)["stats"]["uptime"].as_u64().unwrap()).collect()
    }

    #[test]
    fn a_large_file_is_moved_aside_and_all_together_stay_below_the_cap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        let rotation = Rotation {
            size: Some(20 * LINE),
            max_total: Some(50 * LINE),
            min_free: 0,
            ..Rotation::default()
        };
        let mut sink = EveFile::open(&path, &config(rotation), None).unwrap();

        let mut peak = 0;
        for letters in stats(400).chunks(7) {
            assert_eq!(sink.deliver(letters).unwrap(), letters.len());
            let files = files(folder.path());
            assert!(files.iter().all(|(_, bytes)| *bytes <= 20 * LINE as u64), "{files:?}");
            peak = peak.max(files.iter().map(|(_, bytes)| bytes).sum::<u64>());
        }

        assert!((20 * LINE as u64..=50 * LINE as u64).contains(&peak), "{peak}");
        // What is left is the newest, whole and in order.
        let names = files(folder.path()).into_iter().map(|(name, _)| name);
        let (current, aside): (Vec<_>, Vec<_>) = names.partition(|name| name == "eve.json");
        let kept: Vec<u64> = aside
            .iter()
            .chain(&current)
            .flat_map(|name| uptimes(&folder.path().join(name)))
            .collect();
        assert!(kept.len() > 10);
        assert_eq!(kept, (400 - kept.len() as u64..400).collect::<Vec<_>>());
    }

    #[test]
    fn a_file_is_moved_aside_when_its_time_is_over_also_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        let every = Duration::from_secs(3600);
        let rotation = Rotation { every: Some(every), min_free: 0, ..Rotation::default() };
        let at = |hour: u64, second| Timestamp::from_parts(hour * 3600 + second, 0);
        let mut sink = EveFile::open(&path, &config(rotation), None).unwrap();

        sink.tick(at(10, 5)).unwrap();
        sink.deliver(&stats(1)).unwrap();
        sink.tick(at(10, 3599)).unwrap();
        assert_eq!(files(folder.path()).len(), 1);
        sink.tick(at(11, 0)).unwrap();
        assert_eq!(files(folder.path()).len(), 2);
        // An empty file stays where it is.
        sink.tick(at(12, 0)).unwrap();
        assert_eq!(files(folder.path()).len(), 2);

        sink.deliver(&stats(1)).unwrap();
        drop(sink);
        let mut sink = EveFile::open(&path, &config(rotation), None).unwrap();
        // The file was written today, which is not in 1970.
        sink.tick(at(12, 1)).unwrap();
        assert_eq!(files(folder.path()).len(), 3);
        assert_eq!(uptimes(&folder.path().join("eve.json.00000002")), [0]);
    }

    #[test]
    fn a_disk_that_is_nearly_full_is_left_alone_and_lines_wait() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        let aside = folder.path().join("eve.json.00000001");
        fs::write(&aside, "{}\n").unwrap();
        let rotation = Rotation { min_free: usize::MAX / 2, ..Rotation::default() };
        let mut sink = EveFile::open(&path, &config(rotation), None).unwrap();
        let letters = stats(3);

        let problem = sink.deliver(&letters).unwrap_err();
        assert!(problem.to_string().contains("min_free"), "{problem}");
        assert!(!aside.exists(), "the oldest goes first");
        assert_eq!(fs::read_to_string(&path).unwrap(), "");

        sink.rotation.min_free = 0;
        assert_eq!(sink.deliver(&letters).unwrap(), 3);
        assert_eq!(uptimes(&path), [0, 1, 2]);
    }

    #[test]
    fn a_file_that_was_moved_away_is_made_again_and_a_cut_line_takes_no_other_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        fs::write(&path, "{\"cut").unwrap();
        let mut sink = EveFile::open(&path, &Config::default(), None).unwrap();

        sink.deliver(&stats(1)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        fs::rename(&path, folder.path().join("eve.json.1")).unwrap();
        sink.reopen();
        sink.deliver(&stats(1)).unwrap();

        assert_eq!(uptimes(&path), [0]);
        assert!(folder.path().join("eve.json.1").exists());
    }
}
