//! What kind of place an interface is: does it see the conversations of others, half of them, or what goes to everybody?
//!
//! Comes in: signs of the sides of flows, and the time. Goes out: a [`Visibility`] that a single packet never changes: it
//! is decided a minute at a time, and changes when several minutes in a row agree.

use std::time::Duration;

use super::progress::Sign;
use crate::net::Timestamp;

/// Packet time after which conversations that were seen are enough for a first decision.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// Packet time of a decision.
const WINDOW: Duration = Duration::from_secs(60);

/// Packet time after which the first decision is made with what there is.
const LAST_LOOK: Duration = Duration::from_secs(180);

/// For that long a place is one where conversations are seen, whatever the latest minutes were like; and the minutes after
/// which an hour is judged.
const HOUR: Duration = Duration::from_secs(70 * 60);

/// Windows that agree before conversations change the state: a burst of packets to everybody, as when a switch has
/// forgotten its ways, is shorter than a window and falls into two at most.
const SOON: u8 = 3;

/// Windows that agree before their absence does: a quiet network is no broken mirror.
const LATE: u8 = 5;

/// Flows from one host to another that a port may be flooded with in a window although they are none of its business,
/// because a switch does not know the way (IEEE 802.1D, 7.7).
const FLOODED: u32 = 2;

/// What an interface sees of the traffic of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Visibility {
    /// Conversations from both sides.
    Full,
    /// Conversations, most of them from one side.
    OneWay,
    /// What goes to everybody or to this machine.
    BroadcastOnly,
    /// No frame, or none yet.
    #[default]
    Idle,
}

impl Visibility {
    /// Every state, for series that exist from the start.
    pub const ALL: [Self; 4] = [Self::Full, Self::OneWay, Self::BroadcastOnly, Self::Idle];

    /// The metric label.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::OneWay => "one-way",
            Self::BroadcastOnly => "broadcast-only",
            Self::Idle => "idle",
        }
    }

    /// What it means, and what to do about it, in a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Full => "the conversations of others are seen from both sides",
            Self::OneWay => {
                "most conversations are seen from one side only; mirror both directions of the port, or capture \
                 where both ways meet, as on the gateway"
            }
            Self::BroadcastOnly => {
                "a port that neither routes nor gets a mirror sees broadcast and multicast only: devices can be \
                 named by SADP, WS-Discovery, DHCP and ARP, clouds can't be judged; mirror the switch port or run \
                 on the gateway"
            }
            Self::Idle => {
                "no frame comes by; look at the cable, the mirror and the name of the interface"
            }
        }
    }
}

/// Watches what an interface sees.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sight {
    state: Visibility,
    is_decided: bool,
    opened: Timestamp,
    window: Signs,
    /// Of the whole run.
    whole: Signs,
    /// What the latest windows agree on against the state, and how many they are.
    against: Option<(Visibility, u8)>,
    /// When the latest window with a conversation of others ended.
    conversed: Option<Timestamp>,
}

/// Signs of some time.
#[derive(Debug, Clone, Copy, Default)]
struct Signs {
    /// There was a frame.
    heard: bool,
    both_sides: u32,
    one_side: u32,
    /// Flows between two others of which nothing more is known yet.
    open: u32,
}

impl Signs {
    const fn see_begin(&mut self) {
        self.open = self.open.saturating_add(1);
    }

    const fn count(&mut self, sign: Sign) {
        match sign {
            Sign::BothSides => self.both_sides = self.both_sides.saturating_add(1),
            Sign::OneSide => self.one_side = self.one_side.saturating_add(1),
            Sign::Unknown => {}
        }
    }

    const fn conversations(&self) -> Option<Visibility> {
        match (self.both_sides, self.one_side) {
            (0, 0) => None,
            (both, one) if one > both => Some(Visibility::OneWay),
            (_, _) => Some(Visibility::Full),
        }
    }

    /// What they mean; nothing while flows may turn out to be conversations.
    const fn meaning(&self) -> Option<Visibility> {
        match self.conversations() {
            Some(visibility) => Some(visibility),
            None if self.open > FLOODED => None,
            None if self.heard => Some(Visibility::BroadcastOnly),
            None => Some(Visibility::Idle),
        }
    }
}

impl Sight {
    /// The state now.
    pub(super) const fn state(&self) -> Visibility {
        self.state
    }

    /// Tells whether the state was ever decided.
    pub(super) const fn is_decided(&self) -> bool {
        self.is_decided
    }

    /// The state of the whole run, for one that is over: flows that were seen one way only stay so.
    pub(super) const fn over_all(&self) -> Visibility {
        match self.whole.conversations() {
            Some(visibility) => visibility,
            None if self.whole.open > 0 => Visibility::OneWay,
            None if self.whole.heard => Visibility::BroadcastOnly,
            None => Visibility::Idle,
        }
    }

    /// Notes that there was a frame.
    pub(super) const fn hear(&mut self) {
        self.window.heard = true;
        self.whole.heard = true;
    }

    /// Notes that a flow between two others began.
    pub(super) const fn see_begin(&mut self) {
        self.window.see_begin();
        self.whole.see_begin();
    }

    /// Takes in a sign of a flow between two others.
    pub(super) const fn observe(&mut self, sign: Sign) {
        self.window.count(sign);
        self.whole.count(sign);
    }

