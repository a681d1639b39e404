//! The tables of the database: their keys, their values.
//!
//! The day comes first in the keys of totals: an interval's changes touch neighbouring rows, and so few pages; days that
//! have passed out of the retention are a range.

use redb::TableDefinition;

/// A total: bytes sent, bytes received, flows.
pub(super) type TotalRow = (u64, u64, u64);

/// Numbers about the database itself.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// In [`META`]: the version of everything else.
pub(super) const SCHEMA: &str = "schema";

/// In [`META`]: the number of the last batch that was written.
pub(super) const BATCH: &str = "batch";

/// Identifier -> a device, as `record` encodes it.
pub(super) const DEVICES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("devices");

/// Identifier -> what is usual for a device, as `habits` encodes it.
pub(super) const HABITS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("habits");

/// Number of an alert that somebody has acknowledged -> its device.
pub(super) const ACKNOWLEDGED: TableDefinition<'_, u64, &str> =
    TableDefinition::new("acknowledged");

/// Device, rule, subject -> an alert that stands, as `standing` encodes it.
pub(super) const STANDING: TableDefinition<'_, (&str, &str, &str), &[u8]> =
    TableDefinition::new("standing");

/// UTC day, device, perimeter -> what the device moved.
pub(super) const DEVICE_DAYS: TableDefinition<'_, (u32, &str, &str), TotalRow> =
    TableDefinition::new("device_days");

/// UTC day, device, vendor, service, role, region -> what the device exchanged with it.
pub(super) const CLOUD_DAYS: TableDefinition<'_, (u32, &str, &str, &str, &str, &str), TotalRow> =
    TableDefinition::new("cloud_days");
