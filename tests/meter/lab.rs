//! A meter, a client and a server, and what they say.

use std::net::SocketAddr;

use hikwatch::dissect::Message;
use hikwatch::meter::{Config, Meter, Observation, ObservationKind};
use hikwatch::net::{Frame, InterfaceId, LinkType, MacAddr, Timestamp};
use hikwatch::simulate::{Link, Segment, build_tcp, build_udp};

pub(crate) const NAME: &str = "litedev.eu.ezvizlife.com";

/// A meter, a client and a server.
pub(crate) struct Lab {
    pub(crate) meter: Meter,
    pub(crate) client: SocketAddr,
    pub(crate) server: SocketAddr,
    pub(crate) now: Timestamp,
    frames: u64,
    seen: Vec<Observation>,
    /// Where the next bytes of the client and of the server begin.
    next: [u32; 2],
}

impl Lab {
    pub(crate) const START: Timestamp = Timestamp::from_parts(1_700_000_000, 0);
    const INITIAL: u32 = u32::MAX - 50;

    pub(crate) fn new(config: Config) -> Self {
        Self {
            meter: Meter::new(config, [1, 2, 3, 4]),
            client: "192.0.2.10:50000".parse().unwrap(),
            server: "198.51.100.7:443".parse().unwrap(),
            now: Self::START,
            frames: 0,
            seen: Vec::new(),
            next: [0; 2],
        }
    }

    /// A conversation over TCP that was accepted.
    pub(crate) fn talking_to(port: u16, config: Config) -> Self {
        let mut lab = Self::new(config);
        lab.server.set_port(port);
        lab.open();
        lab
    }

    /// SYN and its answer.
    pub(crate) fn open(&mut self) {
        self.next = [0; 2];
        self.send(0, Segment::SYN, b"");
        self.reply(0, Segment::SYN | Segment::ACK, b"");
    }

    /// A segment of the client whose first byte is number `offset` of its stream; 0 is the SYN.
    pub(crate) fn frame(&self, offset: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
        segment((self.client, offset), (self.server, self.next[1]), flags, payload)
    }

    /// A packet of the client or of the server, with numbers of its own and of the other's stream; without `flags` a datagram.
    pub(crate) fn packet(
        &self,
        from_client: bool,
        flags: Option<u8>,
        (own, other): (u32, u32),
        payload: &[u8],
    ) -> Vec<u8> {
        let (client, server) = (self.client, self.server);
        let (from, to) = if from_client { (client, server) } else { (server, client) };
        match flags {
            Some(flags) => segment((from, own), (to, other), flags, payload),
            None => datagram(from, to, payload),
        }
    }

    pub(crate) fn send(&mut self, offset: u32, flags: u8, payload: &[u8]) {
        let bytes = self.frame(offset, flags, payload);
        self.next[0] = self.next[0].max(end(offset, flags, payload));
        self.feed(&bytes, bytes.len());
    }

    pub(crate) fn reply(&mut self, offset: u32, flags: u8, payload: &[u8]) {
        let bytes = segment((self.server, offset), (self.client, self.next[0]), flags, payload);
        self.next[1] = self.next[1].max(end(offset, flags, payload));
        self.feed(&bytes, bytes.len());
    }

    /// What the client says next.
    pub(crate) fn ask(&mut self, payload: impl AsRef<[u8]>) {
        self.send(self.next[0], Segment::ACK, payload.as_ref());
    }

    /// What the server says next.
    pub(crate) fn answer(&mut self, payload: impl AsRef<[u8]>) {
        self.reply(self.next[1], Segment::ACK, payload.as_ref());
    }

    /// A datagram of the client.
    pub(crate) fn throw(&mut self, payload: &[u8]) {
        let bytes = datagram(self.client, self.server, payload);
        self.feed(&bytes, bytes.len());
    }

    /// A datagram of the server.
    pub(crate) fn throw_back(&mut self, payload: &[u8]) {
        let bytes = datagram(self.server, self.client, payload);
        self.feed(&bytes, bytes.len());
    }

