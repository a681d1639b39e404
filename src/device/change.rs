//! What changed in a device's life: its firmware, its address.
//!
//! Comes in: what was known and what is known now. Goes out: a bounded list, oldest first. Two sources that spell one
//! firmware in two ways are no change: a source is compared with itself.

use std::net::IpAddr;

use super::EvidenceSource;
use super::fact::Fact;
use crate::net::Timestamp;

/// Most changes that are kept for each device; the oldest go first.
pub(super) const MAX_CHANGES: usize = 8;

/// Something of a device that became something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceChange {
    /// When that was seen.
    pub at: Timestamp,
    /// What changed.
    pub what: ChangedPart,
    /// What it was before, untrusted.
    pub from: String,
    /// What it is since, untrusted.
    pub to: String,
}

/// What may change in a device's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangedPart {
    /// The firmware version that it states.
    Firmware,
    /// The IPv4 address that it uses.
    Address,
}

impl ChangedPart {
    /// The word for it.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Firmware => "firmware",
            Self::Address => "address",
        }
    }

    /// The part of a word.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        [Self::Firmware, Self::Address].into_iter().find(|part| part.as_label() == label)
    }
}

/// The changes of one device, and what they are told by.
#[derive(Debug, Default)]
pub(super) struct Changes {
    list: Vec<DeviceChange>,
    firmware: Option<(EvidenceSource, String)>,
}

impl Changes {
    /// The changes of an earlier run.
    pub(super) fn restored(list: &[DeviceChange]) -> Self {
        Self { list: list.iter().take(MAX_CHANGES).cloned().collect(), firmware: None }
    }

    /// Takes in the firmware that is believed now.
    pub(super) fn observe_firmware(&mut self, fact: Option<&Fact>) {
        let Some(fact) = fact else { return };
        if let Some((source, version)) = &self.firmware {
            if *source == fact.source && *version == fact.value {
                return;
            }
            if *source == fact.source {
                let (from, to) = (version.clone(), fact.value.clone());
                self.push(DeviceChange {
                    at: fact.first_seen,
                    what: ChangedPart::Firmware,
                    from,
                    to,
                });
            }
        }
        self.firmware = Some((fact.source, fact.value.clone()));
    }

    /// Takes in an address that the device did not have, and the one that it used before.
    pub(super) fn observe_address(&mut self, before: Option<IpAddr>, ip: IpAddr, now: Timestamp) {
        if let Some(before) = before.filter(|before| before.is_ipv4() && ip.is_ipv4()) {
            let (from, to) = (before.to_string(), ip.to_string());
            self.push(DeviceChange { at: now, what: ChangedPart::Address, from, to });
        }
    }

    /// Takes in the changes of another entry of the same unit.
    pub(super) fn join(&mut self, other: Self) {
        for change in other.list {
            if !self.list.contains(&change) {
                self.push(change);
            }
        }
        self.list.sort_by_key(|change| change.at);
    }

    pub(super) fn to_vec(&self) -> Vec<DeviceChange> {
        self.list.clone()
    }

    fn push(&mut self, change: DeviceChange) {
        if self.list.len() >= MAX_CHANGES {
            self.list.remove(0);
        }
        self.list.push(change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Claim;
    use crate::device::fact::Sighting;

    fn firmware(source: EvidenceSource, value: &str, second: u64) -> Fact {
        let sighting = Sighting { source, claim: &Claim::Firmware, value, weight: 55 };
        Fact::new(&sighting, Timestamp::from_parts(second, 0))
    }

    #[test]
    fn a_source_that_states_another_version_tells_of_an_update_and_another_source_of_none() {
        let mut changes = Changes::default();
        changes.observe_firmware(Some(&firmware(EvidenceSource::Sadp, "V5.6.2build 190701", 1)));
        changes.observe_firmware(Some(&firmware(EvidenceSource::Ssdp, "V5.6.2", 2)));
        assert_eq!(changes.to_vec(), []);

        changes.observe_firmware(Some(&firmware(EvidenceSource::Ssdp, "V5.7.1", 3)));
        let [change] = &changes.to_vec()[..] else { panic!("one change") };
        assert_eq!((change.what, change.at.as_secs()), (ChangedPart::Firmware, 3));
        assert_eq!((&*change.from, &*change.to), ("V5.6.2", "V5.7.1"));
    }

    #[test]
    fn the_latest_changes_of_addresses_are_kept() {
        let mut changes = Changes::default();
        let ip = |last| IpAddr::from([192, 0, 2, last]);
        changes.observe_address(None, ip(0), Timestamp::ZERO);
        changes.observe_address(Some(ip(0)), "2001:db8::1".parse().unwrap(), Timestamp::ZERO);
        assert_eq!(changes.to_vec(), []);

        for last in 1..=20 {
            let now = Timestamp::from_parts(last.into(), 0);
            changes.observe_address(Some(ip(last - 1)), ip(last), now);
        }
        let list = changes.to_vec();
        assert_eq!(list.len(), MAX_CHANGES);
        assert_eq!(list.last().map(|change| &*change.to), Some("192.0.2.20"));
    }
}
