//! Names: the most specific entry answers, at a cost that does not grow with the catalogue.
//!
//! Comes in: a name from the network, in any case, with or without the final dot. Goes out: the index of an entry.
//! Whole labels only (RFC 1034, 3.1): `chiddns.com` does not lie below `hiddns.com`. One hash look-up
//! for each suffix of the name that is no longer than the longest entry; no allocation.

use std::collections::HashMap;

use ahash::RandomState;

use super::region_code::RegionCodes;
use super::{Exactness, Region};

/// Longest name that is looked up: the limit of RFC 1035, 2.3.4, guards against endless text from TLS or HTTP.
pub const MAX_NAME_LEN: usize = 255;

/// From names to the indices of entries.
#[derive(Debug)]
pub(super) struct DomainTable {
    /// What is known of each listed name, by the name in lower case.
    slots: HashMap<Box<str>, Slot, RandomState>,
    /// Labels of the longest listed name: longer suffixes need no look-up.
    max_labels: usize,
    /// The ends of listed names: most names of a network end otherwise, and need no look-up.
    ends: Ends,
}

/// Which last two labels listed names have, as a set that says "no" surely and "yes" mostly (a Bloom filter with one
/// hash): a single short walk over the end of a name tells of nearly all names that none is listed for them.
#[derive(Debug, Default)]
struct Ends {
    /// Bits, a power of two of words; none while nothing is listed.
    words: Box<[u64]>,
    /// A name of one label is listed: its end says nothing about the label before it.
    single: bool,
    listed: usize,
}

impl Ends {
    /// Bits for each listed name: less than one of a hundred other names passes.
    const BITS_PER_NAME: usize = 128;

    /// Lists the end of a name. `known` are the names listed before, for when the set has to grow.
    fn insert<'a>(&mut self, name: &str, known: impl Iterator<Item = &'a str>) {
        self.listed += 1;
        self.single |= !name.contains('.');
        let words = (self.listed * Self::BITS_PER_NAME / 64).next_power_of_two();
        if words > self.words.len() {
            self.words = vec![0; 2 * words].into_boxed_slice();
            for name in known {
                self.set(name);
            }
        }
        self.set(name);
    }

    fn set(&mut self, name: &str) {
        let (word, bit) = self.place(name);
        if let Some(word) = self.words.get_mut(word) {
            *word |= bit;
        }
    }

    /// False only where no listed name equals `name` or a part of it behind a dot.
    fn may_hold(&self, name: &str) -> bool {
        let (word, bit) = self.place(name);
        self.single || self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Where the last two labels are: in any case, without the final dot.
    fn place(&self, name: &str) -> (usize, u64) {
        let bytes = name.strip_suffix('.').unwrap_or(name).as_bytes();
        let (mut hash, mut dots) = (0_u64, 0);
        for &byte in bytes.iter().rev() {
            if byte == b'.' {
                dots += 1;
                if dots == 2 {
                    break;
                }
            }
            // FNV-1a; the bit that tells small letters from capitals is set in all, which leaves digits and hyphens alone.
            hash = (hash ^ u64::from(byte | 0x20)).wrapping_mul(0x0100_0000_01b3);
        }
        hash ^= hash >> 29;
        let word = usize::try_from(hash >> 6).unwrap_or(0) & self.words.len().saturating_sub(1);
        (word, 1 << (hash & 63))
    }
}

/// What is known of one listed name.
#[derive(Debug, Default)]
struct Slot {
    /// The entry for this name alone.
    host: Option<u32>,
    /// The entry for this name and all below it.
    suffix: Option<SuffixSlot>,
    /// The name and all below it belong to others.
    negative: bool,
}

/// The entries for what lies below a name.
#[derive(Debug)]
struct SuffixSlot {
    entry: Regional,
    patterns: Vec<LabelPattern>,
}

/// An entry, and the same with the regions that codes in a name may say.
#[derive(Debug, Clone)]
pub(super) struct Regional {
    /// The entry where the name says nothing.
    pub(super) plain: u32,
    /// The entries where it says a region.
    pub(super) variants: Vec<(Region, u32)>,
}

impl Regional {
    fn of(&self, region: Option<Region>) -> u32 {
        let said = region.and_then(|said| self.variants.iter().find(|(known, _)| *known == said));
        said.map_or(self.plain, |(_, entry)| *entry)
    }
}

/// How hosts below a suffix are named: a first label with at most one `*`.
#[derive(Debug, Clone)]
pub(super) struct LabelPattern {
    pub(super) start: Box<str>,
    /// What follows the `*`; without one, the label is `start` alone.
    pub(super) end: Option<Box<str>>,
    pub(super) entry: Regional,
}

impl LabelPattern {
    /// What the `*` stands for in `label`, if the label fits.
    fn wild_part<'a>(&self, label: &'a str) -> Option<&'a str> {
        let rest = label.strip_prefix(&*self.start)?;
        match &self.end {
            Some(end) => rest.strip_suffix(&**end),
            None => rest.is_empty().then_some(""),
        }
    }
}

