//! What a meter keeps with each flow while it reads what is said in it.
//!
//! Comes in: nothing by itself; the readers of streams and datagrams write it. Goes out: state that is small once
//! nothing more can come: two words and a pointer.

use std::net::IpAddr;

use super::talk::Talk;
use crate::dissect::{QuicInitials, RtpTracker, StreamPlace};
use crate::flow::{Orientation, StreamHead};

/// The state of both directions of a flow, and what was said in it.
#[derive(Debug, Default)]
pub(super) struct FlowSlot {
    ascending: Side,
    descending: Side,
    /// What was said.
    pub(super) talk: Talk,
}

/// One direction of a flow.
#[derive(Debug, Default)]
pub(super) enum Side {
    /// Nothing was seen of it; where it begins is not known.
    #[default]
    Unseen,
    /// The SYN of a stream was seen.
    Expected {
        /// The sequence number of the first byte.
        first: u32,
        /// The SYN could travel on from here.
        far: bool,
    },
    /// Some bytes of a message are there, and more are needed.
    Reading(Box<Reading>),
    /// A message was read, and the next one stands further on.
    Skipping {
        /// The sequence number of the next message.
        next: u32,
        /// The SYN could travel on from here.
        far: bool,
    },
    /// The next message begins with one of the next segments.
    Scanning {
        /// Segments that are still looked at.
        left: u8,
        /// The sequence number behind what was looked at.
        seen: u32,
        /// The SYN could travel on from here.
        far: bool,
    },
    /// Datagrams are looked at.
    Datagrams {
        /// Datagrams that are still looked at; [`EVERY`] when each one may be a message.
        left: u8,
        /// Datagrams since the last message, where each one may be one.
        misses: u8,
        /// A hello of DTLS was told.
        greeted: bool,
    },
    /// A QUIC handshake that is being put together.
    Quic(Box<QuicReading>),
    /// Datagrams that may be RTP.
    Rtp(Box<RtpTracker>),
    /// Nothing more can come of it.
    Done,
}

/// So many datagrams are left when each one may be a message.
pub(super) const EVERY: u8 = u8::MAX;

/// A head that is being put together.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) head: StreamHead,
    /// Who sends it, and so answers for the memory that it takes.
    pub(super) host: IpAddr,
    /// Memory that was counted for that host.
    pub(super) counted: usize,
    /// Its side of the stream.
    pub(super) place: StreamPlace,
    /// How often it was offered to the dissector.
    pub(super) offers: u32,
    /// Once it was offered often, its length at the next offer.
    pub(super) next_offer: usize,
    /// Where to go on when it turns out to be nothing: segments that are then still looked at.
    pub(super) scans_left: u8,
    /// What is broken there counts: a message is due.
    pub(super) counts: bool,
    /// The SYN could travel on from here.
    pub(super) far: bool,
}

/// A QUIC handshake that is being put together.
#[derive(Debug)]
pub(super) struct QuicReading {
    pub(super) initials: QuicInitials,
    /// Who sends it, and so answers for the memory that it takes.
    pub(super) host: IpAddr,
    /// Memory that was counted for that host.
    pub(super) counted: usize,
}

impl FlowSlot {
    /// The direction of a packet, and what was said in its flow.
    pub(super) const fn side(
        &mut self,
        orientation: Orientation,
    ) -> (&mut Side, &mut Side, &mut Talk) {
        let Self { ascending, descending, talk } = self;
        match orientation {
            Orientation::Ascending => (ascending, descending, talk),
            Orientation::Descending => (descending, ascending, talk),
        }
    }

    /// Tells whether nothing more can come of it.
    pub(super) const fn is_done(&self, orientation: Orientation) -> bool {
        match orientation {
            Orientation::Ascending => matches!(self.ascending, Side::Done),
            Orientation::Descending => matches!(self.descending, Side::Done),
        }
    }
}

impl Side {
    /// The next `left` datagrams are looked at.
    pub(super) const fn looks(left: u8) -> Self {
        Self::Datagrams { left, misses: 0, greeted: false }
    }

    /// Whether the SYN of this direction could travel on from here; false where none was seen.
    pub(super) const fn is_far(&self) -> bool {
        match self {
            Self::Expected { far, .. }
            | Self::Skipping { far, .. }
            | Self::Scanning { far, .. } => *far,
            Self::Reading(reading) => reading.far,
            Self::Unseen | Self::Datagrams { .. } | Self::Quic(_) | Self::Rtp(_) | Self::Done => {
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::FlowEntry;

    #[test]
    fn a_flow_and_its_slot_fit_into_four_cache_lines() {
        let size = size_of::<Option<FlowEntry<FlowSlot>>>();
        assert!(size <= 256, "{size}");
    }
}
