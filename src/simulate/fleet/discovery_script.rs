//! How the hosts of a fleet find each other: WS-Discovery, SSDP, multicast DNS.
//!
//! Comes in: a host and a time. Goes out: frames, and the kinds of evidence in them. Nothing here was captured by
//! us. The sources of the forms (`idx` is the public code index of `shared/domain`):
//!
//! * Scopes and endpoint of WS-Discovery: the captured answer in idx:28488762960.
//! * UPnP description: idx:62331854954 (firmware notes) and idx:52222251960 (a SWANN DVR8-1550).
//! * Multicast DNS: idx:46423583371, "model - serial" and a host that is named by its whole number.

use std::net::IpAddr;

use super::dialect::{escape, field};
use super::evidence::{EvidenceKind as E, EvidenceSet};
use super::host::Host;
use super::stage::{Stage, mdns_group};
use crate::net::{MacAddr, Timestamp};
use crate::simulate::dns_message::{Announcement, announcement};
use crate::simulate::home_script::group;
use crate::simulate::outbox::Place;
use crate::simulate::station::Seat;

/// Port of WS-Discovery.
const WSD_PORT: u16 = 3702;

/// Topics of dialects.
const SCOPE_TOPIC: u64 = 2;
const NOTIFY_TOPIC: u64 = 3;
const DESCRIPTION_TOPIC: u64 = 4;

/// What WS-Discovery is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WsdMessage {
    /// A device comes.
    Hello,
    /// It answers a probe.
    ProbeMatches,
    /// It answers a question for its address.
    ResolveMatches,
}

/// A viewer asks who is there.
pub(crate) fn wsd_probe(stage: &mut Stage<'_>, at: Timestamp, viewer: Seat, port: u16) {
    let number = uuid(stage.prng().next_u64(), viewer.mac);
    let body = "<d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe>";
    let action = "http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe";
    let message = envelope(("s", "d"), action, &number, body);
    stage.shout(at, viewer, port, &group(WSD_PORT), message.as_bytes());
}

/// A device says what it is, to all or to the one who asked.
pub(crate) fn wsd_answer(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &Host,
    message: WsdMessage,
    asker: Option<(Seat, u16)>,
) -> EvidenceSet {
    let Some(scopes) = scopes(host) else { return EvidenceSet::NONE };
    if host.dialect.loses(stage.prng()) {
        return EvidenceSet::NONE;
    }
    let seat = host.seat();
    let lower = scopes.to_ascii_lowercase();
    let named = lower.contains("/name/") || lower.contains("/hardware/");
    // Prefixes are the sender's choice (Namespaces in XML, 3).
    let (soap, wsd) =
        if host.dialect.quirk(SCOPE_TOPIC ^ 9, 60) { ("SOAP-ENV", "wsdd") } else { ("env", "d") };
    let (name, element, action) = match message {
        WsdMessage::Hello => ("Hello", "", "Hello"),
        WsdMessage::ProbeMatches => ("ProbeMatches", "ProbeMatch", "ProbeMatches"),
        WsdMessage::ResolveMatches => ("ResolveMatches", "ResolveMatch", "ResolveMatches"),
    };
    let endpoint = uuid(0x00aa_85c0_0063_2411, seat.mac);
    let inner = format!(
        "<wsa:EndpointReference><wsa:Address>urn:uuid:{endpoint}</wsa:Address>\
         </wsa:EndpointReference><{wsd}:Types>dn:NetworkVideoTransmitter tds:Device</{wsd}:Types>\
         <{wsd}:Scopes>{scopes}</{wsd}:Scopes>\
         <{wsd}:XAddrs>http://{}/onvif/device_service</{wsd}:XAddrs>\
         <{wsd}:MetadataVersion>10</{wsd}:MetadataVersion>",
        seat.ip
    );
    let inner = if element.is_empty() {
        inner
    } else {
        format!("<{wsd}:{element}>{inner}</{wsd}:{element}>")
    };
    let body = format!("<{wsd}:{name}>{inner}</{wsd}:{name}>");
    let action = format!("http://schemas.xmlsoap.org/ws/2005/04/discovery/{action}");
    let number = uuid(stage.prng().next_u64(), seat.mac);
    let text = envelope((soap, wsd), &action, &number, &body);
    let to = asker.map_or_else(|| group(WSD_PORT), |(asker, port)| asker.end(port));
    stage.outbox.udp(at, &seat.end(WSD_PORT), &to, Place::First, text.as_bytes());
    if named && host.unit.is_some() {
        EvidenceSet::of(&[E::WsDiscovery])
    } else {
        EvidenceSet::NONE
    }
}