impl DomainTable {
    /// An empty table. Only trusted entries become keys, so the hash needs no secret.
    pub(super) fn new() -> Self {
        Self {
            slots: HashMap::with_hasher(RandomState::with_seeds(5, 6, 7, 8)),
            max_labels: 0,
            ends: Ends::default(),
        }
    }

    /// Lists a name, in lower case, for itself alone.
    pub(super) fn insert_host(&mut self, name: &str, entry: u32) {
        self.slot(name).host = Some(entry);
    }

    /// Lists a name, in lower case, for itself and all below it.
    pub(super) fn insert_suffix(
        &mut self,
        name: &str,
        entry: Regional,
        patterns: Vec<LabelPattern>,
    ) {
        self.slot(name).suffix = Some(SuffixSlot { entry, patterns });
    }

    /// Lists a name, in lower case, as one that belongs to others, with all below it.
    pub(super) fn insert_negative(&mut self, name: &str) {
        self.slot(name).negative = true;
    }

    /// The entry for `name`.
    pub(super) fn get(&self, codes: &RegionCodes, name: &str) -> Option<(u32, Exactness)> {
        if name.len() > MAX_NAME_LEN || !self.ends.may_hold(name) {
            return None;
        }
        let mut buffer = [0; MAX_NAME_LEN];
        let name = fold(name, &mut buffer)?;
        if let Some(entry) = self.slots.get(name).and_then(|slot| slot.host) {
            return Some((entry, Exactness::Host));
        }
        let (start, slot) = self.most_specific(name)?;
        let below = name.get(..start)?.trim_end_matches('.');
        if slot.negative {
            return None;
        }
        slot.suffix.as_ref().map(|suffix| suffix.get(codes, below))
    }

    /// The longest listed suffix of `name` that speaks of more than itself, and where it starts.
    fn most_specific(&self, name: &str) -> Option<(usize, &Slot)> {
        let mut found = None;
        let mut end = name.len();
        for _ in 0..self.max_labels {
            let dot = name.get(..end)?.rfind('.');
            let start = dot.map_or(0, |dot| dot + 1);
            let slot = name.get(start..).and_then(|suffix| self.slots.get(suffix));
            if let Some(slot) = slot.filter(|slot| slot.negative || slot.suffix.is_some()) {
                found = Some((start, slot));
            }
            let Some(dot) = dot else { break };
            end = dot;
        }
        found
    }

    fn slot(&mut self, name: &str) -> &mut Slot {
        self.max_labels = self.max_labels.max(name.split('.').count());
        self.ends.insert(name, self.slots.keys().map(AsRef::as_ref));
        self.slots.entry(name.into()).or_default()
    }
}

impl SuffixSlot {
    /// The entry for a host whose labels before the suffix are `below`.
    fn get(&self, codes: &RegionCodes, below: &str) -> (u32, Exactness) {
        let (first, between) = below.split_once('.').unwrap_or((below, ""));
        for pattern in self.patterns.iter().filter(|_| !below.is_empty()) {
            if let Some(wild) = pattern.wild_part(first) {
                let region = codes.get(wild).or_else(|| codes.first_in(between));
                return (pattern.entry.of(region), Exactness::Pattern);
            }
        }
        (self.entry.of(codes.first_in(below)), Exactness::Suffix)
    }
}

/// Writes `name` into `buffer` in lower case without the final dot; refuses what cannot be a host name:
/// nothing, too much, an empty label.
pub(super) fn fold<'a>(name: &str, buffer: &'a mut [u8; MAX_NAME_LEN]) -> Option<&'a str> {
    let target = buffer.get_mut(..name.len())?;
    target.copy_from_slice(name.as_bytes());
    target.make_ascii_lowercase();
    let text = std::str::from_utf8(target).ok()?;
    let text = text.strip_suffix('.').unwrap_or(text);
    let mut before = b'.';
    for &byte in text.as_bytes() {
        if byte == b'.' && before == b'.' {
            return None;
        }
        before = byte;
    }
    (before != b'.').then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regional(entry: u32) -> Regional {
        Regional { plain: entry, variants: Vec::new() }
    }

    #[test]
    fn ends_pass_every_name_at_or_below_a_listed_one_and_few_others() {
        let mut ends = Ends::default();
        let listed: Vec<String> = (0..500).map(|n| format!("a.vendor-{n}.example")).collect();
        for (place, name) in listed.iter().enumerate() {
            ends.insert(name, listed[..place].iter().map(String::as_str));
        }

        for name in &listed {
            for case in [name.clone(), format!("x.y.{name}."), name.to_uppercase()] {
                assert!(ends.may_hold(&case), "{case}");
            }
        }
        let others = (0..10_000).filter(|n| ends.may_hold(&format!("www.other-{n}.example")));
        assert!(others.count() < 200);
    }

    #[test]
    fn a_listed_name_of_one_label_is_found_below_any_other_label() {
        let mut table = DomainTable::new();
        table.insert_suffix("camera", regional(3), Vec::new());
        table.insert_host("a.example", 4);

        let codes = RegionCodes::default();
        assert_eq!(table.get(&codes, "front.door.camera"), Some((3, Exactness::Suffix)));
        assert_eq!(table.get(&codes, "a.example"), Some((4, Exactness::Host)));
        assert_eq!(table.get(&codes, "b.example"), None);
    }
}
