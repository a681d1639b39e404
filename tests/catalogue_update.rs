//! Catalogue files of the site and signed updates, as their user meets them: what is verified, what overrides what, and
//! what is refused at the start and at a reload.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot set itself up has to fail, and it waits by the real clock"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hikwatch::net::Timestamp;
use hikwatch::simulate::{Household, pcap_header, pcap_record};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hikwatch");

/// Enough for the whole household to boot and to reach its clouds.
const FRAMES: usize = 2500;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is signed before the file, as the sample configuration says.
const PREFIX: &str = "hikwatch catalogue 1\n";

const UPDATE: &str = "schema = 1\nversion = 7\n";

#[test]
fn a_signed_file_is_valid_and_what_is_wrong_with_another_is_told_by_its_code() {
    let site = Site::new();
    let update = site.signed("update.toml", UPDATE);
    let key = site.key();

    let valid = hikwatch(&["catalogue", "verify", &update, "--key", &key]);
    assert_eq!(valid.status.code(), Some(0), "{}", text(&valid.stderr));
    assert!(text(&valid.stdout).starts_with("VALID: "), "{}", text(&valid.stdout));
    assert!(text(&valid.stdout).contains("version 7"));

    let elsewhere = site.path("elsewhere");
    fs::rename(format!("{update}.sig"), &elsewhere).unwrap();
    fails(&["catalogue", "verify", &update, "--key", &key], 65, "its signature is not there");
    let named = ["catalogue", "verify", &update, "--key", &key, "--signature", &elsewhere];
    assert_eq!(hikwatch(&named).status.code(), Some(0));

    fs::write(format!("{update}.sig"), "no signature\n").unwrap();
    fails(&["catalogue", "verify", &update, "--key", &key], 65, "64 bytes in base64");
    let update = site.signed("update.toml", UPDATE);
    fs::write(&update, UPDATE.replace('7', "8")).unwrap();
    fails(&["catalogue", "verify", &update, "--key", &key], 65, "does not fit");
    fs::write(&update, &UPDATE[..UPDATE.len() - 1]).unwrap();
    fails(&["catalogue", "verify", &update, "--key", &key], 65, "does not fit");

    let update = site.signed("update.toml", UPDATE);
    let other = STANDARD.encode(pair(2).public_key().as_ref());
    fails(&["catalogue", "verify", &update, "--key", &other], 65, "another key");
    fails(&["catalogue", "verify", &update, "--key", "short"], 64, "44 characters");
    fails(&["catalogue", "verify", &site.path("none.toml"), "--key", &key], 66, "is not there");

    let unversioned = site.signed("unversioned.toml", "schema = 1\n");
    fails(&["catalogue", "verify", &unversioned, "--key", &key], 65, "has no `version`");
    let wrong = site.signed("wrong.toml", "schema = 1\nversion = 1\n[[weather]]\n");
    let told = hikwatch(&["catalogue", "verify", &wrong, "--key", &key]);
    assert_eq!(told.status.code(), Some(78));
    assert!(text(&told.stderr).contains("signature is valid, but"), "{}", text(&told.stderr));
}

#[test]
fn the_key_of_a_configuration_verifies() {
    let site = Site::new();
    let update = site.signed("update.toml", UPDATE);
    let config = site.config("");
    let keyless = site.write("keyless.toml", "[log]\n");

    let valid = hikwatch(&["catalogue", "verify", &update, "--config", &config]);
    assert_eq!(valid.status.code(), Some(0), "{}", text(&valid.stderr));
    fails(&["catalogue", "verify", &update, "--config", &keyless], 78, "there is no public key");
}

#[test]
fn what_openssl_signs_as_the_sample_configuration_says_is_valid() {
    let site = Site::new();
    let update = site.write("update.toml", UPDATE);
    let script = "set -e; openssl genpkey -algorithm ed25519 -out private.pem; \
         (echo 'hikwatch catalogue 1'; cat update.toml) > message; \
         openssl pkeyutl -sign -rawin -in message -inkey private.pem | base64 -w 0 > update.toml.sig; \
         openssl pkey -in private.pem -pubout -outform DER | tail -c 32 | base64";
    let made = Command::new("sh").args(["-c", script]).current_dir(site.folder.path()).output();
    let Some(made) = made.ok().filter(|made| made.status.success()) else {
        eprintln!("SKIPPED: no openssl that knows Ed25519");
        return;
    };

    let key = text(&made.stdout);
    let valid = hikwatch(&["catalogue", "verify", &update, "--key", key.trim()]);

    assert_eq!(valid.status.code(), Some(0), "{}", text(&valid.stderr));
}

#[test]
fn a_signed_update_overrides_the_built_in_entries_and_files_of_the_site_override_both() {
    let site = Site::new();
    let built_in = services(&site, &site.write("plain.toml", ""));
    let mut hosts = built_in.iter().filter(|(_, service)| service.contains('-'));
    let (first, second) = (hosts.next().unwrap().0, hosts.next().unwrap().0);

    site.signed(
        "update.toml",
        &format!("{UPDATE}{}{}", cloud(first, "from-update"), cloud(second, "from-update")),
    );
    fs::create_dir(site.path("catalogue")).unwrap();
    let own = format!("schema = 1\n{}", cloud(second, "from-site"));
    site.write("catalogue/own.toml", &own);
    let overridden = services(&site, &site.config(""));

    assert_eq!(overridden[first], "from-update");
    assert_eq!(overridden[second], "from-site");
    for (host, service) in &built_in {
        if host != first && host != second {
            assert_eq!(&overridden[host], service, "{host}");
        }
    }
}

