//! What a message itself says of the service at the far end.
//!
//! Comes in: messages of flows. Goes out: a [`PayloadSign`]: which framing was met, how sure that is, and what it says of
//! success or refusal. No secret gets here: device tokens are not in the messages, and serial numbers are left where they
//! are.

use crate::catalogue::Framing;
use crate::dissect::{
    HttpRequest, LbsMessage, Message, MqttMessage, P2pMessage, SafeFamily, SafeMessage,
};
use crate::flow::Role;
use crate::meter::MessageFlow;
use crate::net::IpProtocol;

/// How the will of a device begins, and how it ends (`ezsdk`, `das_transport.c`).
const WILL: &str = "/Basic/pu2cenplt/";
const WILL_ENDS: [&str; 2] = ["/firstconnect", "/breakconnect"];
/// Return codes of a CONNACK beyond the standard's (`ezsdk`).
const BLACKLISTED: u8 = 10;
const REDIRECTED: u8 = 11;
/// The port of older gateways in clear (`hikkup`, `mud`).
const GATEWAY_PORT: u16 = 6800;
/// The request by which snapshots leave in clear (S. Mainardi, SharkFest 2021).
const SDK_POST: &str = "/sdk.post";

// How sure each framing is. It follows how many bits of the message are fixed, and how many sources describe them.

/// A serial number where it belongs, and lengths that agree; or the will topic: texts that nobody else sends.
const TEXT: u8 = 92;
/// A marker of 32 bits, and a described command.
const MARKER: u8 = 88;
/// Some 40 fixed bits, of which one source speaks.
const HEADER: u8 = 80;
/// A described answer of fixed length.
const ANSWER: u8 = 70;
/// A path that others could use.
const PATH: u8 = 65;

/// A framing of the vendors' protocols that was met in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadSign {
    /// Which one.
    pub framing: Framing,
    /// How sure it is, 0 to 100.
    pub confidence: u8,
    /// What it says besides.
    pub word: SignWord,
}

/// What a message says besides its framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignWord {
    /// A device asks.
    Asked,
    /// The server agreed.
    Accepted,
    /// The server refused, with its code.
    Refused(u8),
    /// The server sent the device elsewhere.
    Redirected,
    /// The server wants something of the device.
    Commanded,
    /// Anything else.
    Spoken,
}

/// What a message says of the far end of its flow; nothing of most.
#[must_use]
pub fn read_sign(message: &Message, flow: &MessageFlow) -> Option<PayloadSign> {
    match message {
        Message::Lbs(lbs) => Some(lbs_sign(lbs, flow.sender)),
        Message::Mqtt(mqtt) => mqtt_sign(mqtt, flow.sender),
        Message::Safe(safe) => safe_sign(safe, flow),
        Message::P2p(p2p) => Some(p2p_sign(*p2p)),
        Message::Vtm(vtm) => {
            let confidence = if vtm.url.is_some() { TEXT } else { ANSWER };
            Some(spoken(Framing::Vtm, confidence))
        }
        Message::Isup(_) => Some(spoken(Framing::Isup, MARKER)),
        Message::Hcnetsdk(_) => Some(spoken(Framing::Hcnetsdk, HEADER)),
        Message::HttpRequest(request) => http_sign(request),
        Message::Http(exchange) => http_sign(exchange.request.as_deref()?),
        Message::Dns(_)
        | Message::Nbns(_)
        | Message::TlsHello(_)
        | Message::Tls(_)
        | Message::Quic(_)
        | Message::Rtsp(_)
        | Message::Sip(_)
        | Message::Stun(_)
        | Message::Dhcp(_)
        | Message::Dhcpv6(_)
        | Message::Ndp(_)
        | Message::Ntp(_)
        | Message::Snmp(_)
        | Message::Syslog(_)
        | Message::Portmap(_)
        | Message::Ssdp(_)
        | Message::Wsd(_)
        | Message::Sadp(_)
        | Message::Beacon(_) => None,
    }
}

const fn spoken(framing: Framing, confidence: u8) -> PayloadSign {
    PayloadSign { framing, confidence, word: SignWord::Spoken }
}

fn lbs_sign(message: &LbsMessage, sender: Role) -> PayloadSign {
    let word = match (sender, message.result) {
        (Role::Responder, Some(0)) => SignWord::Accepted,
        (Role::Responder, Some(code)) => SignWord::Refused(code),
        (Role::Responder, None) => SignWord::Spoken,
        (Role::Initiator, _) => SignWord::Asked,
    };
    let confidence = if message.serial.is_some() { TEXT } else { ANSWER };
    PayloadSign { framing: Framing::Lbs, confidence, word }
}

/// Only the will is the vendor's own; what follows in the same flow is understood with it.
fn mqtt_sign(message: &MqttMessage, sender: Role) -> Option<PayloadSign> {
    let (confidence, word) = match message {
        MqttMessage::Connect(connect) => {
            let topic = connect.will.as_ref()?.topic.strip_prefix(WILL)?;
            WILL_ENDS.iter().find(|end| topic.ends_with(**end))?;
            (TEXT, SignWord::Asked)
        }
        MqttMessage::Connack(connack) => {
            let word = match connack.return_code {
                0 => SignWord::Accepted,
                REDIRECTED => SignWord::Redirected,
                code => SignWord::Refused(code),
            };
            // A CONNACK alone is anybody's.
            (0, word)
        }
        MqttMessage::Publish(_) if sender == Role::Responder => (0, SignWord::Commanded),
        MqttMessage::Publish(_) | MqttMessage::Subscribe(_) => return None,
    };
    Some(PayloadSign { framing: Framing::DasMqtt, confidence, word })
}

