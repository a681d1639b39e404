//! The EVE file.
//!
//! Comes in: events. Goes out: lines at the end of a file, which may be moved away; another sink then takes its place (log rotation).
//! A full or broken disk never stops the daemon: what cannot be written is counted.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::config::Config;
use super::eve_encoder::EndOfRun;
use super::eve_writer::EveWriter;
use super::pseudonym::Pseudonyms;
use super::stats::RunStats;
use crate::analyst::Event;
use crate::capture::ObservationPoint;

/// Appends events to a file.
#[derive(Debug)]
pub struct EveFileSink {
    writer: EveWriter<File>,
    /// Lines that are still in the buffer: their fate is not known yet.
    pending: u64,
    counters: DeliveryCounters,
}

/// Lines that reached a sink, and lines that were lost on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryCounters {
    /// Written.
    pub delivered: u64,
    /// Lost.
    pub failed: u64,
}

impl EveFileSink {
    /// Opens `path` for appending; it is made if it is not there.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path, config: &Config, end_of_run: EndOfRun) -> io::Result<Self> {
        Ok(Self {
            writer: EveWriter::new(open_for_appending(path)?, config, end_of_run),
            pending: 0,
            counters: DeliveryCounters::default(),
        })
    }

    /// Shows serial numbers as pseudonyms from now on.
    #[must_use]
    pub fn with_pseudonyms(mut self, pseudonyms: Option<Arc<Pseudonyms>>) -> Self {
        self.writer = self.writer.with_pseudonyms(pseudonyms);
        self
    }

    /// Takes one event.
    pub fn deliver(&mut self, event: &Event, points: &[ObservationPoint]) {
        let result = self.writer.write_event(event, points);
        self.count(result);
    }

    /// Takes the totals of the run.
    pub fn deliver_stats(&mut self, run: &RunStats) {
        let result = self.writer.write_stats(run);
        self.count(result);
    }

    /// Hands everything to the file. Lines count as delivered when this has worked.
    pub fn flush(&mut self) {
        let result = self.writer.flush();
        self.settle(result.is_ok());
    }

    /// Lines delivered and lost so far.
    #[must_use]
    pub const fn counters(&self) -> DeliveryCounters {
        self.counters
    }

    fn count(&mut self, result: io::Result<usize>) {
        match result {
            Ok(lines) => self.pending += u64::try_from(lines).unwrap_or(u64::MAX),
            Err(_) => {
                // The line that filled the buffer was lost with the ones before it.
                self.pending += 1;
                self.settle(false);
            }
        }
    }

    fn settle(&mut self, delivered: bool) {
        let lines = std::mem::take(&mut self.pending);
        if delivered {
            self.counters.delivered += lines;
        } else {
            self.counters.failed += lines;
        }
    }
}

fn open_for_appending(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
