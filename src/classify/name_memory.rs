//! Which name a host asked for before it spoke to an address.
//!
//! Comes in: DNS responses (RFC 1035, 4.1) and the host that they went to. Goes out: for a host and an address the
//! name asked for and its aliases. It keeps no other record, reads no clock, and never outgrows its bounds.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ahash::RandomState;

use crate::dissect::{AppProtocol, DnsMessage, DnsRecordData};
use crate::net::Timestamp;

/// Shortest memory of an answer: hosts keep speaking to an address that its record gave for seconds only.
const MIN_TTL: Duration = Duration::from_secs(60);
/// Longest memory of an answer: guards against records that claim years.
const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// Added to each: flows begin with names that a host has held a little too long.
const GRACE: Duration = Duration::from_secs(10 * 60);
/// Most answers remembered of one host: guards the others against one that asks for everything.
const MAX_PER_HOST: usize = 2048;
/// Most aliases followed: guards against circles (RFC 1034, 3.6.2).
const MAX_ALIASES: usize = 8;
/// Most bytes of aliases kept with a name; later ones are followed but not kept. Guards the memory of long chains.
const MAX_ALIAS_BYTES: usize = 512;
/// Longest name kept: no host name is longer (RFC 1035, 2.3.4).
const MAX_NAME_LEN: usize = 255;
/// Most forgotten answers that one response removes: guards the time it takes.
const MAX_EXPIRED_AT_ONCE: usize = 8;

/// Remembers which host got which address for which name.
///
/// Bounded by `max_names` answers over all and 2048 a host; the answer that was not seen for longest is evicted
/// first. An answer takes about 300 bytes and its names, at most 1.1 KiB with those (255 bytes asked for,
/// 512 of aliases), so the default of 65,536 holds at most 72 MiB, and some 20 MiB as a rule.
#[derive(Debug)]
pub struct NameMemory {
    answers: HashMap<Key, Answer, RandomState>,
    /// Every answer by the order of its latest sighting.
    order: BTreeMap<u64, Key>,
    /// The same for each host.
    hosts: HashMap<IpAddr, BTreeMap<u64, IpAddr>, RandomState>,
    next_order: u64,
    max_names: usize,
    evicted: u64,
}

/// The name that a host got an address for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedName<'a> {
    /// The name asked for, in lower case.
    pub asked: &'a Arc<str>,
    /// The names that it is an alias of (CNAME), in their order, in lower case.
    pub aliases: &'a [Arc<str>],
    /// True when the host got the address for another name too, which has not been forgotten.
    pub ambiguous: bool,
}

/// A host and an address that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    host: IpAddr,
    address: IpAddr,
}

#[derive(Debug)]
struct Answer {
    names: Arc<Names>,
    expires: Timestamp,
    /// Until when another name was given for the same address.
    ambiguous_until: Timestamp,
    order: u64,
}

/// What one response said, shared by the addresses in it.
#[derive(Debug, PartialEq, Eq)]
struct Names {
    asked: Arc<str>,
    aliases: Box<[Arc<str>]>,
}

impl NameMemory {
    /// An empty memory of at most `max_names` answers. `hash_keys` are a secret in a live run and constant in a
    /// replay; no result depends on them.
    #[must_use]
    pub fn new(max_names: usize, hash_keys: RandomState) -> Self {
        Self {
            answers: HashMap::with_hasher(hash_keys.clone()),
            order: BTreeMap::new(),
            hosts: HashMap::with_hasher(hash_keys),
            next_order: 0,
            max_names,
            evicted: 0,
        }
    }

    /// Takes a message that went to `host`. Anything but a successful DNS response to a question is passed over.
    pub fn observe(&mut self, host: IpAddr, message: &DnsMessage, now: Timestamp) {
        self.forget_expired(now);
        let Some(resolution) = Resolution::read(message) else { return };
        let names = Arc::new(resolution.names);
        for (address, ttl) in resolution.addresses {
            let expires = now.plus(ttl.clamp(MIN_TTL, MAX_TTL)).plus(GRACE);
            self.remember(Key { host, address }, &names, expires, now);
        }
    }

