//! The word that permits changes.
//!
//! Comes in: a file that the user wrote, and what a request says. Goes out: whether the two are the same. It is
//! never shown, in no log and no error.

use std::fmt;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Shorter ones could be guessed.
const MIN_BYTES: usize = 16;

/// Longer ones are no token but another file.
const MAX_BYTES: usize = 512;

/// A secret that a request has to know.
#[derive(Clone, PartialEq, Eq)]
pub struct WriteToken(String);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum WriteTokenError {
    /// The file cannot be read.
    #[error("{}: the write token cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Anybody on the machine can read it.
    #[error("{}: everybody on this machine can read the write token; `chmod o= ` the file", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// It is no token.
    #[error(
        "{}: must hold {MIN_BYTES} to {MAX_BYTES} printable characters without blanks; `openssl rand -hex 32` makes some",
        path.display()
    )]
    Unfit {
        /// The file.
        path: PathBuf,
    },
}

impl WriteToken {
    /// Reads the token; blanks around it do not count.
    ///
    /// # Errors
    /// The file cannot be read, everybody may read it, or it holds no token.
    pub fn read(path: &Path) -> Result<Self, WriteTokenError> {
        let unreadable = |source| WriteTokenError::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.permissions().mode() & 0o004 != 0 {
            return Err(WriteTokenError::Exposed { path: path.to_owned() });
        }
        let mut text = String::new();
        file.take(2 * MAX_BYTES as u64).read_to_string(&mut text).map_err(unreadable)?;
        Self::new(&text).ok_or_else(|| WriteTokenError::Unfit { path: path.to_owned() })
    }

    /// Takes a token as it is written; nothing if it is none.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (MIN_BYTES..=MAX_BYTES).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    /// The token itself, to be sent in a request.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Tells whether `word` is the token. How long that takes depends on the length of `word` alone, not on how much of
    /// it is right.
    #[must_use]
    pub fn is(&self, word: &[u8]) -> bool {
        let ours = self.0.as_bytes();
        let mut differs = u8::from(ours.len() != word.len());
        for (byte, own) in word.iter().zip(ours.iter().cycle()) {
            differs |= black_box(byte ^ own);
        }
        black_box(differs) == 0
    }
}

impl fmt::Debug for WriteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteToken(secret)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = WriteToken::new(" 0123456789abcdef\n").unwrap();

        assert!(token.is(b"0123456789abcdef"));
        for wrong in [
            "",
            "0",
            "0123456789abcde",
            "0123456789abcdefg",
            "0123456789abcdeF",
            " 0123456789abcdef",
        ] {
            assert!(!token.is(wrong.as_bytes()), "{wrong}");
        }
        assert!(!token.is(b"0123456789abcdef0123456789abcdef"), "not twice either");
        assert!(!format!("{token:?}").contains("0123"));
    }

    #[test]
    fn a_file_that_everybody_can_read_and_a_short_token_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let write = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            WriteToken::read(&path)
        };

        assert!(write("0123456789abcdef\n", 0o640).unwrap().is(b"0123456789abcdef"));
        assert!(matches!(write("0123456789abcdef", 0o644), Err(WriteTokenError::Exposed { .. })));
        for text in ["", "short", "two words that are long", "0123456789abcde\u{1b}f"] {
            let error = write(text, 0o600).unwrap_err();
            assert!(matches!(error, WriteTokenError::Unfit { .. }), "{text}");
            assert!(text.is_empty() || !error.to_string().contains(text));
        }
        assert!(WriteToken::read(&folder.path().join("absent")).is_err());
    }
}
