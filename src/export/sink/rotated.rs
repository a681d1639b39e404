//! The files that an event file has become: `eve.json.00000001` and so on, the oldest first.
//!
//! Comes in: the path of the event file. Goes out: names for the next one, and how much they take; the oldest is deleted when asked.
//! Files of any other name, such as those of logrotate, are never touched.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Digits behind the name, with zeros, so that names sort by age.
const DIGITS: usize = 8;

/// What the event file was, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Rotated {
    files: VecDeque<(u32, u64)>,
    bytes: u64,
}

impl Rotated {
    /// Finds what earlier runs have left.
    pub(super) fn find(path: &Path) -> Self {
        let mut files: Vec<(u32, u64)> = Vec::new();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let entries = fs::read_dir(folder.unwrap_or_else(|| Path::new("."))).into_iter().flatten();
        for entry in entries.flatten() {
            let is_file = |metadata: &fs::Metadata| metadata.is_file();
            if let Some(number) = number_of(path, &entry.file_name())
                && let Some(metadata) = entry.metadata().ok().filter(is_file)
            {
                files.push((number, metadata.len()));
            }
        }
        files.sort_unstable();
        let bytes = files.iter().map(|(_, bytes)| bytes).sum();
        Self { files: files.into(), bytes }
    }

    /// What all of them take.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where the event file goes next, and its number.
    pub(super) fn next(&self, path: &Path) -> (u32, PathBuf) {
        let number = self.files.back().map_or(1, |(number, _)| number.saturating_add(1));
        (number, name(path, number))
    }

    /// Takes note of one that was made.
    pub(super) fn add(&mut self, number: u32, bytes: u64) {
        self.files.push_back((number, bytes));
        self.bytes += bytes;
    }

    /// Deletes the oldest; false when there is none.
    pub(super) fn delete_oldest(&mut self, path: &Path) -> io::Result<bool> {
        let Some((number, bytes)) = self.files.front().copied() else { return Ok(false) };
        match fs::remove_file(name(path, number)) {
            Err(problem) if problem.kind() != io::ErrorKind::NotFound => return Err(problem),
            // Somebody else may have been faster.
            Ok(()) | Err(_) => {}
        }
        self.files.pop_front();
        self.bytes -= bytes;
        Ok(true)
    }
}

fn name(path: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number:0DIGITS$}"));
    name.into()
}

fn number_of(path: &Path, name: &std::ffi::OsStr) -> Option<u32> {
    let own = path.file_name()?.to_str()?;
    let digits = name.to_str()?.strip_prefix(own)?.strip_prefix('.')?;
    let is_ours = digits.len() >= DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_ours.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_our_naming_are_found_and_the_oldest_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.json");
        for name in ["00000009", "00000010", "1", "gz", "00000011.gz"] {
            fs::write(folder.path().join(format!("eve.json.{name}")), "12345").unwrap();
        }
        fs::write(folder.path().join("other.json.00000001"), "12345").unwrap();

        let mut rotated = Rotated::find(&path);
        assert_eq!((rotated.bytes(), rotated.next(&path).0), (10, 11));
        assert!(rotated.delete_oldest(&path).unwrap());
        assert!(!folder.path().join("eve.json.00000009").exists());
        assert!(rotated.delete_oldest(&path).unwrap());
        assert!(!rotated.delete_oldest(&path).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }
}