    /// Decides if it is time to.
    pub(super) fn settle(&mut self, now: Timestamp) {
        if self.opened == Timestamp::ZERO {
            self.opened = now;
            return;
        }
        let passed = now.since(self.opened);
        if !self.is_decided {
            self.settle_first(passed, now);
        } else if passed >= WINDOW {
            let meaning = self.window.meaning();
            self.begin(now);
            self.weigh(meaning);
        }
    }

    fn settle_first(&mut self, passed: Duration, now: Timestamp) {
        if passed < FIRST_LOOK {
            return;
        }
        let decision = match self.window.conversations() {
            Some(visibility) => Some(visibility),
            None if passed < WINDOW => None,
            None if passed < LAST_LOOK => self.window.meaning(),
            None => Some(self.window.meaning().unwrap_or(Visibility::OneWay)),
        };
        if let Some(state) = decision {
            (self.state, self.is_decided) = (state, true);
            self.begin(now);
        }
    }

    /// Tells whether others were heard to converse in the hour before `now`: a site that is quiet for minutes, as when its way
    /// out is broken, is no place without conversations.
    pub(super) fn conversed_lately(&self, now: Timestamp) -> bool {
        self.conversed.is_some_and(|conversed| now.since(conversed) <= HOUR)
    }

    fn begin(&mut self, now: Timestamp) {
        if self.window.conversations().is_some() {
            self.conversed = Some(now);
        }
        self.opened = now;
        self.window = Signs { heard: false, both_sides: 0, one_side: 0, open: 0 };
    }

    fn weigh(&mut self, meaning: Option<Visibility>) {
        let Some(meaning) = meaning else { return };
        if meaning == self.state {
            self.against = None;
            return;
        }
        let agreeing = match self.against {
            Some((against, windows)) if against == meaning => windows + 1,
            Some(_) | None => 1,
        };
        let enough = match meaning {
            Visibility::Full | Visibility::OneWay => SOON,
            Visibility::BroadcastOnly | Visibility::Idle => LATE,
        };
        if agreeing >= enough {
            self.state = meaning;
            self.against = None;
        } else {
            self.against = Some((meaning, agreeing));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sight with a clock.
    struct Bench {
        sight: Sight,
        second: u64,
    }

    impl Bench {
        fn new() -> Self {
            let mut bench = Self { sight: Sight::default(), second: 1_000_000 };
            bench.wait(0);
            bench
        }

        fn wait(&mut self, seconds: u64) -> Visibility {
            for _ in 0..=seconds {
                self.sight.settle(Timestamp::from_parts(self.second, 0));
                self.second += 1;
            }
            self.sight.state()
        }

        /// Some minutes with the same sign each second.
        fn minutes(&mut self, minutes: u64, sign: Option<Sign>) -> Visibility {
            for _ in 0..minutes * 60 {
                self.sight.hear();
                if let Some(sign) = sign {
                    if sign == Sign::Unknown {
                        self.sight.see_begin();
                    }
                    self.sight.observe(sign);
                }
                self.wait(0);
            }
            self.sight.state()
        }
    }

    #[test]
    fn conversations_are_seen_after_seconds_and_their_absence_after_a_minute() {
        let mut bench = Bench::new();
        bench.sight.observe(Sign::BothSides);
        assert_eq!(bench.wait(11), Visibility::Full);

        let mut bench = Bench::new();
        bench.sight.hear();
        bench.wait(50);
        assert!(!bench.sight.is_decided());
        assert_eq!(bench.wait(12), Visibility::BroadcastOnly);
    }

    #[test]
    fn silence_is_idle_and_mostly_one_sided_conversations_are_one_way() {
        let mut bench = Bench::new();
        assert_eq!(bench.wait(70), Visibility::Idle);
        assert!(bench.sight.is_decided());

        let mut bench = Bench::new();
        bench.sight.observe(Sign::BothSides);
        bench.sight.observe(Sign::OneSide);
        bench.sight.observe(Sign::OneSide);
        assert_eq!(bench.wait(11), Visibility::OneWay);
    }

    #[test]
    fn a_few_flooded_packets_make_no_mirror() {
        let mut bench = Bench::new();
        for _ in 0..FLOODED {
            bench.sight.hear();
            bench.sight.see_begin();
        }
        assert_eq!(bench.wait(70), Visibility::BroadcastOnly);
        assert_eq!(bench.minutes(1, Some(Sign::BothSides)), Visibility::BroadcastOnly);
        assert_eq!(bench.minutes(1, None), Visibility::BroadcastOnly, "one burst is no mirror");
        assert_eq!(bench.minutes(4, Some(Sign::BothSides)), Visibility::Full);
    }

    #[test]
    fn a_quiet_hour_is_told_late_and_a_quiet_minute_not_at_all() {
        let mut bench = Bench::new();
        assert_eq!(bench.minutes(3, Some(Sign::BothSides)), Visibility::Full);
        assert_eq!(bench.minutes(4, None), Visibility::Full);
        assert_eq!(bench.minutes(2, Some(Sign::BothSides)), Visibility::Full);
        assert_eq!(bench.minutes(7, None), Visibility::BroadcastOnly);
        assert_eq!(bench.wait(8 * 60), Visibility::Idle);
    }

    #[test]
    fn a_run_that_is_over_counts_as_a_whole() {
        let mut sight = Sight::default();
        assert_eq!(sight.over_all(), Visibility::Idle);
        sight.hear();
        assert_eq!(sight.over_all(), Visibility::BroadcastOnly);
        sight.see_begin();
        assert_eq!(sight.over_all(), Visibility::OneWay);
        sight.observe(Sign::BothSides);
        assert_eq!(sight.over_all(), Visibility::Full);
    }
}
