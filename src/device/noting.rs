//! What is seen of a device becomes a fact in its dossier.
//!
//! Comes in: a device, and what its frames said. Goes out: facts with the weights of the signatures. It never chooses
//! the device by what the message says.

use std::sync::Arc;

use super::forwarding::Forwarding;
use super::notes::Notes;
use super::place::Place;
use super::sadp::{Naming, sadp};
use super::{
    Claim, DeviceRef, EvidenceSource, Registry, cloud_notes, discovery_notes, service_notes,
};
use crate::catalogue::{CloudEntry, CloudRole, Grade, Speaker};
use crate::dissect::{DhcpMessage, Message, SadpMessage};
use crate::flow::Role;
use crate::meter::MessageContext;
use crate::net::{MacAddr, Timestamp};

impl Registry {
    /// Notes what a message says of the device that sent it. Names in the cloud and host names are noted apart.
    pub(crate) fn note_message(
        &mut self,
        device: DeviceRef,
        message: &Message,
        context: &MessageContext,
        now: Timestamp,
    ) {
        let Some(mut notes) = self.notes(device, now) else { return };
        let notes_on = &mut notes;
        let frame_sender = context.ether.map(|ether| ether.source);
        let flow = context.flow.as_ref();
        let answers = flow.is_some_and(|flow| flow.sender == Role::Responder);
        match message {
            Message::Sadp(message) => {
                let source = match flow {
                    Some(_) => EvidenceSource::Sadp,
                    None => EvidenceSource::SadpLink,
                };
                sadp(notes_on, message, source, naming_of(message, frame_sender));
            }
            Message::Beacon(message) => discovery_notes::beacon(notes_on, message),
            Message::Wsd(message) => discovery_notes::ws_discovery(notes_on, message),
            Message::Ssdp(message) => discovery_notes::ssdp(notes_on, message),
            Message::Dns(message) => discovery_notes::mdns(notes_on, message),
            Message::Http(exchange) if answers => service_notes::http(notes_on, exchange),
            Message::Rtsp(message) if answers => service_notes::rtsp(notes_on, message),
            Message::Tls(handshake) if answers => service_notes::tls(notes_on, handshake),
            Message::Snmp(message) => {
                let port = flow.map_or(0, |flow| flow.sender().port);
                service_notes::snmp(notes_on, message, port);
            }
            Message::Hcnetsdk(message) => service_notes::sdk(notes_on, *message),
            Message::Mqtt(message) if !answers => cloud_notes::mqtt(notes_on, message),
            Message::P2p(_) => cloud_notes::p2p(notes_on),
            Message::Lbs(message) => {
                if let Some(flow) = flow {
                    cloud_notes::lbs(notes_on, message, flow);
                }
            }
            Message::Safe(message) => {
                if let Some(flow) = flow {
                    cloud_notes::safe(notes_on, message, flow);
                }
            }
            Message::Isup(message) => {
                if let Some(flow) = flow {
                    cloud_notes::isup(notes_on, message, flow);
                }
            }
            Message::Dhcp(message) => vendor_class(notes_on, message, frame_sender),
            Message::TlsHello(hello) => {
                // The text is made only where somebody has learned one.
                if notes_on.signatures.looks_at(Place::Ja4)
                    && let Some(ja4) = &hello.ja4
                {
                    notes_on.signature(Place::Ja4, Some(&ja4.to_string()));
                }
            }
            // Requests, and what says nothing of who sent it. Of relays (VTM) only apps are known to speak.
            Message::Http(_)
            | Message::Rtsp(_)
            | Message::Tls(_)
            | Message::Mqtt(_)
            | Message::HttpRequest(_)
            | Message::Nbns(_)
            | Message::Quic(_)
            | Message::Sip(_)
            | Message::Stun(_)
            | Message::Dhcpv6(_)
            | Message::Ndp(_)
            | Message::Ntp(_)
            | Message::Syslog(_)
            | Message::Portmap(_)
            | Message::Vtm(_) => {}
        }
        if notes.finish() {
            self.link_by_serial(device, now);
        }
    }

