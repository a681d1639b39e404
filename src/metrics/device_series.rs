//! What the series of one device show, or those that several devices share.
//!
//! Comes in: growth of tallies. Goes out: sums that only grow. Every set in it is bounded.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::slug::slug;
use crate::analyst::Tally;
use crate::classify::Destination;
use crate::net::{Perimeter, Timestamp};

/// Most cloud services with series of their own in one row; further ones share one. A camera speaks to a dozen; guards the
/// number of series against a catalogue of endless services.
pub(crate) const MAX_CLOUDS: usize = 24;

/// The labels behind `device` in its `_info` series: firmware, kind, MAC, model, name, OEM, vendor.
pub(crate) type IdentityLabels = [String; 7];

/// The series of one device, or those that several share.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeviceRow {
    /// Who the device is; absent for one without a vendor, and where several share a row.
    pub(crate) identity: Option<Arc<IdentityLabels>>,
    /// How sure that is, and when the device was last heard of.
    pub(crate) sureness: Option<(f64, Timestamp)>,
    /// By the order of [`Perimeter::ALL`].
    pub(crate) bytes: [Counted; 4],
    /// By service.
    pub(crate) clouds: BTreeMap<CloudLabels, Counted>,
    /// When each rule fired last; there are as many as there are rules.
    pub(crate) fired: BTreeMap<Box<str>, Timestamp>,
}

/// A tally that only grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) tally: Tally,
    /// When the first of it was counted.
    pub(crate) since: Option<Timestamp>,
}

/// The labels of a cloud service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CloudLabels {
    pub(crate) vendor: Arc<str>,
    /// Absent where services are not told apart.
    pub(crate) service: Option<Arc<str>>,
    pub(crate) role: &'static str,
    pub(crate) region: &'static str,
}

impl DeviceRow {
    /// Adds bytes of a perimeter.
    pub(crate) fn add_bytes(&mut self, perimeter: Perimeter, more: Tally, now: Timestamp) {
        let place = Perimeter::ALL.iter().position(|known| *known == perimeter);
        if let Some(counted) = place.and_then(|place| self.bytes.get_mut(place)) {
            counted.add(more, Some(now));
        }
    }

    /// Adds what went to and came from a service. One that has series keeps them; a new one beyond `max` has none.
    pub(crate) fn add_cloud(
        &mut self,
        labels: CloudLabels,
        max: usize,
        more: Tally,
        since: Option<Timestamp>,
    ) {
        let is_full = self.clouds.len() >= max && !self.clouds.contains_key(&labels);
        let labels = if is_full { labels.other() } else { labels };
        self.clouds.entry(labels).or_default().add(more, since);
    }

    /// Takes over what another row has counted.
    pub(crate) fn absorb(&mut self, row: &Self, max_clouds: usize) {
        for (mine, theirs) in self.bytes.iter_mut().zip(&row.bytes) {
            mine.add(theirs.tally, theirs.since);
        }
        for (labels, counted) in &row.clouds {
            self.add_cloud(labels.clone(), max_clouds, counted.tally, counted.since);
        }
    }
}

impl Counted {
    fn add(&mut self, more: Tally, since: Option<Timestamp>) {
        if more == Tally::default() {
            return;
        }
        self.tally = self.tally.plus(more);
        self.since = match (self.since, since) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
    }
}

impl CloudLabels {
    /// The labels of a destination, with the service or without.
    pub(crate) fn of(destination: &Destination, with_service: bool) -> Self {
        Self {
            vendor: plain(&destination.vendor),
            service: with_service.then(|| plain(&destination.service)),
            role: destination.role.as_label(),
            region: destination.region.as_label(),
        }
    }

    /// The labels of all services that have none of their own.
    fn other(&self) -> Self {
        Self {
            vendor: "other".into(),
            service: self.service.as_ref().map(|_| "other".into()),
            role: "unknown",
            region: "unknown",
        }
    }
}

/// The name itself where it is fit to be a label.
fn plain(name: &Arc<str>) -> Arc<str> {
    let label = slug(name);
    if *label == **name { Arc::clone(name) } else { label.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_beyond_the_bound_share_series_and_lose_nothing() {
        let mut row = DeviceRow::default();
        let labels = |number: u64| CloudLabels {
            vendor: "ezviz".into(),
            service: Some(format!("s-{number}").into()),
            role: "api",
            region: "eu",
        };
        let tally = Tally { sent: 1, received: 2, flows: 3 };

        for number in [1, 2, 3, 1, 4] {
            row.add_cloud(labels(number), 2, tally, Some(Timestamp::from_parts(number, 0)));
        }

        let shown: Vec<_> = row
            .clouds
            .iter()
            .map(|(labels, counted)| {
                (labels.service.as_deref(), counted.tally.flows, counted.since)
            })
            .collect();
        let at = |seconds| Some(Timestamp::from_parts(seconds, 0));
        assert_eq!(
            shown,
            [(Some("s-1"), 6, at(1)), (Some("s-2"), 3, at(2)), (Some("other"), 6, at(3))]
        );
    }
}
