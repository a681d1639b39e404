//! The snoop format of Solaris.
//!
//! Comes in: bytes of a file. Goes out: where its frames are. Format: RFC 1761; numbers are
//! big-endian.

use super::step::{MAX_RECORD_BYTES, Malformed, Record, Step};
use crate::net::{InterfaceId, LinkType, Timestamp};

/// The first eight bytes of a file (RFC 1761, "Identification Pattern").
pub(crate) const PATTERN: [u8; 8] = *b"snoop\0\0\0";

/// Length of the header of a file.
pub(crate) const FILE_HEADER: usize = 16;

const RECORD_HEADER: u32 = 24;

/// Data-link types that have no LINKTYPE number appear as this plus their snoop number.
const UNMAPPED_LINK_TYPE: u32 = 0xffff_0000;

/// Reads the records of one snoop file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Snoop {
    link_type: LinkType,
}

impl Snoop {
    /// Takes the header of a file when its pattern is snoop's; `None` for any other.
    pub(crate) fn from_file_header(header: &[u8; FILE_HEADER]) -> Option<Result<Self, Malformed>> {
        let (pattern, numbers) = header.split_first_chunk::<8>()?;
        let &[version, datalink] = numbers.as_chunks::<4>().0 else { return None };
        if *pattern != PATTERN {
            return None;
        }
        let version = u32::from_be_bytes(version);
        if version != 2 {
            return Some(Err(Malformed::Version { major: version, minor: 0 }));
        }
        let link_type = match u32::from_be_bytes(datalink) {
            // IEEE 802.3 and Ethernet.
            0 | 4 => LinkType::ETHERNET,
            other => LinkType(UNMAPPED_LINK_TYPE | (other & 0xffff)),
        };
        Some(Ok(Self { link_type }))
    }

    /// Reads the record at the start of `bytes`.
    pub(crate) fn parse(&self, bytes: &[u8]) -> Step {
        let header = bytes.first_chunk::<{ RECORD_HEADER as usize }>();
        let Some(&[wire_len, captured, record_len, _drops, seconds, micros]) =
            header.map(|header| header.as_chunks::<4>().0)
        else {
            return Step::Need(RECORD_HEADER as usize);
        };
        let (captured, record_len) = (u32::from_be_bytes(captured), u32::from_be_bytes(record_len));
        if record_len > MAX_RECORD_BYTES {
            return Step::Malformed(Malformed::TooLong(record_len));
        }
        if record_len.checked_sub(RECORD_HEADER).is_none_or(|body| body < captured) {
            return Step::Malformed(Malformed::Length(record_len));
        }
        let consumed = record_len as usize;
        if bytes.len() < consumed {
            return Step::Need(consumed);
        }
        Step::Frame(Record {
            consumed,
            offset: RECORD_HEADER as usize,
            length: captured as usize,
            timestamp: Timestamp::from_parts(
                u32::from_be_bytes(seconds).into(),
                u64::from(u32::from_be_bytes(micros)) * 1_000,
            ),
            wire_len: u32::from_be_bytes(wire_len),
            interface: InterfaceId(0),
            link_type: self.link_type,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(version: u32, datalink: u32) -> [u8; FILE_HEADER] {
        let mut header = [0; FILE_HEADER];
        header[..8].copy_from_slice(&PATTERN);
        header[8..12].copy_from_slice(&version.to_be_bytes());
        header[12..].copy_from_slice(&datalink.to_be_bytes());
        header
    }

    #[test]
    fn padding_behind_a_frame_belongs_to_its_record() {
        let snoop = Snoop::from_file_header(&header(2, 4)).unwrap().unwrap();
        let mut bytes = [60u32, 2, 28, 0, 5, 7].map(u32::to_be_bytes).concat();
        assert_eq!(snoop.parse(&bytes), Step::Need(28));
        bytes.extend([1, 2, 0, 0]);

        let Step::Frame(record) = snoop.parse(&bytes) else { panic!("no frame") };

        assert_eq!((record.consumed, record.offset, record.length), (28, 24, 2));
        assert_eq!(record.timestamp, Timestamp::from_parts(5, 7_000));
        assert_eq!((record.wire_len, record.link_type), (60, LinkType::ETHERNET));
    }

    #[test]
    fn a_record_shorter_than_its_frame_is_malformed() {
        let snoop = Snoop::from_file_header(&header(2, 4)).unwrap().unwrap();

        for record_len in [0, 23, 24, 25] {
            let bytes = [60, 2, record_len, 0, 5, 7].map(u32::to_be_bytes).concat();
            assert_eq!(snoop.parse(&bytes), Step::Malformed(Malformed::Length(record_len)));
        }
    }

    #[test]
    fn only_ethernet_is_mapped_and_only_version_two_is_read() {
        let link_type = |datalink| Snoop::from_file_header(&header(2, datalink)).unwrap().unwrap();

        assert_eq!(link_type(0).link_type, LinkType::ETHERNET);
        assert!(link_type(8).link_type.0 > 0xffff);
        assert!(Snoop::from_file_header(&header(3, 4)).unwrap().is_err());
    }
}
