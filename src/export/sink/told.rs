//! Which events the sinks for alerts are given.
//!
//! Comes in: events, letters. Goes out: the alert of those that tell that one was raised, or is over. What is seen again while an alert
//! stands is not worth a message.

use super::letter::Letter;
use crate::alert::{Alert, AlertPhase};
use crate::analyst::{Event, EventKind};

/// Tells whether an event says that an alert was raised, or is over.
#[must_use]
pub fn tells_alert(event: &Event) -> bool {
    alert_of(event).is_some()
}

/// The alert that was raised, or is over.
pub(crate) fn told_alert(letter: &Letter) -> Option<&Alert> {
    match letter {
        Letter::Event(event) => alert_of(event),
        Letter::Forgotten(_) | Letter::Stats(_) => None,
    }
}

fn alert_of(event: &Event) -> Option<&Alert> {
    let EventKind::AlertTold(sighting) = &event.kind else { return None };
    match sighting.alert.phase {
        AlertPhase::Raised | AlertPhase::Resolved => Some(&sighting.alert),
        AlertPhase::Repeated => None,
    }
}
