//! Events as the analyst tells them, made by hand. The bench of the exposition uses them as well.

use std::sync::Arc;

use hikwatch::analyst::{Event, EventKind, FlowDevice, FlowSighting, Tallies, Tally};
use hikwatch::catalogue::{CloudRole, Region, Speaker};
use hikwatch::classify::{Basis, Destination};
use hikwatch::decode::VlanIds;
use hikwatch::device::{DeviceId, DeviceKind, DeviceProfile, Identity};
use hikwatch::flow::{ConnState, Endpoint, FlowCounters, FlowEndReason, FlowId, FlowRecord, Role};
use hikwatch::meter::FlowReport;
use hikwatch::metrics::{Build, Config, Recorder};
use hikwatch::net::{InterfaceId, IpProtocol, MacAddr, Perimeter, Timestamp};

/// A recorder with so many devices, each of which moved bytes in two perimeters and with so many services.
pub(crate) fn crowd(devices: u64, services: u64, config: &Config) -> Recorder {
    let recorder = Recorder::new(config, Build::CURRENT).unwrap();
    let now = Timestamp::from_parts(1_767_225_600, 0);
    for device in 0..devices {
        for service in 0..services {
            let perimeter = usize::from(service % 2 == 0);
            let total = 1_000_000_007 * (service + 1);
            recorder.apply(&flow(now, device, perimeter, service, total, total));
        }
    }
    recorder
}

/// The identifier of a device.
pub(crate) fn id(number: u64) -> DeviceId {
    DeviceId(format!("d-{number:012}").into())
}

/// A flow of a device to a service, with the totals of both so far.
pub(crate) fn flow(
    now: Timestamp,
    device: u64,
    perimeter: usize,
    service: u64,
    of_device: u64,
    of_service: u64,
) -> Event {
    let profile = DeviceProfile {
        mac: Some(MacAddr([0x44, 0xa6, 0x42, 1, 2, 3])),
        identity: Identity {
            vendor: Some("ezviz".into()),
            kind: DeviceKind::Camera,
            confidence: 50,
            ..Identity::default()
        },
        last_seen: now,
        ..DeviceProfile::new(id(device), now)
    };
    let tally = |sent| Tally { sent, received: sent / 10, flows: 1 };
    let sighting = FlowSighting {
        report: FlowReport {
            record: Box::new(FlowRecord {
                id: FlowId(1),
                initiator: Endpoint { ip: "192.0.2.10".parse().unwrap(), port: 49152 },
                responder: Endpoint { ip: "198.51.100.7".parse().unwrap(), port: 443 },
                protocol: IpProtocol::TCP,
                interface: InterfaceId(0),
                vlans: VlanIds::default(),
                tunnel: None,
                initiator_mac: MacAddr::ZERO,
                responder_mac: MacAddr::ZERO,
                flow_start: now,
                flow_end: now,
                forward: FlowCounters::default(),
                reverse: FlowCounters::default(),
                conn_state: ConnState::SF,
            }),
            head: None,
        },
        perimeter: [Perimeter::Outbound, Perimeter::Internal][perimeter],
        device: Some(FlowDevice { profile: Arc::new(profile), role: Role::Initiator }),
        destination: Some(Arc::new(Destination {
            vendor: "ezviz".into(),
            service: format!("service-{service}").into(),
            role: CloudRole::Registration,
            region: Region::Eu,
            speaker: Speaker::Device,
            domain: None,
            confidence: 90,
            basis: Basis::Sni,
            aliases: Arc::default(),
            place: Default::default(),
            steps: Arc::default(),
        })),
        tallies: Some(Tallies { device: tally(of_device), cloud: tally(of_service) }),
        country: None,
        peer: None,
    };
    Event {
        timestamp: now,
        kind: EventKind::FlowEnded { sighting, reason: FlowEndReason::EndOfFlow },
    }
}
