//! Why the store cannot be read or written.

use std::io;
use std::path::PathBuf;

/// What went wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory is not there.
    #[error("{} does not exist; create it, name another with store.directory, or set store.enabled = false", path.display())]
    NoDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The file cannot be opened.
    #[error("{} cannot be opened: {source}", path.display())]
    Unreachable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Another program has the file.
    #[error("another hikwatch uses the same store")]
    InUse,
    /// A later hikwatch wrote the file.
    #[error(
        "the store has schema version {found}, and this hikwatch knows versions up to {known}: use a later \
         hikwatch, or move the file away to begin anew"
    )]
    Newer {
        /// The version of the file.
        found: u64,
        /// The latest version that is known here.
        known: u64,
    },
    /// The file holds something else, or is broken.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The disk refused.
    #[error("the disk refuses: {0}")]
    Disk(io::Error),
    /// A row cannot be encoded.
    #[error("a record cannot be encoded: {0}")]
    Encoding(postcard::Error),
    /// The database failed in another way.
    #[error("the database failed: {0}")]
    Database(String),
}

impl StoreError {
    /// Why, in a word: for logs and metrics.
    #[must_use]
    pub fn as_label(&self) -> &'static str {
        match self {
            Self::NoDirectory { .. } => "no-directory",
            Self::Unreachable { .. } => "unreachable",
            Self::InUse => "in-use",
            Self::Newer { .. } => "newer",
            Self::Damaged(_) => "damaged",
            Self::Disk(error) if error.kind() == io::ErrorKind::StorageFull => "full",
            Self::Disk(_) => "disk",
            Self::Encoding(_) => "encoding",
            Self::Database(_) => "database",
        }
    }
}

impl From<redb::Error> for StoreError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "redb may add further errors")]
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            redb::Error::Corrupted(what) => Self::Damaged(what),
            redb::Error::UpgradeRequired(version) => {
                Self::Damaged(format!("it is in redb's file format {version}"))
            }
            // What redb says of a file that is no database.
            redb::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                Self::Damaged(error.to_string())
            }
            redb::Error::Io(error) => Self::Disk(error),
            other => Self::Database(other.to_string()),
        }
    }
}

/// Each step of redb has an error type of its own; all of them are a [`redb::Error`].
macro_rules! from_redb {
    ($($error:ident),+) => {$(
        impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                redb::Error::from(error).into()
            }
        }
    )+};
}

from_redb!(DatabaseError, TransactionError, TableError, StorageError, CommitError);
