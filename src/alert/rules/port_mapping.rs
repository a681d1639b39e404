//! `port-mapping`: a device asks the gateway to open a port for anybody outside.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;
use crate::dissect::{MappingAction, Message, PortMapOperation};

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "port-mapping",
    signature_id: 1_000_014,
    signature: "HIKWATCH a device asks the gateway to open a port",
    category: "Exposure",
    severity: Severity::High,
    trigger: "a device asks for a port mapping by UPnP (AddPortMapping, AddAnyPortMapping), NAT-PMP or PCP, or for a pinhole over IPv6 (AddPinhole)",
    advice: "Switch UPnP, NAT-PMP and PCP off on the gateway and in the device, and look at which ports are open.",
    learns: false,
    holds: Holding::SPELL,
};

/// Looks at a message that the device sent.
pub(in crate::alert) fn observe(scene: &Scene<'_>, out: &mut Findings) {
    let Cue::Message(cue) = &scene.cue else { return };
    if !cue.is_sender {
        return;
    }
    #[expect(clippy::wildcard_enum_match_arm, reason = "two of the messages ask for a mapping")]
    let (how, external, internal) = match cue.message {
        Message::Portmap(message) => {
            let opens = match message.operation {
                PortMapOperation::Map => message.lifetime != Some(0),
                PortMapOperation::ExternalAddress
                | PortMapOperation::Announce
                | PortMapOperation::Peer => false,
            };
            if message.is_response() || !opens {
                return;
            }
            let how = if message.version == 0 { "NAT-PMP" } else { "PCP" };
            (how, message.external_port, message.internal_port)
        }
        Message::Http(exchange) => {
            let request = exchange.request.as_deref();
            let Some(wish) = request.and_then(|request| request.port_mapping.as_deref()) else {
                return;
            };
            match wish.action {
                MappingAction::Add | MappingAction::AddAny => {
                    ("UPnP", wish.external_port, wish.internal_port)
                }
                MappingAction::AddPinhole => {
                    ("UPnP over IPv6", wish.internal_port, wish.internal_port)
                }
                MappingAction::Delete => return,
            }
        }
        _ => return,
    };
    let port = |port: Option<u16>| port.map_or("any".to_owned(), |port| port.to_string());
    let message = format!(
        "{} asks the gateway by {how} to open port {} for its port {}",
        who(scene.device),
        port(external.filter(|port| *port != 0)),
        port(internal)
    );
    out.raise(&port(internal), &message);
}
