//! What a device did before -> a draft for a flow that nothing names.
//!
//! Comes in: the steps of the device, and the shape of the flow. Goes out: a draft that lists the steps, or nothing. A
//! reasoned guess from behaviour is never as sure as a name: without an answer of the far end, or without a step taken from
//! the very same port, it stays below 50.
//!
//! A hole in a NAT is punched from the port whose public face the STUN server told (RFC 5128, 3.3), so the flow to
//! the peer leaves the device by the port of the STUN or peer-to-peer step: that is what tells it from anything else.

use std::time::Duration;

use super::draft::{Draft, service_of};
use super::trail::{StepKind, TrailStep};
use super::{Basis, Step, Unit, Witnesses};
use crate::catalogue::{CloudRole, Region, Speaker};
use crate::net::IpProtocol;

/// How long after a STUN or peer-to-peer step its port still explains a flow: bindings of NATs for UDP may end after
/// 2 minutes (RFC 4787, 4.3), and devices refresh them.
const PORT_WINDOW: Duration = Duration::from_secs(180);
/// The same for a flow from another port.
const STEP_WINDOW: Duration = Duration::from_secs(30);
/// How long after the registration the device connects to what it was assigned; measured: less than a second (`cp4`).
const ASSIGNED_WINDOW: Duration = Duration::from_secs(30);
/// How long a silent control channel counts as kept: twice its longest keep-alive (90 s).
const CONTROL_WINDOW: Duration = Duration::from_secs(180);
/// Ports of the far end that are services, and no peer behind a NAT.
const LAST_SYSTEM_PORT: u16 = 1023;
/// Services above those that run over UDP: VPNs, STUN of others, push, discovery (IANA service names).
const OTHER_SERVICES: [u16; 9] = [1194, 1701, 1812, 1900, 3478, 3479, 4500, 5353, 51_820];

/// The flow leaves by the port of a step.
const SAME_PORT: u8 = 70;
/// It only follows one.
const FOLLOWS: u8 = 40;
/// More where it was preceded by both kinds of steps.
const BOTH_STEPS: u8 = 8;
/// More where it looks like video: the weakest witness.
const LOOKS: u8 = 8;
/// At most while nobody answers: an attempt.
const UNANSWERED: u8 = 30;
/// At most without a step from the same port.
const WITHOUT_PORT: u8 = 48;
/// A relay: a known port, reached without a name, by a device that keeps a control channel.
const RELAY_PORT: u8 = 58;
/// The same on another port, when it looks like video: so does a recording that its owner has sent somewhere.
const RELAY_SHAPE: u8 = 22;
/// What the registration assigned.
const ASSIGNED: u8 = 45;

/// A peer that the device reached through a hole in the NAT.
pub(super) fn peer(witnesses: &Witnesses<'_>) -> Option<Draft> {
    let unit = witnesses.unit?;
    if witnesses.protocol != IpProtocol::UDP
        || witnesses.is_named()
        || witnesses.far_end.port <= LAST_SYSTEM_PORT
        || OTHER_SERVICES.contains(&witnesses.far_end.port)
        // A single datagram may yet turn out to be a question to a server.
        || unit.shape.sent.packets + unit.shape.received.packets < 2
        || unit.trail.leads_to(witnesses.far_end)
    {
        return None;
    }
    let from_port = unit.trail.from_port(unit.own_port, unit.started, PORT_WINDOW);
    let latest = |kind| unit.trail.before(kind, unit.started, STEP_WINDOW);
    let step = from_port.or_else(|| latest(StepKind::P2p)).or_else(|| latest(StepKind::Stun))?;
    let before = |kind| unit.trail.before(kind, unit.started, PORT_WINDOW);
    let earlier = match step.kind {
        StepKind::P2p => before(StepKind::Stun),
        StepKind::Stun => before(StepKind::P2p),
        StepKind::Registration | StepKind::Control | StepKind::Broker => None,
    };
    let mut confidence = if from_port.is_some() { SAME_PORT } else { FOLLOWS };
    let mut draft = correlated(witnesses, unit, step, CloudRole::P2p, "p2p-peer");
    if let Some(earlier) = earlier {
        confidence += BOTH_STEPS;
        draft.step(Basis::Correlation, before_that(earlier, unit));
    }
    draft.step(
        Basis::Correlation,
        if from_port.is_some() {
            format!(
                "from the same port {}, it went on to an address that no name led to",
                unit.own_port
            )
        } else {
            "then, from another port, it went to an address that no name led to".to_owned()
        },
    );
    confidence = with_shape(&mut draft, unit, confidence);
    let is_vendors = step.is_vendors || earlier.is_some_and(|earlier| earlier.is_vendors);
    if !is_vendors {
        draft.step(
            Basis::Correlation,
            "the servers of these steps are not known to be the vendor's",
        );
    }
    if from_port.is_none() || !is_vendors {
        confidence = confidence.min(WITHOUT_PORT);
    }
    if !unit.shape.is_answered() {
        draft.step(Basis::Correlation, "nobody has answered there");
        confidence = confidence.min(UNANSWERED);
    }
    draft.confidence = confidence;
    Some(draft)
}