    /// The name that `host` got `address` for, if it has not been forgotten at `now`.
    #[must_use]
    pub fn lookup(
        &self,
        host: IpAddr,
        address: IpAddr,
        now: Timestamp,
    ) -> Option<ResolvedName<'_>> {
        let answer = self.answers.get(&Key { host, address })?;
        (answer.expires > now).then(|| ResolvedName {
            asked: &answer.names.asked,
            aliases: &answer.names.aliases,
            ambiguous: answer.ambiguous_until > now,
        })
    }

    /// How many answers are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Tells whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// How many answers were evicted for space so far.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    fn remember(&mut self, key: Key, names: &Arc<Names>, expires: Timestamp, now: Timestamp) {
        let mut names = names.clone();
        let mut ambiguous_until = Timestamp::ZERO;
        if let Some(earlier) = self.remove(key) {
            if earlier.names == names {
                names = earlier.names;
                ambiguous_until = earlier.ambiguous_until;
            } else if earlier.names.asked == names.asked {
                ambiguous_until = earlier.ambiguous_until;
            } else if earlier.expires > now {
                ambiguous_until = earlier.expires;
            }
        }
        self.make_room(key.host);
        if self.max_names == 0 {
            return;
        }
        let order = self.next_order;
        self.next_order += 1;
        self.order.insert(order, key);
        self.hosts.entry(key.host).or_default().insert(order, key.address);
        self.answers.insert(key, Answer { names, expires, ambiguous_until, order });
    }

    /// Evicts until one more answer of `host` fits.
    fn make_room(&mut self, host: IpAddr) {
        let of_host = self.hosts.get(&host);
        if of_host.is_some_and(|answers| answers.len() >= MAX_PER_HOST) {
            let oldest = of_host.and_then(|answers| answers.first_key_value());
            let oldest = oldest.map(|(_, address)| Key { host, address: *address });
            self.evict(oldest);
        }
        while self.answers.len() >= self.max_names.max(1) {
            let oldest = self.order.first_key_value().map(|(_, key)| *key);
            self.evict(oldest);
        }
    }

    fn evict(&mut self, key: Option<Key>) {
        if key.and_then(|key| self.remove(key)).is_some() {
            self.evicted += 1;
        }
    }

    /// Removes a few answers that were not seen for long and are past their time.
    fn forget_expired(&mut self, now: Timestamp) {
        for _ in 0..MAX_EXPIRED_AT_ONCE {
            let Some((_, &key)) = self.order.first_key_value() else { return };
            if self.answers.get(&key).is_some_and(|answer| answer.expires > now) {
                return;
            }
            self.remove(key);
        }
    }

    fn remove(&mut self, key: Key) -> Option<Answer> {
        let answer = self.answers.remove(&key)?;
        self.order.remove(&answer.order);
        if let Some(of_host) = self.hosts.get_mut(&key.host) {
            of_host.remove(&answer.order);
            if of_host.is_empty() {
                self.hosts.remove(&key.host);
            }
        }
        Some(answer)
    }
}

/// What a response says of the name asked for.
struct Resolution {
    names: Names,
    addresses: Vec<(IpAddr, Duration)>,
}

