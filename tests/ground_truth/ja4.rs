//! Our JA4 of client hellos against those that FoxIO publishes for the same captures.
//!
//! `ja4.tsv` has the distinct ones of each capture, with the file of the repository FoxIO-LLC/ja4 that has them. A
//! capture that is listed has to give all of them and no other; a source that begins with `ours: ` is the reason why we
//! give one that is not published.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ours::text;

const PUBLISHED: &str = include_str!("ja4.tsv");
const HEAD: &str = "capture\tja4\tsource";

/// Distinct fingerprints by capture.
pub(crate) type Fingerprints = BTreeMap<String, BTreeSet<String>>;

/// Reads the committed list.
pub(crate) fn published() -> Fingerprints {
    let mut published = Fingerprints::new();
    assert_eq!(PUBLISHED.lines().next(), Some(HEAD));
    for row in PUBLISHED.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let &[capture, ja4, source] = cells.as_slice() else {
            panic!("three cells a row, not {row:?}")
        };
        assert!(!source.is_empty(), "{row:?} has no source");
        published.entry(capture.to_owned()).or_default().insert(ja4.to_owned());
    }
    published
}

/// The fingerprints in the lines of a capture, over TCP and in QUIC.
pub(crate) fn of_lines(lines: &[Value]) -> BTreeSet<String> {
    let sections = lines.iter().flat_map(|line| [&line["tls"], &line["quic"]]);
    let found = sections.map(|section| text(section, "ja4")).filter(|ja4| !ja4.is_empty());
    found.map(str::to_owned).collect()
}