/// A relay of video: what the port says, or the shape, beside a control channel.
pub(super) fn relay(witnesses: &Witnesses<'_>, port: Option<Draft>) -> Option<Draft> {
    let unit = witnesses.unit.filter(|unit| unit.initiated)?;
    if witnesses.protocol != IpProtocol::TCP || witnesses.is_named() {
        return None;
    }
    let control = unit
        .trail
        .before(StepKind::Control, unit.started, CONTROL_WINDOW)
        .or_else(|| unit.trail.before(StepKind::Registration, unit.started, CONTROL_WINDOW))?;
    if unit.trail.leads_to(witnesses.far_end) {
        return None;
    }
    let by_port = port.filter(|draft| draft.role == CloudRole::Relay);
    let is_known_port = by_port.is_some();
    if !is_known_port && !unit.shape.looks_like_video() {
        return None;
    }
    let mut draft = correlated(witnesses, unit, control, CloudRole::Relay, "relay");
    if let Some(by_port) = by_port {
        draft.service = by_port.service;
        draft.steps.extend(by_port.steps);
    } else {
        draft.step(Basis::Correlation, "it went on to an address that no name led to");
    }
    let base = if is_known_port { RELAY_PORT } else { RELAY_SHAPE };
    draft.confidence = with_shape(&mut draft, unit, base);
    // Another site of the owner may have the same port; what it does not get is video.
    if !unit.shape.looks_like_video() {
        draft.confidence = draft.confidence.min(WITHOUT_PORT);
    }
    if !unit.shape.is_answered() {
        draft.step(Basis::Correlation, "nobody has answered there");
        draft.confidence = draft.confidence.min(UNANSWERED);
    }
    Some(draft)
}

/// The control server that a registration, whose answer is encrypted, handed out.
pub(super) fn assigned(witnesses: &Witnesses<'_>) -> Option<Draft> {
    let unit = witnesses.unit.filter(|unit| unit.initiated)?;
    // A stray end of a conversation with somebody outside looks like a beginning, but nothing comes back.
    if witnesses.protocol != IpProtocol::TCP
        || !unit.shape.is_answered()
        || unit.own_port <= LAST_SYSTEM_PORT
        || witnesses.is_named()
        || unit.trail.leads_to(witnesses.far_end)
    {
        return None;
    }
    let registration = unit.trail.before(StepKind::Registration, unit.started, ASSIGNED_WINDOW)?;
    let mut draft = correlated(witnesses, unit, registration, CloudRole::Control, "das");
    draft.step(
        Basis::Correlation,
        "then it went to an address that no name led to, as one does that the registration assigned",
    );
    draft.confidence = ASSIGNED;
    Some(draft)
}

fn with_shape(draft: &mut Draft, unit: Unit<'_>, confidence: u8) -> u8 {
    if !unit.shape.looks_like_video() {
        return confidence;
    }
    draft.step(
        Basis::Correlation,
        "what it sends there has the shape of video (rate, size and direction of packets: the weakest witness)",
    );
    confidence + LOOKS
}

