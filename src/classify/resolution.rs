//! One DNS response -> the name asked for, its aliases, and the addresses that they lead to.
//!
//! Comes in: a message (RFC 1035, 4.1). Goes out: names and addresses with how long they hold, or nothing. Hints of
//! service bindings (RFC 9460) are addresses, their alias mode is an alias. It keeps nothing.

use std::net::IpAddr;
use std::time::Duration;

use super::name_memory::Names;
use crate::dissect::{AppProtocol, DnsMessage, DnsRecord, DnsRecordData};

/// Most aliases followed: guards against circles (RFC 1034, 3.6.2).
pub(super) const MAX_ALIASES: usize = 8;
/// Most bytes of aliases kept with a name; later ones are followed but not kept. Guards the memory of long chains.
pub(super) const MAX_ALIAS_BYTES: usize = 512;
/// Longest name kept: no host name is longer (RFC 1035, 2.3.4).
pub(super) const MAX_NAME_LEN: usize = 255;
/// Most addresses taken of one response: guards the memory against one that is nothing but hints.
const MAX_ADDRESSES: usize = 64;
/// Where the names of neighbours lie (RFC 6762, 3).
const NEIGHBOURS: &str = ".local";

/// What a response says of the name asked for.
pub(super) struct Resolution {
    pub(super) names: Names,
    pub(super) addresses: Vec<(IpAddr, Duration)>,
}

impl Resolution {
    /// Follows the aliases from the question through the answers, in any order of these.
    pub(super) fn read(message: &DnsMessage) -> Option<Self> {
        if message.protocol != AppProtocol::Dns || !message.is_response() || message.rcode() != 0 {
            return None;
        }
        let asked = &*message.queries.first()?.name;
        if asked.is_empty() || asked.len() > MAX_NAME_LEN {
            return None;
        }
        let mut chain = vec![asked];
        let mut chain_ttl = u32::MAX;
        let mut current = asked;
        let mut is_bound = false;
        for _ in 0..MAX_ALIASES {
            let Some(alias) = alias_of(message, current) else { break };
            chain.push(alias.name);
            chain_ttl = chain_ttl.min(alias.ttl);
            is_bound |= alias.by_binding;
            current = alias.name;
        }
        // Addresses of the target of a binding stand behind the answers (RFC 9460, 4.1).
        let behind = if is_bound { &*message.additionals } else { &[] };
        let mut addresses = Vec::new();
        for record in message.answers.iter().chain(behind) {
            if chain.iter().any(|name| name.eq_ignore_ascii_case(&record.name)) {
                let ttl = Duration::from_secs(u64::from(record.ttl.min(chain_ttl)));
                addresses.extend(addresses_in(record).map(|address| (address, ttl)));
            }
        }
        addresses.truncate(MAX_ADDRESSES);
        let mut room = MAX_ALIAS_BYTES;
        let aliases = chain.iter().skip(1).map_while(|alias| {
            room = room.checked_sub(alias.len())?;
            Some(alias.to_ascii_lowercase().into())
        });
        let aliases = aliases.collect();
        let names = Names { asked: asked.to_ascii_lowercase().into(), aliases };
        (!addresses.is_empty()).then_some(Self { names, addresses })
    }
}

/// The names below `local` in a response of multicast DNS, with their addresses and how long they hold.
pub(super) fn neighbours(message: &DnsMessage) -> impl Iterator<Item = (&str, IpAddr, Duration)> {
    let speaks = message.protocol == AppProtocol::Mdns && message.is_response();
    let records = message.answers.iter().chain(&message.additionals).filter(move |_| speaks);
    let said = records.filter(|record| {
        // With a lifetime of zero it is taken back (RFC 6762, 10.1).
        record.ttl > 0 && record.name.len() <= MAX_NAME_LEN && is_of_a_neighbour(&record.name)
    });
    said.flat_map(|record| {
        let ttl = Duration::from_secs(u64::from(record.ttl));
        own_address(record).map(move |address| (record.name.as_str(), address, ttl))
    })
    .take(MAX_ADDRESSES)
}

