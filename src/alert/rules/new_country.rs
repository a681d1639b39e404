//! `new-country`: a device exchanges something with a far end in a country that it never had to do with.

use super::sentence::who;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::{Memory, Topic};
use crate::alert::scene::{Cue, FlowStage, Scene};
use crate::alert::severity::Severity;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "new-country",
    signature_id: 1_000_009,
    signature: "HIKWATCH a device speaks to a country that is new to it",
    category: "New for this device",
    severity: Severity::Medium,
    trigger: "a far end that answers a device is registered in a country that none of its far ends was registered in before; silent \
              while the device is being learned",
    advice: "Look at which service it is (`hikwatch flows`); registered in a country does not mean located there.",
    learns: true,
    holds: Holding::MOMENT,
};

/// Looks at a flow to or from outside.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let Cue::Flow(flow) = &scene.cue else { return };
    if flow.stage == FlowStage::Started || !flow.is_answered() {
        return;
    }
    let Some(country) = flow.place.country else { return };
    let country = country.to_string();
    if memory.is_new(Topic::Country, &country) {
        let message = format!(
            "{} exchanges data with {}, registered in {country}, which is new for it",
            who(scene.device),
            flow.far_end().ip
        );
        out.raise_at(&country, &message, flow.destination);
    }
}
