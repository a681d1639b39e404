//! Which certificate authorities a far end's certificate has to come from.
//!
//! Comes in: a file of certificates (PEM), or none: then that of the system. Goes out: [`Trust`]. Without one there is no TLS.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use ureq::tls::{Certificate, PemItem, parse_pem};

use super::tls_dial::SYSTEM;

/// Longest file; that of Debian has some 200 KiB.
const MAX_FILE: u64 = 4 << 20;

/// Authorities that are trusted.
#[derive(Clone)]
pub struct Trust(Vec<Certificate<'static>>);

/// The authorities cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The system has no such file where systems have it.
    #[error("no file of trusted certificates was found; install ca-certificates or set ca_file")]
    NoSystemFile,
    /// The file cannot be read.
    #[error("{path}: {problem}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: io::Error,
    },
    /// There is none in it.
    #[error("{path}: no certificate in it (PEM)")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl Trust {
    /// Reads the authorities from `file`, or from where the system has them.
    ///
    /// # Errors
    /// There are none.
    pub fn read(file: Option<&Path>) -> Result<Self, TrustError> {
        let system = || SYSTEM.iter().map(Path::new).find(|path| path.exists());
        let path = file.or_else(system).ok_or(TrustError::NoSystemFile)?.to_owned();
        let mut bytes = Vec::new();
        if let Err(problem) =
            File::open(&path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes))
        {
            return Err(TrustError::Read { path, problem });
        }
        let certificates: Vec<_> = parse_pem(&bytes)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if certificates.is_empty() {
            return Err(TrustError::Empty { path });
        }
        Ok(Self(certificates))
    }

    pub(crate) fn certificates(&self) -> &[Certificate<'static>] {
        &self.0
    }
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Trust({} certificates)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        std::fs::write(&path, "no certificate").unwrap();

        assert!(matches!(Trust::read(Some(&path)), Err(TrustError::Empty { .. })));
        let none = directory.path().join("none.pem");
        assert!(matches!(Trust::read(Some(&none)), Err(TrustError::Read { .. })));
    }
}