    /// Notes a name that the device looked up or contacted. Names that devices alone speak to are evidence; those that apps
    /// speak to as well, and the vendor's time servers, only support some.
    pub(crate) fn note_cloud_name(
        &mut self,
        device: DeviceRef,
        name: &str,
        entry: &CloudEntry,
        now: Timestamp,
    ) {
        let weights = self.signatures.weights;
        let (source, weight) = match (entry.role, entry.speaker, entry.grade) {
            (CloudRole::Ntp, _, _) => (EvidenceSource::Ntp, weights.ntp_name),
            (_, _, Grade::D) | (_, Speaker::App, _) => return,
            (_, Speaker::Both, _) => (EvidenceSource::CloudName, weights.shared_cloud_name),
            (_, Speaker::Device, Grade::A | Grade::B) => {
                (EvidenceSource::CloudName, weights.cloud_name)
            }
            (_, Speaker::Device, Grade::C) => {
                (EvidenceSource::CloudName, weights.cloud_name_measured_once)
            }
        };
        if !entry.evidence && source != EvidenceSource::Ntp {
            return;
        }
        let Some(mut notes) = self.notes(device, now) else { return };
        let claim = Claim::Vendor(Arc::clone(&entry.vendor));
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            notes.fact(source, &claim, &name.to_ascii_lowercase(), weight);
        } else {
            notes.fact(source, &claim, name, weight);
        }
        notes.finish();
    }

    /// Notes the name that the device gives itself.
    pub(crate) fn note_hostname(&mut self, device: DeviceRef, hostname: &str, now: Timestamp) {
        let Some(mut notes) = self.notes(device, now) else { return };
        notes.fact(EvidenceSource::Dhcp, &Claim::Hostname, hostname, 0);
        notes.finish();
    }

    /// Notes that the device answers on a port.
    pub(crate) fn note_port(&mut self, device: DeviceRef, port: u16, now: Timestamp) {
        let Some(mut notes) = self.notes(device, now) else { return };
        notes.port(port);
        notes.finish();
    }

    /// Notes that the device answers name queries.
    pub(crate) fn note_name_server(&mut self, device: DeviceRef) {
        if let Some(dossier) = self.shelf.get_mut(device) {
            dossier.forwards(Forwarding::Names, &self.signatures);
        }
    }

    /// Notes that the device spoke to a vendor's cloud.
    pub(crate) fn note_client(&mut self, device: DeviceRef) {
        if let Some(dossier) = self.shelf.get_mut(device) {
            dossier.mark_client();
        }
    }

    /// Notes a SADP message over UDP.
    #[cfg(test)]
    pub(super) fn note_sadp(
        &mut self,
        device: DeviceRef,
        message: &SadpMessage,
        frame_sender: Option<MacAddr>,
        now: Timestamp,
    ) {
        let Some(mut notes) = self.notes(device, now) else { return };
        sadp(&mut notes, message, EvidenceSource::Sadp, naming_of(message, frame_sender));
        if notes.finish() {
            self.link_by_serial(device, now);
        }
    }

    fn notes(&mut self, device: DeviceRef, now: Timestamp) -> Option<Notes<'_>> {
        let dossier = self.shelf.get_mut(device)?;
        Some(Notes::new(dossier, &self.signatures, now))
    }
}

/// Whether a SADP message names the station that sent its frame.
fn naming_of(message: &SadpMessage, frame_sender: Option<MacAddr>) -> Naming {
    match (message.mac, frame_sender.filter(|mac| mac.is_station())) {
        (Some(named), Some(sender)) if named != sender => Naming::Foreign,
        (Some(_) | None, Some(_) | None) => Naming::Sender,
    }
}

