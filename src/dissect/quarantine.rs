//! Keeps the program alive when a dissector panics all the same.
//!
//! Comes in: calls of dissectors. Goes out: what they give, or that they panicked. A protocol whose dissector
//! panicked too often is not read again in this run.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{AppProtocol, DissectError};

/// Panics of one dissector before it is left alone: each costs microseconds and a line in the log.
const PATIENCE: u8 = 3;

/// Who panicked how often.
#[derive(Debug)]
pub(super) struct Quarantine {
    panics: [u8; AppProtocol::COUNT],
}

impl Default for Quarantine {
    fn default() -> Self {
        Self { panics: [0; AppProtocol::COUNT] }
    }
}

impl Quarantine {
    /// Calls a dissector; `None` when its protocol is not read any more.
    ///
    /// # Errors
    /// It panicked just now.
    pub(super) fn guard<R>(
        &mut self,
        protocol: AppProtocol,
        dissect: impl FnOnce() -> R,
    ) -> Option<Result<R, DissectError>> {
        let panics = self.panics.get_mut(protocol as usize)?;
        if *panics >= PATIENCE {
            return None;
        }
        // Dissectors change nothing but what they return, and what they were reading is given up.
        match catch_unwind(AssertUnwindSafe(dissect)) {
            Ok(read) => Some(Ok(read)),
            Err(_) => {
                *panics += 1;
                Some(Err(DissectError::panicked(protocol)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_and_after_three_the_protocol_is_left_alone() {
        let mut quarantine = Quarantine::default();
        let broken = |quarantine: &mut Quarantine| {
            quarantine.guard(AppProtocol::Snmp, || -> u8 { panic!("a test of the quarantine") })
        };
        let panicked = Err(DissectError::panicked(AppProtocol::Snmp));

        for _ in 0..3 {
            assert_eq!(broken(&mut quarantine), Some(panicked));
        }
        assert_eq!(broken(&mut quarantine), None);
        assert_eq!(quarantine.guard(AppProtocol::Ntp, || 7), Some(Ok(7)));
    }
}
