//! What can go wrong with a source.

use std::io;
use std::path::PathBuf;

/// Why frames cannot be had. Each variant says what the user can do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The file or the interface does not exist.
    #[error("{what} does not exist: {hint}")]
    NotFound {
        /// The file or interface, as the user wrote it.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// The process lacks a capability or a file permission.
    #[error("no permission to open {what}: {hint}")]
    Permission {
        /// The file or interface.
        what: String,
        /// What to do about it; names the capability.
        hint: String,
    },
    /// The input is not a capture in a format we read.
    #[error("{path} is not a capture file (pcap, pcapng or snoop; plain, gzip or zstd): {problem}")]
    NotACapture {
        /// The file; `-` is standard input.
        path: PathBuf,
        /// What was found instead.
        problem: String,
    },
    /// An interface that was captured on was removed; asked again, the source looks whether it is back.
    #[error("interface {name} is gone")]
    Vanished {
        /// The interface.
        name: String,
    },
    /// The operating system refused a call.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The interface, backend or option cannot be used as asked.
    #[error("{what}: {hint}")]
    Unsupported {
        /// What was asked for.
        what: String,
        /// What to do instead.
        hint: String,
    },
}
