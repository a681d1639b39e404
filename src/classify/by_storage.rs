//! A device that fills rented storage -> a draft.
//!
//! Comes in: the server name of a flow of a vendor device, and what moved. Goes out: a weak draft, or nothing. Pictures go to
//! object storage that anybody may rent (`db1`: TLS to Amazon S3 when the doorbell is pressed), under names of which one is
//! published. A device that sends much more than it gets to such a name stores something; whose the storage is, nothing
//! tells, so this stays below 50.

use std::sync::Arc;

use super::by_name::Joined;
use super::draft::{Draft, service_for};
use super::{Basis, Step, Witnesses};
use crate::catalogue::{Catalogue, Framing, Region};
use crate::net::printable;

/// What rented storage is called (Amazon S3 User Guide, "Virtual hosting of buckets"): the label `s3` below this name.
const STORAGE: &str = ".amazonaws.com";
const STORAGE_LABEL: &str = "s3";
/// Bytes sent from which on something was stored, and how many times more than came back: a handshake is neither.
const STORED_BYTES: u64 = 8 * 1024;
const STORED_RATIO: u64 = 4;
/// The device's own flow, the place and the direction agree.
const STORES: u8 = 45;
/// Longest name that is quoted.
const MAX_QUOTED: usize = 255;

/// What the direction says of a flow to rented storage that the catalogue does not know.
pub(super) fn by_storage(catalogue: &Catalogue, witnesses: &Witnesses<'_>) -> Option<Draft> {
    let unit = witnesses.unit.filter(|unit| unit.initiated)?;
    let name = witnesses.sni.or(witnesses.http_host)?;
    let (sent, received) = (unit.shape.sent.bytes, unit.shape.received.bytes);
    if !is_rented(name) || sent < STORED_BYTES || sent / STORED_RATIO < received {
        return None;
    }
    let entry = catalogue.framing(Framing::SnapshotUpload)?;
    let vendor = unit.trail.vendor().unwrap_or(&entry.vendor);
    let text = format!(
        "{sent} bytes went to rented storage ({}), as snapshots do (grade {}: {}); whose it is, nothing tells",
        printable(name, MAX_QUOTED),
        entry.grade,
        Joined(&entry.sources),
    );
    Some(Draft {
        vendor: vendor.clone(),
        service: service_for(vendor, &entry.service),
        role: entry.role,
        region: Region::Unknown,
        speaker: entry.speaker,
        domain: Some(name.to_ascii_lowercase().into()),
        aliases: Arc::default(),
        confidence: STORES,
        steps: vec![Step { basis: Basis::Payload, text: text.into() }],
    })
}

fn is_rented(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let at = name.len().checked_sub(STORAGE.len());
    let Some((below, end)) = at.and_then(|at| name.split_at_checked(at)) else { return false };
    end.eq_ignore_ascii_case(STORAGE)
        && below.split('.').any(|label| {
            label.eq_ignore_ascii_case(STORAGE_LABEL)
                || label.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("s3-"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rented_storage_is_told_by_whole_labels() {
        for name in [
            "bucket.s3.eu-west-1.amazonaws.com",
            "s3.amazonaws.com",
            "b.S3-eu-west-1.AmazonAWS.com.",
        ] {
            assert!(is_rented(name), "{name}");
        }
        for name in [
            "s3.example.com",
            "bucket.s3.eu-west-1.amazonaws.com.evil.example",
            "mys3.eu-west-1.amazonaws.com",
            "elb.amazonaws.com",
            "amazonaws.com",
        ] {
            assert!(!is_rented(name), "{name}");
        }
    }
}
