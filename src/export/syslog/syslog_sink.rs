//! The syslog sink.
//!
//! Comes in: letters. Goes out: a message for each alert that is raised or over. UDP tells nothing about what arrived; over TCP and TLS,
//! what lay in the kernel's buffer when the server went away is lost, since the protocol has no receipts. A message that was cut is
//! sent again as a whole.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::config::{SyslogConfig, SyslogServer};
use super::message::MessageEncoder;
use super::wire::Wire;
use crate::export::Pseudonyms;
use crate::export::sink::{Deliver, DeliveryError, Letter, Outgoing, told_alert};
use crate::export::tls_dial::TlsSettings;

/// Where Linux tells its name.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// Sends alerts to a syslog server.
pub struct SyslogSink {
    server: SyslogServer,
    tls: Option<Arc<TlsSettings>>,
    encoder: MessageEncoder,
    pseudonyms: Option<Arc<Pseudonyms>>,
    wire: Option<Wire>,
    messages: Outgoing,
}

/// The sink cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SyslogError {
    /// The certificates cannot be read.
    #[error("{path}: the certificates for syslog over TLS cannot be read: {problem}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: io::Error,
    },
}

impl SyslogSink {
    /// Sends to `server` from now on; it is connected with the first alert. `sensor` is the name of this host, if it is to have another
    /// than its own.
    ///
    /// # Errors
    /// The certificates to check the server by cannot be read.
    pub fn new(
        server: &SyslogServer,
        config: &SyslogConfig,
        sensor: Option<&str>,
        pseudonyms: Option<Arc<Pseudonyms>>,
    ) -> Result<Self, SyslogError> {
        let tls = match server {
            SyslogServer::Tls(_) => Some(
                TlsSettings::read(config.ca_file.as_deref())
                    .map_err(|(path, problem)| SyslogError::Certificates { path, problem })?,
            ),
            SyslogServer::Udp(_) | SyslogServer::Tcp(_) | SyslogServer::Unix(_) => None,
        };
        let own = || fs::read_to_string(HOSTNAME).unwrap_or_default();
        let hostname = sensor.map_or_else(own, str::to_owned);
        Ok(Self {
            server: server.clone(),
            tls,
            encoder: MessageEncoder::new(config.facility, &hostname, std::process::id()),
            pseudonyms,
            wire: None,
            messages: Outgoing::default(),
        })
    }

    fn fill(&mut self, letters: &[Letter]) {
        let max = self.server.max_message();
        for letter in letters.iter().skip(self.messages.letters()) {
            let mut message = Vec::new();
            if let Some(alert) = told_alert(letter) {
                self.encoder.encode(alert, self.pseudonyms.as_deref(), max, &mut message);
            }
            let counts = self.server.counts_octets() && !message.is_empty();
            self.messages.push(|out| {
                if counts {
                    out.extend_from_slice(format!("{} ", message.len()).as_bytes());
                }
                out.extend_from_slice(&message);
            });
        }
    }

    fn send(&mut self) -> io::Result<()> {
        if self.messages.first().is_none() {
            return Ok(());
        }
        if self.wire.as_mut().is_some_and(Wire::is_closed) {
            self.wire = None;
        }
        if self.wire.is_none() {
            self.messages.begin_again();
            self.wire = Some(Wire::open(&self.server, self.tls.as_ref())?);
        }
        match &mut self.wire {
            Some(wire) => wire.send(&mut self.messages),
            None => Ok(()),
        }
    }
}

impl Deliver for SyslogSink {
    fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError> {
        self.fill(letters);
        let result = self.send();
        if result.is_err() {
            self.wire = None;
            self.messages.begin_again();
        }
        match (self.messages.take_done(), result) {
            (0, Err(problem)) => Err(problem.into()),
            (done, _) => Ok(done),
        }
    }

    fn reopen(&mut self) {
        self.wire = None;
        self.messages.begin_again();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::{TcpListener, UdpSocket};
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::alert::AlertPhase;
    use crate::export::sink::sample::{alert, in_phase, told};

    fn sink(server: &str) -> SyslogSink {
        let server = server.parse().unwrap();
        SyslogSink::new(&server, &SyslogConfig::default(), Some("attic"), None).unwrap()
    }

    fn letters(subjects: std::ops::Range<u32>) -> Vec<Letter> {
        subjects.map(|n| told(alert("d-1", &n.to_string(), "It happened"))).collect()
    }

    /// Takes a stream of counted messages apart.
    fn counted(mut stream: &str) -> Vec<String> {
        let mut messages = Vec::new();
        while let Some((count, rest)) = stream.split_once(' ') {
            let (message, behind) = rest.split_at(count.parse().unwrap());
            messages.push(message.to_owned());
            stream = behind;
        }
        assert_eq!(stream, "");
        messages
    }

    #[test]
    fn a_stream_counts_octets_and_a_server_that_went_away_gets_what_follows_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut sink = sink(&format!("tcp://{}", listener.local_addr().unwrap()));

        assert_eq!(sink.deliver(&letters(0..3)).unwrap(), 3);
        drop(listener.accept().unwrap());
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert_eq!(sink.deliver(&letters(3..5)).unwrap(), 2);
        let (mut stream, _) = listener.accept().unwrap();
        drop(sink);
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();

        let messages = counted(&text);
        assert_eq!(messages.len(), 2);
        assert!(messages[0].contains("subject=\"3\"") && messages[1].contains("subject=\"4\""));
    }

    #[test]
    fn a_server_that_refuses_gets_everything_when_it_is_back() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut sink = sink(&format!("tcp://{address}"));
        let all = letters(0..4);

        assert!(sink.deliver(&all).is_err());
        let listener = TcpListener::bind(address).unwrap();
        assert_eq!(sink.deliver(&all).unwrap(), 4);
        let (mut stream, _) = listener.accept().unwrap();
        drop(sink);
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert_eq!(counted(&text).len(), 4);
    }

    #[test]
    fn a_datagram_is_a_message_and_what_tells_of_no_alert_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let unix = UnixDatagram::bind(&path).unwrap();
        let raised = alert("d-1", "x", "It happened");
        let letters = [
            told(in_phase(&raised, AlertPhase::Repeated)),
            Letter::Stats(Arc::default()),
            told(in_phase(&raised, AlertPhase::Resolved)),
        ];
        let mut bytes = [0; 4096];

        let mut sink_of_udp = sink(&format!("udp://{}", udp.local_addr().unwrap()));
        assert_eq!(sink_of_udp.deliver(&letters).unwrap(), 3);
        let length = udp.recv(&mut bytes).unwrap();
        let message = String::from_utf8(bytes[..length].to_vec()).unwrap();
        assert!(message.starts_with("<30>1 ") && message.ends_with("resolved: It happened"));

        let mut sink_of_unix = sink(&format!("unix:{}", path.display()));
        assert_eq!(sink_of_unix.deliver(&letters).unwrap(), 3);
        let length = unix.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..length], message.as_bytes());
    }
}
