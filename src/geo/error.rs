//! Why a database is refused.

use super::DatabaseKind;

/// Why a database is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeoError {
    /// There is no file.
    #[error("is not there")]
    Absent,
    /// The file is longer than any such database.
    #[error("is longer than {limit} bytes, which no database of countries or networks is")]
    TooLong {
        /// The most that is read.
        limit: u64,
    },
    /// The bytes are no MaxMind DB, or a damaged one.
    #[error("is not a MaxMind DB (.mmdb) file, or is damaged: {reason}")]
    Damaged {
        /// What the reader says.
        reason: String,
    },
    /// It has records, and none of them has what it is configured for.
    #[error("has records without {}: type `{database_type}`", .kind.wanted())]
    WrongKind {
        /// What it is configured for.
        kind: DatabaseKind,
        /// What it calls itself.
        database_type: String,
    },
}
