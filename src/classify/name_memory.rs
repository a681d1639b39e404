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
                DnsRecordData::Cname(_) | DnsRecordData::Ptr(_) | DnsRecordData::Other => {
                    return None;
                }
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
        | DnsRecordData::Other => None,
    })
}
