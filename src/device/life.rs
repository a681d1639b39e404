//! What a device's own messages say of its life: whether it was set up, who got in, what is behind it.
//!
//! Comes in: the facts of one device. Goes out: that part of its [`DeviceState`]; the rest of it is not for messages to say.

use super::DeviceState;
use super::fact::Aspect;
use super::fact_set::FactSet;

/// The latest of each.
pub(super) fn life_of(facts: &FactSet) -> DeviceState {
    let text = |aspect| facts.best(aspect).map(|fact| fact.value.as_str());
    DeviceState {
        activated: text(Aspect::Activated).and_then(|text| text.parse().ok()),
        default_login: facts.best(Aspect::DefaultLogin).map(|fact| fact.last_seen),
        channels: text(Aspect::Channels).and_then(|text| text.parse().ok()),
        ..DeviceState::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::fact::Sighting;
    use crate::device::{Claim, EvidenceSource};
    use crate::net::Timestamp;

    #[test]
    fn the_latest_word_of_each_counts() {
        let mut facts = FactSet::default();
        let mut see = |claim: &Claim, value: &str, second| {
            let sighting = Sighting { source: EvidenceSource::Sadp, claim, value, weight: 55 };
            facts.observe(&sighting, Timestamp::from_parts(second, 0));
        };
        see(&Claim::Activated, "false", 1);
        see(&Claim::Activated, "true", 2);
        see(&Claim::Channels, "8", 2);
        see(&Claim::DefaultLogin, "admin:12345", 3);
        see(&Claim::DefaultLogin, "admin:12345", 5);

        let life = life_of(&facts);

        assert_eq!((life.activated, life.channels), (Some(true), Some(8)));
        assert_eq!(life.default_login, Some(Timestamp::from_parts(5, 0)));
        assert_eq!(life_of(&FactSet::default()), DeviceState::default());
    }
}
