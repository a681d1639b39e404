//! Gives the frames of a capture file.
//!
//! Comes in: a path, a reader or a stream. Goes out: frames borrowed from one buffer that is filled
//! in large pieces. It never loads a whole file, and never loses what stands before a damaged place.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::input::{self, Arrival, Input};
use super::parser::Parser;
use super::step::{Malformed, Record, Step};
use crate::capture::{
    BATCH_FRAMES, CaptureError, FrameBatch, FrameSource, Next, ObservationPoint, SourceCounters,
    Supply,
};
use crate::net::Frame;

/// Bytes read at once. Large enough that system calls do not matter, small enough to stay in cache.
const CHUNK: usize = 256 << 10;

/// A capture file as a source of frames.
///
/// The format and the compression are found out from the first bytes.
pub struct SavefileSource {
    path: PathBuf,
    input: Input,
    parser: Parser,
    buffer: Vec<u8>,
    /// First byte of the buffer that the parser has not used.
    start: usize,
    /// End of what was read into the buffer.
    end: usize,
    /// Bytes still to be passed over that are not in the buffer yet.
    skip: usize,
    frames: u64,
    is_ended: bool,
    warning: Option<String>,
}

impl SavefileSource {
    /// Opens a capture file; `-` is standard input. Reading waits for the file.
    ///
    /// # Errors
    /// The file does not exist, cannot be read, or is no capture file.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        Self::from_reader(path, input::open(path)?)
    }

    /// Reads a capture file from `reader`; `name` is what errors and warnings call it.
    ///
    /// # Errors
    /// The first bytes cannot be read or are not those of a capture file.
    pub fn from_reader(
        name: impl Into<PathBuf>,
        reader: Box<dyn Read + Send>,
    ) -> Result<Self, CaptureError> {
        let path = name.into();
        let input = Input::blocking(reader).map_err(|source| read_error(&path, source))?;
        let mut source = Self::new(path, input);
        source.read_header()?;
        Ok(source)
    }

    /// Reads a capture that is still being written, such as the output of another program; `-` is
    /// standard input. [`next_frame`](FrameSource::next_frame) gives each frame once all of it has
    /// arrived and says [`Next::Idle`] when nothing did for 100 ms; an input that is no capture
    /// shows there too.
    ///
    /// # Errors
    /// The file does not exist or cannot be read.
    pub fn open_stream(path: &Path) -> Result<Self, CaptureError> {
        Self::from_stream(path, input::open(path)?)
    }

    /// Does what [`open_stream`](Self::open_stream) does, with any reader.
    ///
    /// # Errors
    /// The thread that reads cannot be started.
    pub fn from_stream(
        name: impl Into<PathBuf>,
        reader: Box<dyn Read + Send>,
    ) -> Result<Self, CaptureError> {
        let path = name.into();
        let input = Input::stream(reader).map_err(|source| read_error(&path, source))?;
        Ok(Self::new(path, input))
    }

    fn new(path: PathBuf, input: Input) -> Self {
        Self {
            path,
            input,
            parser: Parser::new(),
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            skip: 0,
            frames: 0,
            is_ended: false,
            warning: None,
        }
    }

    /// Reads until the input is known to be a capture file.
    fn read_header(&mut self) -> Result<(), CaptureError> {
        while !self.parser.is_begun() {
            let bytes = self.buffer.get(self.start..self.end).unwrap_or_default();
            match self.parser.parse(bytes) {
                Step::Skip(count) => self.pass_over(count),
                Step::Need(count) => {
                    // A blocking input is never idle, and at its end this is an error.
                    self.fill(count)?;
                }
                Step::Malformed(malformed) => return Err(self.not_a_capture(malformed)),
                // No format has a frame before its header.
                Step::Frame(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Finds the next record. On `Ok(Err(..))` there is none, for the reason given.
    #[inline]
    fn next_record(&mut self) -> Result<Result<Record, Arrival>, CaptureError> {
        loop {
            let bytes = self.buffer.get(self.start..self.end).unwrap_or_default();
            match self.parser.parse(bytes) {
                Step::Frame(record) => return Ok(Ok(record)),
                Step::Skip(count) => self.pass_over(count),
                Step::Need(count) => match self.fill(count)? {
                    Arrival::Bytes(_) => {}
                    none @ (Arrival::Nothing | Arrival::End) => return Ok(Err(none)),
                },
                Step::Malformed(malformed) => {
                    self.is_ended = true;
                    if !self.parser.is_begun() {
                        return Err(self.not_a_capture(malformed));
                    }
                    self.warn(&malformed.to_string());
                    return Ok(Err(Arrival::End));
                }
            }
        }
    }

    /// Finds the next record among the bytes at hand.
    #[inline]
    fn record_at_hand(&mut self) -> Option<Record> {
        loop {
            let bytes = self.buffer.get(self.start..self.end).unwrap_or_default();
            match self.parser.parse(bytes) {
                Step::Frame(record) => return Some(record),
                Step::Skip(count) => self.pass_over(count),
                // The parser says the same again when it is asked for the next frame.
                Step::Need(_) | Step::Malformed(_) => return None,
            }
        }
    }

    /// Goes behind a record; gives the place of its first byte in the buffer.
    #[inline]
    const fn consume(&mut self, record: &Record) -> usize {
        let first = self.start + record.offset;
        self.start += record.consumed;
        self.frames += 1;
        first
    }

    /// The frame of a record whose first byte is at `first` in the buffer.
    #[inline]
    fn frame(&self, first: usize, record: &Record) -> Frame<'_> {
        Frame {
            number: 0,
            timestamp: record.timestamp,
            interface: record.interface,
            link_type: record.link_type,
            wire_len: record.wire_len,
            stripped_tag: None,
            bytes: self.buffer.get(first..first + record.length).unwrap_or_default(),
        }
    }

    fn pass_over(&mut self, count: usize) {
        let at_hand = count.min(self.end - self.start);
        self.start += at_hand;
        self.skip += count - at_hand;
    }

    /// Reads until at least `needed` bytes are at hand, behind those that are to be passed over.
    #[cold]
    fn fill(&mut self, needed: usize) -> Result<Arrival, CaptureError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        // `needed` is bounded by the parser, see `MAX_RECORD_BYTES`.
        if self.buffer.len() < needed {
            self.buffer.resize(needed, 0);
        }
        let mut total = 0;
        while self.end < needed {
            let space = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(space) {
                Ok(Arrival::Bytes(count)) => {
                    let passed = self.skip.min(count);
                    self.skip -= passed;
                    self.end += count;
                    self.start += passed;
                    total += count;
                    if passed > 0 {
                        self.buffer.copy_within(self.start..self.end, 0);
                        self.end -= self.start;
                        self.start = 0;
                    }
                }
                Ok(Arrival::Nothing) => return Ok(Arrival::Nothing),
                Ok(Arrival::End) => return self.finish().map(|()| Arrival::End),
                Err(error) => return self.give_up(error).map(|()| Arrival::End),
            }
        }
        Ok(Arrival::Bytes(total))
    }

    /// The input has ended: in the middle of something if bytes are left or owed.
    fn finish(&mut self) -> Result<(), CaptureError> {
        self.is_ended = true;
        let is_whole = self.end == self.start && self.skip == 0;
        if !self.parser.is_begun() {
            let problem = if is_whole { "it is empty" } else { "it ends within its header" };
            return Err(CaptureError::NotACapture {
                path: self.path.clone(),
                problem: problem.into(),
            });
        }
        if !is_whole {
            self.warn("it ends in the middle of a record");
        }
        Ok(())
    }

    /// The input cannot be read any further. Damaged compressed data has no error number of the
    /// system: what was read before it counts.
    fn give_up(&mut self, error: io::Error) -> Result<(), CaptureError> {
        self.is_ended = true;
        if error.raw_os_error().is_some() {
            return Err(read_error(&self.path, error));
        }
        let problem = format!("its compressed data is damaged or cut short ({error})");
        if !self.parser.is_begun() {
            return Err(CaptureError::NotACapture { path: self.path.clone(), problem });
        }
        self.warn(&problem);
        Ok(())
    }

    #[cold]
    fn warn(&mut self, problem: &str) {
        let (path, frames) = (self.path.display(), self.frames);
        self.warning = Some(format!("{path}: {problem}; {frames} frames were read"));
    }

    fn not_a_capture(&self, malformed: Malformed) -> CaptureError {
        CaptureError::NotACapture { path: self.path.clone(), problem: malformed.to_string() }
    }
}

impl FrameSource for SavefileSource {
    #[inline]
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        if self.is_ended {
            return Ok(Next::End);
        }
        let record = match self.next_record()? {
            Ok(record) => record,
            Err(Arrival::Nothing) => return Ok(Next::Idle),
            Err(Arrival::Bytes(_) | Arrival::End) => return Ok(Next::End),
        };
        let first = self.consume(&record);
        Ok(Next::Frame(self.frame(first, &record)))
    }

    fn next_frames<'a>(&'a mut self, batch: &mut FrameBatch<'a>) -> Result<Supply, CaptureError> {
        if self.is_ended {
            return Ok(Supply::End);
        }
        let mut next = match self.next_record()? {
            Ok(record) => Some(record),
            Err(Arrival::Nothing) => return Ok(Supply::Idle),
            Err(Arrival::Bytes(_) | Arrival::End) => return Ok(Supply::End),
        };
        // From here on the buffer stays as it is, so that places in it stay good.
        let mut found = [None; BATCH_FRAMES];
        for place in &mut found {
            let Some(record) = next.take().or_else(|| self.record_at_hand()) else { break };
            *place = Some((self.consume(&record), record));
        }
        let source: &'a Self = self;
        for (first, record) in found.iter().flatten() {
            batch.push(source.frame(*first, record));
        }
        Ok(Supply::Frames)
    }

    fn observation_points(&self) -> &[ObservationPoint] {
        self.parser.observation_points()
    }

    fn counters(&mut self) -> SourceCounters {
        SourceCounters { received: self.frames, ..SourceCounters::default() }
    }

    fn warning(&self) -> Option<String> {
        self.warning.clone()
    }
}

