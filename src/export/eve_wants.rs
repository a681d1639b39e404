//! Which events may give a line: decided before they wait for a sink, so that nothing waits in vain.
//!
//! Comes in: a selection and events. Goes out: yes or no. It says yes to a few that give no line, and no to none that would.

use super::config::{EventTypes, Scope, Selection};
use crate::alert::AlertPhase;
use crate::analyst::{Event, EventKind};

impl Selection {
    /// Tells whether the event may give a line.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        let takes = |event_type| self.types.contains(event_type);
        let is_all = self.scope == Scope::All;
        match &event.kind {
            EventKind::DeviceSeen(profile) => {
                takes("device") && (is_all || profile.is_vendor_device())
            }
            EventKind::DeviceTouched(_)
            | EventKind::FlowStarted(_)
            | EventKind::FlowUpdated { interim: false, .. } => false,
            EventKind::FlowUpdated { sighting, interim: true }
            | EventKind::FlowEnded { sighting, .. } => {
                takes("flow") && (is_all || sighting.is_of_concern())
            }
            EventKind::MessageRead(_) => self.types.has_messages(),
            EventKind::HourJudged(sighting) => {
                takes("activity") && (is_all || sighting.profile.is_vendor_device())
            }
            // A flow says that it has raised one.
            EventKind::AlertTold(sighting) => {
                sighting.alert.phase == AlertPhase::Raised && (takes("alert") || takes("flow"))
            }
        }
    }
}

impl EventTypes {
    /// Types that are not made of messages.
    const WITHOUT_MESSAGE: [&'static str; 5] = ["device", "alert", "flow", "stats", "activity"];

    /// Tells whether any type is selected that a message may give.
    fn has_messages(self) -> bool {
        Self::NAMES.iter().any(|name| self.contains(name) && !Self::WITHOUT_MESSAGE.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_wait_only_where_one_of_their_types_is_selected() {
        let has = |list| EventTypes::parse(list).unwrap().has_messages();

        assert!(!EventTypes::default().has_messages());
        assert!(!has("activity,stats"));
        assert!(has("alert,dns") && has("web") && has("all"));
    }
}
