//! What a meter does with packets that no IP header begins.
//!
//! Comes in: ARP packets, and payloads that stand on the link layer. Goes out: bindings and messages.

use std::net::IpAddr;

use super::{BindingSource, MessageContext, Meter, ObservationKind};
use crate::decode::{ArpPacket, Packet};
use crate::net::Frame;

impl Meter {
    /// The sender of an ARP packet says which address it holds; a probe says nothing (RFC 5227, 2.1.1), and
    /// neither does who speaks for another station.
    pub(super) fn handle_arp(&mut self, packet: &Packet<'_>, arp: &ArpPacket) {
        let speaks_for_itself = packet.ether.is_none_or(|ether| ether.source == arp.sender_mac);
        if speaks_for_itself && arp.sender_mac.is_station() && !arp.sender_ip.is_unspecified() {
            self.output.push(ObservationKind::BindingSeen {
                mac: arp.sender_mac,
                ip: IpAddr::V4(arp.sender_ip),
                how: BindingSource::Arp,
            });
        }
    }

    pub(super) fn handle_link_message(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        ether_type: u16,
        payload: &[u8],
    ) {
        match self.reader.dissector.link(ether_type, payload) {
            Ok(Some(message)) => {
                self.stats.count_message(message.protocol());
                let context = MessageContext {
                    interface: frame.interface,
                    vlans: packet.vlans,
                    ether: packet.ether,
                    tunnel: packet.tunnel,
                    flow: None,
                };
                self.output.push_message(context, message);
            }
            Ok(None) => {}
            Err(error) => self.stats.count_dissect_error(error),
        }
    }
}
