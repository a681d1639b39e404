//! The IP addresses that one station holds, and whether it is a router.
//!
//! Comes in: addresses with the time. Goes out: the kept ones. It never asks who holds an address by now.

use std::net::IpAddr;
use std::time::Duration;

use crate::net::Timestamp;

/// Most addresses of one version that a device is kept with. A MAC address that shows more IPv4 addresses of ours
/// within [`ROUTER_WINDOW`] forwards for others.
pub(super) const MAX_ADDRESSES: usize = 8;

/// How long an address counts as in use; a device that gets a new lease now and then is no router.
pub(super) const ROUTER_WINDOW: Duration = Duration::from_secs(600);

/// Within this time after another station claimed an address, its former holder does not claim it again unless both use
/// it (RFC 5227, 2.4 has a host defend its address at once).
const CONTEST_WINDOW: Duration = Duration::from_secs(600);

/// An address that a device was seen with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) ip: IpAddr,
    /// The device said by ARP or DHCP that it holds the address.
    pub(super) claimed: bool,
    pub(super) last_seen: Timestamp,
}

/// What became of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holding {
    /// It was known.
    Known,
    /// It is new; an old one may have made room.
    Added {
        /// The one that made room.
        displaced: Option<IpAddr>,
    },
    /// There are too many at a time: the station forwards for others.
    TooMany,
}

/// The addresses of one device, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses {
    held: Vec<Held>,
    /// Addresses that other stations claimed, with the time of that; as many as are held at most.
    lost: Vec<(IpAddr, Timestamp)>,
}

impl Addresses {
    /// Notes a known address as in use; tells whether it is known.
    pub(super) fn touch(&mut self, ip: IpAddr, now: Timestamp) -> bool {
        match self.held.iter_mut().find(|held| held.ip == ip) {
            Some(held) => {
                held.last_seen = held.last_seen.max(now);
                true
            }
            None => false,
        }
    }

    /// Takes an address in.
    pub(super) fn hold(&mut self, ip: IpAddr, claimed: bool, now: Timestamp) -> Holding {
        if let Some(held) = self.held.iter_mut().find(|held| held.ip == ip) {
            held.claimed |= claimed;
            held.last_seen = held.last_seen.max(now);
            return Holding::Known;
        }
        let same = |held: &&Held| held.ip.is_ipv4() == ip.is_ipv4();
        let mut displaced = None;
        if self.held.iter().filter(same).count() >= MAX_ADDRESSES {
            let stalest = self.held.iter().filter(same).min_by_key(|held| held.last_seen).copied();
            if let Some(stalest) = stalest {
                if ip.is_ipv4() && now.since(stalest.last_seen) < ROUTER_WINDOW {
                    return Holding::TooMany;
                }
                displaced = Some(stalest.ip);
                self.held.retain(|held| held.ip != stalest.ip);
            }
        }
        self.held.push(Held { ip, claimed, last_seen: now });
        Holding::Added { displaced }
    }

    /// Forgets an address that another station claims; tells whether it was known.
    pub(super) fn lose(&mut self, ip: IpAddr, now: Timestamp) -> bool {
        self.lost.retain(|(lost, at)| *lost != ip && now.since(*at) < CONTEST_WINDOW);
        if self.lost.len() < MAX_ADDRESSES {
            self.lost.push((ip, now));
        }
        self.drop(ip)
    }

    /// How long ago another station claimed the address, if that was just before.
    pub(super) fn lost_for(&self, ip: IpAddr, now: Timestamp) -> Option<Duration> {
        let (_, at) = self.lost.iter().find(|(lost, _)| *lost == ip)?;
        Some(now.since(*at)).filter(|ago| *ago < CONTEST_WINDOW)
    }

    /// Notes that the device claims an address; tells whether it had lost it to another station just before.
    pub(super) fn regain(&mut self, ip: IpAddr, now: Timestamp) -> bool {
        let is_contested = self.lost_for(ip, now).is_some();
        self.lost.retain(|(lost, _)| *lost != ip);
        is_contested
    }

    /// Forgets an address; tells whether it was known.
    pub(super) fn drop(&mut self, ip: IpAddr) -> bool {
        let before = self.held.len();
        self.held.retain(|held| held.ip != ip);
        self.held.len() < before
    }

    /// Forgets the addresses that the device did not claim, and gives them back.
    pub(super) fn drop_unclaimed(&mut self) -> Vec<IpAddr> {
        let (kept, dropped) = self.held.drain(..).partition(|held| held.claimed);
        self.held = kept;
        dropped.into_iter().map(|held: Held| held.ip).collect()
    }

    /// The IPv4 address that was used last.
    pub(super) fn latest_v4(&self) -> Option<IpAddr> {
        let v4 = self.held.iter().filter(|held| held.ip.is_ipv4());
        v4.max_by_key(|held| held.last_seen).map(|held| held.ip)
    }

    pub(super) fn claims(&self, ip: IpAddr) -> bool {
        self.held.iter().any(|held| held.claimed && held.ip == ip)
    }

    pub(super) fn claims_any(&self) -> bool {
        self.held.iter().any(|held| held.claimed)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Held> {
        self.held.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([192, 168, 1, last])
    }

    #[test]
    fn nine_addresses_at_a_time_are_too_many() {
        let mut addresses = Addresses::default();
        let now = Timestamp::from_parts(100, 0);
        for last in 1..=8 {
            assert_eq!(addresses.hold(ip(last), false, now), Holding::Added { displaced: None });
        }

        assert_eq!(addresses.hold(ip(8), false, now), Holding::Known);
        assert_eq!(addresses.hold(ip(9), false, now), Holding::TooMany);
    }

    #[test]
    fn nine_leases_one_after_the_other_are_not_too_many() {
        let mut addresses = Addresses::default();
        let mut now = Timestamp::from_parts(100, 0);
        for last in 1..=20 {
            now = now.plus(ROUTER_WINDOW);
            assert_ne!(addresses.hold(ip(last), true, now), Holding::TooMany);
        }

        assert_eq!(addresses.iter().count(), MAX_ADDRESSES);
        assert_eq!(addresses.iter().last().map(|held| held.ip), Some(ip(20)));
    }
}
