//! Why a frame could not be read further.

/// Where decoding stopped, and why. A bad frame is counted by these two, never reported upward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}: {}", layer.as_label(), reason.as_label())]
pub struct DecodeError {
    /// The layer that could not be read.
    pub layer: Layer,
    /// Why.
    pub reason: DecodeReason,
}

impl DecodeError {
    /// Something of the link layer, or of a wrapping that stands in its place.
    pub(super) const fn link(reason: DecodeReason) -> Self {
        Self { layer: Layer::Link, reason }
    }

    /// Something of the network layer.
    pub(super) const fn network(reason: DecodeReason) -> Self {
        Self { layer: Layer::Network, reason }
    }

    /// Something of the transport layer.
    pub(super) const fn transport(reason: DecodeReason) -> Self {
        Self { layer: Layer::Transport, reason }
    }
}

/// The layers that decoding can stop at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// Ethernet, tags, cooked headers.
    Link,
    /// IP, its extension headers, ARP.
    Network,
    /// TCP, UDP, ICMP.
    Transport,
}

impl Layer {
    /// Every layer, for counters that exist from the start.
    pub const ALL: [Self; 3] = [Self::Link, Self::Network, Self::Transport];

    /// The metric label.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Network => "network",
            Self::Transport => "transport",
        }
    }
}

/// Why decoding stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecodeReason {
    /// The frame ends before the header does.
    Truncated,
    /// A header contradicts itself or the standard.
    Malformed,
    /// A link type, EtherType or protocol that this decoder does not read.
    Unsupported,
    /// A tunnel whose inside is not to be believed.
    Untrusted,
}

impl DecodeReason {
    /// Every reason, for counters that exist from the start.
    pub const ALL: [Self; 4] =
        [Self::Truncated, Self::Malformed, Self::Unsupported, Self::Untrusted];

    /// The metric label.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::Untrusted => "untrusted",
        }
    }
}