#[test]
fn an_update_that_is_not_signed_or_too_old_stops_the_start_with_78() {
    let site = Site::new();
    let update = site.signed("update.toml", UPDATE);
    let config = site.config("");
    let start = ["run", "--config", &config, "--source", "-", "--listen", "127.0.0.1:0"];
    assert_eq!(hikwatch(&["check-config", &config]).status.code(), Some(0));

    let too_old = site.config("update_min_version = 8\n");
    fails(&["check-config", &too_old], 78, "is version 7, older than 8");
    site.config("");
    for spoil in [
        |update: &str| fs::write(update, UPDATE.replace('7', "9")).unwrap(),
        |update: &str| fs::remove_file(format!("{update}.sig")).unwrap(),
        |update: &str| fs::remove_file(update).unwrap(),
    ] {
        spoil(&update);
        for arguments in [&["check-config", &config][..], &start] {
            let output = hikwatch(arguments);
            let told = text(&output.stderr);
            assert_eq!(output.status.code(), Some(78), "{arguments:?}: {told}");
            assert!(told.contains("update.toml"), "{told}");
        }
    }
}

#[test]
fn a_reload_keeps_the_catalogue_in_use_when_the_update_is_spoilt_or_older() {
    let site = Site::new();
    let update = site.signed("update.toml", UPDATE);
    let config = site.config("");
    let log = site.path("log");
    let mut daemon = Command::new(PROGRAM)
        .args(["run", "--config", &config, "--source", "-", "--listen", "127.0.0.1:0"])
        .stdin(Stdio::piped())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut input = daemon.stdin.take().unwrap();
    input.write_all(&capture(100)).unwrap();
    let told = |text: &str| eventually(|| fs::read_to_string(&log).unwrap().contains(text));
    let reload = || {
        let id = daemon.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    };
    told("capturing");

    fs::write(&update, UPDATE.replace('7', "8")).unwrap();
    reload();
    told("the configuration stays as it was");
    told("does not fit");
    site.signed("update.toml", &UPDATE.replace('7', "6"));
    reload();
    told("is version 6, older than 7");
    site.signed("update.toml", &UPDATE.replace('7', "8"));
    reload();
    told("the configuration was read again");
    site.signed("update.toml", UPDATE);
    reload();
    told("is version 7, older than 8");

    drop(input);
    assert_eq!(daemon.wait().unwrap().code(), Some(0));
}

/// A folder with a key, and files signed by it.
struct Site {
    folder: TempDir,
    pair: Ed25519KeyPair,
}

impl Site {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), pair: pair(1) }
    }

    fn key(&self) -> String {
        STANDARD.encode(self.pair.public_key().as_ref())
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    fn write(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn signed(&self, name: &str, content: &str) -> String {
        let signature = self.pair.sign(format!("{PREFIX}{content}").as_bytes());
        self.write(&format!("{name}.sig"), &format!("{}\n", STANDARD.encode(signature.as_ref())));
        self.write(name, content)
    }

    /// A configuration with the folder `catalogue`, the update, the key, and what `more` says of the catalogue.
    fn config(&self, more: &str) -> String {
        let content = format!(
            "[catalogue]\ndirectory = {:?}\nupdate = {:?}\nupdate_key = {:?}\n{more}",
            self.path("catalogue"),
            self.path("update.toml"),
            self.key()
        );
        self.write("hikwatch.toml", &content)
    }
}

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

/// The service that each name of a household is taken for.
fn services(site: &Site, config: &str) -> BTreeMap<String, String> {
    let events = site.path("events.json");
    let _not_there = fs::remove_file(&events);
    let mut child = Command::new(PROGRAM)
        .args(["run", "--config", config, "--source", "-", "--listen", "127.0.0.1:0"])
        .args(["--output", &events])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&capture(FRAMES)).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let written = fs::read_to_string(Path::new(&events)).unwrap();
    let clouds = written.lines().filter_map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        let said = |part: &str| event.pointer(part).and_then(Value::as_str);
        let (host, service) = (said("/cloud/domain")?, said("/cloud/service")?);
        Some((host.to_owned(), service.to_owned()))
    });
    clouds.collect()
}

fn cloud(host: &str, service: &str) -> String {
    format!(
        "[[cloud]]\nhost = \"{host}\"\nvendor = \"ezviz\"\nservice = \"{service}\"\nrole = \"api\"\n\
         region = \"global\"\nspeaker = \"both\"\ngrade = \"C\"\nsources = [\"idx\"]\n"
    )
}

/// The first `frames` frames of a household that begins now, as a capture file.
fn capture(frames: usize) -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut bytes = pcap_header().to_vec();
    for frame in Household::new(1, Timestamp::from_parts(now.as_secs(), 0)).take(frames) {
        bytes.extend(pcap_record(&frame));
    }
    bytes
}

fn hikwatch(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// One line on standard error, nothing on standard output, and the code.
fn fails(arguments: &[&str], code: i32, reason: &str) {
    let output = hikwatch(arguments);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    assert!(told.lines().count() == 1 && told.contains(reason), "{reason}: {told}");
    assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Tries until it is so, or no patience left.
fn eventually(mut is_so: impl FnMut() -> bool) {
    let deadline = SystemTime::now() + PATIENCE;
    while !is_so() {
        assert!(SystemTime::now() < deadline, "nothing came of it in {PATIENCE:?}");
        sleep(Duration::from_millis(50));
    }
}
