//! Passwords, tokens and keys: read from a file or a systemd credential, and shown to nobody.
//!
//! Comes in: a path, or the name of a credential. Goes out: [`Secret`], whose `Debug` tells nothing, and which has no `Display`.
//! It never comes from the command line or the configuration itself, which more people may read.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Longest secret; guards memory against a file that is something else.
const MAX_SECRET: u64 = 4096;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In a file.
    File(PathBuf),
    /// In a credential that systemd passes (`LoadCredential=`), by name.
    Credential(String),
}

/// What nobody is to see.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// A secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("{path}: {problem}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: io::Error,
    },
    /// The file is empty or too long.
    #[error("{path}: a secret has 1 to {MAX_SECRET} bytes")]
    Length {
        /// The file.
        path: PathBuf,
    },
    /// There are no credentials: the service manager passes none.
    #[error(
        "the credential {0}: no $CREDENTIALS_DIRECTORY; add LoadCredential={0}:FILE to the unit"
    )]
    NoCredentials(String),
}

impl SecretSource {
    /// Reads it; `credentials` is `$CREDENTIALS_DIRECTORY`. The line end that an editor leaves is no part of it.
    ///
    /// # Errors
    /// It is not there, or cannot be one.
    pub fn read(&self, credentials: Option<&Path>) -> Result<Secret, SecretError> {
        let path = match (self, credentials) {
            (Self::File(path), _) => path.clone(),
            (Self::Credential(name), Some(directory)) => directory.join(name),
            (Self::Credential(name), None) => {
                return Err(SecretError::NoCredentials(name.clone()));
            }
        };
        let mut bytes = Vec::new();
        let read =
            File::open(&path).and_then(|file| file.take(MAX_SECRET + 1).read_to_end(&mut bytes));
        if let Err(problem) = read {
            return Err(SecretError::Read { path, problem });
        }
        while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            bytes.pop();
        }
        if bytes.is_empty() || bytes.len() as u64 > MAX_SECRET {
            return Err(SecretError::Length { path });
        }
        Ok(Secret(bytes))
    }
}

impl Secret {
    /// A secret of these bytes.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for whoever sends them to where they belong.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The text, where it is visible ASCII, as tokens are: nothing else fits into a header or a path.
    #[must_use]
    pub fn expose_token(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok().filter(|text| text.bytes().all(|b| b.is_ascii_graphic()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_a_file_or_a_credential_and_never_shown() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "tk_abc\r\n").unwrap();

        let of_file = SecretSource::File(path).read(None).unwrap();
        let credential = SecretSource::Credential("token".to_owned());
        let of_credential = credential.read(Some(directory.path())).unwrap();

        assert_eq!(of_file.expose(), b"tk_abc");
        assert_eq!(of_file, of_credential);
        assert_eq!(format!("{of_file:?}"), "[redacted]");
        assert!(credential.read(None).unwrap_err().to_string().contains("LoadCredential=token"));
    }

    #[test]
    fn a_file_that_is_empty_or_long_holds_no_secret() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        for content in ["\n".to_owned(), "x".repeat(5000)] {
            std::fs::write(&path, content).unwrap();
            let problem = SecretSource::File(path.clone()).read(None).unwrap_err();
            assert!(matches!(problem, SecretError::Length { .. }));
        }
    }

    #[test]
    fn a_token_is_visible_ascii() {
        assert_eq!(Secret::new(b"a-b_1".to_vec()).expose_token(), Some("a-b_1"));
        for bytes in [&b"a b"[..], b"a\nb", b"\xff"] {
            assert_eq!(Secret::new(bytes.to_vec()).expose_token(), None);
        }
    }
}
