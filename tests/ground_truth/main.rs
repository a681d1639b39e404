//! Our names against those that tshark, nDPI, Suricata, Zeek and JA4 find in the same captures.
//!
//! The truth of a capture are the distinct names of a kind that at least two tools agree on; for DNS answers,
//! which the peers' tables hardly have, what tshark says. Of it we have to find at least 99 %, and at most
//! 0.1 % of our own names may be seen by no tool. A second table counts names by flow, which is not
//! bound: a peer tells but one name of a flow, and not each one tells the flow.
//!
//! The peers' tables cover the captures of their own suites only; `tool_runs.tsv` has what the tools find in captures of
//! others, with version and arguments, and counts like them.
//!
//! A name that only we have is proven when its row in `disagreements.tsv` begins its reason with `true: ` and names a
//! frame that holds each label of the name; of QUIC, where the frame is encrypted, the authentication of its packets
//! stands for that (RFC 9001, 5.3). Both shares are printed and bound: of all names that no tool has, and of the unproven
//! ones among them. What we miss counts as missed whatever its reason.
//!
//! Left out of the truth: HTTP/2, SSDP, and what was decrypted with keys in the capture (to find them is no
//! mistake); names that the snap length cut, which are those of cut captures that one side has a part of.
//!
//! Each disagreement stands in `disagreements.tsv` with a reason; see `listed.rs`. A listed miss is still a miss.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "these functions are of tests, though not tests themselves"
)]

#[path = "../collection/mod.rs"]
mod collection;
mod compare;
mod further;
mod ja4;
mod listed;
mod ours;
mod rules;
mod sighting;
mod spelling;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use collection::Collection;
use compare::{Grain, Score, Scores, Side, compare};
use further::{BOUND, Further, Recall};
use ja4::Fingerprints;
use listed::Disagreement;
use sighting::Kind;
use tables::Table;

/// Least share of the truth to be found, in thousandths.
const LEAST_FOUND: usize = 990;

/// Most names that no tool has, whatever proves them, in thousandths of ours.
const MOST_UNSEEN: usize = 1;

static COMPARISON: LazyLock<Option<Comparison>> =
    LazyLock::new(|| Collection::open().map(|collection| Comparison::of(&collection)));

/// All captures, compared.
struct Comparison {
    folder: PathBuf,
    captures: BTreeSet<String>,
    by_name: Scores,
    by_flow: Scores,
    disagreements: BTreeSet<Disagreement>,
    further: Recall,
    ja4: Fingerprints,
}

impl Comparison {
    fn of(collection: &Collection) -> Self {
        let folder = &collection.folder;
        let tools = tables::sightings(folder);
        let further = Further::read(folder);
        let cut_short = cut_short(folder);
        let mut comparison = Self {
            folder: folder.clone(),
            captures: collection.captures.iter().cloned().collect(),
            by_name: Scores::new(),
            by_flow: Scores::new(),
            disagreements: BTreeSet::new(),
            further: Recall::new(),
            ja4: Fingerprints::new(),
        };
        for capture in &collection.captures {
            // A capture that cannot be read has no names; `replay` checks that each can be that should.
            let lines = collection::replay(&folder.join(capture)).unwrap_or_default();
            let lines = ours::parsed(&lines);
            let ours = ours::sightings(&lines);
            let tools = tools.get(capture).map_or(&[][..], Vec::as_slice);
            let is_cut = cut_short.contains(capture);
            compare(tools, &ours, Grain::Flow, is_cut, &mut comparison.by_flow);
            let disputed = compare(tools, &ours, Grain::Name, is_cut, &mut comparison.by_name);
            let disputed =
                disputed.into_iter().map(|(kind, name, side)| (capture.clone(), kind, name, side));
            comparison.disagreements.extend(disputed);
            comparison.ja4.insert(capture.clone(), ja4::of_lines(&lines));
            further.count(capture, &lines, &mut comparison.further);
        }
        comparison
    }

    /// Names by kind that only we have and that nothing proves.
    fn unproven(&self) -> BTreeMap<Kind, usize> {
        let listed = listed::committed();
        let is_proven = |disagreement| {
            listed.get(disagreement).is_some_and(|reason| {
                reason.starts_with("true: ")
                    && listed::objection(&self.folder, disagreement, reason).is_none()
            })
        };
        let mut unproven = BTreeMap::new();
        for disagreement in &self.disagreements {
            if disagreement.3 == Side::OnlyOurs && !is_proven(disagreement) {
                *unproven.entry(disagreement.1).or_default() += 1;
            }
        }
        unproven
    }
}

