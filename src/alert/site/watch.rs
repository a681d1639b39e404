//! What site rules have seen of one device: which conditions hold, since when, and of what.
//!
//! Comes in: scenes and the time, in order. Goes out: findings: raised when a condition has held for its time, cleared when it
//! ends. Bounded: the oldest that a rule holds leaves.

use std::sync::Arc;
use std::time::Duration;

use super::expression::Verdict;
use super::facts::Facts;
use super::rule::{Scope, SiteRule};
use super::site_time::SiteTime;
use crate::alert::about::Holding;
use crate::alert::explain::NearWhy;
use crate::alert::finding::{Findings, Spotted};
use crate::alert::scene::{Cue, FlowStage, Scene};
use crate::classify::Destination;
use crate::flow::FlowId;
use crate::net::Timestamp;

/// Most flows of a device that one rule holds at a time; guards against who opens flows without end.
const MAX_HELD: usize = 32;

/// A flow that was not heard of for longer is over, although nobody said so: longer than any idle timeout.
const LONGEST_SILENCE: Duration = Duration::from_secs(2 * 3600);

/// Conditions that hold for a device.
#[derive(Debug, Default)]
pub(in crate::alert) struct SiteWatch {
    held: Vec<Held>,
}

/// A condition that holds.
#[derive(Debug)]
struct Held {
    rule: Arc<str>,
    thing: Thing,
    since: Timestamp,
    seen: Timestamp,
    is_told: bool,
    subject: String,
    also: Vec<String>,
    destination: Option<Arc<Destination>>,
    facts: Facts,
}

/// What it holds of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thing {
    Device,
    Flow(FlowId),
    Hours,
}

/// What a rule looks at in a scene.
struct Moment {
    /// Nothing where it is over at once.
    thing: Option<Thing>,
    since: Timestamp,
    is_last: bool,
    subject: String,
    also: Vec<String>,
    destination: Option<Arc<Destination>>,
}

/// Why a rule looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// Something happened.
    Event,
    /// Time has passed, or the rule is new.
    Time,
}

impl SiteWatch {
    /// Lets a rule look at what happened.
    pub(in crate::alert) fn observe(
        &mut self,
        rule: &SiteRule,
        scene: &Scene<'_>,
        clock: SiteTime,
        out: &mut Findings,
    ) {
        if let Some(moment) = Moment::of(rule.scope, scene) {
            self.look(rule, scene, clock, moment, Occasion::Event, out);
        }
    }

    /// Tells whether a rule may find something by the passing of time alone.
    pub(in crate::alert) fn waits(&self) -> bool {
        !self.held.is_empty()
    }

    /// Lets a rule look at what time has made of it. `scene` shows the device as it is known; `is_anew`: a minute has passed on
    /// the site's clock, or the rule is new.
    pub(in crate::alert) fn settle(
        &mut self,
        rule: &SiteRule,
        scene: &Scene<'_>,
        clock: SiteTime,
        is_anew: bool,
        out: &mut Findings,
    ) {
        if is_anew && rule.scope == Scope::Device {
            self.observe_again(rule, scene, clock, out);
        }
        let mut over = Vec::new();
        for held in self.held.iter_mut().filter(|held| *held.rule == *rule.name()) {
            let is_flow = matches!(held.thing, Thing::Flow(_));
            let is_lost = is_flow && scene.now.since(held.seen) > LONGEST_SILENCE;
            if is_flow && is_anew && rule.moves_with_time {
                held.facts.refresh(&rule.asked, scene, clock);
                held.facts.refresh(&rule.shown, scene, clock);
            }
            if is_lost || rule.condition.judge(&held.facts) != Verdict::Holds {
                over.push((held.thing, is_lost));
            } else if !held.is_told && scene.now.since(held.since) >= rule.held_for() {
                held.tell(rule, out);
            }
        }
        for (thing, is_lost) in over {
            self.release(rule, thing, scene.now, is_lost, out);
        }
    }

    /// Drops what a rule holds that is no more, or is another one now.
    pub(in crate::alert) fn forget(&mut self, rule: &str) {
        self.held.retain(|held| *held.rule != *rule);
    }

    fn observe_again(
        &mut self,
        rule: &SiteRule,
        scene: &Scene<'_>,
        clock: SiteTime,
        out: &mut Findings,
    ) {
        if let Some(moment) = Moment::of(rule.scope, scene) {
            self.look(rule, scene, clock, moment, Occasion::Time, out);
        }
    }

    fn look(
        &mut self,
        rule: &SiteRule,
        scene: &Scene<'_>,
        clock: SiteTime,
        moment: Moment,
        occasion: Occasion,
        out: &mut Findings,
    ) {
        let mut facts = Facts::read(&rule.asked, scene, clock);
        if rule.condition.judge(&facts) == Verdict::Holds {
            facts.add(&rule.shown, scene, clock);
            self.hold(rule, scene.now, moment, facts, occasion, out);
            return;
        }
        out.near(&moment.subject, || {
            let parts = rule.condition.parts(&facts);
            let of = |wanted| {
                let these = parts.iter().filter(move |(_, verdict)| *verdict == wanted);
                these.map(|(text, _)| text.clone()).collect()
            };
            NearWhy::Parts {
                held: of(Verdict::Holds),
                failed: of(Verdict::Fails),
                unknown: of(Verdict::Unknown),
                facts: facts.told(),
            }
        });
        let Some(thing) = moment.thing else { return };
        if self.find(rule, thing).is_none() && rule.holds() == Holding::UntilCleared {
            // An earlier run may have left it standing.
            out.clear(moment.subject.as_str());
        }
        self.release(rule, thing, scene.now, moment.is_last, out);
    }

