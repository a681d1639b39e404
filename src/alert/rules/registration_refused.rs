//! `registration-refused`: the vendor's cloud refuses a device again and again.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::Memory;
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;
use crate::catalogue::Framing;
use crate::classify::{SignWord, read_sign};

/// So many refusals without an agreement between them are told: one may be an expired ticket.
const REFUSALS: u32 = 2;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "registration-refused",
    signature_id: 1_000_023,
    signature: "HIKWATCH the vendor cloud refuses a device",
    category: "Vendor cloud traffic",
    severity: Severity::Low,
    trigger: "a server of the vendor's cloud refuses to register a device, or to give it a control channel, twice in a row; resolved \
              when it agrees",
    advice: "The unit may be blacklisted, reported stolen, or of another region: ask the vendor, or take the cloud out of its settings.",
    learns: false,
    holds: Holding::SPELL,
};

/// Looks at a message that the device got.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let Cue::Message(cue) = &scene.cue else { return };
    let Some(flow) = cue.context.flow.filter(|_| !cue.is_sender) else { return };
    let Some(sign) = read_sign(cue.message, &flow) else { return };
    if !matches!(sign.framing, Framing::Lbs | Framing::DasMqtt) {
        return;
    }
    match sign.word {
        SignWord::Accepted => {
            memory.refusals = 0;
            out.clear("");
        }
        SignWord::Refused(code) => {
            memory.refusals = memory.refusals.saturating_add(1);
            if memory.refusals >= REFUSALS {
                let message = format!(
                    "The cloud at {} refuses {}: code {code}",
                    flow.responder.ip,
                    who(scene.device)
                );
                out.raise("", &message);
            } else {
                let counts = (u64::from(memory.refusals), u64::from(REFUSALS));
                out.near_by("", counts, || {
                    format!("{} refusal by the cloud, of {REFUSALS} in a row", memory.refusals)
                });
            }
        }
        SignWord::Asked | SignWord::Redirected | SignWord::Commanded | SignWord::Spoken => {}
    }
}
