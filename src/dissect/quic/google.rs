//! Reads the hello of Google's QUIC, before it was TLS.
//!
//! Comes in: a datagram of Q024 to Q043 or Q046, or the CRYPTO stream of Q050. Goes out: a [`ClientHello`] that has a
//! server name alone. The format is that of Google's "QUIC Crypto" and "QUIC Wire Layout Specification" (2016), with the long header of
//! Q046 as Wireshark and nDPI read it.

use crate::dissect::{ClientHello, DissectReason, cursor::Cursor, verdict::Probe};
use crate::net::bounded;

/// The message tag of a client's hello.
const CHLO: [u8; 4] = *b"CHLO";
/// The tag of the server name.
const SNI: [u8; 4] = *b"SNI\0";
/// Bytes of a server name that are kept: the longest DNS name (RFC 1035, 2.3.4).
const MAX_NAME: usize = 255;
/// Tags of a hello that are looked at; guards against lists of thousands. Chrome sends below 30.
const MAX_TAGS: usize = 128;
/// Bytes behind the packet number in which the hello has to begin: the hash, and frames of acknowledgement.
const MAX_LEAD: usize = 64;

/// Q046.
const Q046: u32 = 0x5130_3436;
/// The bits of the public flags: the long header, multipath (never used), a version, a connection ID.
const NO_FLAGS: u8 = 0xc0;
const HAS_VERSION: u8 = 0x01;
const HAS_CONNECTION_ID: u8 = 0x08;
/// Lengths of the connection IDs in the header of Q046: eight bytes, none.
const Q046_LENGTHS: u8 = 0x50;

/// Tells whether this version has a long header, but not that of RFC 8999.
pub(super) const fn is_legacy_long_header(number: u32) -> bool {
    number == Q046
}

/// Tells whether a datagram begins with the header of a client's packet that names a version.
pub(super) fn probe(datagram: &[u8]) -> Probe {
    match header(&mut Cursor::new(datagram)) {
        Ok(Some(_)) => Probe::Certain,
        Ok(None) | Err(_) => Probe::NotForUs,
    }
}

/// Reads a datagram: the version's number and the hello. `Ok(None)` when it holds no hello.
///
/// # Errors
/// The hello is not well formed, or cut.
pub(super) fn dissect(datagram: &[u8]) -> Result<Option<(u32, ClientHello)>, DissectReason> {
    let mut packet = Cursor::new(datagram);
    let Some(number) = header(&mut packet)? else { return Ok(None) };
    let rest = packet.rest();
    let lead = rest.get(..MAX_LEAD).unwrap_or(rest);
    match lead.windows(CHLO.len()).position(|tag| tag == CHLO) {
        None => Ok(None),
        Some(at) => {
            read_hello(rest.get(at..).unwrap_or_default()).map(|hello| Some((number, hello)))
        }
    }
}

/// Reads a hello that begins with its tag. Numbers are little-endian here.
///
/// # Errors
/// [`DissectReason::Truncated`] when it is cut, [`DissectReason::Malformed`] when it is no hello.
pub(super) fn read_hello(message: &[u8]) -> Result<ClientHello, DissectReason> {
    let mut message = Cursor::new(message);
    if message.array()? != CHLO {
        return Err(DissectReason::Malformed);
    }
    let count = usize::from(u16::from_le_bytes(message.array()?));
    let _padding: [u8; 2] = message.array()?;
    let mut sni = None;
    let mut start = 0;
    for index in 0..count {
        let tag: [u8; 4] = message.array()?;
        let end = u32::from_le_bytes(message.array()?);
        let length = u32::checked_sub(end, start).ok_or(DissectReason::Malformed)?;
        if tag == SNI {
            sni = Some((start, length));
        }
        start = end;
        if index >= MAX_TAGS {
            return Err(DissectReason::TooLarge);
        }
    }
    let mut hello = ClientHello::default();
    if let Some((start, length)) = sni {
        let number = |value| usize::try_from(value).map_err(|_| DissectReason::Truncated);
        message.take(number(start)?)?;
        hello.sni = Some(bounded(message.take(number(length)?)?, MAX_NAME));
    }
    Ok(hello)
}

