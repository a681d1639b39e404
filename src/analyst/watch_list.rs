//! The live flows of concern, each with its verdict and with what was already credited.
//!
//! Comes in: reports of flows. Goes out: what to credit. Each byte and each flow is credited once to a device and once to a service.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ahash::RandomState;

use super::ledger::Amount;
use crate::catalogue::CloudRole;
use crate::classify::activity::Moved;
use crate::classify::{Destination, PayloadSign, SignWord};
use crate::flow::{FlowId, FlowRecord, Role};
use crate::net::Timestamp;

/// A flow that was not told of for this long has ended without a word: its end was lost on the way.
const SILENCE: Duration = Duration::from_secs(2 * 3600);

/// When the list is full, silent flows are looked for at most this often.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// Seconds of the hours that roles are counted in.
const HOUR: u64 = 3_600;

/// A flow of concern.
#[derive(Debug)]
pub(super) struct WatchedFlow {
    /// The service at the far end, as far as it is known.
    pub(super) destination: Option<Arc<Destination>>,
    /// What its payload says of the far end, the surest so far.
    pub(super) sign: Option<PayloadSign>,
    /// The verdict does not know yet of the sign.
    pub(super) sign_is_new: bool,
    /// The verdict knows of the head.
    pub(super) head_is_known: bool,
    of_initiator: Credit,
    of_responder: Credit,
    of_cloud: Credit,
    of_hour: Credit,
    of_hour_payload: u64,
    /// The role and the hour that it was counted in last as a flow.
    counted_in: Option<(CloudRole, u64)>,
    last_told: Timestamp,
}

/// What was credited so far, by who sent it.
#[derive(Debug, Clone, Copy, Default)]
struct Credit {
    forward: u64,
    reverse: u64,
    flow: bool,
}

/// The list.
#[derive(Debug)]
pub(super) struct WatchList {
    flows: HashMap<FlowId, WatchedFlow, RandomState>,
    max: usize,
    refused: u64,
    next_sweep: Timestamp,
}

impl WatchList {
    pub(super) fn new(max: usize) -> Self {
        Self {
            flows: HashMap::with_hasher(RandomState::new()),
            max: max.max(1),
            refused: 0,
            next_sweep: Timestamp::ZERO,
        }
    }

    pub(super) const fn set_max(&mut self, max: usize) {
        self.max = if max == 0 { 1 } else { max };
    }

    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }

    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) fn get(&self, flow: FlowId) -> Option<&WatchedFlow> {
        self.flows.get(&flow)
    }

    pub(super) fn get_mut(&mut self, flow: FlowId) -> Option<&mut WatchedFlow> {
        self.flows.get_mut(&flow)
    }

    /// The entry of a flow of concern; absent when there is no room.
    pub(super) fn watch(&mut self, flow: FlowId, now: Timestamp) -> Option<&mut WatchedFlow> {
        if !self.flows.contains_key(&flow) && !self.has_room(now) {
            self.refused += 1;
            return None;
        }
        let entry = self.flows.entry(flow).or_insert_with(|| WatchedFlow {
            destination: None,
            sign: None,
            sign_is_new: false,
            head_is_known: false,
            of_initiator: Credit::default(),
            of_responder: Credit::default(),
            of_cloud: Credit::default(),
            of_hour: Credit::default(),
            of_hour_payload: 0,
            counted_in: None,
            last_told: now,
        });
        entry.last_told = now;
        Some(entry)
    }

    pub(super) fn end(&mut self, flow: FlowId) {
        self.flows.remove(&flow);
    }

    fn has_room(&mut self, now: Timestamp) -> bool {
        if self.flows.len() >= self.max && now >= self.next_sweep {
            self.next_sweep = now.plus(SWEEP_INTERVAL);
            self.flows.retain(|_, flow| now.since(flow.last_told) < SILENCE);
        }
        self.flows.len() < self.max
    }
}

