//! What the kernel may count in our place: the key of a flow that is cut off, what was counted of it, and what a
//! table of such flows can do.
//!
//! Comes in: nothing. Goes out: plain values, and the [`Cutoff`] that a source gives to who meters its frames. Nothing
//! here speaks to a kernel.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::{IpProtocol, Timestamp};

/// A flow on one interface, by what stands in each of its packets: VLAN, addresses, protocol and ports.
///
/// The two ends are sorted, so that both directions have the same key; the interface is that of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CutKey {
    low: (IpAddr, u16),
    high: (IpAddr, u16),
    protocol: IpProtocol,
    vlan: Option<u16>,
}

impl CutKey {
    /// Makes the key of a flow between two ends, in any order. `vlan` is the identifier of the only tag.
    ///
    /// `None` for what the kernel does not follow: other protocols than TCP and UDP, two versions of IP, identifiers
    /// beyond 4095.
    #[must_use]
    pub fn new(
        one: (IpAddr, u16),
        other: (IpAddr, u16),
        protocol: IpProtocol,
        vlan: Option<u16>,
    ) -> Option<Self> {
        let is_followed = matches!(protocol, IpProtocol::TCP | IpProtocol::UDP);
        let is_one_version = one.0.is_ipv4() == other.0.is_ipv4();
        if !is_followed || !is_one_version || vlan.is_some_and(|id| id > 0x0fff) {
            return None;
        }
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Some(Self { low, high, protocol, vlan })
    }

    /// The end with the lower address and port.
    #[must_use]
    pub const fn low(&self) -> (IpAddr, u16) {
        self.low
    }

    /// The end with the higher address and port.
    #[must_use]
    pub const fn high(&self) -> (IpAddr, u16) {
        self.high
    }

    /// TCP or UDP.
    #[must_use]
    pub const fn protocol(&self) -> IpProtocol {
        self.protocol
    }

    /// The identifier of the only tag.
    #[must_use]
    pub const fn vlan(&self) -> Option<u16> {
        self.vlan
    }
}

/// The place of a cut flow in its table; good from [`Cutoff::cut`] until [`Cutoff::settle`] gives it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CutId(pub u32);

/// What was counted of one direction of a cut flow, since it was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CutSide {
    /// Frames as the interface handed them over: what segmentation offload has merged is one.
    pub frames: u64,
    /// Packets on the wire: what was merged counts by its number of segments.
    pub segments: u64,
    /// Bytes of the frames with link header and tag, as a capture counts them.
    pub wire_bytes: u64,
    /// Bytes of the IP packets, headers included.
    pub ip_bytes: u64,
    /// Bytes behind the transport header.
    pub payload_bytes: u64,
    /// All TCP flags that were set; SYN, FIN and RST are never among them, since such packets pass.
    pub tcp_flags: u8,
    /// When the last one was seen, to some milliseconds; `None` when there was none.
    pub last_seen: Option<Timestamp>,
}

/// What was counted of a cut flow, since it was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CutCounters {
    /// From the lower end of the key to the higher one.
    pub ascending: CutSide,
    /// From the higher end of the key to the lower one.
    pub descending: CutSide,
}

impl CutCounters {
    /// When either direction was last seen.
    #[must_use]
    pub fn last_seen(&self) -> Option<Timestamp> {
        self.ascending.last_seen.max(self.descending.last_seen)
    }

    /// Frames of both directions.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.ascending.frames.saturating_add(self.descending.frames)
    }

    /// Bytes on the wire of both directions.
    #[must_use]
    pub const fn wire_bytes(&self) -> u64 {
        self.ascending.wire_bytes.saturating_add(self.descending.wire_bytes)
    }
}

/// Why a flow was not cut. Its packets go on being captured, so nothing is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CutError {
    /// The places that this key may have are all taken, or wait to be settled.
    #[error("no place in the table of cut flows")]
    Full,
    /// The key is cut already, or was and is not settled yet.
    #[error("the flow is cut already")]
    AlreadyCut,
}

