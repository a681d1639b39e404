//! Schema version 1: how a device was stored before it had several MAC addresses and a state.
//!
//! Comes in: rows of version 1. Goes out: rows of version 2. Totals are the same in both.

use std::net::IpAddr;

use redb::{ReadableTable as _, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::record::{DeviceRecord, EvidenceRecord, IdentityRecord, StateRecord};
use super::tables::DEVICES;

/// A device of version 1.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeviceRecordV1 {
    pub(super) mac: Option<[u8; 6]>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) hostname: Option<String>,
    pub(super) identity: IdentityRecord,
    pub(super) evidence: Vec<EvidenceRecord>,
    pub(super) first_seen: u64,
    pub(super) last_seen: u64,
}

/// Writes every device anew; one that cannot be read is left out.
pub(super) fn from_v1(transaction: &WriteTransaction) -> Result<(), StoreError> {
    let mut devices = transaction.open_table(DEVICES)?;
    let mut upgraded: Vec<(String, Option<Vec<u8>>)> = Vec::new();
    for row in devices.iter()? {
        let (id, bytes) = row?;
        let old: Option<DeviceRecordV1> = postcard::from_bytes(bytes.value()).ok();
        let new = old.map(|old| upgrade(old).to_bytes()).transpose()?;
        upgraded.push((id.value().to_owned(), new));
    }
    for (id, bytes) in upgraded {
        match bytes {
            Some(bytes) => drop(devices.insert(id.as_str(), bytes.as_slice())?),
            None => drop(devices.remove(id.as_str())?),
        }
    }
    Ok(())
}

fn upgrade(old: DeviceRecordV1) -> DeviceRecord {
    DeviceRecord {
        mac: old.mac,
        other_macs: Vec::new(),
        addresses: old.addresses,
        hostname: old.hostname,
        identity: old.identity,
        evidence: old.evidence,
        state: StateRecord { is_online: true, ..StateRecord::default() },
        first_seen: old.first_seen,
        last_seen: old.last_seen,
    }
}
