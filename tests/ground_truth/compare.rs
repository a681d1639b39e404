//! Our names of a capture against those of the tools: what is right, what is missed, what only we say.

use std::collections::{BTreeMap, BTreeSet};

use super::sighting::{Flow, Kind, Sighting};
use super::spelling;
use super::tables::TSHARK;

/// Names of a kind, counted.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Score {
    /// Names that enough tools agree on.
    pub(crate) truth: usize,
    /// Of these, those that we have.
    pub(crate) found: usize,
    /// Names that one tool has.
    pub(crate) hints: usize,
    /// Of these, those that we have.
    pub(crate) hints_found: usize,
    /// Names that we have.
    pub(crate) ours: usize,
    /// Of these, those that no tool has.
    pub(crate) unseen: usize,
}

/// Scores by kind.
pub(crate) type Scores = BTreeMap<Kind, Score>;

/// How a name is disputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// The tools agree on it and we miss it.
    Missed,
    /// Only we have it.
    OnlyOurs,
}

impl Side {
    /// The word for it in the list of disagreements.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::OnlyOurs => "only-ours",
        }
    }
}

/// What is compared: a name, within a flow or wherever it stands in the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    /// Distinct names of the capture.
    Name,
    /// Distinct names of each flow, of the kinds and rows that tell a flow.
    Flow,
}

type Key = (Kind, String, Option<Flow>);

/// Compares one capture. `is_cut_short`: frames of it were cut by the snap length.
pub(crate) fn compare(
    tools: &[Sighting],
    ours: &[Sighting],
    grain: Grain,
    is_cut_short: bool,
    scores: &mut Scores,
) -> BTreeSet<(Kind, String, Side)> {
    let ours: BTreeSet<Key> = ours.iter().filter_map(|own| key(own, own.kind?, grain)).collect();
    let seen = Seen::new(tools, grain);
    let is_excused = |own: &Key, mut others: Box<dyn Iterator<Item = &Key> + '_>| {
        is_cut_short && others.any(|other| is_part(own, other) || is_part(other, own))
    };
    let mut disputed = BTreeSet::new();
    for (key, witnesses) in &seen.by_name {
        let score = scores.entry(key.0).or_default();
        let (all, found) = match is_agreed(key.0, witnesses) {
            true => (&mut score.truth, &mut score.found),
            false => (&mut score.hints, &mut score.hints_found),
        };
        let is_found = ours.contains(key);
        if !is_found && is_excused(key, Box::new(ours.iter())) {
            continue;
        }
        *all += 1;
        *found += usize::from(is_found);
        if !is_found && is_agreed(key.0, witnesses) {
            disputed.insert((key.0, key.1.clone(), Side::Missed));
        }
    }
    for key in &ours {
        let score = scores.entry(key.0).or_default();
        score.ours += 1;
        if !seen.has(key) && !is_excused(key, Box::new(seen.by_name.keys())) {
            score.unseen += 1;
            disputed.insert((key.0, key.1.clone(), Side::OnlyOurs));
        }
    }
    disputed
}

/// Whether the tools make a name the truth. Answers stand in tshark's table alone, but for a handful of captures.
fn is_agreed(kind: Kind, witnesses: &BTreeSet<&str>) -> bool {
    witnesses.len() >= 2 || (kind == Kind::DnsAnswer && witnesses.contains(TSHARK))
}

/// Whether the first name is the beginning of the second.
fn is_part((kind, part, _): &Key, (other, whole, _): &Key) -> bool {
    kind == other && whole.starts_with(part.as_str())
}

/// Who saw what.
struct Seen<'a> {
    by_name: BTreeMap<Key, BTreeSet<&'a str>>,
    /// Names that are right in us but not asked of us.
    optional: BTreeSet<Key>,
    /// Names that a tool has without a kind or, among flows, without a flow.
    anywhere: BTreeSet<(Option<Kind>, String)>,
}

impl<'a> Seen<'a> {
    fn new(tools: &'a [Sighting], grain: Grain) -> Self {
        let mut seen =
            Self { by_name: BTreeMap::new(), optional: BTreeSet::new(), anywhere: BTreeSet::new() };
        for tool in tools {
            let Some(kind) = tool.kind else { continue };
            match key(tool, kind, grain) {
                Some(key) if tool.is_optional => drop(seen.optional.insert(key)),
                Some(key) => drop(seen.by_name.entry(key).or_default().insert(tool.tool.as_str())),
                None => drop(seen.anywhere.insert((Some(kind), tool.name.clone()))),
            }
        }
        for tool in tools.iter().filter(|tool| tool.kind.is_none()) {
            for kind in Kind::ALL {
                if let Some(witnesses) =
                    key(tool, kind, grain).and_then(|key| seen.by_name.get_mut(&key))
                {
                    witnesses.insert(&tool.tool);
                }
            }
            seen.anywhere.insert((None, tool.name.clone()));
        }
        seen.complete_cut_names();
        seen
    }

    /// Lets nDPI's cut names stand for the whole ones.
    fn complete_cut_names(&mut self) {
        let alone = |witnesses: &BTreeSet<&str>| witnesses.iter().all(|tool| *tool == "nDPI");
        let lone: Vec<Key> =
            self.by_name.iter().filter(|(_, w)| alone(w)).map(|(key, _)| key.clone()).collect();
        for cut in lone {
            let whole = self.by_name.iter_mut().find(|((kind, name, flow), witnesses)| {
                (*kind, *flow) == (cut.0, cut.2)
                    && !alone(witnesses)
                    && spelling::is_cut(&cut.1, name)
            });
            if let Some((_, witnesses)) = whole {
                witnesses.insert("nDPI");
                self.by_name.remove(&cut);
            }
        }
    }

    fn has(&self, key: &Key) -> bool {
        self.by_name.contains_key(key)
            || self.optional.contains(key)
            || [Some(key.0), None].into_iter().any(|k| self.anywhere.contains(&(k, key.1.clone())))
    }
}

fn key(sighting: &Sighting, kind: Kind, grain: Grain) -> Option<Key> {
    let flow = match (grain, kind) {
        (Grain::Name, _) => None,
        (Grain::Flow, Kind::TlsSni | Kind::QuicSni | Kind::HttpHost) => Some(sighting.flow?),
        (Grain::Flow, Kind::DnsName | Kind::MdnsName | Kind::LlmnrName | Kind::DnsAnswer) => {
            return None;
        }
    };
    Some((kind, sighting.name.clone(), flow))
}
