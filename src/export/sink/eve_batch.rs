//! EVE lines that are on their way through something that takes bytes.
//!
//! Comes in: letters. Goes out: their lines, as often as it takes until they are written, and how many letters are done
//! with. A line that was cut goes on where it was cut.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;

use super::letter::Letter;
use crate::capture::ObservationPoint;
use crate::export::{Config, EndOfRun, EveEncoder, Pseudonyms};

/// Lines of the letters in hand. Each letter is encoded once: the encoder remembers which flows raised alerts.
#[derive(Debug)]
pub(super) struct EveBatch {
    encoder: EveEncoder,
    points: Arc<[ObservationPoint]>,
    bytes: Vec<u8>,
    /// Where the lines of each letter end in `bytes`.
    ends: VecDeque<usize>,
    /// How much of `bytes` is written.
    written: usize,
}

impl EveBatch {
    pub(super) fn new(config: &Config, pseudonyms: Option<Arc<Pseudonyms>>) -> Self {
        let mut encoder = EveEncoder::new(config, EndOfRun::Forced);
        encoder.set_pseudonyms(pseudonyms);
        Self { encoder, points: Arc::new([]), bytes: Vec::new(), ends: VecDeque::new(), written: 0 }
    }

    pub(super) fn set_points(&mut self, points: &Arc<[ObservationPoint]>) {
        self.points = Arc::clone(points);
    }

    /// Encodes `letters`, of which the first ones may be here already.
    pub(super) fn fill(&mut self, letters: &[Letter]) {
        for letter in letters.iter().skip(self.ends.len()) {
            let _lines = match letter {
                Letter::Event(event) => self.encoder.encode(event, &self.points, &mut self.bytes),
                Letter::Stats(stats) => self.encoder.encode_stats(stats, &mut self.bytes),
            };
            self.ends.push_back(self.bytes.len());
        }
    }

    /// Bytes that are still to be written.
    pub(super) fn unwritten(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    /// Writes what there is; gives the letters that are done with, and what came in the way.
    pub(super) fn write_to(&mut self, writer: &mut impl Write) -> (usize, io::Result<()>) {
        let result = loop {
            let rest = self.unwritten();
            if rest.is_empty() {
                break writer.flush();
            }
            match writer.write(rest) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => self.written += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        (self.take_done(), result)
    }

    /// The first line that is not done is written from its beginning: what its first part went to is gone.
    pub(super) fn begin_line_again(&mut self) {
        self.written = 0;
    }

    /// Forgets what is written.
    fn take_done(&mut self) -> usize {
        let mut done = 0;
        let mut end = 0;
        while let Some(next) = self.ends.front().filter(|end| **end <= self.written) {
            end = *next;
            done += 1;
            self.ends.pop_front();
        }
        self.bytes.drain(..end.min(self.bytes.len()));
        self.written -= end;
        for later in &mut self.ends {
            *later -= end;
        }
        done
    }
}
