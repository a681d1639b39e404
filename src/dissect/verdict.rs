//! What the first bytes of a stream turned out to be.
//!
//! Comes in: nothing. Goes out: the answer of the stream dissectors. It holds no payload.

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
