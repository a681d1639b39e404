//! Writes a distinguished name as text.
//!
//! Comes in: the content of a Name (RFC 5280, 4.1.2.4). Goes out: one line such as `C=GB, O=Example, CN=cam.example.com`, in
//! the order of the certificate, with the separators that Suricata prints. It is for reading and matching by eye: values are
//! not escaped, but for NUL.

use super::der::{Der, OBJECT_IDENTIFIER, SEQUENCE, SET};
use crate::dissect::DissectReason;

/// Bytes of one value that are kept; RFC 5280, A.1 allows 64 to 128 characters for most.
const MAX_VALUE: usize = 256;
/// Attributes of a name that are kept; guards against a name of thousands.
const MAX_ATTRIBUTES: usize = 32;
/// Numbers of an object identifier that are written; guards against one of hundreds.
const MAX_ARCS: usize = 16;

/// How NUL is written.
const NUL: &str = "\\00";

/// Tag of BMPString: UTF-16, big-endian (X.690, 8.23).
const BMP_STRING: u8 = 30;
/// Tag of UniversalString: UTF-32, big-endian (X.690, 8.23).
const UNIVERSAL_STRING: u8 = 28;
/// Tag of TeletexString, which issuers fill with Latin 1.
const TELETEX_STRING: u8 = 20;

/// Writes the name whose RDNSequence has this content.
///
/// # Errors
/// [`DissectReason::Malformed`] when it is no RDNSequence.
pub(super) fn read(content: &[u8]) -> Result<String, DissectReason> {
    let mut name = String::new();
    let mut attributes = 0;
    let mut sequence = Der::new(content);
    while !sequence.is_empty() {
        let mut set = Der::new(sequence.expect(SET)?);
        let mut separator = ", ";
        while !set.is_empty() {
            let mut attribute = Der::new(set.expect(SEQUENCE)?);
            let kind = attribute.expect(OBJECT_IDENTIFIER)?;
            let (tag, value) = attribute.next()?;
            attributes += 1;
            if attributes > MAX_ATTRIBUTES {
                return Ok(name);
            }
            if !name.is_empty() {
                name.push_str(separator);
            }
            // Attributes of the same level (RFC 4514, 2.2).
            separator = "+";
            match short_name(kind) {
                Some(short) => name.push_str(short),
                None => name.push_str(&dotted(kind)),
            }
            name.push('=');
            push_text(&mut name, tag, value);
        }
    }
    Ok(name)
}

/// Appends a string type as text of at most [`MAX_VALUE`] bytes; NUL becomes `\00` (RFC 4514, 2.4), so that a name
/// cannot end early.
pub(super) fn push_text(out: &mut String, tag: u8, value: &[u8]) {
    let value = value.get(..MAX_VALUE).unwrap_or(value);
    let end = out.len() + MAX_VALUE;
    match tag {
        BMP_STRING => {
            let (units, _) = value.as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            let text = char::decode_utf16(units);
            push_chars(out, end, text.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        }
        UNIVERSAL_STRING => {
            let (units, _) = value.as_chunks::<4>();
            let text = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit)));
            push_chars(out, end, text.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        }
        TELETEX_STRING => push_chars(out, end, value.iter().copied().map(char::from)),
        _ => match str::from_utf8(value) {
            Ok(text) if !text.contains('\0') => out.push_str(text),
            _ => push_chars(out, end, String::from_utf8_lossy(value).chars()),
        },
    }
}

/// Appends characters until one would go beyond byte `end`.
fn push_chars(out: &mut String, end: usize, text: impl Iterator<Item = char>) {
    for c in text {
        let width = if c == '\0' { NUL.len() } else { c.len_utf8() };
        if out.len() + width > end {
            break;
        }
        if c == '\0' {
            out.push_str(NUL);
        } else {
            out.push(c);
        }
    }
}

/// The names of attribute types that RFC 4514, 3 and X.520 give; `Email` is how Suricata writes PKCS #9's.
fn short_name(kind: &[u8]) -> Option<&'static str> {
    Some(match kind {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 4] => "SN",
        [0x55, 4, 5] => "serialNumber",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 9] => "STREET",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        [0x55, 4, 12] => "title",
        [0x55, 4, 17] => "postalCode",
        [0x55, 4, 42] => "GN",
        // 1.2.840.113549.1.9.1, RFC 2985, 5.2.1.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "Email",
        // 0.9.2342.19200300.100.1.1 and .25, RFC 4519, 2.39 and 2.4.
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1] => "UID",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25] => "DC",
        _ => return None,
    })
}

