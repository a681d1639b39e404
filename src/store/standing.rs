//! An alert that stands, as a row.
//!
//! Comes in: [`KeptAlert`]. Goes out: bytes, and the same alert again. Its device, rule and subject are the key. Closed sets are
//! stored as their labels; a row with one that is not known any more is none.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use crate::alert::{AlertKey, Holding, KeptAlert, Severity, Silence};
use crate::net::Timestamp;

#[derive(Debug, Serialize, Deserialize)]
struct StandingRecord {
    message: String,
    severity: String,
    since: u64,
    seen: u64,
    count: u32,
    acknowledged: bool,
    silence: Option<String>,
    /// Seconds after which it is over; absent for one that waits for its end.
    holds: Option<u64>,
}

/// The row of an alert.
pub(super) fn to_bytes(alert: &KeptAlert) -> Result<Vec<u8>, StoreError> {
    let record = StandingRecord {
        message: alert.message.clone(),
        severity: alert.severity.as_label().to_owned(),
        since: alert.since.as_nanos(),
        seen: alert.seen.as_nanos(),
        count: alert.count,
        acknowledged: alert.acknowledged,
        silence: alert.silence.map(|silence| silence.as_label().to_owned()),
        holds: match alert.holds {
            Holding::UntilCleared => None,
            Holding::For(time) => Some(time.as_secs()),
        },
    };
    postcard::to_stdvec(&record).map_err(StoreError::Encoding)
}

/// The alert of a row.
pub(super) fn from_bytes(key: AlertKey, bytes: &[u8]) -> Option<KeptAlert> {
    let record: StandingRecord = postcard::from_bytes(bytes).ok()?;
    let silence = match record.silence {
        Some(label) => Some(Silence::ALL.into_iter().find(|known| known.as_label() == label)?),
        None => None,
    };
    Some(KeptAlert {
        key,
        message: record.message,
        severity: Severity::ALL.into_iter().find(|known| known.as_label() == record.severity)?,
        since: Timestamp::from_nanos(record.since),
        seen: Timestamp::from_nanos(record.seen),
        count: record.count,
        acknowledged: record.acknowledged,
        silence,
        holds: record
            .holds
            .map_or(Holding::UntilCleared, |time| Holding::For(Duration::from_secs(time))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::trial::standing;

    #[test]
    fn an_alert_is_the_same_after_it_was_stored_and_other_bytes_are_none() {
        let mut alert = standing(1, "CN");
        for (silence, holds) in [
            (None, Holding::UntilCleared),
            (Some(Silence::Quiet), Holding::MOMENT),
            (Some(Silence::Rate), Holding::SPELL),
        ] {
            (alert.silence, alert.holds) = (silence, holds);
            let bytes = to_bytes(&alert).unwrap();

            assert_eq!(from_bytes(alert.key.clone(), &bytes), Some(alert.clone()));
            for cut in 0..bytes.len() {
                assert_eq!(from_bytes(alert.key.clone(), &bytes[..cut]), None);
            }
        }
    }

    #[test]
    fn a_severity_of_another_version_makes_no_alert() {
        let alert = standing(1, "CN");
        let bytes = to_bytes(&alert).unwrap();
        let other: Vec<u8> = String::from_utf8_lossy(&bytes).replace("medium", "medias").into();

        assert!(from_bytes(alert.key.clone(), &bytes).is_some());
        assert_eq!(from_bytes(alert.key, &other), None);
    }
}
