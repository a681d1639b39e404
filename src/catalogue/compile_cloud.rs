//! The rows of `[[cloud]]`, `[[pattern]]`, `[[region_code]]` and `[[shared]]` -> entries and the table of names.

use std::cmp::Reverse;
use std::sync::Arc;

use super::check;
use super::domain_table::DomainTable;
use super::label_pattern::{LabelPattern, MAX_PATTERNS, Regional};
use super::ledger::{ByKey, Ledger};
use super::raw::{RawCloud, RawPattern, RawRegionCode, RawShared};
use super::read::{Place, Row};
use super::region_code::{MAX_CODE_LEN, RegionCodes};
use super::{CloudEntry, Exactness, Grade, NegativeSubject, Region};

/// The declared hosts and suffixes, by scope and name.
#[derive(Debug, Default)]
pub(super) struct CloudDrafts {
    drafts: ByKey<(Exactness, Arc<str>), CloudEntry>,
}

/// What becomes of them.
#[derive(Debug)]
pub(super) struct CloudTables {
    /// Declared entries in the order of their names, hosts first; then what patterns make of them.
    pub(super) entries: Vec<CloudEntry>,
    /// How many are declared.
    pub(super) declared: usize,
    /// From names to entries.
    pub(super) domains: DomainTable,
    /// How many patterns there are.
    pub(super) patterns: usize,
}

impl CloudDrafts {
    /// Checks the rows and lets later files override earlier ones.
    pub(super) fn new(rows: &[Row<RawCloud>], ledger: &mut Ledger) -> Self {
        let mut drafts = ByKey::new();
        for Row { place, raw } in rows {
            let Some(entry) = cloud_entry(place, raw, ledger) else { continue };
            let key = (entry.scope, entry.pattern.clone());
            ledger.insert(&mut drafts, place, key, entry);
        }
        Self { drafts }
    }

    /// Refuses suffixes that would claim what others rent.
    pub(super) fn check_shared(&self, rows: &[Row<RawShared>], ledger: &mut Ledger) {
        for Row { place, raw } in rows {
            let Some(shared) = ledger.check(place, check::domain(&raw.domain)) else { continue };
            for ((scope, name), (entry_place, _)) in &self.drafts {
                if *scope == Exactness::Suffix && (lies_below(name, &shared) || **name == *shared) {
                    let problem = format!(
                        "`{name}` is infrastructure of {} that others rent too: list hosts",
                        raw.operator
                    );
                    ledger.problem(entry_place, problem);
                }
            }
        }
    }

    /// Removes the entries that a later negative speaks of; tells whether the negative stays.
    pub(super) fn yield_to_negative(
        &mut self,
        name: &Arc<str>,
        negative: &Place,
        ledger: &mut Ledger,
    ) -> bool {
        let mut stays = true;
        for scope in [Exactness::Host, Exactness::Suffix] {
            let key = (scope, name.clone());
            if let Some((place, _)) = self.drafts.get(&key) {
                if ledger.outranks(negative, place) {
                    self.drafts.remove(&key);
                } else {
                    stays = false;
                }
            }
        }
        stays
    }

    /// Builds the table.
    pub(super) fn compile<'a>(
        self,
        patterns: &[Row<RawPattern>],
        negatives: impl Iterator<Item = &'a NegativeSubject>,
        codes: &RegionCodes,
        ledger: &mut Ledger,
    ) -> CloudTables {
        let entries: Vec<_> = self.drafts.into_values().map(|(_, entry)| entry).collect();
        let declared = entries.len();
        let mut builder =
            TableBuilder { entries, domains: DomainTable::new(), regions: codes.regions() };
        let mut patterns: Vec<_> = patterns.iter().collect();
        // The patterns of later files are asked first.
        patterns.sort_by_key(|row| Reverse(row.place.order));
        let mut by_suffix = builder.patterns(&patterns, declared, ledger);

        for (index, entry) in (0..).zip(builder.entries.clone()).take(declared) {
            if entry.scope == Exactness::Host {
                builder.domains.insert_host(&entry.pattern, index);
            } else {
                let patterns = by_suffix.remove(&entry.pattern).unwrap_or_default();
                let variants =
                    if patterns.is_empty() { Vec::new() } else { builder.variants(&entry) };
                let regional = Regional { plain: index, variants };
                builder.domains.insert_suffix(&entry.pattern, regional, patterns);
            }
        }
        for subject in negatives {
            if let NegativeSubject::Domain(name) = subject {
                builder.domains.insert_negative(name);
            }
        }
        let TableBuilder { entries, domains, .. } = builder;
        CloudTables { entries, declared, domains, patterns: patterns.len() }
    }
}

impl RegionCodes {
    /// Checks the rows; later files override earlier ones.
    pub(super) fn compile(rows: &[Row<RawRegionCode>], ledger: &mut Ledger) -> Self {
        let mut codes = ByKey::new();
        for Row { place, raw } in rows {
            ledger.check(place, check::slug(&raw.code));
            if raw.code.len() > MAX_CODE_LEN {
                ledger.problem(place, format!("a code has at most {MAX_CODE_LEN} letters"));
            }
            ledger.sources(place, &raw.sources);
            ledger.insert(&mut codes, place, raw.code.as_str(), raw.region);
        }
        Self::new(codes.into_iter().map(|(code, (_, region))| (code, region)))
    }
}

