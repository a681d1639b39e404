//! What keeps devices from their cloud, and when.
//!
//! Comes in: a plan and a source of numbers. Goes out: the condition of each device at each time. It is drawn once, before
//! the first frame.

use std::time::Duration;

use super::plan::EstatePlan;
use crate::net::Timestamp;
use crate::simulate::prng::Prng;

const HOUR: Duration = Duration::from_secs(3_600);

/// How the way to the cloud is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Open.
    Clear,
    /// Nothing outside answers, the resolver's servers neither.
    Outage,
    /// The owner drops what goes to the vendor: SYNs are never answered.
    Silent,
    /// The resolver says 0.0.0.0 for the vendor's names.
    Sinkhole,
    /// The resolver says that the vendor's names do not exist.
    NoSuchName,
    /// Registration answers with this result code.
    Refused(u8),
    /// The control server answers that the device is on its list.
    Blacklisted,
}

/// A time in which a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spell {
    /// Its begin.
    pub(crate) from: Timestamp,
    /// Its end.
    pub(crate) until: Timestamp,
    /// What holds.
    pub(crate) condition: Condition,
}

/// All spells of an estate.
#[derive(Debug)]
pub(crate) struct Weather {
    outages: Vec<Spell>,
    blocks: Vec<Vec<Spell>>,
}

impl Weather {
    /// Draws the weather of a plan.
    pub(crate) fn draw(prng: &mut Prng, start: Timestamp, plan: &EstatePlan) -> Self {
        let run = HOUR * u32::from(plan.hours);
        let longest = (run / 4).clamp(HOUR * 3 / 2, HOUR * 5);
        let outages = (0..plan.outages)
            .map(|_| {
                // Not in the first half hour, in which everything is switched on.
                let from = start.plus(prng.between(HOUR / 2, run.max(HOUR)));
                let until = from.plus(prng.between(HOUR * 5 / 4, longest));
                Spell { from, until, condition: Condition::Outage }
            })
            .collect();
        let cycle = (run / 2).clamp(HOUR * 3, HOUR * 24);
        let mut blocks = Vec::new();
        for _ in 0..plan.units {
            let mut spells = Vec::new();
            let mut day = Duration::ZERO;
            while day < run {
                if prng.below(100) < u64::from(plan.blocked_percent) {
                    let from = start.plus(day + prng.between(Duration::from_secs(300), cycle));
                    let until = from.plus(prng.between(HOUR * 5 / 4, longest));
                    spells.push(Spell { from, until, condition: block(prng) });
                }
                day += cycle;
            }
            blocks.push(spells);
        }
        Self { outages, blocks }
    }

    /// The condition of a host; only vendor devices, the first ones, meet blocks.
    pub(crate) fn condition(&self, host: usize, at: Timestamp) -> Condition {
        let blocks = self.blocks.get(host).map(Vec::as_slice).unwrap_or_default();
        let holds = |spell: &&Spell| (spell.from..spell.until).contains(&at);
        let spell = self.outages.iter().find(holds).or_else(|| blocks.iter().find(holds));
        spell.map_or(Condition::Clear, |spell| spell.condition)
    }

    /// When a spell of a host begins.
    pub(crate) fn begins(&self, host: usize) -> impl Iterator<Item = Timestamp> + '_ {
        let blocks = self.blocks.get(host).map(Vec::as_slice).unwrap_or_default();
        self.outages.iter().chain(blocks).map(|spell| spell.from)
    }
}

fn block(prng: &mut Prng) -> Condition {
    match prng.below(7) {
        0 | 1 => Condition::Silent,
        2 => Condition::Sinkhole,
        3 => Condition::NoSuchName,
        4 => Condition::Blacklisted,
        // The result codes of the vendor's kit that a server gives to a known device.
        5 => Condition::Refused(4),
        _ => Condition::Refused(9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

    #[test]
    fn blocks_strike_devices_and_outages_everybody() {
        let plan = EstatePlan { units: 40, hours: 48, blocked_percent: 50, ..EstatePlan::large() };
        let weather = Weather::draw(&mut Prng::new(3), START, &plan);

        let mut seen = Vec::new();
        for host in 0..50 {
            for minutes in 0..48 * 60 {
                let at = START.plus(Duration::from_secs(60 * minutes));
                let condition = weather.condition(host, at);
                if host >= 40 {
                    assert!(matches!(condition, Condition::Clear | Condition::Outage));
                }
                if !seen.contains(&condition) {
                    seen.push(condition);
                }
            }
        }

        assert_eq!(seen.len(), 8, "{seen:?}");
        assert_eq!(weather.begins(45).count(), 3);
    }
}
