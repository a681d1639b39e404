//! EVE lines against the schema of Suricata.
//!
//! The schema is not part of this repository. `HIKWATCH_EVE_SCHEMA` names the file (Suricata's
//! `etc/schema.json`); else it is looked for beside the foreign captures. Without it, or without python3
//! and its `jsonschema`, nothing is checked, and that is said.
#![expect(
    clippy::unwrap_used,
    reason = "these functions are of tests, though not tests themselves"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Event types of ours, which the schema has never heard of.
const OWN_TYPES: [&str; 20] = [
    "device", "sadp", "web", "wsd", "ssdp", "rtsp", "stun", "nbns", "dhcpv6", "ndp", "syslog",
    "portmap", "hcnetsdk", "lbs", "safe", "p2p", "vtm", "isup", "beacon", "activity",
];

/// Fields of ours within sections of Suricata's.
const OWN_FIELDS: [(&str, &str); 2] = [("tls", "ech"), ("stats", "hikwatch")];

/// Prints each kind of violation once, with a line that shows it.
const CHECK: &str = "import json, jsonschema, sys\n\
    schema = jsonschema.Draft7Validator(json.load(open(sys.argv[1])))\n\
    seen = set()\n\
    for line in open(sys.argv[2]):\n\
    \x20   for error in schema.iter_errors(json.loads(line)):\n\
    \x20       kind = (error.validator, tuple(map(str, error.absolute_schema_path)))\n\
    \x20       if kind not in seen:\n\
    \x20           seen.add(kind)\n\
    \x20           print(list(error.path), error.message, line)\n\
    sys.exit(1 if seen else 0)\n";

/// The folder of the foreign captures.
pub(crate) fn captures() -> PathBuf {
    std::env::var_os("HIKWATCH_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
        PathBuf::from,
    )
}

/// Checks lines of Suricata's own types, without what is ours in them; tells how many were checked, or
/// nothing where the schema or its reader is missing.
///
/// # Errors
/// What the schema has against them.
pub(crate) fn check(lines: impl IntoIterator<Item = Value>) -> Option<Result<usize, String>> {
    let schema = std::env::var_os("HIKWATCH_EVE_SCHEMA")
        .map_or_else(|| captures().join("schema/suricata-eve-schema.json"), PathBuf::from);
    if !schema.exists() {
        skipped(&format!("no schema of EVE at {}", schema.display()));
        return None;
    }
    let has_jsonschema = Command::new("python3")
        .args(["-c", "import jsonschema"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !has_jsonschema {
        skipped("python3 with jsonschema is not installed");
        return None;
    }

    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut checked = 0;
    for line in lines {
        if OWN_TYPES.contains(&line["event_type"].as_str().unwrap()) {
            continue;
        }
        writeln!(file, "{}", without_ours(line)).unwrap();
        checked += 1;
    }
    let output =
        Command::new("python3").args(["-c", CHECK]).args([&schema, file.path()]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some(match output.status.success() {
        true => Ok(checked),
        false => Err(String::from_utf8_lossy(&said).into_owned()),
    })
}

/// Says so past the test harness, which keeps what a passing test prints to itself.
pub(crate) fn skipped(why: &str) {
    let line = format!("SKIPPED: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

fn without_ours(mut line: Value) -> Value {
    let object = line.as_object_mut().unwrap();
    object.remove("camera");
    object.remove("cloud");
    for (section, field) in OWN_FIELDS {
        if let Some(section) = object.get_mut(section) {
            section.as_object_mut().unwrap().remove(field);
        }
    }
    line
}
