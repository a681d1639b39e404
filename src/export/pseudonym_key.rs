//! The key of the site, from which pseudonyms are made.
//!
//! Comes in: a file that the user wrote. Goes out: [`Pseudonyms`], or why there are none. The key is never shown, in no log
//! and no error.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::Privacy;
use super::pseudonym::{MIN_PSEUDONYM_KEY, Pseudonyms};

/// Longer ones are no key but another file.
const MAX_KEY: usize = 4096;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum PseudonymKeyError {
    /// The file cannot be read.
    #[error("{}: the key for pseudonyms cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Anybody on the machine can read it.
    #[error("{}: everybody on this machine can read the key for pseudonyms; `chmod o= ` the file", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// It is no key.
    #[error(
        "{}: must hold {MIN_PSEUDONYM_KEY} to {MAX_KEY} bytes; `openssl rand -hex 32` makes some",
        path.display()
    )]
    Unfit {
        /// The file.
        path: PathBuf,
    },
}

impl Privacy {
    /// The pseudonyms that are asked for; none if they are not.
    ///
    /// # Errors
    /// The key of the site cannot be had.
    pub fn pseudonyms(&self) -> Result<Option<Arc<Pseudonyms>>, PseudonymKeyError> {
        let key_file = self.key_file.as_deref().filter(|_| self.pseudonymize);
        Ok(key_file.map(Pseudonyms::read).transpose()?.map(Arc::new))
    }
}

impl Pseudonyms {
    /// Reads the key; blanks at its end do not count.
    ///
    /// # Errors
    /// The file cannot be read, everybody may read it, or it holds no key.
    pub fn read(path: &Path) -> Result<Self, PseudonymKeyError> {
        let unreadable = |source| PseudonymKeyError::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.permissions().mode() & 0o004 != 0 {
            return Err(PseudonymKeyError::Exposed { path: path.to_owned() });
        }
        let mut key = Vec::new();
        file.take(MAX_KEY as u64 + 1).read_to_end(&mut key).map_err(unreadable)?;
        let unfit = || PseudonymKeyError::Unfit { path: path.to_owned() };
        if key.len() > MAX_KEY {
            return Err(unfit());
        }
        Self::new(key.trim_ascii_end()).map_err(|_| unfit())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn a_key_is_long_and_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let with = |text: &str, mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            Pseudonyms::read(&path)
        };
        let key = "0123456789abcdef0123456789abcdef\n";

        assert!(with(key, 0o640).is_ok());
        assert!(matches!(with(key, 0o644), Err(PseudonymKeyError::Exposed { .. })));
        assert!(matches!(with("short\n", 0o600), Err(PseudonymKeyError::Unfit { .. })));
        assert!(matches!(with(&"x".repeat(5000), 0o600), Err(PseudonymKeyError::Unfit { .. })));
        let missing = Pseudonyms::read(&folder.path().join("none"));
        assert!(matches!(missing, Err(PseudonymKeyError::Unreadable { .. })));
    }
}
