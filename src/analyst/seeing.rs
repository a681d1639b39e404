//! How much of the traffic is seen: what the analyst tells its book of coverage, and what it tells of it.
//!
//! Comes in: records of all flows, totals of the capture. Goes out: the coverage of interfaces and devices.

use std::net::IpAddr;

use super::coverage::{Audience, RecordPart};
use super::machine::Phase;
use super::{Analyst, Coverage, InterfaceCoverage, KernelView};
use crate::device::DeviceRef;
use crate::flow::{FlowRecord, Role};
use crate::net::{InterfaceId, MacAddr, Timestamp};

impl Analyst {
    /// Takes in the totals of the capture on an interface: frames that were read, and frames that were lost before.
    pub fn note_capture(
        &mut self,
        interface: InterfaceId,
        packets: u64,
        drops: u64,
        now: Timestamp,
    ) {
        self.coverage.note_capture(interface, packets, drops, now);
    }

    /// Takes in what the kernel has counted in its flows by now.
    pub fn observe_kernel(&mut self, view: &KernelView, now: Timestamp) {
        self.coverage.observe_kernel(view, now);
    }

    /// Takes in the addresses of this machine, which may have changed.
    pub fn set_own_addresses(&mut self, addresses: Vec<IpAddr>) {
        self.config.own_addresses = addresses;
    }

    /// What was seen in the last hour, by interface.
    #[must_use]
    pub fn coverage(&self) -> Vec<InterfaceCoverage> {
        self.coverage.interfaces().collect()
    }

    /// What was seen in the whole run, by interface.
    #[must_use]
    pub fn coverage_over_all(&self) -> Vec<InterfaceCoverage> {
        self.coverage.interfaces_over_all().collect()
    }

    /// What was seen in the last hour of the device with these addresses.
    #[must_use]
    pub fn coverage_of(&self, ip: IpAddr, mac: MacAddr) -> Option<Coverage> {
        self.registry.find(ip, mac).map(|device| self.coverage.device(device))
    }

    pub(super) fn observe_coverage(
        &mut self,
        record: &FlowRecord,
        devices: [Option<DeviceRef>; 2],
        phase: Phase,
    ) {
        let audience = self.audience(record);
        let part = match phase {
            Phase::Started => {
                self.coverage.begin_flow(record.interface, audience, self.now);
                return;
            }
            Phase::Updated { .. } => RecordPart::Interim,
            Phase::Ended { was_told: true, .. } => RecordPart::Last,
            Phase::Ended { was_told: false, .. } => RecordPart::Whole,
        };
        self.coverage.observe_flow(record, devices, audience, part, self.now);
    }

    /// Who a flow is between. On the way out a router speaks for everybody, so that what it sends there is not its
    /// own.
    fn audience(&self, record: &FlowRecord) -> Audience {
        let is_group = |role| {
            let ip = record.endpoint(role).ip;
            let is_broadcast = match ip {
                IpAddr::V4(v4) => v4.is_broadcast(),
                IpAddr::V6(_) => false,
            };
            ip.is_multicast() || is_broadcast || record.mac(role).is_multicast()
        };
        if is_group(Role::Initiator) || is_group(Role::Responder) {
            return Audience::Group;
        }
        let own = &self.config.own_addresses;
        if own.is_empty() {
            return Audience::Others;
        }
        let (initiator, responder) = record.addresses();
        let is_outside = self.config.uncounted_interfaces.contains(&record.interface);
        if !is_outside && (own.contains(&initiator) || own.contains(&responder)) {
            Audience::Ourselves
        } else {
            Audience::Others
        }
    }
}
