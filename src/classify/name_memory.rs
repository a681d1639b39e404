//! Which name a host asked for before it spoke to an address.
//!
//! Comes in: DNS responses and answers of HTTP resolvers with the host that they went to, and what neighbours say of
//! themselves (multicast DNS). Goes out: for a host and an address the name asked for, its aliases, and how it was
//! learned. It keeps no other record, reads no clock, and never outgrows its bounds.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use ahash::RandomState;

use super::resolution::{MAX_NAME_LEN, Resolution, neighbours};
use crate::dissect::{AddressList, DnsMessage};
use crate::net::Timestamp;

/// Shortest memory of an answer: hosts keep speaking to an address that its record gave for seconds only.
const MIN_TTL: Duration = Duration::from_secs(60);
/// Longest memory of an answer: guards against records that claim years.
const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// Added to each: flows begin with names that a host has held a little too long.
const GRACE: Duration = Duration::from_secs(10 * 60);
/// Most answers remembered of one host: guards the others against one that asks for everything.
const MAX_PER_HOST: usize = 2048;
/// How long the answer of an HTTP resolver holds that does not say it; its clients keep it about so long.
const HTTP_TTL: Duration = Duration::from_secs(600);
/// Who hears what neighbours say: everybody, so it stands in the place of the host.
const EVERYBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
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
    /// How it was learned.
    pub source: NameSource,
}

/// How a name was learned, the best known first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameSource {
    /// The host asked a name server (DNS).
    Dns,
    /// The host asked a resolver over HTTP, past the name server of its network.
    HttpDns,
    /// The owner of the address said it to all its neighbours (multicast DNS).
    Mdns,
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
    source: NameSource,
}

