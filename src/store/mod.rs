//! What is known of devices, and what they moved each day, kept over restarts in an embedded database.
//!
//! Comes in: [`Event`](crate::analyst::Event)s, gathered into [`Batch`]es. Goes out: one file, and what it holds at the
//! next start. Nothing here is on the packet path; a slow or full disk holds up nobody. No payload, password or cloud
//! identifier of a device is stored: only what a [`DeviceProfile`](crate::device::DeviceProfile) says, and byte counts.
//!
//! The database is redb: pure Rust with one dependency (libc), so it cross-compiles without a C compiler; a stable and
//! documented file format; copy-on-write B-trees with checksums, so a transaction is there as a whole or not at all, after
//! `kill -9`, a power cut or a full disk; storage that can be replaced in a test. After an error of the disk it
//! refuses everything until it is opened anew, which [`Store`] does. Its price is write amplification: each
//! commit writes whole pages of 4 KiB, so [`Gatherer`] joins an interval's changes into one commit.
//!
//! Rows are encoded by postcard: a third of the size of JSON, and its wire format is specified. It does not describe
//! itself, so the records here are written out (not derived from the types of other rooms), and each change of theirs is a
//! new version with a migration in `schema`.

mod batch;
mod config;
mod contents;
mod error;
mod gathering;
mod habits;
mod opening;
mod record;
mod schema;
mod schema_v1;
mod schema_v3;
mod standing;
#[expect(clippy::module_inception, reason = "the room's main type has its name")]
mod store;
mod tables;
#[cfg(test)]
mod trial;
#[cfg(test)]
mod trial_disk;
mod writing;

pub use batch::{Batch, CloudDay, Day, DeviceDay};
pub use config::Config;
pub use contents::{CloudTotal, Contents, DeviceTotal};
pub use error::StoreError;
pub use gathering::{Gatherer, GathererStats};
pub use store::Store;
