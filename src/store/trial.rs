//! Made-up cameras, events and disks for the tests of this room.

use std::sync::Arc;

use crate::alert::{AlertKey, Holding, KeptAlert, Severity};
use crate::analyst::{Event, EventKind, FlowDevice, FlowSighting, Tallies, Tally};
use crate::catalogue::{CloudRole, Region, Speaker};
use crate::classify::{Basis, Destination};
use crate::decode::VlanIds;
use crate::device::{
    ChangedPart, Claim, DeviceChange, DeviceId, DeviceKind, DeviceProfile, DeviceState, Evidence,
    EvidenceSource, Identity, Presence,
};
use crate::flow::{ConnState, Endpoint, FlowCounters, FlowId, FlowRecord, Role};
use crate::meter::FlowReport;
use crate::net::{InterfaceId, IpProtocol, MacAddr, Perimeter, Timestamp};

pub(super) fn id_of(number: u8) -> DeviceId {
    DeviceId(format!("d-0000000000{number:02x}").into())
}

/// A camera with ten pieces of evidence, as an installed one has after a while.
pub(super) fn camera(number: u8, second: u64) -> DeviceProfile {
    let first_seen = Timestamp::from_parts(500, 0);
    let last_seen = Timestamp::from_parts(second, 123_456_789);
    let vendor = || Claim::Vendor("hikvision".into());
    let evidence = [
        (EvidenceSource::Oui, vendor(), "44:a6:42 Hangzhou Hikvision Digital Technology", 50),
        (EvidenceSource::Sadp, vendor(), "DeviceType 152325, inquiry answered", 55),
        (EvidenceSource::CloudName, vendor(), "dev.hik-connect.example", 45),
        (EvidenceSource::CloudName, vendor(), "litedev.hik-connect.example", 45),
        (EvidenceSource::Http, vendor(), "Server: App-webs/", 30),
        (EvidenceSource::Sadp, Claim::Model, "DS-2CD2385G1-I", 0),
        (EvidenceSource::Sadp, Claim::Serial, "DS-2CD2385G1-I20200414AAWRE33842150", 0),
        (EvidenceSource::Sadp, Claim::Firmware, "V5.6.2build 190701", 0),
        (EvidenceSource::Sadp, Claim::Activated, "true", 0),
        (EvidenceSource::Dhcp, Claim::Hostname, "front-door", 0),
    ];
    let evidence = evidence.into_iter().map(|(source, claim, value, weight)| Evidence {
        source,
        claim,
        value: value.to_owned(),
        weight,
        first_seen,
        last_seen,
        count: u32::try_from(second / 60).unwrap(),
    });
    DeviceProfile {
        mac: Some(MacAddr([0x44, 0xa6, 0x42, 0, 0, number])),
        other_macs: vec![MacAddr([0x44, 0xa6, 0x42, 0, 1, number])],
        addresses: vec![
            format!("192.0.2.{number}").parse().unwrap(),
            format!("fe80::46a6:42ff:fe00:{number:x}").parse().unwrap(),
        ],
        hostname: Some("front-door".to_owned()),
        identity: Identity {
            vendor: Some("hikvision".into()),
            kind: DeviceKind::Camera,
            model: Some("DS-2CD2385G1-I".to_owned()),
            serial: Some("DS-2CD2385G1-I20200414AAWRE33842150".to_owned()),
            firmware: Some("V5.6.2build 190701".to_owned()),
            confidence: 87,
            ..Identity::default()
        },
        evidence: evidence.collect(),
        state: DeviceState {
            presence: Presence::Online,
            activated: Some(true),
            default_login: Some(first_seen),
            channels: Some(4),
            changes: vec![DeviceChange {
                at: last_seen,
                what: ChangedPart::Firmware,
                from: "V5.5.0build 180101".to_owned(),
                to: "V5.6.2build 190701".to_owned(),
            }],
            ..DeviceState::default()
        },
        last_seen,
        ..DeviceProfile::new(id_of(number), first_seen)
    }
}

/// An alert on the camera that stands.
pub(super) fn standing(number: u8, subject: &str) -> KeptAlert {
    KeptAlert {
        key: AlertKey {
            device: id_of(number),
            rule: "new-country".into(),
            subject: subject.into(),
        },
        message: "It speaks to another country".to_owned(),
        severity: Severity::Medium,
        since: Timestamp::from_parts(1_000, 5),
        seen: Timestamp::from_parts(2_000, 7),
        count: 3,
        acknowledged: true,
        silence: None,
        holds: Holding::MOMENT,
    }
}

pub(super) fn touched(number: u8, second: u64) -> Event {
    let profile = Arc::new(camera(number, second));
    Event { timestamp: profile.last_seen, kind: EventKind::DeviceTouched(profile) }
}

/// A flow of the camera to a service; `bytes` is the camera's total so far.
pub(super) fn flow(number: u8, second: u64, service: &str, bytes: u64) -> Event {
    let tally = Tally { sent: bytes, received: 2 * bytes, flows: bytes.div_ceil(1_000) };
    let end = |ip: &str, port| Endpoint { ip: ip.parse().unwrap(), port };
    let sighting = FlowSighting {
        report: FlowReport {
            record: Box::new(FlowRecord {
                id: FlowId(1),
                initiator: end("192.0.2.1", 40_001),
                responder: end("198.51.100.1", 443),
                protocol: IpProtocol::TCP,
                interface: InterfaceId(0),
                vlans: VlanIds::default(),
                tunnel: None,
                initiator_mac: MacAddr::ZERO,
                responder_mac: MacAddr::ZERO,
                flow_start: Timestamp::ZERO,
                flow_end: Timestamp::ZERO,
                forward: FlowCounters::default(),
                reverse: FlowCounters::default(),
                conn_state: ConnState::S1,
            }),
            head: None,
        },
        perimeter: Perimeter::Outbound,
        device: Some(FlowDevice {
            profile: Arc::new(camera(number, second)),
            role: Role::Initiator,
        }),
        destination: Some(Arc::new(Destination {
            vendor: "hikvision".into(),
            service: service.into(),
            role: CloudRole::Control,
            region: Region::Eu,
            speaker: Speaker::Device,
            domain: None,
            confidence: 90,
            basis: Basis::Sni,
            aliases: Arc::default(),
            place: Default::default(),
            steps: Arc::default(),
        })),
        tallies: Some(Tallies { device: tally, cloud: tally }),
        country: None,
        peer: None,
    };
    let kind = EventKind::FlowUpdated { sighting, interim: false };
    Event { timestamp: Timestamp::from_parts(second, 0), kind }
}
