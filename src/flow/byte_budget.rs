//! Who holds how much of a bounded amount of memory.
//!
//! Comes in: bytes that are taken and given back, with the address they are held for. Goes out: whether there is room.

use std::net::IpAddr;

use ahash::RandomState;

/// Counters that hosts share by hash; two hosts in one counter share one bound.
const SHARES: usize = 1024;

/// Bytes held, in all and by host.
#[derive(Debug)]
pub struct ByteBudget {
    limit: usize,
    host_limit: usize,
    held: usize,
    hosts: Box<[usize]>,
    hasher: RandomState,
}

impl ByteBudget {
    /// Makes a budget of `limit` bytes, of which one host may hold `host_limit`. `seeds` key the hash of hosts.
    #[must_use]
    pub fn new(limit: usize, host_limit: usize, seeds: [u64; 4]) -> Self {
        let [a, b, c, d] = seeds;
        Self {
            limit,
            host_limit,
            held: 0,
            hosts: vec![0; SHARES].into_boxed_slice(),
            hasher: RandomState::with_seeds(a, b, c, d),
        }
    }

    /// Bytes held in all.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.held
    }

    /// Tells whether everything together is within its bound.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        self.held <= self.limit
    }

    /// Tells whether `host` may begin to hold something.
    #[must_use]
    pub fn has_room(&self, host: IpAddr) -> bool {
        self.held < self.limit && self.host_held(host) < self.host_limit
    }

    /// Notes `bytes` more for `host`, in any case; tells whether what that host holds is within its bound.
    pub fn take(&mut self, host: IpAddr, bytes: usize) -> bool {
        let share = self.share(host);
        self.held += bytes;
        let Some(held) = self.hosts.get_mut(share) else { return false };
        *held += bytes;
        *held <= self.host_limit
    }

    /// Notes `bytes` fewer for `host`.
    pub fn give_back(&mut self, host: IpAddr, bytes: usize) {
        let share = self.share(host);
        self.held = self.held.saturating_sub(bytes);
        if let Some(held) = self.hosts.get_mut(share) {
            *held = held.saturating_sub(bytes);
        }
    }

    fn host_held(&self, host: IpAddr) -> usize {
        self.hosts.get(self.share(host)).copied().unwrap_or(usize::MAX)
    }

    fn share(&self, host: IpAddr) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is below 1024")]
        let share = (self.hasher.hash_one(host) % SHARES as u64) as usize;
        share
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn one_host_cannot_take_the_part_of_others() {
        let (greedy, modest) = (host(1), host(2));
        let mut budget = ByteBudget::new(1000, 100, [1, 2, 3, 4]);

        assert!(budget.take(greedy, 100));
        assert!(!budget.take(greedy, 1));
        assert!(!budget.has_room(greedy));
        assert!(budget.has_room(modest) && budget.take(modest, 50));
        budget.give_back(greedy, 101);
        assert!(budget.has_room(greedy));
        assert_eq!(budget.held(), 50);
    }

    #[test]
    fn all_hosts_together_are_bounded() {
        let mut budget = ByteBudget::new(1000, 600, [1, 2, 3, 4]);

        assert!(budget.take(host(1), 600) && budget.is_kept());
        assert!(budget.take(host(2), 401));
        assert!(!budget.is_kept() && !budget.has_room(host(3)));
    }

    fn host(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
    }
}
