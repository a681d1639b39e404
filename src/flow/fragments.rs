//! IP datagrams in pieces, put together.
//!
//! Comes in: fragments. Goes out: the payload of a datagram once all of it has come, and the ports that stood in its
//! first fragment. Bounded in datagrams, in bytes, in bytes of one sender, and in time. It emits nothing by itself.
//!
//! Policy where fragments overlap: IPv4 keeps the first copy of a byte, as it does for streams; IPv6 gives the
//! datagram up (RFC 8200, 4.5), unless a fragment is repeated as it was.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use ahash::RandomState;

use super::ByteBudget;
use crate::decode::{Fragment, IpPacket, Transport, Tunnel, VlanIds};
use crate::net::{InterfaceId, IpProtocol, Timestamp};

/// Time for all of a datagram to come: the wait of Linux (`ipfrag_time`), half of what RFC 8200, 4.5 gives a host.
const PATIENCE: Duration = Duration::from_secs(30);

/// Datagrams that are put together at a time; guards the index against floods of first fragments.
const MAX_DATAGRAMS: usize = 1024;

/// Pieces of one datagram that came out of order; guards against fragments of eight bytes. A packet of 1500 bytes has fewer
/// of those.
const MAX_PIECES: usize = 192;

/// The longest payload that an IP packet can have, RFC 791, 3.1.
const MAX_PAYLOAD: usize = 65_535;

/// What the fragments of a datagram have in common (RFC 791, 3.2; RFC 8200, 4.5), and where they were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FragmentKey {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// The protocol behind the IP header, or behind the fragment header.
    pub protocol: IpProtocol,
    /// Identification: 16 bits over IPv4, 32 over IPv6.
    pub id: u32,
    /// VLAN tags of the frame.
    pub vlans: VlanIds,
    /// What tells the inside of tunnels apart ([`Tunnel::segment`]).
    pub tunnel: u32,
    /// The interface that the frame was seen on.
    pub interface: InterfaceId,
}

impl FragmentKey {
    /// The key of a packet that is a fragment.
    #[must_use]
    pub fn new(
        ip: &IpPacket<'_>,
        fragment: Fragment,
        vlans: VlanIds,
        tunnel: Option<&Tunnel>,
        interface: InterfaceId,
    ) -> Self {
        Self {
            source: ip.source,
            destination: ip.destination,
            protocol: fragment.protocol,
            id: fragment.id,
            vlans,
            tunnel: tunnel.map_or(0, Tunnel::segment),
            interface,
        }
    }
}

/// What a fragment did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FragmentPush {
    /// The whole payload behind the IP header.
    Whole(Vec<u8>),
    /// More is needed.
    Waiting,
    /// There is no room for it, or it contradicts the others: its datagram is given up.
    Refused,
}

/// Datagrams of which some fragments have come.
#[derive(Debug)]
pub struct FragmentPool {
    datagrams: HashMap<FragmentKey, Partial, RandomState>,
    /// The same ones by age; the number tells apart those of one time.
    by_deadline: BTreeMap<(Timestamp, u64), FragmentKey>,
    budget: ByteBudget,
    number: u64,
}

/// A datagram of which some fragments have come.
#[derive(Debug)]
struct Partial {
    age: (Timestamp, u64),
    /// The transport header, from the first fragment.
    transport: Option<Transport>,
    /// What has come, in order, apart from each other.
    pieces: Vec<Piece>,
    /// Its length, once the last fragment has come.
    length: Option<usize>,
    /// Nothing can become of it: further fragments are refused until its time is over.
    is_given_up: bool,
}

/// Bytes that came one behind the other.
#[derive(Debug)]
struct Piece {
    start: usize,
    bytes: Vec<u8>,
}

impl FragmentPool {
    /// Makes an empty pool. `max_bytes` bounds what all datagrams hold together; one sender may hold an eighth of
    /// it, and four of the longest datagrams in any case.
    #[must_use]
    pub fn new(max_bytes: usize, seeds: [u64; 4]) -> Self {
        let [a, b, c, d] = seeds;
        Self {
            datagrams: HashMap::with_hasher(RandomState::with_seeds(a, b, c, d)),
            by_deadline: BTreeMap::new(),
            budget: ByteBudget::new(max_bytes, (max_bytes / 8).max(4 * MAX_PAYLOAD), seeds),
            number: 0,
        }
    }

    /// The transport header in the first fragment of a datagram, if that one has come in time.
    #[must_use]
    pub fn transport(&self, key: &FragmentKey, now: Timestamp) -> Option<Transport> {
        let partial = self.datagrams.get(key)?;
        let (deadline, _) = partial.age;
        partial.transport.filter(|_| deadline > now)
    }

