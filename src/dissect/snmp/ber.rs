//! Reads values of the Basic Encoding Rules, as SNMP uses them.
//!
//! Comes in: bytes. Goes out: tags and contents, integers and object identifiers (ITU-T X.690, 8). It reads definite
//! lengths and one-byte tags only: SNMP has no others (RFC 3417, 8).

use std::fmt::Write as _;

use crate::dissect::{DissectReason, cursor::Cursor};

/// INTEGER.
pub(super) const INTEGER: u8 = 0x02;
/// OCTET STRING.
pub(super) const OCTETS: u8 = 0x04;
/// OBJECT IDENTIFIER.
pub(super) const OID: u8 = 0x06;
/// SEQUENCE.
pub(super) const SEQUENCE: u8 = 0x30;

/// Arcs of an object identifier that are read; guards memory, and no object of interest has more.
pub(super) const MAX_ARCS: usize = 32;

/// One value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    /// The identifier octet.
    pub(super) tag: u8,
    /// What follows the length.
    pub(super) content: &'a [u8],
}

/// Takes a value.
///
/// # Errors
/// It ends behind the bytes, or has a long tag or a length of a form that SNMP does not use.
pub(super) fn take<'a>(cursor: &mut Cursor<'a>) -> Result<Value<'a>, DissectReason> {
    let tag = cursor.u8()?;
    if tag & 0x1f == 0x1f {
        return Err(DissectReason::Malformed);
    }
    let length = match cursor.u8()? {
        short @ 0..=0x7f => usize::from(short),
        0x81 => usize::from(cursor.u8()?),
        0x82 => usize::from(cursor.u16()?),
        0x83 => {
            let [a, b, c] = cursor.array()?;
            usize::try_from(u32::from_be_bytes([0, a, b, c]))
                .map_err(|_| DissectReason::TooLarge)?
        }
        0x84 => usize::try_from(cursor.u32()?).map_err(|_| DissectReason::TooLarge)?,
        _ => return Err(DissectReason::Malformed),
    };
    Ok(Value { tag, content: cursor.take(length)? })
}

/// Takes the content of a value of one tag.
///
/// # Errors
/// As [`take`], or it has another tag.
pub(super) fn expect<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Result<&'a [u8], DissectReason> {
    let value = take(cursor)?;
    if value.tag == tag { Ok(value.content) } else { Err(DissectReason::Malformed) }
}

/// Takes a non-negative INTEGER; larger ones are `u32::MAX`.
///
/// # Errors
/// As [`expect`], or it is negative or empty.
pub(super) fn integer(cursor: &mut Cursor<'_>) -> Result<u32, DissectReason> {
    let content = expect(cursor, INTEGER)?;
    match content.first() {
        Some(0..=0x7f) => {}
        Some(_) | None => return Err(DissectReason::Malformed),
    }
    Ok(content.iter().fold(0u32, |number, &byte| {
        number.checked_mul(256).map_or(u32::MAX, |number| number | u32::from(byte))
    }))
}

/// Writes an object identifier with dots. None when it is empty, is cut in an arc, or breaks a limit.
pub(super) fn oid_text(content: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut arcs = 0;
    let mut arc = 0u32;
    for &byte in content {
        arc = arc.checked_mul(128)? | u32::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        arcs += 1;
        if arcs > MAX_ARCS {
            return None;
        }
        let written = if arcs == 1 {
            // The first two arcs stand in one number (X.690, 8.19.4).
            let first = (arc / 40).min(2);
            write!(text, "{first}.{}", arc - first * 40)
        } else {
            write!(text, ".{arc}")
        };
        written.ok()?;
        arc = 0;
    }
    let is_whole = content.last().is_some_and(|last| last & 0x80 == 0);
    is_whole.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_the_short_and_the_long_form() {
        for bytes in
            [&b"\x04\x01x"[..], b"\x04\x81\x01x", b"\x04\x82\0\x01x", b"\x04\x84\0\0\0\x01x"]
        {
            assert_eq!(expect(&mut Cursor::new(bytes), OCTETS), Ok(&b"x"[..]));
        }
        assert_eq!(
            expect(&mut Cursor::new(b"\x04\x80x\0\0"), OCTETS),
            Err(DissectReason::Malformed)
        );
        assert_eq!(expect(&mut Cursor::new(b"\x04\x02x"), OCTETS), Err(DissectReason::Truncated));
        assert_eq!(expect(&mut Cursor::new(b"\x02\x01x"), OCTETS), Err(DissectReason::Malformed));
    }

    #[test]
    fn integers_do_not_overflow() {
        let read = |bytes: &[u8]| integer(&mut Cursor::new(bytes));
        assert_eq!(read(b"\x02\x02\x01\0"), Ok(256));
        assert_eq!(read(b"\x02\x05\0\xff\xff\xff\xff"), Ok(u32::MAX));
        assert_eq!(read(b"\x02\x06\x7f\xff\xff\xff\xff\xff"), Ok(u32::MAX));
        assert_eq!(read(b"\x02\x01\xff"), Err(DissectReason::Malformed));
    }

    #[test]
    fn object_identifiers_are_written_with_dots() {
        assert_eq!(
            oid_text(b"\x2b\x06\x01\x02\x01\x01\x01\0").as_deref(),
            Some("1.3.6.1.2.1.1.1.0")
        );
        assert_eq!(
            oid_text(b"\x2b\x06\x01\x04\x01\x82\xb7\x29").as_deref(),
            Some("1.3.6.1.4.1.39849")
        );
        assert_eq!(oid_text(b"\x88\x37\x03").as_deref(), Some("2.999.3"));
        for broken in [&b""[..], b"\x2b\x86", b"\x2b\xff\xff\xff\xff\xff\x7f", &[1; MAX_ARCS + 1]] {
            assert_eq!(oid_text(broken), None);
        }
    }
}
