//! Names that a host of ours was asked for a moment ago: if it asks on, it does so for others.
//!
//! Comes in: name queries that a host received. Goes out: whether a query that it sends is its own. A name server
//! is known as one by its answers; this covers the query that it passes on before its first answer.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use crate::net::Timestamp;

/// How long a name server takes to ask on.
const WINDOW: Duration = Duration::from_secs(5);

/// Most queries that are remembered; only names of the catalogue are, so more than these within the window
/// are a flood.
const MAX_QUERIES: usize = 64;

/// The latest queries that hosts of ours received.
#[derive(Debug, Default)]
pub(super) struct RelayedNames {
    received: VecDeque<(Timestamp, IpAddr, String)>,
}

impl RelayedNames {
    /// Notes that `host` was asked for `name`.
    pub(super) fn note(&mut self, host: IpAddr, name: &str, now: Timestamp) {
        if self.received.len() >= MAX_QUERIES {
            self.received.pop_front();
        }
        self.received.push_back((now, host, name.to_ascii_lowercase()));
    }

    /// Tells whether `host` was asked for `name` a moment ago.
    pub(super) fn contains(&self, host: IpAddr, name: &str, now: Timestamp) -> bool {
        self.received.iter().any(|(when, asked, known)| {
            *asked == host && now.since(*when) <= WINDOW && known.eq_ignore_ascii_case(name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_as_passed_on_for_the_host_that_was_asked_and_for_a_moment() {
        let mut names = RelayedNames::default();
        let (server, other): (IpAddr, IpAddr) = ([192, 0, 2, 53].into(), [192, 0, 2, 54].into());
        let now = Timestamp::from_parts(100, 0);

        names.note(server, "Dev.Example", now);

        assert!(names.contains(server, "dev.example", now.plus(WINDOW)));
        assert!(!names.contains(server, "dev.example", now.plus(WINDOW * 2)));
        assert!(!names.contains(other, "dev.example", now));
        assert!(!names.contains(server, "example", now));
    }

    #[test]
    fn a_flood_is_forgotten_oldest_first() {
        let mut names = RelayedNames::default();
        let server = IpAddr::from([192, 0, 2, 53]);
        for n in 0..=MAX_QUERIES {
            names.note(server, &format!("dev{n}.example"), Timestamp::ZERO);
        }

        assert!(!names.contains(server, "dev0.example", Timestamp::ZERO));
        assert!(names.contains(server, "dev1.example", Timestamp::ZERO));
    }
}
