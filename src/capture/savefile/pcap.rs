//! The pcap format, and Kuznetzov's modification of it.
//!
//! Comes in: bytes of a file. Goes out: where its frames are. Formats: `draft-ietf-opsawg-pcap`
//! ("PCAP Capture File Format"); magic 0xa1b2cd34 has a record header of 24 bytes instead of 16
//! (interface index, protocol, packet type), as patched libpcap 0.4 of Linux distributions wrote it.

use super::byte_order::ByteOrder;
use super::step::{MAX_RECORD_BYTES, Malformed, Record, Step};
use crate::net::{InterfaceId, LinkType, Timestamp};

/// Length of the header of a file.
pub(crate) const FILE_HEADER: usize = 24;

/// Reads the records of one pcap file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pcap {
    order: ByteOrder,
    /// Nanoseconds in one unit of the field behind the seconds.
    tick: u32,
    record_header: usize,
    lengths: Lengths,
    link_type: LinkType,
}

/// The order in which a record states its two lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lengths {
    /// Captured, then on the wire: version 2.4, and all that is written today.
    CapturedFirst,
    /// On the wire, then captured: before version 2.3.
    WireFirst,
    /// Version 2.3 was written both ways: the smaller is the captured one.
    SmallerIsCaptured,
}

impl Pcap {
    /// Takes the header of a file when its magic is one of pcap's; `None` for any other magic.
    pub(crate) fn from_file_header(header: &[u8; FILE_HEADER]) -> Option<Result<Self, Malformed>> {
        let &[magic, version, _zone, _accuracy, _snap, network] = header.as_chunks::<4>().0 else {
            return None;
        };
        let (order, tick, record_header) = match u32::from_le_bytes(magic) {
            0xa1b2_c3d4 => (ByteOrder::Little, 1_000, 16),
            0xd4c3_b2a1 => (ByteOrder::Big, 1_000, 16),
            0xa1b2_3c4d => (ByteOrder::Little, 1, 16),
            0x4d3c_b2a1 => (ByteOrder::Big, 1, 16),
            0xa1b2_cd34 => (ByteOrder::Little, 1_000, 24),
            0x34cd_b2a1 => (ByteOrder::Big, 1_000, 24),
            _ => return None,
        };
        let (major, minor) = order.u16_pair(version);
        let lengths = match (major, minor) {
            (2, 0..=2) => Lengths::WireFirst,
            (2, 3) => Lengths::SmallerIsCaptured,
            (2, _) => Lengths::CapturedFirst,
            _ => {
                return Some(Err(Malformed::Version { major: major.into(), minor: minor.into() }));
            }
        };
        // The upper half holds the length of the frame check sequence and reserved bits (section 4).
        let link_type = LinkType(order.u32(network) & 0xffff);
        Some(Ok(Self { order, tick, record_header, lengths, link_type }))
    }

