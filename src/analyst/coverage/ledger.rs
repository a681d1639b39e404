//! The book of what was seen and what was not, by interface and by device.
//!
//! Comes in: records of all flows, counters of the capture, answers of the kernel, the time. Goes out: a [`Coverage`] of
//! the last hour for an interface or a device, and of the whole run. It is bounded, and the same records in the same order give
//! the same answers.

use std::collections::HashMap;

use ahash::RandomState;

use super::evidence::{Evidence, SlidingHour};
use super::kernel::KernelView;
use super::limit::{Coverage, CoverageLimit, OffloadKind};
use super::progress::Step;
use super::told_flows::{RecordPart, ToldFlows};
use super::visibility::{Sight, Visibility};
use crate::device::DeviceRef;
use crate::flow::FlowRecord;
use crate::net::{InterfaceId, IpProtocol, Timestamp};

/// Most interfaces that are kept apart; a capture file can name thousands.
const MAX_INTERFACES: usize = 256;

/// Who a flow is between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// It goes to a group or to everybody.
    Group,
    /// One end is this machine.
    Ourselves,
    /// Two others.
    Others,
}

/// What is known of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterfaceCoverage {
    /// Which.
    pub interface: InterfaceId,
    /// What it sees of the traffic of others; [`Visibility::Idle`] as well while too little was seen to decide.
    pub visibility: Visibility,
    /// Whether that was ever decided.
    pub is_decided: bool,
    /// The share that was seen.
    pub coverage: Coverage,
}

/// Sums what was seen and what was not.
#[derive(Debug)]
pub(crate) struct CoverageLedger {
    flows: ToldFlows,
    interfaces: Vec<OnInterface>,
    devices: HashMap<DeviceRef, OfDevice, RandomState>,
    now: Timestamp,
}

#[derive(Debug, Clone, Copy, Default)]
struct OnInterface {
    hour: SlidingHour,
    whole: Evidence,
    sight: Sight,
    offload: Option<OffloadKind>,
    /// Totals of the capture as last told: frames read, frames lost.
    capture: (u64, u64),
}

#[derive(Debug, Clone, Copy, Default)]
struct OfDevice {
    hour: SlidingHour,
    interface: InterfaceId,
}

impl Default for CoverageLedger {
    fn default() -> Self {
        Self::new()
    }
}

