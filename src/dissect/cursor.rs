//! A reader of big-endian fields that cannot leave its slice.
//!
//! Comes in: bytes. Goes out: numbers and sub-slices, or [`DissectReason::Truncated`]. It copies nothing.

use super::DissectReason;

/// A position in a slice; every read moves it forward or fails and leaves it where it was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Stands before the first byte.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Stands before byte `at`.
    pub(crate) const fn at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// The offset of the next byte from the start of the slice.
    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// Tells whether nothing is left.
    pub(crate) const fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Takes all that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at = self.bytes.len();
        rest
    }

    /// Takes `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], DissectReason> {
        let end = self.at.checked_add(count).ok_or(DissectReason::Truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(DissectReason::Truncated)?;
        self.at = end;
        Ok(taken)
    }

    /// Takes `N` bytes as an array.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DissectReason> {
        self.take(N)?.first_chunk::<N>().copied().ok_or(DissectReason::Truncated)
    }

    /// Takes 8 bits.
    pub(crate) fn u8(&mut self) -> Result<u8, DissectReason> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Takes 16 bits.
    pub(crate) fn u16(&mut self) -> Result<u16, DissectReason> {
        self.array().map(u16::from_be_bytes)
    }

    /// Takes 32 bits.
    pub(crate) fn u32(&mut self) -> Result<u32, DissectReason> {
        self.array().map(u32::from_be_bytes)
    }

    /// Takes a vector whose length stands before it in 8 bits.
    pub(crate) fn vector8(&mut self) -> Result<&'a [u8], DissectReason> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    /// Takes a vector whose length stands before it in 16 bits.
    pub(crate) fn vector16(&mut self) -> Result<&'a [u8], DissectReason> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_beyond_the_end_fails_and_moves_nothing() {
        let mut cursor = Cursor::new(&[0, 2, 7]);

        assert_eq!(cursor.u32(), Err(DissectReason::Truncated));
        assert_eq!(cursor.take(usize::MAX), Err(DissectReason::Truncated));
        assert_eq!((cursor.position(), cursor.u16()), (0, Ok(2)));
        assert_eq!((cursor.take(1), cursor.is_empty()), (Ok(&[7][..]), true));
    }

    #[test]
    fn a_cursor_behind_the_slice_is_empty() {
        let mut cursor = Cursor::at(&[1, 2], 9);

        assert!(cursor.is_empty());
        assert_eq!(cursor.u8(), Err(DissectReason::Truncated));
    }
}
