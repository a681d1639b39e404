//! `video-leaving`: a device sends more to its cloud, or to a peer, than control and snapshots need, and for a while.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::Memory;
use crate::alert::scene::{Cue, FlowStage, Scene};
use crate::alert::severity::Severity;
use crate::catalogue::CloudRole;
use crate::net::Perimeter;

/// From this rate on it is video: the smallest stream of these devices that is of use has 256 kbit/s (their sub-streams begin
/// there; inferred). In bits a second.
const VIDEO_RATE: f64 = 256_000.0;

/// What a device does most of the day is usual for it, and so is what it does each day for a while: only more than so many times
/// that is told.
const ABOVE_USUAL: f64 = 2.0;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "video-leaving",
    signature_id: 1_000_011,
    signature: "HIKWATCH video leaves a device for the outside",
    category: "Video leaving",
    severity: Severity::High,
    trigger: "over at least 30 seconds a device sends 256 kbit/s or more to relays, peers and stores of its cloud, at twice the rate \
              that is usual for it, and to those of that kind for more than twice as long as on its other days",
    advice: "If nobody of you watches, find out who does: change the password of the account, and switch sharing and cloud recording off.",
    learns: false,
    holds: Holding::MOMENT,
};

/// Looks at a flow of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let Cue::Flow(flow) = &scene.cue else { return };
    let Some(destination) = flow.destination else { return };
    let carries_video =
        matches!(destination.role, CloudRole::Relay | CloudRole::P2p | CloudRole::Storage);
    if !carries_video || !matches!(flow.perimeter, Perimeter::Inbound | Perimeter::Outbound) {
        return;
    }
    let record = &flow.report.record;
    let sent = record.sent_by(flow.role).payload_bytes;
    let ended = flow.stage == FlowStage::Ended;
    let Some(window) =
        memory.video.note((record.id, record.flow_start), sent, record.flow_end, ended)
    else {
        return;
    };
    let role = destination.role.as_label();
    if window.rate < VIDEO_RATE {
        out.near_by(role, (kilobits(window.rate), kilobits(VIDEO_RATE)), || {
            format!(
                "{} kbit/s to {} for {} s, of {} that are video",
                kilobits(window.rate),
                destination.service,
                window.length.as_secs(),
                kilobits(VIDEO_RATE)
            )
        });
        return;
    }
    let is_more = memory.note_video(destination.role, record.flow_end, window.length);
    if !is_more || window.rate < ABOVE_USUAL * window.usual {
        out.near_by(role, (999, 1_000), || {
            format!(
                "{} kbit/s to {}, which is usual for it (on average {} kbit/s, or as long as on other days)",
                kilobits(window.rate),
                destination.service,
                kilobits(window.usual)
            )
        });
        return;
    }
    let message = format!(
        "{} sends {:.1} Mbit/s to {}, {}",
        who(scene.device),
        window.rate / 1e6,
        destination.service,
        role
    );
    out.raise_at(role, &message, Some(destination));
}

fn kilobits(rate: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is no less than 0, and no line carries 2^64 kbit/s"
    )]
    let kilobits = (rate / 1e3) as u64;
    kilobits
}
