//! Simulated frames as a capture file that other tools read.
//!
//! Comes in: frames. Goes out: the bytes of a pcap file with nanosecond time stamps
//! (draft-ietf-opsawg-pcap). It never writes a file itself.

use super::frame::SimulatedFrame;

/// Most octets of a frame that a record keeps; our frames are shorter by far.
const SNAPSHOT_LENGTH: u32 = 65_535;

/// The file header: little-endian, nanosecond magic, Ethernet.
#[must_use]
pub fn pcap_header() -> [u8; 24] {
    let mut header = [0; 24];
    let [a, b, c, d] = SNAPSHOT_LENGTH.to_le_bytes();
    let fields = [0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d, 1];
    for (octet, field) in header.iter_mut().zip(fields) {
        *octet = field;
    }
    header
}

/// One frame as a record, to stand behind the header or another record.
#[must_use]
pub fn pcap_record(frame: &SimulatedFrame) -> Vec<u8> {
    let mut record = Vec::with_capacity(frame.bytes.len() + 16);
    let nanos = frame.timestamp.as_nanos() % 1_000_000_000;
    let length = u64::try_from(frame.bytes.len()).unwrap_or(u64::MAX);
    for number in [frame.timestamp.as_secs(), nanos, length, length] {
        record.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    }
    record.extend(&frame.bytes);
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Timestamp;

    #[test]
    fn a_record_carries_time_to_the_nanosecond_and_both_lengths() {
        let frame =
            SimulatedFrame { timestamp: Timestamp::from_parts(7, 123_456_789), bytes: vec![9; 3] };

        let record = pcap_record(&frame);

        assert_eq!(record[0..4], 7u32.to_le_bytes());
        assert_eq!(record[4..8], 123_456_789u32.to_le_bytes());
        assert_eq!(record[8..], [3, 0, 0, 0, 3, 0, 0, 0, 9, 9, 9]);
    }
}
