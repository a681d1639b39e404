//! What the tests of all services need: events of a camera, and processes that end with the test.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use hikwatch::alert::{Alert, AlertPhase, AlertRule, RuleCard, Severity};
use hikwatch::analyst::{
    AlertSighting, Event, EventKind, FlowDevice, FlowSighting, Tallies, Tally,
};
use hikwatch::catalogue::{CloudRole, Region, Speaker};
use hikwatch::classify::{Basis, Destination};
use hikwatch::decode::VlanIds;
use hikwatch::device::{DeviceId, DeviceProfile};
use hikwatch::export::Letter;
use hikwatch::flow::{ConnState, Endpoint, FlowCounters, FlowEndReason, FlowId, FlowRecord, Role};
use hikwatch::meter::FlowReport;
use hikwatch::net::{InterfaceId, IpProtocol, MacAddr, Perimeter, Timestamp};

/// How long a service may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_nanos(since.as_nanos().try_into().unwrap())
}

pub(crate) fn camera(name: &str) -> DeviceProfile {
    let mut profile = DeviceProfile::new(DeviceId("d-0011".into()), now());
    profile.mac = Some(MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]));
    profile.hostname = Some(name.to_owned());
    profile.identity.vendor = Some("hikvision".into());
    profile.identity.model = Some("DS-2CD2042WD-I".to_owned());
    profile
}

pub(crate) fn alert(phase: AlertPhase) -> Alert {
    let mut alert = Alert::raised(
        Arc::new(RuleCard::of(AlertRule::VendorCloudContact)),
        Severity::Medium,
        Arc::new(camera("front-door {{ 1 }} <b>")),
        ("ezviz-lbs".into(), "speaks to ezviz-lbs for the first time".to_owned()),
        now(),
    );
    alert.phase = phase;
    alert
}

pub(crate) fn told(alert: Alert) -> Letter {
    let timestamp = alert.timestamp;
    let sighting = AlertSighting { alert, flow: None };
    letter(Event { timestamp, kind: EventKind::AlertTold(Box::new(sighting)) })
}

pub(crate) fn letter(event: Event) -> Letter {
    Letter::Event(Arc::new(event))
}

/// A flow from the camera to a cloud; over IPv6 if its number is even.
pub(crate) fn sighting(id: u64, sent: u64, received: u64) -> FlowSighting {
    let counters =
        |bytes| FlowCounters { ip_bytes: bytes, packets: 1 + bytes / 1000, ..Default::default() };
    let tally = Tally { sent, received, flows: 1 };
    let (from, to) = if id.is_multiple_of(2) {
        ("2001:db8::10", "2001:db8:1::7")
    } else {
        ("192.0.2.10", "198.51.100.7")
    };
    let at = now();
    FlowSighting {
        report: FlowReport {
            record: Box::new(FlowRecord {
                id: FlowId(id),
                initiator: Endpoint { ip: from.parse().unwrap(), port: 49152 },
                responder: Endpoint { ip: to.parse().unwrap(), port: 8666 },
                protocol: IpProtocol::TCP,
                interface: InterfaceId(0),
                vlans: VlanIds::default(),
                tunnel: None,
                initiator_mac: MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]),
                responder_mac: MacAddr::ZERO,
                flow_start: at.minus(Duration::from_secs(5)),
                flow_end: at,
                forward: counters(sent),
                reverse: counters(received),
                conn_state: ConnState::SF,
            }),
            head: None,
        },
        perimeter: Perimeter::Outbound,
        device: Some(FlowDevice {
            profile: Arc::new(camera("front-door {{ 1 }} <b>")),
            role: Role::Initiator,
        }),
        destination: Some(Arc::new(Destination {
            vendor: "ezviz".into(),
            service: "ezviz-lbs".into(),
            role: CloudRole::Registration,
            region: Region::Eu,
            speaker: Speaker::Device,
            domain: None,
            aliases: Arc::default(),
            place: Default::default(),
            confidence: 90,
            basis: Basis::Sni,
            steps: Arc::default(),
        })),
        tallies: Some(Tallies { device: tally, cloud: tally }),
        country: None,
        peer: None,
    }
}

pub(crate) fn goes_on(id: u64, sent: u64, received: u64) -> Letter {
    let sighting = sighting(id, sent, received);
    let kind = EventKind::FlowUpdated { sighting, interim: true };
    letter(Event { timestamp: now(), kind })
}

pub(crate) fn ended(id: u64, sent: u64, received: u64) -> Letter {
    let sighting = sighting(id, sent, received);
    let kind = EventKind::FlowEnded { sighting, reason: FlowEndReason::EndOfFlow };
    letter(Event { timestamp: now(), kind })
}

/// A process that ends with the test.
pub(crate) struct Service(pub(crate) Child);

impl Service {
    /// Starts a program; without it the test is left out, loudly.
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Option<Self> {
        let started = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(child) => Some(Self(child)),
            Err(problem) => {
                skipped(&format!("{program} cannot be run: {problem}; `make setup` fetches it"));
                None
            }
        }
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn terminate(mut self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        eventually("the end of the service", || self.0.try_wait().unwrap().map(|_| ()));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        self.0.wait().ok();
    }
}

/// Output of a program; none, loudly, where it is not there.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).stderr(Stdio::null()).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(problem) => {
            skipped(&format!("{program} cannot be run: {problem}; `make setup` fetches it"));
            None
        }
    }
}

/// A port of loopback that was free just now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn await_port(port: u16) {
    eventually("the service to listen", || TcpStream::connect(("127.0.0.1", port)).ok());
}

pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(50));
    }
}

/// Says so past the test harness, which keeps what a passing test prints to itself.
pub(crate) fn skipped(why: &str) {
    let line = format!("SKIPPED: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
