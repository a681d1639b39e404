//! What can be done for frames before their turn comes.
//!
//! Comes in: a few frames. Goes out: each read up to its transport header, with the key of its flow and the place where
//! the flow is, or was. It counts nothing and changes nothing, so a frame may still find things changed by the one before.

use super::Meter;
use crate::decode::{DecodeError, Network, Packet, decode_trusting};
use crate::flow::{FlowKey, LookedUp, Orientation};
use crate::net::Frame;

/// Frames that are looked at together: their flows come from memory at the same time.
pub(super) const AHEAD: usize = 16;

/// A frame, read.
#[derive(Debug)]
pub(super) struct Ahead<'a> {
    pub(super) read: Result<Packet<'a>, DecodeError>,
    /// The flow of a packet that came whole.
    pub(super) flow: Option<Keyed>,
}

/// The flow of a packet, and how the packet runs against it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keyed {
    pub(super) key: FlowKey,
    pub(super) orientation: Orientation,
    pub(super) looked_up: LookedUp,
}

impl Meter {
    /// Reads `frames`, at most [`AHEAD`], into the places of the same number.
    pub(super) fn look_ahead<'a>(
        &self,
        frames: &[Frame<'a>],
        places: &mut [Option<Ahead<'a>>; AHEAD],
    ) {
        for (frame, place) in frames.iter().zip(places.iter_mut()) {
            let read = decode_trusting(frame, self.tunnel_trust());
            let mut flow = None;
            if let Ok(packet) = &read
                && let Network::Ip(ip) = &packet.network
                && ip.fragment.is_none()
            {
                let (key, orientation) = self.key(frame, packet, ip);
                flow = Some(Keyed { key, orientation, looked_up: self.table.hash(&key) });
            }
            *place = Some(Ahead { read, flow });
        }
        for ahead in places.iter_mut().take(frames.len()).flatten() {
            if let Some(keyed) = &mut ahead.flow {
                self.table.look_up(&keyed.key, &mut keyed.looked_up);
            }
        }
    }
}