/// Takes the header up to and with the packet number; `None` when it is another one.
fn header(packet: &mut Cursor<'_>) -> Result<Option<u32>, DissectReason> {
    let flags = packet.u8()?;
    if flags & NO_FLAGS == NO_FLAGS {
        let number = packet.u32()?;
        let ours = number == Q046 && packet.u8()? == Q046_LENGTHS;
        let _connection_id: [u8; 8] = packet.array()?;
        let _packet_number: [u8; 4] = packet.array()?;
        return Ok(ours.then_some(number));
    }
    if flags & NO_FLAGS != 0 || flags & HAS_VERSION == 0 || flags & HAS_CONNECTION_ID == 0 {
        return Ok(None);
    }
    let _connection_id: [u8; 8] = packet.array()?;
    let number = packet.u32()?;
    // Q024 to Q043: later ones have a long header.
    let ours = matches!(
        number.to_be_bytes(),
        [b'Q', b'0', b'2', b'4'..=b'9']
            | [b'Q', b'0', b'3', b'0'..=b'9']
            | [b'Q', b'0', b'4', b'0'..=b'3']
    );
    let _packet_number = packet.take(match flags >> 4 & 3 {
        0 => 1,
        1 => 2,
        2 => 4,
        _ => 6,
    })?;
    Ok(ours.then_some(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn the_hello_gives_its_server_name_under_both_headers() {
        for (datagram, number) in [(datagram_q043(), 0x5130_3433), (datagram_q046(), Q046)] {
            let (found, hello) = dissect(&datagram).unwrap().unwrap();

            assert_eq!(probe(&datagram), Probe::Certain);
            assert_eq!((found, hello.sni.as_deref()), (number, Some("www.example.com")));
            assert_eq!((hello.version, hello.ja4), (0, None));
        }
    }

    #[test]
    fn a_cut_hello_is_truncated() {
        let datagram = datagram_q043();

        assert_eq!(dissect(&datagram[..datagram.len() - 20]), Err(DissectReason::Truncated));
        assert_eq!(dissect(&datagram[..24]), Ok(None));
    }

    #[test]
    fn other_flags_and_versions_are_not_for_us() {
        for (at, value) in [(0, 0x0c), (0, 0x01), (0, 0x4d), (9, b'T'), (11, b'5'), (12, b'4')] {
            let mut datagram = datagram_q043();
            datagram[at] = value;
            assert_eq!(probe(&datagram), Probe::NotForUs, "byte {at}");
        }
    }

    #[test]
    fn offsets_that_fall_are_malformed() {
        let mut message = hello();
        message[12..16].copy_from_slice(&900_u32.to_le_bytes());

        assert_eq!(read_hello(&message), Err(DissectReason::Malformed));
    }

    #[test]
    fn damaged_hellos_stay_within_the_bounds() {
        for sound in [datagram_q043(), datagram_q046()] {
            for_each_mutant(&sound, |bytes| {
                if let Ok(Some((_, hello))) = dissect(bytes) {
                    assert!(hello.sni.is_none_or(|sni| sni.len() <= MAX_NAME));
                }
            });
        }
    }

    /// Our own construction: padding, a name, a version.
    fn hello() -> Vec<u8> {
        let tags = [(*b"PAD\0", &[b'-'; 30][..]), (SNI, b"www.example.com"), (*b"VER\0", b"Q043")];
        let mut message = [&CHLO[..], &[3, 0, 0, 0]].concat();
        let mut end = 0;
        for (tag, value) in tags {
            end += u32::try_from(value.len()).unwrap();
            message.extend_from_slice(&tag);
            message.extend_from_slice(&end.to_le_bytes());
        }
        tags.iter().for_each(|(_, value)| message.extend_from_slice(value));
        message
    }

    fn datagram_q043() -> Vec<u8> {
        [&[0x0d][..], &[5; 8], b"Q043", &[1], &[9; 12], &[0xa0, 1, 0x80, 0], &hello()].concat()
    }

    fn datagram_q046() -> Vec<u8> {
        let header = [&[0xc3][..], b"Q046", &[0x50], &[5; 8], &[0, 0, 0, 1]].concat();
        [&header[..], &[9; 12], &[0xa0, 1, 0x80, 0], &hello()].concat()
    }
}
