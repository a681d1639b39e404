//! The steps that a device has taken towards the cloud, which explain what it does next.
//!
//! Comes in: verdicts and signs on its flows. Goes out: the step that a nameless flow follows from. One a vendor
//! device; bounded; it reads no clock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::flow::Endpoint;
use crate::net::Timestamp;

/// Most steps that are remembered of one device: guards memory against one that asks many servers. A device keeps a
/// registration, a control channel, and a handful of STUN servers.
const MAX_STEPS: usize = 16;

/// A step towards the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailStep {
    /// What it was.
    pub kind: StepKind,
    /// The server.
    pub server: Endpoint,
    /// The device's own port.
    pub own_port: u16,
    /// The server is the vendor's, by its name or by its framing; STUN servers of others serve everybody.
    pub is_vendors: bool,
    /// Whose cloud it is.
    pub vendor: Arc<str>,
    /// The server's name, if there is one.
    pub name: Option<Arc<str>>,
    /// When it was taken first, and when it was last heard of.
    pub first: Timestamp,
    /// Its latest packet.
    pub latest: Timestamp,
}

/// What a step was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// The device registered, so that the cloud could hand it the addresses of servers.
    Registration,
    /// It keeps a control channel, over which the cloud can tell it to open a view.
    Control,
    /// It, or an app, spoke to the broker.
    Broker,
    /// It learned its public address and port.
    Stun,
    /// It announced itself at a peer-to-peer server.
    P2p,
}

impl StepKind {
    /// For a person: what the device did.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Registration => "it registered with",
            Self::Control => "it keeps a control channel with",
            Self::Broker => "it spoke to the broker",
            Self::Stun => "it asked for its public address at",
            Self::P2p => "it announced itself at the peer-to-peer server",
        }
    }
}

/// The steps of one device, the one heard of last at the end.
#[derive(Debug, Clone, Default)]
pub struct Trail {
    steps: VecDeque<TrailStep>,
}

impl Trail {
    /// Notes a step, or that a known one goes on.
    pub fn note(&mut self, step: TrailStep) {
        let key = |step: &TrailStep| (step.kind, step.server, step.own_port);
        let mut step = step;
        if let Some(at) = self.steps.iter().position(|known| key(known) == key(&step))
            && let Some(known) = self.steps.remove(at)
        {
            step.first = known.first.min(step.first);
            step.latest = known.latest.max(step.latest);
            step.name = step.name.or(known.name);
            step.is_vendors |= known.is_vendors;
        } else if self.steps.len() >= MAX_STEPS {
            self.steps.pop_front();
        }
        self.steps.push_back(step);
    }

    /// The latest step of this kind that was begun before `moment` and not silent for longer than `window` then.
    #[must_use]
    pub fn before(
        &self,
        kind: StepKind,
        moment: Timestamp,
        window: Duration,
    ) -> Option<&TrailStep> {
        self.steps.iter().rev().find(|step| step.kind == kind && step.precedes(moment, window))
    }

    /// The same among steps that were taken from this port of the device.
    #[must_use]
    pub fn from_port(
        &self,
        own_port: u16,
        moment: Timestamp,
        window: Duration,
    ) -> Option<&TrailStep> {
        self.steps.iter().rev().find(|step| {
            matches!(step.kind, StepKind::Stun | StepKind::P2p)
                && step.own_port == own_port
                && step.precedes(moment, window)
        })
    }

    /// Tells whether a server of a step has this end.
    #[must_use]
    pub fn leads_to(&self, server: Endpoint) -> bool {
        self.steps.iter().any(|step| step.server == server)
    }

    /// All of them, the oldest first.
    pub fn steps(&self) -> impl Iterator<Item = &TrailStep> {
        self.steps.iter()
    }

    /// Whose cloud the device is with: that of its latest registration, else of any step.
    #[must_use]
    pub fn vendor(&self) -> Option<&Arc<str>> {
        let registration = |step: &&TrailStep| step.kind == StepKind::Registration;
        let steps = || self.steps.iter().rev();
        steps().find(registration).or_else(|| steps().next()).map(|step| &step.vendor)
    }
}

impl TrailStep {
    fn precedes(&self, moment: Timestamp, window: Duration) -> bool {
        self.first <= moment && moment <= self.latest.plus(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_parts(1_000, 0);
    const WINDOW: Duration = Duration::from_secs(60);

    #[test]
    fn a_step_explains_what_follows_within_its_window_and_nothing_before_it() {
        let mut trail = Trail::default();
        trail.note(step(StepKind::Stun, 1, 0));

        let found = |seconds| {
            trail.before(StepKind::Stun, START.plus(Duration::from_secs(seconds)), WINDOW).is_some()
        };
        assert!(found(0) && found(60) && !found(61));
        let earlier = Timestamp::from_parts(999, 0);
        assert!(trail.before(StepKind::Stun, earlier, WINDOW).is_none());
        assert!(trail.before(StepKind::P2p, START, WINDOW).is_none());
    }

    #[test]
    fn a_step_that_goes_on_keeps_its_beginning() {
        let mut trail = Trail::default();
        trail.note(step(StepKind::Stun, 1, 0));
        trail.note(step(StepKind::Stun, 1, 300));

        let found = trail.from_port(50_000, START.plus(Duration::from_secs(100)), WINDOW);
        assert!(found.is_some_and(|step| step.first == START));
        assert!(trail.from_port(50_001, START, WINDOW).is_none());
        assert!(trail.leads_to(step(StepKind::Stun, 1, 0).server));
    }

    #[test]
    fn of_many_steps_the_latest_are_kept() {
        let mut trail = Trail::default();
        for host in 0..200 {
            trail.note(step(StepKind::Stun, host, u64::from(host)));
        }

        assert_eq!(trail.steps.len(), MAX_STEPS);
        assert!(trail.leads_to(step(StepKind::Stun, 199, 0).server));
        assert!(!trail.leads_to(step(StepKind::Stun, 1, 0).server));
    }

    fn step(kind: StepKind, host: u8, seconds: u64) -> TrailStep {
        let at = START.plus(Duration::from_secs(seconds));
        TrailStep {
            kind,
            server: Endpoint { ip: [198, 51, 100, host].into(), port: 6002 },
            own_port: 50_000,
            is_vendors: true,
            vendor: "ezviz".into(),
            name: None,
            first: at,
            latest: at,
        }
    }
}
