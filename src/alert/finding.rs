//! What rules find.
//!
//! Comes in: findings, of one rule at a time. Goes out: the list, for the desk. Texts are cleaned here, once for all rules.

use std::sync::Arc;

use crate::classify::Destination;
use crate::net::printable;

/// Most characters of a subject; guards what is kept for each alert.
const MAX_SUBJECT_CHARS: usize = 64;

/// Most characters of a message.
const MAX_MESSAGE_CHARS: usize = 512;

/// What one rule found.
#[derive(Debug)]
pub(super) enum Finding {
    /// Something to look at.
    Raise { subject: Arc<str>, message: String, destination: Option<Arc<Destination>> },
    /// What raised this is over.
    Clear { subject: Arc<str> },
}

/// What one rule found in one scene.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Something to look at. `subject` tells it from others of the same rule and device.
    pub(super) fn raise(&mut self, subject: &str, message: &str) {
        self.raise_at(subject, message, None);
    }

    /// The same, of a cloud service.
    pub(super) fn raise_at(
        &mut self,
        subject: &str,
        message: &str,
        destination: Option<&Arc<Destination>>,
    ) {
        self.list.push(Finding::Raise {
            subject: cleaned(subject),
            message: printable(message, MAX_MESSAGE_CHARS),
            destination: destination.map(Arc::clone),
        });
    }

    /// What raised `subject` is over.
    pub(super) fn clear(&mut self, subject: &str) {
        self.list.push(Finding::Clear { subject: cleaned(subject) });
    }

    /// All, in their order; the list is empty then.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Finding> {
        self.list.drain(..)
    }
}

fn cleaned(subject: &str) -> Arc<str> {
    if subject.is_empty() { Arc::default() } else { printable(subject, MAX_SUBJECT_CHARS).into() }
}
