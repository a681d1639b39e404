//! What every sink can do.
//!
//! Comes in: nothing. Goes out: [`Deliver`], which each kind of sink implements, [`DeliveryError`], and [`Sink`]: one that is
//! ready to be started.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::letter::Letter;
use crate::analyst::Event;
use crate::capture::ObservationPoint;
use crate::net::Timestamp;

/// Longest part of an answer from a far end that an error repeats; guards logs.
pub const MAX_ANSWER: usize = 200;

/// Takes letters to a far end. It runs on the sink's own thread and may block there, within a bound: a socket has its
/// timeouts.
pub trait Deliver: Send {
    /// Told once, before everything else: the interfaces of the run, by number.
    fn begin(&mut self, points: &Arc<[ObservationPoint]>) {
        let _unneeded = points;
    }

    /// Delivers letters in order, and tells how many of them, from the first on, are done with: the far end has them, as
    /// far as the protocol lets us know. None is 0, and as good as an error. After an error, and after fewer
    /// than all, the next call begins with the first that was not done.
    ///
    /// # Errors
    /// Not even the first was taken, and why. Whoever has taken some before an error tells how many, and gives the error
    /// at the next call if it is still there.
    fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError>;

    /// How often [`Deliver::tick`] is to be called; never if absent.
    fn tick_interval(&self) -> Option<Duration> {
        None
    }

    /// Told the time now and then, also while nothing is delivered: for what has to be said again, kept alive or turned over.
    ///
    /// # Errors
    /// The far end cannot be reached; as in [`Deliver::deliver`].
    fn tick(&mut self, now: Timestamp) -> Result<(), DeliveryError> {
        let _unneeded = now;
        Ok(())
    }

    /// Tells whether the sink keeps a picture that it publishes at each [`Deliver::tick`]: letters only go into the picture, also
    /// while the far end is away, and it is a tick that shows whether the sink works.
    fn keeps_a_picture(&self) -> bool {
        false
    }

    /// Tells whether the sink remembers devices, and has to be told when one is forgotten on request.
    fn remembers_devices(&self) -> bool {
        false
    }

    /// Opens anew what was opened: the operator has moved a file, or restarted the far end.
    fn reopen(&mut self) {}

    /// The end: nothing is delivered any more.
    fn close(&mut self) {}
}

/// Why letters were not taken.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The far end cannot be reached, went away, or has no room. Tried again.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It answered, and takes nothing now. Tried again, but not without end with the same letter.
    #[error("the far end answered: {answer}")]
    Refused {
        /// What it said; printable and short.
        answer: String,
        /// When it wants to be asked again, where it said so.
        retry_after: Option<Duration>,
    },
    /// It will never take the first letter, which is given up.
    #[error("the far end takes no such message: {answer}")]
    Unacceptable {
        /// What it said; printable and short.
        answer: String,
    },
}

/// A sink that is ready to be started.
pub struct Sink {
    /// Its name in metrics and logs; ours or the operator's, and no other sink's.
    pub name: Arc<str>,
    /// Which events it is given.
    pub wants: Box<dyn Fn(&Event) -> bool + Send>,
    /// Whether it is given the totals of the run.
    pub wants_stats: bool,
    /// Most letters that wait; when there is no room, the oldest goes.
    pub capacity: usize,
    /// Takes them where they go.
    pub deliver: Box<dyn Deliver>,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Sink")
            .field("name", &self.name)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
