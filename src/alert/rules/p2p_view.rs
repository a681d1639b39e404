//! `p2p-view`: somebody outside looks through a device straight, without a server in between.

use super::sentence::who;
use super::vendor_cloud_contact::CONTACT_CONFIDENCE;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::scene::{Cue, FlowStage, Scene};
use crate::alert::severity::Severity;
use crate::catalogue::CloudRole;

/// From so much on that the device sent it is a view, and no search for a way (bytes of payload).
const VIEW_BYTES: u64 = 50_000;

/// What every service is called that is a peer and no server.
const PEER: &str = "p2p-peer";

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "p2p-view",
    signature_id: 1_000_012,
    signature: "HIKWATCH a device sends video straight to a peer",
    category: "Video leaving",
    severity: Severity::Medium,
    trigger: "a flow that follows a device's signalling goes to a peer and no server, and the device sends more than 50 kB over it",
    advice: "If it was one of you with the app, nothing. If not, change the password of the account and look at who shares the device.",
    learns: false,
    holds: Holding::MOMENT,
};

/// Looks at a flow of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, out: &mut Findings) {
    let Cue::Flow(flow) = &scene.cue else { return };
    let Some(destination) = flow.destination.filter(|_| flow.stage != FlowStage::Started) else {
        return;
    };
    if destination.role != CloudRole::P2p
        || !destination.service.ends_with(PEER)
        || destination.confidence < CONTACT_CONFIDENCE
        || flow.report.record.sent_by(flow.role).payload_bytes < VIEW_BYTES
    {
        return;
    }
    let place = flow.place.country.map(|country| format!(", registered in {country}"));
    let message = format!(
        "{} sends video to a peer at {}{}",
        who(scene.device),
        flow.far_end().ip,
        place.unwrap_or_default()
    );
    out.raise_at(&flow.far_end().ip.to_string(), &message, Some(destination));
}