impl WatchedFlow {
    /// What the flow moved since the last time, for the device at the end with `role`. A device that is known late
    /// is credited with the whole flow.
    pub(super) fn settle_end(&mut self, role: Role, record: &FlowRecord) -> Amount {
        let credit = match role {
            Role::Initiator => &mut self.of_initiator,
            Role::Responder => &mut self.of_responder,
        };
        credit.settle(role, record)
    }

    /// What the flow moved since the last time, for the service at its far end, as the device with `role` sees it.
    ///
    /// A verdict that comes late is credited with the whole flow; one that replaces another only with
    /// what follows.
    pub(super) fn settle_cloud(&mut self, role: Role, record: &FlowRecord) -> Option<Amount> {
        self.destination.is_some().then(|| self.of_cloud.settle(role, record))
    }
}

impl WatchedFlow {
    /// Takes a sign in. One that says nothing alone is understood only with a surer one of the same framing.
    pub(super) fn note_sign(&mut self, sign: PayloadSign) -> bool {
        let known = self.sign.filter(|known| known.framing == sign.framing);
        if sign.confidence == 0 && known.is_none() {
            return false;
        }
        if self.sign.is_none_or(|known| known.confidence < sign.confidence) {
            self.sign = Some(sign);
            self.sign_is_new = true;
        } else if let Some(known) = &mut self.sign
            && known.framing == sign.framing
            && known.word != sign.word
        {
            known.word = sign.word;
        }
        true
    }

    /// Tells whether the server refused the device in this flow.
    pub(super) fn is_refused(&self) -> bool {
        self.sign.is_some_and(|sign| matches!(sign.word, SignWord::Refused(_)))
    }

    /// What the flow moved since the last time, for the hour of the device with `role`. It counts as a flow once in each
    /// hour and role of the cloud, however late its verdict comes.
    pub(super) fn settle_hour(
        &mut self,
        role: Role,
        record: &FlowRecord,
        cloud: Option<CloudRole>,
    ) -> Moved {
        let Amount { sent, received, .. } = self.of_hour.settle(role, record);
        let place = cloud.map(|cloud| (cloud, record.flow_end.as_secs() / HOUR));
        let is_new = place.is_some() && place != self.counted_in;
        self.counted_in = place.or(self.counted_in);
        let payload = record.sent_by(role.other()).payload_bytes;
        let received_payload = payload.saturating_sub(self.of_hour_payload);
        self.of_hour_payload = self.of_hour_payload.max(payload);
        Moved { sent, received, received_payload, flows: u32::from(is_new) }
    }
}

