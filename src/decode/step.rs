//! What the walk over link headers passes through, and what it gathers on its way.

use super::tunnel::MAX_WRAPPINGS;
use super::{
    DecodeError, DecodeReason, EtherAddresses, IpPacket, Transport, Tunnel, TunnelKind, VlanIds,
};
use crate::net::LinkType;

/// What stands next, as far as what stood before says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    /// A frame of this link type.
    Link(LinkType, &'a [u8]),
    /// An Ethernet frame, header included.
    Ethernet(&'a [u8]),
    /// An EtherType and what follows it.
    EtherType(u16, &'a [u8]),
    /// A header of IEEE 802.2.
    Llc(&'a [u8]),
    /// A PPP packet, with or without the address and control bytes of HDLC.
    Ppp(&'a [u8]),
    /// The network layer.
    Reached(Body<'a>),
}

/// Where the link layer ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Body<'a> {
    /// An IP packet; the version stands in its first four bits.
    Ip(&'a [u8]),
    /// An ARP packet.
    Arp(&'a [u8]),
    /// A discovery protocol that stands on the link layer: EtherType and payload.
    Discovery(u16, &'a [u8]),
}

/// What a tunnel holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inside<'a> {
    /// The tunnel.
    pub(super) kind: TunnelKind,
    /// Its number, as in [`Tunnel::id`].
    pub(super) id: u32,
    /// What stands behind its header.
    pub(super) step: Step<'a>,
}

impl<'a> Step<'a> {
    /// An IP packet by the version that stands in it.
    pub(super) const fn ip(bytes: &'a [u8]) -> Self {
        Self::Reached(Body::Ip(bytes))
    }
}

/// What the headers before the network layer have told.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shell {
    /// Addresses of the innermost header that has any.
    pub(super) ether: Option<EtherAddresses>,
    /// VLAN tags, outermost first.
    pub(super) vlans: VlanIds,
    /// The wrappings taken off.
    pub(super) tunnel: Option<Tunnel>,
}

impl Shell {
    /// Notes that a wrapping of the link layer is taken off.
    ///
    /// # Errors
    /// There were too many already.
    pub(super) fn unwrap_link(&mut self, kind: TunnelKind, id: u32) -> Result<(), DecodeError> {
        match &mut self.tunnel {
            None => self.tunnel = Some(Tunnel { kind, depth: 1, id, outer: None, ports: None }),
            Some(tunnel) if tunnel.depth < MAX_WRAPPINGS => tunnel.depth += 1,
            Some(_) => return Err(DecodeError::network(DecodeReason::Unsupported)),
        }
        Ok(())
    }

    /// Notes that a wrapping that `ip` carried is taken off.
    ///
    /// # Errors
    /// There were too many already.
    pub(super) fn unwrap_ip(
        &mut self,
        kind: TunnelKind,
        id: u32,
        ip: &IpPacket<'_>,
    ) -> Result<(), DecodeError> {
        self.unwrap_link(kind, id)?;
        if let Some(tunnel) = &mut self.tunnel
            && tunnel.outer.is_none()
        {
            tunnel.outer = Some((ip.source, ip.destination));
            tunnel.ports = match ip.transport {
                Transport::Udp { source_port, destination_port } => {
                    Some((source_port, destination_port))
                }
                Transport::Tcp(_)
                | Transport::Sctp { .. }
                | Transport::Icmp { .. }
                | Transport::None => None,
            };
        }
        Ok(())
    }
}
