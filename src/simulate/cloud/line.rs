//! The way from one host at home to servers outside, and the conversations on it.
//!
//! Comes in: the host's interface, the router and the round trip. Goes out: conversations that carry what they belong
//! to, so that a script that goes on with one later cannot book it wrongly.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::net::{MacAddr, Timestamp};
use crate::simulate::outbox::{Outbox, Place};
use crate::simulate::station::{End, Seat};
use crate::simulate::tag::Tag;
use crate::simulate::tcp_conversation::{Side, TcpConversation};

/// SYNs after the first one to a server that never answers.
const KNOCKS: u32 = 3;

/// A server outside, or a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Its address.
    pub(crate) address: Ipv4Addr,
    /// Its port.
    pub(crate) port: u16,
    /// What flows with it belong to.
    pub(crate) tag: Tag,
}

/// A host's way outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// The host's interface.
    pub(crate) seat: Seat,
    /// The router's hardware address: that of all who are outside.
    pub(crate) router: MacAddr,
    /// Round trip to a server.
    pub(crate) round_trip: Duration,
}

impl Line {
    /// The endpoint as the segment at home sees it.
    pub(crate) const fn outside(&self, server: &Endpoint) -> End {
        End { mac: self.router, socket: SocketAddr::new(IpAddr::V4(server.address), server.port) }
    }

    /// Opens a TCP conversation with a server.
    pub(crate) fn call(&self, outbox: &mut Outbox, at: Timestamp, server: &Endpoint) -> Talk {
        outbox.tag = server.tag;
        let client = self.seat.end(outbox.port());
        let outside = self.outside(server);
        let tcp = TcpConversation::open(outbox, at, client, outside, self.round_trip);
        outbox.tag = Tag::default();
        Talk { tcp, tag: server.tag }
    }

    /// Calls a server that never answers. Gives the time at which the host gives up.
    pub(crate) fn knock(&self, outbox: &mut Outbox, at: Timestamp, server: &Endpoint) -> Timestamp {
        outbox.tag = server.tag;
        let client = self.seat.end(outbox.port());
        let done = TcpConversation::knock(outbox, at, client, self.outside(server), KNOCKS);
        outbox.tag = Tag::default();
        done
    }

    /// Datagrams with a server, from `port`.
    pub(crate) const fn datagrams(&self, port: u16, server: &Endpoint) -> UdpTalk {
        UdpTalk::new(self.seat.end(port), self.outside(server), server.tag)
    }

    /// Datagrams with a host at home, from `port`.
    pub(crate) fn datagrams_at_home(&self, port: u16, server: End) -> UdpTalk {
        UdpTalk::new(self.seat.end(port), server, Tag::default())
    }
}

/// A TCP conversation, and what it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Talk {
    tcp: TcpConversation,
    tag: Tag,
}

impl Talk {
    /// A conversation between two hosts at home.
    pub(crate) fn at_home(outbox: &mut Outbox, at: Timestamp, client: End, server: End) -> Self {
        let round_trip = Duration::from_micros(600);
        let tcp = TcpConversation::open(outbox, at, client, server, round_trip);
        Self { tcp, tag: Tag::default() }
    }

    /// One side says something.
    pub(crate) fn say(&mut self, outbox: &mut Outbox, side: Side, bytes: &[u8]) {
        outbox.tag = self.tag;
        self.tcp.say(outbox, side, bytes);
        outbox.tag = Tag::default();
    }

    /// The client says something that nobody hears, and gives up.
    pub(crate) fn say_unheard(self, outbox: &mut Outbox, bytes: &[u8]) {
        outbox.tag = self.tag;
        self.tcp.say_unheard(outbox, bytes, KNOCKS);
        outbox.tag = Tag::default();
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, pause: Duration) {
        self.tcp.wait(pause);
    }

    /// Resumes at `at`, if the conversation has not passed it yet.
    pub(crate) fn resume(&mut self, at: Timestamp) {
        self.tcp.resume(at);
    }

    /// The time that the conversation has reached.
    pub(crate) const fn now(&self) -> Timestamp {
        self.tcp.now()
    }

    /// Both sides finish.
    pub(crate) fn close(self, outbox: &mut Outbox) {
        outbox.tag = self.tag;
        self.tcp.close(outbox);
        outbox.tag = Tag::default();
    }

    /// The client ends at once.
    pub(crate) fn reset(self, outbox: &mut Outbox) {
        outbox.tag = self.tag;
        self.tcp.reset(outbox);
        outbox.tag = Tag::default();
    }
}

/// Datagrams between a host at home and one outside.
#[derive(Debug, Clone)]
pub(crate) struct UdpTalk {
    client: End,
    server: End,
    tag: Tag,
    /// Datagrams from the client so far.
    pub(crate) sent: u32,
}

impl UdpTalk {
    const fn new(client: End, server: End, tag: Tag) -> Self {
        Self { client, server, tag, sent: 0 }
    }

    /// One side sends a datagram.
    pub(crate) fn send(&mut self, outbox: &mut Outbox, at: Timestamp, side: Side, payload: &[u8]) {
        outbox.tag = self.tag;
        match side {
            Side::Client => {
                let place = if self.sent == 0 { Place::First } else { Place::Forward };
                outbox.udp(at, &self.client, &self.server, place, payload);
                self.sent = self.sent.saturating_add(1);
            }
            Side::Server => {
                outbox.udp(at, &self.server, &self.client, Place::Reverse, payload);
            }
        }
        outbox.tag = Tag::default();
    }
}
