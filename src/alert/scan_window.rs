//! Whom a device tried in vain lately.
//!
//! Comes in: ends that did not answer, in time order. Goes out: how many hosts, and how many ports of one of them, within five
//! minutes. Bounded.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use crate::flow::Endpoint;
use crate::net::Timestamp;

/// The window.
const WINDOW: Duration = Duration::from_secs(300);

/// Most tries that are kept; more than any threshold of a rule.
const MAX_TRIES: usize = 128;

/// Tries within the window, oldest first.
#[derive(Debug, Default)]
pub(super) struct ScanWindow {
    tries: VecDeque<(Timestamp, Endpoint)>,
}

/// What was tried in vain within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed {
    /// Different hosts.
    pub(super) hosts: usize,
    /// Different ports of the host with most of them.
    pub(super) ports: usize,
}

impl ScanWindow {
    /// Notes an end that did not answer.
    pub(super) fn note(&mut self, end: Endpoint, now: Timestamp) -> Failed {
        while self.tries.front().is_some_and(|(at, _)| now.since(*at) > WINDOW) {
            self.tries.pop_front();
        }
        if !self.tries.iter().any(|(_, known)| *known == end) {
            if self.tries.len() >= MAX_TRIES {
                self.tries.pop_front();
            }
            self.tries.push_back((now, end));
        }
        let mut hosts: BTreeMap<IpAddr, BTreeSet<u16>> = BTreeMap::new();
        for (_, tried) in &self.tries {
            hosts.entry(tried.ip).or_default().insert(tried.port);
        }
        let ports = hosts.values().map(BTreeSet::len).max().unwrap_or_default();
        Failed { hosts: hosts.len(), ports }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_count_once_and_only_within_the_window() {
        let mut window = ScanWindow::default();
        let end = |host: u8, port| Endpoint { ip: [192, 0, 2, host].into(), port };
        let at = |second| Timestamp::from_parts(second, 0);

        window.note(end(1, 80), at(0));
        window.note(end(1, 81), at(10));
        assert_eq!(window.note(end(1, 81), at(20)), Failed { hosts: 1, ports: 2 });
        assert_eq!(window.note(end(2, 80), at(30)), Failed { hosts: 2, ports: 2 });
        assert_eq!(window.note(end(3, 80), at(305)), Failed { hosts: 3, ports: 1 });
        for port in 0..1_000 {
            window.note(end(4, port), at(306));
        }
        assert_eq!(window.tries.len(), MAX_TRIES);
    }
}