fn correlated(
    witnesses: &Witnesses<'_>,
    unit: Unit<'_>,
    step: &TrailStep,
    role: CloudRole,
    function: &str,
) -> Draft {
    let vendor = unit.trail.vendor().unwrap_or(&step.vendor);
    let before = unit.started.since(step.latest).as_secs();
    let when = if unit.started <= step.latest {
        "all the while".to_owned()
    } else {
        format!("{before} s before")
    };
    let text = format!("{when} {} {}", step.kind.describe(), place_of(step));
    Draft {
        vendor: vendor.clone(),
        service: service_of(vendor, function),
        role,
        region: Region::Unknown,
        speaker: if witnesses.protocol == IpProtocol::UDP {
            Speaker::Both
        } else {
            Speaker::Device
        },
        domain: None,
        aliases: [].into(),
        confidence: 0,
        steps: vec![Step { basis: Basis::Correlation, text: text.into() }],
    }
}

fn before_that(step: &TrailStep, unit: Unit<'_>) -> String {
    let before = unit.started.since(step.latest).as_secs();
    format!("and {before} s before the flow began {} {}", step.kind.describe(), place_of(step))
}

fn place_of(step: &TrailStep) -> String {
    match &step.name {
        Some(name) => format!("{name} ({}:{})", step.server.ip, step.server.port),
        None => format!("{}:{}", step.server.ip, step.server.port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::classify::trail::Trail;
    use crate::classify::{Destination, FlowShape, Volume, classify};
    use crate::flow::Endpoint;
    use crate::geo::Geo;
    use crate::net::Timestamp;

    const START: Timestamp = Timestamp::from_parts(1_000, 0);
    /// The device's port of its STUN and peer-to-peer steps.
    const PORT: u16 = 51_000;

    /// A device that registered, keeps its control channel and asked STUN and a peer-to-peer server, all at the start.
    fn trail() -> Trail {
        let mut trail = Trail::default();
        for (kind, host, port, own_port) in [
            (StepKind::Registration, 1, 8666, 40_000),
            (StepKind::Control, 2, 31_006, 40_001),
            (StepKind::Stun, 3, 6002, PORT),
            (StepKind::P2p, 4, 6000, PORT),
        ] {
            trail.note(TrailStep {
                kind,
                server: Endpoint { ip: [198, 51, 100, host].into(), port },
                own_port,
                is_vendors: true,
                vendor: "ezviz".into(),
                name: None,
                first: START,
                latest: START,
            });
        }
        trail
    }

    #[derive(Clone, Copy)]
    struct Flow {
        protocol: IpProtocol,
        far_port: u16,
        own_port: u16,
        after: u64,
        sent: (u64, u64),
        received: (u64, u64),
    }

    const VIEW: Flow = Flow {
        protocol: IpProtocol::UDP,
        far_port: 62_001,
        own_port: PORT,
        after: 5,
        sent: (600, 600_000),
        received: (60, 4_000),
    };

    fn verdict(flow: &Flow) -> Option<Destination> {
        let trail = trail();
        let volume = |(packets, bytes)| Volume { packets, bytes };
        let unit = Unit {
            trail: &trail,
            initiated: true,
            own_port: flow.own_port,
            started: START.plus(Duration::from_secs(flow.after)),
            shape: FlowShape {
                sent: volume(flow.sent),
                received: volume(flow.received),
                lasted: Duration::from_secs(20),
            },
        };
        let far_end = Endpoint { ip: [203, 0, 113, 9].into(), port: flow.far_port };
        let witnesses = Witnesses { unit: Some(unit), ..Witnesses::of(flow.protocol, far_end) };
        classify(&Catalogue::builtin().unwrap(), &Geo::default(), &witnesses)
    }

    #[test]
    fn a_flow_from_the_port_of_the_steps_to_a_nameless_peer_that_answers_is_peer_to_peer() {
        let found = verdict(&VIEW).unwrap();

        assert_eq!((found.role, &*found.service), (CloudRole::P2p, "ezviz-p2p-peer"));
        assert_eq!(found.confidence, SAME_PORT + BOTH_STEPS + LOOKS);
        let reason = found.reason();
        for part in ["198.51.100.4:6000", "198.51.100.3:6002", "same port 51000", "shape of video"]
        {
            assert!(reason.contains(part), "{part} in {reason}");
        }
        assert!(found.steps.iter().all(|step| step.basis == Basis::Correlation));
    }

    #[test]
    fn without_the_port_without_an_answer_or_too_late_it_stays_below_50() {
        let other_port = verdict(&Flow { own_port: 52_000, ..VIEW }).unwrap();
        let unanswered = verdict(&Flow { received: (0, 0), ..VIEW }).unwrap();

        assert!(other_port.confidence < 50 && unanswered.confidence <= UNANSWERED);
        assert!(unanswered.reason().contains("nobody has answered"));
        assert_eq!(verdict(&Flow { after: 400, ..VIEW }), None);
    }

    #[test]
    fn known_services_and_the_servers_of_the_steps_are_no_peers() {
        assert_eq!(verdict(&Flow { far_port: 443, ..VIEW }), None);
        assert_eq!(verdict(&Flow { far_port: 51_820, own_port: 52_000, ..VIEW }), None);
        assert_eq!(verdict(&Flow { far_port: 3478, ..VIEW }), None, "TURN from the same port");
        let second = verdict(&Flow { far_port: 31_007, ..VIEW }).unwrap();
        assert!(second.role == CloudRole::Stun && second.confidence < 50, "{second:?}");
    }

    #[test]
    fn a_relay_is_a_known_port_beside_a_control_channel_and_a_shape_alone_is_a_guess() {
        let tcp = Flow { protocol: IpProtocol::TCP, own_port: 45_000, after: 90, ..VIEW };
        let known = verdict(&Flow { far_port: 7760, ..tcp }).unwrap();
        assert_eq!((known.role, known.confidence), (CloudRole::Relay, RELAY_PORT + LOOKS));
        assert_eq!(known.basis, Basis::Correlation);
        assert!(known.steps.iter().any(|step| step.basis == Basis::Port));

        let guess = verdict(&Flow { far_port: 4_443, ..tcp }).unwrap();
        assert!(guess.role == CloudRole::Relay && guess.confidence <= 30);
        let idle = verdict(&Flow { far_port: 4_443, sent: (9, 900), ..tcp });
        assert_eq!(idle, None);
    }

    #[test]
    fn a_device_that_fills_rented_storage_stores_something_and_nobody_knows_whose() {
        let trail = trail();
        let volume = |packets, bytes| Volume { packets, bytes };
        let unit = |sent, received| Unit {
            trail: &trail,
            initiated: true,
            own_port: 45_000,
            started: START.plus(Duration::from_secs(90)),
            shape: FlowShape {
                sent: volume(90, sent),
                received: volume(60, received),
                lasted: Duration::from_secs(3),
            },
        };
        let verdict = |sni, sent, received| {
            let far_end = Endpoint { ip: [203, 0, 113, 9].into(), port: 443 };
            let witnesses = Witnesses {
                sni: Some(sni),
                unit: Some(unit(sent, received)),
                ..Witnesses::of(IpProtocol::TCP, far_end)
            };
            classify(&Catalogue::builtin().unwrap(), &Geo::default(), &witnesses)
        };
        let bucket = "clips.s3.eu-west-1.amazonaws.com";

        let stored = verdict(bucket, 90_000, 3_000).unwrap();
        assert_eq!((stored.role, &*stored.service), (CloudRole::Storage, "ezviz-snapshots"));
        assert!(stored.confidence < 50 && stored.reason().contains("nothing tells"));
        assert_eq!(verdict(bucket, 2_000, 6_000), None, "a handshake");
        assert_eq!(verdict(bucket, 90_000, 90_000), None, "as much came back");
        assert_eq!(verdict("owner.example", 90_000, 3_000), None);
        let listed = verdict("alarm.eu.s3.amazonaws.com", 90_000, 3_000).unwrap();
        assert!(listed.confidence > 80);
    }

    #[test]
    fn what_follows_a_registration_at_once_is_perhaps_the_control_server() {
        let tcp = Flow {
            protocol: IpProtocol::TCP,
            far_port: 18_001,
            own_port: 45_000,
            sent: (9, 900),
            received: (9, 900),
            ..VIEW
        };

        let found = verdict(&tcp).unwrap();
        assert_eq!((found.role, found.confidence), (CloudRole::Control, ASSIGNED));
        assert_eq!(verdict(&Flow { after: 60, ..tcp }), None);
        assert_eq!(verdict(&Flow { received: (0, 0), ..tcp }), None, "a stray segment");
    }
}