    /// Bytes that are held.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.budget.held()
    }

    /// Takes in a fragment with the bytes behind its IP header.
    pub fn push(
        &mut self,
        key: FragmentKey,
        fragment: Fragment,
        transport: Transport,
        payload: &[u8],
        now: Timestamp,
    ) -> FragmentPush {
        self.expire(now);
        let Ok(start) = usize::try_from(fragment.offset) else { return FragmentPush::Refused };
        let end = start + payload.len();
        if !self.datagrams.contains_key(&key) {
            self.begin(key, now);
        }
        let Some(partial) = self.datagrams.get_mut(&key) else { return FragmentPush::Refused };
        // All but the last end at a multiple of eight (RFC 791, 3.2).
        let is_sound = !payload.is_empty()
            && end <= MAX_PAYLOAD
            && (!fragment.more || payload.len().is_multiple_of(8));
        if partial.is_given_up || !is_sound {
            return self.give_up(&key);
        }
        if start == 0 && partial.transport.is_none() {
            partial.transport = Some(transport).filter(|found| *found != Transport::None);
        }
        let before = partial.held();
        let fits = partial.insert(start, payload, fragment.more, key.source.is_ipv6());
        let grown = partial.held().saturating_sub(before);
        let whole = partial.is_whole();
        if !self.budget.take(key.source, grown) || !fits {
            return self.give_up(&key);
        }
        // The oldest give way: what is still incomplete after others had their turn seldom gets whole.
        while !self.budget.is_kept() {
            let Some((_, &oldest)) = self.by_deadline.first_key_value() else { break };
            self.remove(&oldest);
        }
        if !whole {
            return FragmentPush::Waiting;
        }
        self.remove(&key)
            .map_or(FragmentPush::Refused, |partial| FragmentPush::Whole(partial.into_payload()))
    }

    /// Frees what a datagram holds, and remembers that nothing can become of it.
    fn give_up(&mut self, key: &FragmentKey) -> FragmentPush {
        if let Some(partial) = self.datagrams.get_mut(key) {
            self.budget.give_back(key.source, partial.held());
            partial.pieces = Vec::new();
            partial.transport = None;
            partial.is_given_up = true;
        }
        FragmentPush::Refused
    }

    fn begin(&mut self, key: FragmentKey, now: Timestamp) {
        if self.datagrams.len() >= MAX_DATAGRAMS
            && let Some((_, &oldest)) = self.by_deadline.first_key_value()
        {
            self.remove(&oldest);
        }
        self.number += 1;
        let age = (now.plus(PATIENCE), self.number);
        self.by_deadline.insert(age, key);
        self.datagrams.insert(
            key,
            Partial { age, transport: None, pieces: Vec::new(), length: None, is_given_up: false },
        );
    }

    fn expire(&mut self, now: Timestamp) {
        while let Some((&(deadline, _), &key)) = self.by_deadline.first_key_value() {
            if deadline > now {
                break;
            }
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &FragmentKey) -> Option<Partial> {
        let partial = self.datagrams.remove(key)?;
        self.by_deadline.remove(&partial.age);
        self.budget.give_back(key.source, partial.held());
        Some(partial)
    }
}

impl Partial {
    /// Memory that it holds, in bytes.
    fn held(&self) -> usize {
        self.pieces.iter().map(|piece| size_of::<Piece>() + piece.bytes.capacity()).sum()
    }

    /// Takes in what is new of a fragment; tells whether it agrees with the others.
    fn insert(&mut self, start: usize, payload: &[u8], more: bool, strict: bool) -> bool {
        let end = start + payload.len();
        match self.length {
            Some(length) if !more && length != end || end > length => return false,
            None if !more => {
                if self.pieces.last().is_some_and(|last| last.end() > end) {
                    return false;
                }
                self.length = Some(end);
            }
            Some(_) | None => {}
        }
        let overlaps = self.pieces.iter().any(|piece| start < piece.end() && piece.start < end);
        if overlaps && strict {
            return self.repeats(start, payload);
        }
        // What has come already wins: only the gaps are filled.
        let mut at = start;
        while at < end {
            let covered = self.pieces.iter().find(|piece| piece.start <= at && at < piece.end());
            if let Some(piece) = covered {
                at = piece.end();
                continue;
            }
            let next = self.pieces.iter().map(|piece| piece.start).find(|from| *from > at);
            let stop = next.unwrap_or(end).min(end);
            self.add(at, payload.get(at - start..stop - start).unwrap_or_default());
            at = stop;
        }
        self.pieces.len() <= MAX_PIECES
    }

    /// Tells whether these bytes have all come before, the same.
    fn repeats(&self, start: usize, payload: &[u8]) -> bool {
        self.pieces.iter().any(|piece| {
            start
                .checked_sub(piece.start)
                .is_some_and(|skip| piece.bytes.get(skip..skip + payload.len()) == Some(payload))
        })
    }

