//! The journal sink.
//!
//! Comes in: letters. Goes out: a datagram an entry, to the journal's socket. The journal has an entry when the kernel has taken the
//! datagram.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::entry::encode;
use crate::export::Pseudonyms;
use crate::export::sink::{Deliver, DeliveryError, Letter, Outgoing, told_alert};

/// Where the journal listens.
pub const JOURNAL_SOCKET: &str = "/run/systemd/journal/socket";

/// How long the journal may take nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes alerts to the journal.
pub struct JournaldSink {
    path: PathBuf,
    pseudonyms: Option<Arc<Pseudonyms>>,
    socket: Option<UnixDatagram>,
    entries: Outgoing,
}

impl JournaldSink {
    /// Writes to the journal that listens at `path`.
    #[must_use]
    pub fn new(path: PathBuf, pseudonyms: Option<Arc<Pseudonyms>>) -> Self {
        Self { path, pseudonyms, socket: None, entries: Outgoing::default() }
    }

    fn send(&mut self) -> io::Result<()> {
        while let Some(entry) = self.entries.first() {
            if self.socket.is_none() {
                let socket = UnixDatagram::unbound()?;
                socket.connect(&self.path)?;
                socket.set_write_timeout(Some(PATIENCE))?;
                self.socket = Some(socket);
            }
            let length = entry.len();
            if let Some(socket) = &self.socket {
                socket.send(entry)?;
            }
            self.entries.advance(length);
        }
        Ok(())
    }
}

impl Deliver for JournaldSink {
    fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError> {
        for letter in letters.iter().skip(self.entries.letters()) {
            let pseudonyms = self.pseudonyms.as_deref();
            self.entries.push(|out| {
                if let Some(alert) = told_alert(letter) {
                    encode(alert, pseudonyms, out);
                }
            });
        }
        let result = self.send();
        if result.is_err() {
            self.socket = None;
        }
        match (self.entries.take_done(), result) {
            (0, Err(problem)) => Err(problem.into()),
            (done, _) => Ok(done),
        }
    }

    fn reopen(&mut self) {
        self.socket = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sink::sample::{alert, told};

    #[test]
    fn a_journal_that_was_restarted_gets_every_entry_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let letters: Vec<Letter> =
            (0..3).map(|n: u32| told(alert("d-1", &n.to_string(), "It happened"))).collect();
        let mut sink = JournaldSink::new(path.clone(), None);
        let mut bytes = [0; 4096];
        let mut subject = |journal: &UnixDatagram| {
            let length = journal.recv(&mut bytes).unwrap();
            let text = String::from_utf8(bytes[..length].to_vec()).unwrap();
            text.lines().find_map(|line| line.strip_prefix("HIKWATCH_SUBJECT=")).unwrap().to_owned()
        };

        assert!(sink.deliver(&letters).is_err(), "nobody listens yet");
        let journal = UnixDatagram::bind(&path).unwrap();
        assert_eq!(sink.deliver(&letters).unwrap(), 3);
        assert_eq!([subject(&journal), subject(&journal), subject(&journal)], ["0", "1", "2"]);
        drop(journal);
        std::fs::remove_file(&path).unwrap();
        let next = [told(alert("d-1", "3", "It happened"))];
        assert!(sink.deliver(&next).is_err());
        let journal = UnixDatagram::bind(&path).unwrap();
        assert_eq!(sink.deliver(&next).unwrap(), 1);
        assert_eq!(subject(&journal), "3");
    }
}