fn read_error(path: &Path, source: io::Error) -> CaptureError {
    CaptureError::Io { what: format!("read {}", path.display()), source }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io::Write;

    use super::*;
    use crate::capture::savefile::step::MAX_RECORD_BYTES;

    /// What a test compares: interface, link type, nanoseconds, wire length and bytes of each frame.
    type Frames = Vec<(u16, u32, u64, u32, Vec<u8>)>;

    /// Gives at most so many bytes a call as its list says, in turn.
    struct ShortReads {
        bytes: VecDeque<u8>,
        sizes: Vec<usize>,
        calls: usize,
    }

    impl Read for ShortReads {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let size = self.sizes[self.calls % self.sizes.len()].min(buffer.len());
            self.calls += 1;
            self.bytes.read(&mut buffer[..size])
        }
    }

    fn boxed(bytes: &[u8]) -> Box<dyn Read + Send> {
        Box::new(io::Cursor::new(bytes.to_vec()))
    }

    fn drain(source: &mut SavefileSource) -> Result<Frames, CaptureError> {
        let mut frames = Vec::new();
        loop {
            match source.next_frame()? {
                Next::Frame(f) => frames.push((
                    f.interface.0,
                    f.link_type.0,
                    f.timestamp.as_nanos(),
                    f.wire_len,
                    f.bytes.to_vec(),
                )),
                Next::Idle => {}
                Next::End => return Ok(frames),
            }
        }
    }

    /// Reads all of `bytes`: frames and warning, or the error.
    fn read(bytes: &[u8]) -> Result<(Frames, Option<String>), String> {
        read_from(boxed(bytes))
    }

    fn read_from(reader: Box<dyn Read + Send>) -> Result<(Frames, Option<String>), String> {
        let mut source =
            SavefileSource::from_reader("test", reader).map_err(|error| error.to_string())?;
        let frames = drain(&mut source).map_err(|error| error.to_string())?;
        Ok((frames, source.warning()))
    }

    fn pcap(frames: &[&[u8]]) -> Vec<u8> {
        let mut file = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).concat();
        for (at, frame) in (1..).zip(frames) {
            let length = u32::try_from(frame.len()).unwrap();
            file.extend([at, 0, length, length + 4].map(u32::to_le_bytes).concat());
            file.extend(*frame);
        }
        file
    }

    fn snoop(frames: &[&[u8]]) -> Vec<u8> {
        let mut file = b"snoop\0\0\0\0\0\0\x02\0\0\0\x04".to_vec();
        for frame in frames {
            let length = u32::try_from(frame.len()).unwrap();
            file.extend([length, length, length + 24, 0, 7, 8].map(u32::to_be_bytes).concat());
            file.extend(*frame);
        }
        file
    }

    /// A block in little-endian order when `little`, else in big-endian order.
    fn block(little: bool, kind: u32, body: &[u8]) -> Vec<u8> {
        let word = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        let length = word(u32::try_from(body.len() + padding.len() + 12).unwrap());
        [&word(kind)[..], &length, body, &padding, &length].concat()
    }

    /// Two sections of different byte order, with every kind of block that matters.
    fn pcapng() -> Vec<u8> {
        let mut file = Vec::new();
        for little in [true, false] {
            let word = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
            let half = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
            let words = |values: &[u32]| values.iter().flat_map(|v| word(*v)).collect::<Vec<_>>();
            let version = [half(1), half(0)].concat();
            let section = [&word(0x1a2b_3c4d)[..], &version, &[0xff; 8]].concat();
            file.extend(block(little, 0x0a0d_0d0a, &section));
            let ethernet =
                [&half(1)[..], &half(0), &word(0), &half(2), &half(4), b"eth0", &word(0)].concat();
            file.extend(block(little, 1, &ethernet));
            let raw = [&half(101)[..], &half(0), &word(8), &half(9), &half(1), &[9, 0, 0, 0]];
            file.extend(block(little, 1, &raw.concat()));
            file.extend(block(little, 0x7fff_0001, &[7; 40]));
            let enhanced = [words(&[1, 0, 5_000, 3, 90]), vec![1, 2, 3, 0], word(0).to_vec()];
            file.extend(block(little, 6, &enhanced.concat()));
            file.extend(block(little, 3, &[&word(5)[..], &[1, 2, 3, 4, 5]].concat()));
            let obsolete = [&half(0)[..], &half(9), &words(&[0, 7, 2, 2]), &[8, 9]].concat();
            file.extend(block(little, 2, &obsolete));
        }
        file
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    /// A small generator of the same numbers on every run (Marsaglia, "Xorshift RNGs").
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
        }
    }

    #[test]
    fn a_custom_block_is_a_record_that_holds_no_frame() {
        let file = [pcapng(), block(false, 0x4000_0bad, &[7; 12])].concat();
        let mut source = SavefileSource::from_reader("test", boxed(&file)).unwrap();

        let frames = drain(&mut source).unwrap();

        assert_eq!(frames.len(), 7);
        assert_eq!(frames.last().map(|frame| frame.1), Some(crate::net::LinkType::NOT_A_FRAME.0));
    }

    #[test]
    fn sections_of_different_byte_order_give_the_same_frames_on_interfaces_of_their_own() {
        let mut source = SavefileSource::from_reader("test", boxed(&pcapng())).unwrap();

        let frames = drain(&mut source).unwrap();

        let section = |base| {
            [
                (base + 1, 101, 5_000, 90, vec![1, 2, 3]),
                (base, 1, 5_000, 5, vec![1, 2, 3, 4, 5]),
                (base, 1, 7_000, 2, vec![8, 9]),
            ]
        };
        assert_eq!(frames, [section(0), section(2)].concat());
        let names: Vec<_> = source.observation_points().iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["eth0", "", "eth0", ""]);
        assert_eq!(source.warning(), None);
    }

    #[test]
    fn a_simple_packet_is_cut_at_the_snapshot_length() {
        let mut file =
            block(true, 0x0a0d_0d0a, b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
        file.extend(block(true, 1, &[1, 0, 0, 0, 2, 0, 0, 0]));
        file.extend(block(true, 3, &[60, 0, 0, 0, 1, 2, 0, 0]));

        assert_eq!(read(&file), Ok((vec![(0, 1, 0, 60, vec![1, 2])], None)));
    }

    #[test]
    fn a_file_cut_anywhere_yields_what_was_whole_and_says_so() {
        for file in [pcap(&[b"one", b"three"]), snoop(&[b"one", b"three"]), pcapng()] {
            let (whole, _) = read(&file).unwrap();
            let mut seen = 0;
            for cut in 0..file.len() {
                let Ok((frames, warning)) = read(&file[..cut]) else {
                    assert_eq!(seen, 0, "a capture stays one when more of it is there");
                    continue;
                };
                assert_eq!(frames, whole[..frames.len()]);
                assert!(frames.len() >= seen, "cut at {cut}");
                seen = frames.len();
                if let Some(warning) = warning {
                    let expected =
                        format!("test: it ends in the middle of a record; {seen} frames were read");
                    assert_eq!(warning, expected);
                }
            }
            assert_eq!(seen, whole.len() - 1);
        }
    }

    #[test]
    fn the_end_between_two_records_is_no_cut() {
        let file = pcap(&[b"one", b"three"]);

        assert_eq!(read(&file[..24]).unwrap(), (vec![], None));
        let (frames, warning) = read(&file[..24 + 16 + 3]).unwrap();
        assert_eq!((frames.len(), warning), (1, None));
    }

    #[test]
    fn compressed_files_give_the_frames_of_the_plain_ones() {
        for file in [pcap(&[b"one", b"three"]), snoop(&[b"one"]), pcapng()] {
            let plain = read(&file);
            let (front, back) = file.split_at(file.len() / 2);
            let skippable = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9];

            assert_eq!(read(&gzip(&file)), plain);
            assert_eq!(read(&[gzip(front), gzip(back)].concat()), plain);
            assert_eq!(read(&zstd(&file)), plain);
            assert_eq!(read(&[&skippable[..], &zstd(front), &zstd(back)].concat()), plain);
        }
    }

    #[test]
    fn compressed_data_that_is_cut_keeps_the_frames_before_the_cut() {
        let noise: Vec<Vec<u8>> = (0..2_000u32)
            .map(|n| {
                (0..400u32)
                    .map(|i| {
                        (n.wrapping_mul(2_654_435_761) >> (i % 24)).to_le_bytes()[0]
                            ^ i.to_le_bytes()[0]
                    })
                    .collect()
            })
            .collect();
        let frames: Vec<&[u8]> = noise.iter().map(Vec::as_slice).collect();
        let file = pcap(&frames);
        for packed in [gzip(&file), zstd(&file)] {
            let (frames, warning) = read(&packed[..packed.len() * 3 / 4]).unwrap();

            assert!(!frames.is_empty() && frames.len() < 2_000, "{}", frames.len());
            let warning = warning.unwrap();
            assert!(warning.contains("damaged or cut short"), "{warning}");
        }
    }

    #[test]
    fn what_is_no_capture_is_refused_with_one_line() {
        let cases: [(&[u8], &str); 7] = [
            (b"", "it is empty"),
            (b"abc", "it ends within its header"),
            (b"hello, world", "its first four bytes are 68 65 6c 6c"),
            (&pcap(&[])[..20], "it ends within its header"),
            (b"\xa1\xb2\xc3\xd4\0\x03\0\0............................", "version 3.0"),
            (b"\x0a\x0d\x0d\x0a\x1c\0\0\0............................", "no byte-order magic"),
            (b"\x1f\x8b\x08\0\0\0", "damaged or cut short"),
        ];
        for (bytes, problem) in cases {
            let error = read(bytes).unwrap_err();
            assert!(error.contains(problem) && !error.contains('\n'), "{error}");
        }
        let nowhere = SavefileSource::open(Path::new("/nonexistent/file.pcap")).err();
        assert!(matches!(nowhere, Some(CaptureError::NotFound { .. })));
        let folder = SavefileSource::open(Path::new("/")).err();
        assert!(matches!(folder, Some(CaptureError::NotACapture { .. })));
    }

    #[test]
    fn a_nonsensical_record_ends_the_file_and_keeps_the_frames_before_it() {
        let mut file = pcap(&[b"one"]);
        file.extend([0, 0, MAX_RECORD_BYTES + 1, 60].map(u32::to_le_bytes).concat());
        file.extend([0; 99]);
        let (frames, warning) = read(&file).unwrap();
        assert_eq!(frames.len(), 1);
        assert!(warning.unwrap().contains("claims 16777217 bytes"));

        for (length, problem) in [(4, "impossible"), (33, "impossible"), (u32::MAX - 3, "claims")] {
            let mut file = pcapng();
            let count = read(&file).unwrap().0.len();
            file.extend([0x0600_0000, length.to_be(), 0, 0].map(u32::to_le_bytes).concat());
            let (frames, warning) = read(&file).unwrap();
            assert_eq!(frames.len(), count);
            assert!(warning.unwrap().contains(problem));
        }
    }

    #[test]
    fn a_record_larger_than_the_buffer_is_read_and_a_larger_block_is_passed_over() {
        let large = vec![7; CHUNK * 3];
        let (frames, warning) = read(&pcap(&[b"one", &large, b"three"])).unwrap();
        assert_eq!(frames.iter().map(|f| f.4.len()).collect::<Vec<_>>(), [3, CHUNK * 3, 5]);
        assert_eq!(warning, None);

        let mut file = pcapng();
        file.extend(block(false, 0x7fff_0001, &vec![1; CHUNK * 2 + 8]));
        file.extend(pcapng());
        assert_eq!(read(&file).unwrap().0.len(), 12);
        assert_eq!(read(&file).unwrap().1, None);
    }

    #[test]
    fn any_split_into_short_reads_gives_the_same_frames() {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let large = vec![7; CHUNK + 99];
        let files = [
            pcap(&[b"one", b"", &large, b"three"]),
            snoop(&[b"one", b"three", &large]),
            [pcapng(), block(false, 0x7fff_0001, &large), pcapng()].concat(),
        ];
        for file in &files {
            let whole = read(file);
            for round in 0..40 {
                let limit = [2, 5, 40, 4_000, CHUNK * 2][round % 5];
                let sizes = (0..7).map(|_| numbers.below(limit) + 1).collect();
                let reader = ShortReads { bytes: file.clone().into(), sizes, calls: 0 };
                assert_eq!(read_from(Box::new(reader)), whole);
            }
        }
    }

    #[test]
    fn damaged_files_never_panic_and_read_the_same_in_one_piece_or_in_many() {
        let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
        let files = [pcap(&[b"one", b"three", &[9; 60]]), snoop(&[b"one", b"three"]), pcapng()];
        for file in &files {
            for _ in 0..4_000 {
                let mut damaged = file.clone();
                for _ in 0..=numbers.below(4) {
                    let at = numbers.below(damaged.len());
                    match numbers.below(5) {
                        0 => damaged[at] ^= 1 << numbers.below(8),
                        1 => damaged[at] = [0, 0xff, 0x7f, 0x80][numbers.below(4)],
                        2 => drop(damaged.remove(at)),
                        3 => damaged.insert(at, damaged[at]),
                        _ => damaged.truncate(at.max(4)),
                    }
                }
                let whole = read(&damaged);
                let sizes = vec![numbers.below(9) + 1, numbers.below(60) + 1];
                let reader = ShortReads { bytes: damaged.into(), sizes, calls: 0 };
                assert_eq!(read_from(Box::new(reader)), whole);
            }
        }
    }

    #[test]
    fn a_stream_gives_each_frame_once_it_is_whole_and_ends_with_its_writer() {
        let file = pcap(&[b"one", b"three"]);
        let (reader, mut writer) = io::pipe().unwrap();
        let mut source = SavefileSource::from_stream("test", Box::new(reader)).unwrap();
        let next = |source: &mut SavefileSource| match source.next_frame().unwrap() {
            Next::Frame(frame) => Some(frame.bytes.to_vec()),
            Next::Idle => None,
            Next::End => panic!("the stream has not ended"),
        };

        assert_eq!(next(&mut source), None);
        writer.write_all(&file[..24 + 16 + 3 + 2]).unwrap();
        assert_eq!(next(&mut source), Some(b"one".to_vec()));
        assert_eq!(next(&mut source), None);
        writer.write_all(&file[24 + 16 + 3 + 2..]).unwrap();
        assert_eq!(next(&mut source), Some(b"three".to_vec()));
        drop(writer);
        assert_eq!(drain(&mut source).unwrap(), vec![]);
        assert_eq!(source.warning(), None);
    }

    #[test]
    fn a_stream_that_is_no_capture_is_refused_at_its_first_frame() {
        let mut source = SavefileSource::from_stream("test", boxed(b"hello, world")).unwrap();
        assert!(matches!(drain(&mut source), Err(CaptureError::NotACapture { .. })));

        let mut packed = SavefileSource::from_stream("test", boxed(&gzip(&pcapng()))).unwrap();
        assert_eq!(drain(&mut packed).unwrap().len(), 6);
    }
}
