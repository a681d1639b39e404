//! Where the programs of others are that the tests run.

use std::io::Write as _;
use std::path::PathBuf;

/// The path of a program: on the `PATH`, or where `make setup` puts what it fetches. Says loudly when it is missing.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // The test lies in TARGET/PROFILE/deps.
    let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    let found = std::env::split_paths(&path)
        .chain([target.join("tools/usr/bin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    if found.is_none() {
        skipped(&format!("{name} is not installed; `make setup` fetches it"));
    }
    found
}

/// Says so past the test harness, which keeps what a passing test prints to itself.
pub(crate) fn skipped(why: &str) {
    let line = format!("SKIPPED: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
