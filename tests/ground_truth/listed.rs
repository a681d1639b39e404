//! The committed list of disagreements: each with a reason, and a frame that shows the name.
//!
//! `HIKWATCH_WRITE_DISAGREEMENTS=PATH` writes the present ones to `PATH`, with the reasons that are known and
//! `?` with a frame for the rest.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use hikwatch::capture::{FrameSource as _, Next, SavefileSource};

use super::compare::Side;
use super::sighting::Kind;

/// What is disputed: capture, kind, name, side.
pub(crate) type Disagreement = (String, Kind, String, Side);

/// Disagreements with their reasons.
pub(crate) type Reasons = BTreeMap<Disagreement, String>;

const COMMITTED: &str = include_str!("disagreements.tsv");
const HEAD: &str = "capture\tkind\tname\tside\treason";

/// Reads the committed list.
pub(crate) fn committed() -> Reasons {
    let row = |row: &str| {
        let cells: Vec<&str> = row.split('\t').collect();
        let &[capture, kind, name, side, reason] = cells.as_slice() else {
            panic!("five cells a row, not {row:?}")
        };
        let side = [Side::Missed, Side::OnlyOurs].into_iter().find(|s| s.word() == side).unwrap();
        let kind = Kind::from_word(kind).unwrap();
        ((capture.to_owned(), kind, name.to_owned(), side), reason.trim().to_owned())
    };
    assert_eq!(COMMITTED.lines().next(), Some(HEAD));
    COMMITTED.lines().skip(1).map(row).collect()
}

/// Writes a list with what is known of each.
pub(crate) fn write<'a>(
    path: &Path,
    folder: &Path,
    present: impl IntoIterator<Item = &'a Disagreement>,
    known: &Reasons,
) {
    let mut text = format!("{HEAD}\n");
    for disagreement in present {
        let (capture, kind, name, side) = disagreement;
        let reason = known.get(disagreement).cloned().unwrap_or_else(|| {
            let frame =
                (1_usize..).zip(frames(&folder.join(capture))).find(|(_, f)| shows(f, *kind, name));
            frame.map_or_else(|| "?".into(), |(number, _)| format!("? frame {number}"))
        });
        writeln!(text, "{capture}\t{}\t{name}\t{}\t{reason}", kind.word(), side.word()).unwrap();
    }
    std::fs::write(path, text).unwrap();
}

/// What is wrong with a reason, if anything: it has to name a frame (`frame 12`) with the name in it.
pub(crate) fn objection(
    folder: &Path,
    (capture, kind, name, _): &Disagreement,
    reason: &str,
) -> Option<String> {
    if reason.is_empty() || reason.starts_with('?') {
        return Some("has no reason".into());
    }
    let digits = reason.split("frame ").nth(1).unwrap_or_default();
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    let Ok(number) = digits.parse::<usize>() else {
        return Some("names no frame".into());
    };
    let frames = frames(&folder.join(capture));
    let frame = number.checked_sub(1).and_then(|at| frames.get(at));
    match frame {
        None => Some(format!("names frame {number} of {}", frames.len())),
        Some(frame) if !shows(frame, *kind, name) => {
            Some(format!("frame {number} has no such name"))
        }
        Some(_) => None,
    }
}

/// Whether each label of the name (of an answer: of its owner) stands in the frame. QUIC hides its names.
fn shows(frame: &[u8], kind: Kind, name: &str) -> bool {
    let name = match kind {
        Kind::DnsAnswer => name.split(' ').next().unwrap_or_default(),
        Kind::QuicSni => return true,
        Kind::TlsSni | Kind::HttpHost | Kind::DnsName | Kind::MdnsName | Kind::LlmnrName => name,
    };
    let frame = frame.to_ascii_lowercase();
    name.split(['.', '?']).filter(|label| !label.is_empty()).all(|label| {
        let label = label.as_bytes();
        frame.windows(label.len()).any(|window| window == label)
    })
}

fn frames(path: &Path) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let Ok(mut source) = SavefileSource::open(path) else { return frames };
    while let Ok(Next::Frame(frame)) = source.next_frame() {
        frames.push(frame.bytes.to_vec());
    }
    frames
}