/// The scopes of a device that speaks ONVIF.
fn scopes(host: &Host) -> Option<String> {
    let (label, model) = match (&host.unit, &host.other) {
        (Some(unit), _) if unit.voices.contains(E::WsDiscovery) => {
            (unit.sheet.label, unit.sheet.model)
        }
        (None, Some(other)) => (other.model.label, other.model.model),
        _ => return None,
    };
    let model = model.replace(' ', "%20");
    let name = if host.unit.is_some() { format!("{label}%20{model}") } else { label.to_owned() };
    let mut fields = vec![
        field("type", "video_encoder"),
        field("Profile", "Streaming"),
        field("MAC", host.seat().mac.to_string()),
        field("hardware", model),
        field("name", name),
        field("location", "city/hangzhou"),
    ];
    if host.other.is_some() {
        fields.retain(|(name, _)| name != "MAC" && name != "location");
    }
    let fields = host.dialect.fields(SCOPE_TOPIC, &[], fields);
    let scopes = fields.iter().map(|(name, value)| format!("onvif://www.onvif.org/{name}/{value}"));
    let separator = if host.dialect.quirk(SCOPE_TOPIC, 50) { "\n  " } else { " " };
    Some(scopes.collect::<Vec<_>>().join(separator))
}

fn envelope(prefixes: (&str, &str), action: &str, number: &str, body: &str) -> String {
    let (soap, wsd) = prefixes;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <{soap}:Envelope xmlns:{soap}=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:wsa=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:{wsd}=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" \
         xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\" \
         xmlns:tds=\"http://www.onvif.org/ver10/device/wsdl\">\
         <{soap}:Header><wsa:MessageID>urn:uuid:{number}</wsa:MessageID>\
         <wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To>\
         <wsa:Action>{action}</wsa:Action></{soap}:Header>\
         <{soap}:Body>{body}</{soap}:Body></{soap}:Envelope>"
    )
}

/// A number whose last part is the hardware address, as devices have it (RFC 9562, 5.1).
fn uuid(number: u64, mac: MacAddr) -> String {
    let hex = format!("{number:016x}");
    let (a, rest) = hex.split_at_checked(8).unwrap_or((&hex, ""));
    let (b, c) = rest.split_at_checked(4).unwrap_or((rest, ""));
    format!("{a}-{b}-{c}-819e-{}", mac.to_string().replace(':', ""))
}

/// A device with the UPnP device type of the vendor's firmware makes itself known.
pub(crate) fn ssdp_notify(stage: &mut Stage<'_>, at: Timestamp, host: &Host) -> EvidenceSet {
    if host.unit.is_some() && !host.speaks(E::SsdpNotify) || host.dialect.loses(stage.prng()) {
        return EvidenceSet::NONE;
    }
    let seat = host.seat();
    let number = uuid(0x0048_494b_0000_1000, seat.mac);
    let fields = vec![
        field("HOST", "239.255.255.250:1900"),
        field("CACHE-CONTROL", "max-age=3600"),
        field("LOCATION", format!("http://{}:49152/upnpdevicedesc.xml", seat.ip)),
        field("NT", DEVICE_TYPE),
        field("NTS", "ssdp:alive"),
        field("SERVER", "Linux/3.0.8, UPnP/1.0, Portable SDK for UPnP devices/1.4.7"),
        field("USN", format!("uuid:{number}::{DEVICE_TYPE}")),
    ];
    let kept = ["HOST", "NT", "NTS", "USN", "LOCATION"];
    let head = host.dialect.head(NOTIFY_TOPIC, &kept, fields);
    let message = format!("NOTIFY * HTTP/1.1\r\n{head}\r\n");
    stage.shout(at, seat, 1900, &group(1900), message.as_bytes());
    EvidenceSet::of(&[E::SsdpNotify])
}

