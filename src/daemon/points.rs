//! One list of interfaces over all sources of a run.

use crate::capture::ObservationPoint;
use crate::net::InterfaceId;

/// Gives the interfaces of each source numbers of their own in the run, one source after the other.
#[derive(Debug, Default)]
pub(super) struct PointList {
    points: Vec<ObservationPoint>,
    /// Number of the current source's first interface.
    base: usize,
}

impl PointList {
    /// All interfaces so far, by number.
    pub(super) fn points(&self) -> &[ObservationPoint] {
        &self.points
    }

    /// Begins another source.
    pub(super) const fn next_source(&mut self) {
        self.base = self.points.len();
    }

    /// The run's number of the current source's interface `own`.
    pub(super) fn number(&self, own: InterfaceId) -> InterfaceId {
        let base = u16::try_from(self.base).unwrap_or(u16::MAX);
        InterfaceId(base.saturating_add(own.0))
    }

    /// Learns the interfaces that the current source has found by now.
    pub(super) fn learn(&mut self, found: &[ObservationPoint]) {
        let known = self.points.len() - self.base;
        self.points.extend(found.iter().skip(known).cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_has_numbers_of_its_own() {
        let point = |name: &str| ObservationPoint { name: name.to_owned() };
        let mut list = PointList::default();
        list.learn(&[point("eth0")]);
        list.learn(&[point("eth0"), point("eth1")]);
        assert_eq!(list.number(InterfaceId(1)), InterfaceId(1));

        list.next_source();
        list.learn(&[point("eth0")]);
        assert_eq!(list.number(InterfaceId(0)), InterfaceId(2));
        assert_eq!(list.points().len(), 3);
    }
}