    pub(crate) fn feed(&mut self, bytes: &[u8], wire_len: usize) {
        self.frames += 1;
        let frame = Frame {
            number: self.frames,
            timestamp: self.now,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            wire_len: u32::try_from(wire_len).unwrap(),
            stripped_tag: None,
            bytes,
        };
        self.meter.handle_frame(&frame, self.now);
    }

    /// Ends all flows.
    pub(crate) fn drain(&mut self) {
        while self.meter.drain(self.now) {}
    }

    /// What was observed since it was last taken.
    pub(crate) fn take(&mut self) -> Vec<Observation> {
        let mut observations = Vec::new();
        self.meter.take_observations(&mut observations);
        observations
    }

    /// All that was observed.
    pub(crate) fn observations(&mut self) -> &[Observation] {
        let new = self.take();
        self.seen.extend(new);
        &self.seen
    }

    /// Every message that was read so far.
    pub(crate) fn messages(&mut self) -> impl Iterator<Item = &Message> {
        self.observations().iter().filter_map(|observation| {
            let ObservationKind::MessageRead { message, .. } = &observation.kind else {
                return None;
            };
            Some(message)
        })
    }

    /// Every server name that was read so far.
    pub(crate) fn names(&mut self) -> Vec<String> {
        let hello = |message: &Message| {
            if let Message::TlsHello(hello) = message {
                return hello.sni.clone();
            }
            let Message::Quic(quic) = message else { return None };
            quic.hello.sni.clone()
        };
        self.messages().filter_map(hello).collect()
    }

    /// Every exchange over HTTP that was told so far: method and status.
    pub(crate) fn exchanges(&mut self) -> Vec<(Option<String>, Option<u16>)> {
        let exchange = |message: &Message| {
            let Message::Http(exchange) = message else { return None };
            Some((
                exchange.request.as_ref().map(|request| request.method.clone()),
                exchange.response.as_ref().map(|response| response.status),
            ))
        };
        self.messages().filter_map(exchange).collect()
    }
}

fn end(offset: u32, flags: u8, payload: &[u8]) -> u32 {
    offset + u32::try_from(payload.len()).unwrap() + u32::from(flags & Segment::SYN != 0)
}

fn link() -> Link {
    Link {
        source: MacAddr([2, 0, 0, 0, 0, 1]),
        destination: MacAddr([2, 0, 0, 0, 0, 2]),
        vlan: None,
    }
}

pub(crate) fn datagram(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    build_udp(&mut bytes, &link(), from, to, 0, payload);
    bytes
}

fn segment(
    (from, offset): (SocketAddr, u32),
    (to, acknowledged): (SocketAddr, u32),
    flags: u8,
    payload: &[u8],
) -> Vec<u8> {
    let segment = Segment {
        sequence: Lab::INITIAL.wrapping_add(offset),
        acknowledgment: Lab::INITIAL.wrapping_add(acknowledged),
        flags,
        window: 1000,
        options: &[],
        payload,
    };
    let mut bytes = Vec::new();
    build_tcp(&mut bytes, &link(), from, to, 0, &segment);
    bytes
}

/// A TLS 1.2 ClientHello (RFC 5246, 7.4.1.2) with a server name (RFC 6066, 3) and padding behind it (RFC 7685).
pub(crate) fn hello(name: &str) -> Vec<u8> {
    let len16 = |length: usize| u16::try_from(length).unwrap().to_be_bytes();
    let mut entry = vec![0];
    entry.extend(len16(name.len()));
    entry.extend(name.as_bytes());
    let mut extensions = vec![0, 0];
    extensions.extend(len16(entry.len() + 2));
    extensions.extend(len16(entry.len()));
    extensions.extend(entry);
    extensions.extend([0, 21, 0, 60]);
    extensions.extend([0; 60]);
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0xc0, 0x2f, 1, 0]);
    body.extend(len16(extensions.len()));
    body.extend(extensions);
    let mut handshake = vec![1, 0];
    handshake.extend(len16(body.len()));
    handshake.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend(len16(handshake.len()));
    record.extend(handshake);
    record
}
