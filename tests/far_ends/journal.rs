//! systemd's journal, in a name space of its own beside that of the machine.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use hikwatch::alert::{AlertPhase, Severity};
use hikwatch::export::{Deliver, JournaldSink};
use serde_json::Value;

use crate::bench::{Service, alert, eventually, skipped, told};

const JOURNALD: &str = "/usr/lib/systemd/systemd-journald";

static JOURNALS: AtomicU32 = AtomicU32::new(0);

/// What begins another field, and what a terminal obeys.
const HOSTILE: &str = "a\nHIKWATCH_RULE=forged\u{1b}[31m {{ 1 }} é";

/// A journal that is gone with the test.
struct Journal {
    name: String,
    service: Service,
}

impl Journal {
    fn start() -> Option<Self> {
        let is_root =
            Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        if !is_root || !fs::exists("/etc/machine-id").unwrap() {
            skipped("a journal of its own takes root and a machine-id");
            return None;
        }
        let number = JOURNALS.fetch_add(1, Ordering::Relaxed);
        let name = format!("hwtest{}n{number}", std::process::id());
        let service = Service::start(JOURNALD, &[&name])?;
        let journal = Self { name, service };
        eventually("the journal to listen", || journal.socket().exists().then_some(()));
        Some(journal)
    }

    fn socket(&self) -> PathBuf {
        format!("/run/systemd/journal.{}/socket", self.name).into()
    }

    /// The entries with this value of a field.
    fn entries(&self, field: &str, value: &str) -> Vec<Value> {
        let output = Command::new("journalctl")
            .args([&format!("--namespace={}", self.name), "--output=json", "--no-pager"])
            .arg(format!("{field}={value}"))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.service.0.kill().unwrap_or_default();
        self.service.0.wait().ok();
        fs::remove_dir_all(format!("/run/systemd/journal.{}", self.name)).unwrap_or_default();
        let machine = fs::read_to_string("/etc/machine-id").unwrap_or_default();
        for root in ["/run/log/journal", "/var/log/journal"] {
            fs::remove_dir_all(format!("{root}/{}.{}", machine.trim(), self.name))
                .unwrap_or_default();
        }
    }
}

#[test]
fn a_real_journal_has_every_field_of_an_alert_and_of_its_end() {
    let Some(journal) = Journal::start() else { return };
    let mut sink = JournaldSink::new(journal.socket(), None);
    let mut raised = alert(AlertPhase::Raised);
    raised.subject = HOSTILE.into();
    raised.severity = Severity::High;
    let mut over = raised.clone();
    over.phase = AlertPhase::Resolved;
    let id = raised.id.to_string();

    assert_eq!(sink.deliver(&[told(raised.clone()), told(over)]).unwrap(), 2);

    let entries = eventually("both entries", || {
        Some(journal.entries("HIKWATCH_ALERT", &id)).filter(|entries| entries.len() == 2)
    });
    for (entry, (phase, priority, message)) in entries.iter().zip([
        ("raised", "2", raised.message.clone()),
        ("resolved", "6", format!("resolved: {}", raised.message)),
    ]) {
        for (field, value) in [
            ("HIKWATCH_PHASE", phase),
            ("PRIORITY", priority),
            ("MESSAGE", &message),
            ("HIKWATCH_RULE", "vendor-cloud-contact"),
            ("HIKWATCH_SEVERITY", "high"),
            ("HIKWATCH_DEVICE", "d-0011"),
            ("HIKWATCH_DEVICE_NAME", "front-door {{ 1 }} <b>"),
            ("HIKWATCH_VENDOR", "hikvision"),
            ("SYSLOG_IDENTIFIER", "hikwatch"),
            ("_TRANSPORT", "journal"),
        ] {
            assert_eq!(entry[field], value, "{field}: {entry}");
        }
        let subject = entry["HIKWATCH_SUBJECT"].as_str().unwrap();
        assert!(subject.starts_with("a?HIKWATCH_RULE=forged?[31m {{ 1 }} é"), "{subject}");
        assert!(entry["MESSAGE_ID"].as_str().unwrap().len() == 32, "{entry}");
    }
    assert_eq!(journal.entries("HIKWATCH_RULE", "forged").len(), 0);
}

#[test]
fn a_journal_that_is_away_gets_what_was_kept_when_it_is_back() {
    let Some(journal) = Journal::start() else { return };
    let mut sink = JournaldSink::new(journal.socket(), None);
    let alert = alert(AlertPhase::Raised);
    let socket = journal.socket();
    fs::rename(&socket, socket.with_extension("away")).unwrap();
    assert!(sink.deliver(&[told(alert.clone())]).is_err());

    fs::rename(socket.with_extension("away"), &socket).unwrap();
    assert_eq!(sink.deliver(&[told(alert.clone())]).unwrap(), 1);
    sleep(Duration::from_millis(300));
    let id = alert.id.to_string();
    eventually("the entry", || (journal.entries("HIKWATCH_ALERT", &id).len() == 1).then_some(()));
}