impl CoverageLedger {
    /// A book without an entry.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            flows: ToldFlows::default(),
            interfaces: Vec::new(),
            devices: HashMap::with_hasher(RandomState::new()),
            now: Timestamp::ZERO,
        }
    }

    /// Takes in that a flow between `audience` was seen on an interface for the first time. What its first packet held is
    /// told with the next record.
    pub(crate) fn begin_flow(
        &mut self,
        interface: InterfaceId,
        audience: Audience,
        now: Timestamp,
    ) {
        self.settle(now);
        if let Some(entry) = self.entry(interface) {
            entry.sight.hear();
            if audience == Audience::Others {
                entry.sight.see_begin();
            }
        }
    }

    /// Takes in a record of a flow between `audience`, at whose ends `devices` are.
    pub(crate) fn observe_flow(
        &mut self,
        record: &FlowRecord,
        devices: [Option<DeviceRef>; 2],
        audience: Audience,
        part: RecordPart,
        now: Timestamp,
    ) {
        self.settle(now);
        if let Some(step) = self.flows.take(record, part, self.now) {
            self.count(record, devices, audience, &step);
        }
    }

    /// Takes in the totals of the capture on an interface: frames that were read, and frames that were lost.
    pub(crate) fn note_capture(
        &mut self,
        interface: InterfaceId,
        packets: u64,
        drops: u64,
        now: Timestamp,
    ) {
        self.settle(now);
        let now = self.now;
        let Some(entry) = self.entry(interface) else { return };
        let (read, lost) = entry.capture;
        entry.capture = (packets.max(read), drops.max(lost));
        let (read, lost) = (packets.saturating_sub(read), drops.saturating_sub(lost));
        if read + lost == 0 {
            return;
        }
        entry.sight.hear();
        entry.count(now, |evidence| {
            evidence.captured += read;
            evidence.dropped += lost;
        });
    }

    /// Takes in what the kernel has counted in its flows by now. Whether it forwards flows past the capture is a matter
    /// of all interfaces: flows that are offloaded for long are not known here any more.
    pub(crate) fn observe_kernel(&mut self, view: &KernelView, now: Timestamp) {
        self.settle(now);
        let offload = view.offload();
        for entry in &mut self.interfaces {
            entry.offload = offload;
        }
        let (interfaces, now) = (&mut self.interfaces, self.now);
        self.flows.compare(view, |interface, kernel, seen| {
            if let Some(entry) = interfaces.get_mut(usize::from(interface.0)) {
                entry.count(now, |evidence| {
                    evidence.kernel_bytes += kernel;
                    evidence.kernel_bytes_seen += seen;
                });
            }
        });
    }

    /// Takes in that a flow of a device was seen on an interface and could not be followed.
    pub(crate) fn note_unfollowed(&mut self, interface: InterfaceId, device: DeviceRef) {
        let now = self.now;
        if let Some(entry) = self.entry(interface) {
            entry.count(now, |evidence| evidence.unfollowed += 1);
        }
        if let Some(evidence) = self.devices.entry(device).or_default().hour.part(now) {
            evidence.unfollowed += 1;
        }
    }

    /// Lets time pass.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        for entry in &mut self.interfaces {
            entry.sight.settle(self.now);
        }
    }

    /// Forgets a device.
    pub(crate) fn forget(&mut self, device: DeviceRef) {
        self.devices.remove(&device);
    }

    /// The interfaces with anything to tell, by number, over the last hour.
    pub(crate) fn interfaces(&self) -> impl Iterator<Item = InterfaceCoverage> {
        self.numbered().map(|(interface, entry)| InterfaceCoverage {
            interface,
            visibility: entry.sight.state(),
            is_decided: entry.sight.is_decided(),
            coverage: self.interface(interface),
        })
    }

    /// The interfaces with anything to tell, by number, over the whole run.
    pub(crate) fn interfaces_over_all(&self) -> impl Iterator<Item = InterfaceCoverage> {
        self.numbered().map(|(interface, entry)| InterfaceCoverage {
            interface,
            visibility: entry.sight.over_all(),
            is_decided: true,
            coverage: entry.coverage(&entry.whole, entry.sight.over_all()),
        })
    }

    /// What was seen on an interface in the last hour.
    #[must_use]
    pub(crate) fn interface(&self, interface: InterfaceId) -> Coverage {
        self.interfaces
            .get(usize::from(interface.0))
            .map(|entry| entry.coverage(&entry.hour.sum(self.now), entry.sight.state()))
            .unwrap_or_default()
    }

    /// What was seen of a device in the last hour: its own conversations count where there are enough, else those of
    /// all on its interface count as well; what the capture lost hits it as everybody.
    #[must_use]
    pub(crate) fn device(&self, device: DeviceRef) -> Coverage {
        self.device_that(false, device)
    }

    /// The same of a device of which it is known whether packets of its own to single hosts outside were seen in that hour:
    /// where they come by, more does than what goes to everybody, whatever the latest minutes were like.
    #[must_use]
    pub(crate) fn device_that(&self, spoke: bool, device: DeviceRef) -> Coverage {
        let Some(of_device) = self.devices.get(&device) else { return self.everywhere() };
        let own = of_device.hour.sum(self.now);
        let mut coverage = Coverage::default();
        let everybody = match self.interfaces.get(usize::from(of_device.interface.0)) {
            Some(entry) => {
                let everybody = entry.hour.sum(self.now);
                everybody.judge_capture(&mut coverage);
                entry.judge_place(entry.place(spoke, self.now), &mut coverage);
                everybody
            }
            None => own,
        };
        own.judge_segments(&mut coverage);
        own.judge_sides(&mut coverage);
        own.judge_following(&mut coverage);
        if !own.knows_segments() {
            everybody.judge_segments(&mut coverage);
        }
        if !own.knows_sides() {
            everybody.judge_sides(&mut coverage);
        }
        coverage
    }

    /// What was seen of a device of which no flow was, in the last hour: it is behind one of the interfaces, and nobody
    /// knows which. Where none shows the conversations of others, they can't be judged.
    fn everywhere(&self) -> Coverage {
        let mut coverage = Coverage::default();
        let mut conversed = false;
        for entry in &self.interfaces {
            let (hour, place) = (entry.hour.sum(self.now), entry.place(false, self.now));
            conversed |= matches!(entry.sight.over_all(), Visibility::Full | Visibility::OneWay);
            coverage.join(entry.coverage(&hour, place));
        }
        if !conversed {
            coverage.least(0, CoverageLimit::BroadcastOnly);
        }
        coverage
    }

    fn count(
        &mut self,
        record: &FlowRecord,
        devices: [Option<DeviceRef>; 2],
        audience: Audience,
        step: &Step,
    ) {
        let now = self.now;
        let Step { progress, counts_sides } = step;
        // Of other protocols no number tells what is missing.
        let is_tcp = record.protocol == IpProtocol::TCP;
        if let Some(entry) = self.entry(record.interface) {
            entry.sight.hear();
            if audience == Audience::Others {
                entry.sight.observe(progress.sign);
            }
            if is_tcp {
                entry.count(now, |evidence| progress.add_to(evidence, *counts_sides));
            }
        }
        for device in devices.into_iter().flatten() {
            let of_device = self.devices.entry(device).or_default();
            of_device.interface = record.interface;
            if is_tcp && let Some(evidence) = of_device.hour.part(now) {
                progress.add_to(evidence, *counts_sides);
            }
        }
    }

    fn entry(&mut self, interface: InterfaceId) -> Option<&mut OnInterface> {
        let place = usize::from(interface.0);
        if place >= self.interfaces.len() && place < MAX_INTERFACES {
            let mut entry = OnInterface::default();
            entry.sight.settle(self.now);
            self.interfaces.resize(place + 1, entry);
        }
        self.interfaces.get_mut(place)
    }

    fn numbered(&self) -> impl Iterator<Item = (InterfaceId, &OnInterface)> {
        (0u16..).map(InterfaceId).zip(&self.interfaces)
    }
}

