//! What came of a device's attempts to reach the vendor's cloud.

/// An attempt, or what came of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It asked for the name of a server.
    NameAsked,
    /// The answer was that there is none, or an address that leads nowhere.
    NameRefused,
    /// A connection was asked for and nobody answered.
    Unanswered,
    /// A connection was refused.
    Rejected,
    /// The server refused, with a code of its own.
    Refused(u8),
    /// The registration server agreed.
    Registered,
    /// The control server agreed.
    Kept,
}

/// Counts of attempts in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attempts {
    /// Names asked for.
    pub names_asked: u32,
    /// Names refused.
    pub names_refused: u32,
    /// Connections that nobody answered.
    pub unanswered: u32,
    /// Connections refused.
    pub rejected: u32,
    /// Refusals by a server.
    pub refused: u32,
    /// The code of the latest of these.
    pub refusal_code: Option<u8>,
    /// Registrations that the server agreed to.
    pub registered: u32,
    /// Control channels that the server agreed to.
    pub kept: u32,
}

impl Attempts {
    /// Counts one.
    pub(super) const fn count(&mut self, attempt: Attempt) {
        let counter = match attempt {
            Attempt::NameAsked => &mut self.names_asked,
            Attempt::NameRefused => &mut self.names_refused,
            Attempt::Unanswered => &mut self.unanswered,
            Attempt::Rejected => &mut self.rejected,
            Attempt::Refused(code) => {
                self.refusal_code = Some(code);
                &mut self.refused
            }
            Attempt::Registered => &mut self.registered,
            Attempt::Kept => &mut self.kept,
        };
        *counter = counter.saturating_add(1);
    }

    /// Adds those of another count.
    pub(super) fn join(&mut self, other: &Self) {
        self.names_asked = self.names_asked.saturating_add(other.names_asked);
        self.names_refused = self.names_refused.saturating_add(other.names_refused);
        self.unanswered = self.unanswered.saturating_add(other.unanswered);
        self.rejected = self.rejected.saturating_add(other.rejected);
        self.refused = self.refused.saturating_add(other.refused);
        self.refusal_code = other.refusal_code.or(self.refusal_code);
        self.registered = self.registered.saturating_add(other.registered);
        self.kept = self.kept.saturating_add(other.kept);
    }

    /// Tells whether anything was tried.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.names_asked > 0 || self.failed() > 0
    }

    /// How many failed.
    #[must_use]
    pub const fn failed(&self) -> u32 {
        self.names_refused
            .saturating_add(self.unanswered)
            .saturating_add(self.rejected)
            .saturating_add(self.refused)
    }
}
