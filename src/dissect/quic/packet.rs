//! Reads the long headers of QUIC packets.
//!
//! Comes in: a datagram. Goes out: its packets, one after the other (RFC 9000, 12.2 and 17.2; RFC 8999 for what no version may
//! change). Packets with a short header say nothing that can be read: they end the walk.

use super::google;
use super::version::{Version, is_reserved};
use crate::dissect::{DissectReason, cursor::Cursor, verdict::Probe};

/// The longest connection ID, RFC 9000, 17.2.
pub(super) const MAX_CONNECTION_ID: usize = 20;

/// The first bit of a long header, RFC 8999, 5.1.
const LONG_HEADER: u8 = 0x80;
/// The bit that is always set, RFC 9000, 17.2.
const FIXED_BIT: u8 = 0x40;

/// The types of long header packets, RFC 9000, 17.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PacketKind {
    Initial,
    ZeroRtt,
    Handshake,
    Retry,
    /// Its version is 0, RFC 8999, 6.
    VersionNegotiation,
}

/// A packet with a long header, still protected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    pub(super) kind: PacketKind,
    /// The number of the version.
    pub(super) number: u32,
    /// Destination connection ID.
    pub(super) destination: &'a [u8],
    /// All bytes of the packet.
    pub(super) bytes: &'a [u8],
    /// Where the protected packet number begins in `bytes`.
    pub(super) number_offset: usize,
}

/// Tells whether a datagram begins with a packet of QUIC that has a long header, or with one of Google QUIC.
///
/// Looks at no more than the header's beginning. The size of the datagram is not asked, since captures are cut.
pub(crate) fn probe(datagram: &[u8]) -> Probe {
    let mut header = Cursor::new(datagram);
    let (Ok(first), Ok(number)) = (header.u8(), header.u32()) else { return Probe::NotForUs };
    if first & LONG_HEADER == 0 || google::is_legacy_long_header(number) {
        return google::probe(datagram);
    }
    let (Ok(destination), Ok(source)) = (header.vector8(), header.vector8()) else {
        return Probe::NotForUs;
    };
    if destination.len() > MAX_CONNECTION_ID || source.len() > MAX_CONNECTION_ID {
        return Probe::NotForUs;
    }
    let fixed = first & FIXED_BIT != 0;
    let versions = header.rest().len();
    match Version::of(number) {
        Some(_) if fixed => Probe::Certain,
        None if is_reserved(number) && fixed => Probe::Unsure,
        None if number == 0 && versions > 0 && versions.is_multiple_of(4) => Probe::Unsure,
        Some(_) | None => Probe::NotForUs,
    }
}

/// Takes the next packet of a datagram. `None` at the end, and when what follows has no long header.
///
/// # Errors
/// [`DissectReason::Truncated`] when it is cut, [`DissectReason::Malformed`] when a connection ID is too long.
pub(super) fn next_packet<'a>(
    datagram: &mut Cursor<'a>,
) -> Result<Option<Packet<'a>>, DissectReason> {
    let mut whole = *datagram;
    let bytes = whole.rest();
    let mut header = Cursor::new(bytes);
    let first = match header.u8() {
        Ok(first) if first & LONG_HEADER != 0 => first,
        _ => return Ok(None),
    };
    let number = header.u32()?;
    let destination = header.vector8()?;
    let source = header.vector8()?;
    if destination.len() > MAX_CONNECTION_ID || source.len() > MAX_CONNECTION_ID {
        return Err(DissectReason::Malformed);
    }
    let kind = match Version::of(number) {
        Some(version) => version.kind(first),
        None if number == 0 => PacketKind::VersionNegotiation,
        None => return Ok(None),
    };
    let end = match kind {
        // Nothing can follow these (RFC 9000, 12.2).
        PacketKind::Retry | PacketKind::VersionNegotiation => bytes.len(),
        PacketKind::Initial | PacketKind::ZeroRtt | PacketKind::Handshake => {
            if kind == PacketKind::Initial {
                let _token = take_vector(&mut header)?;
            }
            let length = size(varint(&mut header)?)?;
            header.position().checked_add(length).ok_or(DissectReason::Truncated)?
        }
    };
    let packet = Packet {
        kind,
        number,
        destination,
        bytes: datagram.take(end)?,
        number_offset: header.position(),
    };
    Ok(Some(packet))
}

