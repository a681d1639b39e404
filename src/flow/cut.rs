//! What a flow keeps while the kernel counts it in our place.
//!
//! Comes in: counters of the kernel, each time what has come since the last. Goes out: the same totals that the packets would
//! have made. Numbers of segments are not followed meanwhile, so nothing is missing that was not looked at.

use super::entry::{FlowEntry, Rare};
use super::{Orientation, Role};
use crate::decode::TcpFlags;
use crate::net::{CutCounters, CutId, CutKey, CutSide, IpProtocol, Timestamp};

/// Who counts a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CutState {
    /// Its packets come here.
    #[default]
    Captured,
    /// The kernel, at this place of its table.
    Cut(CutId),
    /// Its packets come here, and the kernel can't count them.
    Never,
}

impl CutState {
    /// Tells whether the kernel counts.
    #[must_use]
    pub const fn is_cut(self) -> bool {
        match self {
            Self::Cut(_) => true,
            Self::Captured | Self::Never => false,
        }
    }
}

/// The same in four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CutWord(u32);

impl CutWord {
    const CAPTURED: Self = Self(u32::MAX);
    const NEVER: Self = Self(u32::MAX - 1);

    const fn new(state: CutState) -> Self {
        match state {
            CutState::Captured => Self::CAPTURED,
            CutState::Never => Self::NEVER,
            CutState::Cut(CutId(number)) => Self(number),
        }
    }

    const fn state(self) -> CutState {
        match self {
            Self::CAPTURED => CutState::Captured,
            Self::NEVER => CutState::Never,
            Self(number) => CutState::Cut(CutId(number)),
        }
    }

    /// Tells whether the kernel counts.
    #[inline]
    pub(super) const fn is_cut(self) -> bool {
        self.0 < Self::NEVER.0
    }
}

impl Default for CutWord {
    fn default() -> Self {
        Self::CAPTURED
    }
}

impl<S> FlowEntry<S> {
    /// Who counts it.
    #[must_use]
    pub const fn cut_state(&self) -> CutState {
        self.cut.state()
    }

    /// Its key for the kernel; `None` where the kernel can't count it: in tunnels, behind two tags, other protocols.
    #[must_use]
    pub fn cut_key(&self) -> Option<CutKey> {
        let vlans = self.key.vlans();
        let vlan = match vlans.as_slice() {
            [] => None,
            [id] => Some(*id),
            _ => return None,
        };
        let (low, high) = (self.key.low(), self.key.high());
        if self.tunnel().is_some() {
            return None;
        }
        CutKey::new((low.ip, low.port), (high.ip, high.port), self.key.protocol(), vlan)
    }

    /// IP bytes so far, in both directions.
    #[must_use]
    pub const fn moved(&self) -> u64 {
        let [ascending, descending] = &self.sent;
        ascending.ip_bytes.saturating_add(descending.ip_bytes)
    }

    /// Tells whether packets of this direction were seen.
    #[must_use]
    pub const fn has_spoken(&self, orientation: Orientation) -> bool {
        let [ascending, descending] = &self.sent;
        match orientation {
            Orientation::Ascending => ascending.packets > 0,
            Orientation::Descending => descending.packets > 0,
        }
    }

    /// Notes who counts it from now on.
    pub fn set_cut(&mut self, state: CutState) {
        if self.cut.is_cut() != state.is_cut() {
            for side in &mut self.tcp {
                side.lose_place();
            }
        }
        self.cut = CutWord::new(state);
    }

    /// Adds what the kernel has counted from `before` to `after`, by the time `now` of the table.
    pub fn fold(&mut self, before: &CutCounters, after: &CutCounters, now: Timestamp) {
        let sides = [
            (Orientation::Ascending, &before.ascending, &after.ascending),
            (Orientation::Descending, &before.descending, &after.descending),
        ];
        let rare = self.rare.get_or_insert_default();
        let Rare { bypassed, .. } = &mut **rare;
        let totals = self.sent.iter_mut().zip(bypassed).zip(&mut self.tcp);
        for ((orientation, before, after), ((sent, bypassed), tcp)) in sides.into_iter().zip(totals)
        {
            let CutSide { frames, segments, wire_bytes, ip_bytes, payload_bytes, .. } =
                since(before, after);
            if frames == 0 {
                continue;
            }
            sent.packets += frames;
            sent.wire_bytes += wire_bytes;
            sent.ip_bytes += ip_bytes;
            sent.payload_bytes += payload_bytes;
            bypassed.packets += frames;
            bypassed.segments += segments;
            bypassed.wire_bytes += wire_bytes;
            let flags = TcpFlags(after.tcp_flags);
            tcp.observe_flags(flags);
            if self.key.protocol() == IpProtocol::TCP {
                let is_initiator = orientation == self.initiator;
                let sender = if is_initiator { Role::Initiator } else { Role::Responder };
                self.progress.observe(sender, flags);
            }
            if let Some(seen) = after.last_seen {
                // The kernel's clock is read apart from ours.
                self.heard = self.heard.max(seen.min(now));
                self.flow_end = self.flow_end.max(seen.min(now));
            }
        }
    }
}

/// What has come since.
const fn since(before: &CutSide, after: &CutSide) -> CutSide {
    CutSide {
        frames: after.frames.saturating_sub(before.frames),
        segments: after.segments.saturating_sub(before.segments),
        wire_bytes: after.wire_bytes.saturating_sub(before.wire_bytes),
        ip_bytes: after.ip_bytes.saturating_sub(before.ip_bytes),
        payload_bytes: after.payload_bytes.saturating_sub(before.payload_bytes),
        tcp_flags: after.tcp_flags,
        last_seen: after.last_seen,
    }
}
