//! The segment that a fleet stands on, as its scripts use it.
//!
//! Comes in: a host and a server. Goes out: frames into the outbox, as seen at a mirror port of the segment.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::places::UPSTREAM;
use crate::net::{MacAddr, Timestamp};
use crate::simulate::frame_builder::Segment;
use crate::simulate::home_script::look_up;
use crate::simulate::outbox::{Outbox, Place};
use crate::simulate::prng::Prng;
use crate::simulate::site::Site;
use crate::simulate::station::{End, Seat};
use crate::simulate::tcp_conversation::TcpConversation;

/// Round trip to a server outside.
const OUTSIDE: Duration = Duration::from_millis(28);
/// Round trip between two hosts of the segment.
const INSIDE: Duration = Duration::from_micros(600);
/// Of how many questions the name server relays one; the others it has in its cache.
const RELAYED: u64 = 3;

/// The outbox, and the two hosts that everyone needs.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    /// Where frames go.
    pub(crate) outbox: &'a mut Outbox,
    /// The router.
    pub(crate) router: Seat,
    /// The name server.
    pub(crate) resolver: Seat,
    /// The name server asked for a vendor's name upstream.
    pub(crate) relayed: bool,
}

impl Stage<'_> {
    /// What the hosts draw from.
    pub(crate) const fn prng(&mut self) -> &mut Prng {
        &mut self.outbox.prng
    }

    /// A host asks the name server, which may ask upstream. Gives the time of the answer.
    pub(crate) fn resolve(&mut self, at: Timestamp, host: Seat, site: &Site) -> Timestamp {
        if site.domain.is_some() && self.prng().below(RELAYED) == 0 {
            let upstream = Seat { mac: self.router.mac, ip: UPSTREAM };
            let asked = at.plus(Duration::from_micros(300));
            look_up(self.outbox, asked, &self.resolver, &upstream, site);
            self.relayed = true;
        }
        look_up(self.outbox, at, &host, &self.resolver, site)
    }

    /// A server's end.
    pub(crate) const fn outside(&self, site: &Site) -> End {
        End { mac: self.router.mac, socket: SocketAddr::new(site.address, site.port) }
    }

    /// A host resolves a server and opens a conversation with it.
    pub(crate) fn call(&mut self, at: Timestamp, host: Seat, site: &Site) -> TcpConversation {
        let resolved = self.resolve(at, host, site);
        let (client, server) = (host.end(self.outbox.port()), self.outside(site));
        TcpConversation::open(self.outbox, resolved, client, server, OUTSIDE)
    }

    /// A host opens a conversation with another one of the segment.
    pub(crate) fn visit(
        &mut self,
        at: Timestamp,
        host: Seat,
        other: Seat,
        port: u16,
    ) -> TcpConversation {
        let client = host.end(self.outbox.port());
        TcpConversation::open(self.outbox, at, client, other.end(port), INSIDE)
    }

    /// A host sends a datagram to a group.
    pub(crate) fn shout(
        &mut self,
        at: Timestamp,
        host: Seat,
        port: u16,
        group: &End,
        payload: &[u8],
    ) {
        self.outbox.udp(at, &host.end(port), group, Place::First, payload);
    }

    /// A host tries whether a port of another one is open: one that is accepts, and is left at once; one that is
    /// not refuses.
    pub(crate) fn knock(&mut self, at: Timestamp, host: Seat, other: Seat, port: u16, open: bool) {
        let (client, server) = (host.end(self.outbox.port()), other.end(port));
        let (sequence, answer) = (self.prng().next_u32(), self.prng().next_u32());
        let next = sequence.wrapping_add(1);
        let bare = Segment {
            sequence,
            acknowledgment: 0,
            flags: Segment::SYN,
            window: 1_024,
            options: &[],
            payload: &[],
        };
        self.outbox.tcp(at, &client, &server, Place::First, &bare);
        let answered = at.plus(INSIDE);
        let reply = if open {
            Segment {
                sequence: answer,
                acknowledgment: next,
                flags: Segment::SYN | Segment::ACK,
                ..bare
            }
        } else {
            let flags = Segment::RST | Segment::ACK;
            Segment { sequence: 0, acknowledgment: next, flags, window: 0, ..bare }
        };
        self.outbox.tcp(answered, &server, &client, Place::Reverse, &reply);
        if open {
            let reset = Segment { sequence: next, flags: Segment::RST, window: 0, ..bare };
            self.outbox.tcp(answered.plus(INSIDE), &client, &server, Place::Forward, &reset);
        }
    }

    /// A host sends a frame that is neither ARP nor IP to all.
    pub(crate) fn ether(&mut self, at: Timestamp, from: MacAddr, ethertype: u16, payload: &[u8]) {
        self.outbox.ether(at, from, MacAddr::BROADCAST, ethertype, payload);
    }
}

/// The group of multicast DNS over IPv4 (RFC 6762, 3).
pub(crate) fn mdns_group() -> End {
    End {
        mac: MacAddr([0x01, 0x00, 0x5e, 0, 0, 0xfb]),
        socket: SocketAddr::new(IpAddr::from([224, 0, 0, 251]), 5353),
    }
}
