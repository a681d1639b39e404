//! What rules find.
//!
//! Comes in: findings, of one rule at a time. Goes out: the list, for the desk. Texts are cleaned here, once for all rules.

use std::sync::Arc;

use super::explain::NearWhy;
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
    Raise(Raising),
    /// What raised this is over.
    Clear { subject: Arc<str> },
    /// It was nearly something to look at.
    Near { subject: Arc<str>, why: NearWhy },
}

/// Something to look at, cleaned.
#[derive(Debug)]
pub(super) struct Raising {
    pub(super) subject: Arc<str>,
    /// What else the far end is called: who expects one of these expects it.
    pub(super) also: Vec<String>,
    pub(super) message: String,
    pub(super) destination: Option<Arc<Destination>>,
    /// What a rule of the site looked at, where somebody asks.
    pub(super) evidence: Option<String>,
}

/// What a rule of the site found.
pub(super) struct Spotted<'a, E: FnOnce() -> String> {
    pub(super) subject: &'a str,
    pub(super) also: &'a [String],
    pub(super) message: &'a str,
    pub(super) destination: Option<&'a Arc<Destination>>,
    pub(super) evidence: E,
}

/// What one rule found in one scene.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
    /// Somebody wants to know why, and what nearly was.
    explains: bool,
}

impl Findings {
    /// From now on what nearly was is told too.
    pub(super) const fn explain(&mut self) {
        self.explains = true;
    }

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
        self.list.push(Finding::Raise(Raising {
            subject: cleaned(subject),
            also: Vec::new(),
            message: printable(message, MAX_MESSAGE_CHARS),
            destination: destination.map(Arc::clone),
            evidence: None,
        }));
    }

    /// The same, with what else it is known by.
    pub(super) fn spot<E: FnOnce() -> String>(&mut self, spotted: Spotted<'_, E>) {
        let Spotted { subject, also, message, destination, evidence } = spotted;
        self.list.push(Finding::Raise(Raising {
            subject: cleaned(subject),
            also: also.to_vec(),
            message: printable(message, MAX_MESSAGE_CHARS),
            destination: destination.map(Arc::clone),
            evidence: self.explains.then(|| printable(&evidence(), MAX_MESSAGE_CHARS)),
        }));
    }

    /// What raised `subject` is over.
    pub(super) fn clear(&mut self, subject: &str) {
        self.list.push(Finding::Clear { subject: cleaned(subject) });
    }

    /// It was nearly something to look at; `why` is asked for only where somebody wants to know.
    pub(super) fn near(&mut self, subject: &str, why: impl FnOnce() -> NearWhy) {
        if self.explains {
            self.list.push(Finding::Near { subject: cleaned(subject), why: why() });
        }
    }

    /// The same of a rule that counts or measures: it had `found` of the `wanted` that it takes.
    pub(super) fn near_by(
        &mut self,
        subject: &str,
        (found, wanted): (u64, u64),
        text: impl FnOnce() -> String,
    ) {
        self.near(subject, || {
            let per_mille = found.saturating_mul(1_000).checked_div(wanted).unwrap_or(0);
            let per_mille = u16::try_from(per_mille.min(999)).unwrap_or(999);
            NearWhy::Threshold { per_mille, text: printable(&text(), MAX_MESSAGE_CHARS) }
        });
    }

    /// All, in their order; the list is empty then.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Finding> {
        self.list.drain(..)
    }
}

fn cleaned(subject: &str) -> Arc<str> {
    if subject.is_empty() { Arc::default() } else { printable(subject, MAX_SUBJECT_CHARS).into() }
}