#[test]
fn we_find_what_two_tools_agree_on_and_little_that_none_saw() {
    let Some(comparison) = &*COMPARISON else { return };
    let unproven = comparison.unproven();
    let of_kind = |kind| unproven.get(kind).copied().unwrap_or_default();
    print_scores("distinct names of a capture", &comparison.by_name);
    for (kind, score) in &comparison.by_name {
        let (unseen, unproven) = (score.unseen, of_kind(kind));
        let shares = (percent(unseen, score.ours), percent(unproven, score.ours));
        println!(
            "{}: of {} seen by no tool {unseen} ({}), unproven {unproven} ({})",
            kind.word(),
            score.ours,
            shares.0,
            shares.1
        );
    }
    print_scores("distinct names of a flow (not bound)", &comparison.by_flow);

    let broken = comparison.by_name.iter();
    let broken: Vec<String> =
        broken.filter_map(|(kind, score)| broken_bound(*kind, score, of_kind(kind))).collect();
    assert!(broken.is_empty(), "{} bounds broken:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn each_disagreement_is_listed_with_a_reason_that_its_frame_shows() {
    let Some(Comparison { folder, captures, disagreements, .. }) = &*COMPARISON else { return };
    let listed = listed::committed();
    if let Some(path) = std::env::var_os("HIKWATCH_WRITE_DISAGREEMENTS") {
        listed::write(Path::new(&path), folder, disagreements, &listed);
    }

    let mut wrong = Vec::new();
    for disagreement in disagreements {
        let what = describe(disagreement);
        match listed.get(disagreement) {
            None => wrong.push(format!("{what}: not listed")),
            Some(reason) => {
                let objection = listed::objection(folder, disagreement, reason);
                wrong.extend(objection.map(|objection| format!("{what}: {objection}")));
            }
        }
    }
    let here = listed.keys().filter(|(capture, ..)| captures.contains(capture));
    let stale = here.filter(|disagreement| !disagreements.contains(*disagreement));
    wrong.extend(stale.map(|disagreement| format!("{}: listed, but none", describe(disagreement))));
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_else_the_tables_tell_is_found() {
    let Some(Comparison { further, .. }) = &*COMPARISON else { return };
    for (what, (all, found)) in further {
        println!("{what}: {found} of {all}");
    }
    for (what, least) in BOUND {
        if let Some((all, found)) = further.get(what) {
            assert!(found * 1000 >= all * least, "{what}: {found} of {all}");
        }
    }
}

#[test]
fn client_fingerprints_are_those_that_foxio_publishes() {
    let Some(Comparison { ja4, .. }) = &*COMPARISON else { return };
    for (capture, published) in ja4::published() {
        if let Some(ours) = ja4.get(&capture) {
            assert_eq!(*ours, published, "{capture}");
        }
    }
}

fn describe((capture, kind, name, side): &Disagreement) -> String {
    format!("{capture}\t{}\t{name}\t{}", kind.word(), side.word())
}

fn broken_bound(kind: Kind, score: &Score, unproven: usize) -> Option<String> {
    let &Score { truth, found, ours, unseen, .. } = score;
    let misses = found * 1000 < truth * LEAST_FOUND;
    let invents = unseen.max(unproven) * 1000 > ours * MOST_UNSEEN;
    (misses || invents).then(|| {
        let kind = kind.word();
        format!("{kind}: {found} of {truth} found; of {ours}, {unseen} unseen, {unproven} unproven")
    })
}

fn print_scores(title: &str, scores: &Scores) {
    println!("{title}");
    println!("kind         truth  found recall | by one found | ours  unseen share");
    for (kind, score) in scores {
        println!(
            "{:<11} {:>6} {:>6} {:>6} | {:>6} {:>5} | {:>5} {:>5} {:>6}",
            kind.word(),
            score.truth,
            score.found,
            percent(score.found, score.truth),
            score.hints,
            score.hints_found,
            score.ours,
            score.unseen,
            percent(score.unseen, score.ours),
        );
    }
}

/// A share in hundredths, with one decimal; a dash of nothing.
fn percent(part: usize, whole: usize) -> String {
    match (part * 1000).checked_div(whole) {
        Some(thousandths) => format!("{}.{}%", thousandths / 10, thousandths % 10),
        None => "-".into(),
    }
}

/// Captures with frames that the snap length cut.
fn cut_short(folder: &Path) -> BTreeSet<String> {
    let flows = Table::read(folder, "expected-flows.tsv");
    let cut = flows.rows().filter(|row| !matches!(row.cell("truncated_packets"), "" | "0"));
    cut.map(|row| row.cell("capture").to_owned()).collect()
}
