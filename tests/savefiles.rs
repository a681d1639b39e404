//! Reads every capture of a collection and compares the number of frames with an independent count.
//!
//! The collection is a folder with an `INDEX.tsv`; `HIKWATCH_CAPTURES` names it. It is large and
//! foreign, so it is no part of the sources.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hikwatch::capture::{CaptureError, FrameSource, Next, SavefileSource};

/// What reading a file came to.
struct Outcome {
    frames: u64,
    problem: Option<String>,
}

fn collection() -> PathBuf {
    std::env::var_os("HIKWATCH_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
        PathBuf::from,
    )
}

fn read(path: &Path) -> Result<Outcome, CaptureError> {
    let mut source = SavefileSource::open(path)?;
    let mut frames = 0;
    loop {
        match source.next_frame()? {
            Next::Frame(frame) => {
                let points = usize::from(frame.interface.0) + 1;
                frames += 1;
                assert!(source.observation_points().len() >= points, "{}", path.display());
            }
            Next::Idle => panic!("{}: a file is never idle", path.display()),
            Next::End => break,
        }
    }
    assert_eq!(source.counters().received, frames, "{}", path.display());
    Ok(Outcome { frames, problem: source.warning() })
}

#[test]
fn every_capture_of_the_collection_yields_the_frames_that_tshark_counts() {
    let folder = collection();
    let Ok(index) = std::fs::read_to_string(folder.join("INDEX.tsv")) else {
        println!("SKIPPED: no collection of captures in {}", folder.display());
        return;
    };
    let mut rows = index.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let columns: HashMap<&str, usize> =
        rows.next().unwrap().into_iter().enumerate().map(|(at, name)| (name, at)).collect();
    let mut wrong = Vec::new();
    let (mut compared, mut others) = (0, 0);

    for row in rows {
        let cell = |name: &str| row[columns[name]];
        let file = cell("file");
        let outcome = read(&folder.join(file));
        if cell("file_type").is_empty() {
            others += 1;
            let is_told = outcome.as_ref().map_or(true, |read| read.problem.is_some());
            if !is_told {
                wrong.push(format!("{file}: read without a word, {}", cell("note")));
            }
            continue;
        }
        compared += 1;
        let expected: u64 = cell("packets").parse().unwrap();
        match outcome {
            Ok(outcome) if outcome.frames == expected => {}
            Ok(outcome) => wrong.push(format!(
                "{file}: {} frames, tshark has {expected}; {:?}; {}",
                outcome.frames,
                outcome.problem,
                cell("note")
            )),
            Err(error) => wrong.push(format!("{file}: {error}; tshark has {expected}")),
        }
    }

    println!("{compared} captures compared, {others} others read");
    assert!(wrong.is_empty(), "{} mismatches:\n{}", wrong.len(), wrong.join("\n"));
}