/// Writes an object identifier with dots (X.690, 8.19).
fn dotted(kind: &[u8]) -> String {
    let mut arcs = Vec::new();
    let mut arc = 0_u64;
    for &byte in kind {
        arc = arc.saturating_mul(128).saturating_add(u64::from(byte & 0x7f));
        if byte & 0x80 == 0 {
            // The first number holds two arcs.
            if arcs.is_empty() {
                let root = (arc / 40).min(2);
                arcs.push(root.to_string());
                arc = arc.saturating_sub(root * 40);
            }
            arcs.push(arc.to_string());
            arc = 0;
        }
        if arcs.len() >= MAX_ARCS {
            break;
        }
    }
    arcs.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_in_the_order_of_the_certificate() {
        let name =
            [rdn(&[(&[0x55, 4, 6], 19, b"GB")]), rdn(&[(&[0x55, 4, 10], 12, b"Example, Ltd")])];

        assert_eq!(read(&name.concat()).as_deref(), Ok("C=GB, O=Example, Ltd"));
    }

    #[test]
    fn attributes_of_one_level_are_joined_by_a_plus() {
        let name = rdn(&[(&[0x55, 4, 3], 12, b"cam"), (&[0x55, 4, 5], 19, b"42")]);

        assert_eq!(read(&name).as_deref(), Ok("CN=cam+serialNumber=42"));
    }

    #[test]
    fn an_unknown_type_is_written_as_numbers() {
        let name = rdn(&[(&[0x2b, 0x06, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 3], 19, b"US")]);

        assert_eq!(read(&name).as_deref(), Ok("1.3.6.1.4.1.311.60.2.1.3=US"));
        assert_eq!(dotted(&[0x88, 0x37, 3]), "2.999.3");
    }

    #[test]
    fn a_nul_does_not_end_a_value_and_other_encodings_are_text() {
        assert_eq!(text(12, b"good.example\0.evil"), "good.example\\00.evil");
        assert_eq!(text(BMP_STRING, &[0, b'K', 0, 0xf6, 0xd8, 0]), "Kö\u{fffd}");
        assert_eq!(text(UNIVERSAL_STRING, &[0, 0, 0, b'K', 0xff, 0, 0, 0]), "K\u{fffd}");
        assert_eq!(text(TELETEX_STRING, &[b'K', 0xf6]), "Kö");
        assert_eq!(text(12, &[b'a'; 999]).len(), MAX_VALUE);
    }

    #[test]
    fn a_name_of_thousands_is_cut() {
        let name = rdn(&[(&[0x55, 4, 3], 12, b"x")]).repeat(1000);

        assert_eq!(read(&name).unwrap().matches("CN=x").count(), MAX_ATTRIBUTES);
    }

    #[test]
    fn the_bound_falls_between_characters_and_never_into_a_written_nul() {
        assert_eq!(text(12, &[b'a', 0].repeat(128)).len(), MAX_VALUE);
        assert_eq!(text(12, &[0; 256]), NUL.repeat(MAX_VALUE / NUL.len()));
        assert_eq!(text(TELETEX_STRING, &[0xf6; 256]), "ö".repeat(128));
        assert!(text(12, &[0xff; 256]).chars().all(|c| c == char::REPLACEMENT_CHARACTER));
    }

    fn text(tag: u8, value: &[u8]) -> String {
        let mut out = String::new();
        push_text(&mut out, tag, value);
        out
    }

    fn rdn(attributes: &[(&[u8], u8, &[u8])]) -> Vec<u8> {
        let content: Vec<u8> = attributes
            .iter()
            .flat_map(|(kind, tag, value)| {
                let pair = [element(OBJECT_IDENTIFIER, kind), element(*tag, value)].concat();
                element(SEQUENCE, &pair)
            })
            .collect();
        element(SET, &content)
    }

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()][..], content].concat()
    }
}
