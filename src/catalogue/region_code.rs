//! Short codes of regions inside host names, such as `ieu` in `apiieu.ezvizlife.com`.

use super::Region;

/// Longest code: it and its length fit into one word, so that a label is compared at once.
pub(super) const MAX_CODE_LEN: usize = 7;

/// The codes, sorted.
#[derive(Debug, Default)]
pub(super) struct RegionCodes {
    codes: Vec<(u64, Region)>,
    /// One bit for each length that a code has.
    lengths: u64,
}

impl RegionCodes {
    /// Takes codes in lower case, each once; what is longer than a code is left out.
    pub(super) fn new<'a>(codes: impl IntoIterator<Item = (&'a str, Region)>) -> Self {
        let packed = |(code, region): (&str, _)| Some((pack(code.as_bytes())?, region));
        let mut codes: Vec<_> = codes.into_iter().filter_map(packed).collect();
        codes.sort_unstable_by_key(|(code, _)| *code);
        let lengths = codes.iter().fold(0, |bits, (code, _)| bits | 1 << (code & 0xff));
        Self { codes, lengths }
    }

    /// The region that `label` is the code of.
    pub(super) fn get(&self, label: &[u8]) -> Option<Region> {
        let label = pack(label).filter(|label| self.lengths >> (label & 0xff) & 1 == 1)?;
        let place = self.codes.binary_search_by_key(&label, |(known, _)| *known).ok()?;
        self.codes.get(place).map(|(_, region)| *region)
    }

    /// How many codes there are.
    pub(super) fn len(&self) -> usize {
        self.codes.len()
    }

    /// Every region that a code stands for, once.
    pub(super) fn regions(&self) -> Vec<Region> {
        let mut regions: Vec<_> = self.codes.iter().map(|(_, region)| *region).collect();
        regions.sort_unstable();
        regions.dedup();
        regions
    }
}

/// A code and its length in one word; two of them are equal only where the codes are.
fn pack(label: &[u8]) -> Option<u64> {
    if label.is_empty() || label.len() > MAX_CODE_LEN {
        return None;
    }
    let letters = label.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    Some(letters << 8 | label.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_code_only_when_it_is_the_same() {
        let codes = RegionCodes::new([("eu", Region::Eu), ("isgp", Region::Singapore)]);

        assert_eq!(codes.get(b"eu"), Some(Region::Eu));
        assert_eq!(codes.get(b"isgp"), Some(Region::Singapore));
        let others: [&[u8]; 6] = [b"", b"e", b"eu\0", b"eu-west-1", b"EU", b"isgpisgp"];
        for label in others {
            assert_eq!(codes.get(label), None, "{label:?}");
        }
    }
}