    /// Adds bytes where none have come: to the piece that they continue, else as one of their own. Pieces that come to
    /// touch stay apart: joining them each time would copy the same bytes again and again.
    fn add(&mut self, start: usize, bytes: &[u8]) {
        let place = self.pieces.partition_point(|piece| piece.start < start);
        match place.checked_sub(1).and_then(|before| self.pieces.get_mut(before)) {
            Some(piece) if piece.end() == start => piece.bytes.extend_from_slice(bytes),
            Some(_) | None => self.pieces.insert(place, Piece { start, bytes: bytes.to_vec() }),
        }
    }

    fn is_whole(&self) -> bool {
        let Some(length) = self.length else { return false };
        let mut end = 0;
        self.pieces.iter().all(|piece| {
            let continues = piece.start == end;
            end = piece.end();
            continues
        }) && end == length
    }

    /// All pieces in one.
    fn into_payload(mut self) -> Vec<u8> {
        match self.pieces.as_mut_slice() {
            [only] => std::mem::take(&mut only.bytes),
            pieces => pieces.iter().flat_map(|piece| &piece.bytes).copied().collect(),
        }
    }
}

impl Piece {
    const fn end(&self) -> usize {
        self.start + self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    const SEEDS: [u64; 4] = [1, 2, 3, 4];
    const PORTS: Transport = Transport::Udp { source_port: 4000, destination_port: 53 };

    #[test]
    fn fragments_in_any_order_give_the_datagram_and_its_ports() {
        let whole = pattern(40);
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
            let mut pool = FragmentPool::new(1 << 20, SEEDS);
            let mut last = FragmentPush::Waiting;
            for index in order {
                assert_eq!(last, FragmentPush::Waiting);
                last =
                    pool.push(key(1), piece(index), transport(index), part(&whole, index), at(0));
                if index == 0 && last == FragmentPush::Waiting {
                    assert_eq!(pool.transport(&key(1), at(0)), Some(PORTS));
                }
            }
            assert_eq!(last, FragmentPush::Whole(whole.clone()), "{order:?}");
            assert_eq!(pool.held(), 0);
        }
    }

    #[test]
    fn datagrams_that_differ_in_anything_do_not_mix() {
        let whole = pattern(40);
        let mut pool = FragmentPool::new(1 << 20, SEEDS);
        pool.push(key(1), piece(0), PORTS, part(&whole, 0), at(0));
        pool.push(key(1), piece(1), Transport::None, part(&whole, 1), at(0));

        let other = pool.push(key(2), piece(2), Transport::None, part(&whole, 2), at(0));
        assert_eq!(other, FragmentPush::Waiting);
        let same = pool.push(key(1), piece(2), Transport::None, part(&whole, 2), at(0));
        assert_eq!(same, FragmentPush::Whole(whole));
    }

    #[test]
    fn the_first_copy_of_a_byte_wins_over_ipv4() {
        let mut pool = FragmentPool::new(1 << 20, SEEDS);
        pool.push(key(1), fragment(0, true), PORTS, &[1; 16], at(0));
        pool.push(key(1), fragment(8, true), PORTS, &[2; 16], at(0));
        let whole = pool.push(key(1), fragment(16, false), PORTS, &[3; 16], at(0));

        let expected = [[1; 16].as_slice(), &[2; 8], &[3; 8]].concat();
        assert_eq!(whole, FragmentPush::Whole(expected));
    }

    #[test]
    fn over_ipv6_an_overlap_gives_the_datagram_up_and_a_repetition_does_not() {
        let v6 = FragmentKey { source: "2001:db8::1".parse().unwrap(), ..key(1) };
        let mut pool = FragmentPool::new(1 << 20, SEEDS);
        pool.push(v6, fragment(0, true), PORTS, &[1; 16], at(0));
        assert_eq!(pool.push(v6, fragment(0, true), PORTS, &[1; 16], at(0)), FragmentPush::Waiting);
        assert_eq!(pool.push(v6, fragment(8, true), PORTS, &[1; 16], at(0)), FragmentPush::Refused);
        assert_eq!((pool.held(), pool.transport(&v6, at(0))), (0, None));
    }

    #[test]
    fn contradicting_ends_give_the_datagram_up() {
        let mut pool = FragmentPool::new(1 << 20, SEEDS);
        pool.push(key(1), fragment(16, false), PORTS, &[1; 16], at(0));
        assert_eq!(
            pool.push(key(1), fragment(40, true), PORTS, &[1; 8], at(0)),
            FragmentPush::Refused
        );
        assert_eq!(
            pool.push(key(1), fragment(0, true), PORTS, &[1; 16], at(0)),
            FragmentPush::Refused
        );
        pool.push(key(2), fragment(40, true), PORTS, &[1; 8], at(0));
        assert_eq!(
            pool.push(key(2), fragment(16, false), PORTS, &[1; 16], at(0)),
            FragmentPush::Refused
        );
        assert_eq!(pool.held(), 0);
    }

