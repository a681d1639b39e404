//! Gathers the options of a DHCPv4 message.
//!
//! Comes in: the fields that hold options. Goes out: the values of the options that are kept, whole, however they
//! were split (RFC 3396) or overloaded (RFC 2132, 9.3). It does not interpret them.

use crate::dissect::{DissectReason, cursor::Cursor};

/// Bytes of one option that are kept, also when it is spread over several (RFC 3396): guards against
/// a datagram full of parts of one.
pub(super) const MAX_OPTION: usize = 255;

/// The options that are kept and have one length (RFC 2132): of repeated ones the first counts.
const FIXED: [u8; 6] = [1, 50, 51, 52, 53, 54];
/// The options that are kept and whose parts are joined (RFC 3396, 7).
const JOINED: [u8; 8] = [3, 6, 12, 42, 55, 60, 61, 81];
/// Option Overload, RFC 2132, 9.3.
const OVERLOAD: u8 = 52;

/// The values of the options, by their code.
#[derive(Debug, Default)]
pub(super) struct Options {
    values: Vec<(u8, Vec<u8>)>,
}

impl Options {
    /// Walks the options behind the cookie, then those in `file` and `sname` if they are overloaded.
    ///
    /// # Errors
    /// The options behind the cookie end early; what was read before stays.
    pub(super) fn gather(
        &mut self,
        options: &[u8],
        file: &[u8],
        sname: &[u8],
    ) -> Result<(), DissectReason> {
        let walked = self.walk(options);
        let overload = self.get(OVERLOAD).and_then(|value| value.first().copied());
        // What stands in a field that is too short for its options is no reason to give up the rest.
        if matches!(overload, Some(1 | 3)) && self.walk(file).is_err() {
            return walked;
        }
        if matches!(overload, Some(2 | 3)) && self.walk(sname).is_err() {
            return walked;
        }
        walked
    }

    /// The value of an option.
    pub(super) fn get(&self, code: u8) -> Option<&[u8]> {
        self.values.iter().find(|(kept, _)| *kept == code).map(|(_, value)| value.as_slice())
    }

    /// The value of an option of one length; none if it has another.
    pub(super) fn fixed<const N: usize>(&self, code: u8) -> Option<[u8; N]> {
        self.get(code)?.try_into().ok()
    }

    /// Walks one field to its end mark or to its end.
    fn walk(&mut self, field: &[u8]) -> Result<(), DissectReason> {
        let mut cursor = Cursor::new(field);
        while !cursor.is_empty() {
            let code = match cursor.u8()? {
                0 => continue,
                255 => break,
                code => code,
            };
            self.keep(code, cursor.vector8()?);
        }
        Ok(())
    }

    /// Keeps a value, or a part of one, within the bounds.
    fn keep(&mut self, code: u8, part: &[u8]) {
        match self.values.iter_mut().find(|(kept, _)| *kept == code) {
            Some((_, value)) if JOINED.contains(&code) => {
                let room = MAX_OPTION.saturating_sub(value.len());
                value.extend_from_slice(part.get(..room).unwrap_or(part));
            }
            Some(_) => {}
            None if JOINED.contains(&code) || FIXED.contains(&code) => {
                self.values.push((code, part.to_vec()));
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_in_overloaded_fields_count_and_join_those_behind_the_cookie() {
        let mut options = Options::default();
        options.gather(b"\x34\x01\x03\x0c\x03cam\xff", b"\x0c\x02er\xff", b"\x0c\x01a\0").unwrap();
        assert_eq!(options.get(12), Some(&b"camera"[..]));

        let mut options = Options::default();
        options.gather(b"\x34\x01\x02\xff", b"\x0c\x02no", b"\x0c\x03yes").unwrap();
        assert_eq!(options.get(12), Some(&b"yes"[..]));
    }

    #[test]
    fn of_repeated_fixed_options_the_first_counts() {
        let mut options = Options::default();
        options.gather(b"\x35\x01\x01\x35\x01\x02", b"", b"").unwrap();

        assert_eq!(options.fixed(53), Some([1]));
        assert_eq!(options.fixed::<4>(53), None);
    }

    #[test]
    fn what_stands_before_a_cut_is_kept() {
        let mut options = Options::default();

        assert_eq!(
            options.gather(b"\x35\x01\x01\x0c\x09cam", b"", b""),
            Err(DissectReason::Truncated)
        );
        assert_eq!((options.fixed(53), options.get(12)), (Some([1]), None));
    }
}
