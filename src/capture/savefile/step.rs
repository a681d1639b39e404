//! What a parser of capture files answers to the bytes it is shown.
//!
//! Comes in: nothing. Goes out: plain values that every format shares.

use crate::net::{InterfaceId, LinkType, Timestamp};

/// The longest record that is believed, in bytes; guards against a length field that would have us
/// reserve memory for nothing. Captures of USB or D-Bus reach a few MiB, networks 64 KiB.
pub(crate) const MAX_RECORD_BYTES: u32 = 16 << 20;

/// What a parser makes of the bytes at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A whole record with a frame.
    Frame(Record),
    /// This many bytes hold no frame. They may reach beyond the bytes at hand.
    Skip(usize),
    /// Not enough bytes: at least this many are needed, counted from the first one shown.
    Need(usize),
    /// The bytes cannot be what they should be; nothing after them can be found.
    Malformed(Malformed),
}

/// A frame's place within the bytes shown to the parser, and what its record says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    /// Length of the whole record in bytes; the next one starts behind it.
    pub(crate) consumed: usize,
    /// Where the captured bytes start.
    pub(crate) offset: usize,
    /// How many bytes were captured.
    pub(crate) length: usize,
    /// When the frame was captured.
    pub(crate) timestamp: Timestamp,
    /// Length on the wire in bytes.
    pub(crate) wire_len: u32,
    /// Index into the observation points.
    pub(crate) interface: InterfaceId,
    /// What the first captured byte belongs to.
    pub(crate) link_type: LinkType,
}

/// Why reading a capture file cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Malformed {
    /// The first four bytes belong to no format that we read.
    #[error("its first four bytes are {:02x} {:02x} {:02x} {:02x}", .0[0], .0[1], .0[2], .0[3])]
    Magic([u8; 4]),
    /// A version of the format that we do not know.
    #[error("version {major}.{minor} of the format is not known")]
    Version {
        /// Major version.
        major: u32,
        /// Minor version.
        minor: u32,
    },
    /// A record or block claims more bytes than any has.
    #[error("a record claims {0} bytes, more than the {MAX_RECORD_BYTES} that are believed")]
    TooLong(u32),
    /// A length that does not hold the fields that must be there, or not a multiple of four (pcapng).
    #[error("a record has the impossible length {0}")]
    Length(u32),
    /// A pcapng block states two different lengths at its start and at its end.
    #[error("a block states two lengths, {0} and {1}")]
    LengthsDiffer(u32, u32),
    /// A pcapng section whose byte-order magic is none.
    #[error("a section has no byte-order magic")]
    ByteOrder,
    /// A frame of an interface that was not described.
    #[error("a frame names interface {0}, which is not described")]
    UnknownInterface(u32),
    /// More interfaces than can be numbered.
    #[error("more than {} interfaces are described", u16::MAX)]
    TooManyInterfaces,
}
