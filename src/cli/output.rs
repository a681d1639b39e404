//! Writes what a command has to say to standard output.
//!
//! Comes in: text. Goes out: the same text. A reader that has seen enough (`| head -1`) ends nothing: that is
//! no failure of ours.

use std::io::{self, ErrorKind, Write};

use super::failure::Failure;

/// Writes `text` to standard output.
///
/// # Errors
/// Standard output cannot be written, as on a full disk.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    settle(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// What a write means for the command.
pub(super) fn settle(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::output(&error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
