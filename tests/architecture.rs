//! The house rules that the compiler cannot check: which room imports which, which rooms stay pure, where
//! each outside crate lives, where `unsafe` may stand, and how long a file may be.
//!
//! The rules are functions of (path, text) pairs, so that the tests below can also show them a breach.

#![expect(clippy::unwrap_used, reason = "a test that cannot read `src/` has to fail")]

use std::fs;
use std::path::{Path, PathBuf};

/// Every room of `src/`, from the ground floor up; a room imports lower floors only.
const FLOORS: &[&[&str]] = &[
    &["net"],
    &["capture", "catalogue", "decode", "geo", "simulate"],
    &["dissect", "flow"],
    &["meter"],
    &["device"],
    &["classify"],
    &["alert"],
    &["analyst"],
    &["export", "inventory", "metrics", "report", "respond", "store"],
    &["api"],
    &["config"],
    &["daemon"],
    &["cli"],
    &["main"],
];

/// Rooms that import less than their floor allows: the room, and all that it may import.
const NARROW: &[(&str, &[&str])] = &[
    // What makes the frames of a test must not share a mistake with what reads them.
    ("simulate", &["net"]),
    ("decode", &["net"]),
    ("capture", &["net"]),
    ("geo", &["net"]),
    // Vendor knowledge stays out of what reads messages and counts packets.
    ("dissect", &["net", "decode"]),
    ("flow", &["net", "decode"]),
    ("meter", &["net", "decode", "dissect", "flow"]),
];

/// Rooms that read no clock and touch no file, thread, lock or socket.
const PURE: &[&str] = &[
    "alert",
    "analyst",
    "catalogue",
    "classify",
    "decode",
    "device",
    "dissect",
    "flow",
    "geo",
    "meter",
    "net",
];

/// What a pure room never names. `Arc` around what never changes is allowed.
const IMPURE: &[&str] = &[
    "tokio",
    "std::fs",
    "std::io",
    "std::env",
    "std::thread",
    "std::process",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "Mutex",
    "RwLock",
    "Atomic",
    "mpsc",
    "Instant",
    "SystemTime",
    "tracing",
];

/// Outside crates that would otherwise spread, and the only places that name them.
const HOMES: &[(&str, &[&str])] = &[
    ("anyhow", &["cli/", "daemon/", "main.rs"]),
    ("axum", &["api/"]),
    ("caps", &["daemon/privilege.rs"]),
    // Expressions of site rules: parsed, checked and evaluated in one folder.
    ("cel", &["alert/site/"]),
    ("clap", &["cli/"]),
    ("dashmap", &["inventory.rs"]),
    ("etherparse", &["decode/"]),
    ("flate2", &["api/packing.rs", "capture/"]),
    ("libc", &["capture/afpacket/"]),
    ("maxminddb", &["geo/"]),
    ("pcap", &["capture/"]),
    ("pnet", &["capture/"]),
    ("postcard", &["store/"]),
    ("prometheus", &["metrics/"]),
    ("quick_xml", &["dissect/"]),
    ("redb", &["store/"]),
    ("ring", &["catalogue/", "dissect/", "export/pseudonym.rs", "export/webhook/"]),
    ("rustix", &["daemon/clock.rs", "export/sink/"]),
    ("rustls", &["export/http_post.rs", "export/tls_dial.rs"]),
    ("ruzstd", &["capture/"]),
    ("sd_notify", &["daemon/notify.rs"]),
    ("toml", &["catalogue/", "config/", "device/"]),
    ("tracing_journald", &["daemon/logging.rs"]),
    ("tracing_subscriber", &["daemon/logging.rs"]),
    ("ureq", &["cli/", "export/"]),
];

/// The one folder with `unsafe` code: ring, socket options and filters of packet sockets.
const UNSAFE_HOME: &str = "capture/afpacket/";

/// Most lines of a file before its tests.
const MAX_LINES: usize = 400;

/// Most lines of a door: documentation, `mod`, `pub use`. The longest has a line or two for each protocol.
const MAX_DOOR_LINES: usize = 110;

