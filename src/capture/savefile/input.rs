//! Where the bytes of a capture file come from.
//!
//! Comes in: a path, standard input or any reader. Goes out: plain bytes, as they arrive. A reader
//! that may be slow is read by a thread of its own, so that whoever waits for frames can do other work.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::compression::decompress;
use crate::capture::CaptureError;

/// How long a stream is waited for before the source says that nothing arrived.
const WAIT: Duration = Duration::from_millis(100);

/// Bytes that the thread of a stream reads at once.
const STREAM_CHUNK: usize = 64 << 10;

/// Chunks that may wait for the parser; bounds the memory of a stream to this many chunks.
const STREAM_CHUNKS: usize = 16;

/// A supply of plain bytes.
pub(crate) enum Input {
    /// Reading waits until there is something.
    Blocking(Box<dyn Read + Send>),
    /// Filled by a thread.
    Stream(Stream),
}

/// What came of an attempt to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// This many bytes.
    Bytes(usize),
    /// Nothing within the time to wait.
    Nothing,
    /// Nothing, and nothing will come.
    End,
}

impl Input {
    /// Reads `reader` in the caller's thread.
    ///
    /// # Errors
    /// The first bytes could not be read.
    pub(crate) fn blocking(reader: Box<dyn Read + Send>) -> io::Result<Self> {
        decompress(reader).map(Self::Blocking)
    }

    /// Reads `reader` in a thread of its own.
    ///
    /// # Errors
    /// The thread could not be started.
    pub(crate) fn stream(reader: Box<dyn Read + Send>) -> io::Result<Self> {
        let (sender, chunks) = sync_channel(STREAM_CHUNKS);
        // Nobody joins the thread: it may wait for bytes for ever. It ends with its reader, or when it
        // has something to hand over and the source is gone.
        thread::Builder::new()
            .name("capture-stream".into())
            .spawn(move || feed(reader, &sender))?;
        Ok(Self::Stream(Stream { chunks, chunk: Vec::new(), taken: 0 }))
    }

    /// Reads into `buffer`, which must not be empty.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Arrival> {
        match self {
            Self::Blocking(reader) => loop {
                match reader.read(buffer) {
                    Ok(0) => return Ok(Arrival::End),
                    Ok(count) => return Ok(Arrival::Bytes(count)),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            },
            Self::Stream(stream) => stream.read(buffer),
        }
    }
}

/// The receiving end of a thread that reads.
pub(crate) struct Stream {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    /// Bytes of `chunk` that were handed on.
    taken: usize,
}

impl Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Arrival> {
        if self.taken >= self.chunk.len() {
            self.chunk = match self.chunks.recv_timeout(WAIT) {
                Ok(chunk) => chunk?,
                Err(RecvTimeoutError::Timeout) => return Ok(Arrival::Nothing),
                Err(RecvTimeoutError::Disconnected) => return Ok(Arrival::End),
            };
            self.taken = 0;
        }
        let mut rest = self.chunk.get(self.taken..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.taken += count;
        Ok(Arrival::Bytes(count))
    }
}

/// The thread of a stream: hands over what it reads until there is no more or nobody wants it.
fn feed(reader: Box<dyn Read + Send>, chunks: &SyncSender<io::Result<Vec<u8>>>) {
    let mut buffer = vec![0; STREAM_CHUNK];
    let mut input = decompress(reader).map(Input::Blocking);
    loop {
        let arrival = match &mut input {
            Ok(input) => input.read(&mut buffer),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        };
        let (message, is_last) = match arrival {
            Ok(Arrival::Bytes(count)) => {
                (Ok(buffer.get(..count).unwrap_or_default().to_vec()), false)
            }
            Ok(Arrival::Nothing | Arrival::End) => return,
            Err(error) => (Err(error), true),
        };
        if chunks.send(message).is_err() || is_last {
            return;
        }
    }
}

/// Opens a file for reading; `-` is standard input.
///
/// # Errors
/// It does not exist, may not be read, or is a directory.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read + Send>, CaptureError> {
    let what = || path.display().to_string();
    let opened = if path == Path::new("-") {
        // The descriptor itself: the standard library's handle has a small buffer and a lock.
        io::stdin().as_fd().try_clone_to_owned().map(File::from)
    } else {
        File::open(path)
    };
    let file = opened.map_err(|source| {
        let kind = source.kind();
        if kind == ErrorKind::NotFound {
            CaptureError::NotFound {
                what: what(),
                hint: "give the path of a capture file, or `-` for standard input".into(),
            }
        } else if kind == ErrorKind::PermissionDenied {
            CaptureError::Permission {
                what: what(),
                hint: "the file must be readable by the user who runs hikwatch".into(),
            }
        } else {
            CaptureError::Io { what: format!("open {}", what()), source }
        }
    })?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(CaptureError::NotACapture {
            path: path.into(),
            problem: "it is a directory".into(),
        });
    }
    Ok(Box::new(file))
}