/// Entries and the table, while they grow.
struct TableBuilder {
    entries: Vec<CloudEntry>,
    domains: DomainTable,
    regions: Vec<Region>,
}

impl TableBuilder {
    /// What each pattern makes of each of its suffixes, by suffix.
    fn patterns(
        &mut self,
        rows: &[&Row<RawPattern>],
        declared: usize,
        ledger: &mut Ledger,
    ) -> std::collections::BTreeMap<Arc<str>, Vec<LabelPattern>> {
        let mut by_suffix = std::collections::BTreeMap::<Arc<str>, Vec<LabelPattern>>::new();
        for Row { place, raw } in rows.iter().copied() {
            if raw.grade < Grade::C {
                ledger.problem(place, "a pattern is an inference: its grade is C or D");
            }
            ledger.check(place, check::slug(&raw.function));
            let sources = ledger.sources(place, &raw.sources);
            let Some((start, end)) = ledger.check(place, check::pattern_label(&raw.label)) else {
                continue;
            };
            for suffix in &raw.suffixes {
                let Some(base) = self.suffix(suffix, declared) else {
                    ledger.problem(place, format!("no such suffix: `{suffix}`"));
                    continue;
                };
                let entry = CloudEntry {
                    pattern: format!("{}.{}", raw.label, base.pattern).into(),
                    scope: Exactness::Pattern,
                    vendor: base.vendor.clone(),
                    service: format!("{}-{}", base.service, raw.function).into(),
                    role: raw.role,
                    region: raw.region.unwrap_or(base.region),
                    speaker: raw.speaker,
                    grade: raw.grade,
                    evidence: raw.evidence.unwrap_or(base.evidence),
                    port: None,
                    transport: None,
                    note: raw.note.as_deref().map(Into::into),
                    sources: sources.clone(),
                };
                let key = base.pattern.clone();
                let variants = self.variants(&entry);
                let entry = Regional { plain: self.push(entry), variants };
                let pattern = LabelPattern { start: start.into(), end: end.map(Into::into), entry };
                let patterns = by_suffix.entry(key).or_default();
                patterns.push(pattern);
                if patterns.len() == MAX_PATTERNS + 1 {
                    let problem = format!("`{suffix}` has more than {MAX_PATTERNS} patterns");
                    ledger.problem(place, problem);
                }
            }
        }
        by_suffix
    }

    fn suffix(&self, name: &str, declared: usize) -> Option<&CloudEntry> {
        let declared = self.entries.get(..declared)?;
        let place = declared.binary_search_by(|entry| {
            (entry.scope, &*entry.pattern).cmp(&(Exactness::Suffix, name))
        });
        declared.get(place.ok()?)
    }

    /// The same entry in each region that a code may say.
    fn variants(&mut self, entry: &CloudEntry) -> Vec<(Region, u32)> {
        let regions = self.regions.clone();
        let entries = regions
            .into_iter()
            .map(|region| (region, self.push(CloudEntry { region, ..entry.clone() })));
        entries.collect()
    }

    /// Adds an entry and gives its index. Beyond 2^32 entries look-ups would miss; memory ends before.
    fn push(&mut self, entry: CloudEntry) -> u32 {
        let index = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(entry);
        index
    }
}

fn cloud_entry(place: &Place, raw: &RawCloud, ledger: &mut Ledger) -> Option<CloudEntry> {
    ledger.check(place, check::slug(&raw.service));
    let vendor = ledger.vendor(place, &raw.vendor);
    let sources = ledger.sources(place, &raw.sources);
    if raw.port.is_some() != raw.transport.is_some() {
        ledger.problem(place, "`port` and `transport` go together");
    }
    let named = match (&raw.host, &raw.suffix) {
        (Some(host), None) => check::domain(host).map(|name| (Exactness::Host, name)),
        (None, Some(suffix)) => check::domain(suffix).map(|name| (Exactness::Suffix, name)),
        (Some(_), Some(_)) | (None, None) => {
            Err("needs `host` or `suffix`, one of them".to_owned())
        }
    };
    let (scope, name) = ledger.check(place, named)?;
    Some(CloudEntry {
        pattern: name.into(),
        scope,
        vendor,
        service: raw.service.as_str().into(),
        role: raw.role,
        region: raw.region,
        speaker: raw.speaker,
        grade: raw.grade,
        evidence: raw.evidence,
        port: raw.port,
        transport: raw.transport.map(Into::into),
        note: raw.note.as_deref().map(Into::into),
        sources,
    })
}

/// Tells whether `name` lies below `above`, by whole labels.
fn lies_below(name: &str, above: &str) -> bool {
    name.strip_suffix(above).is_some_and(|rest| rest.ends_with('.'))
}
