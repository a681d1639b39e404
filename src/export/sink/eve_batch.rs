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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::export::sink::sample::{alert, hostile, told};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// File, socket and standard output share these lines.
        #[test]
        fn hostile_names_stay_inside_one_line_of_json_and_come_back_as_they_were(
            device in hostile(), subject in hostile(), message in hostile(),
        ) {
            let mut batch = EveBatch::new(&Config::default(), None);
            batch.fill(&[told(alert(&device, &subject, &message))]);

            let (last, line) = batch.lines.first().unwrap().split_last().unwrap();
            prop_assert_eq!(*last, b'\n');
            prop_assert!(line.iter().all(|byte| *byte >= 0x20));
            let line: serde_json::Value = serde_json::from_slice(line).unwrap();
            prop_assert_eq!(&line["alert"]["metadata"]["message"][0], &message);
            prop_assert_eq!(&line["alert"]["metadata"]["device_id"][0], &device);
        }
    }
}
