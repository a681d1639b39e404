//! EVE lines to standard output.
//!
//! Comes in: letters. Goes out: lines into a writer, which may block: a pipe that nobody reads holds up this sink alone.

use std::io::Write;
use std::sync::Arc;

use super::deliver::{Deliver, DeliveryError};
use super::eve_batch::EveBatch;
use super::letter::Letter;
use crate::capture::ObservationPoint;
use crate::export::{Config, Pseudonyms};

/// Writes events to a writer.
#[derive(Debug)]
pub struct EveStream<W> {
    writer: W,
    batch: EveBatch,
}

impl<W: Write> EveStream<W> {
    /// Writes to `writer` from now on.
    pub fn new(writer: W, config: &Config, pseudonyms: Option<Arc<Pseudonyms>>) -> Self {
        Self { writer, batch: EveBatch::new(config, pseudonyms) }
    }
}

impl<W: Write + Send> Deliver for EveStream<W> {
    fn begin(&mut self, points: &Arc<[ObservationPoint]>) {
        self.batch.set_points(points);
    }

    fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError> {
        self.batch.fill(letters);
        let result = self.batch.lines.write_all_to(&mut self.writer);
        match (self.batch.lines.take_done(), result) {
            (0, Err(problem)) => Err(problem.into()),
            (done, _) => Ok(done),
        }
    }
}