#[test]
fn the_house_keeps_its_rules() {
    let house = House::read();
    assert!(house.files.len() > 40, "found only {} files below src/", house.files.len());

    let breaches = house.breaches();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn an_upward_import_is_caught() {
    assert_caught("net/frame.rs", "use crate::flow::FlowKey;", "`net` may not import `flow`");
    assert_caught("analyst/names.rs", "let x = crate::api::Config::default();", "import `api`");
    assert_caught("daemon/mod.rs", "pub(crate) use crate::cli::Cli;", "import `cli`");
    assert_clean("analyst/names.rs", "use crate::net::Timestamp;");
    assert_clean("analyst/names.rs", "use crate::analyst::Config;");
}

#[test]
fn an_import_beside_on_the_same_floor_is_caught() {
    assert_caught("dissect/dns.rs", "use crate::flow::FlowKey;", "import `flow`");
}

#[test]
fn the_simulation_and_the_meter_import_only_what_they_are_allowed() {
    assert_caught("simulate/mod.rs", "use crate::decode::Packet;", "import `decode`");
    assert_caught("meter/mod.rs", "use crate::catalogue::Region;", "import `catalogue`");
    assert_clean("simulate/mod.rs", "use crate::net::Timestamp;");
}

#[test]
fn an_import_that_hides_its_room_is_caught() {
    assert_caught("meter/mod.rs", "use crate::{flow, net};", "one line a room");
    assert_caught("meter/table/entry.rs", "use super::super::state::State;", "name the room");
}

#[test]
fn a_room_without_a_floor_is_caught() {
    assert_caught("util/mod.rs", "pub mod strings;", "has no floor");
    assert_caught("meter/mod.rs", "use crate::util::pad;", "has no floor");
}

#[test]
fn an_impure_name_in_a_pure_room_is_caught() {
    assert_caught("flow/table.rs", "use std::time::Instant;", "names `Instant`");
    assert_caught("device/oui.rs", "let text = std::fs::read(path);", "names `std::fs`");
    assert_caught("analyst/mod.rs", "next: AtomicU64,", "names `Atomic`");
    assert_clean("capture/file.rs", "use std::fs::File;");
    assert_clean("flow/table.rs", "// An Instant would jump.");
    assert_clean("flow/table.rs", "/// Never reads `SystemTime`.");
    assert_clean("flow/key.rs", "fn instantiate() {}");
}

#[test]
fn a_stray_crate_is_caught() {
    assert_caught("flow/table.rs", "use etherparse::TcpSlice;", "`etherparse` lives in");
    assert_caught("api/mod.rs", "fn f(_: prometheus::Registry) {}", "`prometheus` lives in");
    assert_caught("capture/file.rs", "use libc::c_int;", "`libc` lives in");
    assert_caught("net/mac.rs", "use pnet::util::MacAddr;", "`pnet` lives in");
    assert_clean("decode/lax.rs", "use etherparse::LaxSlicedPacket;");
    assert_clean("capture/libpcap.rs", "use pcap::Capture;");
    assert_clean("api/mod.rs", "let path = pcap_path;");
    assert_clean("simulate/mod.rs", "mod pcap;\npub use pcap::pcap_header;");
    assert_clean("cli/replay.rs", "let capsule = 1;");
}

#[test]
fn unsafe_outside_its_folder_is_caught() {
    assert_caught("capture/file.rs", "let x = unsafe { *p };", "`unsafe`");
    assert_caught("capture/file.rs", "#![expect(unsafe_code, reason = \"fast\")]", "`unsafe`");
    assert_clean("capture/afpacket/ring.rs", "let x = unsafe { *p };");
}

#[test]
fn a_file_without_its_opening_words_is_caught() {
    let house = House::of("net/frame.rs", "use std::fmt;\n");
    assert!(house.breaches().iter().any(|breach| breach.contains("open with")));
}

#[test]
fn a_long_file_is_caught_and_its_tests_do_not_count() {
    let long = "\n".repeat(MAX_LINES);
    assert_caught("net/frame.rs", &long, "lines before its tests");

    let tests = format!("#[cfg(test)]\nmod tests {{\n{long}}}\n");
    assert_clean("net/frame.rs", &tests);
    assert_caught("net/mod.rs", &"\n".repeat(MAX_DOOR_LINES), "is a door");
}

#[test]
fn what_tests_import_is_theirs_to_choose() {
    assert_clean("net/mac.rs", "#[cfg(test)]\nmod tests {\n    use pnet::util::MacAddr;\n}\n");
}

/// The files of `src/`: path below it, and text.
struct House {
    files: Vec<(String, String)>,
}

impl House {
    fn read() -> Self {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = files_below(&src)
            .into_iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| {
                let name = path.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
                (name, fs::read_to_string(&path).unwrap())
            })
            .collect();
        Self { files }
    }

    fn of(path: &str, text: &str) -> Self {
        Self { files: vec![(path.to_owned(), text.to_owned())] }
    }

    fn breaches(&self) -> Vec<String> {
        let mut breaches = Vec::new();
        for (path, text) in &self.files {
            for breach in file_breaches(path, text) {
                breaches.push(format!("src/{path}: {breach}"));
            }
            for line in code_lines(text) {
                for breach in line_breaches(path, line, text) {
                    breaches.push(format!("src/{path}: {}: {breach}", line.trim()));
                }
            }
        }
        breaches
    }
}

