//! Letters as EVE lines.
//!
//! Comes in: letters. Goes out: [`Outgoing`] lines. Each letter is encoded once, however often it is tried: the encoder remembers which
//! flows raised alerts.

use std::sync::Arc;

use super::letter::Letter;
use super::outgoing::Outgoing;
use crate::capture::ObservationPoint;
use crate::export::{Config, EndOfRun, EveEncoder, Pseudonyms};

/// The lines of the letters in hand.
#[derive(Debug)]
pub(super) struct EveBatch {
    encoder: EveEncoder,
    points: Arc<[ObservationPoint]>,
    pub(super) lines: Outgoing,
}

impl EveBatch {
    pub(super) fn new(config: &Config, pseudonyms: Option<Arc<Pseudonyms>>) -> Self {
        let mut encoder = EveEncoder::new(config, EndOfRun::Forced);
        encoder.set_pseudonyms(pseudonyms);
        Self { encoder, points: Arc::new([]), lines: Outgoing::default() }
    }

    pub(super) fn set_points(&mut self, points: &Arc<[ObservationPoint]>) {
        self.points = Arc::clone(points);
    }

    /// Encodes `letters`, of which the first ones may be here already.
    pub(super) fn fill(&mut self, letters: &[Letter]) {
        for letter in letters.iter().skip(self.lines.letters()) {
            let (encoder, points) = (&mut self.encoder, &self.points);
            self.lines.push(|out| {
                let _count = match letter {
                    Letter::Event(event) => encoder.encode(event, points, out),
                    Letter::Forgotten(_) => 0,
                    Letter::Stats(stats) => encoder.encode_stats(stats, out),
                };
            });
        }
    }
}
