//! Short codes of regions inside host names, such as `ieu` in `apiieu.ezvizlife.com`.

use std::sync::Arc;

use super::Region;

/// The codes, sorted.
#[derive(Debug, Default)]
pub(super) struct RegionCodes {
    codes: Vec<(Arc<str>, Region)>,
}

impl RegionCodes {
    /// The region that `label` is the code of.
    pub(super) fn get(&self, label: &str) -> Option<Region> {
        let place = self.codes.binary_search_by(|(known, _)| (**known).cmp(label)).ok()?;
        self.codes.get(place).map(|(_, region)| *region)
    }

    /// The region that one of the labels in `labels` is the code of, the first that is.
    pub(super) fn first_in(&self, labels: &str) -> Option<Region> {
        labels.split('.').find_map(|label| self.get(label))
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

impl FromIterator<(Arc<str>, Region)> for RegionCodes {
    /// Takes codes in lower case, each once.
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Region)>>(codes: I) -> Self {
        let mut codes: Vec<_> = codes.into_iter().collect();
        codes.sort_unstable();
        Self { codes }
    }
}
