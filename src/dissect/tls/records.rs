//! Finds handshake messages in the records of a TLS stream.
//!
//! Comes in: the first bytes of one side. Goes out: the handshake messages in them, whether one record holds several or
//! one is spread over several (RFC 8446, 5.1). It copies nothing before it is asked for a body, and keeps nothing.

use std::borrow::Cow;

use crate::dissect::{DissectReason, cursor::Cursor};

/// ContentType handshake, RFC 8446, 5.1.
pub(super) const HANDSHAKE: u8 = 22;
/// Bytes of type and length before the body of a handshake message, RFC 8446, 4.
pub(super) const HEADER: usize = 4;
/// Records of one head that are looked at: guards against heads of thousands of one-byte records that
/// would be walked again for each new segment.
pub(super) const MAX_RECORDS: usize = 16;

/// The longest plaintext fragment of a record, RFC 8446, 5.1.
const MAX_FRAGMENT: usize = 1 << 14;

/// Why the handshake records of a head end where they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The head ends there: more may come.
    Head,
    /// A record of other content follows.
    OtherContent,
    /// What follows is no record, or there are too many.
    Bad(DissectReason),
}

/// The contents of the handshake records that a head begins with, in order.
#[derive(Debug)]
pub(super) struct Records<'a> {
    /// Unused places are empty.
    parts: [&'a [u8]; MAX_RECORDS],
    /// Bytes of all parts together.
    length: usize,
    end: End,
}

impl<'a> Records<'a> {
    /// Walks over at most [`MAX_RECORDS`] record headers.
    pub(super) fn gather(head: &'a [u8]) -> Self {
        let mut found =
            Self { parts: [&[]; MAX_RECORDS], length: 0, end: End::Bad(DissectReason::TooLarge) };
        let mut records = Cursor::new(head);
        for part in &mut found.parts {
            match next_fragment(&mut records) {
                Ok(fragment) => *part = fragment,
                Err(end) => {
                    // What has arrived of the last record counts.
                    if end == End::Head {
                        *part = records.rest();
                        found.length += part.len();
                    }
                    found.end = end;
                    break;
                }
            }
            found.length += part.len();
        }
        found
    }

    /// Why there is not more.
    pub(super) const fn end(&self) -> End {
        self.end
    }

    /// Type and length of the body of the message whose header stands `at` bytes behind the start of
    /// the first; `None` while the header is not whole.
    pub(super) fn header(&self, at: usize) -> Option<(u8, usize)> {
        let mut part_start = 0;
        for (index, part) in self.parts.iter().enumerate() {
            let part_end = part_start + part.len();
            if at < part_end {
                let rest = self.parts.get(index + 1..).unwrap_or_default();
                let here = part.get(at - part_start..).unwrap_or_default();
                let mut bytes = here.iter().chain(rest.iter().copied().flatten()).copied();
                let kind = bytes.next()?;
                let length = [0, bytes.next()?, bytes.next()?, bytes.next()?];
                return Some((kind, usize::try_from(u32::from_be_bytes(length)).ok()?));
            }
            part_start = part_end;
        }
        None
    }

    /// Tells whether the first `end` bytes of the messages have arrived.
    pub(super) const fn reaches(&self, end: usize) -> bool {
        self.length >= end
    }

    /// At most `length` bytes from `at`, as many as have arrived; copies only what lies in several records.
    pub(super) fn bytes(&self, at: usize, length: usize) -> Cow<'a, [u8]> {
        let (mut skip, mut left) = (at, length);
        let mut bytes = Cow::Borrowed(&[][..]);
        for part in self.parts {
            let here = part.get(skip.min(part.len())..).unwrap_or_default();
            skip = skip.saturating_sub(part.len());
            let here = here.get(..left).unwrap_or(here);
            left -= here.len();
            if bytes.is_empty() {
                bytes = Cow::Borrowed(here);
            } else if !here.is_empty() {
                bytes.to_mut().extend_from_slice(here);
            }
        }
        bytes
    }
}

/// Takes the content of the next record, or says why there is none; then the cursor stands behind the header
/// of the record that is cut.
fn next_fragment<'a>(records: &mut Cursor<'a>) -> Result<&'a [u8], End> {
    let content = records.u8().map_err(|_| End::Head)?;
    let [major, _minor] = records.array().map_err(|_| {
        records.rest();
        End::Head
    })?;
    let length = usize::from(records.u16().map_err(|_| {
        records.rest();
        End::Head
    })?);
    if major != 3 {
        return Err(End::Bad(DissectReason::Malformed));
    }
    if content != HANDSHAKE {
        return Err(End::OtherContent);
    }
    // Zero-length fragments of a handshake message are forbidden (RFC 8446, 5.1).
    if length == 0 || length > MAX_FRAGMENT {
        return Err(End::Bad(DissectReason::Malformed));
    }
    records.take(length).map_err(|_| End::Head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_wherever_the_records_end() {
        let messages = [&[2, 0, 0, 3, 7, 7, 7][..], &[11, 0, 0, 2, 8, 9]].concat();
        for size in 1..=messages.len() {
            let head: Vec<u8> = messages.chunks(size).flat_map(record).collect();
            let records = Records::gather(&head);

            assert_eq!(records.header(0), Some((2, 3)));
            assert_eq!(records.header(7), Some((11, 2)));
            assert_eq!(*records.bytes(4, 3), [7, 7, 7]);
            assert_eq!(*records.bytes(11, 9), [8, 9]);
            assert!(records.reaches(13) && !records.reaches(14));
            assert_eq!(records.header(13), None);
        }
    }

    #[test]
    fn only_a_message_over_several_records_is_copied() {
        let head = [record(&[1, 0, 0, 2, 5]), record(&[6])].concat();
        let records = Records::gather(&head);

        assert!(matches!(records.bytes(4, 1), Cow::Borrowed([5])));
        assert!(matches!(records.bytes(4, 2), Cow::Owned(bytes) if bytes == [5, 6]));
    }

    #[test]
    fn what_ends_the_records_is_told() {
        let handshake = record(&[1, 0, 0, 2, 5]);
        for (tail, end) in [
            (&[][..], End::Head),
            (&[22, 3], End::Head),
            (&[22, 3, 3, 0, 4, 1], End::Head),
            (&[20, 3, 3, 0, 1, 1], End::OtherContent),
            (&[22, 3, 3, 0, 0], End::Bad(DissectReason::Malformed)),
            (&[22, 4, 3, 0, 1], End::Bad(DissectReason::Malformed)),
            (&[22, 3, 3, 0x40, 1], End::Bad(DissectReason::Malformed)),
        ] {
            let head = [&handshake[..], tail].concat();
            assert_eq!(Records::gather(&head).end(), end, "{tail:?}");
        }
        let many = handshake.repeat(MAX_RECORDS + 1);
        assert_eq!(Records::gather(&many).end(), End::Bad(DissectReason::TooLarge));
    }

    fn record(part: &[u8]) -> Vec<u8> {
        [&[HANDSHAKE, 3, 3, 0, u8::try_from(part.len()).unwrap()][..], part].concat()
    }
}
