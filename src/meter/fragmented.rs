//! What a meter does with IP fragments.
//!
//! Comes in: packets that are fragments. Goes out: their count, at once; what the datagram says, once it is whole.

use super::Meter;
use super::machine::Counted;
use crate::decode::{
    Fragment, FragmentHeader, IpPacket, Network, Packet, Transport, decode_reassembled,
};
use crate::flow::{FragmentKey, FragmentPush};
use crate::net::{Frame, Timestamp};

impl Meter {
    /// Counts a fragment for the flow of its datagram; once all of the datagram has come, reads it.
    ///
    /// A fragment that comes before the first one, which has the ports, counts for the flow without ports.
    #[inline(never)]
    pub(super) fn handle_fragment(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        ip: &IpPacket<'_>,
        fragment: Fragment,
        now: Timestamp,
    ) {
        let key = FragmentKey::new(
            ip,
            fragment,
            packet.vlans,
            packet.tunnel.as_ref(),
            self.interface(frame),
        );
        let transport = if ip.transport == Transport::None {
            self.fragments.transport(&key, now).unwrap_or(Transport::None)
        } else {
            ip.transport
        };
        let counted = self.count(frame, packet, &IpPacket { transport, ..*ip }, now);
        self.report(&counted, now);
        let payload = ip.network_payload;
        let is_cut = payload.len() < ip.fragment_len() as usize;
        // All but the last end at a multiple of eight (RFC 791, 3.2); of some captures it is not known that they were
        // cut. The beginning of a datagram that cannot become whole may still say something.
        let is_odd = fragment.more && !payload.len().is_multiple_of(8);
        if (is_cut || is_odd) && matches!(ip.transport, Transport::Udp { .. }) {
            self.read(frame, packet, ip, &counted);
        }
        if is_cut {
            return;
        }
        match self.fragments.push(key, fragment, ip.transport, payload, now) {
            FragmentPush::Waiting => {}
            FragmentPush::Refused => self.stats.fragments_refused += 1,
            FragmentPush::Whole(payload) => {
                self.stats.datagrams_reassembled += 1;
                let has_ports = transport != Transport::None;
                self.handle_reassembled(frame, packet, &payload, has_ports, now);
            }
        }
    }

    /// Reads a datagram that came in fragments. They were counted, unless another packet stood in it; where none of them
    /// `has_ports`, they were counted for no flow that has any, and their flow begins here, with no bytes of its own.
    fn handle_reassembled(
        &mut self,
        frame: &Frame<'_>,
        outer: &Packet<'_>,
        payload: &[u8],
        has_ports: bool,
        now: Timestamp,
    ) {
        let Some(header) = FragmentHeader::of(outer) else { return };
        let packet = decode_reassembled(&header, payload, self.tunnel_trust());
        let Network::Ip(inner) = packet.network else { return };
        if packet.tunnel != outer.tunnel {
            if inner.fragment.is_none() {
                // As long as the frame would be that had brought all of it.
                let Network::Ip(last) = &outer.network else { return };
                let missing = u32::try_from(payload.len()).unwrap_or(u32::MAX);
                let headers = frame.wire_len.saturating_sub(last.fragment_len());
                let whole = Frame { wire_len: headers.saturating_add(missing), ..*frame };
                self.handle_ip(&whole, &packet, &inner, now);
            }
            return;
        }
        if !has_ports {
            let uncounted = IpPacket { ip_len: 0, payload_len: 0, ..inner };
            let counted = self.count(&Frame { wire_len: 0, ..*frame }, &packet, &uncounted, now);
            self.read(frame, &packet, &inner, &counted);
            return self.report(&counted, now);
        }
        let (key, orientation) = self.key(frame, &packet, &inner);
        let Some(place) = self.table.find_place(&key) else { return };
        let Some(entry) = self.table.entry_mut(place) else { return };
        let sender = entry.role_of(orientation);
        let counted = Counted { place, sender, orientation, report_due: false };
        self.read(frame, &packet, &inner, &counted);
    }
}
