//! What the first bytes of a stream, or a datagram, turned out to be.
//!
//! Comes in: nothing. Goes out: the answers of probes and of stream dissectors. It holds no payload.

use super::{AppProtocol, DissectError, DissectReason, Message};

/// The longest head that a stream dissector asks for, in bytes.
///
/// Guards against streams that never finish their first message. A head of at least this length
/// is never answered with [`StreamVerdict::NeedMore`].
pub const MAX_STREAM_HEAD: usize = 16 * 1024;

/// What one side of a stream begins with.
#[expect(clippy::large_enum_variant, reason = "it is moved once; a box would cost an allocation")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamVerdict {
    /// The message is whole and was read.
    Read(Message),
    /// It looks like a protocol of ours so far: offer the head again when it is longer.
    NeedMore,
    /// No protocol that is read here; longer heads will not change that.
    NotForUs,
    /// It is one of our protocols, but not well formed; longer heads will not change that.
    Malformed(DissectError),
}

impl StreamVerdict {
    /// The verdict on a head that breaks a rule of `protocol`.
    pub(crate) const fn malformed(protocol: AppProtocol, reason: DissectReason) -> Self {
        Self::Malformed(DissectError { protocol, reason })
    }
}

/// What a look at a bounded number of bytes says about their protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    /// It is this protocol.
    Certain,
    /// Too little is there to tell, or another protocol could look the same.
    Unsure,
    /// It is something else.
    NotForUs,
}

/// What the dissector of one protocol found at the beginning of the bytes it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StreamRead<T> {
    /// A message, and where the next one of the same side begins.
    Read(T, Next),
    /// It looks like the protocol so far: offer the same bytes again with more behind them.
    NeedMore,
    /// Another protocol; more bytes will not change that.
    NotForUs,
    /// The protocol, but not well formed; more bytes will not change that.
    Malformed(DissectReason),
}

/// Where the next message of one side of a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing more of this side is worth reading.
    Nothing,
    /// So many bytes behind the first byte of the message that was read; that may be beyond what has come.
    After(usize),
    /// At the first byte of some later segment: how long the body is cannot be told.
    AnySegment,
}
