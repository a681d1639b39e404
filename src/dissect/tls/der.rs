//! Walks over the elements of DER.
//!
//! Comes in: bytes. Goes out: tags and contents, one after the other (ITU-T X.690, 8.1 and 10.1). It does not descend by
//! itself, copies nothing, and takes neither indefinite lengths nor tags of several bytes: X.509 needs none.

use crate::dissect::{DissectReason, cursor::Cursor};

/// Tag of BOOLEAN.
pub(super) const BOOLEAN: u8 = 0x01;
/// Tag of INTEGER.
pub(super) const INTEGER: u8 = 0x02;
/// Tag of OCTET STRING.
pub(super) const OCTET_STRING: u8 = 0x04;
/// Tag of OBJECT IDENTIFIER.
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
/// Tag of SEQUENCE and SEQUENCE OF.
pub(super) const SEQUENCE: u8 = 0x30;
/// Tag of SET and SET OF.
pub(super) const SET: u8 = 0x31;

/// The bits of a tag that say that its number follows in further bytes.
const LONG_TAG: u8 = 0x1f;
/// The longest length that one byte holds; above, it is the number of bytes that follow.
const SHORT_LENGTH: u8 = 0x7f;

/// A position in the content of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Der<'a>(Cursor<'a>);

impl<'a> Der<'a> {
    /// Stands before the first element.
    pub(super) const fn new(content: &'a [u8]) -> Self {
        Self(Cursor::new(content))
    }

    /// Tells whether no element is left.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the next element: its tag and its content.
    ///
    /// # Errors
    /// [`DissectReason::Malformed`] when there is none, or its length is not one of DER.
    pub(super) fn next(&mut self) -> Result<(u8, &'a [u8]), DissectReason> {
        self.element().map_err(|_| DissectReason::Malformed)
    }

    /// Takes the next element, which has to have this tag.
    ///
    /// # Errors
    /// As [`Self::next`], and when it has another one.
    pub(super) fn expect(&mut self, tag: u8) -> Result<&'a [u8], DissectReason> {
        match self.next()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(DissectReason::Malformed),
        }
    }

    /// Takes the next element if it has this tag.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub(super) fn take_if(&mut self, tag: u8) -> Result<Option<&'a [u8]>, DissectReason> {
        let mut ahead = *self;
        match ahead.next()? {
            (found, content) if found == tag => {
                *self = ahead;
                Ok(Some(content))
            }
            _ => Ok(None),
        }
    }

    fn element(&mut self) -> Result<(u8, &'a [u8]), DissectReason> {
        let tag = self.0.u8()?;
        let first = self.0.u8()?;
        let length = match first {
            0..=SHORT_LENGTH => usize::from(first),
            // Three bytes reach further than any handshake message.
            0x81 => usize::from(self.0.u8()?),
            0x82 => usize::from(self.0.u16()?),
            0x83 => usize::from(self.0.u8()?) << 16 | usize::from(self.0.u16()?),
            _ => return Err(DissectReason::Malformed),
        };
        if tag & LONG_TAG == LONG_TAG {
            return Err(DissectReason::Malformed);
        }
        Ok((tag, self.0.take(length)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_one_after_the_other() {
        let long = [&[OCTET_STRING, 0x81, 200][..], &[7; 200]].concat();
        let bytes = [&[INTEGER, 1, 5][..], &long, &[SEQUENCE, 0x82, 0, 1, 9]].concat();
        let mut der = Der::new(&bytes);

        assert_eq!(der.take_if(SET), Ok(None));
        assert_eq!(der.take_if(INTEGER), Ok(Some(&[5][..])));
        assert_eq!(der.expect(OCTET_STRING).map(<[u8]>::len), Ok(200));
        assert_eq!(der.next(), Ok((SEQUENCE, &[9][..])));
        assert!(der.is_empty());
        assert_eq!(der.next(), Err(DissectReason::Malformed));
    }

    #[test]
    fn lengths_and_tags_that_x509_does_not_need_are_refused() {
        for bytes in [
            &[SEQUENCE, 0x80, 0, 0][..],
            &[SEQUENCE, 0x84, 0, 0, 0, 1, 9],
            &[SEQUENCE, 2, 9],
            &[0x1f, 0x81, 1, 0],
            &[SEQUENCE],
        ] {
            assert_eq!(Der::new(bytes).next(), Err(DissectReason::Malformed), "{bytes:?}");
        }
    }
}
