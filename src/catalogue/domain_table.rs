//! Names: the most specific entry answers, at a cost that does not grow with the catalogue.
//!
//! Comes in: a name from the network, in any case, with or without the final dot. Goes out: the index of an entry.
//! Whole labels only (RFC 1034, 3.1): `chiddns.com` does not lie below `hiddns.com`. The name is walked label by label
//! from its end, one hash look-up each, for as long as listed names go on that way; no allocation.

use hashbrown::HashTable;

use super::Exactness;
use super::label_pattern::{LabelPattern, LabelPatterns, Regional};
use super::region_code::RegionCodes;

/// Longest name that is looked up: the limit of RFC 1035, 2.3.4, guards against endless text from TLS or HTTP.
pub const MAX_NAME_LEN: usize = 255;

/// From names to the indices of entries: every listed name, and every end of one, is a node.
#[derive(Debug)]
pub(super) struct DomainTable {
    nodes: HashTable<Node>,
}

/// A label of a name, and the hash of the name from there to its end.
struct Label {
    start: usize,
    hash: u64,
}

impl Label {
    /// Reads the label before `end`; `behind` is the hash of what follows it. Only trusted entries become nodes, so the
    /// hash needs no secret: 64 bits at a time, mixed by a multiplication (Knuth, TAOCP 3, 6.4).
    fn before(end: usize, behind: u64, name: &[u8]) -> Self {
        let (mut start, mut hash, mut word) = (end, behind, 0);
        for &byte in name.get(..end).unwrap_or_default().iter().rev() {
            if byte == b'.' {
                break;
            }
            start -= 1;
            word = word << 8 | u64::from(byte);
            if (end - start).is_multiple_of(size_of::<u64>()) {
                hash = mix(hash ^ word);
                word = 0;
            }
        }
        // The length tells labels apart whose last word is the same.
        Self { start, hash: mix((hash ^ word).wrapping_add((end - start) as u64)) }
    }
}

/// Spreads what differs over all bits.
fn mix(word: u64) -> u64 {
    let spread = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    spread ^ spread >> 32
}

/// What is known of one name.
#[derive(Debug)]
struct Node {
    /// Of all labels from the end up to this one.
    hash: u64,
    /// The name, in lower case.
    name: Box<str>,
    /// Listed names go on below it.
    goes_on: bool,
    /// The name and all below it belong to others.
    negative: bool,
    /// The entry for this name alone.
    host: Option<u32>,
    /// The entries for this name and all below it.
    suffix: Option<Box<SuffixSlot>>,
}

/// The entries for what lies below a name.
#[derive(Debug)]
struct SuffixSlot {
    entry: Regional,
    patterns: LabelPatterns,
}

impl DomainTable {
    /// An empty table.
    pub(super) fn new() -> Self {
        Self { nodes: HashTable::new() }
    }

    /// Lists a name, in lower case, for itself alone.
    pub(super) fn insert_host(&mut self, name: &str, entry: u32) {
        self.insert(name, |node| node.host = Some(entry));
    }

    /// Lists a name, in lower case, for itself and all below it.
    pub(super) fn insert_suffix(
        &mut self,
        name: &str,
        entry: Regional,
        patterns: Vec<LabelPattern>,
    ) {
        let slot = Box::new(SuffixSlot { entry, patterns: LabelPatterns::new(patterns) });
        self.insert(name, |node| node.suffix = Some(slot));
    }

    /// Lists a name, in lower case, as one that belongs to others, with all below it.
    pub(super) fn insert_negative(&mut self, name: &str) {
        self.insert(name, |node| node.negative = true);
    }

    /// The entry for `name`.
    pub(super) fn get(&self, codes: &RegionCodes, name: &str) -> Option<(u32, Exactness)> {
        if name.len() > MAX_NAME_LEN {
            return None;
        }
        if has_capitals(name) {
            let mut buffer = [0; MAX_NAME_LEN];
            return self.walk(codes, lower_case(name, &mut buffer)?);
        }
        self.walk(codes, name.strip_suffix('.').unwrap_or(name).as_bytes())
    }