fn is_of_a_neighbour(name: &str) -> bool {
    let start = name.len().checked_sub(NEIGHBOURS.len());
    start
        .filter(|start| *start > 0)
        .and_then(|start| name.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(NEIGHBOURS))
}

/// What a name leads on to.
struct Alias<'a> {
    name: &'a str,
    ttl: u32,
    /// A service binding says it.
    by_binding: bool,
}

/// The name that `name` is an alias of: by CNAME, or as the target of a service binding.
fn alias_of<'a>(message: &'a DnsMessage, name: &str) -> Option<Alias<'a>> {
    let own = message.answers.iter().filter(|record| record.name.eq_ignore_ascii_case(name));
    own.filter_map(|record| {
        let (alias, by_binding) = match &record.data {
            DnsRecordData::Cname(alias) => (alias.as_str(), false),
            DnsRecordData::Svcb(binding) => (binding.target.as_str(), true),
            DnsRecordData::A(_)
            | DnsRecordData::Aaaa(_)
            | DnsRecordData::Ptr(_)
            | DnsRecordData::Ns(_)
            | DnsRecordData::Soa(_)
            | DnsRecordData::Mx(_)
            | DnsRecordData::Txt(_)
            | DnsRecordData::Srv(_)
            | DnsRecordData::Other => return None,
        };
        // The root as a target is the name itself (RFC 9460, 2.5).
        let leads_on = !alias.is_empty() && !alias.eq_ignore_ascii_case(name);
        leads_on.then_some(Alias { name: alias, ttl: record.ttl, by_binding })
    })
    .next()
}

/// The addresses in a record: its own, or the hints of a service binding.
fn addresses_in(record: &DnsRecord) -> impl Iterator<Item = IpAddr> {
    let binding = match &record.data {
        DnsRecordData::Svcb(binding) => Some(binding),
        DnsRecordData::A(_)
        | DnsRecordData::Aaaa(_)
        | DnsRecordData::Cname(_)
        | DnsRecordData::Ptr(_)
        | DnsRecordData::Ns(_)
        | DnsRecordData::Soa(_)
        | DnsRecordData::Mx(_)
        | DnsRecordData::Txt(_)
        | DnsRecordData::Srv(_)
        | DnsRecordData::Other => None,
    };
    let hints = binding.into_iter().flat_map(|binding| {
        let v4 = binding.ipv4_hints.iter().copied().map(IpAddr::V4);
        v4.chain(binding.ipv6_hints.iter().copied().map(IpAddr::V6))
    });
    own_address(record).into_iter().chain(hints)
}

