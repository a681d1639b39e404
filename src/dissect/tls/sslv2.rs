//! Reads the CLIENT-HELLO in the framing of SSL 2.0, which clients of SSL 3.0 and TLS 1.0 also sent.
//!
//! Comes in: the first bytes of the client's side. Goes out: a [`ClientHello`] with a version alone: this hello names no
//! server (RFC 5246, E.2; draft-hickman-netscape-ssl-00, 2.5).

use super::ClientHello;
use crate::dissect::{
    DissectReason,
    cursor::Cursor,
    verdict::{Next, Probe, StreamRead},
};

/// msg_type of CLIENT-HELLO.
const CLIENT_HELLO: u8 = 1;
/// The bit of the first byte that says: two bytes of header, no padding.
const SHORT_HEADER: u8 = 0x80;
/// Bytes from msg_type to challenge_length.
const FIXED: usize = 9;
/// Bytes of a cipher kind.
const CIPHER_KIND: usize = 3;

/// Tells whether a head begins like this hello. Its fields have to agree: the first byte alone is too common.
pub(super) fn probe(head: &[u8]) -> Probe {
    let versions_agree = match head {
        [] => return Probe::Unsure,
        [first, rest @ ..] if first & SHORT_HEADER != 0 => matches!(
            rest,
            [] | [_]
                | [_, CLIENT_HELLO]
                | [_, CLIENT_HELLO, 0 | 3]
                | [_, CLIENT_HELLO, 0, 2, ..]
                | [_, CLIENT_HELLO, 3, 0..=4, ..]
        ),
        _ => false,
    };
    if !versions_agree {
        return Probe::NotForUs;
    }
    match Fields::read(head) {
        Err(_) => Probe::Unsure,
        Ok(fields) if fields.agree() => Probe::Certain,
        Ok(_) => Probe::NotForUs,
    }
}

/// Reads a head whose [`probe`] did not say that it is something else.
pub(super) fn dissect(head: &[u8]) -> StreamRead<ClientHello> {
    match Fields::read(head) {
        Err(_) => StreamRead::NeedMore,
        Ok(fields) if fields.agree() => StreamRead::Read(fields.hello(), Next::Nothing),
        Ok(_) => StreamRead::NotForUs,
    }
}

/// Reads a head that will not become longer.
pub(super) fn dissect_partial(head: &[u8]) -> Option<ClientHello> {
    match probe(head) {
        Probe::Certain => Fields::read(head).ok().map(|fields| fields.hello()),
        Probe::Unsure | Probe::NotForUs => None,
    }
}

/// The fields of fixed size.
struct Fields {
    length: usize,
    version: u16,
    cipher_specs: usize,
    session_id: usize,
    challenge: usize,
}

impl Fields {
    fn read(head: &[u8]) -> Result<Self, DissectReason> {
        let mut head = Cursor::new(head);
        let length = usize::from(head.u16()? & 0x7fff);
        let _msg_type = head.u8()?;
        Ok(Self {
            length,
            version: head.u16()?,
            cipher_specs: usize::from(head.u16()?),
            session_id: usize::from(head.u16()?),
            challenge: usize::from(head.u16()?),
        })
    }

    /// RFC 5246, E.2: the lengths add up, and each is one that the standard allows.
    fn agree(&self) -> bool {
        self.length == FIXED + self.cipher_specs + self.session_id + self.challenge
            && self.cipher_specs > 0
            && self.cipher_specs.is_multiple_of(CIPHER_KIND)
            && matches!(self.session_id, 0 | 16)
            && matches!(self.challenge, 16..=32)
    }

    fn hello(&self) -> ClientHello {
        ClientHello { version: self.version, ..ClientHello::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn the_hello_gives_its_version_alone() {
        for version in [[0, 2], [3, 0], [3, 1]] {
            let head = hello(version);
            let version = u16::from_be_bytes(version);
            let expected = ClientHello { version, ..ClientHello::default() };

            assert_eq!(probe(&head), Probe::Certain);
            assert_eq!(dissect(&head), StreamRead::Read(expected.clone(), Next::Nothing));
            assert_eq!(dissect_partial(&head), Some(expected));
        }
    }

    #[test]
    fn a_cut_before_the_lengths_needs_more() {
        let head = hello([3, 1]);
        for end in 0..2 + FIXED {
            assert_eq!(probe(&head[..end]), Probe::Unsure, "cut at {end}");
            assert_eq!(dissect(&head[..end]), StreamRead::NeedMore, "cut at {end}");
            assert_eq!(dissect_partial(&head[..end]), None);
        }
    }

    #[test]
    fn lengths_that_disagree_are_another_protocol() {
        for (at, value) in [(1, 99), (6, 8), (8, 3), (10, 15), (2, 4), (3, 1), (4, 9)] {
            let mut head = hello([3, 1]);
            head[at] = value;

            assert_eq!(probe(&head), Probe::NotForUs, "byte {at}");
        }
    }

    #[test]
    fn damaged_hellos_do_no_harm() {
        for_each_mutant(&hello([3, 1]), |bytes| {
            if probe(bytes) == Probe::Certain {
                assert!(matches!(dissect(bytes), StreamRead::Read(..)));
            }
        });
    }

    /// Our own construction from RFC 5246, E.2: three cipher kinds, no session, a challenge of 16 bytes.
    fn hello([major, minor]: [u8; 2]) -> Vec<u8> {
        let fixed = [0x80, 34, CLIENT_HELLO, major, minor, 0, 9, 0, 0, 0, 16];
        [&fixed[..], &[0, 0, 4, 1, 0, 0x80, 0, 0, 10], &[7; 16]].concat()
    }
}