    /// The entry for a name in lower case without the final dot.
    fn walk(&self, codes: &RegionCodes, name: &[u8]) -> Option<(u32, Exactness)> {
        let mut most_specific = None;
        let (mut hash, mut end) = (0, name.len());
        loop {
            let label = Label::before(end, hash, name);
            let Some(node) = self.find(label.hash, name.get(label.start..)?) else { break };
            if node.negative || node.suffix.is_some() {
                most_specific = Some((label.start, node));
            }
            if label.start == 0 {
                if let Some(entry) = node.host {
                    return Some((entry, Exactness::Host));
                }
                break;
            }
            if !node.goes_on {
                break;
            }
            (hash, end) = (label.hash, label.start - 1);
        }
        let (start, node) = most_specific.filter(|(_, node)| !node.negative)?;
        let suffix = node.suffix.as_ref()?;
        if start == 0 {
            return Some((suffix.entry.plain, Exactness::Suffix));
        }
        // Before the suffix stands a dot.
        suffix.get(codes, name.get(..start - 1)?)
    }

    fn find(&self, hash: u64, name: &[u8]) -> Option<&Node> {
        self.nodes.find(hash, |node| node.hash == hash && node.name.as_bytes() == name)
    }

    /// Makes the nodes of a name and of all its ends, and changes that of the name.
    fn insert(&mut self, name: &str, change: impl FnOnce(&mut Node)) {
        let (mut hash, mut end) = (0, name.len());
        loop {
            let label = Label::before(end, hash, name.as_bytes());
            let from_here = name.get(label.start..).unwrap_or(name);
            let entry = self.nodes.entry(
                label.hash,
                |node| node.hash == label.hash && *node.name == *from_here,
                |node| node.hash,
            );
            let mut entry = entry.or_insert_with(|| Node::new(label.hash, from_here));
            if label.start == 0 {
                return change(entry.get_mut());
            }
            entry.get_mut().goes_on = true;
            (hash, end) = (label.hash, label.start - 1);
        }
    }
}

impl Node {
    fn new(hash: u64, name: &str) -> Self {
        let name = name.into();
        Self { hash, name, goes_on: false, negative: false, host: None, suffix: None }
    }
}

impl SuffixSlot {
    /// The entry for a host whose labels before the suffix are `below`; none where one of these is empty.
    fn get(&self, codes: &RegionCodes, below: &[u8]) -> Option<(u32, Exactness)> {
        let mut labels = below.split(|byte| *byte == b'.');
        let first = labels.next().filter(|label| !label.is_empty())?;
        let mut between = None;
        for label in labels {
            if label.is_empty() {
                return None;
            }
            between = between.or_else(|| codes.get(label));
        }
        Some(match self.patterns.find(first) {
            Some((pattern, wild)) => {
                (pattern.entry.of(codes.get(wild).or(between)), Exactness::Pattern)
            }
            None => (self.entry.of(codes.get(first).or(between)), Exactness::Suffix),
        })
    }
}

/// Tells whether a name holds a capital letter; few do.
fn has_capitals(name: &str) -> bool {
    name.bytes().fold(false, |found, byte| found | byte.is_ascii_uppercase())
}

/// Writes `name` into `buffer` in lower case without the final dot.
fn lower_case<'a>(name: &str, buffer: &'a mut [u8; MAX_NAME_LEN]) -> Option<&'a [u8]> {
    let target = buffer.get_mut(..name.len())?;
    target.copy_from_slice(name.as_bytes());
    target.make_ascii_lowercase();
    Some(target.strip_suffix(b".").unwrap_or(target))
}

/// Tells whether a label is missing: at the start, at the end, between two dots.
fn has_empty_label(name: &[u8]) -> bool {
    name.split(|byte| *byte == b'.').any(<[u8]>::is_empty)
}

