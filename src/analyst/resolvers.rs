//! The name servers that the network gives to its hosts.
//!
//! Comes in: what DHCP hands out, and whom hosts that are no cameras ask. Goes out: whether a name server is foreign. It is
//! bounded and keeps the latest. A lease that was handed out before anybody listened may name any server, so that none
//! is foreign until a lease was seen, or as long as leases last.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use crate::dissect::{DnsMessage, DnsRecordData};
use crate::net::Timestamp;

/// Most name servers that are remembered: networks give two or three, guests bring a few of their own.
const MAX_RESOLVERS: usize = 32;

/// A day is the usual longest lease of home routers (our judgement); whoever asked nobody else by then was not told of others.
const LONGEST_LEASE: Duration = Duration::from_secs(24 * 3600);

/// The name servers that were given, or that others use.
#[derive(Debug, Default)]
pub(super) struct Resolvers {
    given: VecDeque<IpAddr>,
    /// A lease that names servers was seen.
    leased: bool,
}

impl Resolvers {
    /// Notes one.
    pub(super) fn note(&mut self, resolver: IpAddr) {
        if let Some(at) = self.given.iter().position(|known| *known == resolver) {
            self.given.remove(at);
        } else if self.given.len() >= MAX_RESOLVERS {
            self.given.pop_front();
        }
        self.given.push_back(resolver);
    }

    /// Notes the servers that a lease names.
    pub(super) fn note_lease(&mut self, servers: impl IntoIterator<Item = IpAddr>) {
        for server in servers {
            self.leased = true;
            self.note(server);
        }
    }

    /// Tells whether a server outside is none of the network's, as far as that is known at `now` to who has listened since
    /// `since`.
    pub(super) fn is_foreign(&self, resolver: IpAddr, since: Timestamp, now: Timestamp) -> bool {
        let knows_all = self.leased || now.since(since) >= LONGEST_LEASE;
        knows_all && !self.given.contains(&resolver)
    }
}

/// Tells whether an answer says that there is no such name, or gives only addresses that lead nowhere, as resolvers
/// that block do.
pub(super) fn leads_nowhere(dns: &DnsMessage) -> bool {
    /// NXDOMAIN and REFUSED, RFC 1035, 4.1.1.
    const DENIALS: [u8; 2] = [3, 5];
    if DENIALS.contains(&dns.rcode()) {
        return true;
    }
    let mut addresses = dns.answers.iter().filter_map(|record| match record.data {
        DnsRecordData::A(address) => Some(IpAddr::V4(address)),
        DnsRecordData::Aaaa(address) => Some(IpAddr::V6(address)),
        DnsRecordData::Cname(_)
        | DnsRecordData::Ptr(_)
        | DnsRecordData::Ns(_)
        | DnsRecordData::Soa(_)
        | DnsRecordData::Mx(_)
        | DnsRecordData::Txt(_)
        | DnsRecordData::Srv(_)
        | DnsRecordData::Svcb(_)
        | DnsRecordData::Other => None,
    });
    let nowhere = |address: IpAddr| address.is_unspecified() || address.is_loopback();
    addresses.next().is_some_and(|first| nowhere(first) && addresses.all(nowhere))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_kept() {
        let mut resolvers = Resolvers::default();
        for host in 0..=u8::MAX {
            resolvers.note([192, 0, 2, host].into());
            resolvers.note([192, 0, 2, 0].into());
        }

        assert_eq!(resolvers.given.len(), MAX_RESOLVERS);
        resolvers.leased = true;
        let foreign =
            |host| resolvers.is_foreign([192, 0, 2, host].into(), Timestamp::ZERO, Timestamp::ZERO);
        assert_eq!([0, 255, 1].map(foreign), [false, false, true]);
    }

    #[test]
    fn without_a_lease_none_is_foreign_for_as_long_as_leases_last() {
        let mut resolvers = Resolvers::default();
        let server = IpAddr::from([192, 0, 2, 53]);
        let start = Timestamp::from_parts(1_000, 0);

        assert!(!resolvers.is_foreign(server, start, start.plus(LONGEST_LEASE / 2)));
        assert!(resolvers.is_foreign(server, start, start.plus(LONGEST_LEASE)));
        resolvers.note_lease([IpAddr::from([192, 0, 2, 1])]);
        assert!(resolvers.is_foreign(server, start, start));
        resolvers.note_lease([server]);
        assert!(!resolvers.is_foreign(server, start, start));
    }
}