/// The vendor class of a DHCP client that speaks for itself. No signature of one is published.
fn vendor_class(notes: &mut Notes<'_>, message: &DhcpMessage, frame_sender: Option<MacAddr>) {
    if message.from_client && frame_sender == Some(message.client_mac) {
        notes.signature(Place::DhcpVendorClass, message.vendor_class.as_deref());
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::catalogue::Catalogue;
    use crate::decode::{EtherAddresses, VlanIds};
    use crate::device::{DeviceProfile, Signatures};
    use crate::dissect::{
        AppProtocol, BeaconMessage, Certificate, DnsMessage, DnsRecord, DnsRecordData,
        HcnetsdkKind, HcnetsdkMessage, HttpExchange, HttpRequest, HttpResponse, IsapiDevice,
        IsupMessage, LbsMessage, MqttConnect, MqttMessage, MqttTopic, MqttWill, P2pMessage,
        RtspMessage, RtspRequest, RtspResponse, SadpKind, SafeMessage, ServerFlight, ServerHello,
        SnmpMessage, SnmpPdu, SsdpKind, SsdpMessage, TlsHandshake, UpnpDevice, WsdEndpoint,
        WsdKind, WsdMessage,
    };
    use crate::flow::{Endpoint, FlowId};
    use crate::meter::MessageFlow;
    use crate::net::{InterfaceId, IpProtocol};

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 9]);
    const AT: Timestamp = Timestamp::from_parts(1_000, 0);
    const SERIAL: &str = "E33842150";

    /// What is known of a station after it sent `message` in a flow as `sender` from or to `port`.
    fn after(message: Message, sender: Role, port: u16) -> Arc<DeviceProfile> {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        let mut registry = Registry::new(catalogue, Signatures::builtin(), 8);
        let ip = IpAddr::from([192, 168, 1, 9]);
        let device = registry.sender(Some(ip), MAC, AT).unwrap();
        let own = Endpoint { ip, port };
        let other = Endpoint { ip: [192, 168, 1, 1].into(), port };
        let (initiator, responder) = match sender {
            Role::Initiator => (own, other),
            Role::Responder => (other, own),
        };
        let protocol = IpProtocol::TCP;
        let flow = MessageFlow { id: FlowId(1), initiator, responder, protocol, sender };
        let link_only = matches!(message, Message::Beacon(_));
        let context = MessageContext {
            interface: InterfaceId(0),
            vlans: VlanIds::default(),
            ether: Some(EtherAddresses { source: MAC, destination: MacAddr::BROADCAST }),
            tunnel: None,
            flow: (!link_only).then_some(flow),
        };
        registry.note_message(device, &message, &context, AT);
        registry.profile(device).unwrap()
    }

    fn http(request: HttpRequest, response: HttpResponse) -> Message {
        Message::Http(Box::new(HttpExchange {
            request: Some(Arc::new(request)),
            response: Some(Box::new(response)),
        }))
    }

    fn realm(realm: &str) -> HttpResponse {
        HttpResponse { status: 401, realm: Some(realm.into()), ..HttpResponse::default() }
    }

    fn wsd(kind: WsdKind, name: &str) -> Message {
        let endpoint = WsdEndpoint {
            types: vec!["NetworkVideoTransmitter".into()],
            name: Some(name.into()),
            hardware: Some("DS-2CD2385G1-I".into()),
            ..WsdEndpoint::default()
        };
        Message::Wsd(Box::new(WsdMessage { kind, endpoints: vec![endpoint] }))
    }

    fn lbs(type_version: u8) -> Message {
        Message::Lbs(Box::new(LbsMessage {
            command: 7,
            type_version,
            serial: Some(SERIAL.into()),
            ..LbsMessage::default()
        }))
    }

    fn will(topic: &str) -> Message {
        let will = Some(MqttWill { topic: topic.into(), ..MqttWill::default() });
        Message::Mqtt(Box::new(MqttMessage::Connect(Box::new(MqttConnect {
            will,
            has_password: true,
            ..MqttConnect::default()
        }))))
    }

    fn safe(command: u16) -> Message {
        Message::Safe(Box::new(SafeMessage {
            command,
            serial: Some(SERIAL.into()),
            ..SafeMessage::default()
        }))
    }

    fn snmp(pdu: Option<SnmpPdu>) -> Message {
        Message::Snmp(Box::new(SnmpMessage {
            pdu,
            sys_object_id: pdu.map(|_| "1.3.6.1.4.1.39165.1.1".into()),
            engine_enterprise: pdu.is_none().then_some(39_165),
            ..SnmpMessage::default()
        }))
    }

    fn tls(subject: &str) -> Message {
        let certificate = Certificate { subject: subject.into(), ..Certificate::default() };
        let server = ServerFlight {
            hello: ServerHello::default(),
            certificate: Some(Box::new(certificate)),
        };
        Message::Tls(Box::new(TlsHandshake {
            client: None,
            server: Some(Box::new(server)),
            over_datagrams: false,
        }))
    }

    fn rtsp(realm: &str) -> Message {
        Message::Rtsp(Box::new(RtspMessage::Response(RtspResponse {
            status: 401,
            realm: Some(realm.into()),
            ..RtspResponse::default()
        })))
    }

    fn mdns(is_response: bool) -> Message {
        let flags = if is_response { 0x8400 } else { 0 };
        let instance = format!("DS-2CD2385G1-I - {SERIAL}._CGI._tcp.local");
        Message::Dns(Box::new(DnsMessage {
            answers: vec![DnsRecord {
                name: "_CGI._tcp.local".into(),
                rtype: 12,
                ttl: 120,
                data: DnsRecordData::Ptr(instance),
            }],
            ..DnsMessage::new(AppProtocol::Mdns, 0, flags)
        }))
    }

    fn ssdp(kind: SsdpKind) -> Message {
        let target = "urn:schemas-upnp-org:device:EmbeddedNetDevice:1".to_owned();
        Message::Ssdp(Box::new(SsdpMessage { kind, nt: Some(target), ..SsdpMessage::default() }))
    }

    fn isup(command: &str) -> Message {
        Message::Isup(Box::new(IsupMessage {
            command: Some(command.into()),
            serial: Some(SERIAL.into()),
            firmware_version: Some("V5.6.2".into()),
            ..IsupMessage::default()
        }))
    }

    fn sadp_message(kind: SadpKind) -> Message {
        Message::Sadp(Box::new(SadpMessage { kind, mac: Some(MAC), ..SadpMessage::default() }))
    }

    fn sdk(kind: HcnetsdkKind) -> Message {
        Message::Hcnetsdk(HcnetsdkMessage { kind, length: 16 })
    }

    #[test]
    fn what_a_device_says_counts_where_it_was_said() {
        use EvidenceSource as Source;
        use Role::{Initiator, Responder};
        let get = HttpRequest::default;
        let isapi = HttpResponse {
            status: 200,
            isapi_device: Some(Box::new(IsapiDevice::default())),
            ..HttpResponse::default()
        };
        let topics = vec![MqttTopic { filter: format!("/iot/{SERIAL}/#"), qos: 1 }];
        let beacon = BeaconMessage {
            sender: [192, 168, 1, 9].into(),
            path: "/discover/2.0.3/req/4097".into(),
        };
        for (message, sender, port, source, weight) in [
            (sadp_message(SadpKind::Reply), Initiator, 37_020, Source::Sadp, 55),
            (Message::Beacon(Box::new(beacon)), Initiator, 0, Source::Beacon, 45),
            (wsd(WsdKind::ProbeMatches, "HIKVISION"), Responder, 3702, Source::WsDiscovery, 50),
            (wsd(WsdKind::Hello, "x"), Initiator, 3702, Source::WsDiscovery, 45),
            (ssdp(SsdpKind::Notify), Initiator, 1900, Source::Ssdp, 15),
            (mdns(true), Initiator, 5353, Source::Mdns, 40),
            (http(get(), realm("IP Camera(D4918)")), Responder, 80, Source::Http, 50),
            (
                http(HttpRequest { target: "/ISAPI/System/deviceInfo".into(), ..get() }, isapi),
                Responder,
                80,
                Source::Http,
                40,
            ),
            (rtsp("DVRNVRDVS"), Responder, 554, Source::Rtsp, 45),
            (
                tls("C=CN, O=HIKVISION, CN=www.hikvision.com"),
                Responder,
                443,
                Source::Certificate,
                50,
            ),
            (snmp(Some(SnmpPdu::Response)), Responder, 161, Source::Snmp, 55),
            (snmp(None), Responder, 161, Source::Snmp, 55),
            (sdk(HcnetsdkKind::Refused(0x0d)), Responder, 8000, Source::Sdk, 50),
            (lbs(1), Initiator, 8666, Source::Lbs, 59),
            (will("/Basic/pu2cenplt/E33842150/firstconnect"), Initiator, 8820, Source::Das, 59),
            (
                Message::Mqtt(Box::new(MqttMessage::Subscribe(topics))),
                Initiator,
                8820,
                Source::Das,
                40,
            ),
            (safe(0x2012), Responder, 9010, Source::Framing, 45),
            (safe(0x0100), Initiator, 6800, Source::Framing, 45),
            (safe(0x0812), Initiator, 6002, Source::Framing, 20),
            (Message::P2p(P2pMessage::default()), Initiator, 6000, Source::Framing, 15),
            (isup("REGISTER"), Initiator, 7660, Source::Isup, 50),
        ] {
            let context = format!("{message:?}");
            let profile = after(message, sender, port);
            let strongest = profile.evidence.first().unwrap_or_else(|| panic!("{context}"));
            assert_eq!((strongest.source, strongest.weight), (source, weight), "{context}");
            assert_eq!(profile.is_vendor_device(), weight >= 30, "{context}");
        }
    }

    #[test]
    fn who_asks_views_or_serves_is_no_device() {
        use Role::{Initiator, Responder};
        let asked = HttpRequest {
            target: "/ISAPI/Streaming/channels/101".into(),
            ..HttpRequest::default()
        };
        let proxied =
            HttpRequest { target: "http://192.168.1.64/".into(), ..HttpRequest::default() };
        for (message, sender, port) in [
            (sadp_message(SadpKind::Inquiry), Initiator, 37_020),
            (sadp_message(SadpKind::Command), Initiator, 37_020),
            (wsd(WsdKind::Probe, "HIKVISION"), Initiator, 3702),
            (ssdp(SsdpKind::Search), Initiator, 1900),
            (mdns(false), Initiator, 5353),
            (Message::HttpRequest(Arc::new(asked.clone())), Initiator, 80),
            (http(asked, realm("IP Camera(D4918)")), Initiator, 80),
            (http(proxied, realm("IP Camera(D4918)")), Responder, 3128),
            (Message::Rtsp(Box::new(RtspMessage::Request(RtspRequest::default()))), Initiator, 554),
            (tls("CN=www.hikvision.com"), Initiator, 443),
            (snmp(Some(SnmpPdu::GetRequest)), Initiator, 161),
            (snmp(None), Initiator, 50_000),
            (sdk(HcnetsdkKind::Login), Initiator, 8000),
            (lbs(0), Responder, 8666),
            (lbs(1), Responder, 8666),
            (will("home/sensor/firstconnect"), Initiator, 1883),
            (will("/Basic/pu2cenplt/E33842150/other"), Initiator, 1883),
            (safe(0x2001), Initiator, 6500),
            (safe(0x2012), Initiator, 9010),
            (isup("ALARM"), Initiator, 7660),
        ] {
            let context = format!("{message:?}");
            let profile = after(message, sender, port);
            assert_eq!(profile.evidence, [], "{context}");
        }
    }

    #[test]
    fn a_serial_number_is_that_of_who_states_its_own() {
        let serial = |message, sender, port| after(message, sender, port).identity.serial.clone();

        assert_eq!(serial(lbs(1), Role::Initiator, 8666).as_deref(), Some(SERIAL));
        assert_eq!(serial(mdns(true), Role::Initiator, 5353).as_deref(), Some(SERIAL));
        assert_eq!(serial(isup("REGISTER"), Role::Initiator, 7660).as_deref(), Some(SERIAL));
        // It may be that of a camera which the sender views.
        assert_eq!(serial(safe(0x0812), Role::Initiator, 6002), None);
    }

    #[test]
    fn a_default_login_counts_only_where_it_let_somebody_in() {
        let request = || HttpRequest { has_default_login: true, ..HttpRequest::default() };
        let status = |status| HttpResponse { status, ..HttpResponse::default() };
        let seen = |message| after(message, Role::Responder, 80).state.default_login;

        assert_eq!(seen(http(request(), status(200))), Some(AT));
        assert_eq!(seen(http(request(), status(401))), None);
        assert_eq!(seen(http(HttpRequest::default(), status(200))), None);
    }

    #[test]
    fn another_maker_and_a_brand_are_told_from_the_vendor() {
        let other = after(wsd_of("Reolink", "RLC-410"), Role::Responder, 3702);
        assert!(!other.is_vendor_device());
        let against = Claim::House("reolink".into());
        assert!(other.evidence.iter().any(|evidence| evidence.claim == against));

        let brand = after(wsd_of("ANNKE", "C500"), Role::Responder, 3702);
        assert!(!brand.is_vendor_device());

        let upnp = UpnpDevice { manufacturer: Some("HIKVISION".into()), ..UpnpDevice::default() };
        let response =
            HttpResponse { upnp_device: Some(Box::new(upnp)), ..HttpResponse::default() };
        let described = after(http(HttpRequest::default(), response), Role::Responder, 80);
        assert!(!described.is_vendor_device() && !described.evidence.is_empty());
    }

    fn wsd_of(name: &str, hardware: &str) -> Message {
        let endpoint = WsdEndpoint {
            types: vec!["NetworkVideoTransmitter".into()],
            name: Some(name.into()),
            hardware: Some(hardware.into()),
            ..WsdEndpoint::default()
        };
        Message::Wsd(Box::new(WsdMessage {
            kind: WsdKind::ProbeMatches,
            endpoints: vec![endpoint],
        }))
    }
}
