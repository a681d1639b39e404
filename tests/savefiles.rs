//! Reads every capture of a collection and compares the number of frames with an independent count.
//!
//! The collection is a folder with an `INDEX.tsv`; `HIKWATCH_CAPTURES` names it. It is large and
//! foreign, so it is no part of the sources.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "these functions are of tests, though not tests themselves"
)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hikwatch::capture::{CaptureError, FrameSource, Next, SavefileSource};
use hikwatch::net::{LinkType, Timestamp};

/// Files whose number of frames is another than tshark 4.0 states: the end of the path, the number
/// that is right, and why.
const EXPLAINED: &[(&str, u64, &str)] = &[
    ("filter/brcm-tag-stp.pcap", 4, LINK_TYPE),
    ("filter/brcm-tag.pcap", 15, LINK_TYPE),
    ("filter/dsa.pcap", 8, LINK_TYPE),
    ("libpcap/tests/linktype-reserved-field-not-zero.pcap", 0, RESERVED_BITS),
    ("tcpdump/tests/brcm-tag.pcap", 23, LINK_TYPE),
    ("tcpdump/tests/dsa-high-vid.pcap", 4, LINK_TYPE),
    ("tcpdump/tests/edsa-high-vid.pcap", 4, LINK_TYPE),
    ("tcpdump/tests/edsa.pcap", 10, LINK_TYPE),
    ("tcpdump/tests/frf16_magic_ie-oobr.pcap", 1, LINK_TYPE),
    ("tcpdump/tests/juniper_es_oobr.pcap", 1, RESERVED_BITS),
    ("tcpdump/tests/vtp_asan-2.pcap", 1, LINK_TYPE),
    ("tcpdump/tests/vtp_asan-3.pcap", 1, LINK_TYPE),
    ("tcpdump/tests/vtp_asan.pcap", 5, LINK_TYPE),
];

const LINK_TYPE: &str = "tshark knows no such link type; naming it is the decoder's work here";
const RESERVED_BITS: &str =
    "tshark refuses reserved bits above the link type; they are passed over here";

/// Fuzzed files whose seconds lie beyond 2038 or whose fraction exceeds a second: tshark 4.0 takes
/// the former for negative when it looks for the earliest, and lets the latter overflow.
const ODD_TIMES: &[&str] =
    &["atm-oam-loopback-print-overrun.pcap", "bgp_vpn_rt-oobr.pcap", "olsr-oobr-2.pcap"];

/// What reading a file came to.
#[derive(Default)]
struct Outcome {
    frames: u64,
    earliest: Timestamp,
    latest: Timestamp,
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
    let mut outcome = Outcome::default();
    let mut dated = false;
    loop {
        match source.next_frame()? {
            Next::Frame(frame) => {
                let points = usize::from(frame.interface.0) + 1;
                outcome.frames += 1;
                if frame.link_type == LinkType::NOT_A_FRAME {
                    // A custom block: no interface, no time.
                    continue;
                }
                outcome.latest = outcome.latest.max(frame.timestamp);
                outcome.earliest =
                    if dated { outcome.earliest.min(frame.timestamp) } else { frame.timestamp };
                dated = true;
                assert!(source.observation_points().len() >= points, "{}", path.display());
            }
            Next::Idle => panic!("{}: a file is never idle", path.display()),
            Next::End => break,
        }
    }
    assert_eq!(source.counters().received, outcome.frames, "{}", path.display());
    outcome.problem = source.warning();
    Ok(outcome)
}

fn date(timestamp: Timestamp) -> String {
    let nanos = i128::from(timestamp.as_nanos());
    let date = jiff::Timestamp::from_nanosecond(nanos).unwrap();
    date.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
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
        let explained = EXPLAINED.iter().find(|(end, _, _)| file.ends_with(end));
        if cell("file_type").is_empty() && explained.is_none() {
            others += 1;
            if outcome.is_ok_and(|outcome| outcome.problem.is_none()) {
                wrong.push(format!("{file}: read without a word; {}", cell("note")));
            }
            continue;
        }
        compared += 1;
        let (expected, reason) = match explained {
            Some((_, frames, reason)) => (*frames, *reason),
            None => (cell("packets").parse().unwrap(), cell("note")),
        };
        match outcome {
            Ok(outcome) if outcome.frames == expected => {
                for (ours, theirs) in
                    [(outcome.earliest, cell("first")), (outcome.latest, cell("last"))]
                {
                    // Not stated when a frame has no time or, in a fuzzed file, an impossible one.
                    let is_stated = matches!(theirs.len(), 26 | 29)
                        && !ODD_TIMES.iter().any(|end| file.ends_with(end));
                    if is_stated && !theirs.starts_with(&date(ours)) {
                        wrong.push(format!("{file}: {}, tshark has {theirs}", date(ours)));
                    }
                }
            }
            Ok(Outcome { frames, problem, .. }) => {
                wrong.push(format!(
                    "{file}: {frames} frames, not {expected}; {problem:?}; {reason}"
                ));
            }
            Err(error) => wrong.push(format!("{file}: {error}; tshark has {expected}")),
        }
    }

    println!("{compared} captures compared, {others} others read");
    assert!(wrong.is_empty(), "{} mismatches:\n{}", wrong.len(), wrong.join("\n"));
}
