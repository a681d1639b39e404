//! Bytes of several letters on their way through something that takes bytes.
//!
//! Comes in: what letters were encoded to, in order. Goes out: the bytes, as often as it takes until they are written, and how many
//! letters are done with. A letter that was cut goes on where it was cut, or begins again if its first part is gone.

use std::collections::VecDeque;
use std::io::{self, Write};

/// Encoded letters.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    /// Where each letter ends in `bytes`.
    ends: VecDeque<usize>,
    /// How much of `bytes` is written.
    written: usize,
}

impl Outgoing {
    /// How many letters are here.
    pub(crate) fn letters(&self) -> usize {
        self.ends.len()
    }

    /// Takes what `encode` appends as the next letter; that may be nothing.
    pub(crate) fn push(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        encode(&mut self.bytes);
        self.ends.push_back(self.bytes.len());
    }

    /// Bytes that are still to be written, up to the end of the last whole letter within `room`; none if not even the first fits.
    pub(crate) fn fitting(&self, room: usize) -> usize {
        let limit = self.written.saturating_add(room);
        let fits = self.ends.iter().take_while(|end| **end <= limit).last();
        fits.map_or(0, |end| end.saturating_sub(self.written))
    }

    /// Bytes of the first letter that are still to be written; absent when all is written.
    pub(crate) fn first(&self) -> Option<&[u8]> {
        let end = self.ends.iter().find(|end| **end > self.written)?;
        self.bytes.get(self.written..*end)
    }

    /// Writes `count` bytes, as far as the writer takes them.
    pub(crate) fn write_to(&mut self, writer: &mut impl Write, count: usize) -> io::Result<()> {
        let until = self.written.saturating_add(count);
        loop {
            let rest = self.bytes.get(self.written..until).unwrap_or_default();
            if rest.is_empty() {
                return writer.flush();
            }
            match writer.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => self.written += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes everything, as far as the writer takes it.
    pub(crate) fn write_all_to(&mut self, writer: &mut impl Write) -> io::Result<()> {
        self.write_to(writer, self.bytes.len().saturating_sub(self.written))
    }

    /// Counts bytes that left in another way.
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.written = self.written.saturating_add(bytes).min(self.bytes.len());
    }

    /// How much is written since what was done was last taken.
    pub(crate) const fn written(&self) -> usize {
        self.written
    }

    /// Takes back what was written since `to`: it may not have left.
    pub(crate) fn rewind(&mut self, to: usize) {
        self.written = self.written.min(to);
    }

    /// A letter that was cut is written from its beginning: its first part is gone.
    pub(crate) fn begin_again(&mut self) {
        let whole = self.ends.iter().rev().find(|end| **end <= self.written);
        self.written = whole.copied().unwrap_or(0);
    }

    /// Tells whether a letter is cut: a part of it is written.
    pub(crate) fn is_cut(&self) -> bool {
        self.written > 0 && self.ends.binary_search(&self.written).is_err()
    }

    /// Forgets what is written, and tells how many letters that were.
    pub(crate) fn take_done(&mut self) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, then refuses.
    struct Narrow(usize, Vec<u8>);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            self.1.extend_from_slice(&bytes[..taken]);
            if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn outgoing() -> Outgoing {
        let mut outgoing = Outgoing::default();
        for text in ["one\n", "", "two\n", "three\n"] {
            outgoing.push(|bytes| bytes.extend_from_slice(text.as_bytes()));
        }
        outgoing
    }

    #[test]
    fn what_was_cut_goes_on_where_it_was_cut() {
        let mut outgoing = outgoing();
        let mut narrow = Narrow(6, Vec::new());

        assert!(outgoing.write_all_to(&mut narrow).is_err());
        assert!(outgoing.is_cut());
        assert_eq!(outgoing.take_done(), 2, "the empty one too");
        assert!(outgoing.is_cut());
        narrow.0 = 100;
        outgoing.write_all_to(&mut narrow).unwrap();

        assert_eq!((outgoing.take_done(), outgoing.letters()), (2, 0));
        assert_eq!(narrow.1, b"one\ntwo\nthree\n");
    }

    #[test]
    fn what_was_cut_begins_again_when_its_first_part_is_gone() {
        let mut outgoing = outgoing();
        assert!(outgoing.write_all_to(&mut Narrow(6, Vec::new())).is_err());

        outgoing.begin_again();
        assert!(!outgoing.is_cut());
        let mut next = Narrow(100, Vec::new());
        outgoing.write_all_to(&mut next).unwrap();

        assert_eq!(next.1, b"two\nthree\n");
    }

    #[test]
    fn only_whole_letters_fit() {
        let outgoing = outgoing();

        assert_eq!([3, 4, 7, 8, 100].map(|room| outgoing.fitting(room)), [0, 4, 4, 8, 14]);
        assert_eq!(outgoing.first(), Some(&b"one\n"[..]));
    }
}
