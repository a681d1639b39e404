//! `SafeProtocol` messages (`9E BA AC E9`), which carry the vendor's STUN, CAS and older services.
//!
//! Comes in: a command and a body. Goes out: the message. Four independent implementations agree on the header of eight
//! words (`hcweb`, `pyezviz`, `hikkup`, `hcnotes`): grade B. Behind the body stands its MD5 in 32 characters, as two of
//! them write it.

use crate::simulate::md5::md5_hex;

/// A message with its body in clear.
pub(crate) fn safe_message(command: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut out = vec![0x9e, 0xba, 0xac, 0xe9, 1, 0, 0, 0];
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    for word in [sequence, 0, command, 0, length, 0] {
        out.extend(word.to_be_bytes());
    }
    out.extend(body);
    out.extend(md5_hex(body).as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_eight_words_and_the_digest_stands_last() {
        let message = safe_message(0x2001, 5, b"abc");

        let head = [
            0x9e, 0xba, 0xac, 0xe9, 1, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0x20, 1, 0, 0, 0, 0,
            0, 0, 0, 3, 0, 0, 0, 0,
        ];
        assert_eq!(message[..32], head);
        assert_eq!(message[32..], *b"abc900150983cd24fb0d6963f7d28e17f72");
    }
}
