//! The name servers that the network gives to its hosts.
//!
//! Comes in: what DHCP hands out, and whom hosts that are no cameras ask. Goes out: whether a name server is one of the
//! network's. It is bounded and keeps the latest.

use std::collections::VecDeque;
use std::net::IpAddr;

use crate::dissect::{DnsMessage, DnsRecordData};

/// Most name servers that are remembered: networks give two or three, guests bring a few of their own.
const MAX_RESOLVERS: usize = 32;

/// The name servers that were given, or that others use.
#[derive(Debug, Default)]
pub(super) struct Resolvers {
    given: VecDeque<IpAddr>,
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

    /// Tells whether it is one of the network's.
    pub(super) fn is_given(&self, resolver: IpAddr) -> bool {
        self.given.contains(&resolver)
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
        assert!(resolvers.is_given([192, 0, 2, 0].into()));
        assert!(resolvers.is_given([192, 0, 2, 255].into()));
        assert!(!resolvers.is_given([192, 0, 2, 1].into()));
    }
}