/// Writes `name` into `buffer` in lower case without the final dot; refuses what cannot be a host name:
/// nothing, too much, an empty label.
pub(super) fn fold<'a>(name: &str, buffer: &'a mut [u8; MAX_NAME_LEN]) -> Option<&'a str> {
    let name = lower_case(name, buffer)?;
    if has_empty_label(name) {
        return None;
    }
    std::str::from_utf8(name).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn regional(entry: u32) -> Regional {
        Regional { plain: entry, variants: Vec::new() }
    }

    fn get(table: &DomainTable, name: &str) -> Option<(u32, Exactness)> {
        table.get(&RegionCodes::default(), name)
    }

    #[test]
    fn a_listed_name_of_one_label_is_found_below_any_other_label() {
        let mut table = DomainTable::new();
        table.insert_suffix("camera", regional(3), Vec::new());
        table.insert_host("a.example", 4);

        assert_eq!(get(&table, "front.door.camera"), Some((3, Exactness::Suffix)));
        assert_eq!(get(&table, "a.example"), Some((4, Exactness::Host)));
        assert_eq!(get(&table, "b.example"), None);
        assert_eq!(get(&table, "example"), None);
    }

    #[test]
    fn the_longest_listed_suffix_wins_and_a_host_wins_over_a_negative_above_it() {
        let mut table = DomainTable::new();
        table.insert_suffix("a.example", regional(1), Vec::new());
        table.insert_suffix("x.y.a.example", regional(2), Vec::new());
        table.insert_negative("n.a.example");
        table.insert_host("h.n.a.example", 3);

        assert_eq!(get(&table, "y.a.example"), Some((1, Exactness::Suffix)));
        assert_eq!(get(&table, "q.y.a.example"), Some((1, Exactness::Suffix)));
        assert_eq!(get(&table, "q.x.y.a.example"), Some((2, Exactness::Suffix)));
        assert_eq!(get(&table, "h.n.a.example"), Some((3, Exactness::Host)));
        assert_eq!(get(&table, "q.n.a.example"), None);
        assert_eq!(get(&table, "q.h.n.a.example"), None);
    }

    #[test]
    fn a_name_with_an_empty_label_is_none() {
        let mut table = DomainTable::new();
        table.insert_suffix("a.example", regional(1), Vec::new());

        for name in [".a.example", "b..a.example", ".b.a.example", "a.example..", "a..example", "."]
        {
            assert_eq!(get(&table, name), None, "{name}");
        }
        assert_eq!(get(&table, "A.eXample."), Some((1, Exactness::Suffix)));
    }

    #[test]
    fn labels_that_are_alike_have_other_hashes() {
        let mut hashes = std::collections::BTreeSet::new();
        let names = ["a", "aa", "\0a", "a.a", "aaaaaaaa", "aaaaaaaaa", "a.aaaaaaaa", "b", ""];
        let numbered: Vec<String> =
            (0..5000).map(|n| format!("h{n}.vendor{}.example", n % 99)).collect();
        for name in names.into_iter().chain(numbered.iter().map(String::as_str)) {
            let (mut hash, mut end) = (0, name.len());
            loop {
                let label = Label::before(end, hash, name.as_bytes());
                hash = label.hash;
                if label.start == 0 {
                    break;
                }
                end = label.start - 1;
            }
            assert!(hashes.insert(hash), "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_look_up_gives_what_comparing_all_entries_gives(
            listed in proptest::collection::btree_set("[ab](\\.[ab]){0,3}", 1..12),
            name in "[ab](\\.[ab]){0,5}",
        ) {
            let mut table = DomainTable::new();
            for (index, name) in (0..).zip(&listed) {
                match index % 3 {
                    0 => table.insert_host(name, index),
                    1 => table.insert_suffix(name, regional(index), Vec::new()),
                    _ => table.insert_negative(name),
                }
            }
            let below = |above: &str| name == above || name.ends_with(&format!(".{above}"));
            let host = (0..).zip(&listed).find(|(index, known)| index % 3 == 0 && **known == name);
            let suffix = (0..).zip(&listed).filter(|(index, known)| index % 3 != 0 && below(known));
            let longest = suffix.max_by_key(|(_, known)| known.len());
            let expected = match (host, longest) {
                (Some((index, _)), _) => Some((index, Exactness::Host)),
                (None, Some((index, _))) if index % 3 == 1 => Some((index, Exactness::Suffix)),
                (None, _) => None,
            };
            prop_assert_eq!(get(&table, &name), expected);
        }
    }
}
