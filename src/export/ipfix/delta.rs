//! What a flow moved since it was last told.
//!
//! Comes in: flow events with totals. Goes out: [`FlowDelta`]s, whose sum over a flow's records is its total, as collectors add
//! records up. It remembers what was told of flows that go on, within a bound; of a flow beyond it only the end is told, whole.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ahash::RandomState;

use super::template::IpVersion;
use crate::analyst::{Event, EventKind, FlowSighting};
use crate::decode::VlanIds;
use crate::flow::{ConnState, Endpoint, FlowCounters, FlowEndReason, FlowId, FlowRecord};
use crate::net::{InterfaceId, IpProtocol, MacAddr, Timestamp};

/// Most flows of which is remembered what was told: guards memory.
pub(crate) const MAX_FLOWS: usize = 65_536;

/// What one direction moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Moved {
    /// IP bytes.
    pub(crate) bytes: u64,
    /// Packets.
    pub(crate) packets: u64,
}

impl Moved {
    const fn of(counters: FlowCounters) -> Self {
        Self { bytes: counters.ip_bytes, packets: counters.packets }
    }

    const fn since(self, earlier: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(earlier.bytes),
            packets: self.packets.saturating_sub(earlier.packets),
        }
    }
}

/// A flow as it is told now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlowDelta {
    /// Ends, times and flags.
    pub(crate) record: FlowRecord,
    /// What the initiator sent since the flow was last told.
    pub(crate) forward: Moved,
    /// What the responder sent since then.
    pub(crate) reverse: Moved,
    /// Why it is told.
    pub(crate) reason: FlowEndReason,
}

impl FlowDelta {
    /// What the addresses are of.
    #[must_use]
    pub(crate) const fn version(&self) -> IpVersion {
        if self.record.initiator.ip.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 }
    }

    /// A flow of nothing, whose fields have the widths of every other of that version.
    pub(crate) fn blank(version: IpVersion) -> Self {
        let ip = match version {
            IpVersion::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpVersion::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let end = Endpoint { ip, port: 0 };
        Self {
            record: FlowRecord {
                id: FlowId(0),
                initiator: end,
                responder: end,
                protocol: IpProtocol::default(),
                interface: InterfaceId(0),
                vlans: VlanIds::default(),
                tunnel: None,
                initiator_mac: MacAddr::ZERO,
                responder_mac: MacAddr::ZERO,
                flow_start: Timestamp::ZERO,
                flow_end: Timestamp::ZERO,
                forward: FlowCounters::default(),
                reverse: FlowCounters::default(),
                conn_state: ConnState::Oth,
            },
            forward: Moved::default(),
            reverse: Moved::default(),
            reason: FlowEndReason::EndOfFlow,
        }
    }
}

/// What was told of the flows that go on.
#[derive(Debug)]
pub(crate) struct FlowDeltas {
    told: HashMap<FlowId, (Moved, Moved), RandomState>,
    max: usize,
}

impl Default for FlowDeltas {
    fn default() -> Self {
        Self::with_room(MAX_FLOWS)
    }
}

impl FlowDeltas {
    /// Remembers at most `max` flows.
    #[must_use]
    pub(crate) fn with_room(max: usize) -> Self {
        Self { told: HashMap::with_hasher(RandomState::new()), max }
    }

    /// Tells whether an event is one that leaves: the end of a flow of concern, or that it goes on and its record is due.
    #[must_use]
    pub(crate) fn wants(event: &Event) -> bool {
        due(event).is_some()
    }

    /// What is to be told of an event, if anything.
    pub(crate) fn apply(&mut self, event: &Event) -> Option<FlowDelta> {
        let (sighting, reason) = due(event)?;
        let record = (*sighting.report.record).clone();
        let now = (Moved::of(record.forward), Moved::of(record.reverse));
        let before = if reason == FlowEndReason::ActiveTimeout {
            if self.told.len() >= self.max && !self.told.contains_key(&record.id) {
                return None;
            }
            self.told.insert(record.id, now)
        } else {
            self.told.remove(&record.id)
        };
        let before = before.unwrap_or_default();
        Some(FlowDelta {
            record,
            forward: now.0.since(before.0),
            reverse: now.1.since(before.1),
            reason,
        })
    }
}

/// The flow of an event that is to be told, and why.
fn due(event: &Event) -> Option<(&FlowSighting, FlowEndReason)> {
    let (sighting, reason) = match &event.kind {
        EventKind::FlowEnded { sighting, reason } => (sighting, *reason),
        EventKind::FlowUpdated { sighting, interim: true } => {
            (sighting, FlowEndReason::ActiveTimeout)
        }
        EventKind::FlowUpdated { interim: false, .. }
        | EventKind::FlowStarted(_)
        | EventKind::DeviceSeen(_)
        | EventKind::DeviceTouched(_)
        | EventKind::MessageRead(_)
        | EventKind::HourJudged(_)
        | EventKind::AlertTold(_) => return None,
    };
    let (from, to) = sighting.report.record.addresses();
    // A record has one version; a flow cannot have two.
    (sighting.is_of_concern() && from.is_ipv4() == to.is_ipv4()).then_some((sighting, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample;

    #[test]
    fn the_records_of_a_flow_add_up_to_its_total() {
        let mut deltas = FlowDeltas::default();
        let told: Vec<_> = [
            sample::flow_goes_on(7, 100, 1000),
            sample::flow_goes_on(7, 250, 1500),
            sample::flow_ended(7, 300, 1600),
        ]
        .iter()
        .filter_map(|event| deltas.apply(event))
        .collect();

        assert_eq!(told.iter().map(|flow| flow.forward.bytes).collect::<Vec<_>>(), [100, 150, 50]);
        assert_eq!(told.iter().map(|flow| flow.reverse.bytes).sum::<u64>(), 1600);
        assert_eq!(told[0].reason, FlowEndReason::ActiveTimeout);
        assert_eq!(told[2].reason, FlowEndReason::EndOfFlow);
        assert!(deltas.told.is_empty());
    }

    #[test]
    fn beyond_the_bound_only_the_end_is_told_and_whole() {
        let mut deltas = FlowDeltas::with_room(1);

        assert!(deltas.apply(&sample::flow_goes_on(1, 10, 10)).is_some());
        assert_eq!(deltas.apply(&sample::flow_goes_on(2, 20, 20)), None);
        assert_eq!(deltas.apply(&sample::flow_ended(2, 30, 30)).unwrap().forward.bytes, 30);
    }

    #[test]
    fn flows_of_no_concern_and_those_that_begin_stay_here() {
        let mut stranger = sample::flow_ended(1, 1, 1);
        let EventKind::FlowEnded { sighting, .. } = &mut stranger.kind else { unreachable!() };
        sighting.device = None;
        sighting.destination = None;

        assert!(!FlowDeltas::wants(&stranger));
        assert!(!FlowDeltas::wants(&sample::flow_started(1)));
        assert!(FlowDeltas::wants(&sample::flow_ended(1, 1, 1)));
    }
}
