//! The ways a device takes around what the network's owner set up.
//!
//! Comes in: what was seen, one by one. Goes out: each kind with its count, its times and its latest subject. None of
//! them is proof of intent: firmware asks fixed resolvers because some networks have none.

use std::sync::Arc;

use crate::net::Timestamp;

/// Kinds of such ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvasionKind {
    /// It asks a name server outside that the network did not give it.
    ForeignResolver,
    /// It asks for names over HTTP.
    HttpDns,
    /// It asks for names in encrypted form (DoH, DoT, DoQ), which cameras have no need for.
    EncryptedDns,
    /// It retries although nobody answers or the name is refused: a block holds, and it goes on.
    BlockedRetrying,
    /// It speaks to an address outside that no name and no described step led to.
    NamelessContact,
}

impl EvasionKind {
    /// The label, as in events.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::ForeignResolver => "foreign-resolver",
            Self::HttpDns => "httpdns",
            Self::EncryptedDns => "encrypted-dns",
            Self::BlockedRetrying => "blocked-retrying",
            Self::NamelessContact => "nameless-contact",
        }
    }
}

/// One kind, as a device does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evasion {
    /// Which.
    pub kind: EvasionKind,
    /// How often.
    pub count: u32,
    /// First and latest time.
    pub first: Timestamp,
    /// Latest time.
    pub latest: Timestamp,
    /// The latest address or name that it concerned; untrusted text, bounded.
    pub subject: Arc<str>,
}

/// What a device was seen to do of this; at most one entry a kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EvasionLog {
    seen: Vec<Evasion>,
}

impl EvasionLog {
    /// Notes one.
    pub fn note(&mut self, kind: EvasionKind, subject: &str, now: Timestamp) {
        match self.seen.iter_mut().find(|evasion| evasion.kind == kind) {
            Some(known) => {
                known.count = known.count.saturating_add(1);
                known.latest = known.latest.max(now);
                if *known.subject != *subject {
                    known.subject = subject.into();
                }
            }
            None => {
                let subject = subject.into();
                self.seen.push(Evasion { kind, count: 1, first: now, latest: now, subject });
                self.seen.sort_by_key(|evasion| evasion.kind);
            }
        }
    }

    /// Adds what another log has of a kind.
    pub(super) fn join(&mut self, other: &Evasion) {
        match self.seen.iter_mut().find(|evasion| evasion.kind == other.kind) {
            Some(known) => {
                known.count = known.count.saturating_add(other.count);
                known.first = known.first.min(other.first);
                if other.latest > known.latest {
                    known.latest = other.latest;
                    known.subject = Arc::clone(&other.subject);
                }
            }
            None => {
                self.seen.push(other.clone());
                self.seen.sort_by_key(|evasion| evasion.kind);
            }
        }
    }

    /// All that was seen, by kind.
    #[must_use]
    pub fn seen(&self) -> &[Evasion] {
        &self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_kept_once_with_its_count() {
        let mut log = EvasionLog::default();
        let at = |seconds| Timestamp::from_parts(seconds, 0);

        log.note(EvasionKind::NamelessContact, "192.0.2.1", at(5));
        log.note(EvasionKind::HttpDns, "119.29.29.29", at(6));
        log.note(EvasionKind::NamelessContact, "192.0.2.2", at(7));

        let labels: Vec<_> = log.seen().iter().map(|seen| seen.kind.as_label()).collect();
        assert_eq!(labels, ["httpdns", "nameless-contact"]);
        let nameless = &log.seen()[1];
        assert_eq!((nameless.count, nameless.first, nameless.latest), (2, at(5), at(7)));
        assert_eq!(&*nameless.subject, "192.0.2.2");
    }
}
