//! `inbound-from-internet`: somebody outside began to speak to a device, and it answered.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::scene::{Cue, FlowStage, Scene};
use crate::alert::severity::Severity;
use crate::flow::Role;
use crate::net::{IpProtocol, Perimeter};

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "inbound-from-internet",
    signature_id: 1_000_015,
    signature: "HIKWATCH a device answers somebody outside",
    category: "Exposure",
    severity: Severity::High,
    trigger: "a TCP connection from outside reaches a device and both sides send data; what comes over UDP after the device's own \
              signalling is told by `p2p-view`",
    advice: "Take the port forwarding away, and reach the device over a VPN instead; then look at who was let in.",
    learns: false,
    holds: Holding::SPELL,
};

/// Looks at a flow from outside.
pub(in crate::alert) fn observe(scene: &Scene<'_>, out: &mut Findings) {
    let Cue::Flow(flow) = &scene.cue else { return };
    let record = &flow.report.record;
    let speaks = |role| record.sent_by(role).payload_bytes > 0;
    if flow.stage == FlowStage::Started
        || flow.perimeter != Perimeter::Inbound
        || flow.role != Role::Responder
        || record.protocol != IpProtocol::TCP
        || !(speaks(Role::Initiator) && speaks(Role::Responder))
    {
        return;
    }
    let port = record.responder.port;
    let message =
        format!("{} answers {} from outside on port {port}", who(scene.device), flow.far_end().ip);
    out.raise(&port.to_string(), &message);
}
