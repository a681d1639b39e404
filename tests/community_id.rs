//! Our community ids against those that the specification publishes for its own captures.
//!
//! The captures are of the collection that `HIKWATCH_CAPTURES` names; `community_id/baseline.tsv` has the ids.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "these functions are of tests, though not tests themselves"
)]

mod collection;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::Value;

use collection::Collection;

/// Where the specification's captures are in the collection.
const FOLDER: &str = "corelight+community-id-spec/pcaps/";

/// Protocol, source, destination, and the source's port or the ICMP type: this tells the published tuples apart.
type Tuple = (u8, IpAddr, IpAddr, Option<u64>);

#[test]
fn flows_of_the_specifications_captures_have_its_community_ids() {
    let baseline = baseline();
    let Some(collection) = Collection::open() else { return };
    let captures = collection.captures.iter().filter(|capture| capture.starts_with(FOLDER));
    let (mut compared, mut wrong, mut found) = (0, Vec::new(), BTreeSet::new());
    for capture in captures {
        let lines = collection::replay(&collection.folder.join(capture)).unwrap();
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: Value = serde_json::from_slice(line).unwrap();
            if line["event_type"] != "flow" {
                continue;
            }
            compared += 1;
            let ours = line["community_id"].as_str().unwrap_or_default().to_owned();
            let tuple = tuple(&line);
            match baseline.get(&tuple) {
                Some(theirs) if *theirs == ours => drop(found.insert(ours)),
                Some(theirs) => wrong.push(format!("{capture}: {tuple:?} is {theirs}, not {ours}")),
                None => wrong.push(format!("{capture}: {tuple:?} is not in the baseline")),
            }
        }
    }
    // It has a packet of each published flow; a part of the collection may be without it.
    if collection.captures.iter().any(|capture| *capture == format!("{FOLDER}combined.pcap")) {
        let published: BTreeSet<String> = baseline.into_values().collect();
        let missing = published.difference(&found);
        wrong.extend(missing.map(|id| format!("no flow of the captures has {id}")));
    }
    println!("{compared} flows compared, {} ids found", found.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The published ids by tuple.
fn baseline() -> BTreeMap<Tuple, String> {
    let rows =
        include_str!("community_id/baseline.tsv").lines().filter(|row| !row.starts_with('#'));
    rows.skip(1)
        .map(|row| {
            let cells: Vec<&str> = row.split('\t').collect();
            let &[protocol, source, destination, port, _, id] = cells.as_slice() else {
                panic!("six cells a row, not {row:?}")
            };
            let ends = (source.parse().unwrap(), destination.parse().unwrap());
            ((protocol.parse().unwrap(), ends.0, ends.1, port.parse().ok()), id.to_owned())
        })
        .collect()
}

fn tuple(line: &Value) -> Tuple {
    let ip = |name: &str| line[name].as_str().unwrap().parse().unwrap();
    let protocol = match line["proto"].as_str().unwrap() {
        "ICMP" => 1,
        "TCP" => 6,
        "UDP" => 17,
        "IPv6-ICMP" => 58,
        "SCTP" => 132,
        number => number.parse().unwrap(),
    };
    let port = line["src_port"].as_u64().or(line["icmp_type"].as_u64());
    (protocol, ip("src_ip"), ip("dest_ip"), port)
}
