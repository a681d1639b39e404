//! Reads a domain name of a DNS message.
//!
//! Comes in: the message and an offset. Goes out: the name as text and the offset behind it. It follows compression
//! (RFC 1035, 4.1.4) only backwards, so it always ends.

use crate::dissect::{DissectReason, cursor::Cursor};
use crate::net::is_hidden;

/// Bytes of a name on the wire, RFC 1035, 2.3.4.
const MAX_WIRE: usize = 255;
/// Bytes of a label, RFC 1035, 2.3.4.
const MAX_LABEL: usize = 63;
/// Labels of a name: as many as fit into [`MAX_WIRE`].
const MAX_LABELS: usize = 127;
/// Pointers in one name: guards against chains that make every record cost a walk through the message.
const MAX_HOPS: usize = 32;
/// Bytes of the header, which no name can point into.
const HEADER: usize = 12;

/// Bytes of a name as text: every byte escaped.
#[cfg(test)]
pub(super) const MAX_TEXT: usize = 4 * MAX_WIRE;

/// Takes the name at the cursor. The root is the empty text.
///
/// # Errors
/// The name ends behind the message, breaks a limit, or has a pointer that does not go backwards.
pub(super) fn read_name<'a>(
    message: &'a [u8],
    cursor: &mut Cursor<'a>,
) -> Result<String, DissectReason> {
    let mut labels = Labels::new();
    walk_name(message, cursor, |label| labels.push(label))?;
    Ok(labels.into_text())
}

/// The labels of a name, gathered where they cost no allocation: most names are plain, and copied once more as a whole.
struct Labels {
    bytes: [u8; MAX_WIRE],
    length: usize,
    /// What was gathered stands in the text as it is.
    is_plain: bool,
    /// The text as far as a label was not plain.
    escaped: String,
}

impl Labels {
    const fn new() -> Self {
        Self { bytes: [0; MAX_WIRE], length: 0, is_plain: true, escaped: String::new() }
    }

    /// Appends a label; no label is empty. The caller holds the limit of a name, so that there is room.
    fn push(&mut self, label: &[u8]) {
        // Without a way out in the loop, so that it takes many bytes at a time.
        let is_plain = label.iter().fold(true, |plain, byte| plain & is_plain(*byte));
        if self.is_plain && !is_plain {
            self.escaped = self.text().to_owned();
            self.is_plain = false;
        }
        if !self.is_plain {
            if !self.escaped.is_empty() {
                self.escaped.push('.');
            }
            push_label(&mut self.escaped, label);
            return;
        }
        let start = if self.length == 0 { 0 } else { self.length + 1 };
        if let Some(dot) = self.bytes.get_mut(self.length)
            && self.length > 0
        {
            *dot = b'.';
        }
        if let Some(place) = self.bytes.get_mut(start..start + label.len()) {
            place.copy_from_slice(label);
            self.length = start + label.len();
        }
    }

    /// What was gathered so far, which is ASCII.
    fn text(&self) -> &str {
        self.bytes.get(..self.length).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }

    fn into_text(self) -> String {
        if self.is_plain { self.text().to_owned() } else { self.escaped }
    }
}

/// Walks over the labels of the name at the cursor.
///
/// # Errors
/// The name ends behind the message, breaks a limit, or has a pointer that does not go backwards.
#[inline]
fn walk_name<'a>(
    message: &'a [u8],
    cursor: &mut Cursor<'a>,
    mut visit: impl FnMut(&'a [u8]),
) -> Result<(), DissectReason> {
    // Behind a pointer the name goes on elsewhere, but the record goes on behind the pointer.
    let mut elsewhere: Option<Cursor<'a>> = None;
    let mut run_start = cursor.position();
    let (mut wire, mut labels, mut hops) = (1, 0, 0);
    loop {
        let walk = elsewhere.as_mut().unwrap_or(&mut *cursor);
        match walk.u8()? {
            0 => return Ok(()),
            length @ 1..=63 => {
                let label = walk.take(usize::from(length))?;
                wire += 1 + label.len();
                labels += 1;
                if wire > MAX_WIRE || labels > MAX_LABELS {
                    return Err(DissectReason::TooLarge);
                }
                visit(label);
            }
            // Label types 01 and 10 are not in use (RFC 6891, 5).
            64..=191 => return Err(DissectReason::Malformed),
            high @ 192..=255 => {
                let target = usize::from(u16::from_be_bytes([high & 0x3f, walk.u8()?]));
                hops += 1;
                if hops > MAX_HOPS {
                    return Err(DissectReason::TooLarge);
                }
                // "A prior occurrence": before the labels that the pointer continues.
                if target >= run_start || target < HEADER {
                    return Err(DissectReason::Malformed);
                }
                run_start = target;
                elsewhere = Some(Cursor::at(message, target));
            }
        }
    }
}

/// Passes over the name at the cursor, without following pointers.
///
/// # Errors
/// The name ends behind the message or has a label of an unknown type.
pub(super) fn skip_name(cursor: &mut Cursor<'_>) -> Result<(), DissectReason> {
    for _ in 0..=MAX_LABELS {
        match cursor.u8()? {
            0 => return Ok(()),
            length @ 1..=63 => cursor.take(usize::from(length)).map(drop)?,
            64..=191 => return Err(DissectReason::Malformed),
            192..=255 => return cursor.u8().map(drop),
        }
    }
    Err(DissectReason::TooLarge)
}