/// A flow that is no longer cut, with its last counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledCut {
    /// Its place, which may be given to another from now on.
    pub cut: CutId,
    /// Its key.
    pub key: CutKey,
    /// All that was counted while it was cut; nothing will be added.
    pub counters: CutCounters,
}

/// How a table of cut flows fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CutoffStats {
    /// Places in the table.
    pub capacity: u64,
    /// Flows that are cut.
    pub live: u64,
    /// Flows that are cut no more, and not settled yet.
    pub retired: u64,
    /// Flows that were cut, in all.
    pub cuts: u64,
    /// Flows that found no place, in all.
    pub full: u64,
    /// Frames counted in the kernel, in all.
    pub frames: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// Frames that the kernel counted after their flow was settled: 0, unless a processor stood still for longer than
    /// the grace period in the middle of the program.
    pub late_frames: u64,
}

/// A table of flows whose packets the kernel counts and does not hand over.
///
/// The life of a flow in it: [`cut`](Self::cut) -> [`read`](Self::read), as often as is wished ->
/// [`retire`](Self::retire): its packets are captured again -> a grace period in which packets that were under way are
/// still counted -> [`settle`](Self::settle) gives the last counters and frees the place. Each packet is either
/// counted here or captured, never both. No call allocates; none but [`wait_out`](Self::wait_out) asks the system.
pub trait Cutoff: Send + fmt::Debug {
    /// Says what time it is: by the kernel's monotonic clock, by which the grace period and the time stamps go, and
    /// in the time of the packets. To be called once a batch, before the others.
    fn set_clock(&mut self, monotonic: Duration, packet_time: Timestamp);

    /// Has the kernel count the packets of a flow from now on. TCP packets with SYN, FIN or RST, fragments, packets in
    /// tunnels, and whatever is odd go on being captured.
    ///
    /// # Errors
    /// There is no place, or the flow is cut already.
    fn cut(&mut self, key: &CutKey) -> Result<CutId, CutError>;

    /// What was counted so far.
    fn read(&self, cut: CutId) -> CutCounters;

    /// Has the packets of a flow captured again.
    fn retire(&mut self, cut: CutId);

    /// The next flow whose grace period is over.
    fn settle(&mut self) -> Option<SettledCut>;

    /// Calls `visit` for each of the next places that hold a cut flow, after at most `places` places; the next call
    /// goes on from there, and around.
    fn sweep(&mut self, places: usize, visit: &mut dyn FnMut(CutId, &CutKey, CutCounters));

    /// Waits until the grace period of all that are retired is over; at most a second, as a rule some milliseconds.
    /// For the end of a run.
    fn wait_out(&mut self);

    /// How it fares. Looks at every place: not for each packet.
    fn stats(&self) -> CutoffStats;
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: (IpAddr, u16) = (IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 50_000);
    const B: (IpAddr, u16) = (IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 9)), 443);

    #[test]
    fn both_directions_have_one_key() {
        let forward = CutKey::new(A, B, IpProtocol::TCP, Some(7));

        assert_eq!(forward, CutKey::new(B, A, IpProtocol::TCP, Some(7)));
        assert_eq!(forward.map(|key| (key.low(), key.high())), Some((A, B)));
        assert_ne!(forward, CutKey::new(A, B, IpProtocol::TCP, None));
    }

    #[test]
    fn what_the_kernel_does_not_follow_has_no_key() {
        let v6 = ("2001:db8::1".parse().unwrap(), 443);

        assert_eq!(CutKey::new(A, B, IpProtocol::ICMP, None), None);
        assert_eq!(CutKey::new(A, v6, IpProtocol::UDP, None), None);
        assert_eq!(CutKey::new(A, B, IpProtocol::UDP, Some(4096)), None);
    }

    #[test]
    fn a_flow_was_last_seen_when_either_side_was() {
        let mut counters = CutCounters::default();
        assert_eq!(counters.last_seen(), None);

        counters.descending.last_seen = Some(Timestamp::from_nanos(5));
        assert_eq!(counters.last_seen(), Some(Timestamp::from_nanos(5)));
    }
}