impl Resolution {
    /// Follows the aliases from the question through the answers, in any order of these.
    fn read(message: &DnsMessage) -> Option<Self> {
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
        for _ in 0..MAX_ALIASES {
            let Some((alias, ttl)) = alias_of(message, current) else { break };
            chain.push(alias);
            chain_ttl = chain_ttl.min(ttl);
            current = alias;
        }
        let addresses = message.answers.iter().filter_map(|record| {
            let address = match record.data {
                DnsRecordData::A(address) => IpAddr::V4(address),
                DnsRecordData::Aaaa(address) => IpAddr::V6(address),
                DnsRecordData::Cname(_)
                | DnsRecordData::Ptr(_)
                | DnsRecordData::Ns(_)
                | DnsRecordData::Soa(_)
                | DnsRecordData::Mx(_)
                | DnsRecordData::Txt(_)
                | DnsRecordData::Srv(_)
                | DnsRecordData::Svcb(_)
                | DnsRecordData::Other => return None,
            };
            let owned = chain.iter().any(|name| name.eq_ignore_ascii_case(&record.name));
            let ttl = Duration::from_secs(u64::from(record.ttl.min(chain_ttl)));
            owned.then_some((address, ttl))
        });
        let addresses: Vec<_> = addresses.collect();
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

/// The name that `name` is an alias of, and for how long.
fn alias_of<'a>(message: &'a DnsMessage, name: &str) -> Option<(&'a str, u32)> {
    message.answers.iter().find_map(|record| match &record.data {
        DnsRecordData::Cname(alias) if record.name.eq_ignore_ascii_case(name) => {
            Some((alias.as_str(), record.ttl))
        }
        DnsRecordData::Cname(_)
        | DnsRecordData::A(_)
        | DnsRecordData::Aaaa(_)
        | DnsRecordData::Ptr(_)
        | DnsRecordData::Ns(_)
        | DnsRecordData::Soa(_)
        | DnsRecordData::Mx(_)
        | DnsRecordData::Txt(_)
        | DnsRecordData::Srv(_)
        | DnsRecordData::Svcb(_)
        | DnsRecordData::Other => None,
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::dissect::{DnsQuery, DnsRecord};

    const HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));
    const OTHER_HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 11));
    const SERVER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);
    const NOW: Timestamp = Timestamp::from_parts(1_000_000, 0);

    #[test]
    fn the_name_asked_for_is_told_with_its_aliases_whatever_the_order_of_records() {
        let mut memory = memory(100);
        let message = response(
            "Dev.EZVIZ7.com",
            vec![
                a("lbs.example.net", SERVER, 300),
                cname("tdev.ezviz7.com", "LBS.example.net"),
                cname("dev.ezviz7.com", "tdev.ezviz7.com"),
            ],
        );

        memory.observe(HOST, &message, NOW);

        let found = memory.lookup(HOST, SERVER.into(), NOW).unwrap();
        assert_eq!(&**found.asked, "dev.ezviz7.com");
        let aliases: Vec<_> = found.aliases.iter().map(|alias| &**alias).collect();
        assert_eq!(aliases, ["tdev.ezviz7.com", "lbs.example.net"]);
        assert_eq!(memory.lookup(OTHER_HOST, SERVER.into(), NOW), None);
    }

    #[test]
    fn an_answer_is_kept_for_its_bounded_ttl_and_the_grace() {
        for (ttl, seconds) in [(0, 60 + 600), (300, 300 + 600), (u32::MAX, 86_400 + 600)] {
            let mut memory = memory(100);
            memory.observe(HOST, &response("a.example", vec![a("a.example", SERVER, ttl)]), NOW);

            let last = NOW.plus(Duration::from_secs(seconds - 1));
            assert!(memory.lookup(HOST, SERVER.into(), last).is_some(), "{ttl}");
            let after = NOW.plus(Duration::from_secs(seconds));
            assert_eq!(memory.lookup(HOST, SERVER.into(), after), None, "{ttl}");
        }
    }

    #[test]
    fn an_answer_is_replaced_by_the_latest_and_two_names_make_it_ambiguous() {
        let mut memory = memory(100);
        let first = response("a.example", vec![a("a.example", SERVER, 300)]);
        memory.observe(HOST, &first, NOW);
        memory.observe(HOST, &first, NOW);
        assert!(!memory.lookup(HOST, SERVER.into(), NOW).unwrap().ambiguous);

        memory.observe(HOST, &response("b.example", vec![a("b.example", SERVER, 3000)]), NOW);

        let found = memory.lookup(HOST, SERVER.into(), NOW).unwrap();
        assert_eq!((&**found.asked, found.ambiguous), ("b.example", true));
        let later = NOW.plus(Duration::from_secs(1000));
        assert!(!memory.lookup(HOST, SERVER.into(), later).unwrap().ambiguous);
        assert_eq!(memory.len(), 1);
    }

    #[test]
    fn queries_failures_and_records_of_other_names_teach_nothing() {
        let mut memory = memory(100);
        let good = response("a.example", vec![a("a.example", SERVER, 300)]);
        let query = DnsMessage { flags: 0x0100, ..good.clone() };
        let refused = DnsMessage { flags: 0x8185, ..good.clone() };
        let multicast = DnsMessage { protocol: AppProtocol::Mdns, ..good.clone() };
        let unasked = DnsMessage { queries: Vec::new(), ..good };
        let stranger = response("a.example", vec![a("b.example", SERVER, 300)]);

        for message in [query, refused, multicast, unasked, stranger] {
            memory.observe(HOST, &message, NOW);
            assert!(memory.is_empty(), "{message:?}");
        }
    }

    #[test]
    fn a_circle_of_aliases_ends() {
        let mut memory = memory(100);
        let records = vec![
            cname("a.example", "b.example"),
            cname("b.example", "a.example"),
            a("b.example", SERVER, 300),
        ];

        memory.observe(HOST, &response("a.example", records), NOW);

        assert_eq!(memory.lookup(HOST, SERVER.into(), NOW).unwrap().aliases.len(), MAX_ALIASES);
    }

    #[test]
    fn the_oldest_answers_go_first_and_no_bound_is_passed() {
        let mut memory = memory(3);
        for last in 1..=5 {
            memory.observe(HOST, &numbered(last), NOW);
        }
        assert_eq!((memory.len(), memory.evicted()), (3, 2));
        assert_eq!(memory.lookup(HOST, address(2), NOW), None);
        assert!(memory.lookup(HOST, address(3), NOW).is_some());

        memory.observe(HOST, &numbered(3), NOW);
        memory.observe(HOST, &numbered(6), NOW);
        assert!(memory.lookup(HOST, address(3), NOW).is_some(), "seen again, so it is young");
        assert_eq!(memory.lookup(HOST, address(4), NOW), None);
    }

    #[test]
    fn one_host_cannot_take_the_room_of_others() {
        let mut memory = memory(100_000);
        memory.observe(OTHER_HOST, &numbered(1), NOW);
        for last in 0..=MAX_PER_HOST {
            memory.observe(HOST, &numbered(u16::try_from(last).unwrap()), NOW);
        }

        assert_eq!(memory.len(), MAX_PER_HOST + 1);
        assert_eq!(memory.lookup(HOST, address(0), NOW), None);
        assert!(memory.lookup(OTHER_HOST, address(1), NOW).is_some());
    }

    #[test]
    fn expired_answers_make_room_without_being_counted_as_evicted() {
        let mut memory = memory(100);
        memory.observe(HOST, &numbered(1), NOW);

        memory.observe(HOST, &numbered(2), NOW.plus(Duration::from_secs(3600)));

        assert_eq!((memory.len(), memory.evicted()), (1, 0));
    }

    #[test]
    fn endless_names_are_not_kept() {
        let mut memory = memory(100);
        let long = "a".repeat(MAX_NAME_LEN + 1);
        memory.observe(HOST, &response(&long, vec![a(&long, SERVER, 300)]), NOW);
        assert!(memory.is_empty());

        let alias = "b".repeat(MAX_ALIAS_BYTES + 1);
        let records = vec![cname("a.example", &alias), a(&alias, SERVER, 300)];
        memory.observe(HOST, &response("a.example", records), NOW);
        assert!(memory.lookup(HOST, SERVER.into(), NOW).unwrap().aliases.is_empty());
    }

    fn memory(max_names: usize) -> NameMemory {
        NameMemory::new(max_names, RandomState::with_seeds(1, 2, 3, 4))
    }

    fn address(last: u16) -> IpAddr {
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into()
    }

    fn numbered(last: u16) -> DnsMessage {
        let name = format!("n{last}.example");
        let mut record = a(&name, SERVER, 300);
        if let IpAddr::V6(v6) = address(last) {
            record.data = DnsRecordData::Aaaa(v6);
        }
        response(&name, vec![record])
    }

    fn response(asked: &str, answers: Vec<DnsRecord>) -> DnsMessage {
        let queries = vec![DnsQuery { name: asked.to_owned(), rtype: 1 }];
        DnsMessage { queries, answers, ..DnsMessage::new(AppProtocol::Dns, 1, 0x8180) }
    }

    fn a(name: &str, address: Ipv4Addr, ttl: u32) -> DnsRecord {
        DnsRecord { name: name.to_owned(), rtype: 1, ttl, data: DnsRecordData::A(address) }
    }

    fn cname(name: &str, alias: &str) -> DnsRecord {
        DnsRecord {
            name: name.to_owned(),
            rtype: 5,
            ttl: 300,
            data: DnsRecordData::Cname(alias.to_owned()),
        }
    }
}
