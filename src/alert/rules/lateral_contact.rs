//! `lateral-contact`: a device begins to speak to a host of ours that it never spoke to.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::{Memory, Topic};
use crate::alert::scene::{Cue, FlowStage, Scene};
use crate::alert::severity::Severity;
use crate::net::Perimeter;

/// Services that every host asks of its network: names, addresses, time (IANA service names).
const EVERYDAY_PORTS: [u16; 5] = [53, 67, 123, 547, 5353];

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "lateral-contact",
    signature_id: 1_000_022,
    signature: "HIKWATCH a device speaks to a neighbour that is new to it",
    category: "New for this device",
    severity: Severity::Medium,
    trigger: "a device begins a flow to a host of our own network that answers and that it never spoke to; the gateway, and names, \
              addresses and time do not count; silent while the device is being learned",
    advice: "If the host is a recorder or a server that was set up, say so in [[alerts.expect]]; else somebody may use the device as a bridge.",
    learns: true,
    holds: Holding::MOMENT,
};

/// Looks at a flow within our network that the device began. Who carries its flows outside is the gateway, and none of those
/// whom this is about.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let Cue::Flow(flow) = &scene.cue else { return };
    let far_end = flow.far_end();
    let record = &flow.report.record;
    let mac = record.mac(flow.role.other());
    if flow.perimeter != Perimeter::Internal {
        if flow.stage == FlowStage::Started && mac.is_station() {
            memory.is_new(Topic::Neighbour, &mac.to_string());
        }
        return;
    }
    if flow.stage == FlowStage::Started
        || !flow.is_own()
        || EVERYDAY_PORTS.contains(&far_end.port)
        || record.sent_by(flow.role.other()).payload_bytes == 0
    {
        return;
    }
    // Addresses move; who holds one stays.
    let host = if mac.is_station() { mac.to_string() } else { far_end.ip.to_string() };
    if memory.is_new(Topic::Neighbour, &host) {
        let message = format!(
            "{} began to speak to {} on port {}, which is new for it",
            who(scene.device),
            far_end.ip,
            far_end.port
        );
        out.raise(&far_end.ip.to_string(), &message);
    }
}