/// The name at the beginning of `bytes`, without compression, as far as it is well formed; also one that lacks its end
/// (RFC 8415, 10; RFC 4704, 4.2).
pub(crate) fn uncompressed_name(bytes: &[u8]) -> String {
    let mut cursor = Cursor::new(bytes.get(..MAX_WIRE).unwrap_or(bytes));
    let mut name = String::new();
    while let Ok(label) = cursor.vector8() {
        if label.is_empty() || label.len() > MAX_LABEL {
            break;
        }
        if !name.is_empty() {
            name.push('.');
        }
        push_label(&mut name, label);
    }
    name
}

/// Appends a label. What can be seen stays: multicast DNS and LLMNR have names in UTF-8 (RFC 6762, 16; RFC 4795, 4.1),
/// full of spaces (RFC 6763, 4.1.1). The dot, the backslash, what hides or reorders text, and bytes that are not UTF-8
/// are escaped (RFC 4343, 2.1).
fn push_label(name: &mut String, label: &[u8]) {
    // Each byte may take four; growing by steps would cost more than the rest.
    name.reserve(4 * label.len());
    match str::from_utf8(label) {
        Ok(text) if label.iter().all(|byte| is_plain(*byte)) => name.push_str(text),
        Ok(text) => {
            for c in text.chars() {
                if is_hidden(c) || matches!(c, '.' | '\\') {
                    c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_escaped(name, byte));
                } else {
                    name.push(c);
                }
            }
        }
        Err(_) => {
            for byte in label {
                if is_plain(*byte) {
                    name.push(char::from(*byte));
                } else {
                    push_escaped(name, *byte);
                }
            }
        }
    }
}

/// Tells a byte that stands in the text as it is: visible ASCII or a space, but neither dot nor backslash.
const fn is_plain(byte: u8) -> bool {
    (byte >= b' ') & (byte <= b'~') & (byte != b'.') & (byte != b'\\')
}

/// Appends a byte as `\DDD`.
fn push_escaped(name: &mut String, byte: u8) {
    name.push('\\');
    for digit in [byte / 100, byte / 10 % 10, byte % 10] {
        name.push(char::from(b'0' + digit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_continues_a_name_and_the_record_goes_on_behind_it() {
        let message = at_header(b"\x03com\0\x07Example\xc0\x0c\xff");
        let mut cursor = Cursor::at(&message, 17);

        assert_eq!(read_name(&message, &mut cursor), Ok("Example.com".into()));
        assert_eq!(cursor.u8(), Ok(0xff));
        let mut skipped = Cursor::at(&message, 17);
        assert_eq!((skip_name(&mut skipped), skipped.u8()), (Ok(()), Ok(0xff)));
    }

    #[test]
    fn the_root_is_empty() {
        assert_eq!(name(b"\0"), Ok(String::new()));
    }

    #[test]
    fn bytes_that_could_deceive_are_escaped() {
        assert_eq!(name(b"\x06a.b\\ \x1b\x02\xe9\x7f\0"), Ok(r"a\046b\092 \027.\233\127".into()));
    }

    #[test]
    fn text_in_other_scripts_stays_and_what_reorders_it_is_escaped() {
        assert_eq!(name("\u{8}Küche 1".as_bytes()), Err(DissectReason::Truncated));
        assert_eq!(name("\u{8}Küche 1\0".as_bytes()), Ok("Küche 1".into()));
        assert_eq!(name("\u{4}a\u{202e}\0".as_bytes()), Ok(r"a\226\128\174".into()));
    }

    #[test]
    fn an_uncompressed_name_may_lack_its_end_and_stops_where_it_is_broken() {
        assert_eq!(uncompressed_name(b"\x03cam\x05local\0\x01x"), "cam.local");
        assert_eq!(uncompressed_name(b"\x03cam\x05loc"), "cam");
        assert_eq!(uncompressed_name(b"\x03cam\xc0\x0c"), "cam");
    }

    #[test]
    fn a_pointer_to_itself_forwards_or_into_the_header_is_malformed() {
        for bytes in [&b"\xc0\x0c"[..], b"\xc0\x0e\0", b"\x01a\xc0\x0c", b"\x01a\xc0\x05", b"\x40"]
        {
            assert_eq!(name(bytes), Err(DissectReason::Malformed), "{bytes:?}");
        }
    }

    #[test]
    fn chains_of_pointers_and_long_names_are_refused() {
        let mut chain = b"\0".to_vec();
        let mut target = 12u16;
        for hop in 0..40u16 {
            chain.extend_from_slice(&(0xc000 | target).to_be_bytes());
            target = 13 + 2 * hop;
        }
        let message = at_header(&chain);
        let from = |at: usize| read_name(&message, &mut Cursor::at(&message, at));

        assert_eq!(from(13 + 2 * (MAX_HOPS - 1)), Ok(String::new()));
        assert_eq!(from(13 + 2 * MAX_HOPS), Err(DissectReason::TooLarge));
        assert_eq!(name(&b"\x01a".repeat(128)), Err(DissectReason::TooLarge));
        let longest = [&b"\x3f"[..], &[b'a'; 63]].concat().repeat(4);
        assert_eq!(name(&longest), Err(DissectReason::TooLarge));
        assert!(name(&[&b"\x01a".repeat(127)[..], b"\0"].concat()).is_ok());
    }

    #[test]
    fn a_cut_name_is_truncated() {
        for bytes in [&b""[..], b"\x03co", b"\x03com", b"\xc0"] {
            assert_eq!(name(bytes), Err(DissectReason::Truncated), "{bytes:?}");
        }
    }

    fn at_header(bytes: &[u8]) -> Vec<u8> {
        [&[0; HEADER][..], bytes].concat()
    }

    fn name(bytes: &[u8]) -> Result<String, DissectReason> {
        let message = at_header(bytes);
        read_name(&message, &mut Cursor::at(&message, HEADER))
    }
}
