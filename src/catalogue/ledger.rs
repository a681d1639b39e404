//! What the steps of compiling share: the problems so far, and what names refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::CatalogueProblem;
use super::entry::SourceIds;
use super::read::Place;

/// Entries by key, each with where it stands.
pub(super) type ByKey<K, V> = BTreeMap<K, (Place, V)>;

/// Problems so far, and the ids and slugs that entries may refer to.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) problems: Vec<CatalogueProblem>,
    pub(super) source_ids: BTreeSet<Arc<str>>,
    pub(super) vendor_slugs: BTreeSet<Arc<str>>,
}

impl Ledger {
    /// Notes a problem.
    pub(super) fn problem(&mut self, place: &Place, problem: impl Into<String>) {
        self.problems.push(place.problem(problem));
    }

    /// Takes what is right, notes what is not.
    pub(super) fn check<T>(&mut self, place: &Place, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|problem| self.problem(place, problem)).ok()
    }

    /// The ids of an entry's sources, each of which must exist.
    pub(super) fn sources(&mut self, place: &Place, ids: &[String]) -> SourceIds {
        if ids.is_empty() {
            self.problem(place, "names no source");
        }
        let known = ids.iter().filter_map(|id| {
            let known = self.source_ids.get(id.as_str()).cloned();
            if known.is_none() {
                self.problems.push(place.problem(format!("no such source: `{id}`")));
            }
            known
        });
        known.collect()
    }

    /// The slug of a vendor, which must exist.
    pub(super) fn vendor(&mut self, place: &Place, slug: &str) -> Arc<str> {
        match self.vendor_slugs.get(slug) {
            Some(known) => known.clone(),
            None => {
                self.problem(place, format!("no such vendor: `{slug}`"));
                slug.into()
            }
        }
    }

    /// Adds an entry, or replaces one of an earlier file; twice in one file is a problem.
    pub(super) fn insert<K: Ord, V>(
        &mut self,
        map: &mut ByKey<K, V>,
        place: &Place,
        key: K,
        value: V,
    ) {
        if let Some((earlier, _)) = map.get(&key)
            && earlier.order == place.order
        {
            self.problem(place, format!("stands twice, first as {}", earlier.entry));
            return;
        }
        map.insert(key, (place.clone(), value));
    }

    /// Of two entries that exclude each other the one of the later file stays; tells whether it is `ours`.
    pub(super) fn outranks(&mut self, ours: &Place, other: &Place) -> bool {
        if ours.order == other.order {
            self.problem(ours, format!("contradicts {}", other.entry));
        }
        ours.order > other.order
    }
}

/// The entries in the order of their keys.
pub(super) fn values<K, V>(map: ByKey<K, V>) -> Vec<V> {
    map.into_values().map(|(_, value)| value).collect()
}
