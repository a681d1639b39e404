//! The first bytes of one direction of a TCP stream, put in order.

/// Segments that may wait for an earlier one; guards against streams of single bytes.
const MAX_WAITING: usize = 16;

/// The beginning of a byte stream, put together from segments that may be lost, repeated, reordered or overlapping.
///
/// Policy: the first copy of a byte wins, as most stacks have it for data that was already
/// delivered; a segment that begins behind the limit is refused.
#[derive(Debug)]
pub struct StreamHead {
    /// Sequence number of the first byte.
    base: u32,
    limit: usize,
    bytes: Vec<u8>,
    waiting: Vec<(usize, Vec<u8>)>,
}

/// What a segment did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamPush {
    /// There are more bytes in order than before.
    Grown,
    /// Nothing new is in order: a repetition, or a segment that has to wait.
    Unchanged,
    /// The limit is reached, too many segments wait, or one stands behind the limit, so that what is missing will not
    /// come any more: nothing more can be read.
    Full,
}

impl StreamHead {
    /// Begins a head whose first byte has sequence number `base`, and that keeps at most `limit` bytes.
    #[must_use]
    pub const fn new(base: u32, limit: usize) -> Self {
        Self { base, limit, bytes: Vec::new(), waiting: Vec::new() }
    }

    /// Takes in a segment.
    pub fn push(&mut self, sequence: u32, payload: &[u8]) -> StreamPush {
        // Numbers wrap (RFC 9293, 3.4): what is less than half the space ahead is ahead.
        let ahead = sequence.wrapping_sub(self.base);
        let (offset, payload) = if ahead < 1 << 31 {
            (ahead as usize, payload)
        } else {
            let behind = self.base.wrapping_sub(sequence) as usize;
            (0, payload.get(behind..).unwrap_or_default())
        };
        if payload.is_empty() {
            return StreamPush::Unchanged;
        }
        if offset >= self.limit {
            return StreamPush::Full;
        }
        if offset > self.bytes.len() {
            if self.waiting.len() >= MAX_WAITING {
                return StreamPush::Full;
            }
            let room = self.limit - offset;
            let kept = payload.get(..room).unwrap_or(payload);
            self.waiting.push((offset, kept.to_vec()));
            return StreamPush::Unchanged;
        }
        let before = self.bytes.len();
        self.append(offset, payload);
        self.settle();
        if self.bytes.len() == before {
            StreamPush::Unchanged
        } else if self.bytes.len() >= self.limit {
            StreamPush::Full
        } else {
            StreamPush::Grown
        }
    }

    /// The bytes that are in order, from the first one on.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Lets the head begin `count` bytes later: the message that stood before was read.
    pub fn advance(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
        self.base = self.base.wrapping_add(u32::try_from(count).unwrap_or(u32::MAX));
        for (offset, bytes) in &mut self.waiting {
            bytes.drain(..count.saturating_sub(*offset).min(bytes.len()));
            *offset = offset.saturating_sub(count);
        }
        self.waiting.retain(|(_, bytes)| !bytes.is_empty());
        self.settle();
    }

    /// The sequence number of its first byte.
    #[must_use]
    pub const fn base(&self) -> u32 {
        self.base
    }

    /// Tells whether nothing of it has come, not even out of order.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.waiting.is_empty()
    }

    /// Memory that the head holds, in bytes.
    #[must_use]
    pub fn held(&self) -> usize {
        self.bytes.capacity()
            + self.waiting.iter().map(|(_, bytes)| bytes.capacity()).sum::<usize>()
    }

    /// Appends the part of a segment that is new; `offset` is at most the present length.
    fn append(&mut self, offset: usize, payload: &[u8]) {
        let known = self.bytes.len() - offset;
        let fresh = payload.get(known..).unwrap_or_default();
        let room = self.limit - self.bytes.len();
        self.bytes.extend_from_slice(fresh.get(..room).unwrap_or(fresh));
    }

    /// Appends waiting segments that have become adjacent.
    fn settle(&mut self) {
        while let Some(next) =
            self.waiting.iter().position(|(offset, _)| *offset <= self.bytes.len())
        {
            let (offset, payload) = self.waiting.swap_remove(next);
            self.append(offset, &payload);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_in_any_order_give_the_same_bytes() {
        let text = b"first second third";
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]] {
            let mut head = StreamHead::new(u32::MAX - 2, 64);
            for part in order {
                let at = part * 6;
                head.push((u32::MAX - 2).wrapping_add(at), &text[at as usize..at as usize + 6]);
            }
            assert_eq!(head.bytes(), text, "{order:?}");
        }
    }

    #[test]
    fn the_first_copy_of_a_byte_wins() {
        let mut head = StreamHead::new(100, 64);

        assert_eq!(head.push(100, b"abcd"), StreamPush::Grown);
        assert_eq!(head.push(100, b"XXXX"), StreamPush::Unchanged);
        assert_eq!(head.push(98, b"YYYYYYef"), StreamPush::Grown);
        assert_eq!(head.bytes(), b"abcdef");
    }

    #[test]
    fn what_was_read_makes_room_for_what_follows() {
        let mut head = StreamHead::new(100, 16);
        head.push(100, b"first");
        head.push(110, b"x");
        head.advance(5);
        assert_eq!(head.push(105, b"abcde"), StreamPush::Grown);
        assert_eq!(head.bytes(), b"abcdex");

        head.push(112, b"zz");
        head.advance(8);
        assert_eq!(head.bytes(), b"z");
        head.advance(1);
        assert!(head.is_empty());
    }

    #[test]
    fn the_limit_holds_for_bytes_and_for_waiting_segments() {
        let mut head = StreamHead::new(0, 8);
        assert_eq!(head.push(0, &[7; 100]), StreamPush::Full);
        assert_eq!(head.bytes().len(), 8);

        let mut gaps = StreamHead::new(0, 1000);
        let refused = (1..100u32).filter(|n| gaps.push(n * 2, b"x") == StreamPush::Full).count();
        assert_eq!(refused, 99 - MAX_WAITING);
    }
}
