//! What every place that frames come from has in common.

use super::{CaptureError, CutoffUnavailable, FrameBatch};
use crate::net::{Cutoff, Frame};

/// What a source has for the reader at this moment.
#[derive(Debug)]
pub enum Next<'a> {
    /// One frame, borrowed from the ring or the file until the next call. Its `number` is 0:
    /// whoever merges sources numbers the frames.
    Frame(Frame<'a>),
    /// Nothing arrived within the source's wait time; ask again.
    Idle,
    /// Nothing more will come.
    End,
}

/// What a source had for a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supply {
    /// One frame or more.
    Frames,
    /// Nothing arrived within the source's wait time; ask again.
    Idle,
    /// Nothing more will come.
    End,
}

/// A place that frames come from: a live interface, a capture file, standard input.
pub trait FrameSource: Send {
    /// Gives the next frame. Waits at most the source's wait time (live sources: 100 ms).
    ///
    /// # Errors
    /// The interface went away or the file could not be read. A capture file that is cut in
    /// the middle of a record is no error: [`FrameSource::warning`] says so after [`Next::End`].
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError>;

    /// Gives the frames that are at hand, as many as `batch`, which is empty, has room for. Waits for the first one only,
    /// as [`next_frame`](Self::next_frame) does.
    ///
    /// # Errors
    /// As of [`next_frame`](Self::next_frame).
    fn next_frames<'a>(&'a mut self, batch: &mut FrameBatch<'a>) -> Result<Supply, CaptureError> {
        Ok(match self.next_frame()? {
            Next::Frame(frame) => {
                batch.push(frame);
                Supply::Frames
            }
            Next::Idle => Supply::Idle,
            Next::End => Supply::End,
        })
    }

    /// The interfaces that frames of this source were seen on; a frame's
    /// [`InterfaceId`](crate::net::InterfaceId) is an index into it. May grow while reading.
    fn observation_points(&self) -> &[ObservationPoint];

    /// Totals since the source was opened; each only grows.
    fn counters(&mut self) -> SourceCounters;

    /// What a user should know about the input as a whole, such as a file that is cut short.
    fn warning(&self) -> Option<String> {
        None
    }

    /// Gives away the table by which the kernel counts flows of this source in our place. It works without the source,
    /// which goes on leaving out the frames of what is cut in it. Asked again, it answers
    /// [`CutoffUnavailable::Source`].
    ///
    /// # Errors
    /// There is none; everything is captured.
    fn take_cutoff(&mut self) -> Result<Box<dyn Cutoff>, CutoffUnavailable> {
        Err(CutoffUnavailable::Source)
    }
}

/// An interface that frames were seen on (RFC 7011, "observation point").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservationPoint {
    /// Its name as the system or the capture file gives it; empty when the file gives none.
    pub name: String,
}

/// Frames that a source received or lost, since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SourceCounters {
    /// Frames that reached the capture, including those lost in its ring.
    pub received: u64,
    /// Frames that the kernel dropped because the ring was full.
    pub kernel_drops: u64,
    /// Frames that the network card or its driver reports as dropped.
    pub interface_drops: u64,
    /// How often the ring was found full (TPACKET_V3 `tp_freeze_q_cnt`).
    pub ring_freezes: u64,
}

impl SourceCounters {
    /// Adds what another source of the same interface has counted.
    pub const fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.kernel_drops += other.kernel_drops;
        self.interface_drops += other.interface_drops;
        self.ring_freezes += other.ring_freezes;
    }
}