fn safe_sign(message: &SafeMessage, flow: &MessageFlow) -> Option<PayloadSign> {
    let (framing, confidence) = match message.family() {
        SafeFamily::Stun => (Framing::SafeStun, MARKER),
        SafeFamily::Cas => (Framing::SafeCas, MARKER),
        SafeFamily::CloudReplay => (Framing::SafeReplay, MARKER),
        SafeFamily::Unknown
            if flow.protocol == IpProtocol::TCP && flow.responder.port == GATEWAY_PORT =>
        {
            (Framing::SafeAccess, HEADER)
        }
        SafeFamily::LocalSdk | SafeFamily::Unknown => return None,
    };
    let word = match flow.sender {
        Role::Initiator => SignWord::Asked,
        Role::Responder => SignWord::Spoken,
    };
    Some(PayloadSign { framing, confidence, word })
}

const fn p2p_sign(_: P2pMessage) -> PayloadSign {
    spoken(Framing::P2pV3, HEADER)
}

fn http_sign(request: &HttpRequest) -> Option<PayloadSign> {
    let path = request.target.split('?').next().unwrap_or_default();
    if request.method == "POST" && path == SDK_POST {
        return Some(spoken(Framing::SdkPost, PATH));
    }
    request.name_to_resolve().map(|_| spoken(Framing::HttpDns, PATH))
}

/// What a refusal means, for a person.
#[must_use]
pub(super) const fn refusal_name(framing: Framing, code: u8) -> Option<&'static str> {
    match (framing, code) {
        (Framing::DasMqtt, BLACKLISTED) => Some("blacklisted"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::{MqttConnack, MqttConnect, MqttWill};
    use crate::flow::{Endpoint, FlowId};

    fn flow(sender: Role, port: u16) -> MessageFlow {
        let end = |host, port| Endpoint { ip: [192, 0, 2, host].into(), port };
        MessageFlow {
            id: FlowId(1),
            initiator: end(1, 40_000),
            responder: end(2, port),
            protocol: IpProtocol::TCP,
            sender,
        }
    }

    #[test]
    fn a_registration_says_who_asked_and_what_the_server_answered() {
        let lbs = |serial: Option<&str>, result| {
            Message::Lbs(Box::new(LbsMessage {
                command: 7,
                serial: serial.map(str::to_owned),
                result,
                ..LbsMessage::default()
            }))
        };
        let of = |message, sender| {
            let sign = read_sign(&message, &flow(sender, 8666)).unwrap();
            (sign.framing, sign.word)
        };

        let asked = of(lbs(Some("E23456789"), None), Role::Initiator);
        assert_eq!(asked, (Framing::Lbs, SignWord::Asked));
        assert_eq!(of(lbs(None, Some(0)), Role::Responder).1, SignWord::Accepted);
        assert_eq!(of(lbs(None, Some(4)), Role::Responder).1, SignWord::Refused(4));
    }

    #[test]
    fn mqtt_is_the_vendors_by_its_will_topic_alone() {
        let connect = |topic: &str| {
            Message::Mqtt(Box::new(MqttMessage::Connect(Box::new(MqttConnect {
                will: Some(MqttWill { topic: topic.to_owned(), ..MqttWill::default() }),
                ..MqttConnect::default()
            }))))
        };
        let connack = |return_code| {
            let connack = MqttConnack { session_present: false, return_code };
            Message::Mqtt(Box::new(MqttMessage::Connack(connack)))
        };
        let read = |message| read_sign(&message, &flow(Role::Initiator, 1883));

        let will = read(connect("/Basic/pu2cenplt/E23456789/breakconnect")).unwrap();
        assert_eq!((will.framing, will.confidence), (Framing::DasMqtt, TEXT));
        assert_eq!(read(connect("/Basic/pu2cenplt/E23456789/other")), None);
        assert_eq!(read(connect("home/status")), None);
        assert_eq!(read(connack(0)).unwrap().confidence, 0, "anybody's");
        let refused = read(connack(10)).unwrap();
        assert_eq!(refused.word, SignWord::Refused(10));
        assert_eq!(refusal_name(refused.framing, 10), Some("blacklisted"));
        assert_eq!(read(connack(11)).unwrap().word, SignWord::Redirected);
    }

    #[test]
    fn of_the_safe_protocol_the_command_tells_the_service() {
        let safe = |command, port| {
            let message =
                Message::Safe(Box::new(SafeMessage { command, ..SafeMessage::default() }));
            read_sign(&message, &flow(Role::Initiator, port)).map(|sign| sign.framing)
        };

        assert_eq!(safe(0x0812, 6002), Some(Framing::SafeStun));
        assert_eq!(safe(0x2001, 6500), Some(Framing::SafeCas));
        assert_eq!(safe(0x5003, 443), Some(Framing::SafeReplay));
        assert_eq!(safe(0x7777, 6800), Some(Framing::SafeAccess));
        assert_eq!(safe(0x7777, 9999), None);
        assert_eq!(safe(0x2011, 9010), None, "spoken at home");
    }
}
