//! Whether a device contradicts itself: one unit does not change its serial number back and forth.
//!
//! Comes in: what each source said of serial number and host name, in order. Goes out: whether two stations seem to
//! use one address. A value that changes once is news (a unit was exchanged, a host renamed) and no sign.

use std::time::Duration;

use super::EvidenceSource;
use super::fact::{Aspect, Sighting};
use crate::net::Timestamp;

/// Values that come back later than this are not counted: what lies so far apart were two owners of an address.
const WINDOW: Duration = Duration::from_secs(3600);

/// Most sources that are followed for each device; guards memory.
const MAX_FOLLOWED: usize = 6;

/// How often a serial number has to come back.
const SERIAL_RETURNS: u8 = 1;

/// How often a host name has to come back: a boot loader may ask for an address under a name of its own.
const HOSTNAME_RETURNS: u8 = 3;

/// What each source said last, and before that.
#[derive(Debug, Default)]
pub(super) struct Alternations {
    followed: Vec<Alternation>,
}

#[derive(Debug)]
struct Alternation {
    source: EvidenceSource,
    aspect: Aspect,
    current: String,
    previous: Option<(String, Timestamp)>,
    returns: u8,
}

impl Alternations {
    /// Takes in what was just seen; tells whether it shows that two stations speak under one address.
    pub(super) fn observe(&mut self, fact: &Sighting<'_>, now: Timestamp) -> bool {
        let aspect = fact.claim.aspect();
        let limit = match aspect {
            Aspect::Serial => SERIAL_RETURNS,
            Aspect::Hostname => HOSTNAME_RETURNS,
            Aspect::Vendor
            | Aspect::Model
            | Aspect::Firmware
            | Aspect::Activated
            | Aspect::Channels
            | Aspect::DefaultLogin => return false,
        };
        let known = self
            .followed
            .iter_mut()
            .find(|known| known.source == fact.source && known.aspect == aspect);
        let Some(known) = known else {
            if self.followed.len() < MAX_FOLLOWED {
                self.followed.push(Alternation {
                    source: fact.source,
                    aspect,
                    current: fact.value.to_owned(),
                    previous: None,
                    returns: 0,
                });
            }
            return false;
        };
        if known.current == fact.value {
            return false;
        }
        let returns = known
            .previous
            .as_ref()
            .is_some_and(|(value, left)| *value == fact.value && now.since(*left) < WINDOW);
        known.returns = if returns { known.returns.saturating_add(1) } else { 0 };
        let left = std::mem::replace(&mut known.current, fact.value.to_owned());
        known.previous = Some((left, now));
        known.returns >= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Claim;

    /// Tells at which of the values a conflict shows.
    fn conflicts(claim: &Claim, values: &[(&str, u64)]) -> Vec<usize> {
        let mut alternations = Alternations::default();
        let observe = |(place, (value, second)): (usize, &(&str, u64))| {
            let now = Timestamp::from_parts(*second, 0);
            let fact = Sighting { source: EvidenceSource::Sadp, claim, value, weight: 50 };
            alternations.observe(&fact, now).then_some(place)
        };
        values.iter().enumerate().filter_map(observe).collect()
    }

    #[test]
    fn a_serial_number_that_comes_back_is_a_sign_and_one_that_changes_is_not() {
        let serial = Claim::Serial;
        assert_eq!(conflicts(&serial, &[("a", 1), ("a", 2), ("b", 3), ("b", 4)]), [0; 0]);
        assert_eq!(conflicts(&serial, &[("a", 1), ("b", 2), ("c", 3)]), [0; 0]);
        assert_eq!(conflicts(&serial, &[("a", 1), ("b", 2), ("a", 3)]), [2]);
        assert_eq!(conflicts(&serial, &[("a", 1), ("b", 2), ("a", 9_000)]), [0; 0]);
    }

    #[test]
    fn a_host_name_has_to_come_back_more_often() {
        let values = [("camera", 1), ("pc", 2), ("camera", 3), ("pc", 4), ("camera", 5)];
        assert_eq!(conflicts(&Claim::Hostname, &values), [4]);
        assert_eq!(conflicts(&Claim::Model, &values), [0; 0]);
    }
}