/// Takes an integer of variable length, RFC 9000, 16.
pub(super) fn varint(cursor: &mut Cursor<'_>) -> Result<u64, DissectReason> {
    let first = cursor.u8()?;
    let mut value = u64::from(first & 0x3f);
    for byte in cursor.take((1 << (first >> 6)) - 1)? {
        value = value << 8 | u64::from(*byte);
    }
    Ok(value)
}

/// Takes bytes whose number stands before them as a varint.
pub(super) fn take_vector<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], DissectReason> {
    let length = size(varint(cursor)?)?;
    cursor.take(length)
}

/// A length that memory can have.
pub(super) fn size(length: u64) -> Result<usize, DissectReason> {
    usize::try_from(length).map_err(|_| DissectReason::Truncated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_follow_each_other_until_a_short_header() {
        let initial = [&[0xc0, 0, 0, 0, 1, 2, 8, 9, 1, 7, 1, 5, 0x40, 3][..], &[1, 2, 3]].concat();
        let handshake = [&[0xe0, 0, 0, 0, 1, 2, 8, 9, 0, 2][..], &[4, 5]].concat();
        let datagram = [&initial[..], &handshake, &[0x40, 1, 2, 3]].concat();
        let mut cursor = Cursor::new(&datagram);

        let first = next_packet(&mut cursor).unwrap().unwrap();
        assert_eq!(
            (first.kind, first.number, first.destination),
            (PacketKind::Initial, 1, &[8, 9][..])
        );
        assert_eq!((first.bytes, first.number_offset), (&initial[..], initial.len() - 3));
        let second = next_packet(&mut cursor).unwrap().unwrap();
        assert_eq!((second.kind, second.bytes), (PacketKind::Handshake, &handshake[..]));
        assert!(next_packet(&mut cursor).unwrap().is_none());
    }

    #[test]
    fn a_packet_beyond_the_end_is_truncated_and_a_long_connection_id_malformed() {
        let cut = [0xc0, 0, 0, 0, 1, 0, 0, 0, 0x40, 200, 1, 2];
        let long = [&[0xc0, 0, 0, 0, 1, 21][..], &[0; 40]].concat();

        assert_eq!(next_packet(&mut Cursor::new(&cut)).unwrap_err(), DissectReason::Truncated);
        assert_eq!(next_packet(&mut Cursor::new(&long)).unwrap_err(), DissectReason::Malformed);
    }

    /// RFC 9000, A.1.
    #[test]
    fn integers_of_variable_length_are_those_of_the_standard() {
        for (bytes, value) in [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c][..], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x40, 0x25], 37),
            (&[0x25], 37),
        ] {
            assert_eq!(varint(&mut Cursor::new(bytes)), Ok(value));
        }
    }

    #[test]
    fn the_probe_takes_known_versions_with_the_fixed_bit() {
        let header = |first, version: u32| {
            [&[first][..], &version.to_be_bytes(), &[1, 9, 0, 0, 0, 0, 1]].concat()
        };

        assert_eq!(probe(&header(0xc3, 1)), Probe::Certain);
        assert_eq!(probe(&header(0xd3, 0x6b33_43cf)), Probe::Certain);
        assert_eq!(probe(&header(0xc3, 0x1a2a_3a4a)), Probe::Unsure);
        assert_eq!(probe(&header(0x80, 0)), Probe::Unsure);
        assert_eq!(probe(&header(0x83, 1)), Probe::NotForUs);
        assert_eq!(probe(&header(0x43, 1)), Probe::NotForUs);
        assert_eq!(probe(&header(0xc3, 2)), Probe::NotForUs);
        assert_eq!(probe(&[0xc3, 0, 0, 0, 1, 21]), Probe::NotForUs);
        assert_eq!(probe(&[0xc3]), Probe::NotForUs);
    }
}
