//! EVE lines to a Unix socket that somebody else has opened, as Suricata's `unix_stream` and `unix_dgram` do.
//!
//! Comes in: letters. Goes out: lines, or one datagram a line. When the reader goes away the socket is connected again; what lay in the
//! kernel's buffer by then is lost with the reader, and a line that was cut is sent again as a whole.

use std::io;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::deliver::{Deliver, DeliveryError};
use super::eve_batch::EveBatch;
use super::letter::Letter;
use crate::capture::ObservationPoint;
use crate::export::{Config, EveSocketConfig, EveSocketKind, Pseudonyms};

/// How long a reader may take nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends events to a Unix socket.
#[derive(Debug)]
pub struct EveSocket {
    path: PathBuf,
    kind: EveSocketKind,
    connection: Option<Connection>,
    batch: EveBatch,
}

#[derive(Debug)]
enum Connection {
    Stream(UnixStream),
    Datagram(UnixDatagram),
}

impl EveSocket {
    /// Sends to `socket` from now on; it is connected with the first line.
    #[must_use]
    pub fn new(
        socket: &EveSocketConfig,
        config: &Config,
        pseudonyms: Option<Arc<Pseudonyms>>,
    ) -> Self {
        let batch = EveBatch::new(config, pseudonyms);
        Self { path: socket.path.clone(), kind: socket.kind, connection: None, batch }
    }

    fn connect(&self) -> io::Result<Connection> {
        Ok(match self.kind {
            EveSocketKind::Stream => {
                let stream = UnixStream::connect(&self.path)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Connection::Stream(stream)
            }
            EveSocketKind::Datagram => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(&self.path)?;
                socket.set_write_timeout(Some(PATIENCE))?;
                Connection::Datagram(socket)
            }
        })
    }

    fn send(&mut self) -> Result<(), DeliveryError> {
        let lines = &mut self.batch.lines;
        match &mut self.connection {
            Some(Connection::Stream(stream)) => Ok(lines.write_all_to(stream)?),
            Some(Connection::Datagram(socket)) => {
                while let Some(line) = lines.first() {
                    let length = line.len();
                    socket.send(line)?;
                    lines.advance(length);
                }
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Deliver for EveSocket {
    fn begin(&mut self, points: &Arc<[ObservationPoint]>) {
        self.batch.set_points(points);
    }

    fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError> {
        self.batch.fill(letters);
        if self.connection.is_none() {
            self.connection = Some(self.connect()?);
        }
        let result = self.send();
        if result.is_err() {
            self.connection = None;
            self.batch.lines.begin_again();
        }
        match (self.batch.lines.take_done(), result) {
            (0, Err(problem)) => Err(problem),
            (done, _) => Ok(done),
        }
    }

    fn reopen(&mut self) {
        self.connection = None;
        self.batch.lines.begin_again();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::export::RunStats;

    fn letters(numbers: std::ops::Range<u64>) -> Vec<Letter> {
        numbers
            .map(|uptime| Letter::Stats(Arc::new(RunStats { uptime, ..RunStats::default() })))
            .collect()
    }

    fn uptime(line: &str) -> u64 {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["stats"]["uptime"].as_u64().unwrap()
    }

    fn sink(path: PathBuf, kind: EveSocketKind) -> EveSocket {
        EveSocket::new(&EveSocketConfig { path, kind }, &Config::default(), None)
    }

    #[test]
    fn a_reader_that_comes_late_or_goes_away_gets_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.sock");
        let mut sink = sink(path.clone(), EveSocketKind::Stream);
        let first = letters(0..3);

        assert!(sink.deliver(&first).is_err(), "nobody listens yet");
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(sink.deliver(&first).unwrap(), 3);
        let (reader, _) = listener.accept().unwrap();
        let lines = BufReader::new(reader).lines();
        let got: Vec<u64> = lines.take(3).map(|line| uptime(&line.unwrap())).collect();
        assert_eq!(got, [0, 1, 2]);

        // The reader is gone with the iterator; the next line finds that out.
        let second = letters(3..5);
        assert!(sink.deliver(&second).is_err());
        assert_eq!(sink.deliver(&second).unwrap(), 2);
        let (reader, _) = listener.accept().unwrap();
        drop(sink);
        let got: Vec<u64> =
            BufReader::new(reader).lines().map(|line| uptime(&line.unwrap())).collect();
        assert_eq!(got, [3, 4]);
    }

    #[test]
    fn a_reader_that_takes_nothing_does_not_tear_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.sock");
        let mut sink = sink(path.clone(), EveSocketKind::Stream);
        let listener = UnixListener::bind(&path).unwrap();
        let all = letters(0..2_000);

        sink.connection = Some(sink.connect().unwrap());
        if let Some(Connection::Stream(stream)) = &sink.connection {
            stream.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
        }
        let (reader, _) = listener.accept().unwrap();
        let done = sink.deliver(&all).unwrap();
        assert!((1..2_000).contains(&done), "{done}");
        assert!(sink.connection.is_none());

        // The second connection begins with the line that was cut.
        let again = std::thread::spawn(move || {
            let (reader, _) = listener.accept().unwrap();
            let lines = BufReader::new(reader).lines();
            lines.map(|line| uptime(&line.unwrap())).collect::<Vec<_>>()
        });
        assert_eq!(sink.deliver(&all[done..]).unwrap(), 2_000 - done);
        drop(sink);
        assert_eq!(again.join().unwrap(), (done as u64..2_000).collect::<Vec<_>>());
        let first: Vec<String> = BufReader::new(reader).lines().map(Result::unwrap).collect();
        assert!(first[..done].iter().zip(0..).all(|(line, number)| uptime(line) == number));
    }

    #[test]
    fn a_datagram_is_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eve.sock");
        let reader = UnixDatagram::bind(&path).unwrap();
        let mut sink = sink(path, EveSocketKind::Datagram);

        assert_eq!(sink.deliver(&letters(0..2)).unwrap(), 2);

        let mut bytes = [0; 65536];
        for number in 0..2 {
            let length = reader.recv(&mut bytes).unwrap();
            let line = std::str::from_utf8(&bytes[..length]).unwrap();
            assert!(line.ends_with('\n'));
            assert_eq!(uptime(line), number);
        }
    }
}
