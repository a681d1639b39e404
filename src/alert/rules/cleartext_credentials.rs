//! `cleartext-credentials`: a password passed a device's line where everybody on the way can read it. It is never kept.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;
use crate::dissect::{Message, RtspMessage};

/// The scheme that carries a password as it is (RFC 7617).
const BASIC: &str = "Basic";

/// What is longer is no password but an attack on who reads it, of which `exploit-attempt` tells.
const LONGEST_PASSWORD: u32 = 1_000;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "cleartext-credentials",
    signature_id: 1_000_017,
    signature: "HIKWATCH a password passed in clear",
    category: "Exposure",
    severity: Severity::Medium,
    trigger: "a request of HTTP or RTSP to or from a vendor's device carries Basic credentials without encryption",
    advice: "Set the device to digest authentication or HTTPS, and change the password: whoever was on the way may know it.",
    learns: false,
    holds: Holding::SPELL,
};

/// Looks at a message of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, out: &mut Findings) {
    let Cue::Message(cue) = &scene.cue else { return };
    #[expect(clippy::wildcard_enum_match_arm, reason = "two protocols carry such credentials")]
    let (protocol, scheme) = match cue.message {
        Message::Http(exchange) => {
            let request = exchange.request.as_deref();
            ("HTTP", request.and_then(|request| request.authorization_scheme))
        }
        Message::Rtsp(message) => match message.as_ref() {
            RtspMessage::Request(request) if request.basic_length > LONGEST_PASSWORD => return,
            RtspMessage::Request(request) => ("RTSP", request.authorization_scheme),
            RtspMessage::Response(_) => return,
        },
        _ => return,
    };
    if scheme != Some(BASIC) {
        return;
    }
    let Some(flow) = cue.context.flow else { return };
    let message = format!(
        "{} sent a password in clear over {protocol} to {} ({})",
        flow.initiator.ip,
        flow.responder.ip,
        who(scene.device)
    );
    out.raise(protocol, &message);
}
