//! What identity costs: noting what is known already, concluding anew on a device of which everything is known,
//! explaining it.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has to stop")]

use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use hikwatch::analyst::{Analyst, Config, EventKind};
use hikwatch::catalogue::Catalogue;
use hikwatch::decode::{EtherAddresses, VlanIds};
use hikwatch::device::{DeviceProfile, Signatures, explain};
use hikwatch::dissect::{
    BeaconMessage, HttpExchange, HttpResponse, IsapiDevice, LbsMessage, Message, MqttConnect,
    MqttMessage, MqttWill, SadpKind, SadpMessage, SnmpMessage, SnmpPdu, WsdEndpoint, WsdKind,
    WsdMessage,
};
use hikwatch::flow::{Endpoint, FlowId, Role};
use hikwatch::meter::{
    MessageContext, MessageFlow, Observation, ObservationKind, ObservationOrder,
};
use hikwatch::net::{InterfaceId, IpProtocol, MacAddr, Timestamp};

const MAC: MacAddr = MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]);

struct Bench {
    analyst: Analyst,
    second: u64,
}

impl Bench {
    fn new() -> Self {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        Self { analyst: Analyst::new(catalogue, Config::default()), second: 1_000 }
    }

    fn observe(&mut self, sender: Role, message: Message) -> Option<Arc<DeviceProfile>> {
        self.second += 1;
        let timestamp = Timestamp::from_parts(self.second, 0);
        let order = ObservationOrder { timestamp, frame: self.second, flow: 0, part: 0 };
        let kind = ObservationKind::MessageRead { context: Box::new(context(sender)), message };
        self.analyst.observe(Observation { order, timestamp, kind });
        let mut told = None;
        while let Some(event) = self.analyst.poll_event() {
            if let EventKind::DeviceSeen(profile) = event.kind {
                told = Some(profile);
            }
        }
        told
    }

    /// A device of which nearly every source has spoken.
    fn full() -> (Self, Arc<DeviceProfile>) {
        let mut bench = Self::new();
        let mut last = None;
        for (sender, message) in everything() {
            last = bench.observe(sender, message).or(last);
        }
        (bench, last.unwrap())
    }
}

fn context(sender: Role) -> MessageContext {
    let camera = Endpoint { ip: IpAddr::from([192, 168, 1, 64]), port: 80 };
    let other = Endpoint { ip: IpAddr::from([192, 168, 1, 7]), port: 40_000 };
    let (initiator, responder) = match sender {
        Role::Initiator => (camera, other),
        Role::Responder => (other, camera),
    };
    MessageContext {
        interface: InterfaceId(0),
        vlans: VlanIds::default(),
        ether: Some(EtherAddresses { source: MAC, destination: MacAddr([2, 0, 0, 0, 0, 1]) }),
        tunnel: None,
        flow: Some(MessageFlow {
            id: FlowId(1),
            initiator,
            responder,
            protocol: IpProtocol::TCP,
            sender,
        }),
    }
}

fn sadp(firmware: &str) -> Message {
    Message::Sadp(Box::new(SadpMessage {
        kind: SadpKind::Reply,
        device_description: Some("DS-2CD2385G1-I".into()),
        serial: Some("DS-2CD2385G1-I20200414AAWRE33842150".into()),
        mac: Some(MAC),
        software_version: Some(firmware.into()),
        activated: Some(true),
        ..SadpMessage::default()
    }))
}

fn everything() -> Vec<(Role, Message)> {
    let endpoint = WsdEndpoint {
        types: vec!["NetworkVideoTransmitter".into()],
        name: Some("HIKVISION".into()),
        hardware: Some("DS-2CD2385G1-I".into()),
        ..WsdEndpoint::default()
    };
    let response = HttpResponse {
        status: 200,
        server: Some("App-webs/".into()),
        realm: Some("IP Camera(E3384)".into()),
        isapi_device: Some(Box::new(IsapiDevice {
            model: Some("DS-2CD2385G1-I".into()),
            firmware_version: Some("V5.6.2".into()),
            ..IsapiDevice::default()
        })),
        ..HttpResponse::default()
    };
    let will =
        MqttWill { topic: "/Basic/pu2cenplt/E33842150/firstconnect".into(), ..MqttWill::default() };
    vec![
        (Role::Initiator, sadp("V5.6.2build 190701")),
        (
            Role::Responder,
            Message::Wsd(Box::new(WsdMessage {
                kind: WsdKind::ProbeMatches,
                endpoints: vec![endpoint],
            })),
        ),
        (
            Role::Responder,
            Message::Http(Box::new(HttpExchange {
                request: None,
                response: Some(Box::new(response)),
            })),
        ),
        (
            Role::Initiator,
            Message::Lbs(Box::new(LbsMessage {
                command: 7,
                type_version: 1,
                serial: Some("E33842150".into()),
                ..LbsMessage::default()
            })),
        ),
        (
            Role::Initiator,
            Message::Mqtt(Box::new(MqttMessage::Connect(Box::new(MqttConnect {
                will: Some(will),
                ..MqttConnect::default()
            })))),
        ),
        (
            Role::Responder,
            Message::Snmp(Box::new(SnmpMessage {
                pdu: Some(SnmpPdu::Response),
                sys_object_id: Some("1.3.6.1.4.1.39165.1".into()),
                ..SnmpMessage::default()
            })),
        ),
        (
            Role::Initiator,
            Message::Beacon(Box::new(BeaconMessage {
                sender: [192, 168, 1, 64].into(),
                path: "/discover/2.0.3/req/4097".into(),
            })),
        ),
    ]
}

fn identity(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("identity");

    let (mut bench, profile) = Bench::full();
    let known = sadp("V5.6.2build 190701");
    // What a bench measures here is the whole walk through the analyst, with the clone of the message.
    group.bench_function("note/known", |bencher| {
        bencher.iter(|| black_box(bench.observe(Role::Initiator, known.clone())));
    });
    let none = Message::Sadp(Box::default());
    group.bench_function("note/nothing-to-note", |bencher| {
        bencher.iter(|| black_box(bench.observe(Role::Initiator, none.clone())));
    });
    let versions = [sadp("V5.6.2build 190701"), sadp("V5.6.3build 200101")];
    let mut turn = 0;
    group.bench_function("conclude/full-dossier", |bencher| {
        bencher.iter(|| {
            turn = (turn + 1) % versions.len();
            let message = versions.get(turn).unwrap().clone();
            black_box(bench.observe(Role::Initiator, message))
        });
    });
    let signatures = Signatures::builtin();
    group.bench_function("explain/full-dossier", |bencher| {
        bencher.iter(|| black_box(explain(black_box(&profile), &signatures)));
    });
    group.finish();
}

criterion_group!(benches, identity);
criterion_main!(benches);