    /// The condition holds.
    fn hold(
        &mut self,
        rule: &SiteRule,
        now: Timestamp,
        moment: Moment,
        facts: Facts,
        occasion: Occasion,
        out: &mut Findings,
    ) {
        let Moment { thing, since, is_last, subject, also, destination } = moment;
        let held = Held {
            rule: Arc::clone(&rule.card().name),
            thing: thing.unwrap_or(Thing::Device),
            since,
            seen: now,
            is_told: false,
            subject,
            also,
            destination,
            facts,
        };
        let Some(thing) = thing else {
            let mut passing = held;
            passing.tell(rule, out);
            return;
        };
        let index = self.find(rule, thing);
        let index = index.unwrap_or_else(|| {
            self.make_room(rule);
            self.held.push(Held { seen: now, ..held.shell() });
            self.held.len() - 1
        });
        let Some(known) = self.held.get_mut(index) else { return };
        known.see_again(held);
        let is_due = now.since(known.since) >= rule.held_for();
        if is_due && (occasion == Occasion::Event || !known.is_told) {
            known.tell(rule, out);
        }
        if is_last {
            self.release(rule, thing, now, true, out);
        }
    }

    /// The condition holds no more; where its flow is over as well, an alert on it stands for its time.
    fn release(
        &mut self,
        rule: &SiteRule,
        thing: Thing,
        now: Timestamp,
        is_over: bool,
        out: &mut Findings,
    ) {
        let Some(index) = self.find(rule, thing) else { return };
        let held = self.held.swap_remove(index);
        if !held.is_told {
            let lasted = now.since(held.since);
            let wanted = rule.held_for();
            out.near(&held.subject, || NearWhy::TooShort {
                lasted,
                wanted,
                facts: held.facts.told(),
            });
            if rule.holds() == Holding::UntilCleared {
                // An earlier run may have left it standing.
                out.clear(&held.subject);
            }
            return;
        }
        let is_held_elsewhere = self
            .held
            .iter()
            .any(|other| other.is_told && other.rule == held.rule && other.subject == held.subject);
        if !is_over && !is_held_elsewhere {
            out.clear(&held.subject);
        }
    }

    fn find(&self, rule: &SiteRule, thing: Thing) -> Option<usize> {
        self.held.iter().position(|held| held.thing == thing && *held.rule == *rule.name())
    }

    fn make_room(&mut self, rule: &SiteRule) {
        let mut of_rule =
            self.held.iter().enumerate().filter(|(_, held)| *held.rule == *rule.name());
        let oldest = of_rule.clone().min_by_key(|(_, held)| held.since).map(|(index, _)| index);
        if of_rule.nth(MAX_HELD - 1).is_some()
            && let Some(oldest) = oldest
        {
            self.held.remove(oldest);
        }
    }
}

impl Held {
    /// The same with nothing seen yet.
    fn shell(&self) -> Self {
        Self {
            rule: Arc::clone(&self.rule),
            subject: self.subject.clone(),
            also: Vec::new(),
            destination: None,
            facts: Facts::default(),
            ..*self
        }
    }

    /// Takes what was seen last. Once it was told, its subject stays, so that a name that is read later makes no second alert.
    fn see_again(&mut self, latest: Self) {
        self.seen = self.seen.max(latest.seen);
        self.facts = latest.facts;
        self.destination = latest.destination;
        if !self.is_told {
            (self.subject, self.also) = (latest.subject, latest.also);
        }
    }

    fn tell(&mut self, rule: &SiteRule, out: &mut Findings) {
        self.is_told = true;
        out.spot(Spotted {
            subject: &self.subject,
            also: &self.also,
            message: &rule.message.render(&self.facts),
            destination: self.destination.as_ref(),
            evidence: || self.facts.told(),
        });
    }
}

impl Moment {
    fn of(scope: Scope, scene: &Scene<'_>) -> Option<Self> {
        let mut moment = Self {
            thing: None,
            since: scene.now,
            is_last: false,
            subject: String::new(),
            also: Vec::new(),
            destination: None,
        };
        match (scope, &scene.cue) {
            (Scope::Device, Cue::Profile) => moment.thing = Some(Thing::Device),
            (Scope::Flow, Cue::Flow(flow)) => {
                let address = flow.far_end().ip.to_string();
                moment.thing = Some(Thing::Flow(flow.report.record.id));
                moment.is_last = flow.stage == FlowStage::Ended;
                moment.also.extend(flow.destination.map(|known| known.service.to_string()));
                match flow.name {
                    Some(name) => {
                        name.clone_into(&mut moment.subject);
                        moment.also.push(address);
                    }
                    None => moment.subject = address,
                }
                moment.destination = flow.destination.map(Arc::clone);
            }
            (Scope::Message, Cue::Message(cue)) => {
                let flow = cue.context.flow;
                let end =
                    flow.map(|flow| if cue.is_sender { flow.responder } else { flow.initiator });
                moment.subject = match end {
                    Some(end) => end.ip.to_string(),
                    None => cue.message.protocol().as_label().to_owned(),
                };
            }
            (Scope::Evasion, Cue::Evasion { subject, .. }) => {
                (*subject).clone_into(&mut moment.subject);
            }
            (Scope::Hour, Cue::Hour(hour)) if hour.complete => {
                moment.thing = Some(Thing::Hours);
                moment.since = hour.start;
            }
            _ => return None,
        }
        Some(moment)
    }
}