impl OnInterface {
    fn count(&mut self, now: Timestamp, count: impl Fn(&mut Evidence)) {
        count(&mut self.whole);
        if let Some(evidence) = self.hour.part(now) {
            count(evidence);
        }
    }

    /// What it sees of the traffic of others; where conversations come by, more does than what goes to everybody.
    fn place(&self, conversed: bool, now: Timestamp) -> Visibility {
        let state = self.sight.state();
        let conversed = conversed || self.sight.conversed_lately(now);
        if state == Visibility::BroadcastOnly && conversed { Visibility::Full } else { state }
    }

    fn coverage(&self, evidence: &Evidence, visibility: Visibility) -> Coverage {
        let mut coverage = Coverage::default();
        evidence.judge_capture(&mut coverage);
        evidence.judge_segments(&mut coverage);
        evidence.judge_sides(&mut coverage);
        evidence.judge_following(&mut coverage);
        self.judge_place(visibility, &mut coverage);
        coverage
    }

    /// Adds what the place of capture cannot see whatever is lost. Of the conversations of others, a port without a
    /// mirror sees none.
    fn judge_place(&self, visibility: Visibility, coverage: &mut Coverage) {
        match visibility {
            Visibility::BroadcastOnly => coverage.least(0, CoverageLimit::BroadcastOnly),
            Visibility::OneWay => coverage.least(HALF, CoverageLimit::OneSided),
            Visibility::Full | Visibility::Idle => {}
        }
        if let Some(kind) = self.offload {
            coverage.name(CoverageLimit::Offload(kind));
        }
    }
}

