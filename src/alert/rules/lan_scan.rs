//! `lan-scan`: a device tries many hosts or ports of ours, and mostly nobody answers.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::Memory;
use crate::alert::scene::{Cue, FlowStage, Scene};
use crate::alert::severity::Severity;
use crate::net::Perimeter;

/// So many hosts that did not answer within a window are a scan. A recorder that looks for its cameras tries fewer.
const HOSTS: usize = 15;
/// So many ports of one host are one too.
const PORTS: usize = 30;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "lan-scan",
    signature_id: 1_000_021,
    signature: "HIKWATCH a device scans the network",
    category: "Attack",
    severity: Severity::High,
    trigger: "within five minutes at least 15 hosts, or 30 ports of one host, of our own network do not answer what a device sends",
    advice: "A camera has no reason to: take it off the network, keep a capture, and look for what else it reached.",
    learns: false,
    holds: Holding::SPELL,
};

/// Looks at a flow within our network that the device began.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let Cue::Flow(flow) = &scene.cue else { return };
    let far_end = flow.far_end();
    if flow.stage != FlowStage::Ended
        || flow.perimeter != Perimeter::Internal
        || !flow.is_own()
        || far_end.ip.is_multicast()
        || flow.report.record.sent_by(flow.role.other()).payload_bytes > 0
        || is_agreed(flow.report.record.conn_state)
    {
        return;
    }
    let failed = memory.scan.note(far_end, scene.now);
    if failed.hosts >= HOSTS || failed.ports >= PORTS {
        let message = format!(
            "{} tried {} hosts of the network within five minutes that did not answer, the latest at {} (port {})",
            who(scene.device),
            failed.hosts,
            far_end.ip,
            far_end.port
        );
        out.raise("", &message);
        return;
    }
    let of_hosts = share(failed.hosts, HOSTS);
    out.near_by("", of_hosts.max(share(failed.ports, PORTS)), || {
        format!(
            "{} hosts did not answer within five minutes, of {HOSTS} that are a scan; {} ports of one host, of {PORTS}",
            failed.hosts, failed.ports
        )
    });
}

/// How much of what it takes there was.
fn share(found: usize, wanted: usize) -> (u64, u64) {
    let thousandths = found.saturating_mul(1_000).checked_div(wanted).unwrap_or(0);
    (u64::try_from(thousandths).unwrap_or(u64::MAX), 1_000)
}

/// Tells whether both ends agreed to speak.
fn is_agreed(state: crate::flow::ConnState) -> bool {
    use crate::flow::ConnState::{Rsto, Rstr, S1, S2, S3, SF};
    matches!(state, S1 | SF | S2 | S3 | Rsto | Rstr)
}
