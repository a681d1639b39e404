//! How hosts below a suffix are named: a first label with at most one `*`; the first pattern that fits wins.
//!
//! The first and the last letter of a label leave few of the patterns to compare, however many there are.

use super::Region;

/// Most patterns of one suffix: one bit each in a word.
pub(super) const MAX_PATTERNS: usize = 64;

/// Up to so many are simply compared.
const FEW: usize = 4;

/// Letters are told apart by their lowest five bits; digits share places with some of them, which costs a comparison.
const CLASSES: usize = 32;

/// An entry, and the same with the regions that codes in a name may say.
#[derive(Debug, Clone)]
pub(super) struct Regional {
    /// The entry where the name says nothing.
    pub(super) plain: u32,
    /// The entries where it says a region.
    pub(super) variants: Vec<(Region, u32)>,
}

impl Regional {
    /// The entry for what the name says.
    pub(super) fn of(&self, region: Option<Region>) -> u32 {
        let said = region.and_then(|said| self.variants.iter().find(|(known, _)| *known == said));
        said.map_or(self.plain, |(_, entry)| *entry)
    }
}

/// One pattern, in lower case.
#[derive(Debug, Clone)]
pub(super) struct LabelPattern {
    pub(super) start: Box<str>,
    /// What follows the `*`; without one, the label is `start` alone.
    pub(super) end: Option<Box<str>>,
    pub(super) entry: Regional,
}

impl LabelPattern {
    /// What the `*` stands for in `label`, if the label fits.
    fn wild_part<'a>(&self, label: &'a [u8]) -> Option<&'a [u8]> {
        // An empty text points nowhere, and some processors take a hundred cycles to compare nothing there (a masked read
        // whose fault is held back); so it is not compared.
        let rest = if self.start.is_empty() {
            label
        } else {
            label.strip_prefix(self.start.as_bytes())?
        };
        match &self.end {
            Some(end) if end.is_empty() => Some(rest),
            Some(end) => rest.strip_suffix(end.as_bytes()),
            None => rest.is_empty().then_some(rest),
        }
    }
}

/// The patterns of one suffix.
#[derive(Debug, Default)]
pub(super) struct LabelPatterns {
    patterns: Vec<LabelPattern>,
    /// None where there are few.
    candidates: Option<Box<Candidates>>,
}

/// Which patterns may fit a label that begins, and ends, with a letter of a class: one bit a pattern.
#[derive(Debug)]
struct Candidates {
    first: [u64; CLASSES],
    last: [u64; CLASSES],
}

impl LabelPatterns {
    /// Takes at most [`MAX_PATTERNS`], in the order in which they are asked.
    pub(super) fn new(mut patterns: Vec<LabelPattern>) -> Self {
        patterns.truncate(MAX_PATTERNS);
        let candidates = (patterns.len() > FEW).then(|| Box::new(Candidates::new(&patterns)));
        Self { patterns, candidates }
    }

    /// The first pattern that `label` fits, and what its `*` stands for.
    pub(super) fn find<'a>(&self, label: &'a [u8]) -> Option<(&LabelPattern, &'a [u8])> {
        let Some(candidates) = &self.candidates else {
            return self.patterns.iter().find_map(|p| Some((p, p.wild_part(label)?)));
        };
        let mut left = candidates.of(label);
        while left != 0 {
            let pattern = self.patterns.get(usize::try_from(left.trailing_zeros()).ok()?)?;
            if let Some(wild) = pattern.wild_part(label) {
                return Some((pattern, wild));
            }
            left &= left - 1;
        }
        None
    }
}

impl Candidates {
    fn new(patterns: &[LabelPattern]) -> Self {
        let mut candidates = Self { first: [0; CLASSES], last: [0; CLASSES] };
        for (bit, pattern) in patterns.iter().enumerate() {
            let end = pattern.end.as_deref().unwrap_or(&pattern.start);
            mark(&mut candidates.first, pattern.start.bytes().next(), bit);
            mark(&mut candidates.last, end.bytes().next_back(), bit);
        }
        candidates
    }

    fn of(&self, label: &[u8]) -> u64 {
        let (Some(first), Some(last)) = (label.first(), label.last()) else { return 0 };
        let word = |table: &[u64; CLASSES], byte: u8| table.get(class(byte)).copied().unwrap_or(0);
        word(&self.first, *first) & word(&self.last, *last)
    }
}

/// Sets the bit for the class of `letter`; for every class where a `*` stands there.
fn mark(table: &mut [u64; CLASSES], letter: Option<u8>, bit: usize) {
    for (number, word) in table.iter_mut().enumerate() {
        if letter.is_none_or(|letter| class(letter) == number) {
            *word |= 1 << bit;
        }
    }
}

fn class(letter: u8) -> usize {
    usize::from(letter) % CLASSES
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str, plain: u32) -> LabelPattern {
        let (start, end) = match text.split_once('*') {
            Some((start, end)) => (start, Some(end.into())),
            None => (text, None),
        };
        LabelPattern { start: start.into(), end, entry: Regional { plain, variants: Vec::new() } }
    }

    #[test]
    fn the_first_pattern_that_fits_wins_and_says_what_its_star_stands_for() {
        let texts = ["litedev*", "dev", "dev*", "*openauth", "*open", "a*z", "x1"];
        let patterns = LabelPatterns::new((0..).zip(texts).map(|(n, t)| pattern(t, n)).collect());
        let found = |label: &str| {
            let (pattern, wild) = patterns.find(label.as_bytes())?;
            Some((pattern.entry.plain, String::from_utf8(wild.to_vec()).unwrap()))
        };

        assert_eq!(found("litedeveu"), Some((0, "eu".to_owned())));
        assert_eq!(found("dev"), Some((1, String::new())));
        assert_eq!(found("devcn"), Some((2, "cn".to_owned())));
        assert_eq!(found("ieuopenauth"), Some((3, "ieu".to_owned())));
        assert_eq!(found("ieuopen"), Some((4, "ieu".to_owned())));
        assert_eq!(found("az"), Some((5, String::new())));
        assert_eq!(found("x1"), Some((6, String::new())));
        for label in ["", "a", "x", "opened", "litede"] {
            assert_eq!(found(label), None, "{label}");
        }
    }

    proptest! {
        #[test]
        fn the_short_cut_gives_what_comparing_all_gives(
            texts in proptest::collection::vec("[a-c0-1]{0,2}\\*?[a-c0-1]{0,2}", 1..MAX_PATTERNS),
            label in "[a-c0-2-]{1,5}",
        ) {
            let all: Vec<_> = (0..).zip(&texts).map(|(n, t)| pattern(t, n)).collect();
            let expected = all.iter().find(|p| p.wild_part(label.as_bytes()).is_some());
            let patterns = LabelPatterns::new(all.clone());
            let found = patterns.find(label.as_bytes());
            prop_assert_eq!(found.map(|(p, _)| p.entry.plain), expected.map(|p| p.entry.plain));
        }
    }
}
