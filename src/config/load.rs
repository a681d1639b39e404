//! Reads the configuration file.
//!
//! Comes in: a path. Goes out: a [`Config`] or a [`LoadError`] that says what to do. It never writes.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::error::{ConfigError, LoadError};
use super::settings::Config;

/// Longest file that is read; guards against a device or a log given by mistake.
const MAX_FILE_BYTES: usize = 1 << 20;

/// Reads and compiles the file at `path`.
///
/// # Errors
/// The file is missing, cannot be read or is too long, or its contents are wrong.
pub fn load(path: &Path) -> Result<Config, LoadError> {
    let path_buf = || path.to_owned();
    let bytes = read_bounded(path).map_err(|source| {
        if source.kind() == ErrorKind::NotFound {
            LoadError::Missing { path: path_buf() }
        } else {
            LoadError::Unreadable { path: path_buf(), source }
        }
    })?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(LoadError::TooLong { path: path_buf(), limit: MAX_FILE_BYTES });
    }
    let invalid = |errors| LoadError::Invalid { path: path_buf(), errors };
    let text = String::from_utf8(bytes).map_err(|error| invalid(not_text(&error).into()))?;
    Config::from_toml(&text).map_err(invalid)
}

/// Reads one byte more than is allowed, so that too long a file shows.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn not_text(error: &std::string::FromUtf8Error) -> ConfigError {
    let valid = error.utf8_error().valid_up_to();
    let before = error.as_bytes().get(..valid).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    ConfigError { key: format!("line {line}"), problem: "is not UTF-8 text".to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_missing_file_is_told_apart_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = load(&folder.path().join("absent.toml")).unwrap_err();

        assert!(matches!(error, LoadError::Missing { .. }));
        assert!(error.to_string().contains("--config FILE"), "{error}");
        assert!(matches!(load(folder.path()).unwrap_err(), LoadError::Unreadable { .. }));
    }

    #[test]
    fn each_line_of_a_wrong_file_begins_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wrong.toml");
        fs::write(&path, "a = 1\nb = 2\n").unwrap();

        let message = load(&path).unwrap_err().to_string();

        assert_eq!(message.lines().count(), 2);
        assert!(message.lines().all(|line| line.starts_with(&path.display().to_string())));
    }

    #[test]
    fn an_endless_file_and_bytes_that_are_no_text_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("binary.toml");
        fs::write(&path, b"# one\n\xff\n").unwrap();

        assert!(load(&path).unwrap_err().to_string().contains("line 2: is not UTF-8 text"));
        assert!(matches!(load(Path::new("/dev/zero")).unwrap_err(), LoadError::TooLong { .. }));
    }
}
