//! Recognises the first message of Hikvision's device kit on its command port (TCP 8000).
//!
//! Comes in: the head of one side of a stream. Goes out: an [`HcnetsdkMessage`]. There is no public standard: the 16-byte
//! header is that of a published client and of a published scanner's probes (`pyezviz`, `nmap`), confidence B. It
//! reads no body: user names and proofs of passwords stand there.

use crate::dissect::{
    cursor::Cursor,
    verdict::{Next, Probe, StreamRead},
};

/// Bytes of the header, which the length counts too.
const HEADER: u32 = 16;
/// The longest message that is believed; guards against lengths out of noise.
const MAX_LENGTH: u32 = 64 * 1024;
/// Families of requests.
const LOGIN: u32 = 0x5a00_0000;
const CONTROL: u32 = 0x6300_0000;
/// The two refusals that were seen; each stands twice behind the length, then zero.
const REFUSALS: [u32; 2] = [0x0d, 0x1e];

/// One message of the command port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HcnetsdkMessage {
    /// What it is.
    pub kind: HcnetsdkKind,
    /// Bytes of the message, with its header.
    pub length: u32,
}

/// The kinds of messages that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HcnetsdkKind {
    /// A client logs in.
    Login,
    /// A client asks for or sets something.
    Control,
    /// A device refuses, with this code.
    Refused(u32),
}

impl HcnetsdkKind {
    /// The lower-case name.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Control => "control",
            Self::Refused(_) => "refused",
        }
    }
}

/// Looks at the first 16 bytes. Certain for a refusal, all of whose bytes are known, and for a request of known family
/// that fills the head to the byte, as a client waits for each answer. Else a request is unsure: ask for port 8000.
pub(crate) fn probe(head: &[u8]) -> Probe {
    match read(head) {
        Read::Message(message) => match message.kind {
            HcnetsdkKind::Refused(_) => Probe::Certain,
            HcnetsdkKind::Login | HcnetsdkKind::Control => {
                if usize::try_from(message.length) == Ok(head.len()) {
                    Probe::Certain
                } else {
                    Probe::Unsure
                }
            }
        },
        Read::Short => Probe::Unsure,
        Read::Other => Probe::NotForUs,
    }
}

/// Reads the header at the beginning of the head. Answering `NeedMore` costs a look at 16 bytes.
pub(crate) fn dissect(head: &[u8]) -> StreamRead<HcnetsdkMessage> {
    match read(head) {
        Read::Message(message) => {
            let end = usize::try_from(message.length).unwrap_or(usize::MAX);
            StreamRead::Read(message, Next::After(end))
        }
        Read::Short => StreamRead::NeedMore,
        Read::Other => StreamRead::NotForUs,
    }
}

/// What a head that will not grow says.
pub(crate) fn dissect_partial(head: &[u8]) -> Option<HcnetsdkMessage> {
    match read(head) {
        Read::Message(message) => Some(message),
        Read::Short | Read::Other => None,
    }
}

/// What a look at the header finds.
enum Read {
    Message(HcnetsdkMessage),
    Short,
    Other,
}

fn read(head: &[u8]) -> Read {
    // The upper half of the length is zero in every believable message, up to MAX_LENGTH itself.
    if head.first().is_some_and(|&byte| byte != 0) || head.get(1).is_some_and(|&byte| byte > 1) {
        return Read::Other;
    }
    let mut cursor = Cursor::new(head);
    let (Ok(length), Ok(family), Ok(second), Ok(third)) =
        (cursor.u32(), cursor.u32(), cursor.u32(), cursor.u32())
    else {
        return short_or_other(head);
    };
    let kind = match family {
        LOGIN => HcnetsdkKind::Login,
        CONTROL => HcnetsdkKind::Control,
        code if REFUSALS.contains(&code) && length == HEADER && second == code && third == 0 => {
            HcnetsdkKind::Refused(code)
        }
        _ => return Read::Other,
    };
    if !(HEADER..=MAX_LENGTH).contains(&length) {
        return Read::Other;
    }
    Read::Message(HcnetsdkMessage { kind, length })
}

/// Tells whether fewer than 16 bytes could still become a message.
fn short_or_other(head: &[u8]) -> Read {
    match head.get(4..8) {
        None | Some([0x5a | 0x63, 0, 0, 0] | [0, 0, 0, 0x0d | 0x1e]) => Read::Short,
        Some(_) => Read::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // All messages are our own construction from the published header.

    #[test]
    fn requests_are_told_by_their_family() {
        for (family, kind) in [(0x5a, HcnetsdkKind::Login), (0x63, HcnetsdkKind::Control)] {
            let request = request(family);
            assert_eq!(probe(&request), Probe::Certain);
            let StreamRead::Read(message, next) = dissect(&request) else { panic!() };
            assert_eq!((message.kind, message.length, next), (kind, 84, Next::After(84)));
            assert_eq!(probe(&request[..40]), Probe::Unsure, "not whole yet");
        }
    }

    #[test]
    fn a_refusal_is_certain() {
        let refusal = [0, 0, 0, 0x10, 0, 0, 0, 0x1e, 0, 0, 0, 0x1e, 0, 0, 0, 0];
        assert_eq!(probe(&refusal), Probe::Certain);
        assert_eq!(dissect_partial(&refusal).unwrap().kind, HcnetsdkKind::Refused(0x1e));
        let mut other = refusal;
        other[11] = 0x0d;
        assert_eq!(probe(&other), Probe::NotForUs);
    }

    #[test]
    fn other_lengths_and_families_are_not_for_us() {
        for bytes in
            [&request(0x5b)[..], b"\0\x01\0\x01\x5a\0\0\0\0\0\0\0\0\0\0\0", b"\x10", b"GET /"]
        {
            assert_eq!(probe(bytes), Probe::NotForUs, "{bytes:?}");
            assert_eq!(dissect(bytes), StreamRead::NotForUs);
        }
        let mut short = request(0x5a);
        short[3] = 15;
        assert_eq!(probe(&short), Probe::NotForUs);
    }

    #[test]
    fn a_short_head_needs_more_until_it_contradicts() {
        let request = request(0x5a);
        for cut in 0..16 {
            assert_eq!(dissect(&request[..cut]), StreamRead::NeedMore, "{cut}");
        }
        assert_eq!(dissect(b"\0\0\0\x54\x5a\x01\0\0"), StreamRead::NotForUs);
    }

    #[test]
    fn damaged_messages_are_survived() {
        for_each_mutant(&request(0x63), |bytes| {
            let Some(message) = dissect_partial(bytes) else { return };
            assert!((HEADER..=MAX_LENGTH).contains(&message.length));
        });
    }

    fn request(family: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 84, family, 0, 0, 0];
        bytes.resize(84, 0);
        bytes
    }
}