    #[test]
    fn large_datagrams_side_by_side_all_come_whole() {
        let whole = pattern(60_000);
        let mut pool = FragmentPool::new(1 << 20, SEEDS);
        let mut found = 0;
        for offset in (0..60_000).step_by(1480) {
            let end = (offset + 1480).min(60_000);
            let fragment = fragment(u32::try_from(offset).unwrap(), end < 60_000);
            for id in 0..2 {
                let pushed = pool.push(key(id), fragment, PORTS, &whole[offset..end], at(0));
                assert_ne!(pushed, FragmentPush::Refused);
                found += usize::from(pushed == FragmentPush::Whole(whole.clone()));
            }
        }
        assert_eq!((found, pool.held()), (2, 0));
    }

    #[test]
    fn what_is_not_whole_in_time_is_forgotten() {
        let mut pool = FragmentPool::new(1 << 20, SEEDS);
        pool.push(key(1), fragment(0, true), PORTS, &[1; 16], at(0));
        pool.push(key(2), fragment(0, true), PORTS, &[1; 16], at(29));
        pool.push(key(3), fragment(0, true), PORTS, &[1; 16], at(31));

        assert_eq!(pool.transport(&key(1), at(31)), None);
        assert_eq!(pool.transport(&key(2), at(31)), Some(PORTS));
        assert_eq!(pool.transport(&key(2), at(59)), None);
    }

    #[test]
    fn a_flood_of_first_fragments_is_bounded_in_bytes_and_number() {
        let mut pool = FragmentPool::new(1 << 20, SEEDS);
        for id in 0..100_000u32 {
            let source = IpAddr::V4(Ipv4Addr::from(0xc000_0200 + id % 256));
            pool.push(
                FragmentKey { source, ..key(id) },
                fragment(65_000 * (id % 2), true),
                PORTS,
                &[1; 64],
                at(0),
            );
            assert!(pool.held() <= 1 << 20 && pool.datagrams.len() <= MAX_DATAGRAMS);
        }
        assert_eq!(pool.datagrams.len(), pool.by_deadline.len());
        let kept: usize = pool.datagrams.values().map(Partial::held).sum();
        assert_eq!(kept, pool.held());
    }

    proptest! {
        /// Any split, any order, with repetitions: the datagram comes out whole, once per set of fragments.
        #[test]
        fn any_split_in_any_order_gives_the_datagram(
            length in 9usize..3000,
            cuts in prop::collection::vec(1usize..370, 0..12),
            seed in any::<u64>(),
        ) {
            let whole = pattern(length);
            let mut ends: Vec<usize> =
                cuts.iter().map(|cut| cut * 8).filter(|end| *end < length).chain([length]).collect();
            ends.sort_unstable();
            ends.dedup();
            let mut pieces: Vec<(usize, usize)> = Vec::new();
            for end in ends {
                pieces.push((pieces.last().map_or(0, |piece| piece.1), end));
            }
            let rotation = usize::try_from(seed % 97).unwrap() % pieces.len();
            pieces.rotate_left(rotation);
            if seed % 2 == 0 {
                pieces.reverse();
            }
            let mut pool = FragmentPool::new(1 << 20, SEEDS);
            let mut outcomes = Vec::new();
            for (index, (start, end)) in pieces.iter().copied().enumerate() {
                let fragment = fragment(u32::try_from(start).unwrap(), end < length);
                if index + 1 < pieces.len() && seed % 3 == 0 {
                    pool.push(key(7), fragment, PORTS, &whole[start..end], at(0));
                }
                outcomes.push(pool.push(key(7), fragment, PORTS, &whole[start..end], at(0)));
            }
            prop_assert_eq!(outcomes.pop(), Some(FragmentPush::Whole(whole)));
            prop_assert!(outcomes.iter().all(|outcome| *outcome == FragmentPush::Waiting));
        }
    }

    fn pattern(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    /// Three parts of forty bytes: sixteen, sixteen, eight.
    fn piece(index: usize) -> Fragment {
        fragment(u32::try_from(index * 16).unwrap(), index < 2)
    }

    fn part(whole: &[u8], index: usize) -> &[u8] {
        &whole[index * 16..(index * 16 + 16).min(whole.len())]
    }

    fn transport(index: usize) -> Transport {
        if index == 0 { PORTS } else { Transport::None }
    }

    fn fragment(offset: u32, more: bool) -> Fragment {
        Fragment { id: 7, offset, more, protocol: IpProtocol::UDP }
    }

    fn key(id: u32) -> FragmentKey {
        FragmentKey {
            source: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
            destination: IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
            protocol: IpProtocol::UDP,
            id,
            vlans: VlanIds::default(),
            tunnel: 0,
            interface: InterfaceId(0),
        }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }
}
