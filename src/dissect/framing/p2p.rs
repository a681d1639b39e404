//! Reads the header of a message of the vendor's peer-to-peer protocol, version 3 (UDP 6000 and ports punched open).
//!
//! Comes in: the payload of a datagram. Goes out: a [`P2pMessage`]. One project read the format out of an app and tried it
//! live (`hcweb`, `docs/re/v3-protocol-opcodes.md`): confidence C. The body is crypted and is not looked at; the
//! checksum is not verified, as the source does not give its polynomial.

use crate::dissect::{DissectReason, cursor::Cursor, verdict::Probe};

/// The first byte.
const MARKER: u8 = 0xe2;
/// The two bytes at offset 8, as the source saw them.
const SECOND_MARKER: [u8; 2] = [0x62, 0x34];
/// The header without its extension.
const HEADER: u8 = 12;
/// Bits of the mask: the body is crypted, the header has an extension.
const ENCRYPTED: u8 = 0x80;
const EXPANDED: u8 = 0x04;

/// The header of a P2P V3 message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct P2pMessage {
    /// What it is: 0x0B00 to 0x0B05 setup and transport, 0x0C00 to 0x0C18 media, 0x0D00 and 0x0D02 pass-through.
    pub opcode: u16,
    /// The sequence number.
    pub sequence: u32,
    /// The body is crypted (AES-128-CBC).
    pub encrypted: bool,
    /// An extension stands behind the header.
    pub expanded: bool,
}

/// Looks at the header of a datagram. Certain when every described field agrees: about 40 bits.
pub(crate) fn probe(payload: &[u8]) -> Probe {
    match dissect(payload) {
        Ok(Some(_)) => Probe::Certain,
        Ok(None) | Err(_) => Probe::NotForUs,
    }
}

/// Reads a datagram. `Ok(None)`: a field that the source fixes has another value.
///
/// # Errors
/// It begins with all that is fixed, and is shorter than its header says.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<P2pMessage>, DissectReason> {
    if payload.first() != Some(&MARKER) || payload.get(8..10) != Some(&SECOND_MARKER) {
        return Ok(None);
    }
    let mut cursor = Cursor::at(payload, 1);
    let mask = cursor.u8()?;
    let opcode = cursor.u16()?;
    let sequence = cursor.u32()?;
    let _second_marker = cursor.u16()?;
    let header = cursor.u8()?;
    let expanded = mask & EXPANDED != 0;
    if !is_opcode(opcode) || header < HEADER || expanded == (header == HEADER) {
        return Ok(None);
    }
    if payload.len() < usize::from(header) {
        return Err(DissectReason::Truncated);
    }
    let encrypted = mask & ENCRYPTED != 0;
    Ok(Some(P2pMessage { opcode, sequence, encrypted, expanded }))
}

/// The opcodes that the source lists.
const fn is_opcode(opcode: u16) -> bool {
    matches!(opcode, 0x0b00..=0x0b05 | 0x0c00..=0x0c18 | 0x0d00 | 0x0d02)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // Our own construction from the published header.
    const SETUP: &[u8] =
        b"\xe2\x84\x0b\x02\x00\x00\x00\x07\x62\x34\x10\x5a\x00\x02\x00\x01\xaa\xbb\xcc\xdd";

    #[test]
    fn a_header_gives_opcode_and_sequence() {
        let expected = P2pMessage { opcode: 0x0b02, sequence: 7, encrypted: true, expanded: true };
        assert_eq!(dissect(SETUP), Ok(Some(expected)));
        assert_eq!(probe(SETUP), Probe::Certain);
    }

    #[test]
    fn each_fixed_field_is_asked_for() {
        for (at, value) in [(0, 0xe3), (2, 0x0e), (8, 0x63), (9, 0), (10, 11), (1, 0x80), (10, 12)]
        {
            let mut other = SETUP.to_vec();
            other[at] = value;
            assert_eq!((probe(&other), dissect(&other)), (Probe::NotForUs, Ok(None)), "{at}");
        }
        assert_eq!(probe(b""), Probe::NotForUs);
    }

    #[test]
    fn a_header_that_is_longer_than_the_datagram_is_truncated() {
        assert_eq!(dissect(&SETUP[..13]), Err(DissectReason::Truncated));
    }

    #[test]
    fn damaged_headers_are_survived() {
        for_each_mutant(SETUP, |bytes| {
            let Ok(Some(message)) = dissect(bytes) else { return };
            assert!(is_opcode(message.opcode));
        });
    }
}