fn file_breaches(path: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    let length = before_tests(text).count();
    if !text.starts_with("//!") {
        breaches.push("has to open with `//!`: what comes in, what goes out".to_owned());
    }
    if length > MAX_LINES {
        breaches.push(format!("has {length} lines before its tests, {MAX_LINES} are allowed"));
    }
    if path.ends_with("mod.rs") && length > MAX_DOOR_LINES {
        breaches.push(format!("has {length} lines; mod.rs is a door of at most {MAX_DOOR_LINES}"));
    }
    breaches
}

fn line_breaches(path: &str, line: &str, text: &str) -> Vec<String> {
    let room = room(path);
    let mut breaches = import_breaches(room, line);
    if PURE.contains(&room) {
        let named = IMPURE.iter().filter(|name| begins_a_word(line, name));
        breaches.extend(named.map(|name| format!("a pure room names `{name}`")));
    }
    for (krate, homes) in HOMES {
        let at_home = homes.iter().any(|home| path.starts_with(home));
        // A file's own module of that name is not the crate.
        let is_own = text.lines().any(|line| line.trim() == format!("mod {krate};"));
        if !at_home && !is_own && names_crate(line, krate) {
            breaches.push(format!("`{krate}` lives in src/{}", homes.join(" and src/")));
        }
    }
    if !path.starts_with(UNSAFE_HOME) && begins_a_word(line, "unsafe") {
        breaches.push(format!("`unsafe` stands in src/{UNSAFE_HOME} only"));
    }
    breaches
}

fn import_breaches(room: &str, line: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    let floor_of = |room| FLOORS.iter().position(|rooms| rooms.contains(&room));
    // The crate's root lists the rooms; it is none itself.
    let Some(floor) = floor_of(room) else {
        return if room == "lib" { breaches } else { vec![format!("`{room}` has no floor")] };
    };
    if line.contains("super::super::") {
        breaches.push("name the room instead of `super::super`".to_owned());
    }
    for start in ["crate::", "hikwatch::"] {
        for imported in line.split(start).skip(1).map(first_word) {
            match floor_of(imported) {
                _ if imported == room => {}
                None if imported.is_empty() => {
                    breaches.push("import with one line a room, without outer braces".to_owned());
                }
                None => breaches.push(format!("`{imported}` has no floor")),
                Some(below) if below < floor && is_allowed(room, imported) => {}
                Some(_) => breaches.push(format!("`{room}` may not import `{imported}`")),
            }
        }
    }
    breaches
}

fn is_allowed(room: &str, imported: &str) -> bool {
    NARROW.iter().find(|(name, _)| *name == room).is_none_or(|(_, rooms)| rooms.contains(&imported))
}

/// Tells whether `line` names `word` as the beginning of a word: `Atomic` also as `AtomicU64`.
fn begins_a_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let goes_on = line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let is_a_lint = line[at..].starts_with("unsafe_op");
        !goes_on && !is_a_lint
    })
}

/// Tells whether `line` uses a path into `krate`, or the crate itself in a `use`.
fn names_crate(line: &str, krate: &str) -> bool {
    line.match_indices(krate).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + krate.len()..]);
        let is_path_start =
            !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '"');
        let is_use = before.trim_end().ends_with("use") && after.starts_with([';', ' ']);
        // pnet is a family of crates: pnet_datalink, pnet_packet.
        let is_family = krate == "pnet" && after.starts_with('_') && after.contains("::");
        is_path_start && (after.starts_with("::") || is_use || is_family)
    })
}

/// The first part of a path: a folder, or a file of its own such as `inventory.rs`.
fn room(path: &str) -> &str {
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

fn first_word(rest: &str) -> &str {
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// Inline tests close their file, so whatever follows them is theirs.
fn before_tests(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| line.trim() != "#[cfg(test)]")
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    before_tests(text)
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.split(" // ").next().unwrap_or(line))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
        .collect()
}

fn assert_caught(path: &str, code: &str, expected: &str) {
    let breaches = House::of(path, &format!("//! A room.\n{code}\n")).breaches();
    assert!(
        breaches.iter().any(|breach| breach.contains(expected)),
        "src/{path}: `{code}` went unnoticed; found {breaches:?}"
    );
}

fn assert_clean(path: &str, code: &str) {
    let breaches = House::of(path, &format!("//! A room.\n{code}\n")).breaches();
    assert!(breaches.is_empty(), "{breaches:?}");
}