/// What one response said, shared by the addresses in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) asked: Arc<str>,
    pub(super) aliases: Box<[Arc<str>]>,
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
            self.remember(Key { host, address }, &names, ttl, NameSource::Dns, now);
        }
    }

    /// Takes what an HTTP resolver answered to `host`, which asked for `name`.
    pub fn observe_http(&mut self, host: IpAddr, name: &str, list: &AddressList, now: Timestamp) {
        self.forget_expired(now);
        let asked = name.strip_suffix('.').unwrap_or(name);
        if asked.is_empty() || asked.len() > MAX_NAME_LEN {
            return;
        }
        let asked = asked.to_ascii_lowercase().into();
        let names = Arc::new(Names { asked, aliases: Box::default() });
        let ttl = list.ttl.map_or(HTTP_TTL, |seconds| Duration::from_secs(u64::from(seconds)));
        for &address in &list.addresses {
            self.remember(Key { host, address }, &names, ttl, NameSource::HttpDns, now);
        }
    }

    /// Takes what neighbours say of their own names (RFC 6762): all hosts hear it.
    pub fn observe_neighbours(&mut self, message: &DnsMessage, now: Timestamp) {
        self.forget_expired(now);
        for (name, address, ttl) in neighbours(message) {
            let names = Names { asked: name.to_ascii_lowercase().into(), aliases: Box::default() };
            let key = Key { host: EVERYBODY, address };
            self.remember(key, &Arc::new(names), ttl, NameSource::Mdns, now);
        }
    }

    /// The name that `host` got `address` for, else the one that its owner says, if it has not been forgotten at `now`.
    #[must_use]
    pub fn lookup(
        &self,
        host: IpAddr,
        address: IpAddr,
        now: Timestamp,
    ) -> Option<ResolvedName<'_>> {
        let answer = [host, EVERYBODY].into_iter().find_map(|host| {
            self.answers.get(&Key { host, address }).filter(|answer| answer.expires > now)
        })?;
        Some(ResolvedName {
            asked: &answer.names.asked,
            aliases: &answer.names.aliases,
            ambiguous: answer.ambiguous_until > now,
            source: answer.source,
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

    fn remember(
        &mut self,
        key: Key,
        names: &Arc<Names>,
        ttl: Duration,
        source: NameSource,
        now: Timestamp,
    ) {
        let mut names = names.clone();
        let mut source = source;
        let mut ambiguous_until = Timestamp::ZERO;
        if let Some(earlier) = self.remove(key) {
            let holds = earlier.expires > now;
            if earlier.names.asked == names.asked {
                ambiguous_until = earlier.ambiguous_until;
                // Of the same name, an answer with less in it does not undo one with more.
                if earlier.names == names || (holds && names.aliases.is_empty()) {
                    names = earlier.names;
                }
                if holds {
                    source = source.min(earlier.source);
                }
            } else if holds {
                ambiguous_until = earlier.expires;
            }
        }
        let expires = now.plus(ttl.clamp(MIN_TTL, MAX_TTL)).plus(GRACE);
        self.make_room(key.host);
        if self.max_names == 0 {
            return;
        }
        let order = self.next_order;
        self.next_order += 1;
        self.order.insert(order, key);
        self.hosts.entry(key.host).or_default().insert(order, key.address);
        self.answers.insert(key, Answer { names, expires, ambiguous_until, order, source });
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

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::super::resolution::{MAX_ALIAS_BYTES, MAX_ALIASES};
    use super::*;
    use crate::dissect::{AppProtocol, DnsQuery, DnsRecord, DnsRecordData};

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
    fn an_answer_over_http_teaches_its_host_the_name() {
        let mut memory = memory(100);
        let list = AddressList { addresses: vec![SERVER.into()], ttl: Some(900) };

        memory.observe_http(HOST, "LiteDev.ezvizlife.com.", &list, NOW);

        let found = memory.lookup(HOST, SERVER.into(), NOW).unwrap();
        assert_eq!((&**found.asked, found.source), ("litedev.ezvizlife.com", NameSource::HttpDns));
        assert_eq!(memory.lookup(OTHER_HOST, SERVER.into(), NOW), None);
        let last = NOW.plus(Duration::from_secs(1499));
        assert!(memory.lookup(HOST, SERVER.into(), last).is_some());
        assert_eq!(memory.lookup(HOST, SERVER.into(), last.plus(Duration::from_secs(1))), None);

        memory.observe_http(HOST, &"a".repeat(MAX_NAME_LEN + 1), &list, NOW);
        memory.observe_http(HOST, ".", &list, NOW);
        assert_eq!(memory.len(), 1);
    }

    #[test]
    fn the_same_name_over_two_ways_keeps_its_chain_and_the_better_source() {
        let mut memory = memory(100);
        let list = AddressList { addresses: vec![SERVER.into()], ttl: None };
        let chain = vec![cname("a.example", "lb.example"), a("lb.example", SERVER, 300)];

        memory.observe_http(HOST, "a.example", &list, NOW);
        memory.observe(HOST, &response("a.example", chain), NOW);
        memory.observe_http(HOST, "a.example", &list, NOW);

        let found = memory.lookup(HOST, SERVER.into(), NOW).unwrap();
        assert_eq!((found.source, found.aliases.len()), (NameSource::Dns, 1));
        assert!(!found.ambiguous);

        let later = NOW.plus(Duration::from_secs(3 * 24 * 3600));
        memory.observe_http(HOST, "a.example", &list, later);
        let found = memory.lookup(HOST, SERVER.into(), later).unwrap();
        assert_eq!((found.source, found.aliases.len()), (NameSource::HttpDns, 0));
    }

    #[test]
    fn what_a_neighbour_says_of_itself_holds_for_all_and_yields_to_what_a_host_asked() {
        let mut memory = memory(100);
        let mut said =
            response("", vec![a("Camera.local", SERVER, 120), a("a.example", SERVER, 120)]);
        said.protocol = AppProtocol::Mdns;
        said.queries.clear();

        memory.observe_neighbours(&said, NOW);

        for host in [HOST, OTHER_HOST] {
            let found = memory.lookup(host, SERVER.into(), NOW).unwrap();
            assert_eq!((&**found.asked, found.source), ("camera.local", NameSource::Mdns));
        }
        memory.observe(HOST, &response("b.example", vec![a("b.example", SERVER, 300)]), NOW);
        let asked = |host| memory.lookup(host, SERVER.into(), NOW).unwrap().asked.to_string();
        assert_eq!((asked(HOST), asked(OTHER_HOST)), ("b.example".into(), "camera.local".into()));
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