fn own_address(record: &DnsRecord) -> Option<IpAddr> {
    match record.data {
        DnsRecordData::A(address) => Some(IpAddr::V4(address)),
        DnsRecordData::Aaaa(address) => Some(IpAddr::V6(address)),
        DnsRecordData::Svcb(_)
        | DnsRecordData::Cname(_)
        | DnsRecordData::Ptr(_)
        | DnsRecordData::Ns(_)
        | DnsRecordData::Soa(_)
        | DnsRecordData::Mx(_)
        | DnsRecordData::Txt(_)
        | DnsRecordData::Srv(_)
        | DnsRecordData::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::{DnsQuery, DnsServiceBinding};

    /// Type HTTPS, RFC 9460, 9.
    const HTTPS: u16 = 65;

    #[test]
    fn hints_of_a_binding_are_addresses_of_the_name_asked_for() {
        let binding = DnsServiceBinding {
            priority: 1,
            ipv4_hints: vec!["192.0.2.1".parse().unwrap()],
            ipv6_hints: vec!["2001:db8::1".parse().unwrap()],
            ..DnsServiceBinding::default()
        };
        let resolution = read(vec![bound("a.example", binding)], Vec::new()).unwrap();

        assert_eq!(addresses(&resolution), ["192.0.2.1", "2001:db8::1"]);
        assert!(resolution.names.aliases.is_empty());
    }

    #[test]
    fn the_alias_mode_and_the_target_of_a_binding_are_followed_like_an_alias() {
        let alias =
            DnsServiceBinding { target: "B.example".into(), ..DnsServiceBinding::default() };
        let service = DnsServiceBinding {
            priority: 1,
            target: "svc.example".into(),
            ipv4_hints: vec!["192.0.2.1".parse().unwrap()],
            ..DnsServiceBinding::default()
        };
        let records = vec![bound("a.example", alias), bound("b.example", service)];
        let behind = vec![a("svc.example", "192.0.2.9"), a("other.example", "192.0.2.8")];

        let resolution = read(records, behind).unwrap();

        assert_eq!(addresses(&resolution), ["192.0.2.1", "192.0.2.9"]);
        let aliases: Vec<_> = resolution.names.aliases.iter().map(|alias| &**alias).collect();
        assert_eq!(aliases, ["b.example", "svc.example"]);
    }

    #[test]
    fn without_a_binding_what_stands_behind_the_answers_is_not_taken() {
        let records = vec![a("a.example", "192.0.2.1")];
        let resolution = read(records, vec![a("a.example", "192.0.2.9")]).unwrap();

        assert_eq!(addresses(&resolution), ["192.0.2.1"]);
    }

    #[test]
    fn hints_of_other_names_and_bindings_that_point_to_themselves_teach_nothing() {
        let hinting = |target: &str| DnsServiceBinding {
            target: target.into(),
            ipv4_hints: vec!["192.0.2.1".parse().unwrap()],
            ..DnsServiceBinding::default()
        };
        assert!(read(vec![bound("b.example", hinting(""))], Vec::new()).is_none());
        let own = read(vec![bound("a.example", hinting("A.example"))], Vec::new()).unwrap();
        assert!(own.names.aliases.is_empty());
    }

    #[test]
    fn no_response_gives_more_addresses_than_the_bound() {
        let hints = DnsServiceBinding {
            ipv4_hints: vec!["192.0.2.1".parse().unwrap(); 16],
            ..DnsServiceBinding::default()
        };
        let resolution = read(vec![bound("a.example", hints); 20], Vec::new()).unwrap();

        assert_eq!(resolution.addresses.len(), MAX_ADDRESSES);
    }

    #[test]
    fn only_names_below_local_that_hold_are_of_neighbours() {
        let mut message = DnsMessage::new(AppProtocol::Mdns, 0, 0x8400);
        let gone = DnsRecord { ttl: 0, ..a("gone.local", "192.0.2.3") };
        message.answers = vec![a("Cam.Local", "192.0.2.1"), a("local", "192.0.2.2"), gone];
        message.additionals = vec![a("cam-2.local", "192.0.2.4"), a("notlocal", "192.0.2.5")];

        let names: Vec<_> = neighbours(&message).map(|(name, ..)| name).collect();
        assert_eq!(names, ["Cam.Local", "cam-2.local"]);
        for (protocol, flags) in [(AppProtocol::Mdns, 0), (AppProtocol::Dns, 0x8400)] {
            let other = DnsMessage { protocol, flags, ..message.clone() };
            assert_eq!(neighbours(&other).count(), 0);
        }
    }

    fn read(answers: Vec<DnsRecord>, additionals: Vec<DnsRecord>) -> Option<Resolution> {
        let queries = vec![DnsQuery { name: "a.example".to_owned(), rtype: HTTPS }];
        let message = DnsMessage::new(AppProtocol::Dns, 1, 0x8180);
        Resolution::read(&DnsMessage { queries, answers, additionals, ..message })
    }

    fn addresses(resolution: &Resolution) -> Vec<String> {
        resolution.addresses.iter().map(|(address, _)| address.to_string()).collect()
    }

    fn bound(name: &str, binding: DnsServiceBinding) -> DnsRecord {
        let data = DnsRecordData::Svcb(Box::new(binding));
        DnsRecord { name: name.to_owned(), rtype: HTTPS, ttl: 300, data }
    }

    fn a(name: &str, address: &str) -> DnsRecord {
        let data = DnsRecordData::A(address.parse().unwrap());
        DnsRecord { name: name.to_owned(), rtype: 1, ttl: 300, data }
    }
}