/// UPnP device type of the vendor's firmware, and of a lamp gateway.
const DEVICE_TYPE: &str = "urn:schemas-upnp-org:device:EmbeddedNetDevice:1";

/// The UPnP description of a device.
pub(crate) fn description(host: &Host) -> Vec<u8> {
    let seat = host.seat();
    let fields = match &host.unit {
        Some(unit) => vec![
            field("deviceType", DEVICE_TYPE),
            field("friendlyName", format!("{} {}", unit.sheet.label, seat.ip)),
            field("manufacturer", unit.sheet.label),
            field("modelName", format!("{} {}", unit.sheet.label, unit.sheet.model)),
            field("serialNumber", unit.device_sn.as_str()),
            field("UDN", format!("uuid:{}", uuid(0x0048_494b_0000_1000, seat.mac))),
        ],
        None => vec![
            field("deviceType", DEVICE_TYPE),
            field("friendlyName", "LampControlGateway"),
            field("manufacturer", "UPNP"),
            field("modelDescription", "Lamp Control GateWay"),
            field("modelName", "GateWay"),
            field("serialNumber", "19871023"),
            field("UDN", "uuid:Upnp-1_0"),
        ],
    };
    // Names of UPnP elements have one case; missing ones and another order are common.
    let kept = ["deviceType", "manufacturer"];
    let fields = host.dialect.fields(DESCRIPTION_TOPIC, &kept, fields);
    let inner = fields.iter().map(|(name, value)| format!("<{name}>{}</{name}>\n", escape(value)));
    format!(
        "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">\n\
         <specVersion><major>1</major><minor>0</minor></specVersion>\n\
         <device>\n{}</device>\n</root>\n",
        inner.collect::<String>()
    )
    .into_bytes()
}

/// A device announces its services over multicast DNS.
pub(crate) fn mdns(stage: &mut Stage<'_>, at: Timestamp, host: &Host) -> EvidenceSet {
    let seat = host.seat();
    let address = IpAddr::V4(seat.ip);
    let lost = host.dialect.loses(stage.prng());
    let group = mdns_group();
    match (&host.unit, &host.other) {
        (Some(unit), _) if unit.voices.contains(E::Mdns) && !lost => {
            let instance = format!("{} - {}", unit.sheet.model, unit.serial);
            let name = format!("{}.local", unit.device_sn);
            for (service, txt) in
                [("_CGI._tcp.local", &[][..]), ("_psia._tcp.local", &["txtvers=1", "path=/"])]
            {
                let what = Announcement {
                    service,
                    instance: &instance,
                    host: &name,
                    address,
                    port: 80,
                    txt,
                };
                stage.shout(at, seat, 5353, &group, &announcement(&what));
            }
            EvidenceSet::of(&[E::Mdns])
        }
        (None, Some(other)) if !other.model.service.is_empty() && !lost => {
            let instance = format!("{} - {}", other.model.model, other.serial);
            let what = Announcement {
                service: other.model.service,
                instance: &instance,
                host: &format!("{}.local", other.serial),
                address,
                port: 554,
                txt: &[],
            };
            stage.shout(at, seat, 5353, &group, &announcement(&what));
            EvidenceSet::NONE
        }
        _ => EvidenceSet::NONE,
    }
}
