//! How fast a device sends video-like traffic, and what is usual for it.
//!
//! Comes in: running totals of flows, in time order. Goes out: the rate over each window of half a minute, and the average over
//! about a day before it. Bounded.

use std::time::Duration;

use crate::flow::FlowId;
use crate::net::Timestamp;

/// The shortest time over which a rate counts as sustained.
const WINDOW: Duration = Duration::from_secs(30);

/// A window that is longer is no rate: the device paused in it.
const LONGEST: Duration = Duration::from_secs(120);

/// What is usual follows the rate over about this time.
const USUAL_OVER: Duration = Duration::from_secs(24 * 3600);

/// Flows that are followed at a time; a device sends a handful of streams at most.
const MAX_FLOWS: usize = 16;

/// The window of one device.
#[derive(Debug, Default)]
pub(super) struct VideoWindow {
    flows: Vec<(FlowId, u64)>,
    begin: Option<Timestamp>,
    sent: u64,
    usual: f64,
    told: Option<Timestamp>,
}

/// A window that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    /// Bits a second.
    pub(super) rate: f64,
    /// Over so long.
    pub(super) length: Duration,
    /// What is usual over a day, this window not included.
    pub(super) usual: f64,
}

impl VideoWindow {
    /// Notes what a flow, which began at some time, has sent in all (bytes); gives the rate when a window is over with it.
    pub(super) fn note(
        &mut self,
        (flow, start): (FlowId, Timestamp),
        sent: u64,
        at: Timestamp,
        ended: bool,
    ) -> Option<Rate> {
        let known = self.flows.iter().position(|(known, _)| *known == flow);
        let before = known.and_then(|index| self.flows.get(index)).map_or(0, |(_, before)| *before);
        let grown = sent.saturating_sub(before);
        match known {
            Some(index) if ended => {
                self.flows.swap_remove(index);
            }
            Some(index) => {
                if let Some(entry) = self.flows.get_mut(index) {
                    entry.1 = sent;
                }
            }
            None if !ended => {
                if self.flows.len() >= MAX_FLOWS {
                    self.flows.remove(0);
                }
                self.flows.push((flow, sent));
            }
            None => {}
        }
        let begin = match self.begin {
            Some(begin) if at.since(begin) <= LONGEST => begin,
            // After a pause a window begins with the flow that ended it.
            Some(_) | None => {
                let begin = start.max(at.minus(LONGEST));
                self.sent = 0;
                *self.begin.insert(begin)
            }
        };
        self.sent = self.sent.saturating_add(grown);
        let length = at.since(begin);
        if length < WINDOW {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no 53 bits")]
        let rate = self.sent as f64 * 8.0 / length.as_secs_f64();
        let idle = self.told.map_or(Duration::ZERO, |told| begin.since(told));
        let faded = self.usual * share_left(idle);
        self.usual = faded * share_left(length) + rate * (1.0 - share_left(length));
        (self.begin, self.sent, self.told) = (Some(at), 0, Some(at));
        Some(Rate { rate, length, usual: faded })
    }
}

/// What is left of an average after `time`.
fn share_left(time: Duration) -> f64 {
    (-time.as_secs_f64() / USUAL_OVER.as_secs_f64()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_parts(second, 0)
    }

    #[test]
    fn a_rate_is_told_for_each_half_minute_and_a_burst_alone_is_none() {
        let mut window = VideoWindow::default();
        let flow = (FlowId(1), at(1_000));

        assert_eq!(window.note(flow, 0, at(1_000), false), None);
        assert_eq!(window.note(flow, 500_000, at(1_010), false), None);
        let rate = window.note(flow, 3_000_000, at(1_030), false).unwrap();
        assert!((rate.rate - 800_000.0).abs() < 1.0 && rate.usual == 0.0, "{rate:?}");

        let snapshot = (FlowId(2), at(9_000));
        assert_eq!(window.note(snapshot, 0, at(9_000), false), None);
        assert_eq!(window.note(snapshot, 400_000, at(9_002), true), None);
    }

    #[test]
    fn what_goes_on_all_day_becomes_usual() {
        let mut window = VideoWindow::default();
        let flow = (FlowId(1), at(0));
        let mut last = None;
        for minute in 0..(2 * 24 * 60) {
            last = window.note(flow, minute * 60 * 125_000, at(minute * 60), false).or(last);
        }
        let last = last.unwrap();
        assert!((last.rate - 1e6).abs() < 1e3 && last.usual > 0.8e6, "{last:?}");
        window.note(flow, 2_880 * 60 * 125_000, at(2_880 * 60 + 7 * 24 * 3_600), false);
        let faded = window.note(flow, 2_881 * 60 * 125_000, at(2_881 * 60 + 7 * 24 * 3_600), true);
        assert!(faded.unwrap().usual < 0.05e6, "{faded:?}");
    }
}
