//! `vulnerable-build`: a device states a build that a published flaw covers. It is a hint from its own words; nothing was tested.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::lore::Lore;
use crate::alert::memory::{Memory, Topic};
use crate::alert::scene::{Cue, Scene};
use crate::alert::severity::Severity;
use crate::device::hints;

/// What every published flaw begins with; other hints have rules of their own.
const CVE: &str = "CVE-";

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "vulnerable-build",
    signature_id: 1_000_020,
    signature: "HIKWATCH a device states a build with a published flaw",
    category: "Exposure",
    severity: Severity::Medium,
    trigger: "the model and the firmware that a vendor's device states are covered by a flaw of `config/catalogue/hints.toml`; \
              resolved when it states a build that is not",
    advice: "Update it, or replace it where the vendor gives no update; until then let nobody but its recorder reach it.",
    learns: false,
    holds: Holding::UntilCleared,
};

/// Looks at what is known of the device.
pub(in crate::alert) fn observe(
    scene: &Scene<'_>,
    lore: &Lore,
    memory: &mut Memory,
    out: &mut Findings,
) {
    let Cue::Profile = &scene.cue else { return };
    let met = hints(scene.device, &lore.hints);
    let met: Vec<_> = met.iter().filter(|hint| hint.id.starts_with(CVE)).collect();
    for flaw in lore.hints.ids().filter(|id| id.starts_with(CVE)) {
        let reported = format!("flaw {flaw}");
        match met.iter().find(|hint| *hint.id == *flaw) {
            Some(hint) if memory.is_new(Topic::Reported, &reported) => {
                let message = format!("{}: {}, {}", who(scene.device), hint.id, hint.text);
                out.raise(flaw, &message);
            }
            None if memory.knows(Topic::Reported, &reported) => {
                memory.unlearn(Topic::Reported, &reported);
                out.clear(flaw);
            }
            Some(_) | None => {}
        }
    }
}
