//! Data frames of IEEE 802.11 that are sent in clear.
//!
//! Comes in: a frame that begins with its 802.11 header. Goes out: its LLC header as the next [`Step`], and
//! the two stations. Management, control, empty, protected and fragmented frames are `Unsupported`. It
//! decrypts nothing. Clauses are those of IEEE 802.11-2020.

use super::step::{Shell, Step};
use super::{DecodeError, DecodeReason, EtherAddresses};
use crate::net::MacAddr;

const UNSUPPORTED: DecodeError = DecodeError::link(DecodeReason::Unsupported);
const TRUNCATED: DecodeError = DecodeError::link(DecodeReason::Truncated);

/// Frame Control, second byte (9.2.4.1).
const TO_DS: u8 = 0x01;
const FROM_DS: u8 = 0x02;
const MORE_FRAGMENTS: u8 = 0x04;
const PROTECTED: u8 = 0x40;
const HT_CONTROL: u8 = 0x80;

/// Subtypes of data frames (9.2.4.1.3): without data, and with a QoS Control field.
const NO_DATA: u8 = 0x4;
const QOS: u8 = 0x8;

/// What a capture header says of the frame behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reception {
    /// The frame ends with its checksum, of four bytes.
    pub(super) has_checksum: bool,
    /// The checksum was found to be wrong.
    pub(super) is_damaged: bool,
    /// The header is filled up to a multiple of four bytes.
    pub(super) is_padded: bool,
}

/// Reads the header of an 802.11 frame.
///
/// # Errors
/// The frame was damaged, is cut, or is no data frame in clear.
pub(super) fn frame<'a>(
    bytes: &'a [u8],
    reception: Reception,
    shell: &mut Shell,
) -> Result<Step<'a>, DecodeError> {
    if reception.is_damaged {
        return Err(DecodeError::link(DecodeReason::Malformed));
    }
    let bytes = if reception.has_checksum {
        bytes.get(..bytes.len().saturating_sub(4)).unwrap_or_default()
    } else {
        bytes
    };
    let [control, flags, ..] = *bytes else { return Err(TRUNCATED) };
    let subtype = control >> 4;
    // Protocol version 0, type 2.
    if control & 0x0f != 0x08 || subtype & NO_DATA != 0 || flags & (PROTECTED | MORE_FRAGMENTS) != 0
    {
        return Err(UNSUPPORTED);
    }
    let Some((header, mut rest)) = bytes.split_first_chunk::<24>() else { return Err(TRUNCATED) };
    let ([_, _, _, _, first @ ..], tail) = header.split_first_chunk::<10>().ok_or(TRUNCATED)?;
    let (second, tail) = tail.split_first_chunk::<6>().ok_or(TRUNCATED)?;
    let (third, sequence) = tail.split_first_chunk::<6>().ok_or(TRUNCATED)?;
    // Four bits of fragment number, then twelve of sequence number (9.2.4.4).
    if sequence.first().is_none_or(|low| low & 0x0f != 0) {
        return Err(UNSUPPORTED);
    }
    // 9.3.2.1, table 9-30.
    let (destination, source) = match (flags & TO_DS != 0, flags & FROM_DS != 0) {
        (false, false) => (*first, *second),
        (false, true) => (*first, *third),
        (true, false) => (*third, *second),
        (true, true) => {
            let (fourth, behind) = rest.split_first_chunk::<6>().ok_or(TRUNCATED)?;
            rest = behind;
            (*third, *fourth)
        }
    };
    let mut is_aggregate = false;
    if subtype & QOS != 0 {
        let (qos, behind) = rest.split_first_chunk::<2>().ok_or(TRUNCATED)?;
        is_aggregate = qos.first().is_some_and(|low| low & 0x80 != 0);
        rest = behind;
        if flags & HT_CONTROL != 0 {
            rest = rest.get(4..).ok_or(TRUNCATED)?;
        }
    }
    if reception.is_padded {
        let header_len = bytes.len() - rest.len();
        rest = rest.get(header_len.next_multiple_of(4) - header_len..).ok_or(TRUNCATED)?;
    }
    if is_aggregate {
        return aggregate(rest, shell);
    }
    shell.ether = Some(ether(source, destination));
    Ok(Step::Llc(rest))
}

/// The first subframe of an A-MSDU (9.3.2.2.2): destination, source, length. The others are not
/// looked at: one frame gives one packet.
fn aggregate<'a>(bytes: &'a [u8], shell: &mut Shell) -> Result<Step<'a>, DecodeError> {
    let (destination, rest) = bytes.split_first_chunk::<6>().ok_or(TRUNCATED)?;
    let (source, rest) = rest.split_first_chunk::<6>().ok_or(TRUNCATED)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(TRUNCATED)?;
    let length = usize::from(u16::from_be_bytes(*length));
    shell.ether = Some(ether(*source, *destination));
    Ok(Step::Llc(rest.get(..length).unwrap_or(rest)))
}

const fn ether(source: [u8; 6], destination: [u8; 6]) -> EtherAddresses {
    EtherAddresses { source: MacAddr(source), destination: MacAddr(destination) }
}
