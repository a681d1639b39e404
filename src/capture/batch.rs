//! Frames that a source hands over together.
//!
//! Comes in: frames, one by one. Goes out: all of them, in order. Whoever reads several at once can look up what they need
//! while the memory of the first is still on its way.

use crate::net::{Frame, InterfaceId, LinkType, Timestamp};

/// Most frames of a batch: enough to hide a look-up in memory behind the others, few enough to stay in a processor's
/// nearest cache.
pub const BATCH_FRAMES: usize = 16;

/// A place that holds no frame.
const VACANT: Frame<'static> = Frame {
    number: 0,
    timestamp: Timestamp::ZERO,
    interface: InterfaceId(0),
    link_type: LinkType::NOT_A_FRAME,
    wire_len: 0,
    stripped_tag: None,
    bytes: &[],
};

/// Up to [`BATCH_FRAMES`] frames, borrowed from the ring or the file until the next batch.
#[derive(Debug)]
pub struct FrameBatch<'a> {
    frames: [Frame<'a>; BATCH_FRAMES],
    len: usize,
}

impl<'a> FrameBatch<'a> {
    /// A batch without a frame.
    #[must_use]
    pub const fn new() -> Self {
        Self { frames: [VACANT; BATCH_FRAMES], len: 0 }
    }

    /// Takes a frame in; one that finds no room is left out, so look at [`is_full`](Self::is_full) first.
    #[inline]
    pub fn push(&mut self, frame: Frame<'a>) {
        if let Some(place) = self.frames.get_mut(self.len) {
            *place = frame;
            self.len += 1;
        }
    }

    /// Tells whether no frame finds room any more.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len == BATCH_FRAMES
    }

    /// The frames, first one first.
    #[must_use]
    pub fn frames(&self) -> &[Frame<'a>] {
        self.frames.get(..self.len).unwrap_or_default()
    }

    /// The frames, to be numbered.
    pub fn frames_mut(&mut self) -> &mut [Frame<'a>] {
        self.frames.get_mut(..self.len).unwrap_or_default()
    }
}

impl Default for FrameBatch<'_> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_holds_its_frames_in_order_and_no_more_than_it_has_room_for() {
        let mut batch = FrameBatch::new();
        for number in 1..=BATCH_FRAMES as u64 + 1 {
            assert_eq!(batch.is_full(), number > BATCH_FRAMES as u64);
            batch.push(Frame { number, ..VACANT });
        }
        let numbers: Vec<u64> = batch.frames().iter().map(|frame| frame.number).collect();
        assert_eq!(numbers, (1..=BATCH_FRAMES as u64).collect::<Vec<_>>());
    }
}
