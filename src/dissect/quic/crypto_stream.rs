//! Puts the pieces of a handshake message together.
//!
//! Comes in: pieces with their offsets, in any order, with repetitions (RFC 9000, 7.5). Goes out: the beginning, as far as there is no
//! gap. It keeps at most [`MAX_BYTES`] and [`MAX_RANGES`].

use crate::dissect::DissectReason;

/// Bytes of the stream that are kept: guards against offsets far away. A ClientHello with a post-quantum key share
/// has below 2 KiB.
pub(super) const MAX_BYTES: usize = 16 * 1024;
/// Pieces with gaps between them that are kept; guards against a flood of single bytes. Chrome cuts its
/// hello into a dozen or so.
const MAX_RANGES: usize = 64;

/// A stream that is being put together.
#[derive(Debug, Default)]
pub(super) struct CryptoStream {
    bytes: Vec<u8>,
    /// What has come: start and end, in order, with gaps between them.
    ranges: Vec<(usize, usize)>,
}

impl CryptoStream {
    /// Adds a piece. Where it overlaps another, the later one counts.
    ///
    /// # Errors
    /// [`DissectReason::TooLarge`] when it lies beyond [`MAX_BYTES`], or there are too many gaps.
    pub(super) fn insert(&mut self, offset: u64, piece: &[u8]) -> Result<(), DissectReason> {
        let start = usize::try_from(offset).map_err(|_| DissectReason::TooLarge)?;
        let end = start.checked_add(piece.len()).ok_or(DissectReason::TooLarge)?;
        if end > MAX_BYTES {
            return Err(DissectReason::TooLarge);
        }
        if piece.is_empty() {
            return Ok(());
        }
        let before = self.ranges.partition_point(|&(_, other_end)| other_end < start);
        let behind = self.ranges.partition_point(|&(other_start, _)| other_start <= end);
        if before == behind && self.ranges.len() >= MAX_RANGES {
            return Err(DissectReason::TooLarge);
        }
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        if let Some(place) = self.bytes.get_mut(start..end) {
            place.copy_from_slice(piece);
        }
        // What touches the piece becomes one range with it.
        let touched = self.ranges.get(before..behind).unwrap_or_default();
        let start = touched.first().map_or(start, |&(first, _)| first.min(start));
        let end = touched.last().map_or(end, |&(_, last)| last.max(end));
        self.ranges.splice(before..behind, [(start, end)]);
        Ok(())
    }

    /// The beginning, up to the first gap.
    pub(super) fn beginning(&self) -> &[u8] {
        match self.ranges.first() {
            Some(&(0, end)) => self.bytes.get(..end).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Forgets all pieces.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ranges.clear();
    }

    /// Bytes of memory that it holds beside itself.
    pub(super) const fn held(&self) -> usize {
        self.bytes.capacity() + self.ranges.capacity() * size_of::<(usize, usize)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_together_in_any_order_and_with_overlap() {
        let whole: Vec<u8> = (0..100).collect();
        let mut stream = CryptoStream::default();
        for (start, end) in [(60, 100), (10, 20), (30, 50), (15, 35), (90, 100), (45, 61)] {
            stream.insert(start, &whole[usize::try_from(start).unwrap()..end]).unwrap();
            assert_eq!(stream.beginning(), b"");
        }
        assert_eq!(stream.ranges, [(10, 100)]);
        stream.insert(0, &whole[..10]).unwrap();

        assert_eq!(stream.beginning(), whole);
        assert_eq!(stream.ranges, [(0, 100)]);
    }

    #[test]
    fn pieces_that_only_touch_become_one() {
        let mut stream = CryptoStream::default();
        stream.insert(2, &[3]).unwrap();
        stream.insert(0, &[1, 2]).unwrap();
        stream.insert(3, &[]).unwrap();

        assert_eq!((stream.beginning(), stream.ranges.len()), (&[1, 2, 3][..], 1));
        stream.clear();
        assert_eq!(stream.beginning(), b"");
    }

    #[test]
    fn neither_bytes_nor_gaps_grow_beyond_their_bounds() {
        let mut stream = CryptoStream::default();
        assert_eq!(stream.insert(u64::MAX, &[1]), Err(DissectReason::TooLarge));
        assert_eq!(stream.insert(16 * 1024, &[1]), Err(DissectReason::TooLarge));
        for offset in 0..64 {
            stream.insert(2 * offset, &[1]).unwrap();
        }
        assert_eq!(stream.insert(200, &[1]), Err(DissectReason::TooLarge));
        stream.insert(1, &[1]).unwrap();

        assert_eq!(stream.beginning(), [1, 1, 1]);
        assert!(stream.held() < 64 * 1024);
    }
}
