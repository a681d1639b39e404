//! What a meter tells the analyst: owned, small, rare.

use std::net::IpAddr;
use std::sync::Arc;

use crate::decode::{EtherAddresses, Tunnel, VlanIds};
use crate::dissect::{AppProtocol, Message};
use crate::flow::{Endpoint, FlowEndReason, FlowId, FlowRecord, Role};
use crate::net::{InterfaceId, IpProtocol, MacAddr, Timestamp};

/// Something that a meter saw, with its place in the order of all meters' observations.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Its place in the order.
    pub order: ObservationOrder,
    /// When it happened, as the capture states it; may run backwards where the capture does.
    pub timestamp: Timestamp,
    /// What was seen.
    pub kind: ObservationKind,
}

/// The total order of observations: it is the same for any number of workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ObservationOrder {
    /// The time that was given with the frame, or the deadline of what expired. Never decreases within a meter.
    pub timestamp: Timestamp,
    /// The frame that led to it; 0 for what expired: deadlines come before frames of the same time.
    pub frame: u64,
    /// The flow that expired; 0 for what a frame led to.
    pub flow: u64,
    /// Counts what one frame, or one flow's end, led to.
    pub part: u32,
}

/// The kinds of observations.
#[derive(Debug, Clone)]
pub enum ObservationKind {
    /// A flow's first packet was seen.
    FlowStarted(FlowReport),
    /// A flow goes on: totals so far. `interim` when its active timeout has passed again.
    FlowUpdated {
        /// The flow.
        report: FlowReport,
        /// True when this is also a record for export (IPFIX active timeout).
        interim: bool,
    },
    /// A flow left the table.
    FlowEnded {
        /// The flow.
        report: FlowReport,
        /// Why.
        reason: FlowEndReason,
        /// Totals were told before, in a [`FlowUpdated`](Self::FlowUpdated).
        was_told: bool,
    },
    /// A message was read.
    MessageRead {
        /// Where.
        context: Box<MessageContext>,
        /// What it says.
        message: Message,
    },
    /// A station said that it holds an address.
    BindingSeen {
        /// The station.
        mac: MacAddr,
        /// The address.
        ip: IpAddr,
        /// How it said so.
        how: BindingSource,
    },
}

/// A flow as far as it is known: its totals, and what its head said.
#[derive(Debug, Clone)]
pub struct FlowReport {
    /// Ends, times and totals.
    pub record: Box<FlowRecord>,
    /// What was read of its first bytes; absent until then.
    pub head: Option<Arc<FlowHead>>,
}

/// What the first bytes of a flow said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowHead {
    /// The protocol that was recognised.
    pub protocol: AppProtocol,
    /// The server name in a TLS ClientHello.
    pub sni: Option<Arc<str>>,
    /// The Host field of an HTTP request, without a port.
    pub http_host: Option<Arc<str>>,
}

/// How a binding of a MAC address to an IP address was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BindingSource {
    /// The sender fields of an ARP packet.
    Arp,
    /// A DHCP acknowledgement.
    Dhcp,
    /// The source or target link-layer address of Neighbor Discovery, RFC 4861, 4.6.1.
    Ndp,
}

/// Where a message was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageContext {
    /// Interface.
    pub interface: InterfaceId,
    /// VLAN tags.
    pub vlans: VlanIds,
    /// Ethernet addresses of the frame that completed the message.
    pub ether: Option<EtherAddresses>,
    /// What the frame was wrapped in.
    pub tunnel: Option<Tunnel>,
    /// The flow and its ends; absent for messages directly on the link layer.
    pub flow: Option<MessageFlow>,
}

/// The flow that a message belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageFlow {
    /// The flow.
    pub id: FlowId,
    /// Who began the flow.
    pub initiator: Endpoint,
    /// The other end.
    pub responder: Endpoint,
    /// Transport protocol.
    pub protocol: IpProtocol,
    /// Who sent this message.
    pub sender: Role,
}

impl MessageFlow {
    /// The end that sent the message.
    #[must_use]
    pub const fn sender(&self) -> Endpoint {
        match self.sender {
            Role::Initiator => self.initiator,
            Role::Responder => self.responder,
        }
    }

    /// The end that the message was sent to.
    #[must_use]
    pub const fn receiver(&self) -> Endpoint {
        match self.sender {
            Role::Initiator => self.responder,
            Role::Responder => self.initiator,
        }
    }
}
