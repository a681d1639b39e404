//! What is told of a flow: the same shape when it starts, in between and when it ends.

use std::net::IpAddr;

use super::{Endpoint, FlowId, Role};
use crate::decode::{TcpFlags, Tunnel, VlanIds};
use crate::net::{InterfaceId, IpProtocol, MacAddr, Timestamp};

/// A biflow (RFC 5103) with its totals so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRecord {
    /// Unique within a run, at most 2^53.
    pub id: FlowId,
    /// Who began.
    pub initiator: Endpoint,
    /// Who was asked.
    pub responder: Endpoint,
    /// Transport protocol. For ICMP the ports of the ends are type and counterpart type (or code),
    /// as Community ID v1 has them.
    pub protocol: IpProtocol,
    /// Where it was seen.
    pub interface: InterfaceId,
    /// VLAN tags of its first packet.
    pub vlans: VlanIds,
    /// What the flow's first packet was wrapped in.
    pub tunnel: Option<Box<Tunnel>>,
    /// Ethernet address on the initiator's side; zero when not known.
    pub initiator_mac: MacAddr,
    /// Ethernet address on the responder's side; zero when not known.
    pub responder_mac: MacAddr,
    /// First packet.
    pub flow_start: Timestamp,
    /// Latest packet.
    pub flow_end: Timestamp,
    /// What the initiator sent.
    pub forward: FlowCounters,
    /// What the responder sent.
    pub reverse: FlowCounters,
    /// How far the conversation got.
    pub conn_state: ConnState,
}

impl FlowRecord {
    /// The end that plays `role`.
    #[must_use]
    pub const fn endpoint(&self, role: Role) -> Endpoint {
        match role {
            Role::Initiator => self.initiator,
            Role::Responder => self.responder,
        }
    }

    /// The Ethernet address on the side of `role`.
    #[must_use]
    pub const fn mac(&self, role: Role) -> MacAddr {
        match role {
            Role::Initiator => self.initiator_mac,
            Role::Responder => self.responder_mac,
        }
    }

    /// What the end with `role` sent.
    #[must_use]
    pub const fn sent_by(&self, role: Role) -> FlowCounters {
        match role {
            Role::Initiator => self.forward,
            Role::Responder => self.reverse,
        }
    }

    /// Both addresses, initiator first.
    #[must_use]
    pub const fn addresses(&self) -> (IpAddr, IpAddr) {
        (self.initiator.ip, self.responder.ip)
    }
}

/// Totals of one direction; each names its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FlowCounters {
    /// Packets; a merged (GRO) frame is one.
    pub packets: u64,
    /// Bytes of whole frames, as on the wire.
    pub wire_bytes: u64,
    /// Bytes of IP header and payload (IPFIX IE 1).
    pub ip_bytes: u64,
    /// Bytes of transport payload.
    pub payload_bytes: u64,
    /// TCP payload bytes that the numbers passed over or that the far end acknowledged, and that were never seen. What
    /// arrives late is taken away again, so it may fall.
    pub missing_bytes: u64,
    /// How often such bytes passed unseen, modulo 256; late segments are not taken away.
    pub holes: u8,
    /// All TCP flags seen.
    pub tcp_flags: TcpFlags,
    /// What the kernel counted of all this, in our place.
    pub bypassed: Bypassed,
}

/// Totals of one direction that the kernel counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bypassed {
    /// Packets; a merged (GRO) frame is one, as elsewhere.
    pub packets: u64,
    /// The same on the wire: what was merged counts by its number of segments.
    pub segments: u64,
    /// Bytes of whole frames.
    pub wire_bytes: u64,
}

/// Outcome of a TCP conversation, as Zeek's conn.log has it; other protocols are `S0` (one side) or `SF` (both).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnState {
    /// Attempt seen, no reply.
    S0,
    /// Established, not terminated.
    S1,
    /// Established and terminated by both.
    SF,
    /// Attempt rejected.
    Rej,
    /// Established, the initiator closed, no reply to that.
    S2,
    /// Established, the responder closed, no reply to that.
    S3,
    /// Established, the initiator aborted.
    Rsto,
    /// Established, the responder aborted.
    Rstr,
    /// The initiator sent SYN and RST, the responder no SYN-ACK.
    Rstos0,
    /// The responder sent SYN-ACK and RST, the initiator no SYN.
    Rstrh,
    /// The initiator sent SYN and FIN, the responder no SYN-ACK.
    Sh,
    /// The responder sent SYN-ACK and FIN, the initiator no SYN.
    Shr,
    /// No SYN was seen.
    Oth,
}

impl ConnState {
    /// Zeek's spelling.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::S0 => "S0",
            Self::S1 => "S1",
            Self::SF => "SF",
            Self::Rej => "REJ",
            Self::S2 => "S2",
            Self::S3 => "S3",
            Self::Rsto => "RSTO",
            Self::Rstr => "RSTR",
            Self::Rstos0 => "RSTOS0",
            Self::Rstrh => "RSTRH",
            Self::Sh => "SH",
            Self::Shr => "SHR",
            Self::Oth => "OTH",
        }
    }

    /// Suricata's three flow states: `new`, `established`, `closed`.
    #[must_use]
    pub const fn as_eve_state(self) -> &'static str {
        match self {
            Self::S0 | Self::Oth => "new",
            Self::S1 | Self::S2 | Self::S3 => "established",
            Self::SF
            | Self::Rej
            | Self::Rsto
            | Self::Rstr
            | Self::Rstos0
            | Self::Rstrh
            | Self::Sh
            | Self::Shr => "closed",
        }
    }
}

/// Why a flow left the table (IPFIX IE 136, flowEndReason).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FlowEndReason {
    /// Silent for longer than its idle timeout.
    IdleTimeout = 1,
    /// Lives on, reported in between.
    ActiveTimeout = 2,
    /// Both sides finished, or one aborted.
    EndOfFlow = 3,
    /// The program or the capture ended.
    ForcedEnd = 4,
    /// Its place was needed.
    LackOfResources = 5,
}

impl FlowEndReason {
    /// Every reason, for counters that exist from the start.
    pub const ALL: [Self; 5] = [
        Self::IdleTimeout,
        Self::ActiveTimeout,
        Self::EndOfFlow,
        Self::ForcedEnd,
        Self::LackOfResources,
    ];

    /// The metric label.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::IdleTimeout => "idle-timeout",
            Self::ActiveTimeout => "active-timeout",
            Self::EndOfFlow => "end-of-flow",
            Self::ForcedEnd => "forced-end",
            Self::LackOfResources => "lack-of-resources",
        }
    }
}
