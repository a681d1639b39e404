//! EVE lines into any writer: a file, standard output, a buffer.
//!
//! Comes in: events. Goes out: bytes, buffered; [`EveWriter::flush`] hands over the rest. Errors are the caller's.

use std::io::{self, Write};
use std::sync::Arc;

use super::config::Config;
use super::eve_encoder::{EndOfRun, EveEncoder};
use super::pseudonym::Pseudonyms;
use super::stats::RunStats;
use crate::analyst::Event;
use crate::capture::ObservationPoint;

/// Bytes that are gathered before the writer is called.
const BUFFER_BYTES: usize = 64 << 10;

/// Writes events as EVE JSON.
#[derive(Debug)]
pub struct EveWriter<W> {
    encoder: EveEncoder,
    buffer: Vec<u8>,
    writer: W,
}

impl<W: Write> EveWriter<W> {
    /// Writes to `writer` what `config` selects.
    #[must_use]
    pub fn new(writer: W, config: &Config, end_of_run: EndOfRun) -> Self {
        let buffer = Vec::with_capacity(BUFFER_BYTES);
        Self { encoder: EveEncoder::new(config, end_of_run), buffer, writer }
    }

    /// Shows serial numbers as pseudonyms from now on.
    #[must_use]
    pub fn with_pseudonyms(mut self, pseudonyms: Option<Arc<Pseudonyms>>) -> Self {
        self.encoder.set_pseudonyms(pseudonyms);
        self
    }

    /// Writes the lines of one event, and tells how many there are.
    ///
    /// # Errors
    /// The writer refused the bytes gathered so far; they are lost.
    pub fn write_event(&mut self, event: &Event, points: &[ObservationPoint]) -> io::Result<usize> {
        let lines = self.encoder.encode(event, points, &mut self.buffer);
        self.write_when_full()?;
        Ok(lines)
    }

    /// Writes a `stats` line if those are selected, and tells how many lines there are.
    ///
    /// # Errors
    /// The writer refused the bytes gathered so far; they are lost.
    pub fn write_stats(&mut self, run: &RunStats) -> io::Result<usize> {
        let lines = self.encoder.encode_stats(run, &mut self.buffer);
        self.write_when_full()?;
        Ok(lines)
    }

    /// Hands over everything that was gathered.
    ///
    /// # Errors
    /// The writer refused it; it is lost.
    pub fn flush(&mut self) -> io::Result<()> {
        self.write_out()?;
        self.writer.flush()
    }

    /// Hands over everything, and gives the writer back.
    ///
    /// # Errors
    /// The writer refused it.
    pub fn into_inner(mut self) -> io::Result<W> {
        self.flush()?;
        Ok(self.writer)
    }

    fn write_when_full(&mut self) -> io::Result<()> {
        if self.buffer.len() < BUFFER_BYTES { Ok(()) } else { self.write_out() }
    }

    fn write_out(&mut self) -> io::Result<()> {
        let mut written = 0;
        let result = loop {
            let rest = self.buffer.get(written..).unwrap_or_default();
            if rest.is_empty() {
                break Ok(());
            }
            match self.writer.write(rest) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => written += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        let cut_inside_a_line =
            self.buffer.get(..written).and_then(<[u8]>::last).is_some_and(|byte| *byte != b'\n');
        self.buffer.clear();
        if cut_inside_a_line {
            // Ends the broken line, so that it takes no good one with it.
            self.buffer.push(b'\n');
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Timestamp;

    /// Takes `room` bytes, refuses once, then takes everything.
    struct FullDisk {
        room: usize,
        refused: bool,
        bytes: Vec<u8>,
    }

    impl Write for FullDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.refused {
                self.bytes.extend_from_slice(bytes);
                return Ok(bytes.len());
            }
            if self.room == 0 {
                self.refused = true;
                return Err(io::ErrorKind::StorageFull.into());
            }
            let taken = bytes.len().min(self.room);
            self.room -= taken;
            self.bytes.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_was_cut_takes_no_other_with_it() {
        let disk = FullDisk { room: 20, refused: false, bytes: Vec::new() };
        let mut writer = EveWriter::new(disk, &Config::default(), EndOfRun::Shutdown);

        writer.write_stats(&RunStats::default()).unwrap();
        let first = writer.flush();
        writer
            .write_stats(&RunStats {
                timestamp: Timestamp::from_parts(5, 0),
                ..RunStats::default()
            })
            .unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap().bytes).unwrap();

        assert!(first.is_err());
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].starts_with(r#"{"timestamp":"1970-01-01T00:00:05"#), "{text}");
    }
}