    /// Reads the record at the start of `bytes`.
    #[inline]
    pub(crate) fn parse(&self, bytes: &[u8]) -> Step {
        let Some(header) = bytes.first_chunk::<16>() else {
            return Step::Need(self.record_header);
        };
        let &[seconds, fraction, first, second] = header.as_chunks::<4>().0 else {
            return Step::Need(self.record_header);
        };
        let (first, second) = (self.order.u32(first), self.order.u32(second));
        let (captured, wire_len) = match self.lengths {
            Lengths::CapturedFirst => (first, second),
            Lengths::WireFirst => (second, first),
            Lengths::SmallerIsCaptured => (first.min(second), first.max(second)),
        };
        if captured > MAX_RECORD_BYTES {
            return Step::Malformed(Malformed::TooLong(captured));
        }
        let length = captured as usize;
        let consumed = self.record_header + length;
        if bytes.len() < consumed {
            return Step::Need(consumed);
        }
        let nanos = u64::from(self.order.u32(fraction)) * u64::from(self.tick);
        Step::Frame(Record {
            consumed,
            offset: self.record_header,
            length,
            timestamp: Timestamp::from_parts(self.order.u32(seconds).into(), nanos),
            wire_len,
            interface: InterfaceId(0),
            link_type: self.link_type,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_header(magic: [u8; 4], version: [u8; 4], network: [u8; 4]) -> [u8; FILE_HEADER] {
        let mut header = [0; FILE_HEADER];
        header[..4].copy_from_slice(&magic);
        header[4..8].copy_from_slice(&version);
        header[20..].copy_from_slice(&network);
        header
    }

    fn little(minor: u8) -> Pcap {
        let header = file_header([0xd4, 0xc3, 0xb2, 0xa1], [2, 0, minor, 0], [1, 0, 0, 0]);
        Pcap::from_file_header(&header).unwrap().unwrap()
    }

    fn frame(step: Step) -> Record {
        let Step::Frame(record) = step else { panic!("{step:?}") };
        record
    }

    #[test]
    fn micro_and_nanoseconds_are_told_apart_in_both_orders() {
        let cases: [([u8; 4], bool, u64); 4] = [
            ([0xd4, 0xc3, 0xb2, 0xa1], true, 7_000),
            ([0xa1, 0xb2, 0xc3, 0xd4], false, 7_000),
            ([0x4d, 0x3c, 0xb2, 0xa1], true, 7),
            ([0xa1, 0xb2, 0x3c, 0x4d], false, 7),
        ];
        for (magic, is_little, nanos) in cases {
            let word = |v: u32| if is_little { v.to_le_bytes() } else { v.to_be_bytes() };
            let version = if is_little { [2, 0, 4, 0] } else { [0, 2, 0, 4] };
            let pcap = Pcap::from_file_header(&file_header(magic, version, word(113)));
            let bytes = [word(5), word(7), word(2), word(60), [0xaa, 0xbb, 0, 0]].concat();

            let record = frame(pcap.unwrap().unwrap().parse(&bytes));

            assert_eq!(record.timestamp, Timestamp::from_parts(5, nanos));
            assert_eq!((record.offset, record.length, record.wire_len), (16, 2, 60));
            assert_eq!((record.consumed, record.link_type), (18, LinkType::LINUX_SLL));
        }
    }

    #[test]
    fn the_modified_format_has_eight_more_bytes_before_the_frame() {
        let header = file_header([0x34, 0xcd, 0xb2, 0xa1], [2, 0, 4, 0], [1, 0, 0, 0]);
        let pcap = Pcap::from_file_header(&header).unwrap().unwrap();
        let mut bytes = [1u32, 2, 3, 60, 9, 9].map(u32::to_le_bytes).concat();

        assert_eq!(pcap.parse(&bytes), Step::Need(27));
        bytes.extend([1, 2, 3]);
        assert_eq!(frame(pcap.parse(&bytes)).offset, 24);
    }

    #[test]
    fn old_versions_state_the_lengths_the_other_way_round() {
        let record = [0u32, 0, 60, 4, 0].map(u32::to_le_bytes).concat();

        assert_eq!(frame(little(2).parse(&record)).length, 4);
        assert_eq!(frame(little(3).parse(&record)).length, 4);
        assert_eq!(little(4).parse(&record), Step::Need(76));
    }

    #[test]
    fn bits_above_the_link_type_are_no_part_of_it() {
        let header = file_header([0xd4, 0xc3, 0xb2, 0xa1], [2, 0, 4, 0], [1, 0, 0, 0x24]);

        assert_eq!(Pcap::from_file_header(&header).unwrap().unwrap().link_type, LinkType::ETHERNET);
    }

    #[test]
    fn a_length_beyond_the_bound_ends_the_file_and_another_version_is_refused() {
        let record = [0, 0, MAX_RECORD_BYTES + 1, 60].map(u32::to_le_bytes).concat();
        assert_eq!(
            little(4).parse(&record),
            Step::Malformed(Malformed::TooLong(MAX_RECORD_BYTES + 1))
        );

        let header = file_header([0xd4, 0xc3, 0xb2, 0xa1], [1, 0, 4, 0], [1, 0, 0, 0]);
        let refused = Malformed::Version { major: 1, minor: 4 };
        assert_eq!(Pcap::from_file_header(&header), Some(Err(refused)));
    }

    #[test]
    fn a_nonsensical_fraction_still_gives_a_time() {
        let record = [u32::MAX, u32::MAX, 0, 0].map(u32::to_le_bytes).concat();

        assert!(frame(little(4).parse(&record)).timestamp.as_secs() >= u64::from(u32::MAX));
    }
}
