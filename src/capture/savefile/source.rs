//! Gives the frames of a capture file.
//!
//! Comes in: a path, a reader or a stream. Goes out: frames borrowed from one buffer that is filled
//! in large pieces. It never loads a whole file, and never loses what stands before a damaged place.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::input::{self, Arrival, Input};
use super::parser::Parser;
use super::step::{Malformed, Record, Step};
use crate::capture::{CaptureError, FrameSource, Next, ObservationPoint, SourceCounters};
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
        let first = self.start + record.offset;
        self.start += record.consumed;
        self.frames += 1;
        Ok(Next::Frame(Frame {
            number: 0,
            timestamp: record.timestamp,
            interface: record.interface,
            link_type: record.link_type,
            wire_len: record.wire_len,
            stripped_tag: None,
            bytes: self.buffer.get(first..first + record.length).unwrap_or_default(),
        }))
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