impl Credit {
    fn settle(&mut self, role: Role, record: &FlowRecord) -> Amount {
        let (forward, reverse) = (record.forward.ip_bytes, record.reverse.ip_bytes);
        let new_forward = forward.saturating_sub(self.forward);
        let new_reverse = reverse.saturating_sub(self.reverse);
        self.forward = self.forward.max(forward);
        self.reverse = self.reverse.max(reverse);
        let flows = u64::from(!std::mem::replace(&mut self.flow, true));
        match role {
            Role::Initiator => Amount { sent: new_forward, received: new_reverse, flows },
            Role::Responder => Amount { sent: new_reverse, received: new_forward, flows },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Region, Speaker};
    use crate::classify::Basis;
    use crate::decode::VlanIds;
    use crate::flow::{ConnState, Endpoint, FlowCounters};
    use crate::net::{InterfaceId, IpProtocol, MacAddr};

    fn record(forward: u64, reverse: u64) -> FlowRecord {
        let end = |ip: &str| Endpoint { ip: ip.parse().unwrap(), port: 443 };
        let counters = |ip_bytes| FlowCounters { ip_bytes, ..FlowCounters::default() };
        FlowRecord {
            id: FlowId(1),
            initiator: end("192.168.1.64"),
            responder: end("203.0.113.5"),
            protocol: IpProtocol::TCP,
            interface: InterfaceId(0),
            vlans: VlanIds::default(),
            tunnel: None,
            initiator_mac: MacAddr::ZERO,
            responder_mac: MacAddr::ZERO,
            flow_start: Timestamp::ZERO,
            flow_end: Timestamp::ZERO,
            forward: counters(forward),
            reverse: counters(reverse),
            conn_state: ConnState::S1,
        }
    }

    fn destination(service: &str) -> Arc<Destination> {
        Arc::new(Destination {
            vendor: "ezviz".into(),
            service: service.into(),
            role: CloudRole::Unknown,
            region: Region::Unknown,
            speaker: Speaker::Device,
            domain: None,
            aliases: Arc::default(),
            place: Default::default(),
            confidence: 80,
            basis: Basis::Dns,
            steps: Arc::default(),
        })
    }

    fn settle(flow: &mut WatchedFlow, role: Role, record: &FlowRecord) -> (Amount, Option<Amount>) {
        (flow.settle_end(role, record), flow.settle_cloud(role, record))
    }

    #[test]
    fn each_end_is_credited_on_its_own() {
        let mut list = WatchList::new(4);
        let flow = list.watch(FlowId(1), Timestamp::ZERO).unwrap();

        let recorder = flow.settle_end(Role::Initiator, &record(10, 1000));
        let camera = flow.settle_end(Role::Responder, &record(10, 1000));

        assert_eq!(recorder, Amount { sent: 10, received: 1000, flows: 1 });
        assert_eq!(camera, Amount { sent: 1000, received: 10, flows: 1 });
    }

    #[test]
    fn a_late_verdict_is_credited_with_all_and_its_successor_with_what_follows() {
        let mut list = WatchList::new(4);
        let flow = list.watch(FlowId(1), Timestamp::ZERO).unwrap();

        let first = settle(flow, Role::Initiator, &record(100, 10));
        flow.destination = Some(destination("a"));
        let late = settle(flow, Role::Initiator, &record(150, 20));
        flow.destination = Some(destination("b"));
        let after = settle(flow, Role::Initiator, &record(160, 25));

        let amount = |sent, received, flows| Amount { sent, received, flows };
        assert_eq!(first, (amount(100, 10, 1), None));
        assert_eq!(late, (amount(50, 10, 0), Some(amount(150, 20, 1))));
        assert_eq!(after, (amount(10, 5, 0), Some(amount(10, 5, 0))));
    }

    #[test]
    fn a_flow_counts_once_in_each_hour_and_role_also_when_its_verdict_comes_late() {
        let mut list = WatchList::new(4);
        let flow = list.watch(FlowId(1), Timestamp::ZERO).unwrap();
        let mut flows = |cloud, seconds| {
            let flow_end = Timestamp::from_parts(seconds, 0);
            let record = FlowRecord { flow_end, ..record(100, 10) };
            flow.settle_hour(Role::Initiator, &record, cloud).flows
        };

        assert_eq!(flows(None, 10), 0);
        assert_eq!(flows(Some(CloudRole::P2p), 20), 1);
        assert_eq!(flows(Some(CloudRole::P2p), 30), 0);
        assert_eq!(flows(Some(CloudRole::P2p), 3_700), 1, "the next hour");
        assert_eq!(flows(Some(CloudRole::Relay), 3_710), 1, "another role");
    }

    #[test]
    fn a_report_that_comes_late_takes_nothing_away_and_is_not_counted_again() {
        let mut list = WatchList::new(4);
        let flow = list.watch(FlowId(1), Timestamp::ZERO).unwrap();

        settle(flow, Role::Responder, &record(100, 100));
        assert_eq!(settle(flow, Role::Responder, &record(60, 60)).0, Amount::default());
        let caught_up = settle(flow, Role::Responder, &record(100, 101)).0;

        assert_eq!(caught_up, Amount { sent: 1, received: 0, flows: 0 });
    }

    #[test]
    fn flows_whose_end_was_lost_make_room_after_long_silence() {
        let mut list = WatchList::new(1);
        let start = Timestamp::from_parts(1_000, 0);

        assert!(list.watch(FlowId(1), start).is_some());
        assert!(list.watch(FlowId(2), start.plus(SILENCE / 2)).is_none());
        assert!(list.watch(FlowId(2), start.plus(SILENCE)).is_some());
        assert_eq!((list.len(), list.refused()), (1, 1));
    }
}
