//! Finds out what a file is and reads it, as a function of the bytes shown to it.
//!
//! Comes in: the bytes from the first one not yet used. Goes out: a [`Step`]. It performs no I/O and
//! keeps no bytes, so the same bytes give the same frames however they arrive.

use super::pcap::{self, Pcap};
use super::pcapng::{self, Pcapng};
use super::snoop::{self, Snoop};
use super::step::{Malformed, Step};
use crate::capture::ObservationPoint;

/// Reads one capture file from its first byte on.
///
/// Show it the bytes that are at hand with [`parse`](Self::parse), drop as many from their front as
/// the answer says, and show it the rest.
#[derive(Debug, Clone)]
pub(crate) struct Parser {
    format: Format,
    points: Vec<ObservationPoint>,
}

#[derive(Debug, Clone)]
enum Format {
    Unknown,
    Pcap(Pcap),
    Pcapng(Pcapng),
    Snoop(Snoop),
}

impl Parser {
    /// Begins with the first byte of a file.
    #[must_use]
    pub(crate) const fn new() -> Self {
        Self { format: Format::Unknown, points: Vec::new() }
    }

    /// Makes one step over `bytes`.
    #[inline]
    pub(crate) fn parse(&mut self, bytes: &[u8]) -> Step {
        match &mut self.format {
            Format::Pcap(pcap) => pcap.parse(bytes),
            Format::Pcapng(pcapng) => pcapng.parse(bytes, &mut self.points),
            Format::Snoop(snoop) => snoop.parse(bytes),
            Format::Unknown => self.recognise(bytes),
        }
    }

    /// Tells whether the header was read, so that the input certainly is a capture file.
    #[must_use]
    pub(crate) const fn is_begun(&self) -> bool {
        match &self.format {
            Format::Unknown => false,
            Format::Pcap(_) | Format::Snoop(_) => true,
            Format::Pcapng(pcapng) => pcapng.is_begun(),
        }
    }

    /// The interfaces that the file has described so far.
    #[must_use]
    pub(crate) fn observation_points(&self) -> &[ObservationPoint] {
        &self.points
    }

    /// Reads the header of a file.
    fn recognise(&mut self, bytes: &[u8]) -> Step {
        let Some(&magic) = bytes.first_chunk::<4>() else { return Step::Need(4) };
        if magic == pcapng::SECTION_HEADER {
            self.format = Format::Pcapng(Pcapng::new());
            return Step::Skip(0);
        }
        if snoop::PATTERN.starts_with(&magic) {
            let Some(header) = bytes.first_chunk::<{ snoop::FILE_HEADER }>() else {
                return Step::Need(snoop::FILE_HEADER);
            };
            let snoop = Snoop::from_file_header(header).map(|found| found.map(Format::Snoop));
            return self.begin(snoop, magic, snoop::FILE_HEADER);
        }
        let is_pcap = matches!(magic, [0xa1, 0xb2, _, _] | [_, _, 0xb2, 0xa1]);
        if !is_pcap {
            return Step::Malformed(Malformed::Magic(magic));
        }
        let Some(header) = bytes.first_chunk::<{ pcap::FILE_HEADER }>() else {
            return Step::Need(pcap::FILE_HEADER);
        };
        let pcap = Pcap::from_file_header(header).map(|found| found.map(Format::Pcap));
        self.begin(pcap, magic, pcap::FILE_HEADER)
    }

    /// Settles on a format with one interface that the file gives no name.
    fn begin(
        &mut self,
        found: Option<Result<Format, Malformed>>,
        magic: [u8; 4],
        header: usize,
    ) -> Step {
        match found {
            Some(Ok(format)) => {
                self.format = format;
                self.points.push(ObservationPoint { name: String::new() });
                Step::Skip(header)
            }
            Some(Err(malformed)) => Step::Malformed(malformed),
            None => Step::Malformed(Malformed::Magic(magic)),
        }
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}