/// The share that is seen of conversations from one side, in thousandths.
const HALF: u16 = 500;

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use super::super::kernel::KernelFlow;
    use super::super::told_flows::MAX_FLOWS;
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::decode::{TcpFlags, VlanIds};
    use crate::device::{Registry, Signatures};
    use crate::flow::{ConnState, Endpoint, FlowCounters, FlowId};
    use crate::net::MacAddr;

    const LAN: InterfaceId = InterfaceId(1);

    fn at(second: u64) -> Timestamp {
        Timestamp::from_parts(1_800_000_000 + second, 0)
    }

    /// Devices as the analyst knows them.
    fn devices<const N: usize>() -> [DeviceRef; N] {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        let mut registry = Registry::new(catalogue, Signatures::builtin(), 16);
        let mut number = 0;
        [(); N].map(|()| {
            number += 1;
            let ip = IpAddr::from([192, 0, 2, number]);
            registry.sender(Some(ip), MacAddr([2, 0, 0, 0, 0, number]), at(0)).unwrap()
        })
    }

    /// A TCP flow with `segments` of 100 bytes and as many acknowledgments, of which every `every`th is lost.
    fn flow(id: u64, segments: u64, every: u64) -> FlowRecord {
        let lost = segments / every;
        let end = |text: &str, port| Endpoint { ip: text.parse().unwrap(), port };
        let counters = |payload_bytes, missing_bytes| FlowCounters {
            packets: segments - lost,
            payload_bytes,
            missing_bytes,
            holes: u8::try_from(lost % 256).unwrap(),
            tcp_flags: TcpFlags::ACK,
            ..FlowCounters::default()
        };
        FlowRecord {
            id: FlowId(id),
            initiator: end("192.0.2.1", 40_000),
            responder: end("198.51.100.7", 443),
            protocol: IpProtocol::TCP,
            interface: LAN,
            vlans: VlanIds::default(),
            tunnel: None,
            initiator_mac: MacAddr::ZERO,
            responder_mac: MacAddr::ZERO,
            flow_start: at(0),
            flow_end: at(1),
            forward: counters(100 * (segments - lost), 100 * lost),
            reverse: FlowCounters { holes: 0, ..counters(0, 0) },
            conn_state: ConnState::S1,
        }
    }

    fn one_sided(id: u64) -> FlowRecord {
        let mut record = flow(id, 100, 1_000);
        record.reverse = FlowCounters { missing_bytes: 5_000, ..FlowCounters::default() };
        record
    }

    #[test]
    fn a_device_is_judged_by_its_own_conversations_and_by_those_of_all_when_it_has_few() {
        let [good, bad, quiet] = devices();
        let mut ledger = CoverageLedger::new();
        let mut count = |device, record: FlowRecord| {
            ledger.observe_flow(
                &record,
                [Some(device), None],
                Audience::Others,
                RecordPart::Interim,
                at(1),
            );
        };
        // Of a flow that goes on, the same loss is lost again in each record; each counts once.
        for round in 1..=10 {
            count(good, flow(1, 100 * round, 50));
            count(bad, flow(2, 100 * round, 5));
        }
        count(quiet, flow(3, 4, 1_000));
        assert!(ledger.device(good).permille() >= 950, "{:?}", ledger.device(good));
        let bad = ledger.device(bad);
        assert!(bad.permille() < 900 && bad.has(CoverageLimit::TcpGaps), "{bad:?}");
        let everybody = ledger.interface(LAN);
        assert_eq!(ledger.device(quiet), everybody);
        assert!((850..950).contains(&everybody.permille()), "{everybody:?}");
    }

    #[test]
    fn one_sided_conversations_lower_the_share_and_make_the_interface_one_way() {
        let mut ledger = CoverageLedger::new();
        ledger.observe_flow(
            &flow(1, 100, 1_000),
            [None; 2],
            Audience::Others,
            RecordPart::Interim,
            at(0),
        );
        for id in 2..12 {
            ledger.observe_flow(
                &one_sided(id),
                [None; 2],
                Audience::Others,
                RecordPart::Interim,
                at(1),
            );
        }
        ledger.settle(at(60));
        let known = ledger.interfaces().last().unwrap();
        assert_eq!((known.interface, known.visibility), (LAN, Visibility::OneWay));
        assert!(known.coverage.has(CoverageLimit::OneSided), "{known:?}");
        assert!(!known.coverage.has(CoverageLimit::TcpGaps), "a side is no gap: {known:?}");
        assert!(known.coverage.permille() < 200, "{known:?}");
    }

    #[test]
    fn what_goes_to_ourselves_or_to_everybody_makes_no_place_see() {
        let mut ledger = CoverageLedger::new();
        let [device] = devices();
        ledger.settle(at(0));
        for (id, audience) in [(1, Audience::Group), (2, Audience::Ourselves)] {
            ledger.observe_flow(
                &flow(id, 100, 1_000),
                [Some(device), None],
                audience,
                RecordPart::Interim,
                at(1),
            );
        }
        ledger.note_capture(LAN, 500, 0, at(2));
        ledger.settle(at(70));
        let known = ledger.interfaces().last().unwrap();
        assert_eq!(known.visibility, Visibility::BroadcastOnly);
        assert_eq!(known.coverage.permille(), 0);
        assert!(ledger.device(device).has(CoverageLimit::BroadcastOnly));
    }

    #[test]
    fn lost_frames_count_from_one_total_to_the_next_and_hit_every_device() {
        let mut ledger = CoverageLedger::new();
        let [device] = devices();
        ledger.observe_flow(
            &flow(1, 4, 9),
            [Some(device), None],
            Audience::Others,
            RecordPart::Last,
            at(0),
        );
        ledger.note_capture(LAN, 1_000, 0, at(1));
        ledger.note_capture(LAN, 1_900, 100, at(2));
        ledger.note_capture(LAN, 1_900, 100, at(3));
        assert_eq!(ledger.interface(LAN).permille(), 950);
        assert!(ledger.device(device).has(CoverageLimit::KernelDrops));
        ledger.settle(at(4_800));
        assert_eq!(ledger.interface(LAN), Coverage::default(), "an hour later it is over");
    }

    #[test]
    fn a_forgotten_device_and_a_flow_that_ended_leave_nothing() {
        let mut ledger = CoverageLedger::new();
        let [device] = devices();
        let ends = [Some(device), None];
        ledger.observe_flow(&flow(1, 100, 5), ends, Audience::Others, RecordPart::Interim, at(0));
        ledger.observe_flow(&flow(1, 100, 5), ends, Audience::Others, RecordPart::Last, at(1));
        ledger.forget(device);
        assert_eq!((ledger.flows.len(), ledger.devices.len()), (0, 0));
        assert_eq!(ledger.device(device), ledger.interface(LAN), "as of anybody who was not seen");
    }

    #[test]
    fn the_kernel_is_ahead_when_a_flow_goes_on_unseen_and_not_when_we_are_late() {
        for (is_unseen, expected) in [(false, 1000), (true, 500)] {
            let mut ledger = CoverageLedger::new();
            for round in 0..=20u64 {
                let (counted, now) = (round * 100_000, at(15 * round));
                // What is told here is ten seconds old.
                let told = counted.saturating_sub(66_000);
                let mut record = flow(1, 100, 1_000);
                record.forward.ip_bytes = if is_unseen { told.min(1_000_000) } else { told };
                ledger.observe_flow(&record, [None; 2], Audience::Others, RecordPart::Interim, now);
                let [one, other] = [record.initiator, record.responder];
                let translated = Endpoint { ip: "203.0.113.9".parse().unwrap(), ..one };
                let kernel = KernelFlow {
                    protocol: IpProtocol::TCP,
                    original: [one, other],
                    reply: [other, translated],
                    bytes: Some(counted),
                    offload: None,
                };
                ledger.observe_kernel(&KernelView { flows: vec![kernel] }, now);
            }
            let coverage = ledger.interface(LAN);
            assert_eq!(coverage.has(CoverageLimit::ConntrackAhead), is_unseen);
            assert!(coverage.permille().abs_diff(expected) < 60, "{coverage:?}");
        }
    }

    #[test]
    fn offload_is_named_while_the_kernel_tells_of_it_and_hardware_first() {
        let mut ledger = CoverageLedger::new();
        ledger.note_capture(LAN, 1, 0, at(0));
        let view = |kinds: &[Option<OffloadKind>]| {
            let end = flow(1, 1, 9).initiator;
            let flow = |offload: &Option<OffloadKind>| KernelFlow {
                protocol: IpProtocol::UDP,
                original: [end; 2],
                reply: [end; 2],
                bytes: None,
                offload: *offload,
            };
            KernelView { flows: kinds.iter().map(flow).collect() }
        };
        let both = [None, Some(OffloadKind::Flowtable), Some(OffloadKind::Hardware)];
        ledger.observe_kernel(&view(&both[..2]), at(1));
        assert!(ledger.interface(LAN).has(CoverageLimit::Offload(OffloadKind::Flowtable)));
        ledger.observe_kernel(&view(&both), at(2));
        assert!(ledger.interface(LAN).has(CoverageLimit::Offload(OffloadKind::Hardware)));
        ledger.observe_kernel(&view(&both[..1]), at(3));
        assert_eq!(ledger.interface(LAN), Coverage::default());
    }

    #[test]
    fn floods_of_flows_and_interfaces_are_bounded() {
        let mut ledger = CoverageLedger::new();
        let full = u64::try_from(MAX_FLOWS).unwrap();
        for id in 0..full + 100 {
            ledger.observe_flow(
                &flow(id, 1, 9),
                [None; 2],
                Audience::Others,
                RecordPart::Interim,
                at(0),
            );
        }
        assert_eq!(ledger.flows.len(), MAX_FLOWS);
        // Their ends were lost: hours later there is room again.
        ledger.observe_flow(
            &flow(full, 1, 9),
            [None; 2],
            Audience::Others,
            RecordPart::Interim,
            at(9_000),
        );
        assert_eq!(ledger.flows.len(), 1);
        for number in 0..=u16::MAX {
            ledger.note_capture(InterfaceId(number), 1, 0, at(9_000));
        }
        assert_eq!(ledger.interfaces.len(), MAX_INTERFACES);
    }
}
